package opds

import (
	"time"

	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// version is a form in which we write feeds; also the name of its addresses.
type version string

const (
	v1 version = "v1" // OPDS 1.2, Atom
	v2 version = "v2" // OPDS 2.0, JSON
)

// feed is what both forms say in their own words.
type feed struct {
	path    string // its address below the version
	title   string
	updated time.Time
	total   int // of all its pages; 0 when it is no list of pages
	page    int
	turn    func(page int) string // the address of another page
	choices []choice              // ways on
	items   []item
	groups  []group
	facets  []facet
	meant   string // how a search was read, when mistakes were forgiven
}

// choice is a way on to another feed.
type choice struct {
	title string
	about string
	path  string
	rel   string // "" is subsection
	n     int    // titles behind it; 0 is not said
}

// item is a title, with its loan when the reader has it.
type item struct {
	catalogue.Title
	loan   *loan.Loan
	extend bool // the loan can be extended now
}

// group is a shelf on the start, from which one may go on.
type group struct {
	title string
	path  string
	rel   string
	total int
	items []item
}

// facet is one thing by which a list may be narrowed or put in order.
type facet struct {
	title   string
	options []option
}

type option struct {
	title string
	path  string
	n     int
	here  bool
}

// pages is how many pages a feed has.
func (f *feed) pages() int { return max(1, (f.total+pageSize-1)/pageSize) }

// empty gives a feed without anything a way back: a list without entries is not
// allowed in either form, and a person with an empty screen wants to go on.
func (s *Site) empty(f *feed, lang words.Lang) {
	if len(f.items)+len(f.choices)+len(f.groups) > 0 {
		return
	}
	f.choices = []choice{{title: s.Words.Text(lang, "opds.back"), about: s.Words.Text(lang, "opds.nothing"), path: "/", rel: "start"}}
}

// shelved are titles without loans.
func shelved(titles []catalogue.Title) []item {
	items := make([]item, len(titles))
	for i, t := range titles {
		items[i].Title = t
	}
	return items
}

// newest is the last moment at which one of the titles came in. It is what a feed
// can honestly say of its own age.
func newest(items []item) time.Time {
	var at time.Time
	for _, i := range items {
		if i.AddedAt.After(at) {
			at = i.AddedAt
		}
	}
	return at
}
