package manage

import (
	"net/http"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

// errReason asks why a title is taken out of lending: who comes after must know.
var errReason = fault.New(fault.Invalid, "manage.title_no_reason")

// titlesMost is how many titles a search shows: more than fit on a screen means that
// the manager should ask for one more thing.
const titlesMost = 30

// Fields of the search, and of the form that takes a title out of lending.
const (
	fieldSearch = "zoek"
	fieldReason = "reden"
)

type titlesPage struct {
	Text   string
	Found  []Title // of the search
	Total  int
	Away   []Title // withdrawn, when nothing is looked for
	Wanted []Title // the most wanted first, then too
	Least  int     // with fewer loans a title is not among them
}

// titles is Titels: what was withdrawn, what is wanted, and looking one up. No number
// here is about a title.
func (s *Site) titles(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	page := titlesPage{Text: strings.TrimSpace(strings.ToValidUTF8(r.URL.Query().Get(fieldSearch), "")), Least: s.Lending.Least()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Text != "" {
			page.Found, page.Total, err = s.Titles.Search(tx, page.Text, titlesMost)
			return err
		}
		if page.Away, err = s.Titles.Away(tx); err != nil {
			return err
		}
		page.Wanted, err = s.Titles.Wanted(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "titles", page)
}

type titlePage struct {
	*kit.Form
	Title  Title
	Acts   []TitleAct
	Makers map[string]string // name of a worker, by who did it
}

func (s *Site) title(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	return s.titlePage(w, r, http.StatusOK, kit.NewForm())
}

func (s *Site) titlePage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	page := titlePage{Form: form}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Title, err = s.Titles.Find(tx, r.PathValue("id")); err != nil {
			return err
		}
		if page.Acts, err = s.Titles.Acts(tx, page.Title.ID); err != nil {
			return err
		}
		var actors []string
		for _, a := range page.Acts {
			actors = append(actors, a.Actor)
		}
		page.Makers, err = namesOf(tx, actors)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "title", page)
}

// titleAct takes a title out of lending, or lends it again. It is done to what the
// manager saw: a title that a colleague withdrew in the meantime stays as it is.
func (s *Site) titleAct(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id, said := r.PathValue("id"), ""
	var act func(*sqldb.Tx) error
	switch r.PathValue("daad") {
	case "stoppen":
		reason := strings.TrimSpace(form.Get(fieldReason))
		if reason == "" {
			form.Take(errReason.At(fieldReason))
			return s.titlePage(w, r, http.StatusUnprocessableEntity, form)
		}
		said = "manage.title_away_done"
		act = func(tx *sqldb.Tx) error { return s.Titles.Withdraw(tx, actor(r), id, reason) }
	case "uitlenen":
		said = "manage.title_back_done"
		act = func(tx *sqldb.Tx) error { return s.Titles.PutBack(tx, actor(r), id) }
	default:
		return kit.ErrNoPage
	}
	var title Title
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if title, err = s.Titles.Find(tx, id); err != nil {
			return err
		}
		return act(tx)
	})
	if fault.KindOf(err) == fault.Conflict && form.Take(err) {
		return s.titlePage(w, r, kit.Status(err), form)
	}
	if err != nil {
		return err
	}
	s.SetFlash(w, said, title.Name)
	return s.Redirect(w, r, "/uitlenen/titels/%s", id)
}

// namesOf names the workers among actors of the audit log. Who left is named still;
// whoever used the command line is nobody we know.
func namesOf(tx *sqldb.Tx, actors []string) (map[string]string, error) {
	names := map[string]string{}
	for _, a := range actors {
		id, isWorker := strings.CutPrefix(a, "staff:")
		if _, known := names[a]; known || !isWorker {
			continue
		}
		w, err := staff.Find(tx, id)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		names[a] = w.Name
	}
	return names, nil
}
