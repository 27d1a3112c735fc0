package signup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/adapter/testbank"
	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/signon"
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
	"lidwoord/web/oidc"
	"lidwoord/web/party"
	"lidwoord/web/signup"
	bankdoor "lidwoord/web/testbank"
)

// addresses is an address book of one house, with the moods of a real one.
type addresses struct{ silent, hanging bool }

func (a *addresses) Find(ctx context.Context, postcode string, number int, _ string) (street, place string, found bool, err error) {
	switch {
	case a.hanging:
		<-ctx.Done()
		return "", "", false, ctx.Err()
	case a.silent:
		return "", "", false, errors.New("no answer")
	case postcode == "9468BG" && number == 41:
		return "Kruisstraat", "Annen", true, nil
	}
	return "", "", false, nil
}

// line is the line to the demo's bank, which may be cut.
type line struct {
	*testbank.Bank
	mu         sync.Mutex
	cut, hangs bool
}

func (l *line) set(cut, hangs bool) { l.mu.Lock(); defer l.mu.Unlock(); l.cut, l.hangs = cut, hangs }

func (l *line) speak(ctx context.Context) error {
	l.mu.Lock()
	cut, hangs := l.cut, l.hangs
	l.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if cut {
		return errors.New("no answer")
	}
	return nil
}

func (l *line) Begin(ctx context.Context, o payment.Order) (payment.Begun, error) {
	if err := l.speak(ctx); err != nil {
		return payment.Begun{}, err
	}
	return l.Bank.Begin(ctx, o)
}

func (l *line) Outcome(ctx context.Context, id string) (payment.Outcome, error) {
	if err := l.speak(ctx); err != nil {
		return payment.Outcome{}, err
	}
	return l.Bank.Outcome(ctx, id)
}

// counter shows the bank to its door, as the roof does.
type counter struct{ *testbank.Bank }

func (c counter) Find(ctx context.Context, id string) (bankdoor.Payment, bool, error) {
	p, found, err := c.Bank.Find(ctx, id)
	return bankdoor.Payment(p), found, err
}

func (counter) Recent(context.Context, int) ([]bankdoor.Payment, error) { return nil, nil }

func (c counter) Choose(ctx context.Context, id string, choice bankdoor.Choice) (bankdoor.Payment, bool, error) {
	p, found, err := c.Bank.Choose(ctx, id, testbank.Choice(choice))
	return bankdoor.Payment(p), found, err
}

// logbook is what the door writes down.
type logbook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}
func (l *logbook) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

// house is a library that takes in members on the web, its bank, the sign-on, and
// the door Inschrijven on one server. It is a Monday morning.
type house struct {
	*sqldb.DB
	t        testing.TB
	book     *addresses
	line     *line
	cashier  *payment.Cashier
	office   *registration.Office
	provider *signon.Provider
	site     *signup.Site
	bind     branch.Organisation
	at       string // address of the door

	mu   sync.Mutex
	now  time.Time
	sits registration.Visitor // who sits at the page of the sign-on
	log  logbook
}

func each(t *testing.T, rule func(*testing.T, *house)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, build(t, db)) })
}

const shared = "a secret of the door Inschrijven and the sign-on"

