package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/enrol"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

// BenchmarkOnlineRegistration measures whole registrations on the web, from the
// choice of a membership to the page Je bent nu lid: every page that a browser
// opens on the way, the payment, its webhook and the letter with the contract.
// The house answers in process, and the payment service at once, so that what is
// measured is ours. Visitors come with an account and signed in.
//
// BenchmarkOnlineRules does the same without pages and doors. Beside both, in
// turns on the same database, bare transactions insert the rows of one
// registration and know no rule at all.
func BenchmarkOnlineRegistration(b *testing.B) {
	benchOnline(b, func(h *benchHouse, j *joiner) { h.register(j) })
}

func BenchmarkOnlineRules(b *testing.B) {
	benchOnline(b, func(h *benchHouse, j *joiner) { h.registerByRules(j) })
}

// benchTurn is how many of a kind run before the other has its turn.
const benchTurn = 32

func benchOnline(b *testing.B, one func(*benchHouse, *joiner)) {
	b.Run("sqlite", func(b *testing.B) { benchOnlineOn(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"), one) })
	b.Run("postgres", func(b *testing.B) {
		if os.Getenv(sqldbtest.Postgres) == "" {
			b.Skip("not measured on PostgreSQL: " + sqldbtest.Postgres + " is not set (make bench sets it)")
		}
		benchOnlineOn(b, sqldbtest.PostgresURL(b), one)
	})
}

func benchOnlineOn(b *testing.B, database string, one func(*benchHouse, *joiner)) {
	h := openBenchHouse(b, database)
	one(h, h.visitors.next()) // the model for the bare rows
	rows := copyRows(b, h.db)
	before := h.visitors.requests.Load()
	var whole, bare time.Duration
	n := 0
	for b.Loop() {
		visitors := make([]*joiner, benchTurn)
		for i := range visitors {
			visitors[i] = h.visitors.next()
		}
		whole += together(func(i int) { one(h, visitors[i]) })
		bare += together(func(int) { rows.insert(b, h.db) })
		n += benchTurn
	}
	b.ReportMetric(0, "ns/op") // of a turn of both kinds, which says nothing
	b.ReportMetric(float64(n)/whole.Seconds(), "registrations/s")
	b.ReportMetric(float64(n)/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/whole.Seconds(), "ratio")
	b.ReportMetric(float64(len(rows.statements)), "rows")
	if pages := h.visitors.requests.Load() - before; pages > 0 {
		b.ReportMetric(float64(pages)/float64(n), "requests")
	}
}

// together runs f for each of a turn, atOnce at a time, and returns how long that
// took.
func together(f func(i int)) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for worker := range atOnce {
		all.Go(func() {
			for i := worker; i < benchTurn; i += atOnce {
				f(i)
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// benchHouse is a house whose visitors stand inside.
type benchHouse struct {
	*house
	b        *testing.B
	visitors *crowd
	library  branch.Organisation
}

const benchAddress = "http://127.0.0.1"

func openBenchHouse(b *testing.B, database string) *benchHouse {
	b.Helper()
	dir := b.TempDir()
	key := filepath.Join(dir, "secret.key")
	if err := os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString(make([]byte, secret.MasterLength))), 0o600); err != nil {
		b.Fatal(err)
	}
	c := Config{Listen: "127.0.0.1:0", Database: database, KeyFile: key, Titles: filepath.Join(dir, "titles"), Library: "bind",
		Doors: map[string]string{"start": benchAddress}, Brand: Brand{Name: "Bind bibliotheken"}}
	db, err := openDatabase(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	built, err := build(b.Context(), c, db, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	h := &benchHouse{house: built, b: b}
	bind, err := readLibrary(bindLibrary)
	if err != nil {
		b.Fatal(err)
	}
	if err := db.InTx(b.Context(), func(tx *sqldb.Tx) (err error) { h.library, err = bind.save(tx); return err }); err != nil {
		b.Fatal(err)
	}
	h.cashier.Providers[quick], h.cashier.Use = &quickBank{}, quick
	h.visitors = newCrowd(b, h.house, nil, quickAddress, benchAddress)
	h.visitors.web.Transport = inProcess{h.handler}
	return h
}

// inProcess sends requests to a handler without a network.
type inProcess struct{ http.Handler }

func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// quickBank is a payment service that answers at once, and where everybody has paid.
type quickBank struct{ orders sync.Map }

const (
	quick        = "quick"
	quickAddress = "https://bank.example/"
)

func (q *quickBank) Begin(_ context.Context, o payment.Order) (payment.Begun, error) {
	q.orders.Store(o.Key, o.Cents)
	return payment.Begun{ID: o.Key, Checkout: quickAddress + o.Key}, nil
}

func (q *quickBank) Outcome(_ context.Context, id string) (o payment.Outcome, err error) {
	cents, known := q.orders.Load(id)
	if !known {
		return o, payment.ErrUnknown
	}
	o.State, o.Method = payment.Paid, "ideal"
	o.Cents, _ = cents.(money.Cents)
	return o, nil
}

func (q *quickBank) Refund(context.Context, string, payment.RefundOrder) (payment.Refunded, error) {
	return payment.Refunded{}, payment.ErrRefused
}

// register goes the whole way, as a browser does that opens each page it is sent to.
func (h *benchHouse) register(j *joiner) {
	j.get(j.step("/0141"))
	j.get(j.step("/aanvraag/naam", "voorletters", "E.B.", "achternaam", j.surname))
	date := strings.Split(j.birth, "-")
	j.get(j.step("/aanvraag/geboortedatum", "dag", date[0], "maand", date[1], "jaar", date[2]))
	j.get(j.step("/aanvraag/adres", "land", "NL", "postcode", j.postcode, "huisnummer", j.house, "straat", "Kruisstraat", "plaats", "Annen"))
	check := j.get(j.step("/aanvraag/contact", "email", j.email))
	digest := digestOnPage.FindStringSubmatch(check.body)
	if digest == nil {
		h.b.Errorf("the check is answered %d:\n%.2000s", check.status, check.body)
		return
	}
	to := j.step("/aanvraag/controle", "gezien", digest[1])
	if !strings.HasPrefix(to, quickAddress) {
		h.b.Errorf("ordering leads to %q", to)
		return
	}
	id := path.Base(to)
	if a := j.post(j.at+"/inschrijven/haak/"+quick, "id", id); a.status != http.StatusOK {
		h.b.Errorf("the webhook is answered %d", a.status)
	}
	// The sweep that the webhook woke would look now; here nobody waits for its turn.
	if _, err := h.cashier.Look(h.b.Context(), id); err != nil {
		h.b.Error(err)
	}
	page := j.get(h.cashier.Return(id))
	for page.to != "" {
		page = j.get(page.to)
	}
	if !page.says(j.crowd, "signup.now_member") {
		h.b.Errorf("the payer comes back to %d:\n%.2000s", page.status, page.body)
	}
}

// registerByRules makes the same member by the acts of the rooms alone.
func (h *benchHouse) registerByRules(j *joiner) {
	v := registration.Visitor{AccountID: j.account, Username: j.username, Email: j.email, EmailVerified: true, Lang: words.NL}
	do := func(f func(tx *sqldb.Tx) error) {
		if err := h.db.InTx(h.b.Context(), f); err != nil {
			h.b.Error(err)
		}
	}
	do(func(tx *sqldb.Tx) error {
		r, err := registration.Begin(tx, v, h.library, "0141")
		if err != nil {
			return err
		}
		app := r.App
		app.Initials, app.Surname, app.Birth, app.Newsletter = "E.B.", j.surname, j.birth, enrol.No
		app.Postcode, app.HouseNumber, app.Street, app.Place = j.postcode, j.house, "Kruisstraat", "Annen"
		_, err = registration.Keep(tx, r, app)
		return err
	})
	var done registration.Result
	do(func(tx *sqldb.Tx) error {
		r, err := registration.Current(tx, v, h.library.ID)
		if err != nil {
			return err
		}
		_, agreed, err := registration.Agree(tx, r)
		if err != nil {
			return err
		}
		done, err = h.desk.Order(tx, v, h.library, agreed.BuildUp.Digest())
		return err
	})
	if _, err := h.cashier.Checkout(h.b.Context(), done.PaymentID); err != nil {
		h.b.Error(err)
	}
	if p, err := h.cashier.Look(h.b.Context(), done.PaymentID); err != nil || p.State != payment.Paid || p.Surplus != "" {
		h.b.Errorf("%+v, %v", p, err)
	}
}

// bareRows are the rows of one registration as plain inserts. Every column named
// fresh gets a new id, since it is a key; the others are written as they stood.
type bareRows struct {
	statements []string
	values     [][]any
	fresh      [][]int
}

// registrationTables hold what one registration leaves, parents first. What its
// form was while it was filled in is not among them: it is gone by then.
var registrationTables = []struct {
	name, columns string
	fresh         []string
}{
	{"registration", `id, organisation_id, account_id, username, state, fields, branch_id, agreed, text_version, customer_id, membership_id, begun_at, updated_at,
		ordered_at, member_at, withdraw_until, withdrawn_at`, []string{"id"}},
	{"payment", `id, organisation_id, order_id, provider, provider_id, cents, text, lang, state, checkout, method, surplus, charged_back, begun_at, settled_at,
		paid_at, due_at, looks, last_error`, []string{"id", "provider_id"}},
	{"customer", `id, organisation_id, branch_id, type, number, initials, prefix, last_name, first_name, birth, country, postcode, house_number,
		house_addition, street, place, address_checked, email, phone, lang, iban, bic, identity_checked, identity_by, identity_at, account_id, link_how,
		link_at, ended_on, registered_at, registered_by, changed_at, key_sort, key_last, key_second, key_full, key_first, key_initials, key_email`,
		[]string{"id", "number", "account_id"}},
	{"customer_number", "number, organisation_id, customer_id, state, given_at, ended_at", []string{"number"}},
	{"membership", `id, customer_id, organisation_id, branch_id, code, kind, digital, physical, newsletter, first_day, valid_through, last_day, end_reason,
		open, started_at, started_by`, []string{"id", "customer_id"}},
	{"posting", "id, customer_id, kind, cents, subject, object_id, text, method, branch_id, staff_id, at, command", []string{"id", "command"}},
	{"outbox", "id, kind, sealed, state, due_at, queued_at", []string{"id"}},
	{"audit", "id, at, actor, act, object, branch, detail", []string{"id"}},
}

// copyRows reads every row that the first registration left.
func copyRows(b *testing.B, db *sqldb.DB) (rows bareRows) {
	b.Helper()
	err := db.Read(b.Context(), func(tx *sqldb.Tx) error {
		rows = bareRows{}
		for _, table := range registrationTables {
			columns := strings.Split(strings.Join(strings.Fields(table.columns), ""), ",")
			list, err := sqldb.Many(tx, "SELECT "+table.columns+" FROM "+table.name, nil, func(r sqldb.Row) ([]any, error) {
				values, targets := make([]any, len(columns)), make([]any, len(columns))
				for i := range values {
					targets[i] = &values[i]
				}
				return values, r.Scan(targets...)
			})
			if err != nil {
				return err
			}
			if len(list) == 0 {
				return fmt.Errorf("a registration left nothing in %s", table.name)
			}
			marks, fresh := make([]string, len(columns)), []int{}
			for i, column := range columns {
				marks[i] = fmt.Sprintf("$%d", i+1)
				for _, name := range table.fresh {
					if column == name {
						fresh = append(fresh, i)
					}
				}
			}
			for _, values := range list {
				rows.statements = append(rows.statements, "INSERT INTO "+table.name+" ("+table.columns+") VALUES ("+strings.Join(marks, ", ")+")")
				rows.values, rows.fresh = append(rows.values, values), append(rows.fresh, fresh)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return rows
}

func (r bareRows) insert(b *testing.B, db *sqldb.DB) {
	err := db.InTx(b.Context(), func(tx *sqldb.Tx) error {
		for i, statement := range r.statements {
			values := append([]any(nil), r.values[i]...)
			for _, at := range r.fresh[i] {
				values[at] = secret.NewID()
			}
			if _, err := tx.Exec(statement, values...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Error(err)
	}
}
