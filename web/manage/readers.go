package manage

import (
	"net/http"
	"strconv"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/library/branch"
	"lidwoord/web/kit"
)

// errTyped keeps half a province from being signed out by one wrong click.
var errTyped = fault.New(fault.Invalid, "manage.everyone_wrong")

type readersPage struct {
	Count Counts
	Slow  []slow
}

// slow is a brake that makes people wait now.
type slow struct {
	throttle.Queue
	What string // message key, "" when it has none
}

// readers is Inloggen van lezers: what one looks at when the desk says that nobody
// can sign in. It counts, and names nobody.
func (s *Site) readers(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	var page readersPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Count, err = s.Readers.Count(tx); err != nil {
			return err
		}
		list, err := throttle.Waiting(tx)
		if err != nil {
			return err
		}
		page.Slow = nil
		for _, q := range list {
			one := slow{Queue: q}
			if key := "manage.brake." + q.Rule; s.Words.Has(key) {
				one.What = key
			}
			page.Slow = append(page.Slow, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "readers", page)
}

type everyonePage struct{ *kit.Form }

func (s *Site) askEveryone(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	if r.PathValue("daad") != "uitloggen" {
		return kit.ErrNoPage
	}
	return s.Show(w, r, http.StatusOK, "everyone", everyonePage{kit.NewForm()})
}

// signOutEveryone ends the sessions of all readers (ASVS 7.4.5), after the manager
// typed what is asked.
func (s *Site) signOutEveryone(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	if r.PathValue("daad") != "uitloggen" {
		return kit.ErrNoPage
	}
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	if word := s.Words.Text(kit.VisitOf(r).Lang, "manage.everyone_word"); !strings.EqualFold(form.Get("woord"), word) {
		form.Take(errTyped.With(word).At("woord"))
		return s.Show(w, r, http.StatusUnprocessableEntity, "everyone", everyonePage{form})
	}
	ended, err := s.Readers.SignOutAll(r.Context(), s.DB, actor(r))
	if err != nil {
		return err
	}
	s.SetFlash(w, "manage.everyone_done", strconv.Itoa(ended))
	return s.Redirect(w, r, "/lezers")
}
