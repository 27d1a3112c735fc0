package provision

import "testing"

// FuzzMeant drops by any condition: what is meant goes, the others stay, and "not"
// means exactly the others.
func FuzzMeant(f *testing.F) {
	for _, s := range []string{`memberships[value eq "W1"]`, `memberships[not (end pr) and start lt "2026-06-01"]`, `memberships[type sw "J" or end ge "2027"]`, `memberships[end eq null]`, `memberships[x.y ne 5]`} {
		f.Add(s)
	}
	all := []Membership{{"W1", "JAAR", "2026-01-01", ""}, {"W2", "BASIS", "2026-01-02", "2026-12-31"}, {"W3", "JAAR", "2027-01-01", "2027-12-31"}}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadPath(text)
		if err != nil || p.Which == nil {
			return
		}
		others := Filter{Op: "not", Of: []Filter{*p.Which}}
		for _, m := range all {
			if m.matches(*p.Which) == m.matches(others) {
				t.Errorf("%s and its opposite agree about %+v", p.Which, m)
			}
		}
		left, wrong := edit(all, []Edit{{Act: Drop, Which: p.Which}})
		right, missed := edit(all, []Edit{{Act: Drop, Which: &others}})
		if wrong == nil && missed == nil && len(left)+len(right) != len(all) || (wrong != nil) == (missed != nil) && wrong != nil {
			t.Errorf("%s leaves %v, its opposite %v", p.Which, left, right)
		}
	})
}
