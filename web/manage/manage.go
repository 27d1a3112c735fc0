// Package manage is the door Beheer, for the people who mind a library: customer
// numbers that run low, mail that nobody took, work in the background, and the
// addresses of the newsletter as a file for the mailing service. It shows; it
// changes nothing yet.
//
// Only a worker who holds the role beheer for the whole organisation comes in:
// letters and jobs are the whole house's.
package manage

import (
	"embed"
	"net/http"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

//go:embed pages layout
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// IdleMost is how long Beheer may stand unused before one signs in again.
const IdleMost = 30 * time.Minute

// Site is Beheer.
type Site struct {
	*kit.Site
	Organisation string // slug of the library
	News         *newsletter.Subscribers
}

// New makes the door of one library.
func New(house *kit.House, organisation string) (*Site, error) {
	s, err := kit.New(house, "manage", files)
	if err != nil {
		return nil, err
	}
	s.SignInPath, s.Idle = "/aanmelden", IdleMost
	return &Site{Site: s, Organisation: organisation}, nil
}

// Routes is the site map of Beheer.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.manager(s.home))
	m.Page("GET /nieuwsbrief", s.manager(s.news))
	m.Page("POST /nieuwsbrief/bestand", s.manager(s.newsFile))
	m.Page("GET /aanmelden", s.showSignIn)
	m.Page("POST /aanmelden", s.signIn)
	m.Page("POST /afmelden", s.signOut)
}

// manager lets only managers through, asked anew at each page: whose role was
// taken this morning is out now.
func (s *Site) manager(h func(http.ResponseWriter, *http.Request, branch.Organisation) error) kit.Handler {
	return kit.RequireSession(func(w http.ResponseWriter, r *http.Request) error {
		var library branch.Organisation
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			if library, err = branch.FindOrganisation(tx, s.Organisation); err != nil {
				return err
			}
			worker, err := staff.Find(tx, kit.VisitOf(r).Session.Subject)
			if err != nil {
				return err
			}
			return mayManage(worker, library)
		})
		if fault.KindOf(err) == fault.Denied || fault.KindOf(err) == fault.NotFound {
			s.ClearSession(w)
			return staff.ErrDenied
		}
		if err != nil {
			return err
		}
		return h(w, r, library)
	})
}

func mayManage(w staff.Worker, library branch.Organisation) error {
	if w.OrganisationID != library.ID {
		return staff.ErrDenied
	}
	return w.May(staff.Manage, "")
}

type signInPage struct {
	*kit.Form
	Back string
}

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	back := r.URL.Query().Get("naar")
	if kit.VisitOf(r).Session != nil {
		http.Redirect(w, r, s.Back(back), http.StatusSeeOther)
		return nil
	}
	return s.Show(w, r, http.StatusOK, "signin", signInPage{kit.NewForm(), back})
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	worker, err := s.admit(r, form)
	if err != nil {
		if form.Take(err) {
			return s.Show(w, r, kit.Status(err), "signin", signInPage{form, form.Get("naar")})
		}
		return err
	}
	var token secret.Token
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		token, _, err = session.Start(tx, session.Session{Door: s.Name, Subject: worker.ID, Data: worker.Name, Device: kit.Device(r), Idle: s.Idle})
		return err
	})
	if err != nil {
		return err
	}
	s.SetSession(w, token)
	http.Redirect(w, r, s.Back(form.Get("naar")), http.StatusSeeOther)
	return nil
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

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	if visit := kit.VisitOf(r); visit.Session != nil {
		err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.End(tx, visit.Session.ID) })
		if err != nil {
			return err
		}
	}
	s.ClearSession(w)
	s.SetFlash(w, "manage.signed_out")
	return s.Redirect(w, r, "%s", s.SignInPath)
}

type homePage struct {
	Library branch.Organisation
	Stocks  []stock
	Low     bool // some range is low
	Dead    []outbox.Letter
	Jobs    []run
}

// stock is the numbers of one branch, or of the reserve, whose Branch is nil.
type stock struct {
	customer.Stock
	Branch *branch.Branch
}

// run is the last time that a piece of work was done.
type run struct {
	job.Outcome
	What string // message key of what it does, "" when it has none
}

func (s *Site) home(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	page := homePage{Library: library}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Stocks, err = stocksOf(tx, library.ID); err != nil {
			return err
		}
		if page.Dead, err = outbox.Dead(tx); err != nil {
			return err
		}
		runs, err := job.Recent(tx)
		if err != nil {
			return err
		}
		page.Jobs = nil
		for _, o := range runs {
			it := run{Outcome: o}
			if key := "manage.job." + o.Name; s.Words.Has(key) {
				it.What = key
			}
			page.Jobs = append(page.Jobs, it)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, st := range page.Stocks {
		page.Low = page.Low || st.Level != customer.LevelPlenty
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

// stocksOf lists the numbers of every branch that enrols, and the reserve, the
// emptiest first. A branch without a range of its own lives on the reserve.
func stocksOf(tx *sqldb.Tx, organisationID string) ([]stock, error) {
	branches, err := branch.List(tx, organisationID)
	if err != nil {
		return nil, err
	}
	known := map[string]*branch.Branch{}
	for i := range branches {
		known[branches[i].ID] = &branches[i]
	}
	list, err := customer.Ranges(tx, organisationID)
	if err != nil {
		return nil, err
	}
	var stocks []stock
	for _, st := range list {
		stocks = append(stocks, stock{st, known[st.BranchID]})
	}
	return stocks, nil
}
