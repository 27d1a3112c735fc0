package index

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lidwoord/reading/catalogue"
)

// Snapshot is the catalogue at one moment. It never changes; titles that it gives
// away are shared and must not be changed either.
type Snapshot struct {
	Version int64 // of the catalogue

	looked  atomic.Pointer[time.Time]
	titles  []card
	at      map[string]uint32
	orders  [sorts][]uint32 // what is lent, in each order
	ranks   [sorts][]uint32 // and where each title stands in it
	popular []int           // loans, by place
	traits  []trait         // by place, for filters that touch every title

	subjects, authors lists // of each title
	having            lists // titles of each subject, author and series

	words    []string // by number
	alphabet []uint32 // numbers of words in the order of the alphabet
	letters  []uint64 // which letters each word has, see mistake.go
	heard    []string // each word by its sound
	sounds   []uint64 // and which letters it has so
	all      string   // all words, a line each
	starts   []uint32 // where each word stands in all
	mentions lists    // of each word: place*8 + field

	subjectList, authorList, seriesList, languageList []Count
	bySlug                                            map[string]named
	names, spelling                                   []string // slugs and what they stand for, by number
	rooms                                             sync.Pool
}

// named is what a slug stands for.
type named struct {
	number                    uint32
	subject, author, language int32 // its place in the list, -1 when it is none of those
	series                    int32
}

// Count is a subject, author, series or language and how many titles it has.
type Count struct {
	Name   string
	Slug   string // for an address; of a language its tag
	SortAs string // folded, for an alphabetical list
	N      int
	Youth  int // of those for children; of a list only, not of a result
}

// lists holds a list for each number, one behind the other.
type lists struct{ from, list []uint32 }

func (l lists) of(n uint32) []uint32 { return l.list[l.from[n]:l.from[n+1]] }

// trait is what the filters ask of a title.
type trait struct {
	series   uint32
	language uint32
	kind     uint8
	youth    bool
	lent     bool
}

const (
	isEBook = iota
	isAudiobook
	kindCount
)

// Title is one title, also one that is withdrawn: who has it keeps it for a while.
func (s *Snapshot) Title(id string) (catalogue.Title, bool) {
	at, known := s.at[id]
	if !known {
		return catalogue.Title{}, false
	}
	return *s.titles[at].title, true
}

// Len is how many titles can be borrowed.
func (s *Snapshot) Len() int { return len(s.orders[ByName]) }

// Lent reports whether anything was borrowed of late, so that some titles are
// popular and others are not.
func (s *Snapshot) Lent() bool {
	order := s.orders[ByPopular]
	return len(order) > 0 && s.popular[order[0]] > 0
}

// Subjects lists what titles are about, in the order of the alphabet; Authors
// lists by family name, Series by name, Languages the one with most titles first.
func (s *Snapshot) Subjects() []Count  { return s.subjectList }
func (s *Snapshot) Authors() []Count   { return s.authorList }
func (s *Snapshot) Series() []Count    { return s.seriesList }
func (s *Snapshot) Languages() []Count { return s.languageList }

// Subject is the subject with a slug, Author the author, SeriesOf the series.
func (s *Snapshot) Subject(slug string) (Count, bool) {
	slug, _ = Topic(slug)
	return s.named(s.subjectList, slug, func(n named) int32 { return n.subject })
}

func (s *Snapshot) Author(slug string) (Count, bool) {
	return s.named(s.authorList, slug, func(n named) int32 { return n.author })
}

func (s *Snapshot) SeriesOf(slug string) (Count, bool) {
	return s.named(s.seriesList, slug, func(n named) int32 { return n.series })
}

func (s *Snapshot) named(list []Count, slug string, place func(named) int32) (Count, bool) {
	n, known := s.bySlug[slug]
	if !known || place(n) < 0 {
		return Count{}, false
	}
	return list[place(n)], true
}

func (s *Snapshot) lookedAt() time.Time { return *s.looked.Load() }

// snapshot counts and sorts the shelf. Counts are the loans of each title.
func (s *shelf) snapshot(counts map[string]int) *Snapshot {
	n := len(s.titles)
	o := &Snapshot{Version: s.version, titles: slices.Clone(s.titles), at: make(map[string]uint32, n),
		words: s.words.text[:len(s.words.text):len(s.words.text)], heard: s.sounds[:len(s.sounds):len(s.sounds)], names: s.names.text[:len(s.names.text):len(s.names.text)], spelling: s.spelling[:len(s.spelling):len(s.spelling)],
		popular: make([]int, n), traits: make([]trait, n)}
	o.rooms.New = func() any {
		return &room{first: make([]uint16, n), second: make([]uint16, n), word: make([]uint8, n), tally: make([]uint32, len(o.names))}
	}
	lent := make([]uint32, 0, n)
	for i, c := range o.titles {
		o.at[c.title.ID], o.popular[i] = uint32(i), counts[c.title.ID]
		o.traits[i] = trait{series: c.series, language: c.language, youth: c.title.Youth, lent: !c.title.Withdrawn}
		if c.title.Kind == catalogue.Audiobook {
			o.traits[i].kind = isAudiobook
		}
		if !c.title.Withdrawn {
			lent = append(lent, uint32(i))
		}
	}
	o.sort(lent)
	o.subjects = listsOf(n, func(i int) []uint32 { return o.titles[i].subjects })
	o.authors = listsOf(n, func(i int) []uint32 { return o.titles[i].authors })
	o.having = o.inverse()
	o.mention()
	o.count()
	return o
}

