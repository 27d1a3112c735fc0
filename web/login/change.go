package login

import (
	"net/http"
	"net/url"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/web/kit"
)

var (
	errNewEmail    = fault.New(fault.Invalid, "login.no_email").At(account.FieldEmail)
	errNewUsername = fault.New(fault.Invalid, "login.no_username").At(account.FieldUsername)
	// errOtherAccount: another tab of this browser signed somebody else in since the
	// page was shown.
	errOtherAccount = fault.New(fault.Conflict, "login.other_account")
	errNoCurrent    = fault.New(fault.Invalid, "login.no_current").At(currentField)
)

const (
	currentField = "huidig"
	newField     = "wachtwoord"
)

// changePage is one thing that the owner of an account changes.
type changePage struct {
	*kit.Form
	Account account.Account
	Least   int  // characters of a password
	Days    int  // how long an old name rests, or an old address can come back
	Named   bool // the account is called by its address
}

func (s *Site) changePage(r *http.Request, form *kit.Form) (page changePage, err error) {
	page = changePage{Form: form, Least: password.Shortest}
	page.Account, err = s.mine(r)
	page.Named = page.Account.Username == page.Account.Email
	return page, err
}

// showChange shows the form of one change.
func (s *Site) showChange(name string) kit.Handler {
	return kit.RequireSession(func(w http.ResponseWriter, r *http.Request) error {
		return s.askChange(w, r, kit.NewForm(), name, http.StatusOK)
	})
}

func (s *Site) askChange(w http.ResponseWriter, r *http.Request, form *kit.Form, name string, status int) error {
	page, err := s.changePage(r, form)
	if err != nil {
		return err
	}
	switch name {
	case "username", "delete":
		page.Days = int(account.NameRest / (24 * time.Hour))
	case "email":
		page.Days = int(account.EmailUndoLife / (24 * time.Hour))
	}
	return s.Show(w, r, status, name, page)
}

// refuseChange shows the form again with what is wrong.
func (s *Site) refuseChange(w http.ResponseWriter, r *http.Request, form *kit.Form, name string, err error) error {
	field := map[string]string{"username": account.FieldUsername, "email": account.FieldEmail, "newpassword": newField, "delete": currentField}[name]
	if !s.takeAt(w, form, field, err) {
		return err
	}
	return s.askChange(w, r, form, name, kit.Status(err))
}

// meantForAnother reports whether a form is of a page that was shown to another
// account.
func meantForAnother(form *kit.Form, accountID string) bool {
	whose := form.Get(whoField)
	return whose != "" && whose != accountID
}

// changeUsername gives the account another name.
func (s *Site) changeUsername(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	n := account.Naming{AccountID: kit.VisitOf(r).Session.Subject, Username: form.Get(account.FieldUsername), Browser: browserOf(r)}
	switch {
	case meantForAnother(form, n.AccountID):
		return s.refuseChange(w, r, form, "username", errOtherAccount)
	case n.Username == "":
		return s.refuseChange(w, r, form, "username", errNewUsername)
	}
	acc, err := s.Accounts.ChangeUsername(r.Context(), s.DB, n)
	if err != nil {
		return s.refuseChange(w, r, form, "username", err)
	}
	s.SetFlash(w, "login.username_changed", acc.Username)
	return s.Redirect(w, r, "/")
}

// changePassword sets another password and signs out everywhere else.
func (s *Site) changePassword(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	var missing fault.List
	if form.Raw(currentField) == "" {
		missing = append(missing, errNoCurrent)
	}
	if form.Raw(newField) == "" {
		missing = append(missing, errChoosePassword)
	}
	live := kit.VisitOf(r).Session
	if err = missing.Err(); err == nil {
		n := account.NewPassword{AccountID: live.Subject, Password: form.Raw(newField), By: s.attempt(r, form.Raw(currentField))}
		err = s.Accounts.ChangePassword(r.Context(), s.DB, n, func(tx *sqldb.Tx, acc account.Account) error {
			return s.endOthers(tx, acc.ID, live.ID)
		})
	}
	if err != nil {
		return s.refuseChange(w, r, form, "newpassword", atCurrent(err))
	}
	s.SetFlash(w, "login.password_changed")
	return s.Redirect(w, r, "/")
}

// atCurrent names the field of a current password that is wrong.
func atCurrent(err error) error {
	if l := fault.Of(err); len(l) == 1 && l[0].Is(account.ErrPassword) {
		return l[0].At(currentField)
	}
	return err
}

// Answers to the question whether the name goes along with the address.
const (
	alongField = "naam"
	alongYes   = "mee"
)