func build(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	h := &house{DB: db, t: t, book: &addresses{}, now: time.Date(2026, 11, 23, 9, 30, 7, 0, day.Amsterdam)}
	db.Now = func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
	server := httptest.NewUnstartedServer(nil)
	door := func(path string) *url.URL {
		return &url.URL{Scheme: "http", Host: server.Listener.Addr().String(), Path: path}
	}
	h.at = door("/inschrijven").String()
	h.trade(door)
	list, err := words.Load(kit.Words, day.Words, throttle.Words, party.Words, signon.Words, signup.Words, bankdoor.Words, branch.Words, customer.Words,
		membership.Words, ledger.Words, newsletter.Words, enrol.Words, task.Words, payment.Words, registration.Words)
	if err != nil {
		t.Fatal(err)
	}
	common := &kit.House{DB: db, Words: list, Log: slog.New(slog.NewTextHandler(&h.log, nil)), Brand: kit.Brand{Name: "Het huis"}, Demo: true,
		Doors: kit.Doors{Signup: door("/inschrijven"), OIDC: door("/oidc"), Login: door("/inloggen"), Reading: door("/bibliotheek"), Mine: door("/mijn"), Bank: door("/dev/bank"), Mailbox: door("/dev/mail")}}
	h.provider = &signon.Provider{Issuer: door("/oidc").String(), Box: db.Box}
	issuer, err := oidc.New(common, h.provider)
	if err != nil {
		t.Fatal(err)
	}
	h.site, err = signup.New(common, signup.Settings{Office: h.office, Cashier: h.cashier, Book: h.book,
		Party: party.Settings{ClientID: "inschrijven", ClientSecret: shared, Scopes: []string{"profile", "email"}}})
	if err != nil {
		t.Fatal(err)
	}
	bank, err := bankdoor.New(common, counter{h.line.Bank})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/oidc/", issuer.Handler())
	mux.HandleFunc("/inloggen/aanmelden", h.signIn)
	mux.Handle("/dev/bank/", bank.Handler(bank))
	mux.Handle("/", h.site.Handler(h.site))
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(h.line.Wait)
	h.do(func(tx *sqldb.Tx) error {
		return h.provider.RegisterClient(tx, signon.Client{ID: "inschrijven", Own: true, Name: "Inschrijven", Secret: shared,
			Redirects: []string{h.at + "/terug"}, Logouts: []string{h.at + "/"}, Initiate: h.at + "/inloggen", Scopes: []string{"openid", "profile", "email"}})
	})
	return h
}

// trade opens the library for business: a price list, branches, a bank.
func (h *house) trade(door func(string) *url.URL) {
	h.t.Helper()
	town := enroltest.Town{}
	news, err := newsletter.New(newsletter.Links{Confirm: func(t secret.Token) string { return "https://lid.example/" + string(t) }})
	if err != nil {
		h.t.Fatal(err)
	}
	bank, err := testbank.New(h.DB, door("/dev/bank"), true)
	if err != nil {
		h.t.Fatal(err)
	}
	h.line = &line{Bank: bank}
	h.cashier = &payment.Cashier{DB: h.DB, Providers: map[string]payment.Provider{"testbank": h.line}, Use: "testbank", Log: slog.New(slog.DiscardHandler),
		Return:  func(id string) string { return h.at + "/betaling/" + id },
		Webhook: func(name string) string { return h.at + "/haak/" + name }}
	h.office, err = registration.New(enrol.Office{Accounts: town, Census: town, Owners: town, News: news}, func() string { return h.cashier.Use }, registration.Links{
		Reading: door("/bibliotheek").String(), Mine: door("/mijn").String(), Withdraw: door("/mijn/herroepen").String(),
		Receipt:  func(id string) string { return door("/mijn/bon/" + id).String() },
		Register: func(slug string) string { return h.at + "/" + slug },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.cashier.Orders = h.office
	h.do(town.Build)
	h.bind = h.library(branch.Organisation{Slug: "bind", Name: "Bind bibliotheken", Email: "info@bind.example", Phone: "0592 123456", Site: "https://bind.example/",
		Address: "Brink 1, 9401 HS Assen", Register: "KvK 12345678", Colour: "#1d5c2e", Ink: "#ffffff"}, "5280")
}

// library is a library with a branch that takes in members and the price list of
// the instruction.
func (h *house) library(o branch.Organisation, code string) branch.Organisation {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) {
		if o, err = branch.SaveOrganisation(tx, o); err != nil {
			return err
		}
		b, err := branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: code, Name: "Bibliotheek Annen", Place: "Annen", Enrols: true})
		if err != nil {
			return err
		}
		if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: o.ID, BranchID: b.ID, Label: code, First: 1, Last: 99_999}); err != nil {
			return err
		}
		for _, d := range membership.Seed(o.ID) {
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	return o
}

func (h *house) pass(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.now = h.now.Add(d) }

func (h *house) do(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.InTx(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// change changes a line of the price list.
func (h *house) change(code string, f func(*membership.Definition)) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		d, err := membership.FindDefinition(tx, h.bind.ID, code)
		if err != nil {
			return err
		}
		f(&d)
		return membership.SaveDefinition(tx, d)
	})
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

// signIn is the page of the sign-on, with one button for whoever sits there. Asked
// silently it presses that by itself.
func (h *house) signIn(w http.ResponseWriter, r *http.Request) {
	var asked signon.Request
	err := h.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		asked, err = h.provider.Pending(tx, r.URL.Query().Get("verzoek"))
		return err
	})
	if err != nil {
		http.Error(w, fmt.Sprint(err), http.StatusInternalServerError)
		return
	}
	if r.Method != http.MethodPost && asked.Prompt != signon.PromptNone {
		fmt.Fprintf(w, `<!doctype html><html lang="nl"><head><title>Inloggen</title><link rel="icon" href="data:,"></head><body><main><h1>Inloggen</h1><form method="post" action="?%s"><button>Inloggen</button></form></main></body></html>`,
			html.EscapeString(r.URL.RawQuery))
		return
	}
	h.mu.Lock()
	v := h.sits
	h.mu.Unlock()
	var to string
	err = h.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		_, s, err := session.Start(tx, session.Session{Door: "login", Subject: v.AccountID, Idle: time.Hour})
		if err != nil {
			return err
		}
		to, err = h.provider.Grant(tx, r.URL.Query().Get("verzoek"), signon.Session{AccountID: v.AccountID, Username: v.Username, Email: v.Email, AuthTime: tx.Now, SessionID: s.ID})
		return err
	})
	if err != nil {
		http.Error(w, fmt.Sprint(err), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// browser is one visitor with cookies, who follows nothing by itself.
type browser struct {
	h      *house
	client *http.Client
	lang   string
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h: h, lang: "nl", client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is the browser of somebody who is signed in.
func (h *house) as(v registration.Visitor) *browser {
	h.t.Helper()
	b := h.browser()
	u, err := url.Parse(h.at)
	if err != nil {
		h.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "lidwoord-signup-sessie", Value: h.session(v), Path: "/"}})
	return b
}

// session opens a session at the door and returns the cookie's value.
func (h *house) session(v registration.Visitor) string {
	h.t.Helper()
	data, err := json.Marshal(party.Person{Account: v.AccountID, Username: v.Username, Email: v.Email, EmailVerified: v.EmailVerified})
	if err != nil {
		h.t.Fatal(err)
	}
	var token secret.Token
	h.do(func(tx *sqldb.Tx) (err error) {
		token, _, err = session.Start(tx, session.Session{Door: "signup", Subject: v.AccountID, Data: string(data), Idle: 90 * 24 * time.Hour})
		return err
	})
	return string(token)
}

// page is an answer that was read to its end.
type page struct {
	t      testing.TB
	status int
	body   string
	text   string // what a person reads
	to     string // Location, below the door where it lies there
	header http.Header
	answer *http.Response
}

var (
	tags    = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>|<[^>]*>`)
	bare    = regexp.MustCompile(`\b(signup|registration|payment|customer|enrol|membership|kit|party|newsletter|country|day|branch|throttle)\.[a-z]\w*`)
	hole    = regexp.MustCompile(`\{\d`)
	leads   = regexp.MustCompile(`href="#([^"]+)"`)
	ids     = regexp.MustCompile(`\bid="([^"]+)"`)
	refers  = regexp.MustCompile(`\b(?:for|aria-describedby|aria-labelledby|list)="([^"]+)"`)
	titleOf = regexp.MustCompile(`<title>(.*?)</title>`)
)

