// Package backchannel calls other sites at addresses that they registered. It tells them
// that somebody signed out, by the logout token of OpenID Connect Back-Channel Logout 1.0,
// and gets the public keys that they sign with (jwks_uri).
//
//	New          makes the sender
//	Sender.Send  hands one token to one site
//	Sender.Keys  gets the keys that one site publishes
//	Outside      says beforehand what is wrong with the address of a site of others
//
// The address is one that a client registered, so this is the one place where
// somebody else chooses where our server connects to. It follows no redirect,
// goes through no proxy, and does not let itself be sent to the inside of the
// library's own network (OWASP: server-side request forgery).
package backchannel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"lidwoord/identity/signon"
)

// answerMost bounds what we read of an answer, in bytes. Nobody reads it; a
// connection can only be used again when it is empty.
const answerMost = 4 << 10

// connectTime is how long the other side may take to answer at all. How long the
// whole may take the caller says.
const connectTime = 3 * time.Second

var (
	ErrInside  = errors.New("the address is inside a network, or on this machine")
	ErrNoTLS   = errors.New("the address has no https")
	ErrRefused = errors.New("the site did not take it")
)

// Sender posts tokens. It may be used by any number of goroutines.
type Sender struct{ inside, outside *http.Client }

var (
	_ signon.LogoutSender = (*Sender)(nil)
	_ signon.KeyFetcher   = (*Sender)(nil)
)

// New makes the sender of an installation: only sites of the library itself may be
// on this machine, in its network, or without TLS.
func New() *Sender { return &Sender{inside: client(anywhere), outside: client(onlyOutside)} }

// NewForDemo makes a sender that also reaches the sites of others on this machine.
func NewForDemo() *Sender { return &Sender{inside: client(anywhere)} }

func client(control func(network, address string, c syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: connectTime, Control: control}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTime, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func anywhere(string, string, syscall.RawConn) error { return nil }

// onlyOutside looks at the address that is about to be connected to, after the
// name was looked up: a name that points inside is refused, and one that points
// elsewhere a moment later as well.
func onlyOutside(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if inside(at.Addr()) {
		return ErrInside
	}
	return nil
}

// special are networks that net/netip has no word for; the IANA registries of
// special-purpose addresses, RFC 6890. The last two carry an IPv4 address inside.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("fec0::/10"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

func inside(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Outside says what is against an address of a site that is not the library's own,
// without looking up its name: so a mistake shows when the address is saved. A name
// that points inside is refused when it is called.
func Outside(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Scheme != "https" {
		return ErrNoTLS
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil && inside(ip) || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return ErrInside
	}
	return nil
}

// client is the one that may call an address.
func (s *Sender) client(address string, own bool) (*http.Client, error) {
	if own || s.outside == nil {
		return s.inside, nil
	}
	if !strings.HasPrefix(address, "https://") {
		return nil, ErrNoTLS
	}
	return s.outside, nil
}

// keysMost bounds a set of keys, in bytes: ten of RSA with their certificates.
const keysMost = 64 << 10

// ErrLarge means that more came than keys are.
var ErrLarge = errors.New("the answer is too large")

// Keys gets what a site publishes at an address. Who may change it on the way may sign
// as the site, so it comes over TLS, or from this very machine.
func (s *Sender) Keys(ctx context.Context, address string, own bool) ([]byte, error) {
	web, err := s.client(address, own)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(r.URL.Hostname()); r.URL.Scheme != "https" && r.URL.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, ErrNoTLS
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	r.Header.Set("User-Agent", "Lidwoord")
	res, err := web.Do(r)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d", ErrRefused, res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, keysMost+1))
	if err == nil && len(text) > keysMost {
		err = ErrLarge
	}
	return text, err
}

// withoutAddress is an error without the address, whose query may hold a secret.
func withoutAddress(err error) error {
	if about := (*url.Error)(nil); errors.As(err, &about) {
		return about.Err
	}
	return err
}

// Send hands a token to a site. Its errors name no more than the reason: whoever
// reads the log need not learn what the other side wrote.
func (s *Sender) Send(ctx context.Context, address, token string, own bool) error {
	web, err := s.client(address, own)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "Lidwoord")
	res, err := web.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, answerMost))
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%w: status %d", ErrRefused, res.StatusCode)
	}
	return nil
}
