package reading

import (
	"net/http"
	"net/url"
	"strconv"

	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/web/kit"
)

// Names in the address of a list, as visitors see them.
const (
	paramText     = "zoek"
	paramKind     = "soort"
	paramYouth    = "jeugd"
	paramLanguage = "leestaal" // "taal" is the language of the page
	paramSubject  = "onderwerp"
	paramSort     = "volgorde"
	paramPage     = "pagina"
)

var (
	kinds = map[string]catalogue.Kind{"e-book": catalogue.EBook, "luisterboek": catalogue.Audiobook}
	sorts = map[string]index.Sort{"best": index.ByRelevance, "titel": index.ByName, "nieuw": index.ByNew, "populair": index.ByPopular}
	// sortNames are the sorts in the order in which they are offered.
	sortNames = []string{"best", "populair", "nieuw", "titel"}
)

// everyone is the value of paramYouth by which who borrows titles for children only
// sees the others too.
const everyone = "nee"

// place is a list of titles: the address where it stands, and what all of it has
// in common.
type place struct {
	path  string // below the door
	name  string // its heading
	intro string // a line under it, ""
	up    link   // the list of which it is one
	query index.Query
	sort  string // the sort that it has by itself
	young bool   // for who borrows titles for children only: it begins with these
}

// link is a link with its words.
type link struct {
	Href, Text string
	N          int
	Here       bool
	Unknown    bool // the language of Text is
}

// listPage is a list of titles, a page of it.
type listPage struct {
	finder
	Name    string
	Intro   string
	Up      link
	Cards   []card
	Total   int
	Meant   string  // how the search was read
	As      string  // what was searched, when it was read otherwise
	Groups  []group // filters
	Sorts   []link
	Pages   []link // an empty Href is a gap
	Prev    string
	Next    string
	From    int // number of the first title on the page
	To      int
	Without link   // the same without filters, when that finds more
	Young   link   // for who borrows titles for children only: the way to the others, and back
	Perhaps []card // something else to read, when nothing was found
}

// group is one filter with its choices.
type group struct {
	Name    string
	Choices []link
}

// Filtered reports whether a filter is on.
func (p listPage) Filtered() bool { return p.Without.Href != "" }

// YoungOnly reports whether titles are left out that a youth membership does not lend.
func (p listPage) YoungOnly() bool { return p.Young.N > 0 }

// list shows the titles of a place, with the filters, the sort and the page that
// the address asks for.
func (s *Site) list(w http.ResponseWriter, r *http.Request, of *index.Snapshot, at place) error {
	whom, err := s.audience(r)
	if err != nil {
		return err
	}
	at.young = whom == young && !at.query.Youth
	return s.ready(w, r, of, page{name: "list", version: string(whom), make: func() (any, error) { return s.listPage(r, of, at), nil }})
}

