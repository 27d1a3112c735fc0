package opds

import (
	"time"

	"lidwoord/base/words"
)

// document is an OPDS 2.0 feed. A list that is empty is left out, but for the one that
// a feed is about: see writeJSON.
type document struct {
	Metadata     about         `json:"metadata"`
	Links        []link        `json:"links"`
	Facets       []section     `json:"facets,omitempty"`
	Navigation   []link        `json:"navigation,omitzero"`
	Groups       []section     `json:"groups,omitempty"`
	Publications []publication `json:"publications,omitzero"`
}

// about is the metadata of a feed, group or facet.
type about struct {
	Title         string `json:"title"`
	Subtitle      string `json:"subtitle,omitempty"`
	Modified      string `json:"modified,omitempty"`
	NumberOfItems *int   `json:"numberOfItems,omitempty"`
	ItemsPerPage  int    `json:"itemsPerPage,omitempty"`
	CurrentPage   int    `json:"currentPage,omitempty"`
}

type section struct {
	Metadata     about         `json:"metadata"`
	Links        []link        `json:"links,omitempty"`
	Publications []publication `json:"publications,omitempty"`
}

// writeJSON writes a feed in OPDS 2.0.
func (s *Site) writeJSON(f *feed, lang words.Lang) ([]byte, error) {
	to := func(path string) string { return s.address("/v2" + path) }
	d := document{Metadata: about{Title: f.title, Subtitle: f.meant}}
	if !f.updated.IsZero() {
		d.Metadata.Modified = f.updated.UTC().Format(time.RFC3339)
	}
	d.Links = []link{{Rel: "self", Href: to(f.path), Type: feedType},
		{Rel: "start", Href: to("/"), Type: feedType, Title: s.Words.Text(lang, "opds.title", s.Brand.Name)},
		{Rel: "search", Href: to("/titles{?query}"), Type: feedType, Templated: true},
		{Rel: relShelf, Href: to("/shelf"), Type: feedType, Title: s.Words.Text(lang, "opds.shelf"), Properties: &properties{Authenticate: s.address("/auth")}},
		{Rel: "profile", Href: to("/profile"), Type: profileType, Properties: &properties{Authenticate: s.address("/auth")}},
		{Rel: relAuth, Href: s.address("/auth"), Type: authType},
		{Rel: "alternate", Href: s.address("/v1" + f.path), Type: f.atomType()}}
	if f.path == "/shelf" { // all of it, on one page
		d.Metadata.NumberOfItems = &f.total
	}
	if f.turn != nil {
		d.Metadata.NumberOfItems, d.Metadata.ItemsPerPage, d.Metadata.CurrentPage = &f.total, pageSize, f.page
		for _, t := range f.turns() {
			d.Links = append(d.Links, link{Rel: t.rel, Href: to(t.path), Type: feedType})
		}
	}
	for _, c := range f.choices {
		l := link{Rel: rel(c), Href: to(c.path), Type: feedType, Title: c.title}
		if c.n > 0 {
			l.Properties = &properties{NumberOfItems: c.n}
		}
		d.Navigation = append(d.Navigation, l)
	}
	for _, g := range f.groups {
		self := link{Rel: "self", Href: to(g.path), Type: feedType, Title: g.title}
		if g.rel != "" {
			self.Rel = []string{"self", g.rel}
		}
		d.Groups = append(d.Groups, section{Metadata: about{Title: g.title, NumberOfItems: &g.total}, Links: []link{self}, Publications: s.publications(g.items, lang)})
	}
	for _, x := range f.facets {
		one := section{Metadata: about{Title: x.title}}
		for _, o := range x.options {
			l := link{Href: to(o.path), Type: feedType, Title: o.title}
			if o.n > 0 {
				l.Properties = &properties{NumberOfItems: o.n}
			}
			if o.here {
				l.Rel = "self"
			}
			one.Links = append(one.Links, l)
		}
		d.Facets = append(d.Facets, one)
	}
	d.Publications = s.publications(f.items, lang)
	// The schema wants a list, and no empty one, which nothing can satisfy that found
	// nothing. An empty list is what servers of Palace send and what every parser takes;
	// an entry that we make up looks like something that was found.
	switch {
	case len(f.items)+len(f.choices)+len(f.groups) > 0:
	case f.names:
		d.Navigation = []link{}
	default:
		d.Publications = []publication{}
	}
	return marshal(d)
}

func (s *Site) publications(items []item, lang words.Lang) (list []publication) {
	for n := range items {
		list = append(list, s.publication(&items[n], lang))
	}
	return list
}

func rel(c choice) string {
	if c.rel == "" {
		return "subsection"
	}
	return c.rel
}

// turn is a link to another page of a feed.
type turn struct{ rel, path string }

// turns are the other pages that there are.
func (f *feed) turns() (list []turn) {
	last := f.pages()
	add := func(rel string, page int, is bool) {
		if is {
			list = append(list, turn{rel, f.turn(page)})
		}
	}
	add("first", 1, last > 1)
	add("previous", min(f.page-1, last), f.page > 1)
	add("next", f.page+1, f.page < last)
	add("last", last, last > 1)
	return list
}
