package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
)

// surfer is a browser without a screen: it keeps cookies and follows redirects.
type surfer struct {
	*http.Client
	t *testing.T
}

func newSurfer(t *testing.T) surfer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return surfer{&http.Client{Jar: jar, Transport: wantsPages{}}, t}
}

// wantsPages says that a person is looking: other sites lead only them to a
// sign-in.
type wantsPages struct{}

func (wantsPages) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "text/html")
	return http.DefaultTransport.RoundTrip(r)
}

// read is an answer to its end.
func (s surfer) read(res *http.Response, err error) (at *url.URL, body string) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.Request.URL, string(text)
}

var hiddenRequest = regexp.MustCompile(`name="verzoek" value="([A-Z0-9]+)"`)

// enter opens an address that leads to the login door, and signs in there.
func (s surfer) enter(address, username, password string) (at *url.URL, body string) {
	s.t.Helper()
	at, body = s.read(s.Get(address))
	m := hiddenRequest.FindStringSubmatch(body)
	if !strings.HasSuffix(at.Path, "/aanmelden") || m == nil {
		return at, body // signed in already
	}
	return s.read(s.PostForm(at.String(), url.Values{"verzoek": {m[1]}, "gebruikersnaam": {username}, "wachtwoord": {password}}))
}

// in names the doors at which somebody is signed in.
func (h *running) in(t *testing.T) (doors []string) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		doors, err = sqldb.Many(tx, `SELECT door FROM session WHERE door <> 'desk' ORDER BY door`, nil, func(r sqldb.Row) (door string, err error) { return door, r.Scan(&door) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return doors
}

// Who signs out at the login account is out at every door of the library within a
// second, though none of their pages is opened.
func TestSigningOutOnceIsOutEverywhere(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		person := newSurfer(t)
		username := h.login(t, "start.reader")
		for _, door := range []string{"/bibliotheek", "/mijn", "/inschrijven"} {
			person.enter(h.at+door+"/inloggen", username, demoReaderPw)
		}
		stays := newSurfer(t) // the same person on a phone
		stays.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		if in := h.in(t); !slices.Equal(in, []string{"login", "login", "mine", "reading", "reading", "signup"}) {
			t.Fatalf("signed in at %v", in)
		}
		start := time.Now()
		person.read(person.PostForm(h.at+"/inloggen/afmelden", nil))
		for want := []string{"login", "reading"}; !slices.Equal(h.in(t), want); time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatalf("still signed in at %v", h.in(t))
			}
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("out everywhere after %s, want a second", took)
		} else {
			t.Logf("out everywhere after %s", took)
		}
	})
}
