package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
)

// room is an index over a database with a clock that the test turns.
type room struct {
	*index.Index
	t   *testing.T
	db  *sqldb.DB
	now atomic.Pointer[time.Time]
	n   int
}

func newRoom(t *testing.T, db *sqldb.DB, set index.Settings) *room {
	r := &room{t: t, db: db, Index: index.New(db, set)}
	start := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	r.now.Store(&start)
	db.Now = func() time.Time { return *r.now.Load() }
	return r
}

func (r *room) pass(d time.Duration) {
	later := r.now.Load().Add(d)
	r.now.Store(&later)
}

// add enters a title: its name, author and subjects.
func (r *room) add(name, author string, subjects ...string) string {
	return r.enter(catalogue.Title{Name: name, Kind: catalogue.EBook, Language: "nl", Subjects: subjects,
		Contributors: []catalogue.Contributor{{Name: author, Role: "aut"}}})
}

func (r *room) enter(t catalogue.Title) (id string) {
	r.t.Helper()
	if r.n++; t.Digest == "" {
		t.Digest = fmt.Sprintf("%064d", r.n)
	}
	r.do(func(tx *sqldb.Tx) error {
		t, err := catalogue.Add(tx, &catalogue.Publication{Title: t})
		id = t.ID
		return err
	})
	r.pass(time.Minute)
	return id
}

func (r *room) do(f func(*sqldb.Tx) error) {
	r.t.Helper()
	if err := r.db.InTx(r.t.Context(), f); err != nil {
		r.t.Fatal(err)
	}
}