// changeEmail mails a link to the new address.
func (s *Site) changeEmail(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	m := account.Moving{AccountID: kit.VisitOf(r).Session.Subject, Email: form.Get(account.FieldEmail),
		NameToo: form.Is(alongField, alongYes), Browser: browserOf(r)}
	switch {
	case meantForAnother(form, m.AccountID):
		return s.refuseChange(w, r, form, "email", errOtherAccount)
	case m.Email == "":
		return s.refuseChange(w, r, form, "email", errNewEmail)
	}
	until, err := s.Accounts.ChangeEmail(r.Context(), s.DB, m)
	if err != nil {
		return s.refuseChange(w, r, form, "email", err)
	}
	if err := s.keepAsked(w, asked{What: account.FieldEmail, Typed: m.Email, At: until.Add(-account.EmailChangeLife)}); err != nil {
		return err
	}
	return s.Redirect(w, r, "/email/mail")
}

type emailMailedPage struct {
	Email string
	Until time.Time // until when the link works
}

// showEmailMailed says where to look for the link.
func (s *Site) showEmailMailed(w http.ResponseWriter, r *http.Request) error {
	a := s.askedOf(r)
	if a.What != account.FieldEmail {
		return s.Redirect(w, r, "/email")
	}
	return s.Show(w, r, http.StatusOK, "emailmailed", emailMailedPage{a.Typed, a.At.Add(account.EmailChangeLife)})
}

// ownLinkPage is the page of a link about an address.
type ownLinkPage struct {
	Account account.Account
	Email   string // the address that the link stands for
	Action  string // where its button leads
	Undo    bool   // the link stops a change, or brings an old address back
	Asked   bool   // the change was only asked for
	Shared  bool   // others use the address too
	Takes   bool   // the app and the passkeys that were added since go too
	Stays   bool   // one from before stays
}

func (s *Site) showEmailLink(w http.ResponseWriter, r *http.Request) error {
	page := ownLinkPage{Action: s.Link("/email/%s", ownToken(r))}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Account, page.Email, err = s.Accounts.LookEmail(tx, ownToken(r)); err != nil {
			return err
		}
		there := page.Account
		there.Email = page.Email
		page.Shared, err = s.Accounts.Shares(tx, there)
		return err
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return s.Show(w, r, http.StatusOK, "ownlink", page)
}

// confirmEmail changes the address: the button of the link was pressed.
func (s *Site) confirmEmail(w http.ResponseWriter, r *http.Request) error {
	shared := false
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		acc, err := s.Accounts.ConfirmEmail(tx, ownToken(r), browserOf(r))
		if err == nil {
			shared, err = s.Accounts.Shares(tx, acc)
		}
		return err
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	to := s.Link("/email-klaar")
	if shared {
		to += "?" + url.Values{sharedParam: {"ja"}}.Encode()
	}
	return see(w, r, to)
}

// sharedParam tells the next page that others use the address too, and is there to be
// told only.
const sharedParam = "samen"

type emailDonePage struct {
	Shared bool // others use the address too
}

func (s *Site) showEmailDone(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, http.StatusOK, "emaildone", emailDonePage{r.URL.Query().Has(sharedParam)})
}

func (s *Site) showUndo(w http.ResponseWriter, r *http.Request) error {
	page := ownLinkPage{Action: s.Link("/email-terug/%s", ownToken(r)), Undo: true}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		u, err := s.Accounts.LookUndo(tx, ownToken(r))
		page.Account, page.Email, page.Asked, page.Takes, page.Stays = u.Account, u.Email, u.Asked, u.Takes, u.Stays
		return err
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return s.Show(w, r, http.StatusOK, "ownlink", page)
}

// undoEmail stops a change or brings the old address back, signs out everybody, and leads to the form
// for a new password.
func (s *Site) undoEmail(w http.ResponseWriter, r *http.Request) error {
	to := ""
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		u, reset, err := s.Accounts.UndoEmail(tx, ownToken(r), browserOf(r))
		if err != nil {
			return err
		}
		if err := s.endOthers(tx, u.Account.ID, ""); err != nil {
			return err
		}
		to = s.Link("/wachtwoord/%s", reset) + undoneQuery(u)
		return s.Provider.RevokeAccount(tx, u.Account.ID)
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return see(w, r, to)
}

// remove deletes the account for good.
func (s *Site) remove(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	live := kit.VisitOf(r).Session
	if form.Raw(currentField) == "" {
		return s.refuseChange(w, r, form, "delete", errNoCurrent)
	}
	err = s.Accounts.Delete(r.Context(), s.DB, live.Subject, s.attempt(r, form.Raw(currentField)), func(tx *sqldb.Tx, acc account.Account) error {
		if err := s.endOthers(tx, acc.ID, ""); err != nil {
			return err
		}
		return s.Provider.RevokeAccount(tx, acc.ID)
	})
	if err != nil {
		return s.refuseChange(w, r, form, "delete", err)
	}
	s.ClearSession(w)
	s.SetCookie(w, deviceCookie, "", -1)
	return s.Redirect(w, r, "/verwijderd")
}

func (s *Site) showRemoved(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, http.StatusOK, "removed", nil)
}
