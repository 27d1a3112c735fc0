package start_test

import (
	"context"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
	"lidwoord/web/start"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

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
	s.Controller = func(*sqldb.Tx) (start.Controller, error) {
		return start.Controller{Name: "Bind bibliotheken", Address: "Brink 1, 9401 HS Assen", Email: "privacy@bind.example", Register: "KvK 12345678"}, nil
	}
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

// Every figure comes from the rooms that keep things: the words hold none of their own.
func TestThePageAboutPrivacySaysWhatTheRoomsKeep(t *testing.T) {
	s, h := open(t, false)
	set := reflect.ValueOf(&s.Figures).Elem()
	for i := range set.NumField() {
		set.Field(i).SetInt(int64(9001 + i))
	}
	for lang, says := range map[string][]string{
		"nl": {"Medewerkers kunnen niet zien wat je leest", "Ook niet voor ouders", "hoofdsleutel", "Brink 1, 9401 HS Assen", "mailto:privacy@bind.example", "Autoriteit Persoonsgegevens", "http://lid.example/mijn/", "http://lid.example/inloggen/verwijderen"},
		"en": {"Staff cannot see what you read", "Not for parents either", "master key", "KvK 12345678", "data protection authority"},
	} {
		w := get(h, "/privacy?taal="+lang)
		body := w.Body.String()
		for i := range set.NumField() {
			if n := strconv.Itoa(9001 + i); strings.Count(body, n) != 1 {
				t.Errorf("%s: %s stands there %d times", lang, set.Type().Field(i).Name, strings.Count(body, n))
			}
		}
		for _, want := range says {
			if w.Code != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: %d, no %q", lang, w.Code, want)
			}
		}
		said := html.UnescapeString(body[strings.Index(body, "<main"):strings.Index(body, "</main>")])
		said = regexp.MustCompile(`<[^>]*>|900\d|901\d|KvK \d+|Brink 1, 9401 HS`).ReplaceAllString(said, "")
		if n := regexp.MustCompile(`\d+`).FindString(said); n != "" {
			t.Errorf("%s: the figure %s is written out in the words", lang, n)
		}
		if home := get(h, "/?taal="+lang).Body.String(); !strings.Contains(home, "http://lid.example/privacy") {
			t.Errorf("%s: the footer does not lead there", lang)
		}
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
	p.Visit(server.URL + "/privacy")
	p.Look("start-privacy")
}
