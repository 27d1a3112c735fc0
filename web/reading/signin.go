package reading

import (
	"errors"
	"net/http"
	"strings"

	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// signIn starts a sign-in that leads back to the page in "naar".
func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	return s.party.Begin(w, r, party.Step{To: s.Back(r.URL.Query().Get("naar"))})
}

// comeBack takes the answer of the sign-on. The note of a step is the title that
// the reader asked for with a form, or the app that they let in.
func (s *Site) comeBack(w http.ResponseWriter, r *http.Request) error {
	a, err := s.party.Answer(w, r)
	if _, in := whoIs(r); in && errors.Is(err, party.ErrStepUnknown) { // the Back button, after signing in
		return s.Redirect(w, r, "/")
	}
	if err != nil {
		return err
	}
	if a.Problem != "" {
		return s.refused(w, r, a.Step, a.Problem)
	}
	var c claims
	if err := a.Claims(&c); err != nil {
		return err
	}
	who := who{Reader: loan.ReaderOf(s.DB.Box, a.Issuer, a.Subject), Name: c.Name, Memberships: c.Memberships, At: s.DB.Now(), Hint: a.Hint}
	if err := s.enter(w, r, a, who); err != nil {
		return err
	}
	if name, app := strings.CutPrefix(a.Step.Note, appNote); app {
		return s.letIn(w, r, a, name)
	}
	if a.Step.Note != "" {
		return s.lend(w, r, who, a.Step.Note)
	}
	http.Redirect(w, r, a.Step.To, http.StatusSeeOther)
	return nil
}

// refused handles an answer without a code. "Nobody is signed in there" to a
// silent question ends the session here as well: signing out is for all doors.
func (s *Site) refused(w http.ResponseWriter, r *http.Request, st party.Step, problem string) error {
	switch {
	case st.Silent && party.NotSignedIn(problem):
		if err := s.party.Leave(w, r); err != nil {
			return err
		}
		s.forgetGivenBack(w)
		if st.Note != "" { // they were about to do something: let them sign in and go on
			return s.party.Begin(w, r, party.Step{To: st.To, Note: st.Note})
		}
		s.SetFlash(w, "reading.signed_out_there")
		http.Redirect(w, r, st.To, http.StatusSeeOther)
		return nil
	case problem == party.AccessDenied:
		return s.party.Stopped(w, r)
	}
	if st.Silent && st.Note == "" { // read on with what we know
		http.Redirect(w, r, st.To, http.StatusSeeOther)
		return nil
	}
	return party.ErrSignOnDown
}

// enter opens a session, or brings the rights of the running one up to date when
// it is still the same reader.
func (s *Site) enter(w http.ResponseWriter, r *http.Request, a party.Answer, who who) error {
	now := kit.VisitOf(r).Session
	if !a.Step.Silent || now == nil || now.ID != a.Step.Session || now.Subject != s.subjectOf(who.Reader) {
		return s.party.Enter(w, r, a, s.subjectOf(who.Reader), who)
	}
	return s.party.GoOn(r, a, who)
}

// signOut ends the session here and then at the sign-on. What they gave back a moment
// ago goes too: others use this computer.
func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	who, _ := whoIs(r)
	s.forgetGivenBack(w)
	return s.party.SignOut(w, r, who.Hint)
}
