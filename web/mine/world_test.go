package mine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/adapter/testbank"
	"lidwoord/base/day"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
	"lidwoord/web/kit"
	"lidwoord/web/mine"
	"lidwoord/web/paper"
	"lidwoord/web/party"
)

// addresses is an address book of one house.
type addresses struct{ silent bool }

func (a *addresses) Find(_ context.Context, postcode string, number int, _ string) (street, place string, found bool, err error) {
	switch {
	case a.silent:
		return "", "", false, errors.New("no answer")
	case postcode == "9461BH" && number == 7:
		return "Brink", "Gieten", true, nil
	}
	return "", "", false, nil
}

// house is a library that takes in members on the web, its bank, and Mijn Menu on
// a server. It is a Monday morning.
type house struct {
	*sqldb.DB
	t       testing.TB
	book    *addresses
	bank    *testbank.Bank
	cashier *payment.Cashier
	office  *registration.Office
	bind    branch.Organisation
	ver     branch.Organisation
	site    *mine.Site
	server  *httptest.Server
	at      string // of the door
}

func each(t *testing.T, rule func(*testing.T, *house)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, build(t, db)) })
}

func build(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	h := &house{DB: db, t: t, book: &addresses{}}
	h.clock(time.Date(2026, 11, 23, 9, 30, 7, 0, day.Amsterdam))
	server := httptest.NewUnstartedServer(nil)
	door := func(path string) *url.URL {
		return &url.URL{Scheme: "http", Host: server.Listener.Addr().String(), Path: path}
	}
	h.server, h.at = server, door("/mijn").String()
	h.trade(door)
	list, err := words.Load(kit.Words, day.Words, throttle.Words, party.Words, paper.Words, mine.Words, branch.Words, customer.Words, membership.Words,
		ledger.Words, newsletter.Words, enrol.Words, task.Words, payment.Words, registration.Words)
	if err != nil {
		t.Fatal(err)
	}
	h.site, err = mine.New(&kit.House{DB: db, Words: list, Log: slog.New(slog.DiscardHandler), Brand: kit.Brand{Name: "Bind bibliotheken"},
		Doors: kit.Doors{Mine: door("/mijn"), Login: door("/inloggen"), OIDC: door("/oidc"), Reading: door("/lezen"), Signup: door("/inschrijven")}},
		mine.Settings{Party: party.Settings{ClientID: "mijn-menu"}, Registrations: h.office, Book: h.book, Organisation: "bind"})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = h.site.Handler(h.site)
	server.Start()
	t.Cleanup(server.Close)
	return h
}

