package catalogue

import (
	"reflect"
	"testing"
	"time"

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

// Whatever is known of a title is found again, also what somebody adds to Title later.
// A field that is written nowhere is lost without a word.
func TestATitleIsFoundAsItWasEntered(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var p Publication
		fill(reflect.ValueOf(&p.Title).Elem())
		fill(reflect.ValueOf(&p.Manifest).Elem())
		p.Title.Kind = EBook
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			in, err := Add(tx, &p)
			if err != nil {
				return err
			}
			want := p.Title
			want.ID, want.Version, want.AddedAt, want.Withdrawn = in.ID, in.Version, in.AddedAt, false // which Add decides
			out, m, err := Opened(tx, in.ID)
			if err == nil && (!reflect.DeepEqual(in, want) || !reflect.DeepEqual(out, want) || !reflect.DeepEqual(*m, p.Manifest)) {
				t.Errorf("entered\n%+v\n%+v\nanswered\n%+v\nfound\n%+v\n%+v", want, p.Manifest, in, out, *m)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// fill gives every field a value that is not its zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("woord")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(7 * time.Second))
	case reflect.Uint32:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(7.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	default:
		panic("a title has a field of a kind that this test does not know: " + v.Type().String())
	}
}

// Entered again, a title that is withdrawn stays so, and who entered it hears it.
func TestAWithdrawnTitleThatComesInAnewIsWithdrawn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			p := Publication{Title: Title{Digest: "ab", Kind: EBook, Name: "Weg"}}
			first, err := Add(tx, &p)
			if err != nil {
				return err
			}
			if err := Withdraw(tx, "command", first.ID, ""); err != nil {
				return err
			}
			again, err := Add(tx, &p)
			if err == nil && (!again.Withdrawn || again.ID != first.ID) {
				t.Errorf("%+v", again)
			}
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
