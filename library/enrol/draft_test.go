package enrol_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
)

func TestADraftComesBackAsItWasTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		app := tester()
		app.Birth, app.IBAN = "31-02-1991", "geen" // wrong is kept too
		id := w.draft(w.anna, app)
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if d.App != app || d.Version != 1 {
				t.Errorf("version %d: %+v", d.Version, d.App)
			}
			return err
		})
	})
}

func TestTheLastKeepingWins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, enrol.Blank("NL"))
		for i, name := range []string{"Eerst", "Laatst"} {
			w.do(func(tx *sqldb.Tx) error {
				app := enrol.Blank("NL")
				app.Surname = name
				d, err := enrol.KeepDraft(tx, w.anna, id, app)
				if d.Version != int64(2+i) {
					t.Errorf("version %d", d.Version)
				}
				return err
			})
		}
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if d.App.Surname != "Laatst" || d.Version != 3 {
				t.Errorf("version %d of %s", d.Version, d.App.Surname)
			}
			return err
		})
	})
}

func TestADraftIsItsClerksOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		elsewhere := w.anna
		elsewhere.BranchID = w.other.BranchID
		for name, c := range map[string]struct {
			clerk enrol.Clerk
			id    string
		}{
			"another clerk":           {w.bert, id},
			"the clerk elsewhere":     {elsewhere, id},
			"another library's clerk": {w.other, id},
			"no such draft":           {w.anna, "nothing"},
		} {
			for act, do := range map[string]func(*sqldb.Tx) error{
				"OpenDraft":  func(tx *sqldb.Tx) error { _, err := enrol.OpenDraft(tx, c.clerk, c.id); return err },
				"KeepDraft":  func(tx *sqldb.Tx) error { _, err := enrol.KeepDraft(tx, c.clerk, c.id, tester()); return err },
				"DropDraft":  func(tx *sqldb.Tx) error { return enrol.DropDraft(tx, c.clerk, c.id) },
				"Save":       func(tx *sqldb.Tx) error { _, err := w.office.Save(tx, c.clerk, c.id); return err },
				"ResultOf":   func(tx *sqldb.Tx) error { _, err := enrol.ResultOf(tx, c.clerk, c.id); return err },
				"AskOwner":   func(tx *sqldb.Tx) error { return w.office.AskOwner(tx, c.clerk, c.id, "zoe") },
				"ProveOwner": func(tx *sqldb.Tx) error { _, err := w.office.ProveOwner(tx, c.clerk, c.id, "x"); return err },
			} {
				if err := w.try(do); !errors.Is(err, enrol.ErrDraft) {
					t.Errorf("%s by %s: %v", act, name, err)
				}
			}
		}
		w.do(func(tx *sqldb.Tx) error {
			mine, err := enrol.Drafts(tx, w.anna)
			theirs, err2 := enrol.Drafts(tx, w.bert)
			if len(mine) != 1 || mine[0].ID != id || len(theirs) != 0 {
				t.Errorf("%d mine, %d theirs", len(mine), len(theirs))
			}
			return errors.Join(err, err2)
		})
	})
}

func TestADroppedDraftIsGone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		w.do(func(tx *sqldb.Tx) error { return enrol.DropDraft(tx, w.anna, id) })
		if _, err := w.save(w.anna, id); !errors.Is(err, enrol.ErrDraft) {
			t.Errorf("Save = %v", err)
		}
	})
}

func TestASavedDraftTakesNoMoreChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		err := w.try(func(tx *sqldb.Tx) error { _, err := enrol.ResultOf(tx, w.anna, id); return err })
		if !errors.Is(err, enrol.ErrDraft) {
			t.Errorf("the result before saving: %v", err)
		}
		if _, err := w.save(w.anna, id); err != nil {
			t.Fatal(err)
		}
		for act, do := range map[string]func(*sqldb.Tx) error{
			"KeepDraft":  func(tx *sqldb.Tx) error { _, err := enrol.KeepDraft(tx, w.anna, id, tester()); return err },
			"AskOwner":   func(tx *sqldb.Tx) error { return w.office.AskOwner(tx, w.anna, id, "zoe") },
			"ProveOwner": func(tx *sqldb.Tx) error { _, err := w.office.ProveOwner(tx, w.anna, id, "x"); return err },
		} {
			if err := w.try(do); !errors.Is(err, enrol.ErrSaved) {
				t.Errorf("%s: %v", act, err)
			}
		}
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if d.App != (enrol.Application{}) || d.Result == nil || d.SavedAt.IsZero() {
				t.Errorf("what was typed is still there: %+v", d)
			}
			open, err2 := enrol.Drafts(tx, w.anna)
			if len(open) != 0 {
				t.Errorf("%d open drafts", len(open))
			}
			return errors.Join(err, err2)
		})
		w.do(func(tx *sqldb.Tx) error {
			if err := enrol.DropDraft(tx, w.anna, id); !errors.Is(err, enrol.ErrDraft) {
				t.Errorf("DropDraft = %v", err)
			}
			return nil
		})
	})
}

