package manage

import (
	"testing"

	"lidwoord/base/day"
)

// A year is no more than the sum of its lines: what a line keeps back, the year does not
// tell. One hidden line would otherwise be the year less all others.
func TestAYearTellsNoHiddenMonth(t *testing.T) {
	month := func(m day.Day, n int, few bool) lentMonth {
		return lentMonth{Month: m, Lent: []Lent{{Month: m, Kind: "ebook", N: n, Few: few}, {Month: m, Kind: "ebook", Youth: true, N: 7}}}
	}
	years := byYear([]lentMonth{month("2026-02-01", 9, false), month("2026-01-01", 0, true), month("2025-12-01", 8, false), month("2025-11-01", 0, false)}, 5)
	if len(years) != 2 {
		t.Fatalf("%+v", years)
	}
	if y := years[0]; y.Year != "2026" || y.Whole || y.Last != "2026-02-01" || y.Lent[0] != (span{Kind: "ebook", From: 10, To: 13}) || y.Lent[1] != (span{Kind: "ebook", Youth: true, From: 14, To: 14}) || y.All != (span{From: 24, To: 27}) {
		t.Errorf("%+v", y)
	}
	if y := years[1]; !y.Whole || y.Lent[0] != (span{Kind: "ebook", From: 8, To: 8}) || y.All != (span{From: 22, To: 22}) {
		t.Errorf("%+v", y)
	}
}

func TestYouthWithMoreThanGrownUpsIsRemarked(t *testing.T) {
	grown, youth := LendingRules{Right: "digital", EBooks: 6, Days: 21}, LendingRules{Right: "digital-youth", EBooks: 6, Days: 21, Youth: true}
	list := []namedRules{{grown, "Alles"}, {youth, "Jeugd"}}
	if w := wider(list); len(w) != 0 {
		t.Errorf("as much: %v", w)
	}
	list[1].EBooks, list[1].Days = 10, 28
	if w := wider(list); len(w) != 1 || w[0] != "Jeugd" {
		t.Errorf("more: %v", w)
	}
	if w := wider(list[1:]); len(w) != 0 {
		t.Errorf("nobody to compare with: %v", w)
	}
}