// trade opens the library for business: two organisations, a price list, a bank.
func (h *house) trade(door func(string) *url.URL) {
	h.t.Helper()
	town := enroltest.Town{}
	news, err := newsletter.New(newsletter.Links{Confirm: func(t secret.Token) string { return "https://lid.example/" + string(t) }})
	if err != nil {
		h.t.Fatal(err)
	}
	h.office, err = registration.New(enrol.Office{Accounts: town, Census: town, Owners: town, News: news}, func() string { return "testbank" }, registration.Links{
		Reading: door("/lezen").String(), Mine: h.at, Withdraw: h.at + "/herroepen",
		Receipt:  func(id string) string { return h.at + "/bon/" + id },
		Register: func(slug string) string { return door("/inschrijven").String() + "/" + slug },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if h.bank, err = testbank.New(h.DB, door("/testbank"), true); err != nil {
		h.t.Fatal(err)
	}
	h.cashier = &payment.Cashier{DB: h.DB, Providers: map[string]payment.Provider{"testbank": h.bank}, Use: "testbank", Orders: h.office, Log: slog.New(slog.DiscardHandler),
		Return: func(id string) string { return door("/betaling/").String() + id }, Webhook: func(string) string { return "" }}
	h.do(func(tx *sqldb.Tx) (err error) {
		if err := town.Build(tx); err != nil {
			return err
		}
		for lib, o := range map[*branch.Organisation]branch.Organisation{
			&h.bind: {Slug: "bind", Name: "Bind bibliotheken", Email: "info@bind.example", Phone: "0592 123456", Address: "Brink 1, 9401 HS Assen", Register: "KvK 12345678"},
			&h.ver:  {Slug: "ver", Name: "Verre bibliotheken"},
		} {
			if *lib, err = branch.SaveOrganisation(tx, o); err != nil {
				return err
			}
			code := map[string]string{"bind": "5280", "ver": "9000"}[o.Slug]
			b, err := branch.Save(tx, branch.Branch{OrganisationID: lib.ID, Code: code, Name: "Bibliotheek " + o.Slug, Place: "Annen", Enrols: true})
			if err != nil {
				return err
			}
			if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: lib.ID, BranchID: b.ID, Label: code, First: 1, Last: 99_999}); err != nil {
				return err
			}
			for _, d := range membership.Seed(lib.ID) {
				if err := membership.SaveDefinition(tx, d); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (h *house) clock(t time.Time)    { h.Now = func() time.Time { return t } }
func (h *house) pass(d time.Duration) { h.clock(h.Now().Add(d)) }

func (h *house) do(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.InTx(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// visitor is somebody with a login account that works.
func (h *house) visitor(username string) (v registration.Visitor) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		email := username + "@voorbeeld.nl"
		id, _, err := enroltest.Town{}.Open(tx, enrol.Opening{Username: username, Email: email, Lang: words.NL})
		v = registration.Visitor{AccountID: id, Username: username, Email: email, EmailVerified: true, Lang: words.NL}
		if err == nil {
			_, err = tx.Exec(`UPDATE town_account SET active = TRUE WHERE id = $1`, id)
		}
		return err
	})
	return v
}

// join makes a visitor a member on the web, paid where there is something to pay.
// What is given is filled in over an ordinary form.
func (h *house) join(v registration.Visitor, library branch.Organisation, given url.Values) registration.Registration {
	h.t.Helper()
	form := url.Values{"voorletters": {"E.B."}, "achternaam": {strings.ToUpper(v.Username[:1]) + v.Username[1:]}, "roepnaam": {"Eva"}, "geboortedatum": {"4-1-1991"}, "land": {"NL"},
		"postcode": {"9468 BG"}, "huisnummer": {"41"}, "straat": {"Kruisstraat"}, "plaats": {"Annen"}}
	for name, value := range given {
		form[name] = value
	}
	var res registration.Result
	h.do(func(tx *sqldb.Tx) error {
		r, err := registration.Begin(tx, v, library, "0141")
		if err != nil {
			return err
		}
		app := r.App
		app.Fill(enrol.StepPerson, form)
		app.Number = customer.SystemNumber
		if r, err = registration.Keep(tx, r, app); err != nil {
			return err
		}
		_, agreed, err := registration.Agree(tx, r)
		if err != nil {
			return err
		}
		res, err = h.office.Order(tx, v, library, agreed.BuildUp.Digest())
		return err
	})
	if res.PaymentID != "" {
		h.pay(res.PaymentID)
	}
	return h.found(res.Registration.ID)
}

func (h *house) pay(paymentID string) {
	h.t.Helper()
	if _, err := h.cashier.Checkout(h.t.Context(), paymentID); err != nil {
		h.t.Fatal(err)
	}
	h.choose(paymentID, testbank.Paid)
}

// choose presses a button of the bank, and has the cashier ask how it went.
func (h *house) choose(paymentID string, c testbank.Choice) {
	h.t.Helper()
	var p payment.Payment
	h.do(func(tx *sqldb.Tx) (err error) { p, err = payment.Find(tx, paymentID); return err })
	if _, _, err := h.bank.Choose(h.t.Context(), p.ProviderID, c); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.cashier.Look(h.t.Context(), paymentID); err != nil {
		h.t.Fatal(err)
	}
}

// payBack has the bank carry out what should go back.
func (h *house) payBack() {
	h.t.Helper()
	for range 2 {
		h.pass(2 * time.Minute)
		if err := h.cashier.Sweep(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
		if err := h.bank.Tick(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) found(id string) (r registration.Registration) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) { r, err = registration.Find(tx, id); return err })
	return r
}

func (h *house) customer(id string) (c customer.Customer) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) { c, err = customer.Find(tx, id); return err })
	return c
}

// letters are the letters of a kind that were mailed to an address.
func (h *house) letters(kind, to string) (list []outbox.Mail) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		all, err := outbox.Recent(tx, 1000)
		list = nil
		for _, l := range all {
			if l.Mail.Kind == kind && l.Mail.To == to {
				list = append(list, l.Mail)
			}
		}
		return err
	})
	return list
}

