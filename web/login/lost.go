package login

import (
	"net/http"
	"net/url"
	"time"

	"lidwoord/base/job"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// Jobs is the work of this door that comes back. It is the door's, because the sessions
// of the account end with its second step.
func (s *Site) Jobs() []job.Periodic {
	return []job.Periodic{{Name: "account.factor_removal", Every: time.Minute, Do: func(tx *sqldb.Tx) error {
		return s.Accounts.RemoveDue(tx, s.everybodyOut)
	}}}
}

// everybodyOut ends every session of an account, and whatever those gave to other sites.
func (s *Site) everybodyOut(tx *sqldb.Tx, acc account.Account) error {
	if err := s.endOthers(tx, acc.ID, ""); err != nil {
		return err
	}
	return s.Provider.RevokeAccount(tx, acc.ID)
}

// keepPage asks whether the second step, which a library's desk would take away, stays.
type keepPage struct {
	Account account.Account
	Removal account.Removal
	Action  string
}

// showKeep is the page of the link in the letter. It changes nothing.
func (s *Site) showKeep(w http.ResponseWriter, r *http.Request) error {
	page := keepPage{Action: s.Link("/tweede-stap-blijft/%s", ownToken(r))}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Account, page.Removal, err = s.Accounts.LookRemoval(tx, ownToken(r))
		return err
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return s.Show(w, r, http.StatusOK, "keep", page)
}

// keepByLink stops the removal: the button of the link was pressed.
func (s *Site) keepByLink(w http.ResponseWriter, r *http.Request) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return s.Accounts.StopRemovalByLink(tx, ownToken(r), browserOf(r))
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return s.Redirect(w, r, "/tweede-stap-gebleven")
}

func (s *Site) showKept(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, http.StatusOK, "kept", nil)
}

// removalWaits is the removal that waits, as the pages of the account show it.
func (s *Site) removalWaits(tx *sqldb.Tx, accountID string) (entry.Leaving, error) {
	r, ok, err := s.Accounts.WaitingRemoval(tx, accountID)
	if err != nil || !ok {
		return entry.Leaving{}, err
	}
	return entry.Leaving{By: r.Library, At: r.DueAt, Stop: keepPath}, nil
}

// keepPath takes the button that stops a removal, of who is signed in.
const keepPath = "/tweede-stap-blijft"

// keepSignedIn stops the removal by that button, and leads back to its page.
func (s *Site) keepSignedIn(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id, stopped := kit.VisitOf(r).Session.Subject, false
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		stopped, err = s.Accounts.StopRemoval(tx, id, ownerPrefix+id, browserOf(r))
		return err
	})
	if err != nil {
		return err
	}
	if stopped {
		s.SetFlash(w, "login.removal_stopped")
	} else {
		s.SetFlash(w, "login.removal_gone")
	}
	return see(w, r, s.page(form.Get("naar")))
}

// strangerPage asks whether a new second step is somebody else's.
type strangerPage struct {
	account.Stranger
	Action string
}

// showStranger is the page of the link in the letter about a new second step. It changes
// nothing.
func (s *Site) showStranger(w http.ResponseWriter, r *http.Request) error {
	page := strangerPage{Action: s.Link("/tweede-stap-weg/%s", ownToken(r))}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Stranger, err = s.Accounts.LookFactor(tx, ownToken(r))
		return err
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return s.Show(w, r, http.StatusOK, "stranger", page)
}

// undoFactor takes the new second step away, signs out everybody, and leads to the form
// for a new password.
func (s *Site) undoFactor(w http.ResponseWriter, r *http.Request) error {
	to := ""
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		acc, reset, err := s.Accounts.UndoFactor(tx, ownToken(r), browserOf(r))
		if err != nil {
			return err
		}
		to = s.Link("/wachtwoord/%s", reset) + "?" + url.Values{undoneParam: {factorValue}}.Encode()
		return s.everybodyOut(tx, acc)
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return see(w, r, to)
}
