package signon

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// maxParameter bounds each parameter, in bytes. The longest that clients send is
// a state with a page address in it.
const maxParameter = 2000

// Refused is an authorize request that goes back to its client with an error.
// The client and its address were right, so the browser may be sent to URL.
type Refused struct {
	URL     string
	Problem *Problem
}

func (r *Refused) Error() string { return r.Problem.Error() }

// Begin checks an authorize request and keeps it for the login door. When the
// client or its redirect address is in doubt the error is for the person
// (ErrUnknownClient, ErrWrongRedirect), since whoever wrote the link may want the
// browser somewhere else; any other fault is a *Refused for the client.
func (p *Provider) Begin(tx *sqldb.Tx, a AuthorizeParams) (requestID string, err error) {
	if !sane(a.ClientID) || slices.Contains(a.repeated, "client_id") {
		return "", ErrUnknownClient
	}
	c, found, err := findClient(tx, a.ClientID)
	if err != nil {
		return "", err
	}
	if !found {
		return "", ErrUnknownClient
	}
	if strings.HasPrefix(a.RequestURI, pushedPrefix) && len(a.repeated) == 0 {
		return p.beginPushed(tx, c, a.RequestURI)
	}
	r, problem, err := p.checkRequest(tx, c, a)
	if err != nil {
		return "", err
	}
	if problem == nil && c.pushedOnly {
		problem = &Problem{Code: InvalidRequest, Description: "This client must push its requests ahead (RFC 9126)."}
	}
	if problem != nil {
		state := a.State
		if !stateOK(state) || slices.Contains(a.repeated, "state") {
			state = ""
		}
		return "", &Refused{p.back(a.RedirectURI, state, "error", problem.Code, "error_description", problem.Description), problem}
	}
	r.expiresAt = tx.Now.Add(RequestLife)
	return r.id, insertRequest(tx, r)
}

// checkRequest reads a request of a known client. ErrWrongRedirect is its only
// error about the request itself; everything else is a problem that the client
// may hear.
func (p *Provider) checkRequest(tx *sqldb.Tx, c client, a AuthorizeParams) (request, *Problem, error) {
	registered, err := clientURIs(tx, c.id, "redirect")
	if err != nil {
		return request{}, nil, err
	}
	if slices.Contains(a.repeated, "redirect_uri") || !allowed(registered, a.RedirectURI) {
		return request{}, nil, ErrWrongRedirect
	}
	r, problem := readRequest(a, tx.Now)
	if problem != nil {
		return request{}, problem, nil
	}
	if a.IDTokenHint != "" {
		hint, err := p.readHint(tx, a.IDTokenHint)
		if errors.Is(err, ErrBadHint) || err == nil && (hint.Audience != c.id || r.wish.subject != "" && r.wish.subject != hint.Subject) {
			return request{}, &Problem{Code: InvalidRequest, Description: "id_token_hint is not an ID token of ours for this client."}, nil
		}
		if err != nil {
			return request{}, nil, err
		}
		r.wish.subject = hint.Subject
	}
	r.id, r.clientID = secret.NewID(), c.id
	r.asksConsent = r.asksConsent || c.public() && imitable(a.RedirectURI)
	r.scope, r.wish.claims = narrow(r.scope, c.scopes), allowClaims(r.wish.claims, c.scopes)
	if p.reaches(c.initiate, a.Target) {
		r.target = a.Target
	}
	return r, nil, nil
}

// allowed compares redirect addresses letter by letter: every looser comparison
// has been used to steal codes (RFC 9700 section 4.1). Only the port of an app on
// the person's own machine is free, which gets another one at each start (RFC 8252
// section 7.3).
func allowed(registered []string, asked string) bool {
	if asked == "" || slices.Contains(registered, asked) {
		return asked != ""
	}
	host, rest, ok := loopback(asked)
	return ok && slices.ContainsFunc(registered, func(uri string) bool {
		ownHost, ownRest, ok := loopback(uri)
		return ok && ownHost == host && ownRest == rest
	})
}

// imitable tells whether any app of the person's own machine may receive what is sent
// to an address: one with a scheme of its own, or a port. A client that proves itself
// by nothing else may be somebody else's then, so that its person is asked each time
// (RFC 8252 section 8.6, OWASP ASVS 10.7.1).
func imitable(uri string) bool {
	u, err := url.Parse(uri)
	return err != nil || u.Scheme != "https" && (u.Scheme != "http" || local(u.Hostname()))
}