func (s *Site) listPage(r *http.Request, of *index.Snapshot, at place) listPage {
	lang, asked := kit.VisitOf(r).Lang, r.URL.Query()
	q, now := at.query, url.Values{}
	take := func(param string, good bool) {
		if good {
			now.Set(param, asked.Get(param))
		}
	}
	if text := clip(asked.Get(paramText)); text != "" {
		q.Text = text
		now.Set(paramText, text)
	}
	if at.young {
		q.Youth = asked.Get(paramYouth) != everyone
		take(paramYouth, !q.Youth)
	}
	bare, begins := s.address(at, now), q
	if kind, known := kinds[asked.Get(paramKind)]; known && at.query.Kind == "" {
		q.Kind = kind
		take(paramKind, true)
	}
	if youth := asked.Get(paramYouth); youth != "" && youth != everyone && !at.query.Youth && !at.young {
		q.Youth = true
		now.Set(paramYouth, "ja")
	}
	if q.Language = asked.Get(paramLanguage); q.Language != "" {
		take(paramLanguage, true)
	}
	if _, known := of.Subject(asked.Get(paramSubject)); known && at.query.Subject == "" {
		q.Subject = asked.Get(paramSubject)
		take(paramSubject, true)
	}
	filtered := s.address(at, now) != bare
	sort := at.sort
	if _, known := sorts[asked.Get(paramSort)]; known && asked.Get(paramSort) != at.sort {
		sort = asked.Get(paramSort)
		take(paramSort, true)
	}
	q.Sort, q.Limit = sorts[sort], index.PageSize
	number := pageNumber(asked)
	q.Skip = (number - 1) * q.Limit
	found := of.Find(q)
	if last := max(1, (found.Total+q.Limit-1)/q.Limit); number > last {
		number, q.Skip = last, (last-1)*q.Limit
		found = of.Find(q)
	}
	p := listPage{finder: s.finder(lang, at.path), Name: at.name, Intro: at.intro, Up: at.up, Cards: s.cards(lang, found.Titles), Total: found.Total,
		From: q.Skip + 1, To: q.Skip + len(found.Titles)}
	p.Text = q.Text
	for _, name := range []string{paramKind, paramYouth, paramLanguage} {
		if q.Text != "" && now.Has(name) {
			p.Keep = append(p.Keep, link{Href: name, Text: now.Get(name)})
		}
	}
	if found.Meant != "" {
		p.Meant, p.As = found.Meant, q.Text
	}
	p.Groups = s.groups(lang, of, at, now, q, found)
	for _, name := range sortNames {
		if name == "best" && q.Text == "" && q.Series == "" {
			continue
		}
		p.Sorts = append(p.Sorts, link{Href: s.address(at, now, paramSort, unless(name, at.sort)), Text: s.Words.Text(lang, "reading.sort_"+name), Here: name == sort})
	}
	p.turn(number, (found.Total+q.Limit-1)/q.Limit, func(n int) string {
		return s.address(at, now, paramPage, unless(strconv.Itoa(n), "1"))
	})
	if filtered {
		begins.Limit = 1
		p.Without = link{Href: bare, N: of.Find(begins).Total}
	}
	s.youngList(lang, &p, of, at, now, q)
	if found.Total == 0 {
		p.Perhaps = s.cards(lang, of.First(index.Query{Sort: index.ByPopular, Youth: q.Youth, Limit: rowLength}))
	}
	return p
}

// youngList adds what a list says to who borrows titles for children only: the way
// to what is left out; and when nothing is, which titles are not for them.
func (s *Site) youngList(lang words.Lang, p *listPage, of *index.Snapshot, at place, now url.Values, q index.Query) {
	switch {
	case !at.young:
	case q.Youth:
		q.Youth, q.Skip, q.Limit = false, 0, 1
		if more := of.Find(q).Total - p.Total; more > 0 {
			p.Young = link{Href: s.address(at, now, paramYouth, everyone), N: more}
		}
	default:
		p.Young = link{Href: s.address(at, now, paramYouth, "")}
		for i := range p.Cards {
			if !p.Cards[i].youth {
				p.Cards[i].Grown = s.Words.Text(lang, "reading.grown")
			}
		}
	}
}

