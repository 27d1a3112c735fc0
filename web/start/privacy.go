package start

import (
	"net/http"

	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

// Controller is who answers for the data of people (AVG art. 4(7)): the library.
type Controller struct {
	Name, Address, Email, Phone, Site string
	Register                          string // number in the trade register
}

// Figures are how long things are kept, from the constants of the rooms that keep
// them. The roof fills them in, so that the page cannot say anything else.
type Figures struct {
	FormDays    int // an enrolment on the web that was not finished
	PayYears    int // payments, by law
	ProofYears  int // that somebody wanted the newsletter
	MailDays    int // letters that were sent
	LookDays    int // who looked at a customer at the desk
	WaitHours   int // an account that waits for its owner
	NameDays    int // that the name of a deleted account rests
	SignInDays  int // what happened to an account
	SessionDays int // that a session lives at most
	BackMinutes int // a title that was just given back, in the browser
	LoanDays    int // an ended loan, without its reader
	AppIdleDays int // an app that is not used
	AppYears    int // and one that is
}

type privacyPage struct {
	Controller
	Kept []kept
}

// kept is a line of the table, in the visitor's language.
type kept struct{ What, Why, Long string }

// privacy tells what is kept of whom, why, how long, and who sees it.
func (s *Site) privacy(w http.ResponseWriter, r *http.Request) error {
	var page privacyPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Controller, err = s.Controller(tx)
		return err
	})
	if err != nil {
		return err
	}
	f, lang := s.Figures, kit.VisitOf(r).Lang
	page.Kept = nil
	for _, it := range []struct {
		about string // the keys are start.keep_ABOUT, …_why, …_long
		args  []any
	}{
		{"person", nil}, {"money", []any{f.PayYears}}, {"form", []any{f.FormDays}}, {"news", []any{f.ProofYears}}, {"mail", []any{f.MailDays}}, {"looks", []any{f.LookDays}},
		{"account", []any{f.WaitHours, f.NameDays}}, {"signins", []any{f.SignInDays, f.SessionDays}},
		{"loans", nil}, {"back", []any{f.BackMinutes}}, {"ended", []any{f.LoanDays}}, {"apps", []any{f.AppIdleDays, f.AppYears}}, {"copy", nil},
	} {
		key := "start.keep_" + it.about
		page.Kept = append(page.Kept, kept{s.Words.Text(lang, key), s.Words.Text(lang, key+"_why"), s.Words.Text(lang, key+"_long", it.args...)})
	}
	return s.Show(w, r, http.StatusOK, "privacy", page)
}