func (h *house) count(table string) (n int) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM `+table, nil, &n)
		return err
	})
	return n
}

// session signs a visitor in, as the sign-on does, and returns the cookie.
func (h *house) session(v registration.Visitor) *http.Cookie {
	h.t.Helper()
	data, err := json.Marshal(party.Person{Account: v.AccountID, Username: v.Username, Email: v.Email, EmailVerified: v.EmailVerified})
	if err != nil {
		h.t.Fatal(err)
	}
	var token secret.Token
	h.do(func(tx *sqldb.Tx) (err error) {
		token, _, err = session.Start(tx, session.Session{Door: "mine", Subject: v.AccountID, Data: string(data), Idle: 12 * time.Hour})
		return err
	})
	return &http.Cookie{Name: "lidwoord-mine-sessie", Value: string(token), Path: "/"}
}

// browser is one visitor with cookies.
type browser struct {
	*http.Client
	h *house
}

// stranger is a browser in which nobody signed in.
func (h *house) stranger() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar}, h}
}

func (h *house) as(v registration.Visitor) *browser {
	b := h.stranger()
	at, _ := url.Parse(h.at)
	b.Jar.SetCookies(at, []*http.Cookie{h.session(v)})
	return b
}

// page is an answer that was read to its end.
type page struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, form url.Values) page {
	b.h.t.Helper()
	r, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.h.t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return page{res, string(text)}
}

func (b *browser) get(path string) page { b.h.t.Helper(); return b.do("GET", path, nil) }

// post sends fields by name and value.
func (b *browser) post(path string, fields ...string) page {
	b.h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do("POST", path, form)
}

var bareKey = regexp.MustCompile(`>\s*(mine|kit|party|paper|membership|newsletter|customer|registration|task)\.[a-z_.]+\s*<`)

// want fails unless the page has a status and holds every text.
func (p page) want(t *testing.T, status int, texts ...string) page {
	t.Helper()
	if p.StatusCode != status {
		t.Errorf("%s %s: %d, want %d\n%s", p.Request.Method, p.Request.URL, p.StatusCode, status, p.body)
	}
	plain := strings.NewReplacer("&#39;", "'", "\u00a0", " ", "&#43;", "+").Replace(p.body)
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("no %q at %s:\n%s", text, p.Request.URL, plain)
		}
	}
	if bare := bareKey.FindString(p.body); bare != "" {
		t.Errorf("a sentence is missing at %s: %s", p.Request.URL, bare)
	}
	return p
}

// inOrder fails unless the page holds one text before the other.
func (p page) inOrder(t *testing.T, first, second string) page {
	t.Helper()
	if a, b := strings.Index(p.body, first), strings.Index(p.body, second); a < 0 || b < a {
		t.Errorf("%q does not stand before %q at %s:\n%s", first, second, p.Request.URL, p.body)
	}
	return p
}

// lacks fails when the page holds any of the texts.
func (p page) lacks(t *testing.T, texts ...string) page {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			t.Errorf("%q at %s:\n%s", text, p.Request.URL, p.body)
		}
	}
	return p
}

// visitorOf is whoever made a contract.
func visitorOf(h *house, r registration.Registration) registration.Visitor {
	return registration.Visitor{AccountID: r.AccountID, Username: r.Username, Email: r.Username + "@voorbeeld.nl", EmailVerified: true, Lang: words.NL}
}

// begin opens a form and leaves it.
func begin(tx *sqldb.Tx, v registration.Visitor, library branch.Organisation) error {
	_, err := registration.Begin(tx, v, library, "0141")
	return err
}