// newest waits until the refresh of this moment is done.
func (r *room) newest() *index.Snapshot {
	r.t.Helper()
	var version int64
	err := r.db.Read(r.t.Context(), func(tx *sqldb.Tx) (err error) { version, err = catalogue.Version(tx); return err })
	if err != nil {
		r.t.Fatal(err)
	}
	for range 1000 {
		s, err := r.At(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if s.Version == version {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.t.Fatal("the index does not follow the catalogue")
	return nil
}

// find lists the names that a search finds, in order, and how it was read.
func find(s *index.Snapshot, q index.Query) (names []string, meant string) {
	r := s.Find(q)
	for _, t := range r.Titles {
		names = append(names, t.Name)
	}
	return names, r.Meant
}

func (r *room) want(q index.Query, meant string, names ...string) {
	r.t.Helper()
	got, read := find(r.newest(), q)
	if !slices.Equal(got, names) || read != meant {
		r.t.Errorf("%+v finds %q, read as %q; want %q, %q", q, got, read, names, meant)
	}
	if q.Text == "" && q.Skip == 0 { // the same, without counting
		q.Limit = len(got)
		var first []string
		for _, t := range r.newest().First(q) {
			first = append(first, t.Name)
		}
		if !slices.Equal(first, names) {
			r.t.Errorf("%+v begins with %q, want %q", q, first, names)
		}
	}
}

func text(t string) index.Query { return index.Query{Text: t} }

func TestWordsAreFoundFoldedAndFromTheirStart(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r := newRoom(t, db, index.Settings{})
		r.add("Zoë en de ĳsbeer", "Noor Wilting", "Dieren")
		r.add("De laatste bus", "Wieke Roelfs", "Vervoer")
		r.enter(catalogue.Title{Name: "Nacht", Subtitle: "Een reis", Kind: catalogue.Audiobook, Language: "nl", ISBN: "9789025883973",
			Series: "Grote verhalen", Contributors: []catalogue.Contributor{{Name: "Mirjam Blom", Role: "nrt"}}})
		for _, search := range []string{"zoe", "ZOË", "ijsbeer", "ijsb zo", "wilting dieren", "noor zoë ijsbeer", "beer"} {
			r.want(text(search), "", "Zoë en de ĳsbeer")
		}
		for _, search := range []string{"reis nacht", "verhalen", "blom", "978-90-258-8397-3", "9789025883973", "90 258 8397 8"} {
			r.want(text(search), "", "Nacht")
		}
		for _, search := range []string{"zoe bus", "??", "9789025883974", "us"} {
			r.want(text(search), "")
		}
		r.want(index.Query{}, "", "Nacht", "De laatste bus", "Zoë en de ĳsbeer") // the newest first where none is popular
	})
}

func TestTypingMistakesAreForgivenWhenNothingElseIsFound(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	r.add("Kinderboeken van toen", "Annie Dijkstra", "Geschiedenis")
	r.add("De nacht", "Jan Kruijff", "Poëzie")
	r.add("Het huis", "Mies Schmidt", "Wonen")
	r.add("Muis", "Mies Bouwman", "Dieren")
	r.add("De boekenkast", "Rob Bos", "Wonen")
	for search, c := range map[string][2]string{
		"geschiedennis": {"geschiedenis", "Kinderboeken van toen"}, "gescheidenis": {"geschiedenis", "Kinderboeken van toen"},
		"nahct": {"nacht", "De nacht"}, "nacgt": {"nacht", "De nacht"}, "kruyff": {"", "De nacht"}, "dykstra": {"", "Kinderboeken van toen"},
		"bauwman": {"", "Muis"}, "mies schmit": {"mies schmidt", "Het huis"}, "kinder boeken": {"kinderboeken", "Kinderboeken van toen"},
		"mies huus": {"mies huis", "Het huis"}, "poezie jan": {"", "De nacht"}, "huis bouwman": {"muis bouwman", "Muis"},
		"hus": {"huis", "Het huis"}, "nagt": {"nacht", "De nacht"},
	} {
		r.want(text(search), c[0], c[1])
	}
	r.want(text("nac"), "", "De nacht") // the start of a word is no mistake
	r.want(text("hui"), "", "Het huis")
	for _, search := range []string{"nzcgt", "qui", "xxxxxxxx", "mui5", "hs"} { // too many, too short
		r.want(text(search), "")
	}
}

// A number, a plural and a spelling that a title has otherwise are no mistakes: they
// are found without a word, after the titles that have them as they were typed.
func TestAWordIsFoundInItsOtherForms(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	for _, name := range []string{"De vijf", "Level 5", "Famous five", "Twintig vragen", "100 dagen", "Honderd", "Hundred", "De kat", "Katten", "Boten", "De boot", "Muizenissen", "Muizen", "De muis",
		"De brief", "Brieven", "Foto", "Photo", "Lijk", "Lyk", "Publicatie", "Het kookboek", "Kook boek mee", "Moskou", "Historisch", "Café Zeezicht", "Stories", "Story", "Kind", "Kinderen"} {
		r.add(name, "A")
	}
	for search, names := range map[string][]string{
		"5": {"Level 5", "Famous five", "De vijf"}, "vijf": {"De vijf", "Famous five", "Level 5"}, "five": {"Famous five", "Level 5", "De vijf"}, "20": {"Twintig vragen"}, "twenty": {"Twintig vragen"},
		"100": {"100 dagen", "Hundred", "Honderd"}, "katten": {"Katten", "De kat"}, "kat": {"De kat", "Katten"}, "boot": {"De boot", "Boten"}, "boten": {"Boten", "De boot"},
		"muizen": {"Muizen", "Muizenissen", "De muis"}, "muis": {"De muis", "Muizen"}, "brieven": {"Brieven", "De brief"}, "brief": {"De brief", "Brieven"},
		"foto": {"Foto", "Photo"}, "photo": {"Photo", "Foto"}, "lijk": {"Lijk", "Lyk"}, "publikatie": {"Publicatie"}, "kookboek": {"Het kookboek", "Kook boek mee"}, "kook boek": {"Kook boek mee", "Het kookboek"},
		"cafe zeezicht": {"Café Zeezicht"}, "story": {"Story", "Stories"}, "stories": {"Stories", "Story"}, "kinderen": {"Kinderen", "Kind"}, "boten 5": nil,
	} {
		r.want(text(search), "", names...)
	}
	r.want(text("moscou"), "", "Moskou")
	r.want(text("histories"), "historisch", "Historisch")
	r.want(text("kookboek mee"), "kook boek mee", "Kook boek mee")
}

func TestWhatIsFoundExactlyComesBeforeWhatWasPerhapsMeant(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	for i := range 30 {
		r.add(fmt.Sprintf("Verhaal %02d", i), "Kees Mulder")
	}
	r.add("Een ander verhaal", "Kees Muldert")
	names, meant := find(r.newest(), text("muldert"))
	if len(names) != 24 || names[0] != "Een ander verhaal" || meant != "mulder" {
		t.Errorf("found %q, read as %q", names, meant)
	}
}

func TestTitleBeforeAuthorBeforeSeriesBeforeSubject(t *testing.T) {
	popular := map[string]int{}
	r := newRoom(t, sqldbtest.New(t), index.Settings{Popular: func(*sqldb.Tx, time.Time) (map[string]int, error) { return popular, nil }})
	r.add("Een boek", "Jo Smit", "Maan")
	r.enter(catalogue.Title{Name: "Deel een", Kind: catalogue.EBook, Language: "nl", Series: "Maan"})
	r.add("Gedichten", "Wim Maan")
	r.add("Maanlicht", "Jo Smit")
	r.add("Sterren en maan", "Jo Smit")
	r.add("Maan en sterren", "Jo Smit")
	r.add("De maan", "Jo Smit")
	b := r.add("Bevroren maan", "Jo Smit")
	popular[b] = 3
	r.want(text("maan"), "", "De maan", "Maan en sterren", "Maanlicht", "Bevroren maan", "Sterren en maan", "Gedichten", "Deel een", "Een boek")
	r.want(index.Query{Text: "maan", Sort: index.ByName, Limit: 2, Skip: 1}, "", "Een boek", "Deel een")
	r.want(index.Query{Sort: index.ByPopular, Limit: 1}, "", "Bevroren maan")
}

func TestAResultIsDividedByKindLanguageAgeAndSubject(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	add := func(name string, kind catalogue.Kind, language string, youth bool, subjects ...string) {
		r.enter(catalogue.Title{Name: name, Kind: kind, Language: language, Youth: youth, Subjects: subjects, Series: "Reeks", SeriesAt: map[string]string{"Vos": "2", "Fox": "10"}[name]})
	}
	add("Vos", catalogue.EBook, "nl", true, "Dieren", "Sprookjes")
	add("Fox", catalogue.EBook, "en-GB", true, "dieren")
	add("Haas", catalogue.Audiobook, "nl-BE", false, "Dieren", "Reizen")
	add("Bus", catalogue.EBook, "nl", false, "Reizen")
	f := r.newest().Find(index.Query{Subject: "dieren", Language: "nl"}).Facets
	got := fmt.Sprint(f.Kinds, f.Languages, f.Youth, f.Subjects)
	if want := "[{ ebook  1 0} { audiobook  1 0}] [{nl nl  2 0} {en en  1 0}] 1 [{Reizen reizen  1 0} {Sprookjes sprookjes  1 0}]"; got != want {
		t.Errorf("facets %s\nwant   %s", got, want)
	}
	r.want(index.Query{Kind: catalogue.Audiobook}, "", "Haas")
	r.want(index.Query{Youth: true, Language: "en"}, "", "Fox")
	r.want(index.Query{Series: "reeks"}, "", "Vos", "Fox", "Bus", "Haas")
	r.want(index.Query{Subject: "bestaat-niet"}, "")
	r.want(index.Query{Kind: "video"}, "")
}

func TestSubjectsAuthorsAndSeriesHaveAddresses(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	r.add("Een", "Jan van den Berg", "Science fiction")
	r.add("Twee", "Çelik, Ayşe", "Science-Fiction", "???")
	r.add("Drie", "Jan van den Berg", "Poëzie & lied")
	s := r.newest()
	var list []string
	for _, c := range slices.Concat(s.Subjects(), s.Authors(), s.Languages()) {
		list = append(list, fmt.Sprintf("%s|%s|%s|%d", c.Name, c.Slug, c.SortAs, c.N))
	}
	if got, want := strings.Join(list, "\n"), "Poëzie & lied|poezie-lied|poezie & lied|1\nScience fiction|science-fiction|science fiction|2\n"+
		"Jan van den Berg|jan-van-den-berg|berg jan van den|2\nÇelik, Ayşe|celik-ayse|celik ayse|1\nnl|nl|nl|3"; got != want {
		t.Errorf("lists\n%s\nwant\n%s", got, want)
	}
	if c, ok := s.Author("jan-van-den-berg"); !ok || c.N != 2 {
		t.Errorf("author %v, %v", c, ok)
	}
	if _, ok := s.Author("science-fiction"); ok {
		t.Error("a subject is an author")
	}
	if _, ok := s.Subject("nope"); ok {
		t.Error("a subject that no title has")
	}
	r.want(index.Query{Author: "jan-van-den-berg"}, "", "Drie", "Een")
}

func TestSpellingsOfOneSubjectAreOneSubject(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	r.add("Een", "A", "Sprookjes")
	r.add("Twee", "B", "FICTION / Fairy Tales, Folklore", "Fairy tales")
	r.add("Drie", "C", "JUVENILE FICTION / Fantasy / General", "Drenthe / Assen")
	s := r.newest()
	for slug, n := range map[string]int{"sprookjes": 2, "fairy-tales": 2, "kinderboeken": 1, "fantasy": 1, "drenthe-assen": 1} {
		if c, found := s.Subject(slug); !found || c.N != n {
			t.Errorf("%s: %+v, want %d", slug, c, n)
		}
	}
	r.want(index.Query{Subject: "fairy-tales"}, "", "Twee", "Een")
	r.want(text("sprookjes"), "", "Twee", "Een") // "twee" says so in English
}

func TestTheIndexFollowsTheCatalogue(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r := newRoom(t, db, index.Settings{})
		first := r.newest()
		if first.Len() != 0 {
			t.Fatal("titles out of nothing")
		}
		id := r.add("De nacht", "Jan Kruijff", "Poëzie")
		r.want(text("nacht"), "", "De nacht")
		// The same content again, under another name.
		r.n--
		r.add("De dag", "Jan Kruijff", "Proza")
		r.want(text("nacht"), "")
		r.want(text("dag"), "", "De dag")
		if list := r.newest().Subjects(); len(list) != 1 || list[0].Name != "Proza" {
			t.Errorf("subjects %v", list)
		}
		r.do(func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", id, "") })
		r.pass(index.LookEvery)
		r.want(index.Query{}, "")
		if got, ok := r.newest().Title(id); !ok || !got.Withdrawn || got.Name != "De dag" {
			t.Errorf("the title that is withdrawn: %+v, %v", got, ok)
		}
		r.do(func(tx *sqldb.Tx) error { return catalogue.PutBack(tx, "command", id) })
		r.pass(index.LookEvery)
		r.want(index.Query{}, "", "De dag")
		if len(first.Find(index.Query{}).Titles) != 0 {
			t.Error("a snapshot changed")
		}
	})
}

