package reading

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// finder is what stands on every page of the catalogue: the search, and the ways
// into the collection.
type finder struct {
	Text string // what was searched
	Keep []link // filters that a next search keeps: in Href the name, in Text the value
	Ways []link
}

// ways are the lists of the menu: their address and the message key of their name.
var ways = [][2]string{{"/nieuw", "new"}, {"/populair", "popular"}, {"/e-books", "ebooks"}, {"/luisterboeken", "audiobooks"}, {"/jeugd", "for_children"},
	{"/onderwerpen", "subjects"}, {"/schrijvers", "authors"}}

func (s *Site) finder(lang words.Lang, here string) finder {
	var f finder
	for _, way := range ways {
		f.Ways = append(f.Ways, link{Href: s.Link("%s", way[0]), Text: s.Words.Text(lang, "reading."+way[1]), Here: here == way[0]})
	}
	return f
}

const (
	rowLength    = 12 // titles in a row
	homeSubjects = 18
)

// homePage is the way in.
type homePage struct {
	finder
	Hole     template.HTML // where the reader's own part comes
	Fan      []picture     // three covers
	Rows     []row
	Subjects []link
	Total    int
	Young    bool // only titles for children
}

// row is a row of titles, and where there are more of them.
type row struct {
	Name  string
	Href  string
	Cards []card
}

// ownPage is what the home page has of the reader's own. It is made for every
// visit of a reader, and so its words are ready before the template gets them.
type ownPage struct {
	Loans   []ownLoan
	refusal // why nothing can be borrowed
}

type ownLoan struct {
	Href, Name, Lang string
	Left             string // "nog 3 dagen"
	Progress         int
	Picture          picture
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	if to, old := oldAddress(r.URL.Query()); old {
		return s.Redirect(w, r, "%s", to)
	}
	of, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	whom, err := s.audience(r)
	if err != nil {
		return err
	}
	if whom == young {
		return s.ready(w, r, of, page{name: "home", own: []string{"why", "own"}, version: string(whom),
			make: func() (any, error) { return s.youthHome(kit.VisitOf(r).Lang, of), nil },
			mine: func() (own, error) { return s.myLoans(r) },
		})
	}
	return s.ready(w, r, of, page{name: "home", own: []string{"why", "own"},
		make: func() (any, error) { return s.homePage(kit.VisitOf(r).Lang, of), nil },
		mine: func() (own, error) { return s.myLoans(r) },
	})
}

// oldAddress is where the shelf of one page stood before there were lists.
func oldAddress(q url.Values) (to string, old bool) {
	if !q.Has(paramText) && !q.Has(paramKind) && !q.Has(paramPage) {
		return "", false
	}
	kind := q.Get(paramKind)
	if kind == paramYouth {
		q.Set(paramYouth, "ja")
	}
	if q.Get(paramText) != "" {
		if _, known := kinds[kind]; !known {
			q.Del(paramKind)
		}
		return "/zoeken?" + q.Encode(), true
	}
	to = map[string]string{"e-book": "/e-books", "luisterboek": "/luisterboeken", "jeugd": "/jeugd"}[kind]
	if to == "" {
		to = "/titels"
	}
	q.Del(paramText)
	q.Del(paramKind)
	q.Del(paramYouth)
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to, true
}

func (s *Site) homePage(lang words.Lang, of *index.Snapshot) homePage {
	p := homePage{finder: s.finder(lang, "/"), Total: of.Len(), Hole: hole}
	text := func(key string) string { return s.Words.Text(lang, key) }
	add := func(name, path string, q index.Query) {
		q.Limit = rowLength
		if titles := of.First(q); len(titles) > 0 {
			p.Rows = append(p.Rows, row{text("reading." + name), s.Link("%s", path), s.cards(lang, titles)})
		}
	}
	add("new", "/nieuw", index.Query{Sort: index.ByNew})
	if of.Lent() {
		add("popular", "/populair", index.Query{Sort: index.ByPopular})
	}
	add("for_children", "/jeugd", index.Query{Sort: index.ByPopular, Youth: true})
	add("audiobooks", "/luisterboeken", index.Query{Sort: index.ByPopular, Kind: catalogue.Audiobook})
	p.Fan = s.fan(of, index.Query{})
	for _, c := range top(s.spoken(lang, of.Subjects()), homeSubjects) {
		p.Subjects = append(p.Subjects, s.about(lang, c))
	}
	return p
}

