package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// fresh opens a new form. Nothing is written before somebody types: the id in
// the address is enough to come back to.
func (s *Site) fresh(format string) handler {
	return func(w http.ResponseWriter, r *http.Request, _ counter) error {
		return s.Redirect(w, r, format, secret.NewID())
	}
}

// wizardPage is any page of an enrolment.
type wizardPage struct {
	*kit.Form
	Staff     string // whose form it is, for when the session ends meanwhile
	Branch    branch.Branch
	Draft     enrol.Draft
	Step      enrol.Step
	Birth     day.Day // as read, "" when it cannot be
	Age       int
	Checked   bool              // the address book knew the address
	Ask       bool              // Systeemnummer laten genereren?
	Former    customer.Customer // whose number was typed; ID "" for none
	Holder    customer.Customer // who uses that number now
	Matches   []customer.Match  // who may be the same person
	Seen      string
	Today     day.Day
	Countries []string
	Consent   string // the sentence beside Nieuwsbrief
	Offers    []offer
	Cost      *cost
	Phone     *phone // the question to an account's owner, nil for none
	Still     bool   // the code of that question was mailed before and works
	Held      string // the customer who has the account that the owner confirmed
	Quick     bool
}

func newWizardPage(tx *sqldb.Tx, c counter, d enrol.Draft, step enrol.Step) wizardPage {
	p := wizardPage{Form: kit.NewForm(), Staff: c.worker.ID, Branch: c.branch, Draft: d, Step: step, Today: day.Of(tx.Now)}
	for _, f := range enrol.Fields {
		p.Set(f.Name, *f.Of(&d.App))
	}
	p.Birth = d.App.BirthDay()
	if customer.CheckBirth(p.Birth, p.Today) != nil {
		p.Birth = ""
	} else {
		p.Age = p.Birth.Age(p.Today)
	}
	p.Checked = d.App.Checked != "" && d.App.Checked == d.App.AddressMark()
	return p
}

// Same reports whether somebody on the screen is so alike that a reason is asked.
func (p wizardPage) Same() bool {
	for _, m := range p.Matches {
		if m.Same {
			return true
		}
	}
	return false
}

// Auto gives the field the focus where the work goes on: the number first, and
// the name once there is one. With something wrong the summary has the focus.
func (p wizardPage) Auto(name string) string {
	next := enrol.FieldInitials
	if p.Draft.App.Number == "" {
		next = enrol.FieldNumber
	}
	if name == next && !p.Bad() && !p.Ask && p.Cost == nil {
		return "autofocus"
	}
	return ""
}

// stepMark is one entry of the row of steps above a screen.
type stepMark struct {
	Key        string
	Done, Here bool
}

// EmailSlip is the address that was probably meant, "" when nothing looks wrong.
func (p wizardPage) EmailSlip() string { return customer.EmailSlip(p.Draft.App.Email) }

// NoUse reports whether the chosen membership gives nothing to somebody without
// a login account.
func (p wizardPage) NoUse() bool {
	return p.Cost != nil && p.Cost.Rights.Digital && !p.Cost.Rights.Physical && !p.Draft.App.WantsLogin()
}

// Steps is the row of steps; without a login account there is one less.
func (p wizardPage) Steps() (marks []stepMark) {
	for i, key := range []string{"desk.step_person", "desk.step_contact", "desk.step_account", "desk.step_membership", "desk.step_save"} {
		at := enrol.Step(i + 1)
		if at == enrol.StepAccount && p.Step > enrol.StepContact && !p.Draft.App.WantsLogin() {
			continue
		}
		marks = append(marks, stepMark{Key: key, Done: at < p.Step, Here: at == p.Step})
	}
	return marks
}

// SystemNumber is the row of V's, for the script.
func (wizardPage) SystemNumber() string { return customer.SystemNumber }

// AutoBank gives screen 2 its focus.
func (p wizardPage) AutoBank() string {
	if p.Step == enrol.StepContact && !p.Bad() {
		return "autofocus"
	}
	return ""
}

// Ready reports whether the quick path was checked and only Opslaan is left.
func (p wizardPage) Ready() bool {
	return p.Quick && p.Cost != nil && p.Cost.Digest == p.Draft.App.BuildUp && len(p.Obstacles()) == 0
}

// Young reports whether the form asks for a parent.
func (p wizardPage) Young() bool {
	return p.Birth != "" && p.Age < enrol.GuardianAge || p.Get(enrol.FieldGuardian) != ""
}

// open reads the clerk's draft; to is where a saved one goes instead.
func open(tx *sqldb.Tx, c counter, id string) (d enrol.Draft, to string, err error) {
	d, err = enrol.OpenDraft(tx, c.clerk(), id)
	if err == nil && !d.SavedAt.IsZero() {
		to = "/klant/nieuw/" + id + "/klaar"
	}
	return d, to, err
}

