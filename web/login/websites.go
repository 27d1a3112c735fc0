package login

import (
	"net/http"
	"slices"

	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// websitesPage lists the sites of others that hear of an account.
type websitesPage struct {
	hearing
	Consents []signon.Consent
}

func (s *Site) showWebsites(w http.ResponseWriter, r *http.Request) error {
	var page websitesPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Consents, err = s.Provider.Consents(tx, kit.VisitOf(r).Session.Subject)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "websites", page)
}

// showWebsite asks whether a site must hear no more.
func (s *Site) showWebsite(w http.ResponseWriter, r *http.Request) error {
	var page signon.Consent
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page, err = s.consentTo(tx, kit.VisitOf(r).Session.Subject, r.PathValue("website"))
		return err
	})
	if err != nil {
		return err
	}
	if page.ClientID == "" { // it was taken back already
		return s.Redirect(w, r, "/websites")
	}
	return s.Show(w, r, http.StatusOK, "website", page)
}

// consentTo is what a site may hear, or the zero consent.
func (s *Site) consentTo(tx *sqldb.Tx, accountID, clientID string) (c signon.Consent, err error) {
	all, err := s.Provider.Consents(tx, accountID)
	if i := slices.IndexFunc(all, func(c signon.Consent) bool { return c.ClientID == clientID }); i >= 0 {
		c = all[i]
	}
	return c, err
}

// withdraw takes back what a site may hear.
func (s *Site) withdraw(w http.ResponseWriter, r *http.Request) error {
	accountID := kit.VisitOf(r).Session.Subject
	var gone signon.Consent
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if gone, err = s.consentTo(tx, accountID, r.PathValue("website")); err != nil || gone.ClientID == "" {
			return err
		}
		if err := s.Provider.WithdrawConsent(tx, accountID, gone.ClientID); err != nil {
			return err
		}
		return account.Note(tx, accountID, account.EventWithdrawn, browserOf(r))
	})
	if err != nil {
		return err
	}
	if gone.ClientID != "" {
		s.SetFlash(w, "login.website_gone", gone.ClientName)
	}
	return s.Redirect(w, r, "/websites")
}
