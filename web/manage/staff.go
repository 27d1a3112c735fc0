package manage

import (
	"net/http"
	"slices"
	"strings"

	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

type staffPage struct {
	Library branch.Organisation
	Workers []colleague
	All     bool // who left too
	Left    int  // how many left
}

// everybody is the value of "wie" in the address of the list that has who left too.
const everybody = "iedereen"

// colleague is one worker as the pages show one.
type colleague struct {
	staff.Worker
	Step  bool   // has a second step
	Self  bool   // is who looks
	Where []post // what and where
}

// post is a role at a branch; Branch is nil for the whole library.
type post struct {
	Role   staff.Role
	Branch *branch.Branch
}

// staff is Medewerkers: everybody who works here, and who left when asked for.
func (s *Site) staff(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	page := staffPage{Library: library, All: r.URL.Query().Get("wie") == everybody}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		page.Workers, page.Left = nil, 0
		list, err := staff.List(tx, library.ID)
		if err != nil {
			return err
		}
		branches, err := branch.List(tx, library.ID)
		if err != nil {
			return err
		}
		for _, it := range list {
			if !it.Active {
				page.Left++
				if !page.All {
					continue
				}
			}
			c, err := s.colleague(tx, r, it, branches)
			if err != nil {
				return err
			}
			page.Workers = append(page.Workers, c)
		}
		// Who left stands below who works here.
		slices.SortStableFunc(page.Workers, func(a, b colleague) int { return rank(a) - rank(b) })
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "staff", page)
}

func rank(c colleague) int {
	if c.Active {
		return 0
	}
	return 1
}

func (s *Site) colleague(tx *sqldb.Tx, r *http.Request, w staff.Worker, branches []branch.Branch) (colleague, error) {
	has, err := factor.StateOf(tx, w.Owner())
	c := colleague{Worker: w, Step: has.Any(), Self: w.ID == kit.VisitOf(r).Session.Subject}
	for _, p := range w.Posts {
		one := post{Role: p.Role}
		if i := slices.IndexFunc(branches, func(b branch.Branch) bool { return b.ID == p.BranchID }); i >= 0 {
			one.Branch = &branches[i]
		}
		c.Where = append(c.Where, one)
	}
	return c, err
}

// workerPage is the form of a new worker, and the page of one who is there.
type workerPage struct {
	*kit.Form
	Who    colleague // with an empty id when new
	Grants []grant
}

// Roles reports whether to ask for roles: who left has none to use.
func (p workerPage) Roles() bool { return p.Who.ID == "" || p.Who.Active }

// grant is what a worker may be somewhere: a role for the whole library, or at branches.
type grant struct {
	Role       staff.Role
	Everywhere cell
	Branches   []cell
}

// Chosen is at how many branches the role is held.
func (g grant) Chosen() (n int) {
	for _, c := range g.Branches {
		if c.Chosen {
			n++
		}
	}
	return n
}

type cell struct {
	Value  string         // "balie@BRANCH"
	Branch *branch.Branch // nil is the whole library
	Chosen bool
}

var roles = []staff.Role{staff.Desk, staff.Finance, staff.Manager}

// grants are the roles to choose, ticked as a form says.
func grants(branches []branch.Branch, chosen []string) (list []grant) {
	at := func(role staff.Role, b *branch.Branch, id string) cell {
		value := string(role) + "@" + id
		return cell{value, b, slices.Contains(chosen, value)}
	}
	for _, role := range roles {
		g := grant{Role: role, Everywhere: at(role, nil, "")}
		for i := range branches {
			g.Branches = append(g.Branches, at(role, &branches[i], branches[i].ID))
		}
		list = append(list, g)
	}
	return list
}

// postsOf reads which roles were ticked. A branch of another library is none.
func postsOf(form *kit.Form, branches []branch.Branch) (list []staff.Post) {
	for _, value := range form.Values["role"] {
		role, at, _ := strings.Cut(value, "@")
		if at == "" || slices.ContainsFunc(branches, func(b branch.Branch) bool { return b.ID == at }) {
			list = append(list, staff.Post{Role: staff.Role(role), BranchID: at})
		}
	}
	return list
}

func (s *Site) newWorker(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	form, kept := s.keptForm(r)
	if !kept {
		form = kit.NewForm()
	}
	return s.workerPage(w, r, http.StatusOK, library, workerPage{Form: form})
}

func (s *Site) workerPage(w http.ResponseWriter, r *http.Request, status int, library branch.Organisation, page workerPage) error {
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		branches, err := branch.List(tx, library.ID)
		if err != nil {
			return err
		}
		if page.Who.ID != "" {
			if page.Who, err = s.colleague(tx, r, page.Who.Worker, branches); err != nil {
				return err
			}
		}
		page.Grants = grants(branches, page.Values["role"])
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "worker", page)
}

type passwordPage struct {
	Who      colleague
	Desk     string       // address of the sign-in page
	Password secret.Token // shown now, and never again
}

