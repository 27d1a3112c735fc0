package party_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// lasts lets apps of the door in.
func (h *house) lasts() {
	h.in(func(tx *sqldb.Tx) error {
		return h.provider.RegisterClient(tx, signon.Client{ID: "inschrijven", Own: true, Name: "Inschrijven", Secret: secretThere, Lasting: true, Introspects: true,
			Redirects: []string{h.door + "/terug"}, Scopes: []string{"profile", "email", "memberships", "offline_access"}})
	})
}

// app signs the person in with more scopes, and returns what was answered.
func (h *house) app(scopes ...string) (a party.Answer) {
	h.t.Helper()
	routes := apps{h.start, func(w http.ResponseWriter, r *http.Request) error {
		return h.party.Begin(w, r, party.Step{To: "/", Scopes: scopes, Fresh: 10 * time.Minute})
	}, func(w http.ResponseWriter, r *http.Request) (err error) {
		a, err = h.party.Answer(w, r)
		return err
	}}
	door := h.start.Handler(routes)
	begin := httptest.NewRecorder()
	door.ServeHTTP(begin, httptest.NewRequest("GET", "/inschrijven/app", nil))
	asked := begin.Header().Get("Location")
	if max := query(h.t, asked).Get("max_age"); max != "600" {
		h.t.Errorf("max_age %q", max)
	}
	answer := h.browser().until("/terug").get(asked).Header.Get("Location")
	back := httptest.NewRequest("GET", answer, nil)
	for _, c := range begin.Result().Cookies() {
		back.AddCookie(c)
	}
	end := httptest.NewRecorder()
	door.ServeHTTP(end, back)
	if end.Code != http.StatusOK {
		h.t.Fatalf("%d: %.500s", end.Code, end.Body)
	}
	return a
}

type apps struct {
	*kit.Site
	begin, end kit.Handler
}

func (a apps) Routes(m *kit.Mux) {
	m.Page("GET /app", a.begin)
	m.Page("GET /terug", a.end)
}

func query(t testing.TB, address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestWhatIsSaidWithoutABrowserIsTheSamePerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if a := h.app(); a.Refresh != "" {
			t.Error("a refresh token came unasked")
		}
		if a := h.app(party.OfflineAccess); a.Refresh != "" {
			t.Error("a door got a refresh token that it may not have")
		}
		h.lasts()
		first := h.app(party.OfflineAccess)
		if first.Refresh == "" || first.Subject != "ZOE" {
			t.Fatalf("%+v", first)
		}
		h.set(func() { h.now = h.now.Add(100 * 24 * time.Hour) })
		next, err := h.party.Refresh(t.Context(), first.Refresh)
		if err != nil || next.Subject != first.Subject || next.Issuer != first.Issuer || next.Refresh == "" || next.Refresh == first.Refresh {
			t.Fatalf("%+v %v", next, err)
		}
		var said struct {
			Name string `json:"preferred_username"`
		}
		if err := next.Claims(&said); err != nil || said.Name != "zoe" {
			t.Errorf("%+v %v", said, err)
		}
		// A sign-on in trouble ends nothing.
		for _, trouble := range []func(){func() { h.down = true }, func() { h.mute = true }} {
			h.set(trouble)
			if _, err := h.party.Refresh(t.Context(), next.Refresh); !errors.Is(err, party.ErrSignOnDown) {
				t.Errorf("away: %v", err)
			}
			h.set(func() { h.down, h.mute = false, false })
		}
		last, err := h.party.Refresh(t.Context(), next.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		h.in(func(tx *sqldb.Tx) error { return h.provider.RevokeLasting(tx, "ZOE") })
		if _, err := h.party.Refresh(t.Context(), last.Refresh); !errors.Is(err, party.ErrOver) {
			t.Errorf("after signing out everywhere: %v", err)
		}
		// The door itself can end it too.
		own := h.app(party.OfflineAccess)
		for range 2 {
			if err := h.party.Revoke(t.Context(), own.Refresh); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.party.Refresh(t.Context(), own.Refresh); !errors.Is(err, party.ErrOver) {
			t.Errorf("after it was ended: %v", err)
		}
	})
}

func TestATokenOfAnAppTellsWhoLetItIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.lasts()
		var access secret.Token
		h.in(func(tx *sqldb.Tx) error {
			app := signon.Client{ID: "http://opds-spec.org/auth/client", Own: true, Name: "Thorium", Redirects: []string{"opds://authorize/"}, Scopes: []string{"reading"}}
			if err := h.provider.RegisterClient(tx, app); err != nil {
				return err
			}
			const verifier = "a-verifier-of-at-least-forty-three-letters-long"
			id, err := h.provider.Begin(tx, signon.AuthorizeParams{ClientID: app.ID, RedirectURI: "opds://authorize/", ResponseType: "code", Scope: "openid reading",
				Challenge: "llueGKJyjDcnSjp8CSQB8yGH4UyalsIOOiRuwL0YI6o", Method: "S256"})
			if err != nil {
				return err
			}
			if err := h.provider.Consent(tx, id, "ZOE"); err != nil { // any app could be this one
				return err
			}
			to, err := h.provider.Grant(tx, id, signon.Session{AccountID: "ZOE", Username: "zoe", AuthTime: tx.Now, SessionID: "S"})
			if err != nil {
				return err
			}
			got, problem, err := h.provider.Exchange(tx, signon.TokenParams{Client: signon.ClientAuth{ID: app.ID}, GrantType: "authorization_code",
				Code: secret.Token(query(t, to).Get("code")), RedirectURI: "opds://authorize/", Verifier: verifier})
			if problem != nil {
				t.Fatal(problem)
			}
			access = got.AccessToken
			return err
		})
		told, err := h.party.Introspect(t.Context(), access)
		var said struct{ Memberships []struct{} }
		if err != nil || told.Subject != "ZOE" || told.Client != "http://opds-spec.org/auth/client" || !slices.Contains(told.Scopes, "reading") ||
			!told.Expires.Equal(h.db.Now().Add(signon.PublicTokenLife).Truncate(time.Second)) || told.Claims(&said) != nil {
			t.Errorf("%+v %v", told, err)
		}
		if _, err := h.party.Introspect(t.Context(), "nobody made this"); !errors.Is(err, party.ErrOver) {
			t.Errorf("%v", err)
		}
		h.set(func() { h.now = h.now.Add(signon.PublicTokenLife) })
		if _, err := h.party.Introspect(t.Context(), access); !errors.Is(err, party.ErrOver) {
			t.Errorf("an old one: %v", err)
		}
		h.set(func() { h.down = true })
		if _, err := h.party.Introspect(t.Context(), access); !errors.Is(err, party.ErrSignOnDown) {
			t.Errorf("away: %v", err)
		}
	})
}
