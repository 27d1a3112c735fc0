package login

import (
	"errors"
	"net/http"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/web/kit"
)

// questionPage asks the owner of an account whether a library may link it. The
// owner stands at the desk, with the clerk's screen before them.
type questionPage struct {
	account.Question
	Account account.Account // who answers
	Token   string
}

// showQuestion shows the question of a library. It changes nothing.
func (s *Site) showQuestion(w http.ResponseWriter, r *http.Request) error {
	page := questionPage{Token: r.PathValue("token")}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Question, err = s.Accounts.LookAt(tx, secret.Token(page.Token)); err != nil {
			return err
		}
		page.Account, err = s.Accounts.Find(tx, kit.VisitOf(r).Session.Subject)
		return err
	})
	switch {
	case errors.Is(err, account.ErrQuestionOver):
		return s.Show(w, r, kit.Status(err), "linkover", nil)
	case errors.Is(err, account.ErrNoAccount): // it went away while its owner was in
		return kit.ErrSignIn
	case err != nil:
		return err
	}
	return s.Show(w, r, http.StatusOK, "link", page)
}

// agree is Akkoord: the library may link the account of who is signed in here.
func (s *Site) agree(w http.ResponseWriter, r *http.Request) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return s.Accounts.Agree(tx, secret.Token(r.PathValue("token")), kit.VisitOf(r).Session.Subject)
	})
	if errors.Is(err, account.ErrQuestionOver) {
		return s.Show(w, r, kit.Status(err), "linkover", nil)
	}
	if err != nil {
		return err
	}
	s.SetFlash(w, "login.link_agreed")
	return s.Redirect(w, r, "/")
}
