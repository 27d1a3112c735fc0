package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// bodyMost is the largest query or body that is read. The largest real one is a
// sign-out with an ID token of many memberships.
const bodyMost = 64 << 10

// home sends whoever typed the issuer's address to a page for people.
func (s pages) home(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, kit.Absolute(s.Doors.Login, "/"), http.StatusSeeOther)
	return nil
}

// authorize keeps the request and sends the browser on. Also prompt=none goes to
// the login door, which alone has the cookie that answers it.
func (s pages) authorize(w http.ResponseWriter, r *http.Request) error {
	v, err := query(r)
	if err != nil {
		return err
	}
	if err := s.take(r.RemoteAddr); err != nil {
		return err
	}
	var id string
	a := signon.ReadAuthorize(v)
	lang := signon.Language(a.UILocales)
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if id, err = s.Provider.Begin(tx, a); err != nil || a.RequestURI == "" {
			return err
		}
		asked, err := s.Provider.Pending(tx, id) // what was pushed ahead says the language
		lang = asked.Lang
		return err
	})
	var refused *signon.Refused
	if errors.As(err, &refused) {
		return see(w, r, refused.URL)
	}
	if err != nil {
		return err
	}
	q := url.Values{"verzoek": {id}}
	if lang != "" {
		q.Set("taal", string(lang))
	}
	return see(w, r, kit.Absolute(s.Doors.Login, "/aanmelden?"+q.Encode()))
}

// endSession signs out. With a hint the session ends at once, as the standard
// wants; without one anybody could have made the link, so the person decides. They
// do that at the login door, which has the cookie and the button, and knows whether
// this browser is out: the hint may be of an older sign-in, or of somebody else.
func (s pages) endSession(w http.ResponseWriter, r *http.Request) error {
	v, err := query(r)
	if err != nil {
		return err
	}
	q := signon.EndSessionParams{IDTokenHint: v.Get("id_token_hint"), ClientID: v.Get("client_id"), ReturnTo: v.Get("post_logout_redirect_uri"), State: v.Get("state")}
	var out signon.Logout
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if out, err = s.Provider.EndSession(tx, q); err != nil || out.SessionID == "" {
			return err
		}
		return session.End(tx, out.SessionID)
	})
	if err == nil && out.SessionID != "" && out.ReturnTo != "" {
		return see(w, r, out.ReturnTo)
	}
	ask := url.Values{}
	for word, fault := range signOutFaults {
		if errors.Is(err, fault) { // the website is at fault, and the person still wants to leave
			ask.Set("fout", word)
		}
	}
	switch {
	case err != nil && len(ask) == 0:
		return err
	case err == nil && out.ReturnTo != "": // looked up once more when the button is pressed
		ask = url.Values{"website": {q.ClientID}, "terug": {q.ReturnTo}, "state": {q.State}}
	}
	if lang := signon.Language(v.Get("ui_locales")); lang != "" {
		ask.Set("taal", string(lang))
	}
	to := kit.Absolute(s.Doors.Login, "/afmelden")
	if len(ask) > 0 {
		to += "?" + ask.Encode()
	}
	return see(w, r, to)
}

// signOutFaults are the words by which the login door says what is wrong with the wish
// of a website.
var signOutFaults = map[string]error{"bewijs": signon.ErrBadHint, "adres": signon.ErrWrongRedirect, "website": signon.ErrNoHint}

// see sends the browser on with 303: a 307 would carry a posted form along.
func see(w http.ResponseWriter, r *http.Request, address string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// query reads the parameters of a browser's visit.
func query(r *http.Request) (url.Values, error) {
	if err, bad := r.Context().Value(formFault{}).(error); bad {
		return nil, err
	}
	if len(r.URL.RawQuery) > bodyMost {
		return nil, kit.ErrTooLarge
	}
	v, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, kit.ErrBadForm.Because(err)
	}
	return v, nil
}

type formFault struct{}

// formAsQuery lets a client post its request (OpenID Connect Core section
// 3.1.2.1). The form comes from another site by nature, and does what a link with
// the same parameters does, so it goes on as that link.
func formAsQuery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := kit.ReadForm(withLimit(w, r))
		ctx := r.Context()
		if err != nil {
			ctx = context.WithValue(ctx, formFault{}, err)
		}
		get := r.Clone(ctx)
		get.Method, get.Body, get.ContentLength = http.MethodGet, http.NoBody, 0
		get.Form, get.PostForm = nil, nil
		get.URL.RawQuery = ""
		if err == nil {
			get.URL.RawQuery = form.Values.Encode()
		}
		next.ServeHTTP(w, get)
	})
}

func withLimit(w http.ResponseWriter, r *http.Request) *http.Request {
	if r.Body == http.NoBody {
		return r
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
	return r
}
