// Command lidwoord is the whole of Lidwoord in one program.
//
//	lidwoord demo        the demo library with invented people, on localhost
//	lidwoord serve       a real library, by its configuration file
//	lidwoord migrate     brings the database up to date and stops
//	lidwoord library     loads or updates a library: branches, numbers, memberships
//	lidwoord staff       adds somebody who works at the desk
//	lidwoord client      adds, changes or removes a site that signs people in here
//	lidwoord keys        replaces the signing keys, after a leak
//	lidwoord scim-token  lets another library system use the login accounts
//	lidwoord scim-kind   names the kinds of membership that such a system may give
//	lidwoord accounts    takes over login accounts from another system
//	lidwoord titles      takes in, lists and withdraws e-books and audiobooks
//	lidwoord lending     says what a membership lends, and counts what was lent
//	lidwoord bounce      takes in a notice that a letter did not arrive
//	lidwoord version     what was built
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"lidwoord/base/fault"
	"lidwoord/base/words"
)

func main() {
	makeRoom()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl+C stops at once
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: logLevel()}))
	slog.SetDefault(log) // for the rooms that are given none
	if err := run(ctx, log, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "lidwoord:", explain(err))
		if errors.Is(err, errLater) {
			os.Exit(exitLater)
		}
		os.Exit(1)
	}
}

// makeRoom lets Go use a thread more than there are cores. Passwords are hashed
// on every core for tens of milliseconds at a stretch, and Go takes turns only
// every ten: whoever wanted a page would wait behind them. With a thread to spare
// the operating system takes turns, and it favours who wants little.
func makeRoom() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) }

// command is one thing the program does.
type command struct {
	name  string
	about string
	run   func(context.Context, *slog.Logger, []string) error
}

func commands() []command {
	return []command{
		{"demo", "serve the demo library with invented people, on localhost", demo},
		{"serve", "serve a library by its configuration file", serve},
		{"migrate", "bring the database up to date and stop", migrate},
		{"library", "load or update a library from its file: branches, numbers, memberships", loadLibraryFile},
		{"staff", "add somebody who works at the desk, or give a new password", addStaff},
		{"accounts", "take over login accounts from another system, with their password hashes", takeAccounts},
		{"scim-token", "let another library system use the login accounts: makes, lists and ends its tokens", scimToken},
		{"scim-kind", "name the kinds of membership that another library system may give, and what they open", scimKind},
		{"client", "add, change or remove a site that signs people in with the login account", manageClients},
		{"keys", "replace the signing keys at once, after a leak", manageKeys},
		{"titles", "take in e-books and audiobooks: import, list, show, withdraw, put-back", titles},
		{"lending", "say what a right of a membership lends, and count what was lent", manageLending},
		{"bounce", "take in a notice, on its input, that a letter did not arrive", takeBounce},
		{"version", "say what was built", version},
	}
}

func run(ctx context.Context, log *slog.Logger, args []string) error {
	if len(args) > 0 {
		list := commands()
		if i := slices.IndexFunc(list, func(c command) bool { return c.name == args[0] }); i >= 0 {
			return list[i].run(ctx, log, args[1:])
		}
	}
	fmt.Println("lidwoord: membership and single sign-on for public libraries")
	for _, c := range commands() {
		fmt.Printf("\n  lidwoord %-10s %s", c.name, c.about)
	}
	fmt.Print("\n\nEach knows -help.\n")
	if len(args) == 0 || args[0] == "help" || args[0] == "-help" || args[0] == "--help" {
		return nil
	}
	return fmt.Errorf("there is no command %q", args[0])
}

// explain writes an error for a terminal: where it holds message keys, their
// English sentences stand instead.
func explain(err error) string {
	text := err.Error()
	sentences, broken := allWords()
	if broken != nil {
		return text
	}
	for _, e := range fault.Of(err) {
		sentence := sentences.Text(words.EN, e.Key, e.Args...)
		if e.Cause != nil {
			sentence = strings.TrimSuffix(sentence, ".") + ": " + e.Cause.Error()
		}
		text = strings.Replace(text, e.Error(), sentence, 1)
	}
	return text
}

func version(context.Context, *slog.Logger, []string) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("built without build information")
	}
	fmt.Println("lidwoord", info.Main.Version, info.GoVersion)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.time" {
			fmt.Println(s.Key, s.Value)
		}
	}
	return nil
}

// logLevel is warnings and worse in the demo's terminal, where the addresses
// should stay in sight; LIDWOORD_LOG=info shows each request.
func logLevel() slog.Level {
	level := slog.LevelInfo
	if text := os.Getenv("LIDWOORD_LOG"); text != "" {
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return slog.LevelInfo
		}
	} else if len(os.Args) > 1 && os.Args[1] == "demo" {
		level = slog.LevelWarn
	}
	return level
}
