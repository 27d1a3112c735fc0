package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/enrol"
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
	in.To = s.Back(it.Back)
	path, err := s.unpack(tx, it.Carry, c)
	if path != "" {
		in.To = path
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

// carried is a form that came after the session had ended.
type carried struct {
	Draft  string
	Path   string // the page to return to
	Staff  string // who had the form, as the page itself says
	Step   enrol.Step
	Values url.Values
}

const carryPurpose = "desk.carry"

// signInFirst sends a visitor without a session to the sign-in page. What a
// clerk had typed into an enrolment travels along, sealed, and is kept as a
// draft as soon as the same clerk is back: a session that ends in the middle of
// a form costs nothing.
func (s *Site) signInFirst(w http.ResponseWriter, r *http.Request) error {
	draft := r.PathValue("draft")
	if r.Method == http.MethodGet || wantsJSON(r) {
		return kit.ErrSignIn
	}
	page := signInPage{Form: kit.NewForm(), Over: true, Back: s.Link("/")}
	page.Set("vestiging", s.Cookie(r, branchCookie))
	if step, known := stepOf(s.Link(""), r.URL.Path, draft); known {
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		text, err := json.Marshal(carried{Draft: draft, Path: r.URL.Path, Staff: form.Get("wie"), Step: step, Values: form.Values})
		if err != nil {
			return err
		}
		if page.Carry, err = s.DB.Box.Seal(carryPurpose, text); err != nil {
			return err
		}
		page.Back = r.URL.Path
	} else {
		page.Back, page.Undone = s.Link("%s", comeBack(strings.TrimPrefix(r.URL.Path, s.Link("")))), true
	}
	return s.signInPage(w, r, http.StatusUnauthorized, page)
}

// comeBack is the page with the button that was pressed too late. The button is
// not pressed again on the clerk's behalf: it may have been somebody else's hand.
func comeBack(path string) string {
	part := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case len(part) > 2 && part[0] == "klanten":
		return "/klanten/" + part[1]
	case len(part) == 4 && part[1] == "nieuw" && part[3] == "betalen":
		return "/klant/nieuw/" + part[2] + "/klaar"
	case len(part) == 4 && part[1] == "nieuw":
		return path // Opslaan, or the code of an existing account
	}
	return "/"
}

// stepOf tells which fields a posted page of a draft holds.
func stepOf(base, path, draft string) (enrol.Step, bool) {
	if draft == "" {
		return 0, false
	}
	if path == base+"/klant/snel/"+draft {
		return enrol.AllSteps, true
	}
	for _, step := range steps {
		if path == base+"/klant/nieuw/"+draft+step.path {
			return step.number, true
		}
	}
	return 0, false
}

// unpack keeps a carried form as the draft it was meant for and returns the
// page to go on with. A form that is not this clerk's is dropped in silence.
func (s *Site) unpack(tx *sqldb.Tx, sealed string, c counter) (path string, err error) {
	if sealed == "" {
		return "", nil
	}
	text, err := s.DB.Box.Open(carryPurpose, sealed)
	var it carried
	if err != nil || json.Unmarshal(text, &it) != nil || it.Staff != c.worker.ID {
		return "", nil
	}
	d, err := enrol.OpenDraft(tx, c.clerk(), it.Draft)
	if err == nil {
		d.App.Fill(it.Step, it.Values)
		_, err = enrol.KeepDraft(tx, c.clerk(), it.Draft, d.App)
	}
	switch {
	case err == nil:
		return it.Path, nil
	case fault.KindOf(err) == fault.Internal:
		return "", err
	}
	return "", nil
}

// wantsJSON reports whether the script asks, not the browser.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }
