package enrol_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// BenchmarkEnrolment measures whole enrolments at the desk, Opslaan to commit,
// beside bare transactions that insert the same rows into the same tables and
// know no rule at all. Both run in turns on the same database, so that a busy
// machine slows both; their ratio is the price of the rules.
func BenchmarkEnrolment(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkEnrolment(b, benchDB(b, "")) })
	b.Run("postgres", func(b *testing.B) {
		if os.Getenv(sqldbtest.Postgres) == "" {
			b.Skip("not measured on PostgreSQL: " + sqldbtest.Postgres + " is not set (make bench sets it)")
		}
		benchmarkEnrolment(b, benchDB(b, sqldbtest.PostgresURL(b)))
	})
}

func benchDB(b *testing.B, address string) *sqldb.DB {
	if address == "" {
		address = "sqlite:" + filepath.Join(b.TempDir(), "bench.db")
	}
	db, err := sqldb.Open(address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if db.Box, err = secret.NewBox(make([]byte, secret.MasterLength)); err != nil {
		b.Fatal(err)
	}
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return db
}

// turn is how many of each kind run before the other has its turn.
const turn = 20

func benchmarkEnrolment(b *testing.B, db *sqldb.DB) {
	w := settle(b, db)
	w.enrol(someone(19_999)) // the model for the bare rows
	rows := copyRows(w)
	var whole, bare time.Duration
	n := 0
	for b.Loop() {
		var drafts []string
		for i := range turn {
			drafts = append(drafts, w.draft(w.anna, someone(n+i)))
		}
		start := time.Now()
		for _, id := range drafts {
			if _, err := w.save(w.anna, id); err != nil {
				b.Fatal(err)
			}
		}
		whole += time.Since(start)
		start = time.Now()
		for range turn {
			if err := w.try(func(tx *sqldb.Tx) error { return rows.insert(tx) }); err != nil {
				b.Fatal(err)
			}
		}
		bare += time.Since(start)
		n += turn
	}
	enrolments, commits := float64(n)/whole.Seconds(), float64(n)/bare.Seconds()
	b.ReportMetric(0, "ns/op") // of a turn of both kinds, which says nothing
	b.ReportMetric(enrolments, "enrolments/s")
	b.ReportMetric(commits, "bare/s")
	b.ReportMetric(enrolments/commits, "ratio")
	b.ReportMetric(float64(rows.count), "rows")
}

// bareRows are the rows of one enrolment as plain inserts. Every column named
// fresh gets a new id, since it is a key; the others are written as they stood.
type bareRows struct {
	statements []string
	values     [][]any
	fresh      [][]int
	count      int
}

// enrolmentTables hold what one enrolment writes, parents first. The draft's
// two updates are not among them: whoever enrols without rules has no draft.
var enrolmentTables = []struct {
	name, columns string
	fresh         []string
}{
	{"customer", `id, organisation_id, branch_id, type, number, initials, prefix, last_name, first_name, birth, country, postcode, house_number,
		house_addition, street, place, address_checked, email, phone, lang, iban, bic, identity_checked, identity_by, identity_at, account_id, link_how,
		link_at, ended_on, registered_at, registered_by, changed_at, key_sort, key_last, key_second, key_full, key_first, key_initials, key_email`,
		[]string{"id", "number", "account_id"}},
	{"customer_number", "number, organisation_id, customer_id, state, given_at, ended_at", []string{"number"}},
	{"town_account", "id, username, email, active, until", []string{"id", "username"}},
	{"membership", `id, customer_id, organisation_id, branch_id, code, kind, digital, physical, newsletter, first_day, valid_through, last_day, end_reason,
		open, started_at, started_by`, []string{"id", "customer_id"}},
	{"posting", "id, customer_id, kind, cents, subject, object_id, text, method, branch_id, staff_id, at, command", []string{"id", "command"}},
	{"audit", "id, at, actor, act, object, branch, detail", []string{"id"}},
}

// copyRows reads every row that the first enrolment left.
func copyRows(w *world) (rows bareRows) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		rows = bareRows{}
		for _, table := range enrolmentTables {
			columns := strings.Split(strings.Join(strings.Fields(table.columns), ""), ",")
			list, err := sqldb.Many(tx, "SELECT "+table.columns+" FROM "+table.name, nil, func(r sqldb.Row) ([]any, error) {
				values := make([]any, len(columns))
				targets := make([]any, len(columns))
				for i := range values {
					targets[i] = &values[i]
				}
				return values, r.Scan(targets...)
			})
			if err != nil {
				return err
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
				rows.count++
			}
		}
		return nil
	})
	return rows
}

func (r bareRows) insert(tx *sqldb.Tx) error {
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
}
