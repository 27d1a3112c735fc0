package opds

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
)

// groupSize is how many titles a group on the start shows.
const groupSize = 12

// maker makes a feed for everyone from the catalogue in memory.
type maker func(*index.Snapshot, wish, words.Lang) (*feed, error)

// start is where apps begin.
func (s *Site) start(now *index.Snapshot, w wish, lang words.Lang) (*feed, error) {
	f := &feed{path: "/", title: s.Words.Text(lang, "opds.title", s.Brand.Name)}
	for _, g := range []struct {
		key, rel string
		wish     wish
	}{
		{"opds.new", relNew, wish{sort: "new"}},
		{"opds.popular", relPopular, wish{sort: "popular"}},
		{"opds.youth", "", wish{youth: true, sort: "popular"}},
		{"opds.audiobooks", "", wish{kind: catalogue.Audiobook, sort: "popular"}},
	} {
		q := g.wish.query()
		q.Skip, q.Limit = 0, groupSize
		found := now.Find(q)
		if len(found.Titles) == 0 {
			continue
		}
		items := shelved(found.Titles)
		if at := newest(items); at.After(f.updated) {
			f.updated = at
		}
		f.groups = append(f.groups, group{title: s.Words.Text(lang, g.key), path: g.wish.path(), rel: g.rel, total: found.Total, items: items})
	}
	for _, c := range []choice{
		{title: s.Words.Text(lang, "opds.all"), path: wish{sort: "name"}.path(), n: now.Len()},
		{title: s.Words.Text(lang, "opds.ebooks"), path: wish{kind: catalogue.EBook, sort: "name"}.path(), n: now.Find(index.Query{Kind: catalogue.EBook, Limit: 1}).Total},
		{title: s.Words.Text(lang, "opds.subjects"), path: "/subjects", n: len(now.Subjects())},
		{title: s.Words.Text(lang, "opds.authors"), path: "/authors", n: len(now.Authors())},
		{title: s.Words.Text(lang, "opds.languages"), path: "/languages", n: len(now.Languages())},
		{title: s.Words.Text(lang, "opds.shelf"), about: s.Words.Text(lang, "opds.shelf_about"), path: "/shelf", rel: relShelf},
	} {
		f.choices = append(f.choices, c)
	}
	return f, nil
}

// titles is any list of titles.
func (s *Site) titles(now *index.Snapshot, w wish, lang words.Lang) (*feed, error) {
	found := s.find(now, w)
	f := &feed{path: w.path(), title: s.heading(now, w, lang), total: found.Total, page: w.page, items: shelved(found.Titles),
		turn: func(page int) string { w := w; w.page = page; return w.path() }}
	f.updated = newest(f.items)
	if found.Meant != "" {
		f.meant = s.Words.Text(lang, "opds.meant", found.Meant)
	}
	if found.Total > 0 && len(found.Facets.Kinds) > 0 {
		f.facets = s.facets(w, found, lang)
	}
	return f, nil
}

// find finds titles, or the one that a number names, whatever else is asked for.
func (s *Site) find(now *index.Snapshot, w wish) index.Result {
	if t, known := now.Numbered(w.text); known && w.text != "" {
		return index.Result{Titles: []catalogue.Title{t}[:max(0, 2-w.page)], Total: 1}
	}
	q := w.query()
	for _, name := range []string{"urn:isbn:", "isbn:", "isbn "} {
		if len(q.Text) > len(name) && strings.EqualFold(q.Text[:len(name)], name) {
			q.Text = q.Text[len(name):]
		}
	}
	return now.Find(q)
}

// heading says what a list is of.
func (s *Site) heading(now *index.Snapshot, w wish, lang words.Lang) string {
	var parts []string
	add := func(c index.Count, known bool) {
		if known {
			parts = append(parts, c.Name)
		}
	}
	if w.text != "" {
		parts = append(parts, s.Words.Text(lang, "opds.search_of", w.text))
	}
	add(now.Author(w.author))
	add(now.SeriesOf(w.series))
	add(now.Subject(w.subject))
	if w.youth {
		parts = append(parts, s.Words.Text(lang, "opds.youth"))
	}
	switch {
	case w.kind == catalogue.Audiobook:
		parts = append(parts, s.Words.Text(lang, "opds.audiobooks"))
	case w.kind == catalogue.EBook:
		parts = append(parts, s.Words.Text(lang, "opds.ebooks"))
	}
	if w.language != "" {
		parts = append(parts, languageName(w.language, lang))
	}
	if len(parts) > 0 {
		return strings.Join(parts, " · ")
	}
	return s.Words.Text(lang, map[string]string{"new": "opds.new", "popular": "opds.popular", "name": "opds.all", "": "opds.all"}[w.sort])
}

