package index

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"lidwoord/reading/catalogue"
)

// Sort is an order in which titles are shown.
type Sort int

const (
	ByRelevance Sort = iota // how well it fits, then popular; a series by its numbers
	ByName
	ByNew
	ByPopular
	sorts
)

// Query is what somebody looks for. The zero Query finds every title that is lent.
type Query struct {
	Text     string // words that must all occur; each may be the start of a word
	Kind     catalogue.Kind
	Language string // as Count.Slug of a language: "nl"
	Youth    bool   // only titles for children
	Subject  string // slugs
	Author   string
	Series   string
	Sort     Sort
	Skip     int
	Limit    int // 0 is PageSize, at most LimitMost
}

const (
	// PageSize is how many titles a page of the catalogue shows.
	PageSize = 24
	// LimitMost is how many titles one Find gives.
	LimitMost = 500
	// wordsMost bounds a search; more words only cost time.
	wordsMost = 8
	// subjectsMost is how many subjects a result is divided into.
	subjectsMost = 12
)

// Result is a page of titles.
type Result struct {
	Titles []catalogue.Title
	Total  int
	Meant  string // the search as it was read, when mistakes were forgiven, else ""
	Sure   bool   // some title has all the words elsewhere than in its description
	Facets Facets
}

// Facets count how many titles there would be with one filter set otherwise and
// all others as they are.
type Facets struct {
	Kinds     []Count // Slug is a catalogue.Kind
	Languages []Count
	Youth     int     // for children; the others are Kinds together minus these
	Subjects  []Count // that most of the titles have; at most a dozen
}

// room is the place in which one search works.
type room struct {
	first, second []uint16 // how well each title fits the search, and the search as it was read
	word          []uint8  // how well it fits one word
	tally         []uint32 // titles of each name
}

// exactly is above every score of a search that was read otherwise.
const exactly = 1 << 12

// Find searches, filters, sorts and counts.
func (s *Snapshot) Find(q Query) Result {
	q.Sort = max(0, min(q.Sort, sorts-1))
	if q.Limit <= 0 {
		q.Limit = PageSize
	}
	q.Limit, q.Skip = min(q.Limit, LimitMost), max(q.Skip, 0)
	r := s.rooms.Get().(*room)
	defer s.rooms.Put(r)
	words := wordsOf(q.Text)
	if len(words) == 0 {
		if strings.TrimSpace(q.Text) != "" { // only marks: they are found nowhere
			return Result{}
		}
		return s.collect(q, r, nil)
	}
	n := s.match(r, r.first, plainly(words))
	wide, more := s.widely(words)
	if more {
		n = s.below(r, wide)
	}
	regrouped := s.regrouped(words)
	if n > 0 {
		for _, reading := range regrouped {
			s.below(r, plainly(reading))
		}
	}
	meant := s.read(r, wide, regrouped, n)
	if meant == nil || s.below(r, plainly(meant)) == 0 {
		return s.collect(q, r, r.first)
	}
	result := s.collect(q, r, r.first)
	result.Meant = strings.Join(meant, " ")
	return result
}

// below adds the titles of another reading of the search after those that are found
// already, and says how many there are then.
func (s *Snapshot) below(r *room, reading []wanted) (n int) {
	if s.match(r, r.second, reading) == 0 {
		clear(r.second)
	}
	for i, score := range r.first {
		if score > 0 {
			r.first[i] = score + exactly
		} else {
			r.first[i] = r.second[i]
		}
		if r.first[i] > 0 {
			n++
		}
	}
	return n
}

// wordsOf are the words of a search. An ISBN is one, with or without its hyphens;
// the old one of ten digits is written as the new one.
func wordsOf(text string) []string {
	if isbn := digits(text); len(isbn) == 13 {
		return []string{isbn}
	} else if len(isbn) == 10 {
		isbn = "978" + isbn[:9]
		sum := 0
		for i, digit := range isbn {
			sum += int(digit-'0') * (1 + 2*(i%2))
		}
		return []string{isbn + strconv.Itoa((10-sum%10)%10)}
	}
	words := strings.Fields(catalogue.Fold(text))
	return words[:min(len(words), wordsMost)]
}

// digits are the digits of a text that has nothing but digits, an X at its end,
// hyphens and blanks; "" for any other.
func digits(text string) string {
	text = strings.NewReplacer("-", "", " ", "").Replace(text)
	for i, r := range text {
		if (r < '0' || r > '9') && !(i == 9 && len(text) == 10 && (r == 'X' || r == 'x')) {
			return ""
		}
	}
	return text
}

// filter is a Query in numbers.
type filter struct {
	kind                              int    // -1 for all
	language, subject, author, series uint32 // none for all
	youth                             bool
}

// filters translates a query; it reports false when it names what is not there.
func (s *Snapshot) filters(q Query) (f filter, ok bool) {
	q.Subject, _ = Topic(q.Subject)
	f = filter{kind: -1, language: none, subject: none, author: none, series: none, youth: q.Youth}
	ok = true
	for _, by := range []struct {
		slug string
		to   *uint32
	}{{q.Language, &f.language}, {q.Subject, &f.subject}, {q.Author, &f.author}, {q.Series, &f.series}} {
		if by.slug == "" {
			continue
		}
		n, known := s.bySlug[by.slug]
		*by.to, ok = n.number, ok && known
	}
	switch q.Kind {
	case "":
	case catalogue.EBook:
		f.kind = isEBook
	case catalogue.Audiobook:
		f.kind = isAudiobook
	default:
		ok = false
	}
	return f, ok
}