func TestADraftLivesSevenDays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		sweep := func() { w.do(enrol.DropOldDrafts) }
		find := func() error {
			return w.try(func(tx *sqldb.Tx) error { _, err := enrol.OpenDraft(tx, w.anna, id); return err })
		}
		w.pass(7 * 24 * time.Hour)
		sweep()
		if err := find(); err != nil {
			t.Errorf("after seven days: %v", err)
		}
		w.pass(time.Second)
		if err := find(); !errors.Is(err, enrol.ErrDraft) {
			t.Errorf("a second later, before the job came by: %v", err)
		}
		if _, err := w.save(w.anna, id); !errors.Is(err, enrol.ErrDraft) {
			t.Errorf("saved all the same: %v", err)
		}
		sweep()
		if n := w.count("draft"); n != 0 {
			t.Errorf("%d drafts left", n)
		}
	})
}

func TestFillTakesTheFieldsOfItsScreenOnly(t *testing.T) {
	a := tester()
	a.Newsletter = enrol.Yes
	a.Fill(enrol.StepContact, url.Values{
		enrol.FieldEmail: {"  nieuw@example.nl "}, enrol.FieldSurname: {"Ander"}, enrol.FieldIBAN: {strings.Repeat("é", 600)},
	})
	if a.Email != "nieuw@example.nl" || a.Surname != "Tester" || a.Newsletter != "" || a.Lang != "nl" || a.Get(enrol.FieldIBAN) != strings.Repeat("é", enrol.FieldMost) {
		t.Errorf("filled %+v", a)
	}
	a.Fill(enrol.AllSteps, url.Values{enrol.FieldSurname: {"Ander"}})
	if a.Surname != "Ander" || a.Email != "" || a.Country != "NL" || a.Get("stranger") != "" {
		t.Errorf("filled %+v", a)
	}
}

func TestAnUnusedIDIsAnEmptyFormAndLookingWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := secret.NewID()
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if d.ID != id || d.App.Country != "NL" || d.App.Surname != "" {
				t.Errorf("draft %+v", d)
			}
			return err
		})
		w.do(func(tx *sqldb.Tx) error {
			mine, err := enrol.Drafts(tx, w.anna)
			if len(mine) != 0 {
				t.Errorf("looking made %d drafts", len(mine))
			}
			return err
		})
		w.do(func(tx *sqldb.Tx) error { _, err := enrol.KeepDraft(tx, w.anna, id, tester()); return err })
		if err := w.try(func(tx *sqldb.Tx) error { _, err := enrol.KeepDraft(tx, w.bert, id, tester()); return err }); !errors.Is(err, enrol.ErrDraft) {
			t.Errorf("another clerk took the id: %v", err)
		}
	})
}

func TestSixteenKeepsOfOneDraftLeaveOneOfThemWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := secret.NewID()
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				app := someone(i)
				if err := w.try(func(tx *sqldb.Tx) error { _, err := enrol.KeepDraft(tx, w.anna, id, app); return err }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			whole := false
			for i := range 16 {
				whole = whole || d.App == someone(i)
			}
			if !whole || d.Version != 16 {
				t.Errorf("version %d of %+v", d.Version, d.App)
			}
			mine, err2 := enrol.Drafts(tx, w.anna)
			if len(mine) != 1 {
				t.Errorf("%d drafts", len(mine))
			}
			return errors.Join(err, err2)
		})
	})
}

func TestADraftThatIsSavedMeanwhileIsNotKeptAnymore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		var all sync.WaitGroup
		for range 15 {
			all.Go(func() {
				late := tester()
				late.Surname = "Te Laat"
				err := w.try(func(tx *sqldb.Tx) error {
					d, err := enrol.OpenDraft(tx, w.anna, id)
					if err != nil {
						return err
					}
					late.BuildUp = d.App.BuildUp
					_, err = enrol.KeepDraft(tx, w.anna, id, late)
					return err
				})
				if err != nil && !errors.Is(err, enrol.ErrSaved) {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			if _, err := w.save(w.anna, id); err != nil && !errors.Is(err, enrol.ErrBuildUpChanged) && !errors.Is(err, enrol.ErrBuildUpUnseen) {
				t.Error(err)
			}
		})
		all.Wait()
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if !d.SavedAt.IsZero() && d.App.Surname != "" {
				t.Errorf("a saved draft was kept again: %+v", d.App)
			}
			return err
		})
	})
}