func (b *browser) send(method, path string, form url.Values, headers ...string) page {
	t := b.h.t
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.h.at + path
	}
	r, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", b.lang)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	p := page{t: t, status: res.StatusCode, body: string(body), header: res.Header, answer: res, to: strings.TrimPrefix(res.Header.Get("Location"), "/inschrijven")}
	p.text = strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(p.body, " "))), " ")
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		p.sound(method + " " + path)
	}
	return p
}

// sound holds what every page of the door must be, whatever it shows: no bare
// key, no hole, and no link, label or description that leads nowhere.
func (p page) sound(where string) {
	p.t.Helper()
	if key := bare.FindString(p.text); key != "" && !strings.Contains(p.text, "@"+key) {
		p.t.Errorf("%s shows the key %s", where, key)
	}
	if hole.MatchString(p.text) {
		p.t.Errorf("%s has a hole in a sentence: %s", where, p.text)
	}
	there := map[string]bool{}
	for _, m := range ids.FindAllStringSubmatch(p.body, -1) {
		if there[m[1]] {
			p.t.Errorf("%s has two elements %s", where, m[1])
		}
		there[m[1]] = true
	}
	for _, m := range append(leads.FindAllStringSubmatch(p.body, -1), refers.FindAllStringSubmatch(p.body, -1)...) {
		for id := range strings.FieldsSeq(m[1]) {
			if !there[id] {
				p.t.Errorf("%s leads to %s, which is not on the page", where, id)
			}
		}
	}
}

func (b *browser) get(path string) page { b.h.t.Helper(); return b.send("GET", path, nil) }

// post sends a form: pairs of field and value.
func (b *browser) post(path string, pairs ...string) page {
	b.h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.send("POST", path, form)
}

// wrong sends a page of the form that is not right, and returns the page that says
// so: one of its own, that Back and the other language can open again.
func (b *browser) wrong(path string, pairs ...string) page {
	b.h.t.Helper()
	p := b.post(path, pairs...)
	if page, _, _ := strings.Cut(p.to, "?"); p.status != http.StatusSeeOther || page != path || !strings.Contains(p.to, "nakijken=1") {
		b.h.t.Errorf("%s is answered %d to %q: %.600s", path, p.status, p.to, p.text)
		return p
	}
	return b.get(p.to)
}

// stopped presses the button of the check page when something stands in the way,
// and returns the page that says what. It says so once.
func (b *browser) stopped(pairs ...string) page {
	b.h.t.Helper()
	b.post(check, pairs...).leads(check)
	p := b.get(check)
	if title := p.title(); !strings.HasPrefix(title, "Fout: ") && !strings.HasPrefix(title, "Error: ") {
		b.h.t.Errorf("title %q", title)
	}
	if title := b.get(check).title(); strings.Contains(title, ": ") {
		b.h.t.Errorf("what stood in the way is still said: %q", title)
	}
	return p
}

// want fails unless the page has a status and all these words.
func (p page) want(status int, texts ...string) page {
	p.t.Helper()
	if p.status != status {
		p.t.Errorf("status %d (to %q), want %d: %.600s", p.status, p.to, status, p.text)
	}
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			p.t.Errorf("the page lacks %q: %s", text, p.text)
		}
	}
	return p
}

// lacks fails when any of these stands in the page, also unseen.
func (p page) lacks(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("the page tells %q: %s", text, p.text)
		}
	}
	return p
}

// leads fails unless the page leads on to another.
func (p page) leads(to string) page {
	p.t.Helper()
	if p.status != http.StatusSeeOther || p.to != to {
		p.t.Errorf("status %d to %q, want 303 to %q: %.600s", p.status, p.to, to, p.text)
	}
	return p
}

// holds fails unless the fields of the page hold these values.
func (p page) holds(pairs ...string) page {
	p.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		field := regexp.MustCompile(`<input[^>]* name="` + pairs[i] + `"[^>]*>`).FindString(p.body)
		if !strings.Contains(field, `value="`+html.EscapeString(pairs[i+1])+`"`) {
			p.t.Errorf("%s does not hold %q: %s", pairs[i], pairs[i+1], field)
		}
	}
	return p
}

func (p page) title() string { return html.UnescapeString(titleOf.FindStringSubmatch(p.body)[1]) }

// seen is the hidden digest of what stands above the button.
func (p page) seen() string {
	p.t.Helper()
	m := regexp.MustCompile(`name="gezien" value="([^"]+)"`).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("no button to order with: %s", p.text)
	}
	return m[1]
}

const (
	form  = "/bind/aanvraag/"
	check = form + "controle"
)

// fill fills the whole form in for Digital only, with an adult's birth date.
func (b *browser) fill(surname, birth string) *browser {
	b.h.t.Helper()
	b.post("/bind/0141")
	b.post(form+"naam", "voorletters", "eb", "achternaam", surname)
	d := strings.Split(birth, "-")
	b.post(form+"geboortedatum", "dag", d[0], "maand", d[1], "jaar", d[2])
	if day.Of(b.h.Now()).Year()-int(d[2][0]-'0')*1000-int(d[2][1]-'0')*100-int(d[2][2]-'0')*10-int(d[2][3]-'0') < 16 {
		b.post(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@bakker.example")
	}
	b.post(form+"adres", "land", "NL", "postcode", "9468 bg", "huisnummer", "41")
	b.post(form+"contact", "email", strings.ToLower(surname)+"@voorbeeld.nl").leads(check)
	return b
}

// order presses the button and returns the id of the payment.
func (b *browser) order() (paymentID string) {
	b.h.t.Helper()
	p := b.post(check, "gezien", b.get(check).seen())
	if p.status != http.StatusSeeOther || !strings.Contains(p.to, "/dev/bank/") {
		b.h.t.Fatalf("ordering leads to %d %q: %s", p.status, p.to, p.text)
	}
	for _, made := range b.h.payments() {
		if made.ProviderID != "" && strings.Contains(p.to, made.ProviderID) {
			return made.ID
		}
	}
	b.h.t.Fatalf("no payment behind %s", p.to)
	return ""
}

// payments are all payments, the newest first.
func (h *house) payments() (list []payment.Payment) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		found, err := sqldb.Many(tx, `SELECT id FROM payment ORDER BY begun_at DESC, id DESC`, nil, func(r sqldb.Row) (id string, err error) { return id, r.Scan(&id) })
		list = nil
		for _, id := range found {
			p, err := payment.Find(tx, id)
			if err != nil {
				return err
			}
			list = append(list, p)
		}
		return err
	})
	return list
}

// pays ends a payment at the bank, and the cashier hears of it.
func (h *house) pays(paymentID string, c testbank.Choice) {
	h.t.Helper()
	p := h.payment(paymentID)
	if _, found, err := h.line.Choose(h.t.Context(), p.ProviderID, c); err != nil || !found {
		h.t.Fatal(found, err)
	}
	h.line.Wait()
	if _, err := h.cashier.Look(h.t.Context(), paymentID); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) payment(id string) (p payment.Payment) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) { p, err = payment.Find(tx, id); return err })
	return p
}

// registration is what a visitor has under way.
func (h *house) registration(v registration.Visitor) (r registration.Registration) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) { r, err = registration.Current(tx, v, h.bind.ID); return err })
	return r
}

// withdraws takes back the contract that a payment was for.
func (h *house) withdraws(paymentID string) {
	h.t.Helper()
	order := h.payment(paymentID).OrderID
	h.do(func(tx *sqldb.Tx) error {
		r, err := registration.Find(tx, order)
		if err == nil {
			_, err = h.office.Withdraw(tx, h.bind, r, "account:x", words.NL)
		}
		return err
	})
}
