package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/BurntSushi/toml"

	"lidwoord/adapter/mollie"
	"lidwoord/adapter/smtp"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/library/payment"
	"lidwoord/web/kit"
)

// Config is what the administrator decides. lidwoord.example.toml at the root
// of the repository shows and explains each line.
type Config struct {
	Listen   string            `toml:"listen"`   // "127.0.0.1:8080"
	Database string            `toml:"database"` // "sqlite:var/lidwoord.db" or "postgres://…"
	KeyFile  string            `toml:"key_file"` // master key: 32 random bytes in base64
	Titles   string            `toml:"titles"`   // directory of the e-books and audiobooks
	Library  string            `toml:"library"`  // short name of the library whose desk this is
	Proxies  []string          `toml:"proxies"`  // addresses whose X-Forwarded-For is believed
	Brand    Brand             `toml:"brand"`
	Doors    map[string]string `toml:"doors"` // public address of each door
	Mail     Mail              `toml:"mail"`
	Streets  Streets           `toml:"addresses"`
	Payment  Payment           `toml:"payment"`

	demo bool
}

// Brand is how the library presents itself on every page.
type Brand struct {
	Name  string `toml:"name"`
	Site  string `toml:"site"`
	Email string `toml:"email"`
	Phone string `toml:"phone"`
}

// Mail is the way to the mail server.
type Mail struct {
	Host         string `toml:"host"`
	Port         int    `toml:"port"`
	Security     string `toml:"security"` // starttls, tls, none
	Username     string `toml:"username"`
	PasswordFile string `toml:"password_file"`
	From         string `toml:"from"`
	Bounce       string `toml:"bounce"` // where letters that do not arrive come back to; "" is From, which nobody reads for us
	DKIMDomain   string `toml:"dkim_domain"`
	DKIMSelector string `toml:"dkim_selector"`
	DKIMKeyFile  string `toml:"dkim_key_file"`
}

// Payment is the company that takes money on the web. Without it memberships
// that cost something are for the desk.
type Payment struct {
	Provider string `toml:"provider"` // "mollie"; "" takes none
	KeyFile  string `toml:"key_file"` // file with the key, test_… or live_…
	Method   string `toml:"method"`   // of payment, in the provider's word; "" lets the payer choose
	Webhook  string `toml:"webhook"`  // public address that the provider calls; "" is the door Inschrijven
	URL      string `toml:"url"`      // of the provider, when not its usual one
}

// Streets is where streets are looked up by postcode and house number.
type Streets struct {
	Service string `toml:"service"` // "pdok"; "" looks nothing up
	URL     string `toml:"url"`     // of the service, when not its usual one
}

// doorPaths are the paths of the doors when they share one host. Mailbox only
// opens in the demo.
var doorPaths = map[string]string{
	"desk": "/balie", "login": "/inloggen", "oidc": "/oidc", "reading": "/bibliotheek", "opds": "/opds",
	"mine": "/mijn", "signup": "/inschrijven", "news": "/nieuwsbrief", "manage": "/beheer", "scim": "/scim", "mailbox": "/dev/mail", "testbank": "/dev/bank", "start": "",
}

// flags are the few settings that a command line may override.
func (c *Config) flags(set *flag.FlagSet) {
	set.StringVar(&c.Database, "db", c.Database, "database: sqlite:PATH or postgres://…")
	set.StringVar(&c.Listen, "addr", c.Listen, "address to listen on, host:port")
}

// readConfig reads the file that -config names, then lets flags override it.
func readConfig(name string, args []string, more func(*flag.FlagSet)) (Config, error) {
	var rest []string
	c, err := readConfigFor(name, args, more, &rest)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s: %q is too much", name, rest[0])
	}
	return c, err
}

// readConfigFor does the same for a command that takes names behind its flags.
func readConfigFor(name string, args []string, more func(*flag.FlagSet), rest *[]string) (Config, error) {
	set := flag.NewFlagSet("lidwoord "+name, flag.ContinueOnError)
	file := set.String("config", "lidwoord.toml", "configuration file")
	var over Config
	over.flags(set)
	if more != nil {
		more(set)
	}
	if err := set.Parse(args); err != nil {
		return Config{}, err
	}
	*rest = set.Args()
	var c Config
	meta, err := toml.DecodeFile(*file, &c)
	if errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("there is no %s; copy lidwoord.example.toml and fill it in, or name another file with -config", *file)
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", *file, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return c, fmt.Errorf("%s: %s is no setting of Lidwoord", *file, unknown[0])
	}
	if over.Database != "" {
		c.Database = over.Database
	}
	if over.Listen != "" {
		c.Listen = over.Listen
	}
	return c, c.check(*file)
}

