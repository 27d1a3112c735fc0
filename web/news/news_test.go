package news_test

import (
	"bytes"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/newsletter"
	"lidwoord/web/kit"
	"lidwoord/web/news"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// door is the door Nieuwsbrief of a library.
type door struct {
	http.Handler
	t    testing.TB
	db   *sqldb.DB
	subs *newsletter.Subscribers
	lib  branch.Organisation
	now  time.Time
}

func each(t *testing.T, rule func(*testing.T, *door)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, open(t, db, "https://lid.example")) })
}

func open(t testing.TB, db *sqldb.DB, host string) *door {
	t.Helper()
	d := &door{t: t, db: db, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { return d.now }
	list, err := words.Load(kit.Words, day.Words, throttle.Words, branch.Words, customer.Words, newsletter.Words, news.Words)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := url.Parse(host + "/nieuwsbrief")
	d.subs, err = newsletter.New(newsletter.Links{
		Confirm:     func(t secret.Token) string { return kit.Absolute(at, "/bevestigen/"+string(t)) },
		Unsubscribe: func(t secret.Token) string { return kit.Absolute(at, "/afmelden/"+string(t)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := news.New(&kit.House{DB: db, Words: list, Log: slog.New(slog.DiscardHandler), Brand: kit.Brand{Name: "Bind bibliotheken"}, Doors: kit.Doors{News: at}}, "bind", d.subs)
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = s.Handler(s)
	d.do(func(tx *sqldb.Tx) error {
		d.lib, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"})
		return err
	})
	return d
}

func (d *door) do(f func(*sqldb.Tx) error) {
	d.t.Helper()
	if err := d.db.InTx(d.t.Context(), f); err != nil {
		d.t.Fatal(err)
	}
}

// ask sends a request; headers come in pairs.
func (d *door) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://lid.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func (d *door) form(address, tick, lang string) *httptest.ResponseRecorder {
	return d.ask("POST", "/nieuwsbrief/?taal="+lang, url.Values{"email": {address}, "akkoord": {tick}}.Encode())
}

func (d *door) wants(what string, w *httptest.ResponseRecorder, status int, texts ...string) {
	d.t.Helper()
	for _, s := range texts {
		if !strings.Contains(w.Body.String(), s) {
			d.t.Errorf("%s: no %q in\n%s", what, s, w.Body)
		}
	}
	if w.Code != status || leftOver.MatchString(w.Body.String()) {
		d.t.Errorf("%s: %d, left over %q", what, w.Code, leftOver.FindString(w.Body.String()))
	}
}

var leftOver = regexp.MustCompile(`\b(news|newsletter|kit)\.[a-z_]+\b|\{[0-9]`)

// mailed is the path of the link in the newest letter.
func (d *door) mailed() (path string) {
	d.t.Helper()
	d.do(func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 1)
		if len(letters) == 1 {
			path = regexp.MustCompile(`/nieuwsbrief/bevestigen/[A-Z0-9]+`).FindString(letters[0].Mail.Text)
		}
		return err
	})
	if path == "" {
		d.t.Fatal("no letter with a link")
	}
	return path
}

func (d *door) letters() (n int) {
	d.t.Helper()
	d.do(func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 100)
		n = len(letters)
		return err
	})
	return n
}

func (d *door) count() (c newsletter.Counts) {
	d.t.Helper()
	d.do(func(tx *sqldb.Tx) (err error) { c, err = newsletter.Count(tx, d.lib.ID); return err })
	return c
}

// subscribed is the unsubscribe link of a confirmed mailbox.
func (d *door) subscribed(address string) (path string) {
	d.t.Helper()
	d.do(func(tx *sqldb.Tx) error {
		err := d.subs.Ask(tx, newsletter.Asking{OrganisationID: d.lib.ID, Address: address, Lang: words.NL, TextVersion: "1", TextShown: "Ja", Channel: newsletter.Web, Confirmed: true})
		if err != nil {
			return err
		}
		for one, err := range d.subs.Export(tx, d.lib.ID) {
			if err != nil {
				return err
			}
			if one.Address == address {
				u, err := url.Parse(one.Unsubscribe)
				path = u.Path
				return err
			}
		}
		return nil
	})
	return path
}

