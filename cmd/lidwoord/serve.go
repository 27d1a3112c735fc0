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
	"strings"
	"sync"
	"time"

	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
)

// openDatabase opens the database of a configuration, with its master key, and
// brings it up to date.
func openDatabase(ctx context.Context, c Config) (*sqldb.DB, error) {
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
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
	if err := db.Migrate(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// serve is the command "serve".
func serve(ctx context.Context, log *slog.Logger, args []string) error {
	c, err := readConfig("serve", args, nil)
	if err != nil {
		return err
	}
	sender, err := c.Mail.sender()
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	h, err := build(ctx, c, db, log)
	if err != nil {
		return err
	}
	h.mail = &outbox.Worker{DB: db, Sender: sender, Log: log}
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
		return fmt.Errorf("%w (choose another address with -addr, or make run ADDR=127.0.0.1:8090)", err)
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
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ready(listener.Addr().String())
	select {
	case err = <-served:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewellTime)
		defer cancel()
		err = server.Shutdown(last)
		<-served
	}
	stopWork()
	work.Wait()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// behindProxies believes the last X-Forwarded-For of our own proxies only, so
// that the slow-down counts visitors and not the proxy, and nobody else can
// pretend to be somebody else.
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
			if visitor, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
				r.RemoteAddr = netip.AddrPortFrom(visitor, 0).String()
			}
		}
		next.ServeHTTP(w, r)
	}), nil
}