// youthHome is the way in for who borrows titles for children only: these first,
// and all the others behind a link.
func (s *Site) youthHome(lang words.Lang, of *index.Snapshot) homePage {
	p := homePage{finder: s.finder(lang, "/"), Total: of.Len(), Hole: hole, Young: true}
	shown := map[string]bool{}
	add := func(name, path string, q index.Query) {
		q.Limit, q.Youth = rowLength, true
		found, other := of.First(q), false
		for _, t := range found {
			other = other || !shown[t.ID]
			shown[t.ID] = true
		}
		if other { // a small collection stands there once
			p.Rows = append(p.Rows, row{s.Words.Text(lang, "reading."+name), s.Link("%s", path), s.cards(lang, found)})
		}
	}
	add("youth_shelf", "/jeugd", index.Query{Sort: index.ByPopular})
	add("new", "/nieuw", index.Query{Sort: index.ByNew})
	add("ebooks", "/e-books", index.Query{Sort: index.ByPopular, Kind: catalogue.EBook})
	add("audiobooks", "/luisterboeken", index.Query{Sort: index.ByPopular, Kind: catalogue.Audiobook})
	p.Fan = s.fan(of, index.Query{Youth: true})
	for _, c := range top(forYouth(s.spoken(lang, of.Subjects())), homeSubjects) {
		p.Subjects = append(p.Subjects, s.about(lang, c))
	}
	return p
}

// fan is three covers for the top of the page, of the books themselves if we can.
func (s *Site) fan(of *index.Snapshot, q index.Query) (fan []picture) {
	var drawn []picture
	q.Sort, q.Kind, q.Limit = index.ByPopular, catalogue.EBook, 40
	for _, t := range of.First(q) {
		if p := s.picture(t, coverInList); p.Src != "" {
			fan = append(fan, p)
		} else {
			drawn = append(drawn, p)
		}
	}
	fan = append(fan, drawn...)
	return fan[:min(3, len(fan))]
}

// myLoans is what the reader goes on with.
func (s *Site) myLoans(r *http.Request) (own, error) {
	who, in := whoIs(r)
	if !in {
		return own{make: func() any { return ownPage{} }}, nil
	}
	_, refused := s.Loans.Rules(r.Context(), who.rights())
	if refused != nil && fault.KindOf(refused) != fault.Denied {
		return own{}, refused
	}
	why, err := s.refusal(r, refused)
	if err != nil {
		return own{}, err
	}
	loans, err := s.shelf(r, who)
	lang, now := kit.VisitOf(r).Lang, s.DB.Now()
	key := []byte(day.Of(now))
	for _, l := range loans {
		key = fmt.Appendf(key, " %s %d %d %d", l.Title.ID, l.Title.Version, l.DueAt.Unix(), l.Progress)
	}
	if refused != nil { // the reasons are of many kinds
		key = nil
	}
	return own{string(key), func() any {
		p := s.ownPage(lang, loans, now)
		p.refusal = why
		return p
	}}, err
}

func (s *Site) ownPage(lang words.Lang, loans []loan.Loan, now time.Time) (p ownPage) {
	for _, l := range loans {
		own := ownLoan{Href: s.Link("/lezen/%s", l.Title.ID), Name: l.Title.Name, Lang: l.Title.Language, Progress: l.Progress, Picture: s.picture(l.Title, coverInList)}
		if own.Picture.Audio {
			own.Href = s.Link("/luisteren/%s", l.Title.ID)
		}
		if days := l.DaysLeft(now); days > 0 {
			own.Left = s.Words.Text(lang, "reading.days_left", days)
		} else {
			own.Left = s.Words.Text(lang, "reading.last_day")
		}
		p.Loans = append(p.Loans, own)
	}
	return p
}

// at makes a handler of a list that stands at one address.
func (s *Site) at(path, name string, sort string, q index.Query) kit.Handler {
	return s.inside(func(_ *http.Request, lang words.Lang, _ *index.Snapshot) (place, error) {
		return place{path: path, name: s.Words.Text(lang, "reading."+name), sort: sort, query: q}, nil
	})
}

// inside makes a handler of a list that the address names.
func (s *Site) inside(which func(*http.Request, words.Lang, *index.Snapshot) (place, error)) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		of, err := s.Index.At(r.Context())
		if err != nil {
			return err
		}
		at, err := which(r, kit.VisitOf(r).Lang, of)
		if err != nil {
			return err
		}
		return s.list(w, r, of, at)
	}
}

