package reading

import (
	"net/http"
	"slices"
	"time"

	"lidwoord/base/fault"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// minePage is what a reader has on loan.
type minePage struct {
	Loans   []shelfLoan // what can be extended on top, then the first to go back
	Now     time.Time
	Rules   loan.Rules // the zero Rules for who may borrow nothing
	Rooms   []shelfRoom
	refusal           // why nothing more can be borrowed
	Back    givenBack // what was given back a moment ago, the zero value for nothing
	Lent    bool      // Back is on loan again, from another device, and not begun
}

// shelfLoan is a loan with its cover.
type shelfLoan struct {
	loan.Loan
	Picture picture
}

// Percent is how far the reader is, for who sees no bar.
func (l shelfLoan) Percent() int { return max(1, l.Progress/10) }

// shelfRoom is how much of the room for one kind is taken.
type shelfRoom struct {
	Kind catalogue.Kind
	Has  int
	Most int
}

// Full reports whether nothing more of the kind can be borrowed.
func (r shelfRoom) Full() bool { return r.Has >= r.Most }

// Full reports whether of some kind nothing more can be borrowed.
func (p minePage) Full() bool { return slices.ContainsFunc(p.Rooms, shelfRoom.Full) }

// Youth reports whether the reader borrows titles for children only.
func (p minePage) Youth() bool { return p.Rules.Youth }

func (s *Site) myBooks(w http.ResponseWriter, r *http.Request, who who) error {
	page := minePage{Now: s.DB.Now(), Back: s.givenBack(r, who)}
	var err error
	page.Rules, err = s.Loans.Rules(r.Context(), who.rights())
	if fault.KindOf(err) == fault.Denied {
		page.refusal, err = s.refusal(r, err)
	}
	if err != nil {
		return err
	}
	loans, err := s.shelf(r, who)
	if err != nil {
		return err
	}
	for _, l := range loans {
		page.Loans = append(page.Loans, shelfLoan{l, s.picture(l.Title, coverInList)})
	}
	page.arrange()
	if page.Lent {
		if page.Lent, err = s.unbegun(r, who, page.Back.Title); err != nil {
			return err
		}
		if !page.Lent || page.Back.Place.Href == "" {
			page.Back, page.Lent = givenBack{}, false
		}
	}
	return s.Show(w, r, http.StatusOK, "mine", page)
}

// shelf lists what a reader has now, with the titles of the catalogue in memory.
func (s *Site) shelf(r *http.Request, who who) ([]loan.Loan, error) {
	of, err := s.Index.At(r.Context())
	if err != nil {
		return nil, err
	}
	return s.Loans.Shelf(r.Context(), who.Reader, of.Title)
}

// arrange puts on top what asks for a decision now, and counts by kind.
func (p *minePage) arrange() {
	now := func(l shelfLoan) int {
		if l.Extendable(p.Rules, p.Now) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(p.Loans, func(a, b shelfLoan) int { return now(a) - now(b) })
	p.Lent = slices.ContainsFunc(p.Loans, func(l shelfLoan) bool { return l.Title.ID == p.Back.Title })
	for _, room := range []shelfRoom{{Kind: catalogue.EBook, Most: p.Rules.EBooks}, {Kind: catalogue.Audiobook, Most: p.Rules.Audiobooks}} {
		for _, l := range p.Loans {
			if l.Title.Kind == room.Kind {
				room.Has++
			}
		}
		if room.Most > 0 { // of what is never lent nothing is full
			p.Rooms = append(p.Rooms, room)
		}
	}
}