// groups are the filters of a list, with how many titles each choice has. A filter
// that would change nothing is not offered.
func (s *Site) groups(lang words.Lang, of *index.Snapshot, at place, now url.Values, q index.Query, found index.Result) []group {
	text := func(key string, args ...any) string { return s.Words.Text(lang, key, args...) }
	all, youth := 0, found.Facets.Youth
	for _, k := range found.Facets.Kinds {
		all += k.N
	}
	var groups []group
	add := func(name string, choices []link) {
		if len(choices) > 2 || len(choices) == 2 && (choices[1].Here || choices[0].N > choices[1].N) {
			groups = append(groups, group{text(name), choices})
		}
	}
	if at.query.Kind == "" {
		choices := []link{{Href: s.address(at, now, paramKind, ""), Text: text("reading.kind_"), N: all, Here: q.Kind == ""}}
		for i, name := range []string{"e-book", "luisterboek"} {
			if k := found.Facets.Kinds; len(k) > 0 && k[i].N > 0 || q.Kind == kinds[name] {
				choices = append(choices, link{Href: s.address(at, now, paramKind, name), Text: text("reading.kind_" + name), N: k[i].N, Here: q.Kind == kinds[name]})
			}
		}
		add("reading.kinds", choices)
	}
	if !at.query.Youth && (youth > 0 || q.Youth) {
		all, only := "", "ja"
		if at.young {
			all, only = everyone, ""
		}
		choices := []link{{Href: s.address(at, now, paramYouth, all), Text: text("reading.everyone"), Here: !q.Youth, N: found.Total},
			{Href: s.address(at, now, paramYouth, only), Text: text("reading.youth"), N: youth, Here: q.Youth}}
		if q.Youth {
			choices[0].N = 0 // not counted
		}
		add("reading.for_whom", choices)
	}
	languages := []link{{Href: s.address(at, now, paramLanguage, ""), Text: text("reading.every_language"), Here: q.Language == ""}}
	for _, l := range found.Facets.Languages {
		languages[0].N += l.N
		if l.Slug != "" {
			languages = append(languages, link{Href: s.address(at, now, paramLanguage, l.Slug), Text: languageName(lang, l.Slug), N: l.N, Here: q.Language == l.Slug})
		}
	}
	add("reading.language", languages)
	if at.query.Subject == "" {
		var choices []link
		if c, on := of.Subject(q.Subject); on {
			on := s.about(lang, c)
			on.Href, on.N, on.Here = s.address(at, now, paramSubject, c.Slug), found.Total, true
			choices = append(choices, link{Href: s.address(at, now, paramSubject, ""), Text: text("reading.every_subject")}, on)
		}
		for _, c := range found.Facets.Subjects {
			if c.N < found.Total || q.Subject != "" {
				choice := s.about(lang, c)
				choice.Href = s.address(at, now, paramSubject, c.Slug)
				choices = append(choices, choice)
			}
		}
		if len(choices) > 1 {
			groups = append(groups, group{text("reading.subjects"), choices})
		}
	}
	return groups
}

// address is the address of a place with other choices: pairs of a name and what
// it becomes, "" for taking it away. Whoever chooses begins at the first page.
func (s *Site) address(at place, now url.Values, changes ...string) string {
	v := url.Values{}
	for name, values := range now {
		v[name] = values
	}
	for i := 0; i < len(changes); i += 2 {
		if v.Del(changes[i]); changes[i+1] != "" {
			v.Set(changes[i], changes[i+1])
		}
	}
	if len(v) == 0 {
		return s.Link("%s", at.path)
	}
	return s.Link("%s", at.path) + "?" + v.Encode()
}

func unless(value, not string) string {
	if value == not {
		return ""
	}
	return value
}

func pageNumber(q url.Values) int {
	number, err := strconv.Atoi(q.Get(paramPage))
	if err != nil {
		return 1
	}
	return max(1, min(number, 1_000_000))
}

// turn makes the links to other pages: the first, the last and those around this
// one.
func (p *listPage) turn(number, last int, to func(int) string) {
	if last < 2 {
		return
	}
	if number > 1 {
		p.Prev = to(number - 1)
	}
	if number < last {
		p.Next = to(number + 1)
	}
	for n := 1; n <= last; n++ {
		near := n >= number-1 && n <= number+1 || number <= 3 && n <= 4 || number >= last-2 && n >= last-3
		switch {
		case n == 1, n == last, near:
			p.Pages = append(p.Pages, link{Href: to(n), N: n, Here: n == number})
		case n < number:
			p.Pages, n = append(p.Pages, link{}), max(n, min(number-2, last-4))
		default:
			p.Pages, n = append(p.Pages, link{}), last-1
		}
	}
}

// clip keeps what was typed short.
func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}
