package login

import (
	"net/http"
	"net/url"
	"slices"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/identity/account"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// FreshFor is how long ago somebody may have proved who they are for an act that
// could take the account away from its owner: who finds an open browser cannot.
const FreshFor = entry.FreshTime

// againField is the password on the page that asks for it once more.
const againField = "wachtwoord-nu"

// againPage asks for the password and keeps what was typed before.
type againPage struct {
	*kit.Form
	Account account.Account
	Action  string     // the address of the form that was sent
	Kept    url.Values // what it said
}

// requireFresh lets an act pass by who proved lately who they are. Of anybody else
// it asks the password, on a page that keeps the form as it was typed; the session
// counts as fresh from then on, under another token. The form of the act holds no password itself, since
// a password never travels back to a page.
func (s *Site) requireFresh(h kit.Handler) kit.Handler {
	return kit.RequireSession(func(w http.ResponseWriter, r *http.Request) error {
		live := kit.VisitOf(r).Session
		if s.DB.Now().Sub(live.AuthAt) < FreshFor {
			return h(w, r)
		}
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		page := againPage{Form: &kit.Form{Values: url.Values{}}, Action: r.URL.RequestURI(), Kept: url.Values{}}
		for name, values := range form.Values {
			if name != againField {
				page.Kept[name] = slices.Clone(values)
			}
		}
		if page.Account, err = s.mine(r); err != nil {
			return err
		}
		if !form.Values.Has(againField) {
			return s.Show(w, r, http.StatusOK, "again", page)
		}
		if form.Raw(againField) == "" {
			err = errNoPassword
		} else if _, err = s.Accounts.SignInAgain(r.Context(), s.DB, live.Subject, s.attempt(r, form.Raw(againField))); err == nil {
			var token secret.Token
			err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
				if err = session.Renew(tx, live.ID); err == nil {
					token, err = rotate(tx, live.ID)
				}
				return err
			})
			if err != nil {
				return err
			}
			s.SetSession(w, token)
			live.AuthAt = s.DB.Now()
			return h(w, r)
		}
		if !s.takeAt(w, page.Form, againField, fieldless(err)) {
			return err
		}
		return s.Show(w, r, kit.Status(err), "again", page)
	})
}

// fieldless takes the field of another form off a fault.
func fieldless(err error) error {
	for _, f := range fault.Of(err) {
		return f.At("")
	}
	return err
}

// attempt is a try with the password of who is signed in.
func (s *Site) attempt(r *http.Request, plain string) account.Attempt {
	return account.Attempt{Password: plain, Network: throttle.Network(r.RemoteAddr),
		Device: secret.Token(s.Cookie(r, deviceCookie)), Browser: browserOf(r)}
}

// mine finds the account of who is signed in.
func (s *Site) mine(r *http.Request) (acc account.Account, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		acc, err = s.Accounts.Find(tx, kit.VisitOf(r).Session.Subject)
		return err
	})
	return acc, err
}

// endOthers ends the sessions of an account and what they gave to other sites, all
// but the one to keep; "" keeps none. Who is between the password and the second step
// begins anew.
func (s *Site) endOthers(tx *sqldb.Tx, accountID, keepSessionID string) error {
	if err := s.entry.EndSteps(tx, accountID); err != nil {
		return err
	}
	return s.endSessions(tx, accountID, keepSessionID)
}

// endSessions is endOthers without those who are on their way in. Apps that outlive a
// session end with them.
func (s *Site) endSessions(tx *sqldb.Tx, accountID, keepSessionID string) error {
	sessions, err := session.List(tx, s.Name, accountID)
	if err != nil {
		return err
	}
	for _, one := range sessions {
		if one.ID == keepSessionID {
			continue
		}
		if err := s.end(tx, one.ID); err != nil {
			return err
		}
	}
	return s.Provider.RevokeLasting(tx, accountID)
}