func (c *Config) check(file string) error {
	switch {
	case c.Database == "":
		return fmt.Errorf("%s: name the database", file)
	case c.KeyFile == "":
		return fmt.Errorf("%s: name the key_file", file)
	case c.Titles == "":
		return fmt.Errorf("%s: name the directory of the titles", file)
	case c.Library == "":
		return fmt.Errorf("%s: name the library (the slug of its file)", file)
	case c.Streets.Service != "" && c.Streets.Service != "pdok":
		return fmt.Errorf("%s: addresses.service is %q; choose pdok or leave it out", file, c.Streets.Service)
	case c.Payment.Provider != "" && c.Payment.Provider != "mollie":
		return fmt.Errorf("%s: payment.provider is %q; choose mollie or leave it out", file, c.Payment.Provider)
	case c.Payment.Provider != "" && c.Payment.KeyFile == "":
		return fmt.Errorf("%s: name the payment.key_file", file)
	case c.Listen == "":
		return fmt.Errorf("%s: name the address to listen on", file)
	}
	for name := range c.Doors {
		if _, known := doorPaths[name]; !known {
			return fmt.Errorf("%s: there is no door %q", file, name)
		}
	}
	_, err := c.doors()
	return err
}

// doors are the public addresses. A door that is not named stands at its usual
// path on the host of "all".
func (c *Config) doors() (kit.Doors, error) {
	at := map[string]*url.URL{}
	for name, path := range doorPaths {
		address := c.Doors[name]
		if address == "" {
			if c.Doors["start"] == "" {
				return kit.Doors{}, fmt.Errorf("doors: name the address of %s, or of start, where all doors then stand", name)
			}
			address = strings.TrimSuffix(c.Doors["start"], "/") + path
		}
		u, err := url.Parse(strings.TrimSuffix(address, "/"))
		if err != nil || u.Host == "" || u.RawQuery != "" || (u.Scheme != "https" && u.Scheme != "http") {
			return kit.Doors{}, fmt.Errorf("doors: %s = %q is no address such as https://lid.example.nl%s", name, address, path)
		}
		// Without https anybody on the way reads the password. A name of this
		// machine is the exception, for the demo and for tests.
		if u.Scheme == "http" && !local(u.Hostname()) {
			return kit.Doors{}, fmt.Errorf("doors: %s = %q must be https", name, address)
		}
		at[name] = u
	}
	return kit.Doors{Start: at["start"], Desk: at["desk"], Login: at["login"], OIDC: at["oidc"], Reading: at["reading"], OPDS: at["opds"],
		Mine: at["mine"], Signup: at["signup"], News: at["news"], Manage: at["manage"], SCIM: at["scim"], Mailbox: at["mailbox"], Bank: at["testbank"]}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// readBox reads the master key. Where make says so it makes one when there is
// none, readable by its owner only.
func readBox(path string, make bool) (*secret.Box, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && make {
		key := [secret.MasterLength]byte{}
		rand.Read(key[:])
		text = []byte(base64.StdEncoding.EncodeToString(key[:]) + "\n")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("master key: %w (for a new library make one with: (umask 077; head -c 32 /dev/urandom | base64 > %s))", err, path)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("master key %s: %w", path, err)
	}
	box, err := secret.NewBox(key)
	if err != nil {
		return nil, fmt.Errorf("master key %s: %w", path, err)
	}
	return box, nil
}

// openSecrets lists the files with secrets that everybody on this machine can
// read. A group may: that is how a service that is not root gets at them.
func (c *Config) openSecrets() []string {
	var open []string
	for _, path := range []string{c.KeyFile, c.Mail.PasswordFile, c.Mail.DKIMKeyFile, c.Payment.KeyFile} {
		info, err := os.Stat(path)
		if path != "" && err == nil && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
			open = append(open, path)
		}
	}
	return open
}

// provider is the company that takes payments, nil for none.
func (p Payment) provider() (payment.Provider, error) {
	if p.Provider == "" {
		return nil, nil
	}
	text, err := os.ReadFile(p.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("payment key: %w", err)
	}
	return mollie.New(mollie.Config{Key: secret.Token(strings.TrimSpace(string(text))), Method: p.Method, URL: p.URL})
}

// returns makes the addresses that letters come back to, nil for none.
func (m Mail) returns(box *secret.Box) (*outbox.Returns, error) {
	if m.Bounce == "" {
		return nil, nil
	}
	r, err := outbox.NewReturns(m.Bounce, box)
	if err != nil {
		err = fmt.Errorf("mail.bounce: %w", err)
	}
	return r, err
}

// sender is the mail server of the configuration.
func (m Mail) sender(box *secret.Box) (*smtp.Sender, error) {
	c := smtp.Config{Host: m.Host, Port: m.Port, Security: smtp.Security(m.Security), Username: m.Username, From: m.From}
	if m.PasswordFile != "" {
		text, err := os.ReadFile(m.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("mail password: %w", err)
		}
		c.Password = secret.Token(strings.TrimSpace(string(text)))
	}
	if m.DKIMKeyFile != "" {
		text, err := os.ReadFile(m.DKIMKeyFile)
		if err != nil {
			return nil, fmt.Errorf("DKIM key: %w", err)
		}
		key, err := smtp.ReadKey(text)
		if err != nil {
			return nil, err
		}
		c.DKIM = &smtp.DKIM{Domain: m.DKIMDomain, Selector: m.DKIMSelector, Key: key}
	}
	var err error
	if c.Returns, err = m.returns(box); err != nil {
		return nil, err
	}
	return smtp.New(c)
}