func TestPopularIsCountedEveryTenMinutes(t *testing.T) {
	var asked atomic.Int32
	var since time.Time
	counts := map[string]int{}
	r := newRoom(t, sqldbtest.New(t), index.Settings{Popular: func(_ *sqldb.Tx, from time.Time) (map[string]int, error) {
		asked.Add(1)
		since = from
		return counts, nil
	}})
	a, _ := r.add("Een", "A"), r.add("Twee", "B")
	r.want(index.Query{Sort: index.ByPopular}, "", "Twee", "Een")
	counts = map[string]int{a: 5}
	r.pass(index.CountEvery - time.Second)
	r.want(index.Query{Sort: index.ByPopular}, "", "Twee", "Een")
	r.pass(time.Second)
	r.newest()
	r.pass(index.LookEvery)
	r.want(index.Query{Sort: index.ByPopular}, "", "Een", "Twee")
	if asked.Load() != 2 || since.After(r.now.Load().Add(-index.PopularSpan)) {
		t.Errorf("asked %d times, since %v", asked.Load(), since)
	}
}

func TestASlowDatabaseKeepsNobodyWaiting(t *testing.T) {
	hold, asked := make(chan struct{}), atomic.Int32{}
	r := newRoom(t, sqldbtest.New(t), index.Settings{Popular: func(*sqldb.Tx, time.Time) (map[string]int, error) {
		if asked.Add(1) > 1 {
			<-hold
		}
		return nil, nil
	}})
	r.add("De nacht", "Jan Kruijff")
	r.newest()
	r.pass(index.CountEvery)
	var all sync.WaitGroup
	start := time.Now()
	for range 16 {
		all.Go(func() {
			for range 10 {
				if s, err := r.At(t.Context()); err != nil || s.Len() != 1 {
					t.Errorf("%v, %v", s, err)
				}
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("readers waited %v", took)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("%d refreshes, want one at a time", n)
	}
	close(hold)
}

func TestTheFirstSnapshotIsMadeOnceForAll(t *testing.T) {
	var asked atomic.Int32
	r := newRoom(t, sqldbtest.New(t), index.Settings{Popular: func(*sqldb.Tx, time.Time) (map[string]int, error) {
		asked.Add(1)
		time.Sleep(50 * time.Millisecond)
		return nil, nil
	}})
	r.add("De nacht", "Jan Kruijff")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if s, err := r.At(t.Context()); err != nil || s.Len() != 1 {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

func TestWithoutADatabaseTheFirstVisitorHearsIt(t *testing.T) {
	db := sqldbtest.New(t)
	bad := errors.New("no counts today")
	var fail atomic.Bool
	fail.Store(true)
	r := newRoom(t, db, index.Settings{Popular: func(*sqldb.Tx, time.Time) (map[string]int, error) {
		if fail.Load() {
			return nil, bad
		}
		return nil, nil
	}})
	r.add("De nacht", "Jan Kruijff")
	if _, err := r.At(t.Context()); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := r.At(gone); err == nil {
		t.Error("who left got an answer")
	}
	fail.Store(false)
	for range 100 {
		if s, err := r.At(t.Context()); err == nil && s.Len() == 1 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("the index did not recover")
}

func FuzzFind(f *testing.F) {
	r := newRoom(&testing.T{}, sqldbtest.New(f), index.Settings{})
	for _, seed := range []string{"", "nacht", "nahct de", "9789025883973", "\x00\xff", strings.Repeat("a b ", 50), "ĳ ß ı", "978-"} {
		f.Add(seed)
	}
	r.t = nil
	err := r.db.InTx(f.Context(), func(tx *sqldb.Tx) error {
		for i, name := range []string{"De nacht", "Zoë en de ĳsbeer", "Kinderboeken"} {
			if _, err := catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Name: name, Kind: catalogue.EBook, Language: "nl", Digest: fmt.Sprint(i)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	s, err := r.At(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, search string) {
		if got := s.Find(text(search)); got.Total < len(got.Titles) || got.Total > 3 {
			t.Errorf("%q: %d of %d", search, len(got.Titles), got.Total)
		}
	})
}

func TestADescriptionIsSearchedBelowAllElse(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	r.enter(catalogue.Title{Name: "Water en brood", Kind: catalogue.EBook, Language: "nl", Description: "Een moord bij de Drentse vennen."})
	r.enter(catalogue.Title{Name: "De stilte", Kind: catalogue.EBook, Language: "nl", Subjects: []string{"Moordzaken"}, Contributors: []catalogue.Contributor{{Name: "Bob Vennen", Role: "aut"}}})
	r.want(text("drentse"), "", "Water en brood")
	r.want(text("dretnse"), "drentse", "Water en brood")
	r.want(text("moord"), "", "De stilte", "Water en brood")        // the start of a word of the subject
	r.want(text("moord vennen"), "", "De stilte", "Water en brood") // no word of the title makes up for it
	for search, sure := range map[string]bool{"drentse": false, "water drentse": false, "water brood": true, "vennen moord": true} {
		if r.newest().Find(text(search)).Sure != sure {
			t.Errorf("%q: sure is %v", search, !sure)
		}
	}
}

func TestWordsThatNameAListAskForIt(t *testing.T) {
	r := newRoom(t, sqldbtest.New(t), index.Settings{})
	r.enter(catalogue.Title{Name: "Ship", Kind: catalogue.EBook, Language: "en"})
	for search, want := range map[string]index.Query{
		"Luisterboeken": {Kind: catalogue.Audiobook}, "audio-book": {Kind: catalogue.Audiobook}, "E-book": {Kind: catalogue.EBook}, "e-books": {Kind: catalogue.EBook},
		"boeken voor kinderen": {Youth: true}, "children's books": {Youth: true}, "Engelse boeken": {Language: "en"}, "luisterboek in het Engels voor de jeugd": {Kind: catalogue.Audiobook, Language: "en", Youth: true},
		"dieren voor kinderen": {Youth: true, Text: "dieren"}, "engelse boeken over een schip": {Language: "en", Text: "over een schip"},
	} {
		if got, ok := r.newest().Asked(search); !ok || got != want {
			t.Errorf("%q asks %+v, want %+v", search, got, want)
		}
	}
	for _, search := range []string{"", "schip", "boeken", "frans" /* there is none */, `"kinderen"`, "“kinderen”"} {
		if got, ok := r.newest().Asked(search); ok {
			t.Errorf("%q asks %+v", search, got)
		}
	}
}
