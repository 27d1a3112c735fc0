package login

import (
	"net/http"
	"slices"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// errNoSession: it ended while the page lay open.
var errNoSession = fault.New(fault.NotFound, "login.no_session")

// sessionsPage lists where an account is signed in and what it knows again.
type sessionsPage struct {
	Sessions []openSession
	Devices  []account.Device
}

// Others reports whether there is another session than this one.
func (p sessionsPage) Others() bool { return len(p.Sessions) > 1 }

// OtherDevices reports whether another browser than this one is known.
func (p sessionsPage) OtherDevices() bool {
	return slices.ContainsFunc(p.Devices, func(d account.Device) bool { return !d.This })
}

// openSession is one of them as the page shows it.
type openSession struct {
	session.Session
	Name string // of the browser, in words, or ""
	This bool
}

func (s *Site) showSessions(w http.ResponseWriter, r *http.Request) error {
	var page sessionsPage
	live := kit.VisitOf(r).Session
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		open, err := session.List(tx, s.Name, live.Subject)
		if err != nil {
			return err
		}
		for _, one := range open {
			page.Sessions = append(page.Sessions, openSession{one, plainDevice(one.Device), one.ID == live.ID})
		}
		page.Devices, err = s.Accounts.Devices(tx, live.Subject, secret.Token(s.Cookie(r, deviceCookie)))
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "sessions", page)
}

// endSession ends one session of the account.
func (s *Site) endSession(w http.ResponseWriter, r *http.Request) error {
	live := kit.VisitOf(r).Session
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		open, err := session.List(tx, s.Name, live.Subject)
		if err != nil {
			return err
		}
		id := r.PathValue("id")
		if !slices.ContainsFunc(open, func(one session.Session) bool { return one.ID == id && id != live.ID }) {
			return errNoSession
		}
		if err := s.end(tx, id); err != nil {
			return err
		}
		return account.Note(tx, live.Subject, account.EventSessions, browserOf(r))
	})
	if err != nil {
		return err
	}
	s.SetFlash(w, "login.session_ended")
	return s.Redirect(w, r, "/sessies")
}

// endOtherSessions signs the account out everywhere else.
func (s *Site) endOtherSessions(w http.ResponseWriter, r *http.Request) error {
	live := kit.VisitOf(r).Session
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if err := s.endOthers(tx, live.Subject, live.ID); err != nil {
			return err
		}
		return account.Note(tx, live.Subject, account.EventSessions, browserOf(r))
	})
	if err != nil {
		return err
	}
	s.SetFlash(w, "login.sessions_ended")
	return s.Redirect(w, r, "/sessies")
}

// forgetDevices forgets every browser but this one.
func (s *Site) forgetDevices(w http.ResponseWriter, r *http.Request) error {
	live := kit.VisitOf(r).Session
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return s.Accounts.ForgetDevices(tx, live.Subject, secret.Token(s.Cookie(r, deviceCookie)), browserOf(r))
	})
	if err != nil {
		return err
	}
	s.SetFlash(w, "login.devices_forgotten")
	return s.Redirect(w, r, "/sessies")
}

// historyPage lists what happened to the account lately.
type historyPage struct {
	Events []account.Event
	Days   int // how long it is kept
}

func (s *Site) showHistory(w http.ResponseWriter, r *http.Request) error {
	page := historyPage{Days: int(account.HistoryLife.Hours() / 24)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Events, err = s.Accounts.History(tx, kit.VisitOf(r).Session.Subject)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "history", page)
}

// membershipsPage lists what the owner has at which library, and the libraries that
// are linked and give nothing.
type membershipsPage struct {
	Memberships []signon.Membership
	Linked      []provision.Linked
	Here        bool // some are kept by our own administration
	Elsewhere   bool // some by another library system
}

func (s *Site) showMemberships(w http.ResponseWriter, r *http.Request) error {
	var page membershipsPage
	who := kit.VisitOf(r).Session.Subject
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if s.Provider.Memberships != nil {
			if page.Memberships, err = s.Provider.Memberships.Of(tx, who); err != nil {
				return err
			}
		}
		page.Linked, err = provision.Of(tx, who)
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range page.Memberships {
		linked := slices.ContainsFunc(page.Linked, func(l provision.Linked) bool { return l.Organisation == m.Organisation })
		page.Here, page.Elsewhere = page.Here || !linked, page.Elsewhere || linked
	}
	page.Linked = slices.DeleteFunc(page.Linked, func(l provision.Linked) bool {
		return slices.ContainsFunc(page.Memberships, func(m signon.Membership) bool { return m.Organisation == l.Organisation })
	})
	return s.Show(w, r, http.StatusOK, "memberships", page)
}