// loopback splits an http address by the number of the machine itself, without its
// port. localhost is none: who answers to that name is up to the machine (section 8.3).
func loopback(uri string) (host, rest string, ok bool) {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, host)
		if !ok {
			continue
		}
		if after, ok := strings.CutPrefix(rest, ":"); ok {
			rest = strings.TrimLeft(after, "0123456789")
			port := after[:len(after)-len(rest)]
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
				return "", "", false
			}
		}
		return host, rest, strings.HasPrefix(rest, "/")
	}
	return "", "", false
}

// Prompts.
const (
	PromptNone   = "none"
	PromptLogin  = "login"
	PromptCreate = "create" // the person wants to make an account

	// PromptConsent goes beside the others and is kept by itself.
	PromptConsent = "consent"

	promptSelect = "select_account" // kept as PromptLogin
)

// Request is what the login door must know of an open request.
type Request struct {
	ID         string
	ClientID   string
	ClientName string
	Continues  bool       // the client takes people up again later (Client.Initiate)
	ReturnsTo  string     // the host that the browser goes back to; "" for an app
	ReturnsBy  string     // the scheme of that address: "https", or one that an app has of its own
	ReturnsAt  string     // all of it but the path, "https://app.example:8443"; "" for an app with a scheme of its own
	Own        bool       // the client is the library's own
	Imitable   bool       // any app could receive the answer, so that the person is asked each time
	Lang       words.Lang // "" when the client did not say
	Prompt     string     // "", PromptNone, PromptLogin or PromptCreate
	LoginHint  string
	Target     string    // the page of the client to arrive at later, for Continue; or ""
	FreshSince time.Time // zero when any sign-in does
	Expires    time.Time
	// WantsACR is the way of signing in that the client likes best; "" when it did
	// not say. Ask for it where the account can.
	WantsACR string
	// NeedsACR is the weakest that does: who cannot do that is refused with
	// UnmetAuthenticationRequirements. "" when any does.
	NeedsACR string

	lasting, asksConsent           bool
	scope, claims, subject, sector string
	createdAt                      time.Time
}

// NeedsSignIn tells whether a session that signed in at authTime is too old for
// this request (max_age, prompt=login).
func (r Request) NeedsSignIn(authTime time.Time) bool { return authTime.Before(r.FreshSince) }

// NeedsMore tells whether a way of signing in is too weak for this request.
func (r Request) NeedsMore(acr string) bool { return levelOf(acr) < levelOf(r.NeedsACR) }

// Pending finds an open request for the login door.
func (p *Provider) Pending(tx *sqldb.Tx, requestID string) (Request, error) {
	if !sane(requestID) {
		return Request{}, ErrRequestSpent
	}
	r, found, err := openRequest(tx, requestID)
	if err != nil {
		return Request{}, err
	}
	if !found {
		return Request{}, ErrRequestSpent
	}
	return r, nil
}

// request is a row of signon_request.
type request struct {
	id, clientID, redirectURI, scope, state, nonce, challenge, prompt, loginHint, target string

	wish                  wish
	asksConsent           bool
	pushedDigest          string // of its request_uri, while it waits for a browser
	lang                  words.Lang
	freshSince, expiresAt time.Time
}

// back makes the address that answers a request: pairs, state and our name
// (RFC 9207, against clients that mix up two providers) behind whatever query
// the address has already.
func (p *Provider) back(redirectURI, state string, pairs ...string) string {
	v := url.Values{"iss": {p.Issuer}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	if state != "" {
		v.Set("state", state)
	}
	return extend(redirectURI, v)
}

func extend(uri string, v url.Values) string {
	switch {
	case len(v) == 0:
		return uri
	case !strings.Contains(uri, "?"):
		return uri + "?" + v.Encode()
	case strings.HasSuffix(uri, "?") || strings.HasSuffix(uri, "&"):
		return uri + v.Encode()
	default:
		return uri + "&" + v.Encode()
	}
}

// narrow leaves the scopes that we know and the client may have, each once.
func narrow(asked, may string) string {
	var out []string
	for _, s := range knownScopes {
		if slices.Contains(strings.Fields(asked), s) && slices.Contains(strings.Fields(may), s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// Language picks the first of our languages from a list such as "fy nl-NL en",
// the shape of ui_locales; "" when there is none.
func Language(locales string) words.Lang {
	for _, tag := range strings.Fields(locales) {
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if lang := words.Lang(primary); lang == words.NL || lang == words.EN {
			return lang
		}
	}
	return ""
}

// challengeOK tells whether text is a SHA-256 in base64url, written the one way.
func challengeOK(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(b) == 32 && base64.RawURLEncoding.EncodeToString(b) == text
}

// sane tells whether text may be kept and compared.
func sane(text string) bool { return text != "" && len(text) <= maxParameter && printable(text) }

// stateOK follows RFC 6749 appendix A.5: visible ASCII and spaces.
func stateOK(text string) bool { return len(text) <= maxParameter && plain(text) }
