package index

import (
	"strings"
	"time"
	"unique"

	"lidwoord/reading/catalogue"
)

// shelf is what snapshots are made of. It grows with the catalogue: a title that
// changed is read anew, and a snapshot only counts and sorts what is ready here.
// Words and names get a number that they keep, so that it counts numbers.
type shelf struct {
	version  int64
	changed  time.Time
	titles   []card
	at       map[string]uint32 // id of a title → its place in titles
	words    numbers
	sounds   []string // of each word, see mistake.go
	names    numbers  // subjects, authors, series and languages by slug
	spelling []string
}

// numbers gives each text a number, in the order in which they came.
type numbers struct {
	of   map[string]uint32
	text []string
}

func (n *numbers) number(text string) (number uint32, fresh bool) {
	number, known := n.of[text]
	if !known {
		number = uint32(len(n.text))
		text = strings.Clone(text)
		n.of[text] = number
		n.text = append(n.text, text)
	}
	return number, !known
}

// card is one title, as the search sees it.
type card struct {
	title    *catalogue.Title
	sort     string // its name in the alphabet, folded and without the article
	name     string // its name, folded
	mentions []mention
	subjects []uint32
	authors  []uint32
	series   uint32 // none when it stands alone
	language uint32
}

// none is the number of nothing.
const none = ^uint32(0)

// mention is a word in a title: its number, and the field in which it stands.
type mention uint32

// Fields, from the one that tells most. A title's ISBN is found like its name.
const (
	inName = iota
	inAuthor
	inSeries
	inSubtitle
	inPeople
	inSubject
	inAbout // the description
	fields
)

func (m mention) word() uint32 { return uint32(m) / 8 }
func (m mention) field() int   { return int(m) % 8 }

func newShelf() shelf {
	return shelf{at: map[string]uint32{}, words: numbers{of: map[string]uint32{}}, names: numbers{of: map[string]uint32{}}}
}

// put takes in what changed in the catalogue.
func (s *shelf) put(changed []catalogue.Title, version int64) {
	for i := range changed {
		c := s.card(&changed[i])
		at, known := s.at[c.title.ID]
		if known {
			s.titles[at] = c
			continue
		}
		s.at[c.title.ID] = uint32(len(s.titles))
		s.titles = append(s.titles, c)
	}
	s.version = version
}

func (s *shelf) card(from *catalogue.Title) card {
	t := lean(*from)
	c := card{title: &t, name: catalogue.Fold(t.Name), series: none, language: s.named(tag(t.Language), tag(t.Language))}
	c.sort = withoutArticle(c.name)
	best := map[uint32]int{}
	var order []uint32
	add := func(field int, folded string) {
		for word := range strings.FieldsSeq(folded) {
			number, fresh := s.words.number(word)
			if fresh {
				s.sounds = append(s.sounds, soundOf(s.words.text[number]))
			}
			was, twice := best[number]
			if !twice {
				order = append(order, number)
			}
			if !twice || field < was {
				best[number] = field
			}
		}
	}
	add(inName, c.name)
	add(inName, t.ISBN)
	add(inSubtitle, catalogue.Fold(t.Subtitle))
	for _, p := range t.Contributors {
		field := inPeople
		if p.Role == "aut" {
			field = inAuthor
			if slug := Slug(p.Name); slug != "" {
				c.authors = append(c.authors, s.named(slug, p.Name))
			}
		}
		add(field, catalogue.Fold(p.Name))
	}
	if slug := Slug(t.Series); slug != "" {
		c.series = s.named(slug, t.Series)
		add(inSeries, catalogue.Fold(t.Series))
	}
	for _, subject := range Subjects(t.Subjects) {
		c.subjects = append(c.subjects, s.named(subject.Slug, subject.Name))
		add(inSubject, catalogue.Fold(subject.Name))
		add(inSubject, strings.ReplaceAll(subject.Slug, "-", " "))
	}
	add(inAbout, catalogue.Fold(t.Description))
	c.mentions = make([]mention, len(order))
	for i, number := range order {
		c.mentions[i] = mention(number*8 + uint32(best[number]))
	}
	return c
}

// named is the number of a name by its slug; the first spelling is the one shown.
func (s *shelf) named(slug, spelling string) uint32 {
	number, fresh := s.names.number(slug)
	if fresh {
		s.spelling = append(s.spelling, spelling)
	}
	return number
}

// lean lets titles share what many of them say in the same words.
func lean(t catalogue.Title) catalogue.Title {
	share := func(text *string) { *text = unique.Make(*text).Value() }
	for _, text := range []*string{&t.Language, &t.Publisher, &t.Series, &t.Rights, &t.Cover, &t.Access.Summary, (*string)(&t.Kind)} {
		share(text)
	}
	for _, list := range [][]string{t.Subjects, t.Access.Modes, t.Access.Sufficient, t.Access.Features, t.Access.Hazards} {
		for i := range list {
			share(&list[i])
		}
	}
	for i := range t.Contributors {
		c := &t.Contributors[i]
		share(&c.Name)
		share(&c.Role)
		share(&c.SortAs)
	}
	return t
}
