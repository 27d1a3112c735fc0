package newsletter_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/newsletter"
)

func TestOnlyConfirmedMailboxesAreExportedAndNoMoreOfThemThanNeeded(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.subscribed("piet@example.nl")
		r.asks(r.anybody("wacht@example.nl"))
		if err := r.stop(tokenOf(r.subscribed("weg@example.nl").Unsubscribe)); err != nil {
			t.Fatal(err)
		}
		there := r.anybody("ver@example.nl")
		there.OrganisationID, there.Confirmed = r.library("ver", "Verre bibliotheken"), true
		r.asks(there)
		list := r.recipients()
		if len(list) != 1 || list[0].Address != "piet@example.nl" || list[0].Lang != words.NL || list[0].Since != "2026-11-23" ||
			!strings.HasPrefix(list[0].Unsubscribe, "https://lid.example/nieuwsbrief/afmelden/") {
			t.Errorf("exported %+v", list)
		}
		if c := r.count(); c != (newsletter.Counts{Asked: 1, Confirmed: 1, Stopped: 1}) {
			t.Errorf("counts %+v", c)
		}
	})
}

// More than fit on one page of the walk.
func TestAWholeTownIsExported(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		const many = 1_050
		r.do(func(tx *sqldb.Tx) error {
			for i := range many {
				a := r.anybody(fmt.Sprintf("p%d@example.nl", i))
				a.Network, a.Confirmed = "", true
				if err := r.subs.Ask(tx, a); err != nil {
					return err
				}
			}
			return nil
		})
		seen := map[string]bool{}
		for _, one := range r.recipients() {
			seen[one.Address] = true
		}
		if len(seen) != many {
			t.Errorf("%d of %d", len(seen), many)
		}
	})
}

func TestAnExportMayBeBrokenOff(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.subscribed("piet@example.nl")
		r.subscribed("eva@example.nl")
		r.do(func(tx *sqldb.Tx) error {
			for range r.subs.Export(tx, r.lib) {
				break
			}
			return nil
		})
	})
}

func recipients(list ...newsletter.Recipient) iter.Seq2[newsletter.Recipient, error] {
	return func(yield func(newsletter.Recipient, error) bool) {
		for _, one := range list {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func TestTheFileIsWhatMailingServicesRead(t *testing.T) {
	var out bytes.Buffer
	err := newsletter.WriteCSV(&out, recipients(
		newsletter.Recipient{Address: "zoë@example.nl", Lang: words.NL, Since: "2026-11-23", Unsubscribe: "https://lid.example/a/B"},
		newsletter.Recipient{Address: "=1+1|x@example.nl", Lang: words.EN, Since: "2026-11-24", Unsubscribe: "https://lid.example/a/C"},
	))
	want := "e-mailadres,taal,sinds,afmelden\r\nzoë@example.nl,nl,2026-11-23,https://lid.example/a/B\r\n'=1+1|x@example.nl,en,2026-11-24,https://lid.example/a/C\r\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%q\n%q", err, out.String(), want)
	}
}

func TestAFileThatFailsHalfWaySaysSo(t *testing.T) {
	broken := errors.New("broken")
	err := newsletter.WriteCSV(&bytes.Buffer{}, func(yield func(newsletter.Recipient, error) bool) { yield(newsletter.Recipient{}, broken) })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{"=cmd|' /C calc'!A0", "+31", "-1", "@x", "\tx", "\r\nx", `a"b,c`, "zoë@example.nl", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := newsletter.Cell(text); got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) || !strings.HasSuffix(got, text) {
			t.Errorf("%q is written as %q", text, got)
		}
		var out bytes.Buffer
		if err := newsletter.WriteCSV(&out, recipients(newsletter.Recipient{Address: text})); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(newsletter.Columns) {
			t.Errorf("%q gives %q, %v", text, rows, err)
		}
	})
}
