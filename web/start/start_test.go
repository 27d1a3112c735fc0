package start_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
	"lidwoord/web/start"
	"lidwoord/web/webtest"
)

func open(t *testing.T, demo bool) (*start.Site, http.Handler) {
	t.Helper()
	list, err := words.Load(kit.Words, start.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) *url.URL {
		u, err := url.Parse("http://lid.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	doors := kit.Doors{Start: at(""), Desk: at("/balie"), Login: at("/inloggen"), OIDC: at("/oidc"), Reading: at("/bibliotheek"), Mine: at("/mijn"), Signup: at("/inschrijven"), Manage: at("/beheer")}
	if demo {
		doors.Mailbox = at("/dev/mail")
	}
	s, err := start.New(&kit.House{DB: sqldbtest.New(t), Words: list, Doors: doors, Demo: demo, Brand: kit.Brand{Name: "Bind bibliotheken", Email: "info@bind.example"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.Logins = []start.Login{{Door: "desk", Username: "anja", Password: "geheim-van-de-demo", What: "start.clerk"}, {Door: "login", Username: "25280000000017", Password: "geheim-van-de-demo", What: "start.reader"}}
	s.Ready = func(*http.Request) error { return nil }
	return s, s.Handler(s)
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://lid.example"+path, nil))
	return w
}

func TestTheFirstPageLeadsToEveryDoorInBothLanguages(t *testing.T) {
	_, h := open(t, false)
	for lang, says := range map[string]string{"nl": "Waar wil je naartoe?", "en": "Where would you like to go?"} {
		w := get(h, "/?taal="+lang)
		for _, want := range []string{says, "http://lid.example/balie/", "http://lid.example/bibliotheek/", "http://lid.example/inloggen/", "http://lid.example/inschrijven/", "http://lid.example/mijn/", "http://lid.example/beheer/"} {
			if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d, no %s", lang, w.Code, want)
			}
		}
		if w := get(h, "/toegankelijkheid?taal="+lang); w.Code != 200 || !strings.Contains(w.Body.String(), "WCAG 2.2") {
			t.Errorf("%s: accessibility page %d", lang, w.Code)
		}
	}
	if w := get(h, "/nergens"); w.Code != 404 {
		t.Errorf("an unknown page is %d", w.Code)
	}
}

func TestPasswordsStandOnTheFirstPageOfTheDemoOnly(t *testing.T) {
	_, h := open(t, false)
	if body := get(h, "/").Body.String(); strings.Contains(body, "geheim-van-de-demo") || strings.Contains(body, "anja") {
		t.Error("a real library shows the demo's passwords")
	}
	_, h = open(t, true)
	if body := get(h, "/").Body.String(); !strings.Contains(body, "geheim-van-de-demo") || !strings.Contains(body, "http://lid.example/dev/mail") {
		t.Error("the demo does not say how to get in")
	}
}

func TestTheCodeOfTheDemoIsTheOneOfNow(t *testing.T) {
	s, h := open(t, true)
	s.DB.Now = func() time.Time { return time.Unix(1111111109, 0) }
	s.Logins[0].Key = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
	if body := get(h, "/").Body.String(); !strings.Contains(body, "081804") || strings.Contains(body, "GEZD") {
		t.Error("the page does not show the code, or shows the key")
	}
}

func TestAMonitorSeesWhetherTheNodeCanWork(t *testing.T) {
	s, h := open(t, false)
	if w := get(h, "/gezond"); w.Code != 200 {
		t.Errorf("a healthy node answers %d", w.Code)
	}
	s.Ready = func(r *http.Request) error {
		return errors.Join(context.DeadlineExceeded, errors.New("host=db password=x"))
	}
	if w := get(h, "/gezond"); w.Code != 503 || strings.Contains(w.Body.String(), "password") {
		t.Errorf("a node without database answers %d %s", w.Code, w.Body)
	}
}

func TestTheFirstPageInABrowser(t *testing.T) {
	_, h := open(t, true)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := webtest.Start(t).Person(t)
	p.Visit(server.URL + "/")
	p.Look("start")
	p.Visit(server.URL + "/toegankelijkheid")
	p.Look("start-access")
}
