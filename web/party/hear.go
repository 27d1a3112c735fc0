package party

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

const (
	// sidMost bounds the name of a session at the sign-on, in bytes.
	sidMost = 200
	// tokenMost bounds a logout token, in bytes: eight claims and a signature.
	tokenMost = 16 << 10
)

// Hear adds the address at which the sign-on tells who signed out (OpenID Connect
// Back-Channel Logout 1.0). Whoever signs out at one door of a computer in the
// library is then out at the others within a second, also when the browser is
// closed.
func (p *Party) Hear(m *kit.Mux) {
	m.Raw("POST "+HearPath, http.HandlerFunc(p.hear))
}

var (
	errNoLogoutToken = errors.New("there is no logout_token")
	errNoSession     = errors.New("the logout token names no session")
	errOtherType     = errors.New("the token is of another type than logout+jwt")
)

// hear believes a logout token as it does an ID token: only when the sign-on
// signed it, for this door, lately. It need not remember which it heard: one that
// comes again names a session that is over, and no other gets its name.
func (p *Party) hear(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	err := p.endThere(w, r)
	if err == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	status := http.StatusBadRequest
	if errors.Is(err, ErrSignOnDown) || errors.Is(err, errEnding) { // ours to mend: let it be told again
		status = http.StatusServiceUnavailable
	}
	p.site.Log.WarnContext(r.Context(), "a sign-out was not heard", "door", p.site.Name, "status", status, "err", err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": "invalid_request"})
}

var errEnding = errors.New("the sessions cannot be ended")

func (p *Party) endThere(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, tokenMost)
	raw := r.PostFormValue("logout_token")
	if raw == "" {
		return errNoLogoutToken
	}
	provider, _, err := p.ready(r.Context())
	if err != nil {
		return err
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.site.DB.Now})
	token, err := verifier.VerifyLogout(withClient(r.Context()), raw)
	if err != nil {
		return err
	}
	if !isLogoutToken(raw) {
		return errOtherType
	}
	// Without a session all of a person would have to go, whom this door may know
	// by another name; our own sign-on always says it.
	if token.SessionID == "" || len(token.SessionID) > sidMost {
		return errNoSession
	}
	err = p.site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.EndSignOn(tx, p.site.Name, token.SessionID) })
	if err != nil {
		return errors.Join(errEnding, err)
	}
	return nil
}

// isLogoutToken reads the type of a token whose signature was checked. The module
// that checks the rest leaves it out, and nothing else keeps a token that a sign-on
// signed for another purpose from ending sessions (OWASP ASVS 10.5.5).
func isLogoutToken(raw string) bool {
	first, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	var header struct {
		Type string `json:"typ"`
	}
	return err == nil && json.Unmarshal(text, &header) == nil && strings.EqualFold(strings.TrimPrefix(header.Type, "application/"), "logout+jwt")
}
