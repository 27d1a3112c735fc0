package desk

import (
	"errors"
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/web/kit"
)

// cost is the Opbouw abonnementskosten as the template "opbouw" shows it.
type cost struct {
	membership.BuildUp
	Digest  string
	Changed bool // other than what the clerk saw a moment ago
}

// costOf computes the Opbouw of a form, nil when the form does not say enough.
func costOf(tx *sqldb.Tx, c counter, app enrol.Application) (*cost, error) {
	up, err := enrol.Preview(tx, c.clerk(), app)
	switch {
	case err == nil:
		return &cost{BuildUp: up, Digest: up.Digest()}, nil
	case fault.KindOf(err) == fault.Internal:
		return nil, err
	}
	return nil, nil
}

func (s *Site) showBuildUp(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.buildUpPage(w, r, c, http.StatusOK, nil)
}

// buildUpPage shows what saving will cost before anything is saved, with what
// stood in the way of saving when there was something.
func (s *Site) buildUpPage(w http.ResponseWriter, r *http.Request, c counter, status int, wrong error) error {
	var page wizardPage
	var to string
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		d, saved, err := open(tx, c, r.PathValue("draft"))
		if to = saved; err != nil || to != "" {
			return err
		}
		if wrong == nil {
			if to, err = unfinished(tx, c, d, enrol.StepSave); err != nil || to != "" {
				return err
			}
		}
		page = newWizardPage(tx, c, d, enrol.StepSave)
		page.Cost, err = costOf(tx, c, d.App)
		return err
	})
	switch {
	case err != nil:
		return err
	case to != "":
		return s.Redirect(w, r, "%s", to)
	case page.Cost == nil:
		return s.Redirect(w, r, "/klant/nieuw/%s/abonnement?nakijken", page.Draft.ID)
	}
	page.Cost.Changed = errors.Is(wrong, enrol.ErrBuildUpChanged)
	if wrong != nil && !page.Take(wrong) {
		return wrong
	}
	return s.Show(w, r, status, "buildup", page)
}

// save is Opslaan. Whoever presses it again is shown the same result.
func (s *Site) save(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("draft")
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		d, err := enrol.OpenDraft(tx, c.clerk(), id)
		if err != nil {
			return err
		}
		d.App.BuildUp = form.Get(enrol.FieldBuildUp)
		return s.saveForm(tx, c, d)
	})
	if err == nil || errors.Is(err, enrol.ErrSaved) {
		return s.Redirect(w, r, "/klant/nieuw/%s/klaar", id)
	}
	if form.Take(err) {
		return s.buildUpPage(w, r, c, kit.Status(err), err)
	}
	return err
}

// saveForm keeps a form as it was sent and saves it.
func (s *Site) saveForm(tx *sqldb.Tx, c counter, d enrol.Draft) error {
	if _, err := enrol.KeepDraft(tx, c.clerk(), d.ID, d.App); err != nil {
		return err
	}
	_, err := s.Office.Save(tx, c.clerk(), d.ID)
	return err
}

// Obstacle is something that stands in the way of saving, with the screen where
// it can be mended.
type Obstacle struct {
	Fault *fault.Error
	Path  string
}

// Obstacles are what stood in the way, apart from a changed price.
func (p wizardPage) Obstacles() (list []Obstacle) {
	for _, f := range p.Faults {
		if f.Field == enrol.FieldBuildUp {
			continue
		}
		o := Obstacle{Fault: f}
		for _, field := range enrol.Fields {
			if field.Name == f.Field {
				o.Path = "/klant/nieuw/" + p.Draft.ID + pathOf(field.Step) + "#f-" + field.Name
			}
		}
		list = append(list, o)
	}
	return list
}

func pathOf(number enrol.Step) string {
	for _, st := range steps {
		if st.number == number {
			return st.path
		}
	}
	return ""
}
