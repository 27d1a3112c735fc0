package opds

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

const (
	// rightsLife is how old rights may be for what a reader only looks at.
	rightsLife = 15 * time.Minute
	// loanRights is how old they may be when something is lent: a membership that
	// ended ends new loans at once. A few seconds, so that who fills a shelf in peace
	// is asked for once.
	loanRights = 10 * time.Second
)

// rules are what the reader may borrow today; the error says why nothing.
func (s *Site) rules(r *request) (loan.Rules, error) {
	rights, err := r.by.Rights(r.Context(), rightsLife)
	if err != nil {
		return loan.Rules{}, err
	}
	terms, err := s.Loans.Terms(r.Context())
	if err != nil {
		return loan.Rules{}, err
	}
	return rights.Rules(terms, day.Of(s.DB.Now()))
}

// borrow lends a title. An app that asks twice gets the same loan, and never a
// longer one: apps ask again to see what they have.
func (s *Site) borrow(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		l, err := s.lend(r)
		if err != nil {
			return err
		}
		return s.lent(w, r, v, l)
	}
}

func (s *Site) lend(r *request) (l loan.Loan, err error) {
	rights, err := r.by.Rights(r.Context(), loanRights)
	if err != nil {
		return l, err
	}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		l, err = loan.Borrow(tx, r.by.ID, rights, r.PathValue("id"))
		return err
	})
	return l, err
}

// extend gives a loan in its last days more days.
func (s *Site) extend(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		rights, err := r.by.Rights(r.Context(), loanRights)
		if err != nil {
			return err
		}
		var l loan.Loan
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			l, err = loan.Extend(tx, r.by.ID, rights, r.PathValue("id"))
			return err
		})
		if err != nil {
			return err
		}
		return s.lent(w, r, v, l)
	}
}

// lent answers a loan.
func (s *Site) lent(w http.ResponseWriter, r *request, v version, l loan.Loan) error {
	rules, err := s.rules(r)
	if err != nil && fault.KindOf(err) != fault.Denied {
		return err
	}
	i := s.held(l, rules)
	return s.one(w, r, v, &i)
}

// giveBack takes a title back, and answers it as it can be borrowed again. Twice is
// as good as once.
func (s *Site) giveBack(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		var i item
		err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			if i.Title, err = catalogue.Find(tx, r.PathValue("id")); err != nil {
				return err
			}
			return s.Loans.Return(tx, r.by.ID, i.ID)
		})
		if err != nil {
			return err
		}
		if i.Withdrawn { // there is nothing more to do with it, which no feed can say
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return s.one(w, r, v, &i)
	}
}

// shelf lists all that the reader has, on one page: apps take away what is missing
// here.
func (s *Site) shelf(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		if !v.accepted(r.Header.Get("Accept")) {
			return errNotAcceptable
		}
		rules, err := s.rules(r)
		if err != nil && fault.KindOf(err) != fault.Denied && fault.KindOf(err) != fault.Unavailable {
			return err
		}
		now, err := s.Index.At(r.Context())
		if err != nil {
			return err
		}
		loans, err := s.Loans.Shelf(r.Context(), r.by.ID, now.Title)
		if err != nil {
			return err
		}
		key := string(v) + string(r.lang) + shelfKey(loans, rules, s.DB.Now())
		d := s.shelves.find(now, key)
		if d == nil {
			if d, err = s.writeShelf(v, loans, rules, r.lang); err != nil {
				return err
			}
			s.shelves.put(now, key, d)
		}
		s.wayIn(w)
		return private(w, r, d.typ[0], d.body)
	}
}

// shelfKey is all on which a written shelf depends. An app asks for it each time that
// it comes to the front, and mostly nothing has changed.
func shelfKey(loans []loan.Loan, rules loan.Rules, now time.Time) string {
	var b strings.Builder
	b.WriteString(string(day.Of(now)))
	for _, l := range loans {
		fmt.Fprintf(&b, " %s %d %d %t", l.ID, l.Title.Version, l.DueAt.Unix(), l.Extendable(rules, now))
	}
	return b.String()
}

func (s *Site) writeShelf(v version, loans []loan.Loan, rules loan.Rules, lang words.Lang) (*written, error) {
	f := &feed{path: "/shelf", title: s.Words.Text(lang, "opds.shelf"), updated: day.Of(s.DB.Now()).Start()}
	for _, l := range loans {
		f.items = append(f.items, s.held(l, rules))
		if l.LentAt.After(f.updated) {
			f.updated = l.LentAt
		}
	}
	s.empty(f, lang)
	typ, body, err := s.write(v, f, lang)
	return ready(typ, string(lang), body, s.DB.Now()), err
}

// profileDocument is an OPDS User Profile. It has one number of loans, and we have
// one for each kind, so these stand beside it. What counts is the answer to
// borrowing.
type profileDocument struct {
	Links   []link               `json:"links"`
	Loans   allowance            `json:"loans"`
	Kinds   map[string]allowance `json:"urn:lidwoord:profile:loans,omitempty"`
	Refused string               `json:"urn:lidwoord:profile:refused,omitempty"`
}

// allowance is how many titles one may have, and how many more.
type allowance struct {
	Total     int `json:"total"`
	Available int `json:"available"`
}

// profile tells how much the reader may borrow, and no name: this platform does not
// know one.
func (s *Site) profile(w http.ResponseWriter, r *request) error {
	p := profileDocument{Links: []link{
		{Rel: "self", Href: s.address("/v2/profile"), Type: profileType},
		{Rel: relShelf, Href: s.address("/v2/shelf"), Type: feedType},
		{Rel: "edit", Href: s.page("/leesapps"), Type: "text/html"},
	}}
	rules, err := s.rules(r)
	if fault.KindOf(err) == fault.Denied {
		first := fault.Of(err)[0]
		p.Refused = s.Words.Text(r.lang, first.Key, first.Args...)
	} else if err != nil {
		return err
	}
	now, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	loans, err := s.Loans.Shelf(r.Context(), r.by.ID, now.Title)
	if err != nil {
		return err
	}
	books, audio := allowance{rules.EBooks, rules.EBooks}, allowance{rules.Audiobooks, rules.Audiobooks}
	for _, l := range loans {
		if l.Title.Kind == catalogue.Audiobook {
			audio.Available = max(0, audio.Available-1)
		} else {
			books.Available = max(0, books.Available-1)
		}
	}
	p.Loans = allowance{books.Total + audio.Total, books.Available + audio.Available}
	p.Kinds = map[string]allowance{string(catalogue.EBook): books, string(catalogue.Audiobook): audio}
	w.Header().Set("Content-Language", string(r.lang))
	return answer(w, http.StatusOK, profileType, p)
}
