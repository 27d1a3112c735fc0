package reading

import (
	"net/http/httptest"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
)

// A page has one address, and what no page answers is no part of one.
func TestAPageIsKeptByWhatItAnswers(t *testing.T) {
	for target, want := range map[string]string{
		"/bibliotheek/zoeken?zoek=bus&soort=ebook": "/bibliotheek/zoeken?soort=ebook&zoek=bus", "/bibliotheek/zoeken?soort=ebook&zoek=bus": "/bibliotheek/zoeken?soort=ebook&zoek=bus",
		"/bibliotheek/titel/X?": "/bibliotheek/titel/X?", "/bibliotheek/titel/X?x=1": "", "/bibliotheek/titel/X?x=2": "", "/bibliotheek/?zoek=a&zoek=b": "", "/bibliotheek/?taal=en": "/bibliotheek/?taal=en",
	} {
		if got, keeps := askedAt(httptest.NewRequest("GET", target, nil)); got != want || keeps != (want != "") {
			t.Errorf("%s is kept as %q", target, got)
		}
	}
}

// Whoever was slow with a page of yesterday's catalogue throws out nothing of today's.
func TestASlowPageThrowsOutNoNewerOnes(t *testing.T) {
	db := sqldbtest.New(t)
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return now }
	x := index.New(db, index.Settings{})
	at := func() *index.Snapshot {
		t.Helper()
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: now.String(), Kind: catalogue.EBook, Name: "X"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
		s, err := x.At(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	old, newer := at(), at()
	if old == newer {
		t.Fatal("the catalogue did not change")
	}
	var k kept
	k.put(old, "/", pieces{[]byte("old")})
	k.put(newer, "/", pieces{[]byte("new")})
	k.put(old, "/other", pieces{[]byte("old")})
	if p, found := k.get(newer, "/"); !found || string(p[0]) != "new" {
		t.Error("a newer page was thrown out")
	}
	if _, found := k.get(newer, "/other"); found {
		t.Error("an old page is shown with the newer ones")
	}
}