// show shows one screen with what the draft holds. Who jumps ahead is brought
// back to the first screen that is not right yet.
func (s *Site) show(st step) handler {
	return func(w http.ResponseWriter, r *http.Request, c counter) error {
		var page wizardPage
		var to string
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			d, saved, err := open(tx, c, r.PathValue("draft"))
			if to = saved; err != nil || to != "" {
				return err
			}
			if to, err = unfinished(tx, c, d, st.number); err != nil || to != "" {
				return err
			}
			page = newWizardPage(tx, c, d, st.number)
			if r.URL.Query().Has("nakijken") {
				if err := enrol.Check(tx, c.clerk(), d.App, st.number); err != nil && !page.Take(err) {
					return err
				}
			}
			return st.prepare(tx, c, &page)
		})
		if err != nil {
			return err
		}
		if to != "" {
			return s.Redirect(w, r, "%s", to)
		}
		return s.Show(w, r, http.StatusOK, st.page, page)
	}
}

// take keeps what was typed on a screen, checks it, and goes on. Nothing typed
// is lost by whatever is wrong with it.
func (s *Site) take(st step) handler {
	return func(w http.ResponseWriter, r *http.Request, c counter) error {
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		app, err := s.fill(r.Context(), c, r.PathValue("draft"), st.number, form)
		if err != nil {
			return s.orResult(w, r, err)
		}
		var page wizardPage
		var to string
		var wrong error
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
			d, err := enrol.KeepDraft(tx, c.clerk(), r.PathValue("draft"), app)
			if err != nil {
				return err
			}
			to, wrong, err = st.onward(s, tx, c, d, form)
			if err != nil || wrong == nil {
				return err
			}
			page = newWizardPage(tx, c, d, st.number)
			if !page.Take(wrong) {
				return wrong
			}
			return st.prepare(tx, c, &page)
		})
		if err != nil {
			return s.orResult(w, r, err)
		}
		if wrong != nil {
			return s.Show(w, r, http.StatusUnprocessableEntity, st.page, page)
		}
		return s.Redirect(w, r, "%s", to)
	}
}

// orResult brings whoever presses a button of a saved enrolment to its result.
func (s *Site) orResult(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case !errors.Is(err, enrol.ErrSaved):
		return err
	case strings.HasPrefix(r.URL.Path, s.Link("/klant/snel/")):
		return s.Redirect(w, r, "/klant/nieuw/%s/klaar?snel=1", r.PathValue("draft"))
	}
	return s.Redirect(w, r, "/klant/nieuw/%s/klaar", r.PathValue("draft"))
}

// fill lays the posted fields of a screen over the draft. The address book is
// asked here, outside any transaction: it may take two seconds.
func (s *Site) fill(ctx context.Context, c counter, id string, step enrol.Step, form *kit.Form) (enrol.Application, error) {
	var d enrol.Draft
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		d, err = enrol.OpenDraft(tx, c.clerk(), id)
		return err
	})
	if err == nil && !d.SavedAt.IsZero() {
		err = enrol.ErrSaved
	}
	if err != nil {
		return d.App, err
	}
	before := d.App
	d.App.Fill(step, form.Values)
	if step == enrol.StepPerson || step == enrol.AllSteps {
		d.App.LookUp(ctx, s.Book, before)
	}
	return d.App, nil
}

// unfinished returns the first screen before step that is not right yet, "" for none.
func unfinished(tx *sqldb.Tx, c counter, d enrol.Draft, before enrol.Step) (string, error) {
	for _, st := range steps {
		if st.number >= before {
			break
		}
		err := enrol.Check(tx, c.clerk(), d.App, st.number)
		switch {
		case err == nil:
		case fault.KindOf(err) == fault.Internal:
			return "", err
		default:
			return "/klant/nieuw/" + d.ID + st.path + "?nakijken", nil
		}
		if st.number == enrol.StepAccount && d.App.WantsExisting() && d.Proved == "" {
			return "/klant/nieuw/" + d.ID + "/code", nil
		}
	}
	return "", nil
}

// resume brings the clerk back to where a draft was left.
func (s *Site) resume(w http.ResponseWriter, r *http.Request, c counter) error {
	var to string
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		d, saved, err := open(tx, c, r.PathValue("draft"))
		if to = saved; err != nil || to != "" {
			return err
		}
		if to, err = unfinished(tx, c, d, enrol.StepSave); err == nil && to == "" {
			to = "/klant/nieuw/" + d.ID + "/opbouw"
		}
		to = strings.TrimSuffix(to, "?nakijken") // the clerk knows that it is not finished
		return err
	})
	if err != nil {
		return err
	}
	return s.Redirect(w, r, "%s", to)
}
