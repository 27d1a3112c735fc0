package oidc

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
)

// discovery may be cached for an hour: it changes with a release.
func (s *Site) discovery(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	return write(w, http.StatusOK, s.document)
}

// jwks may be cached for a quarter of an hour: new keys are shown two days before
// they sign. A set without a key for each algorithm is from before the first
// start was done, and is completed instead of cached.
func (s *Site) jwks(w http.ResponseWriter, r *http.Request) error {
	text, whole, err := s.keyDocument(r)
	if err == nil && !whole {
		if err = s.DB.InTx(r.Context(), s.Provider.TendKeys); err == nil {
			text, _, err = s.keyDocument(r)
		}
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=900")
	return write(w, http.StatusOK, text)
}

func (s *Site) keyDocument(r *http.Request) (text []byte, whole bool, err error) {
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) error {
		text, whole, err = s.Provider.KeyDocument(tx)
		return err
	})
	return text, whole, err
}

// tokenAnswer is RFC 6749 section 5.1 with OpenID Connect Core section 3.1.3.3.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token"`
	Scope        string `json:"scope"`
}

func (s *Site) token(w http.ResponseWriter, r *http.Request) error {
	form, client, err := s.fromClient(r)
	if err != nil {
		return err
	}
	var tokens signon.Tokens
	var problem *signon.Problem
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		tokens, problem, err = s.Provider.Exchange(tx, signon.TokenParams{
			Client:      client,
			GrantType:   form.Get("grant_type"),
			Code:        secret.Token(form.Get("code")),
			RedirectURI: form.Get("redirect_uri"),
			Verifier:    secret.Token(form.Get("code_verifier")),
			Refresh:     secret.Token(form.Get("refresh_token")),
			Scope:       form.Get("scope"),
		})
		return err
	})
	if err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	idToken, err := tokens.IDToken()
	if err != nil {
		return err
	}
	w.Header().Set("Pragma", "no-cache")
	return answer(w, http.StatusOK, tokenAnswer{
		AccessToken: string(tokens.AccessToken), TokenType: "Bearer",
		ExpiresIn: int(tokens.ExpiresIn.Seconds()), RefreshToken: string(tokens.RefreshToken), IDToken: idToken, Scope: tokens.Scope,
	})
}

func (s *Site) revoke(w http.ResponseWriter, r *http.Request) error {
	form, client, err := s.fromClient(r)
	if err != nil {
		return err
	}
	var problem *signon.Problem
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		problem, err = s.Provider.Revoke(tx, client, secret.Token(form.Get("token")))
		return err
	})
	if err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// introspect tells a client what a token is worth.
func (s *Site) introspect(w http.ResponseWriter, r *http.Request) error {
	form, client, err := s.fromClient(r)
	if err != nil {
		return err
	}
	var known signon.Introspection
	var problem *signon.Problem
	in := s.DB.Look
	if client.Assertion != "" { // it is spent
		in = s.DB.InTx
	}
	err = in(r.Context(), func(tx *sqldb.Tx) error {
		known, problem, err = s.Provider.Introspect(tx, client, secret.Token(form.Get("token")))
		return err
	})
	if err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	return answer(w, http.StatusOK, known)
}

// pushed is RFC 9126 section 2.2.
type pushed struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int    `json:"expires_in"` // seconds
}

// push keeps a request that a client sends ahead of the browser.
func (s *Site) push(w http.ResponseWriter, r *http.Request) error {
	form, client, err := s.fromClient(r)
	if err != nil {
		return err
	}
	if client.Secret == "" && client.Assertion == "" { // anybody may say a public name
		if err := s.take(r.RemoteAddr); err != nil {
			return err
		}
	}
	var kept signon.Pushed
	var problem *signon.Problem
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		kept, problem, err = s.Provider.Push(tx, client, signon.ReadAuthorize(form))
		return err
	})
	if err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	return answer(w, http.StatusCreated, pushed{kept.RequestURI, int(kept.ExpiresIn.Seconds())})
}

func (s *Site) userinfo(w http.ResponseWriter, r *http.Request) error {
	token, err := bearer(r)
	if err != nil {
		return err
	}
	var person signon.Person
	var problem *signon.Problem
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) error {
		person, problem, err = s.Provider.UserInfo(tx, token)
		return err
	})
	if err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	return answer(w, http.StatusOK, person)
}

var errNoToken = errors.New("no access token")

// bearer finds the access token: in the header, or in a posted form (RFC 6750
// section 2.2). Never in the address, where logs would keep it.
func bearer(r *http.Request) (secret.Token, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "" && r.ContentLength != 0 {
		form, err := readForm(r)
		if err != nil {
			return "", err
		}
		posted := form.Get("access_token")
		if posted != "" && token != "" {
			return "", &signon.Problem{Code: signon.InvalidRequest, Description: "The access token came in two ways."}
		}
		token += posted
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", errNoToken
	}
	return secret.Token(token), nil
}

// fromClient reads a form that a client posted, and how the client names itself:
// client_secret_basic, client_secret_post, private_key_jwt or none, but not two at
// once (RFC 6749 section 2.3).
func (s *Site) fromClient(r *http.Request) (url.Values, signon.ClientAuth, error) {
	form, err := readForm(r)
	if err != nil {
		return nil, signon.ClientAuth{}, err
	}
	posted := signon.ClientAuth{ID: form.Get("client_id"), Secret: secret.Token(form.Get("client_secret"))}
	header := r.Header.Get("Authorization")
	twice := &signon.Problem{Code: signon.InvalidRequest, Description: "The client named itself in two ways."}
	if kind := form.Get("client_assertion_type"); kind != "" || form.Has("client_assertion") {
		if posted.Assertion = form.Get("client_assertion"); kind != signon.AssertionType || posted.Assertion == "" {
			return nil, signon.ClientAuth{}, &signon.Problem{Code: signon.InvalidClient, Description: "This kind of client_assertion is not supported.", Why: "client_assertion_type"}
		}
		if header != "" || posted.Secret != "" {
			return nil, signon.ClientAuth{}, twice
		}
	}
	if header == "" {
		if posted.Assertion != "" {
			if err := s.Provider.FetchKeys(r.Context(), s.DB, posted); err != nil { // the client hears invalid_client
				s.Log.WarnContext(r.Context(), "keys of a client not fetched", "err", err)
			}
		}
		return form, posted, nil
	}
	basic, ok := readBasic(header)
	switch {
	case !ok:
		return nil, signon.ClientAuth{}, &signon.Problem{Code: signon.InvalidClient, Description: "The Authorization header cannot be read.", Why: "Authorization header unreadable"}
	case posted.Secret != "" || posted.ID != "" && posted.ID != basic.ID:
		return nil, signon.ClientAuth{}, twice
	}
	return form, basic, nil
}

// readBasic reads client_secret_basic. Name and secret are form-encoded before
// they are joined (RFC 6749 section 2.3.1), unlike any other use of the header.
func readBasic(header string) (signon.ClientAuth, bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return signon.ClientAuth{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return signon.ClientAuth{}, false
	}
	name, password, ok := strings.Cut(string(raw), ":")
	if !ok {
		return signon.ClientAuth{}, false
	}
	id, err := url.QueryUnescape(name)
	if err != nil || id == "" {
		return signon.ClientAuth{}, false
	}
	key, err := url.QueryUnescape(password)
	if err != nil {
		return signon.ClientAuth{}, false
	}
	return signon.ClientAuth{ID: id, Secret: secret.Token(key)}, true
}