// lastStop is how the newest no was said.
func (d *door) lastStop() (channel string) {
	d.t.Helper()
	d.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT channel FROM newsletter_consent WHERE act = 'stopped' ORDER BY at DESC, number DESC LIMIT 1`, nil, &channel)
		return err
	})
	return channel
}

func TestAnybodyAsksConfirmsAndStops(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.wants("form", d.ask("GET", "/nieuwsbrief", ""), 200, "nieuws van Bind bibliotheken", "Ik ben 16 jaar of ouder", "jonger dan 16", "E-mailadres")
		if w := d.ask("GET", "/nieuwsbrief", ""); strings.Contains(w.Body.String(), "checked") {
			t.Error("the box is ticked beforehand")
		}
		d.wants("asked", d.form("piet@example.nl", "ja", "nl"), 200, "Kijk in je mail", "piet@example.nl")
		link := d.mailed()
		d.wants("link", d.ask("GET", link, ""), 200, "Bind bibliotheken", "piet@example.nl", "Ja, ik wil de nieuwsbrief")
		if c := d.count(); c.Confirmed != 0 {
			t.Error("looking confirmed it")
		}
		d.wants("confirmed", d.ask("POST", link, ""), 200, "Je krijgt de nieuwsbrief", "piet@example.nl")
		d.wants("again", d.ask("POST", link, ""), 410, "Heb je al op de knop gedrukt?")
		d.wants("look again", d.ask("GET", link+"?taal=en", ""), 410, "This link does not work")
		if c := d.count(); c != (newsletter.Counts{Confirmed: 1}) {
			t.Errorf("counts %+v", c)
		}
		stop := d.subscribed("piet@example.nl")
		if w := d.ask("GET", stop, ""); strings.Contains(w.Body.String(), "piet@") {
			t.Error("who got the newsletter from a friend reads the friend's address")
		}
		d.wants("look at stop", d.ask("GET", stop, ""), 200, "Ja, meld mij af", "Bind bibliotheken")
		if c := d.count(); c.Confirmed != 1 {
			t.Error("looking stopped it")
		}
		d.wants("stop", d.ask("POST", stop, "", "Sec-Fetch-Site", "same-origin"), 200, "Je bent afgemeld")
		d.wants("stop again", d.ask("POST", stop+"?taal=en", ""), 200, "You are unsubscribed")
		d.wants("look at stopped", d.ask("GET", stop, ""), 200, "Je bent afgemeld")
		if c := d.count(); c != (newsletter.Counts{Stopped: 1}) || d.lastStop() != "mail" {
			t.Errorf("counts %+v, by %s", c, d.lastStop())
		}
	})
}

func TestTheFormSaysAllThatIsWrongAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.wants("empty", d.form("", "", "nl"), 422, "Vul een e-mailadres in", "Zet een vinkje", `href="#f-email"`, `href="#f-akkoord"`)
		d.wants("bad", d.form("piet", "ja", "en"), 422, `value="piet"`, `aria-invalid="true"`, "checked")
		d.wants("no tick", d.form("piet@example.nl", "", "en"), 422, "Tick the box", `value="piet@example.nl"`)
		if d.letters() != 0 || d.count() != (newsletter.Counts{}) {
			t.Errorf("%d letters, %+v", d.letters(), d.count())
		}
	})
}

func TestThePageIsTheSameWhoeverSubscribes(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.subscribed("aaa@example.nl")
		d.form("bbb@example.nl", "ja", "nl")
		same := func(address string) string {
			w := d.form(address, "ja", "nl")
			if w.Code != 200 {
				t.Errorf("%s: %d", address, w.Code)
			}
			return strings.ReplaceAll(w.Body.String(), address, "")
		}
		new := same("ccc@example.nl")
		if same("aaa@example.nl") != new || same("bbb@example.nl") != new {
			t.Error("the page tells who subscribes")
		}
	})
}

func TestWhoAsksForTheWholeTownMustWait(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		var w *httptest.ResponseRecorder
		for i := range 30 {
			w = d.form("p"+string(rune('a'+i))+"@example.nl", "ja", "nl")
		}
		d.wants("the thirtieth", w, 429, "seconde")
	})
}

// RFC 8058: one request, no cookie, no sign-in, no way round. Some mailbox
// providers send it from their own web page, and say so in their headers.
func TestAMailProgramUnsubscribesWithOneRequest(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		for name, headers := range map[string][]string{
			"a server":              nil,
			"a web mail's page":     {"Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"},
			"an old browser":        {"Origin", "https://mail.example"},
			"a page without origin": {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
		} {
			d.now = d.now.Add(time.Hour)
			stop := d.subscribed("piet@example.nl")
			w := d.ask("POST", stop, "List-Unsubscribe=One-Click", headers...)
			d.wants(name, w, 200, "Je bent afgemeld")
			if c := d.count(); c.Confirmed != 0 || d.lastStop() != "one-click" {
				t.Errorf("%s: %+v, by %s", name, c, d.lastStop())
			}
			if got := w.Header().Values("Set-Cookie"); len(got) != 0 || w.Header().Get("Location") != "" {
				t.Errorf("%s: cookies %v, to %q", name, got, w.Header().Get("Location"))
			}
		}
	})
}

// RFC 8058 section 3.2 allows multipart/form-data too.
func TestAMailProgramMayWriteTheFormInItsOwnWay(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		if err := form.WriteField("List-Unsubscribe", "One-Click"); err != nil {
			t.Fatal(err)
		}
		form.Close()
		for kind, c := range map[string][3]string{
			"multipart": {form.FormDataContentType(), body.String(), "one-click"},
			"no type":   {"", "List-Unsubscribe=One-Click", "mail"},
			"broken":    {"multipart/form-data; boundary=x", "--y\xff\x00", "mail"},
			"bad text":  {"application/x-www-form-urlencoded", "List-Unsubscribe=%ff%zz", "mail"},
		} {
			d.now = d.now.Add(time.Hour)
			w := d.ask("POST", d.subscribed("piet@example.nl"), c[1], "Content-Type", c[0])
			d.wants(kind, w, 200, "Je bent afgemeld")
			if d.count().Confirmed != 0 || d.lastStop() != c[2] {
				t.Errorf("%s: %+v, by %s", kind, d.count(), d.lastStop())
			}
		}
	})
}

func TestOnlyTheUnsubscribeLinkMayBePressedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.form("piet@example.nl", "ja", "nl")
		for _, path := range []string{"/nieuwsbrief/", d.mailed()} {
			if w := d.ask("POST", path, "email=eva@example.nl&akkoord=ja", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
				t.Errorf("POST %s from another site: %d", path, w.Code)
			}
		}
		if c := d.count(); c != (newsletter.Counts{Asked: 1}) {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestALinkThatWeDidNotMakeIsAProperPage(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		for _, method := range []string{"GET", "POST"} {
			d.wants("stop", d.ask(method, "/nieuwsbrief/afmelden/"+string(secret.NewToken()), ""), 404, "link om je af te melden klopt niet")
			d.wants("confirm", d.ask(method, "/nieuwsbrief/bevestigen/"+string(secret.NewToken()), ""), 410, "Deze link werkt niet (meer)")
		}
	})
}

func TestTheNewsletterInABrowser(t *testing.T) {
	db := sqldbtest.New(t)
	var d *door
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	d = open(t, db, srv.URL)
	p := webtest.Start(t).Person(t)
	p.NoScript()
	p.Visit(srv.URL + "/nieuwsbrief")
	p.Forgive("422")
	p.Press("Nieuwsbrief aanvragen")
	p.Want("Nog even nakijken", "Vul een e-mailadres in", "Zet een vinkje")
	p.Fill("E-mailadres", "piet@example.nl")
	p.Tick(newsletter.TextForAnybody(words.NL))
	p.Press("Nieuwsbrief aanvragen")
	p.Want("Kijk in je mail", "piet@example.nl")
	p.Visit(srv.URL + d.mailed())
	p.Press("Ja, ik wil de nieuwsbrief")
	p.Want("Je krijgt de nieuwsbrief")
	p.Visit(srv.URL + d.subscribed("piet@example.nl"))
	p.Press("Ja, meld mij af")
	p.Want("Je bent afgemeld")
}

func TestThePagesOfTheNewsletterLookRight(t *testing.T) {
	db := sqldbtest.New(t)
	var d *door
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	d = open(t, db, srv.URL)
	p := webtest.Start(t).Person(t)
	p.Visit(srv.URL + "/nieuwsbrief")
	p.Look("news-form")
	p.Forgive("422")
	p.Press("Nieuwsbrief aanvragen")
	p.Want("Nog even nakijken")
	p.Look("news-form-wrong")
	p.Fill("E-mailadres", "een.heel.lang.adres.dat.niet.past.op.een.telefoon@eenheelbijzonderlangdomein.example")
	p.Tick(newsletter.TextForAnybody(words.NL))
	p.Press("Nieuwsbrief aanvragen")
	p.Want("Kijk in je mail")
	p.Look("news-asked")
	link := d.mailed()
	p.Visit(srv.URL + link)
	p.Look("news-confirm")
	p.Press("Ja, ik wil de nieuwsbrief")
	p.Want("Je krijgt de nieuwsbrief")
	p.Look("news-confirmed")
	p.Forgive("410")
	p.Visit(srv.URL + link)
	p.Want("Deze link werkt niet (meer)")
	p.Look("news-dead-link")
	p.Visit(srv.URL + d.subscribed("piet@example.nl"))
	p.Look("news-stop")
	p.Press("Ja, meld mij af")
	p.Want("Je bent afgemeld")
	p.Look("news-stopped")
}
