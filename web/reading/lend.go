package reading

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// possibility is what a reader can do with the title of a page.
type possibility struct {
	Loan    *loan.Loan  // what they have of it, nil for nothing
	Rules   loan.Rules  // the zero Rules for who may borrow nothing
	refusal             // why it cannot be borrowed, or was not extended
	Full    []loan.Loan // the loans of this kind, when one of them has to go back first
	Again   bool        // looking again may help: the membership may be a newer one by now
	Looked  bool        // we looked just now, and it is so
	Back    givenBack   // what this browser keeps of the title, the zero value for nothing
	Now     time.Time
}

// possible adds what this reader can do with the title of the page.
func (s *Site) possible(r *http.Request, p *titlePage) error {
	who, in := whoIs(r)
	p.Now = s.DB.Now()
	if !in {
		return nil
	}
	terms, err := s.Loans.Terms(r.Context())
	if err != nil {
		return err
	}
	has, err := s.shelf(r, who)
	if err != nil {
		return err
	}
	c := loan.ChanceOf(has, who.rights(), terms, p.Title, day.Of(p.Now))
	if p.Title.Withdrawn && c.Loan == nil { // then no other membership helps
		c.Refused, c.Full = loan.ErrWithdrawn, nil
	}
	p.Loan, p.Rules, p.Full = c.Loan, c.Rules, c.Full
	p.Again = byMembership(c.Refused) && p.Now.Sub(who.At) >= loan.LendingRights
	p.Looked = byMembership(c.Refused) && !p.Again
	if p.refusal, err = s.refusal(r, c.Refused); err != nil {
		return err
	}
	if back := s.givenBack(r, who); c.Loan == nil && c.Refused == nil && back.Title == p.Title.ID && back.Place.Href != "" {
		p.Back = back
	}
	return nil
}

// key is all on which the part of a page depends that says what a reader can do; "" for
// who can do nothing, which has reasons of many kinds, and who gave it back just now.
func (p *titlePage) key() string {
	switch l := p.Loan; {
	case p.Refused != nil, p.Back.Title != "":
		return ""
	case l != nil:
		return fmt.Sprint(p.Title.Version, p.Rules, day.Of(p.Now), l.DueAt.Unix(), l.Extended, l.Progress > 0)
	}
	return fmt.Sprint(p.Title.Version, p.Rules)
}

// byMembership reports whether a reader is refused for what their memberships are,
// which may be other ones by now: somebody was at the desk, or paid.
func byMembership(refused error) bool {
	for _, why := range []*fault.Error{loan.ErrNoMembership, loan.ErrNoDigital, loan.ErrUpcoming, loan.ErrEnded, loan.ErrBlocked, loan.ErrNoEBooks, loan.ErrNoAudiobooks} {
		if why.Is(refused) {
			return true
		}
	}
	return false
}

// wayOut is the message key of what a refused reader can do. Joining has a door
// of its own and questions are for the library; room on the shelf the reader makes,
// and for who gets no title for grown-ups there are others.
func wayOut(refused error) string {
	switch {
	case loan.ErrEnded.Is(refused):
		return "reading.join_again"
	case loan.ErrManyEBooks.Is(refused), loan.ErrManyAudiobooks.Is(refused):
		return "reading.my_books"
	case loan.ErrNoMembership.Is(refused):
		return "reading.join"
	case loan.ErrYouthOnly.Is(refused):
		return "reading.to_youth"
	case loan.ErrWithdrawn.Is(refused), loan.ErrTooEarly.Is(refused), loan.ErrExtended.Is(refused), loan.ErrNotYours.Is(refused):
		return ""
	}
	return "reading.ask"
}

// refusal is what a page tells a refused reader, and what it offers them. The zero value
// is for who is not refused.
type refusal struct {
	Refused fault.List
	Help    string // message key of the way out, "" when there is none
	Desk    Desk   // where the library is, for who has to ask there
}

// AskThere reports whether the library itself can help, also whom a form can.
func (f refusal) AskThere() bool { return f.Help == "reading.ask" || f.Help == "reading.join_again" }