// collect walks the titles in the order that is asked, and takes and counts those
// that fit. scores is nil for all titles.
func (s *Snapshot) collect(q Query, r *room, scores []uint16) Result {
	f, ok := s.filters(q)
	if !ok {
		return Result{}
	}
	var fits []uint32
	var kinds [kindCount]int
	sure := false
	youth, languages, subjects := 0, map[uint32]int{}, r.tally
	clear(subjects)
	for _, at := range s.candidates(f, q.Sort) {
		if scores != nil && scores[at] == 0 || !s.has(f, at) {
			continue
		}
		t := &s.traits[at]
		// Three filters count what lies at their other side too.
		kind, language, age := f.kind < 0 || int(t.kind) == f.kind, f.language == none || t.language == f.language, !f.youth || t.youth
		if language && age {
			kinds[t.kind]++
		}
		if kind && age {
			languages[t.language]++
		}
		if kind && language && t.youth {
			youth++
		}
		if kind && language && age {
			fits = append(fits, at)
			sure = sure || scores != nil && scores[at]&told > 0
			for _, subject := range s.subjects.of(at) {
				subjects[subject]++
			}
		}
	}
	result := Result{Total: len(fits), Sure: sure, Facets: Facets{Youth: youth, Subjects: s.most(subjects, f.subject),
		Kinds: []Count{{Slug: string(catalogue.EBook), N: kinds[isEBook]}, {Slug: string(catalogue.Audiobook), N: kinds[isAudiobook]}}}}
	for number, n := range languages {
		result.Facets.Languages = append(result.Facets.Languages, s.counted(number, n))
	}
	slices.SortFunc(result.Facets.Languages, byMost)
	switch {
	case q.Sort == ByRelevance && scores != nil:
		fits = byScore(fits, scores)
	case q.Sort == ByRelevance && f.series != none:
		slices.SortStableFunc(fits, func(a, b uint32) int { return bySeries(s.titles[a].title, s.titles[b].title) })
	}
	for _, at := range fits[min(q.Skip, len(fits)):min(q.Skip+q.Limit, len(fits))] {
		result.Titles = append(result.Titles, *s.titles[at].title)
	}
	return result
}

// First is the beginning of what Find gives for a query without words. It counts
// nothing, and so takes no time at all.
func (s *Snapshot) First(q Query) (titles []catalogue.Title) {
	q.Sort, q.Limit = max(0, min(q.Sort, sorts-1)), min(q.Limit, LimitMost)
	f, ok := s.filters(q)
	if !ok {
		return nil
	}
	fits := s.candidates(f, q.Sort)
	if q.Sort == ByRelevance && f.series != none {
		fits = slices.Clone(fits)
		slices.SortStableFunc(fits, func(a, b uint32) int { return bySeries(s.titles[a].title, s.titles[b].title) })
	}
	for _, at := range fits {
		t := &s.traits[at]
		if len(titles) == q.Limit {
			break
		}
		if s.has(f, at) && (f.kind < 0 || int(t.kind) == f.kind) && (f.language == none || t.language == f.language) && (!f.youth || t.youth) {
			titles = append(titles, *s.titles[at].title)
		}
	}
	return titles
}

// narrow is how short a list of titles must be for sorting it to be less work than
// walking over all.
const narrow = 2000

// candidates are titles among which all are that a filter lets through, in order.
func (s *Snapshot) candidates(f filter, by Sort) []uint32 {
	list := s.orders[by]
	for _, name := range []uint32{f.series, f.author, f.subject} {
		if name == none {
			continue
		}
		if having := s.having.of(name); len(having) < narrow && len(having) < len(list) {
			list = having
		}
	}
	if len(list) == len(s.orders[by]) {
		return list
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b uint32) int { return cmp.Compare(s.ranks[by][a], s.ranks[by][b]) })
	return list
}

// has reports whether a title has the subject, author and series of a filter.
func (s *Snapshot) has(f filter, at uint32) bool {
	return (f.series == none || s.traits[at].series == f.series) &&
		(f.author == none || slices.Contains(s.authors.of(at), f.author)) &&
		(f.subject == none || slices.Contains(s.subjects.of(at), f.subject))
}

// byScore sorts by how well titles fit, and leaves those that fit alike as they
// are. It counts scores instead of comparing them: every title may have come.
func byScore(fits []uint32, scores []uint16) []uint32 {
	var most uint16
	for _, at := range fits {
		most = max(most, scores[at])
	}
	from := make([]uint32, int(most)+2)
	for _, at := range fits {
		from[most-scores[at]+1]++
	}
	for i := range from[1:] {
		from[i+1] += from[i]
	}
	sorted := make([]uint32, len(fits))
	for _, at := range fits {
		sorted[from[most-scores[at]]] = at
		from[most-scores[at]]++
	}
	return sorted
}

// bySeries sorts a series by its numbers; what has none stands at the end.
func bySeries(a, b *catalogue.Title) int {
	place := func(t *catalogue.Title) float64 {
		n, err := strconv.ParseFloat(strings.Replace(t.SeriesAt, ",", ".", 1), 64)
		if err != nil || math.IsNaN(n) {
			return math.MaxFloat64
		}
		return n
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Published, b.Published))
}

// most lists the subjects that most titles have, without the one that all have
// because it was asked for.
func (s *Snapshot) most(tally []uint32, asked uint32) []Count {
	var list []Count
	for number, n := range tally {
		if n == 0 || uint32(number) == asked {
			continue
		}
		if len(list) == subjectsMost && int(n) <= list[subjectsMost-1].N {
			continue
		}
		c := s.counted(uint32(number), int(n))
		at, _ := slices.BinarySearchFunc(list, c, byMost)
		list = slices.Insert(list, at, c)
		list = list[:min(len(list), subjectsMost)]
	}
	return list
}

func byMost(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Slug, b.Slug)) }

func (s *Snapshot) counted(number uint32, n int) Count {
	return Count{Name: s.spelling[number], Slug: s.names[number], N: n}
}
