package opds

import (
	"time"

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
	names   bool                  // it lists ways on, also when there are none
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
	loan    *loan.Loan
	extend  bool      // the loan can be extended now
	refused error     // why this reader cannot borrow it; nil for who can, and for everyone
	asked   time.Time // of a title as its reader sees it: the moment of the answer
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

// changed is when an item last changed, as far as it says. What a reader can do with a
// title changes with a loan, of which no instant is kept: so that apps which merge what
// they know by this moment see it, a reader's own item is as new as the answer.
func (i *item) changed() time.Time {
	if i.asked.After(i.AddedAt) {
		return i.asked
	}
	return i.AddedAt
}

// pages is how many pages a feed has.
func (f *feed) pages() int { return max(1, (f.total+pageSize-1)/pageSize) }

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