// Desk is where people can go to ask: the library's address and its own website, each
// "" when it has none.
type Desk struct{ Address, Site string }

func (s *Site) refusal(r *http.Request, refused error) (f refusal, err error) {
	if refused == nil {
		return f, nil
	}
	f.Refused, f.Help = fault.Of(refused), wayOut(refused)
	if !f.AskThere() || s.Settings.Desk == nil {
		return f, nil
	}
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) (err error) {
		f.Desk, err = s.Settings.Desk(tx)
		return err
	})
	return f, err
}

// A wish is what a reader asked with a form. It travels over the sign-on and back
// as the id of a title to borrow, or as extendWish, a day and the id of one to
// extend until that day.
const extendWish = "tot "

// borrow lends a title.
func (s *Site) borrow(w http.ResponseWriter, r *http.Request, who who) error {
	return s.wish(w, r, who, r.PathValue("title"))
}

// extend gives a loan in its last days more days. The form says until when, so that
// a second click asks for no more than the first one got.
func (s *Site) extend(w http.ResponseWriter, r *http.Request, who who) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	until, err := day.Parse(form.Get("tot"))
	if err != nil {
		return s.toTitle(w, r)
	}
	return s.wish(w, r, who, extendWish+string(until)+" "+r.PathValue("title"))
}

// wish does what a reader asked. With rights that are not of this moment it first
// asks the sign-on; the wish travels along and is done on the way back.
func (s *Site) wish(w http.ResponseWriter, r *http.Request, who who, wish string) error {
	if s.DB.Now().Sub(who.At) >= loan.LendingRights {
		return s.party.Begin(w, r, party.Step{To: s.Link("/titel/%s", r.PathValue("title")), Silent: true, Note: wish, Session: kit.VisitOf(r).Session.ID})
	}
	return s.lend(w, r, who, wish)
}

// lend does a wish, and shows the title with the reason when that is refused.
func (s *Site) lend(w http.ResponseWriter, r *http.Request, who who, wish string) error {
	if more, ok := strings.CutPrefix(wish, extendWish); ok {
		until, title, _ := strings.Cut(more, " ")
		return s.lendLonger(w, r, who, title, day.Day(until))
	}
	back := s.givenBack(r, who)
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if _, err := loan.Borrow(tx, who.Reader, who.rights(), wish); err != nil {
			return err
		}
		_, err := back.putBack(tx, who.Reader, wish)
		return err
	})
	if fault.KindOf(err) == fault.Denied {
		return s.titlePage(w, r, wish, "reading.not_lent", err)
	}
	if err != nil {
		return err
	}
	if back.Title == wish {
		s.forgetGivenBack(w)
	}
	s.SetFlash(w, "reading.lent")
	return s.Redirect(w, r, "/titel/%s", wish)
}

// lendLonger extends a loan. Who has it until that day already, by a click beside
// this one or on another device, has what they asked for.
func (s *Site) lendLonger(w http.ResponseWriter, r *http.Request, who who, title string, until day.Day) error {
	var l loan.Loan
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		l, err = loan.Extend(tx, who.Reader, who.rights(), title)
		return err
	})
	switch {
	case fault.KindOf(err) == fault.Denied && l.Extended > 0 && l.LastDay() >= until:
	case fault.KindOf(err) == fault.Denied:
		return s.titlePage(w, r, title, "reading.not_extended", err)
	case err != nil:
		return err
	}
	s.SetFlash(w, "reading.extended_to", l.LastDay().Long(kit.VisitOf(r).Lang))
	return s.Redirect(w, r, "/titel/%s", title)
}

// lookAgain asks the sign-on what the reader's memberships are now, and shows the
// title with that.
func (s *Site) lookAgain(w http.ResponseWriter, r *http.Request, _ who) error {
	return s.party.Begin(w, r, party.Step{To: s.Link("/titel/%s", r.PathValue("title")), Silent: true, Session: kit.VisitOf(r).Session.ID})
}

// toTitle answers the address of a form that was sent before: after a reload, or in
// another language.
func (s *Site) toTitle(w http.ResponseWriter, r *http.Request) error {
	return s.Redirect(w, r, "/titel/%s", r.PathValue("title"))
}
