package testbank

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"lidwoord/base/sqldb"
)

// callTime is how long the shop may take to answer a webhook, as at Mollie.
const callTime = 15 * time.Second

// newClient makes a client that reaches this machine only, whatever an address
// resolves to.
func newClient() *http.Client {
	dialer := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !to.Addr().Unmap().IsLoopback() {
			return errors.New("the testbank calls this machine only")
		}
		return nil
	}}
	return &http.Client{
		Timeout:   callTime,
		Transport: &http.Transport{DialContext: dialer.DialContext}, // no proxy: that would be another machine
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// local reports whether an address is on this machine, by its name.
func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.Unmap().IsLoopback()
}

// tell calls the shop's webhook once the change is committed. It is called once:
// one that is lost (a crash, a shop that is closed) teaches the shop to ask by
// itself, which it must.
func (b *Bank) tell(tx *sqldb.Tx, id, webhook string) {
	if webhook == "" {
		return
	}
	tx.After(func() {
		b.calls.Go(func() {
			if err := b.call(id, webhook); err != nil {
				slog.Warn("the shop did not hear the testbank", "payment", id, "err", err)
			}
		})
	})
}

func (b *Bank) call(id, webhook string) error {
	res, err := b.client.PostForm(webhook, url.Values{"id": {id}})
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err // without the address, which may hold a secret of the shop
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

// Wait returns when every webhook that is being called was heard or given up.
func (b *Bank) Wait() { b.calls.Wait() }