// facets are the ways to narrow a list or to put it in another order.
func (s *Site) facets(w wish, found index.Result, lang words.Lang) []facet {
	text := func(key string) string { return s.Words.Text(lang, key) }
	to := func(title string, n int, here bool, choose func(*wish)) option {
		return option{title: title, path: w.first(choose).path(), n: n, here: here}
	}
	both := 0
	for _, c := range found.Facets.Kinds {
		both += c.N
	}
	kinds := facet{title: text("opds.kind"), options: []option{to(text("opds.both"), both, w.kind == "", func(w *wish) { w.kind = "" })}}
	for _, c := range found.Facets.Kinds {
		kind, key := catalogue.Kind(c.Slug), "opds.ebooks"
		if kind == catalogue.Audiobook {
			key = "opds.audiobooks"
		}
		if c.N > 0 {
			kinds.options = append(kinds.options, to(text(key), c.N, w.kind == kind, func(w *wish) { w.kind = kind }))
		}
	}
	readers := facet{title: text("opds.readers"), options: []option{to(text("opds.everyone"), 0, !w.youth, func(w *wish) { w.youth = false })}}
	if found.Facets.Youth > 0 || w.youth {
		readers.options = append(readers.options, to(text("opds.youth"), found.Facets.Youth, w.youth, func(w *wish) { w.youth = true }))
	}
	tongues := facet{title: text("opds.language"), options: []option{to(text("opds.all_languages"), 0, w.language == "", func(w *wish) { w.language = "" })}}
	for _, c := range found.Facets.Languages[:min(len(found.Facets.Languages), languagesMost)] {
		tongues.options = append(tongues.options, to(languageName(c.Slug, lang), c.N, w.language == c.Slug, func(w *wish) { w.language = c.Slug }))
	}
	subjects := facet{title: text("opds.subject")}
	if w.subject != "" || len(found.Facets.Subjects) > 0 {
		subjects.options = append(subjects.options, to(text("opds.all_subjects"), 0, w.subject == "", func(w *wish) { w.subject = "" }))
	}
	for _, c := range found.Facets.Subjects {
		subjects.options = append(subjects.options, to(c.Name, c.N, w.subject == c.Slug, func(w *wish) { w.subject = c.Slug }))
	}
	order := facet{title: text("opds.order")}
	for _, o := range []struct{ sort, key string }{{"", "opds.by_relevance"}, {"new", "opds.by_new"}, {"popular", "opds.by_popular"}, {"name", "opds.by_name"}} {
		if o.sort == "" && w.text == "" && w.sort != "" {
			continue // without a search there is nothing to fit
		}
		order.options = append(order.options, to(text(o.key), 0, w.sort == o.sort, func(w *wish) { w.sort = o.sort }))
	}
	var list []facet
	for _, f := range []facet{kinds, readers, tongues, subjects, order} {
		if len(f.options) > 1 { // one way is no choice
			list = append(list, f)
		}
	}
	return list
}

// languagesMost is how many languages a facet shows; all of them have a list of
// their own.
const languagesMost = 12

func (s *Site) subjects(now *index.Snapshot, w wish, lang words.Lang) (*feed, error) {
	f := &feed{path: "/subjects", title: s.Words.Text(lang, "opds.subjects"), page: w.page}
	return s.names(f, lang, now.Subjects(), func(c index.Count) wish { return wish{subject: c.Slug} })
}

func (s *Site) authors(now *index.Snapshot, w wish, lang words.Lang) (*feed, error) {
	f := &feed{path: "/authors", title: s.Words.Text(lang, "opds.authors"), page: w.page}
	return s.names(f, lang, now.Authors(), func(c index.Count) wish { return wish{author: c.Slug} })
}

func (s *Site) languages(now *index.Snapshot, w wish, lang words.Lang) (*feed, error) {
	f := &feed{path: "/languages", title: s.Words.Text(lang, "opds.languages"), page: w.page}
	list := make([]index.Count, 0, len(now.Languages()))
	for _, c := range now.Languages() {
		if c.Slug != "" {
			c.Name = languageName(c.Slug, lang)
			list = append(list, c)
		}
	}
	return s.names(f, lang, list, func(c index.Count) wish { return wish{language: c.Slug, sort: "popular"} })
}

// names makes a feed a list of names to choose from, by the page.
func (s *Site) names(f *feed, lang words.Lang, list []index.Count, to func(index.Count) wish) (*feed, error) {
	skip, path := min((f.page-1)*pageSize, len(list)), f.path
	f.names = true
	f.turn = func(page int) string { return wish{page: page}.at(path) }
	f.path, f.total = f.turn(f.page), len(list)
	for _, c := range list[skip:min(skip+pageSize, len(list))] {
		f.choices = append(f.choices, choice{title: c.Name, about: s.Words.Text(lang, "opds.titles", c.N), path: to(c).path(), n: c.N})
	}
	return f, nil
}

// languageName is the name of a language in the language of who asks.
func languageName(tag string, lang words.Lang) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	named := display.Languages(language.Make(string(lang))).Name(t)
	if named == "" {
		return tag
	}
	return strings.ToUpper(named[:1]) + named[1:]
}

// openSearch tells apps of OPDS 1.2 how to search.
func (s *Site) openSearch(w http.ResponseWriter, r *request) error {
	var e element
	e.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">` + "\n")
	e.text("ShortName", shorten(s.Brand.Name, 16))
	e.text("Description", s.Words.Text(r.lang, "opds.search_about"))
	e.text("InputEncoding", "UTF-8")
	e.text("OutputEncoding", "UTF-8")
	e.open("/>", "Url", "type", acquisitionType, "template", s.address("/v1/titles?query={searchTerms}"))
	e.open("/>", "Url", "type", feedType, "template", s.address("/v2/titles?query={searchTerms}"))
	e.text("Language", string(r.lang))
	e.WriteString("</OpenSearchDescription>\n")
	h := w.Header()
	h.Set("Content-Type", searchType)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Vary", "Accept-Language")
	h.Set("Content-Length", strconv.Itoa(e.Len()))
	_, err := e.WriteTo(w)
	return err
}

// shorten cuts a name at the last word that fits: OpenSearch wants 16 letters.
func shorten(name string, most int) string {
	r := []rune(name)
	if len(r) <= most {
		return name
	}
	cut := string(r[:most])
	if at := strings.LastIndex(cut, " "); at > 0 {
		cut = cut[:at]
	}
	return cut
}
