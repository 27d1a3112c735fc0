package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

var errBranch = fault.New(fault.Invalid, "desk.choose_branch")

type signInPage struct {
	*kit.Form
	Branches []branch.Branch
	Back     string // where to go afterwards
	Carry    string // a form that came without a session, sealed
	Over     bool   // the session ended while the clerk was at work
	Left     bool   // by somebody who pressed Uitloggen in this browser, not by itself
	Undone   bool   // a button was pressed, and nothing came of it
}

const branchCookie = "vestiging"

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if kit.VisitOf(r).Session != nil {
		http.Redirect(w, r, s.Back(r.URL.Query().Get("naar")), http.StatusSeeOther)
		return nil
	}
	form := kit.NewForm()
	form.Set("vestiging", s.Cookie(r, branchCookie))
	return s.signInPage(w, r, http.StatusOK, signInPage{Form: form, Back: r.URL.Query().Get("naar")})
}

func (s *Site) signInPage(w http.ResponseWriter, r *http.Request, status int, page signInPage) error {
	page.Left = page.Over && s.Cookie(r, "sessie") == "" // a session that ended by itself leaves its cookie
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		lib, err := branch.FindOrganisation(tx, s.Organisation)
		if err != nil {
			return err
		}
		page.Branches, err = branch.List(tx, lib.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "signin", page)
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := signInPage{Form: form, Back: form.Get("naar"), Carry: form.Get("meegebracht")}
	worker, here, err := s.admit(r, form)
	if err != nil {
		if form.Take(err) {
			return s.signInPage(w, r, kit.Status(err), page)
		}
		return err
	}
	arriving, err := json.Marshal(arrival{Branch: here.Code, Back: page.Back, Carry: page.Carry})
	if err != nil {
		return err
	}
	s.SetCookie(w, branchCookie, here.Code, 365*24*time.Hour)
	return s.entry.Begin(w, r, entry.Proof{Subject: worker.ID, Data: string(arriving), Temporary: worker.Temporary})
}

// arrival is what a clerk brings along through the steps of signing in.
type arrival struct{ Branch, Back, Carry string }

// letIn starts the session of a clerk at the branch that was chosen with the
// password, and keeps what was carried.
func (s *Site) letIn(tx *sqldb.Tx, r *http.Request, p entry.Proof) (in entry.Admission, err error) {
	var it arrival
	if err := json.Unmarshal([]byte(p.Data), &it); err != nil {
		return in, errBranch
	}
	c := counter{lang: kit.VisitOf(r).Lang}
	if c.worker, err = staff.Find(tx, p.Subject); err != nil {
		return in, err
	}
	lib, err := branch.FindOrganisation(tx, s.Organisation)
	if err != nil {
		return in, err
	}
	if c.branch, err = branch.ByCode(tx, lib.ID, it.Branch); err != nil {
		return in, err
	}
	if c.worker.OrganisationID != lib.ID || !c.worker.WorksAt(c.branch.ID) {
		return in, staff.ErrDenied
	}
	// The branch and the name stand in the bar of every page, an error page too.
	in.Token, _, err = session.Start(tx, session.Session{Door: s.Name, Subject: c.worker.ID, Device: kit.Device(r), Idle: s.Idle,
		Data: c.branch.Code + " " + c.branch.Name + " · " + c.worker.Name})
	if err != nil {
		return in, err
	}
	worked, err := s.worked(c.worker.ID)
	if err != nil {
		return in, err
	}
	in.Keep = func(w http.ResponseWriter) { s.SetCookie(w, workedCookie, worked, session.LifeMost) }
	in.To = s.Back(it.Back)
	path, err := s.unpack(tx, it.Carry, c)
	if path != "" {
		in.To = path
	}
	if err == nil && path == "" {
		err = s.leaveToColleague(tx, it.Carry, c, &in)
	}
	return in, err
}

// joinEntry joins the pages between the password and the desk.
func (s *Site) joinEntry() (err error) {
	s.entry = &entry.Desk{Site: s.Site, Prefix: "staff:", Admit: s.letIn, Renew: staff.Renew(s.Idle), Person: staff.Person,
		Prove: func(r *http.Request, id, password string) error {
			return staff.Prove(r.Context(), s.DB, id, staff.Attempt{Password: password, Address: r.RemoteAddr})
		},
		SetPassword: func(ctx context.Context, id, plain string) error {
			return staff.ChoosePassword(ctx, s.DB, id, plain)
		},
	}
	s.entry.Passkeys, err = factor.NewPasskeys(s.Base, s.Brand.Name)
	return err
}

// admit checks who is signing in, and where.
func (s *Site) admit(r *http.Request, form *kit.Form) (worker staff.Worker, here branch.Branch, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		lib, err := branch.FindOrganisation(tx, s.Organisation)
		if err != nil {
			return err
		}
		here, err = branch.ByCode(tx, lib.ID, form.Get("vestiging"))
		return err
	})
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = errBranch.At("vestiging")
		}
		return worker, here, err
	}
	worker, err = staff.SignIn(r.Context(), s.DB, staff.Attempt{
		Username: form.Get("gebruikersnaam"), Password: form.Raw("wachtwoord"), Address: r.RemoteAddr, BranchID: here.ID,
	})
	if errors.Is(err, staff.ErrElsewhere) {
		err = fault.Of(err)[0].At("vestiging")
	}
	if err == nil && worker.OrganisationID != here.OrganisationID {
		err = staff.ErrSignIn // another library's worker is nobody here
	}
	return worker, here, err
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Leave(w, r); err != nil {
		return err
	}
	s.SetFlash(w, "desk.signed_out")
	return s.Redirect(w, r, "%s", s.SignInPath)
}

// wantsJSON reports whether the script asks, not the browser.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }
