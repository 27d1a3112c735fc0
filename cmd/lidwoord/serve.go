package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
)

// openDatabase opens the database of a configuration, with its master key, and
// brings it up to date.
func openDatabase(ctx context.Context, c Config) (*sqldb.DB, error) {
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
		if path == "" {
			return nil, errors.New("database: name a file, such as sqlite:/var/lib/lidwoord/lidwoord.db")
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
	}
	box, err := readBox(c.KeyFile, c.demo)
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(c.Database)
	if err != nil {
		return nil, err
	}
	db.Box = box
	if err := reach(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		db.Close()
		if errors.Is(err, sqldb.ErrNewer) {
			err = fmt.Errorf("%w: start that one, or put back the backup from before it", err)
		}
		return nil, err
	}
	return db, nil
}

// reachTime is how long the database may take to answer: at the start, and when
// a proxy asks whether this node is well.
const reachTime = 5 * time.Second

// reach says in one line why the database does not answer. The driver tries
// every address with and without TLS and tells of each; the last counts.
func reach(ctx context.Context, db *sqldb.DB) error {
	ctx, done := context.WithTimeout(ctx, reachTime)
	defer done()
	err := db.Ping(ctx)
	if err == nil {
		return nil
	}
	lines := strings.Split(err.Error(), "\n")
	return fmt.Errorf("the database does not open: %s", strings.TrimSpace(lines[len(lines)-1]))
}

// serve is the command "serve".
func serve(ctx context.Context, log *slog.Logger, args []string) error {
	c, err := readConfig("serve", args, nil)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	sender, err := c.Mail.sender(db.Box)
	if err != nil {
		return err
	}
	h, err := build(ctx, c, db, log)
	if err != nil {
		return err
	}
	err = db.Read(ctx, func(tx *sqldb.Tx) error { _, err := branch.FindOrganisation(tx, c.Library); return err })
	if errors.Is(err, branch.ErrNoLibrary) {
		return fmt.Errorf("there is no library %q in the database; load it with: lidwoord library -file FILE", c.Library)
	}
	if err != nil {
		return err
	}
	for _, path := range c.openSecrets() {
		log.Warn("everybody on this machine can read a secret; chmod o= it", "file", path)
	}
	h.mail = &outbox.Worker{DB: db, Sender: sender, Log: log, Returned: h.office.MailReturned}
	return h.run(ctx, func(at string) {
		log.Info("serving", "listen", at, "desk", h.doors.Desk.String(), "reading", h.doors.Reading.String())
	})
}

// migrate is the command "migrate".
func migrate(ctx context.Context, log *slog.Logger, args []string) error {
	c, err := readConfig("migrate", args, nil)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	fmt.Println("the database is up to date")
	return db.Close()
}

// Times after which a slow or stuck visitor is let go.
const (
	headerTime   = 10 * time.Second
	requestTime  = 60 * time.Second
	idleTime     = 2 * time.Minute
	farewellTime = 15 * time.Second // for requests in hand when the program stops
)

// run serves until ctx ends, then lets requests and letters in hand finish.
func (h *house) run(ctx context.Context, ready func(address string)) error {
	listener, err := net.Listen("tcp", h.config.Listen)
	if err != nil {
		hint := "choose another with listen in the configuration, or -addr"
		if h.config.demo {
			hint = "choose another address: make run ADDR=127.0.0.1:8090"
		}
		return fmt.Errorf("%w (%s)", err, hint)
	}
	server := &http.Server{
		Handler: h.handler, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	var work sync.WaitGroup
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	work.Go(func() {
		if err := h.mail.Run(workCtx); err != nil && workCtx.Err() == nil {
			h.log.Error("the mail worker stopped", "err", err)
		}
	})
	work.Go(func() {
		if err := job.Run(workCtx, h.db, h.jobs); err != nil && workCtx.Err() == nil {
			h.log.Error("the job worker stopped", "err", err)
		}
	})
	work.Go(func() { keepPace(workCtx, h.log, h.db) })
	work.Go(func() { h.farewell.Run(workCtx) })
	work.Go(func() { // so that the first visitor need not wait for the catalogue
		if _, err := h.titles.At(workCtx); err != nil && workCtx.Err() == nil {
			h.log.Warn("the catalogue cannot be read yet", "err", err)
		}
	})
	work.Go(func() { h.cashier.Run(workCtx) })
	work.Go(func() { h.cashier.Listen(workCtx) })
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ready(listener.Addr().String())
	select {
	case err = <-served:
	case <-ctx.Done():
		h.log.Info("stopping; requests and letters in hand are finished")
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewellTime)
		defer cancel()
		err = server.Shutdown(last)
		<-served
	}
	stopWork()
	work.Wait()
	h.reading.Apps.Wait()
	h.log.Info("stopped")
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// behindProxies believes X-Forwarded-For of our own proxies only, so that the
// slow-down counts visitors and not the proxy, and nobody can pretend to be
// somebody else. Each proxy adds whom it heard at the end; whoever is named last
// and is no proxy of ours is the visitor.
func behindProxies(proxies []string, next http.Handler) (http.Handler, error) {
	if len(proxies) == 0 {
		return next, nil
	}
	known := map[netip.Addr]bool{}
	for _, p := range proxies {
		addr, err := netip.ParseAddr(p)
		if err != nil {
			return nil, fmt.Errorf("proxies: %w", err)
		}
		known[addr] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && known[from.Addr().Unmap()] {
			list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for _, text := range slices.Backward(list) {
				visitor, ok := readForwarded(text)
				if !ok {
					break
				}
				r.RemoteAddr = netip.AddrPortFrom(visitor, 0).String()
				if !known[visitor.Unmap()] {
					break
				}
			}
		}
		next.ServeHTTP(w, r)
	}), nil
}

// readForwarded reads one address of X-Forwarded-For; some proxies add the port.
func readForwarded(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr(), true
	}
	addr, err := netip.ParseAddr(text)
	return addr, err == nil
}
