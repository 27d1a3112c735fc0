package signon

import (
	"net/url"
	"slices"
	"strings"

	"lidwoord/base/sqldb"
)

// Continue is the address at which a person goes on at a client when no request
// of it is open: a new account was woken by a mail that came an hour later, or on
// another device. It is the client's own address for a sign-in that we initiate
// (OpenID Connect Core section 4); there an ordinary request begins, and all its
// checks with it. loginHint is the username, "" to tell none. ok is false when
// the client is gone or takes nobody up again.
func (p *Provider) Continue(tx *sqldb.Tx, clientID, target, loginHint string) (address, clientName string, ok bool, err error) {
	if !sane(clientID) {
		return "", "", false, nil
	}
	c, found, err := findClient(tx, clientID)
	if err != nil || !found || c.initiate == "" {
		return "", "", false, err
	}
	v := url.Values{"iss": {p.Issuer}}
	if p.reaches(c.initiate, target) { // once more: the client may have moved since
		v.Set("target_link_uri", target)
	}
	if sane(loginHint) {
		v.Set("login_hint", loginHint)
	}
	return extend(c.initiate, v), c.name, true, nil
}

// reaches tells whether a person may be led to target by the client whose
// initiate address is given: on the same host, in the same folder or below it.
// Whoever wrote the link to us chose the target, and the client will trust it
// because it comes back from us, so that whatever a browser, a proxy and we
// could read differently is refused.
func (p *Provider) reaches(initiate, target string) bool {
	if initiate == "" || !sane(target) || !p.registrable(target) || strings.ContainsAny(target, `\ `) {
		return false
	}
	to, err := url.Parse(target)
	if err != nil {
		return false
	}
	from, err := url.Parse(initiate)
	if err != nil || from.Host == "" || to.Scheme != from.Scheme || to.Host != from.Host {
		return false
	}
	path := from.EscapedPath()
	folder := path[:strings.LastIndex(path, "/")+1]
	if folder == "" || !strings.HasPrefix(to.EscapedPath(), folder) || strings.Contains(to.Path, `\`) {
		return false
	}
	// Path is what the escapes stand for: %2e%2e is a way up too.
	return !slices.ContainsFunc(strings.Split(to.Path, "/"), func(part string) bool { return part == "." || part == ".." })
}
