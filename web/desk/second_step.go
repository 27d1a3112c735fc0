package desk

import (
	"net/http"
	"strconv"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

// removal is the wish to take a second step away as the desk shows it.
type removal struct {
	enrol.Removal
	Who string // the worker who asked, "" for one of another library
}

// removalHours is how long a second step stays that somebody asked to take away.
func (s *Site) removalHours() int { return int(s.Office.RemovalWait().Hours()) }

// removalOf finds the one that waits at a customer's login account, nil for none.
func (s *Site) removalOf(tx *sqldb.Tx, c counter, customerID string) (*removal, error) {
	r, waits, err := s.Office.WaitingRemoval(tx, c.clerk(), customerID)
	if err != nil || !waits {
		return nil, err
	}
	who, err := colleagues{}.name(tx, r.AskedBy)
	return &removal{r, who}, err
}

// kept is the owner's no to the last wish, as the desk shows it.
type kept struct {
	enrol.Removal
	Rests bool // nobody but a manager may ask again yet
	May   bool // this clerk is one
	Again time.Time
}

// keptOf finds it, nil for none.
func (s *Site) keptOf(tx *sqldb.Tx, c counter, customerID string) (*kept, error) {
	r, found, err := s.Office.KeptRemoval(tx, c.clerk(), customerID)
	if err != nil || !found {
		return nil, err
	}
	return &kept{r, r.Rests(tx.Now), c.can(staff.Manage), r.EndedAt.Add(enrol.RemovalRest)}, nil
}

// askRemoval is Tweede stap weghalen: it says what happens, and asks by what the
// customer was known.
func (s *Site) askRemoval(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.loginPage(w, r, c, http.StatusOK, "second_step", s.keptForm(r, c, "desk.removal_sure"))
}

// remove asks for it, or insists on it. Nothing is taken away yet.
func (s *Site) remove(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if form.Values.Has(enrol.FieldWhy) {
			_, err = s.Office.InsistOnRemoval(tx, c.clerk(), id, form.Get(enrol.FieldDocument), form.Get(enrol.FieldWhy))
			return err
		}
		_, err = s.Office.AskRemoval(tx, c.clerk(), id, form.Get(enrol.FieldDocument))
		return err
	})
	if err != nil {
		if form.Take(err) {
			return s.loginPage(w, r, c, kit.Status(err), "second_step", form)
		}
		return err
	}
	s.SetFlash(w, "desk.removal_asked", strconv.Itoa(s.removalHours()))
	return s.Redirect(w, r, "/klanten/%s#inlogaccount", id)
}

// stopRemoval lets the customer keep the second step after all.
func (s *Site) stopRemoval(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, func(tx *sqldb.Tx, id string) (told, error) {
		return told{key: "desk.removal_stopped"}, s.Office.StopRemoval(tx, c.clerk(), id)
	})
}
