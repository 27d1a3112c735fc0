package kit_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

func TestAnAddressThatOneEngineWouldRefuseIsNoPage(t *testing.T) {
	_, h := house(t)
	for _, path := range []string{"/balie/mine/%00", "/balie/mine/a%ff", "/balie/mine/%ed%a0%80"} {
		if w := ask(h, "GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
	if w := ask(h, "GET", "/balie/mine/%C3%A9", ""); w.Code != 303 {
		t.Errorf("a letter with an accent: %d", w.Code)
	}
}

func TestTheWayBackIsJudgedAsABrowserReadsIt(t *testing.T) {
	d, _ := house(t)
	for wanted, want := range map[string]string{
		"/balie/../beheer": "/balie/", "/balie/../../x": "/balie/", "/balie/%2e%2e/x": "/balie/", "/balie/a/../b?c=d": "/balie/a/../b?c=d",
		"": "/balie/", "?x=1": "/balie/", "balie": "/balie/", "/balie": "/balie", "/balie/klant?q=a/../b": "/balie/klant?q=a/../b",
	} {
		if got := d.Back(wanted); got != want {
			t.Errorf("%q leads to %q, want %q", wanted, got, want)
		}
	}
}

func TestASessionIsReadAsItIsNowAndNotOnceItIsOver(t *testing.T) {
	d, _ := house(t)
	var err error
	if d.DB.Box, err = secret.NewBox(make([]byte, secret.MasterLength)); err != nil {
		t.Fatal(err)
	}
	reads := 0
	d.Reads = func(data []byte) (any, error) { reads++; return strings.ToUpper(string(data)), nil }
	h := d.Handler(says{})
	in := func(f func(tx *sqldb.Tx) error) {
		t.Helper()
		if err := d.DB.InTx(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	hold := func(what string) string {
		t.Helper()
		text, err := d.SessionData(what)
		if err != nil || strings.Contains(text, what) {
			t.Fatalf("%s, %v", text, err)
		}
		return text
	}
	var live session.Session
	set := httptest.NewRecorder()
	in(func(tx *sqldb.Tx) (err error) {
		var token secret.Token
		token, live, err = session.Start(tx, session.Session{Door: "desk", Subject: "anna", Data: hold("first"), Idle: d.Idle})
		d.SetSession(set, token)
		return err
	})
	cookie := set.Result().Cookies()[0]
	want := func(text string) {
		t.Helper()
		if got := ask(h, "GET", "/balie/own", "", "Cookie", cookie.Name+"="+cookie.Value).Body.String(); got != text {
			t.Errorf("%q, want %q", got, text)
		}
	}
	want(`"FIRST"`)
	want(`"FIRST"`)
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
	in(func(tx *sqldb.Tx) error { return session.Update(tx, live.ID, hold("second")) })
	want(`"SECOND"`)
	in(func(tx *sqldb.Tx) error {
		return session.Update(tx, live.ID, `"as it was before sessions were sealed"`)
	})
	want("nobody")
	in(func(tx *sqldb.Tx) error { return session.Update(tx, live.ID, hold("third")) })
	want(`"THIRD"`)
	in(func(tx *sqldb.Tx) error { return session.End(tx, live.ID) })
	want("nobody")
}

// says is a door that says what it made of the session.
type says struct{}

func (says) Routes(m *kit.Mux) {
	m.Page("GET /own", func(w http.ResponseWriter, r *http.Request) error {
		v := kit.VisitOf(r)
		if v.Session == nil {
			_, err := w.Write([]byte("nobody"))
			return err
		}
		_, err := w.Write([]byte(v.Own.(string)))
		return err
	})
}