// sort makes the orders in which titles are shown.
func (s *Snapshot) sort(lent []uint32) {
	by := func(less func(a, b uint32) int) []uint32 {
		order := slices.Clone(lent)
		slices.SortFunc(order, less)
		return order
	}
	name := func(a, b uint32) int {
		return cmp.Or(strings.Compare(s.titles[a].sort, s.titles[b].sort), strings.Compare(s.titles[a].title.ID, s.titles[b].title.ID))
	}
	added := func(a, b uint32) int { return s.titles[b].title.AddedAt.Compare(s.titles[a].title.AddedAt) }
	s.orders[ByName] = by(name)
	s.orders[ByNew] = by(func(a, b uint32) int { return cmp.Or(added(a, b), name(a, b)) })
	s.orders[ByPopular] = by(func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.popular[b], s.popular[a]), added(a, b), name(a, b))
	})
	s.orders[ByRelevance] = s.orders[ByPopular] // among titles that fit a search as well
	for i, order := range s.orders {
		s.ranks[i] = make([]uint32, len(s.titles))
		for rank, at := range order {
			s.ranks[i][at] = uint32(rank)
		}
	}
}

// inverse lists the titles of each name.
func (s *Snapshot) inverse() lists {
	having := make([][]uint32, len(s.names))
	add := func(name, at uint32) {
		if list := having[name]; len(list) == 0 || list[len(list)-1] != at { // who wrote about themselves is named twice
			having[name] = append(list, at)
		}
	}
	for i, c := range s.titles {
		if !s.traits[i].lent {
			continue
		}
		for _, name := range slices.Concat(c.subjects, c.authors) {
			add(name, uint32(i))
		}
		if c.series != none {
			add(c.series, uint32(i))
		}
	}
	return listsOf(len(having), func(i int) []uint32 { return having[i] })
}

// mention lists for each word the titles in which it stands.
func (s *Snapshot) mention() {
	from := make([]uint32, len(s.words)+1)
	for i := range s.titles {
		if s.traits[i].lent {
			for _, m := range s.titles[i].mentions {
				from[m.word()+1]++
			}
		}
	}
	for i := range s.words {
		from[i+1] += from[i]
	}
	list, next := make([]uint32, from[len(s.words)]), slices.Clone(from)
	for i := range s.titles {
		if s.traits[i].lent {
			for _, m := range s.titles[i].mentions {
				list[next[m.word()]] = uint32(i)*8 + uint32(m.field())
				next[m.word()]++
			}
		}
	}
	s.mentions = lists{from, list}
	s.alphabet, s.starts = make([]uint32, len(s.words)), make([]uint32, len(s.words))
	s.letters, s.sounds = make([]uint64, len(s.words)), make([]uint64, len(s.words))
	s.all = strings.Join(s.words, "\n")
	at := 0
	for i, word := range s.words {
		s.alphabet[i], s.starts[i] = uint32(i), uint32(at)
		s.letters[i], s.sounds[i] = lettersOf(word), lettersOf(s.heard[i])
		at += len(word) + 1
	}
	slices.SortFunc(s.alphabet, func(a, b uint32) int { return strings.Compare(s.words[a], s.words[b]) })
}

// count makes the lists of subjects, authors, series and languages.
func (s *Snapshot) count() {
	var n, young [4][]int
	for i := range n {
		n[i], young[i] = make([]int, len(s.names)), make([]int, len(s.names))
	}
	for i, c := range s.titles {
		if !s.traits[i].lent {
			continue
		}
		count := func(kind int, names ...uint32) {
			for _, name := range names {
				if n[kind][name]++; s.traits[i].youth {
					young[kind][name]++
				}
			}
		}
		count(0, c.subjects...)
		count(1, c.authors...)
		if c.series != none {
			count(2, c.series)
		}
		count(3, c.language)
	}
	s.bySlug = make(map[string]named, len(s.names))
	for i, slug := range s.names {
		s.bySlug[slug] = named{uint32(i), -1, -1, -1, -1}
	}
	list := func(kind int, sortAs func(string) string, order func(a, b Count) int, keep func(*named, int32)) []Count {
		var list []Count
		for i, n := range n[kind] {
			if n > 0 {
				list = append(list, Count{s.spelling[i], s.names[i], sortAs(s.spelling[i]), n, young[kind][i]})
			}
		}
		slices.SortFunc(list, func(a, b Count) int { return cmp.Or(order(a, b), strings.Compare(a.Slug, b.Slug)) })
		for at, c := range list {
			n := s.bySlug[c.Slug]
			keep(&n, int32(at))
			s.bySlug[c.Slug] = n
		}
		return list
	}
	alphabet := func(a, b Count) int { return strings.Compare(a.SortAs, b.SortAs) }
	most := func(a, b Count) int { return cmp.Compare(b.N, a.N) }
	s.subjectList = list(0, catalogue.Fold, alphabet, func(n *named, at int32) { n.subject = at })
	s.authorList = list(1, familyFirst, alphabet, func(n *named, at int32) { n.author = at })
	s.seriesList = list(2, func(name string) string { return withoutArticle(catalogue.Fold(name)) }, alphabet, func(n *named, at int32) { n.series = at })
	s.languageList = list(3, catalogue.Fold, most, func(n *named, at int32) { n.language = at })
}

func listsOf(n int, of func(int) []uint32) lists {
	l := lists{from: make([]uint32, n+1)}
	for i := range n {
		l.list = append(l.list, of(i)...)
		l.from[i+1] = uint32(len(l.list))
	}
	return l
}