// showPassword shows a temporary password, with all that a colleague needs to
// come in by it.
func (s *Site) showPassword(w http.ResponseWriter, r *http.Request, library branch.Organisation, who staff.Worker, plain secret.Token) error {
	page := passwordPage{Password: plain}
	if s.Doors.Desk != nil {
		page.Desk = s.Doors.Desk.String()
	}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		branches, err := branch.List(tx, library.ID)
		if err != nil {
			return err
		}
		page.Who, err = s.colleague(tx, r, who, branches)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "password", page)
}

// hire adds a colleague and shows the temporary password.
func (s *Site) hire(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	branches, err := s.branches(r, library)
	if err != nil {
		return err
	}
	worker := staff.Worker{OrganisationID: library.ID, Username: form.Get("username"), Name: form.Get("name"), Posts: postsOf(form, branches)}
	worker, plain, err := staff.Hire(r.Context(), s.DB, worker, actor(r))
	if err != nil {
		if form.Take(err) {
			return s.workerPage(w, r, kit.Status(err), library, workerPage{Form: form})
		}
		return err
	}
	return s.showPassword(w, r, library, worker, plain)
}

func (s *Site) branches(r *http.Request, library branch.Organisation) (list []branch.Branch, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = branch.List(tx, library.ID)
		return err
	})
	return list, err
}

func actor(r *http.Request) string { return "staff:" + kit.VisitOf(r).Session.Subject }

// ours finds the worker of the address, of this library only.
func (s *Site) ours(r *http.Request, library branch.Organisation) (who staff.Worker, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		who, err = staff.Find(tx, r.PathValue("id"))
		return err
	})
	if err == nil && who.OrganisationID != library.ID {
		err = staff.ErrUnknown
	}
	return who, err
}

func (s *Site) worker(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	who, err := s.ours(r, library)
	if err != nil {
		return err
	}
	form, kept := s.keptForm(r)
	if !kept {
		form = kit.NewForm()
		form.Set("name", who.Name)
		for _, p := range who.Posts {
			form.Values.Add("role", string(p.Role)+"@"+p.BranchID)
		}
	}
	return s.workerPage(w, r, http.StatusOK, library, workerPage{Form: form, Who: colleague{Worker: who}})
}

func (s *Site) changeWorker(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	who, err := s.ours(r, library)
	if err != nil {
		return err
	}
	branches, err := s.branches(r, library)
	if err != nil {
		return err
	}
	changed := who
	changed.Name = form.Get("name")
	if who.Active { // who left keeps the roles, for who comes back
		changed.Posts = postsOf(form, branches)
	}
	if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return staff.Change(tx, changed, actor(r)) }); err != nil {
		if form.Take(err) {
			return s.workerPage(w, r, kit.Status(err), library, workerPage{Form: form, Who: colleague{Worker: who}})
		}
		return err
	}
	s.SetFlash(w, "manage.worker_saved", changed.Name)
	return s.Redirect(w, r, "/medewerkers")
}

// acts are what a manager may do to a colleague, by the last word of the address.
var acts = map[string]func(tx *sqldb.Tx, id, actor string) error{
	"wachtwoord":  nil, // hashes, so it has its own way
	"uitloggen":   staff.SignOut,
	"tweede-stap": staff.ResetFactor,
	"uit-dienst":  staff.Deactivate,
	"in-dienst":   staff.Reactivate,
}

type actPage struct {
	*kit.Form
	Who  staff.Worker
	Deed string
}

// asked finds the colleague and the act of an address. Nobody does these to
// themselves: see staff.ErrSelf.
func (s *Site) asked(r *http.Request, library branch.Organisation) (who staff.Worker, deed string, err error) {
	deed = r.PathValue("daad")
	if _, known := acts[deed]; !known {
		return who, "", kit.ErrNoPage
	}
	if who, err = s.ours(r, library); err == nil && who.ID == kit.VisitOf(r).Session.Subject {
		err = staff.ErrSelf
	}
	return who, deed, err
}

func (s *Site) askAct(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	who, deed, err := s.asked(r, library)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "act", actPage{kit.NewForm(), who, deed})
}

func (s *Site) act(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	who, deed, err := s.asked(r, library)
	if err != nil {
		return err
	}
	if deed == "wachtwoord" {
		plain, err := staff.Temporary(r.Context(), s.DB, who.ID, actor(r))
		if err != nil {
			return err
		}
		return s.showPassword(w, r, library, who, plain)
	}
	if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return acts[deed](tx, who.ID, actor(r)) }); err != nil {
		if form := kit.NewForm(); form.Take(err) {
			return s.Show(w, r, kit.Status(err), "act", actPage{form, who, deed})
		}
		return err
	}
	s.SetFlash(w, "manage.did_"+deed, who.Name)
	return s.Redirect(w, r, "/medewerkers/%s", who.ID)
}
