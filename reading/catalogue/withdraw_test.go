package catalogue_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
)

func enter(t *testing.T, db *sqldb.DB, title catalogue.Title) (got catalogue.Title) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
		got, err = catalogue.Add(tx, &catalogue.Publication{Title: title})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Sixteen managers who press at once: one of them did it, and the log says so once.
func TestATitleIsWithdrawnOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := enter(t, db, catalogue.Title{Digest: "d1", Kind: catalogue.EBook, Name: "De laatste bus"}).ID
		for _, act := range []struct {
			do   func(tx *sqldb.Tx) error
			late error
		}{
			{func(tx *sqldb.Tx) error {
				return catalogue.Withdraw(tx, "staff:boss", id, " De uitgever\nwil het. ")
			}, catalogue.ErrWithdrawn},
			{func(tx *sqldb.Tx) error { return catalogue.PutBack(tx, "staff:boss", id) }, catalogue.ErrLent},
		} {
			var won atomic.Int32
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					switch err := db.InTx(t.Context(), act.do); {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, act.late):
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 {
				t.Errorf("%d of sixteen did it", won.Load())
			}
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			acts, err := catalogue.Acts(tx, id)
			if len(acts) != 2 || acts[1].Detail != "De uitgever wil het." || acts[1].Actor != "staff:boss" && acts[0].Actor != "staff:boss" {
				t.Errorf("the log has %+v", acts)
			}
			title, _ := catalogue.Find(tx, id)
			if title.Withdrawn {
				t.Error("withdrawn, and it was put back")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		err = db.InTx(t.Context(), func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "staff:boss", "NERGENS", "") })
		if !errors.Is(err, catalogue.ErrNoTitle) {
			t.Errorf("what is not there: %v", err)
		}
	})
}

func TestATitleIsFoundByItsNumber(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		one := enter(t, db, catalogue.Title{Digest: "d1", Kind: catalogue.EBook, Name: "De laatste bus", Identifier: "urn:isbn:9789025883973"})
		two := enter(t, db, catalogue.Title{Digest: "d2", Kind: catalogue.EBook, Name: "De nacht", Identifier: "urn:uuid:1", ISBN: "9789000000005"})
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "staff:boss", two.ID, "") })
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			q    catalogue.Query
			want string
		}{
			{catalogue.Query{Text: "978-90-258-8397-3"}, "De laatste bus"},
			{catalogue.Query{Text: "9789000000005"}, "De nacht"},
			{catalogue.Query{Text: strings.ToLower(one.ID)}, "De laatste bus"},
			{catalogue.Query{Text: "https://www.example.nl/bibliotheek/titel/" + two.ID}, "De nacht"},
			{catalogue.Query{Text: "nacht"}, "De nacht"},
			{catalogue.Query{Away: true}, "De nacht"},
			{catalogue.Query{Text: "9789000000006"}, ""},
		} {
			err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				list, n, err := catalogue.Search(tx, c.q)
				got := ""
				for _, it := range list {
					got += it.Name
				}
				if got != c.want || n != len(list) {
					t.Errorf("%+v finds %q (%d), want %q", c.q, got, n, c.want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}
