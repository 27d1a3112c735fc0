package login

import (
	"errors"
	"net/http"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// linkPage is the page of a link that works, or says why it does not.
type linkPage struct {
	*kit.Form
	Token   secret.Token
	Account account.Account
	Least   int        // characters of a password
	Fault   fault.List // why a link does not work
	Used    bool       // the account is active: sign in
	Way     account.Way
	Until   time.Time // of a new link
}

// token reads the secret from the address.
func token(r *http.Request) secret.Token { return secret.Token(r.PathValue("token")) }

// showLink shows what the link of a mail is for. Mail scanners open it too, so
// that it changes nothing: the button does.
func (s *Site) showLink(w http.ResponseWriter, r *http.Request) error {
	var link account.Link
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		link, err = s.Accounts.Look(tx, token(r))
		return err
	})
	if err != nil {
		return s.deadLink(w, r, err)
	}
	page := linkPage{Form: kit.NewForm(), Token: token(r), Account: link.Account, Least: password.Shortest}
	if link.Confirmed {
		return s.Show(w, r, http.StatusOK, "password", page)
	}
	return s.Show(w, r, http.StatusOK, "confirm", page)
}

// deadLink tells why a link does not work, and what to do.
func (s *Site) deadLink(w http.ResponseWriter, r *http.Request, err error) error {
	page := linkPage{Form: kit.NewForm(), Token: token(r), Fault: fault.Of(err), Used: errors.Is(err, account.ErrLinkUsed)}
	switch {
	case errors.Is(err, account.ErrLinkExpired):
		return s.Show(w, r, kit.Status(err), "expired", page)
	case page.Used:
		lookErr := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			page.Way, err = s.Accounts.ContinueByLink(tx, page.Token)
			return err
		})
		if lookErr != nil {
			return lookErr
		}
		fallthrough
	case errors.Is(err, account.ErrLinkUnknown), errors.Is(err, account.ErrLinkReplaced):
		return s.Show(w, r, kit.Status(err), "deadlink", page)
	}
	return err
}

// confirm notes that the owner of the address pressed the button. The same page
// then asks for a password.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		_, err := s.Accounts.Confirm(tx, token(r))
		return err
	})
	if err != nil {
		return s.deadLink(w, r, err)
	}
	return s.Redirect(w, r, "/activeren/%s", token(r))
}

// setPassword wakes the account and signs its owner in.
func (s *Site) setPassword(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Raw("wachtwoord") == "" {
		return s.askPassword(w, r, form, errChoosePassword)
	}
	var here begun
	_, err = s.Accounts.Activate(r.Context(), s.DB, token(r), form.Raw("wachtwoord"), func(tx *sqldb.Tx, acc account.Account) (err error) {
		here, err = s.begin(tx, r, acc.ID, signon.ACRPassword)
		return err
	})
	switch {
	case err == nil:
		s.keep(w, here)
		return s.Redirect(w, r, "/klaar")
	case errors.Is(err, account.ErrConfirmFirst):
		return s.Redirect(w, r, "/activeren/%s", token(r))
	case fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Unavailable:
		return s.deadLink(w, r, err)
	}
	return s.askPassword(w, r, form, err)
}

// askPassword shows the form again with what is wrong with the password.
func (s *Site) askPassword(w http.ResponseWriter, r *http.Request, form *kit.Form, err error) error {
	for _, f := range fault.Of(err) {
		form.Faults = append(form.Faults, f.At("wachtwoord"))
	}
	page := linkPage{Form: form, Token: token(r), Least: password.Shortest}
	confirmed := false
	lookErr := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		link, err := s.Accounts.Look(tx, token(r))
		page.Account, confirmed = link.Account, link.Confirmed
		return err
	})
	if lookErr != nil {
		return s.deadLink(w, r, lookErr)
	}
	if !confirmed {
		return s.Redirect(w, r, "/activeren/%s", page.Token)
	}
	return s.Show(w, r, kit.Status(err), "password", page)
}

// newLink mails a new link to the address that we know. The page does not say
// which: whoever found an old link must not learn it.
func (s *Site) newLink(w http.ResponseWriter, r *http.Request) error {
	m := mailed{Link: token(r).Digest()}
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		m.Until, err = s.Accounts.ResendByLink(tx, token(r))
		return err
	})
	switch {
	case errors.Is(err, account.ErrLinkWorks):
		return s.Redirect(w, r, "/activeren/%s", token(r))
	case err != nil:
		return s.deadLink(w, r, err)
	}
	if err := s.keepMailed(w, m); err != nil {
		return err
	}
	return s.Redirect(w, r, "/activeren/%s/nieuw", token(r))
}
