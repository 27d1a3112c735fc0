package manage

import (
	"context"
	"net/http"
	"net/url"

	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

type signInPage struct {
	*kit.Form
	Back    string
	Over    bool // the session ended while somebody was at work
	Kept    bool // what was typed comes back
	Passkey entry.Key
}

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	back := r.URL.Query().Get("naar")
	if kit.VisitOf(r).Session != nil {
		http.Redirect(w, r, s.Back(back), http.StatusSeeOther)
		return nil
	}
	return s.signInPage(w, r, http.StatusOK, signInPage{Form: kit.NewForm(), Back: back})
}

func (s *Site) signInPage(w http.ResponseWriter, r *http.Request, status int, page signInPage) error {
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Passkey, err = s.entry.SignInKey(tx, page.Back)
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
	worker, err := s.admit(r, form)
	if err != nil {
		if form.Take(err) {
			return s.signInPage(w, r, kit.Status(err), signInPage{Form: form, Back: form.Get("naar")})
		}
		return err
	}
	return s.entry.Begin(w, r, entry.Proof{Subject: worker.ID, Data: form.Get("naar"), Temporary: worker.Temporary})
}

// late asks who sends a form after the session ended to sign in first, and then leads
// back to its page. What was typed about a colleague comes back in it. Nothing is done
// on anybody's behalf: the button is pressed once more.
func (s *Site) late(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := signInPage{Form: kit.NewForm(), Over: true, Back: r.URL.Path}
	switch {
	case r.URL.Path == s.Link("/nieuwsbrief/bestand"):
		page.Back = s.Link("/nieuwsbrief")
	case r.PathValue("daad") == "":
		kept, err := s.DB.Box.Seal(keptPurpose, []byte(form.Values.Encode()))
		if err != nil {
			return err
		}
		page.Kept, page.Back = true, page.Back+"?"+url.Values{keptParam: {kept}}.Encode()
	}
	return s.signInPage(w, r, http.StatusUnauthorized, page)
}

const (
	keptPurpose = "manage.kept"
	keptParam   = "bewaard"
)

// keptForm is what was typed before the session ended. It is sealed: a link from
// elsewhere fills in nothing.
func (s *Site) keptForm(r *http.Request) (*kit.Form, bool) {
	text, err := s.DB.Box.Open(keptPurpose, r.URL.Query().Get(keptParam))
	if err != nil {
		return nil, false
	}
	values, err := url.ParseQuery(string(text))
	return &kit.Form{Values: values}, err == nil
}

// admit checks who signs in. A worker with the right password and without the
// role hears that: they proved who they are, and would otherwise keep trying.
func (s *Site) admit(r *http.Request, form *kit.Form) (staff.Worker, error) {
	worker, err := staff.SignIn(r.Context(), s.DB, staff.Attempt{
		Username: form.Get("gebruikersnaam"), Password: form.Raw("wachtwoord"), Address: r.RemoteAddr,
	})
	if err != nil {
		return worker, err
	}
	var library branch.Organisation
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		library, err = branch.FindOrganisation(tx, s.Organisation)
		return err
	})
	switch {
	case err != nil:
		return worker, err
	case worker.OrganisationID != library.ID:
		return worker, staff.ErrSignIn // another library's worker is nobody here
	}
	return worker, mayManage(worker, library)
}

// letIn starts the session of a manager who gave all that was asked.
func (s *Site) letIn(tx *sqldb.Tx, r *http.Request, p entry.Proof) (in entry.Admission, err error) {
	worker, err := s.managerOf(tx, p.Subject)
	if err != nil {
		return in, err
	}
	in.Token, _, err = session.Start(tx, session.Session{Door: s.Name, Subject: worker.ID, Data: worker.Name, Device: kit.Device(r), Idle: s.Idle})
	in.To = s.Back(p.Data)
	return in, err
}

// managerOf returns a worker who may be in here.
func (s *Site) managerOf(tx *sqldb.Tx, id string) (staff.Worker, error) {
	library, err := branch.FindOrganisation(tx, s.Organisation)
	if err != nil {
		return staff.Worker{}, err
	}
	worker, err := staff.Find(tx, id)
	if err == nil {
		err = mayManage(worker, library)
	}
	if fault.KindOf(err) == fault.NotFound {
		err = staff.ErrDenied
	}
	return worker, err
}

// prove asks the password of who is in already.
func (s *Site) prove(r *http.Request, id, password string) error {
	return staff.Prove(r.Context(), s.DB, id, staff.Attempt{Password: password, Address: r.RemoteAddr})
}

// setPassword replaces a temporary password by one of the worker's own.
func (s *Site) setPassword(ctx context.Context, id, plain string) error {
	return staff.ChoosePassword(ctx, s.DB, id, plain)
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Leave(w, r); err != nil {
		return err
	}
	s.SetFlash(w, "manage.signed_out")
	return s.Redirect(w, r, "%s", s.SignInPath)
}