func (s *Site) subject(r *http.Request, lang words.Lang, of *index.Snapshot) (place, error) {
	c, ok := of.Subject(r.PathValue("subject"))
	return place{path: "/onderwerp/" + c.Slug, name: s.about(lang, c).Text, sort: "populair", query: index.Query{Subject: c.Slug},
		up: link{Href: s.Link("/onderwerpen"), Text: s.Words.Text(lang, "reading.subjects")}}, orNone(ok)
}

func (s *Site) author(r *http.Request, lang words.Lang, of *index.Snapshot) (place, error) {
	c, ok := of.Author(r.PathValue("author"))
	return place{path: "/schrijver/" + c.Slug, name: c.Name, sort: "populair", query: index.Query{Author: c.Slug},
		up: link{Href: s.Link("/schrijvers"), Text: s.Words.Text(lang, "reading.authors")}}, orNone(ok)
}

func (s *Site) series(r *http.Request, lang words.Lang, of *index.Snapshot) (place, error) {
	c, ok := of.SeriesOf(r.PathValue("series"))
	return place{path: "/serie/" + c.Slug, name: c.Name, intro: s.Words.Text(lang, "reading.series_intro"), sort: "best", query: index.Query{Series: c.Slug}}, orNone(ok)
}

// find searches. Words that name a kind, a language or an age lead to that list, or
// narrow what the other words find.
func (s *Site) find(w http.ResponseWriter, r *http.Request) error {
	of, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(clip(r.URL.Query().Get(paramText)))
	if asks, ok := of.Asked(typed); ok {
		if to, found := narrowed(of, r.URL.Query(), asks, typed); found {
			s.SetFlash(w, "reading.asked", typed)
			return s.Redirect(w, r, "%s", to)
		}
	}
	return s.inside(s.search)(w, r)
}

// narrowed is the address of what a search asks with such words. It is not found when
// the other words find nothing there, or are with these the words of a title.
func narrowed(of *index.Snapshot, q url.Values, asks index.Query, typed string) (to string, found bool) {
	for _, param := range []string{paramText, paramSort, paramPage} {
		q.Del(param)
	}
	if asks.Text != "" {
		look := asks
		look.Limit = 1
		if of.Find(index.Query{Text: typed, Limit: 1}).Sure || of.Find(look).Total == 0 {
			return "", false
		}
		q.Set(paramText, asks.Text)
	}
	to = "/titels"
	if asks.Text != "" {
		to = "/zoeken"
	}
	for _, word := range []struct {
		asked              bool
		param, value, list string
	}{
		{asks.Kind == catalogue.EBook, paramKind, "e-book", "/e-books"},
		{asks.Kind == catalogue.Audiobook, paramKind, "luisterboek", "/luisterboeken"},
		{asks.Youth, paramYouth, "ja", "/jeugd"},
		{asks.Language != "", paramLanguage, asks.Language, ""},
	} {
		switch {
		case !word.asked:
		case to == "/titels" && word.list != "": // a list of its own says so itself
			to = word.list
			q.Del(word.param)
		default:
			q.Set(word.param, word.value)
		}
	}
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to, true
}

// search is a list like any other, of what fits the words.
func (s *Site) search(r *http.Request, lang words.Lang, _ *index.Snapshot) (place, error) {
	at := place{path: "/zoeken", sort: "best", name: s.Words.Text(lang, "reading.search")}
	if text := strings.TrimSpace(clip(r.URL.Query().Get(paramText))); text != "" {
		at.name = s.Words.Text(lang, "reading.found_title", text)
	} else {
		at.sort = "populair"
	}
	return at, nil
}

func orNone(ok bool) error {
	if ok {
		return nil
	}
	return kit.ErrNoPage
}

// namesPage is an alphabet of subjects or authors: one letter, a page of it.
type namesPage struct {
	finder
	Name    string
	Most    []link // those with most titles
	Letters []link
	Letter  string
	Names   []link
	Pages   []link
	Prev    string
	Next    string
}

// namesLength is how many names a page has.
const namesLength = 120

// names shows an alphabet.
func (s *Site) names(path, name, one string, all func(*index.Snapshot) []index.Count) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		of, err := s.Index.At(r.Context())
		if err != nil {
			return err
		}
		whom, err := s.audience(r)
		if err != nil {
			return err
		}
		return s.ready(w, r, of, page{name: "names", version: string(whom), make: func() (any, error) {
			lang, q, counts := kit.VisitOf(r).Lang, r.URL.Query(), all(of)
			to := func(c index.Count) link {
				return link{Href: s.Link("%s%s", one, url.PathEscape(c.Slug)), Text: capital(c.Name), N: c.N}
			}
			if path == "/onderwerpen" {
				counts = s.spoken(lang, counts)
				to = func(c index.Count) link { return s.about(lang, c) }
			}
			if whom == young {
				counts = forYouth(counts)
			}
			p := namesPage{finder: s.finder(lang, path), Name: s.Words.Text(lang, "reading."+name)}
			for _, c := range top(counts, homeSubjects) {
				p.Most = append(p.Most, to(c))
			}
			var letters []string
			of := map[string][]index.Count{}
			for _, c := range counts {
				l := letterOf(c.SortAs)
				if of[l] == nil {
					letters = append(letters, l)
				}
				of[l] = append(of[l], c)
			}
			p.Letter = q.Get(paramLetter)
			if of[p.Letter] == nil && len(letters) > 0 {
				p.Letter = letters[0]
				if p.Letter == otherLetter && len(letters) > 1 {
					p.Letter = letters[1]
				}
			}
			slices.SortStableFunc(letters, func(a, b string) int { return strings.Compare(a, b) })
			at := place{path: path}
			for _, l := range letters {
				p.Letters = append(p.Letters, link{Href: s.address(at, url.Values{"letter": {l}}), Text: strings.ToUpper(l), N: len(of[l]), Here: l == p.Letter})
			}
			list := of[p.Letter]
			number, last := pageNumber(q), max(1, (len(list)+namesLength-1)/namesLength)
			number = min(number, last)
			for _, c := range list[min((number-1)*namesLength, len(list)):min(number*namesLength, len(list))] {
				p.Names = append(p.Names, to(c))
			}
			var turn listPage
			turn.turn(number, last, func(n int) string {
				return s.address(at, url.Values{"letter": {p.Letter}}, paramPage, unless(strconv.Itoa(n), "1"))
			})
			p.Pages, p.Prev, p.Next = turn.Pages, turn.Prev, turn.Next
			return p, nil
		}})
	}
}

// otherLetter is where names stand that begin with no letter.
const otherLetter = "0"

func letterOf(sortAs string) string {
	r, _ := utf8.DecodeRuneInString(sortAs)
	if !unicode.IsLetter(r) {
		return otherLetter
	}
	return string(r)
}

// about is the link to a subject: in the language of the page when it is a known one,
// and else as books have it, in a language that we do not know.
func (s *Site) about(lang words.Lang, c index.Count) link {
	l := link{Href: s.Link("/onderwerp/%s", url.PathEscape(c.Slug)), Text: capital(c.Name), N: c.N, Unknown: true}
	if _, known := index.Topic(c.Slug); known {
		l.Text, l.Unknown = s.Words.Text(lang, "reading.topic_"+c.Slug), false
	}
	return l
}

// spoken are subjects by their names in the language of the page, in its alphabet.
func (s *Site) spoken(lang words.Lang, counts []index.Count) []index.Count {
	list := slices.Clone(counts)
	for i, c := range list {
		if about := s.about(lang, c); !about.Unknown {
			list[i].Name, list[i].SortAs = about.Text, catalogue.Fold(about.Text)
		}
	}
	slices.SortStableFunc(list, func(a, b index.Count) int { return strings.Compare(a.SortAs, b.SortAs) })
	return list
}

// forYouth are the counts of titles for children.
func forYouth(counts []index.Count) (list []index.Count) {
	for _, c := range counts {
		if c.N = c.Youth; c.N > 0 {
			list = append(list, c)
		}
	}
	return list
}

// top are the counts with most titles, in the order of the alphabet.
func top(counts []index.Count, n int) []index.Count {
	list := slices.Clone(counts)
	slices.SortStableFunc(list, func(a, b index.Count) int { return cmp.Compare(b.N, a.N) })
	list = list[:min(n, len(list))]
	slices.SortStableFunc(list, func(a, b index.Count) int { return strings.Compare(a.SortAs, b.SortAs) })
	return list
}

// capital writes a name that begins with a small letter as a heading.
func capital(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[size:]
}

// languageName is the name of a language in the language of the page: "Fries".
func languageName(lang words.Lang, tag string) string {
	names := display.Languages(language.Dutch)
	if lang == words.EN {
		names = display.Languages(language.English)
	}
	if parsed, err := language.Parse(tag); err == nil {
		if base, _ := parsed.Base(); names.Name(base) != "" {
			return capital(names.Name(base))
		}
	}
	return strings.ToUpper(tag)
}
