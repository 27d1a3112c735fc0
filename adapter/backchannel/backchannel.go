// Package backchannel tells other sites that somebody signed out: it posts the
// logout token of OpenID Connect Back-Channel Logout 1.0.
//
//	New          makes the sender
//	Sender.Send  hands one token to one site
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

var _ signon.LogoutSender = (*Sender)(nil)

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

// Send hands a token to a site. Its errors name no more than the reason: whoever
// reads the log need not learn what the other side wrote.
func (s *Sender) Send(ctx context.Context, address, token string, own bool) error {
	web := s.outside
	if own || web == nil {
		web = s.inside
	} else if !strings.HasPrefix(address, "https://") {
		return ErrNoTLS
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
