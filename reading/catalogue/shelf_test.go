package catalogue

import (
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// Characters that turn text around spoil a page and lie about a name; letters of
// languages that are written from right to left stay.
func TestMarksThatTurnTextAroundAreNoPartOfATitle(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		odd := func(digest string) *Publication {
			return &Publication{Title: Title{ID: digest, Digest: digest, Kind: EBook, Name: "De \u202egpj.exe\u202c \u2067nacht\u2069", Subtitle: "\u200fשלום עולם\u200e", Series: "\u061cSterren",
				Subjects: []string{"\u2066Reizen"}, Contributors: []Contributor{{Name: "Ann\u202da \u200cK\u200d", Role: "aut"}}},
				Manifest: Manifest{Chapters: []Entry{{Title: "\u202eEen"}}}}
		}
		want := func(t *testing.T, got Title) {
			t.Helper()
			if got.Name != "De gpj.exe nacht" || got.Subtitle != "שלום עולם" || got.Series != "Sterren" || got.Subjects[0] != "Reizen" || got.Author() != "Anna \u200cK\u200d" {
				t.Errorf("%+v", got)
			}
		}
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			old := odd("oud").Title // as it was entered before
			old.AddedAt = tx.Now
			if err := putTitle(tx, &old); err != nil {
				return err
			}
			if err := putManifest(tx, old.ID, `{"order":[],"chapters":[{"title":"\u202eEen","href":""}]}`); err != nil {
				return err
			}
			got, err := Find(tx, "oud")
			want(t, got)
			if err != nil {
				return err
			}
			if m, err := Contents(tx, "oud"); err != nil || m.Chapters[0].Title != "Een" {
				t.Errorf("%+v, %v", m, err)
			}
			got, err = Add(tx, odd("nieuw"))
			want(t, got)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTitlesAreFoldedForSearch(t *testing.T) {
	for in, want := range map[string]string{
		"Şahin-Yıldız": "sahin yildiz", "’t Hooft": "t hooft", "Ĳssel": "ijssel", "Straße ÆØ": "strasse aeo", "  A\tB ": "a b",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if got := sortName("De laatste bus"); got != "laatste bus" {
		t.Errorf("sorted under %q", got)
	}
}
