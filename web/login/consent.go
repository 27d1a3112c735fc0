package login

import (
	"errors"
	"net/http"
	"net/url"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

var errNoAnswer = fault.New(fault.Invalid, "login.consent_choose")

// consentPage asks whether the site of somebody else, or an app, may hear of the
// visitor.
type consentPage struct {
	Request  string
	Client   string
	To       string   // the host that the browser goes back to; of an app its scheme
	OnScheme bool     // To is the scheme of an app
	Hears    []string // scopes
	Own      bool     // of the library
	App      bool     // any other app could pose as it
	Username string
	Account  string // its id: the answer is that of whoever saw the question
	hearing
}

// hearing is for pages that say what a site hears.
type hearing struct{}

// Hours is how long a site may do so that does not last.
func (hearing) Hours() int { return int(signon.RefreshLife.Hours()) }

// answer answers the request of another site for somebody who is signed in, or
// leads to the page about consent where the site may not hear it yet. Whoever
// would have to sign in otherwise gets signon.ErrSignInAgain, or is led to the page
// about the second step where that is what lacks. A site that asked not to bother
// anybody is told so.
func (s *Site) answer(tx *sqldb.Tx, request string, who signon.Session) (to string, err error) {
	to, err = s.Provider.Grant(tx, request, who)
	consent, again := errors.Is(err, signon.ErrConsentNeeded), errors.Is(err, signon.ErrSignInAgain)
	if !consent && !again {
		return to, err
	}
	asked, lookErr := s.Provider.Pending(tx, request)
	switch {
	case lookErr != nil:
		return "", lookErr
	case again && asked.NeedsMore(who.ACR) && asked.Prompt == signon.PromptNone:
		return s.Provider.Refuse(tx, request, signon.UnmetAuthenticationRequirements)
	case again && asked.NeedsMore(who.ACR) && !asked.NeedsSignIn(who.AuthTime):
		return s.moreAddress(request), nil
	case consent && asked.Prompt == signon.PromptNone:
		return s.Provider.Refuse(tx, request, signon.ConsentRequired)
	case consent:
		return s.consentAddress(request), nil
	}
	return "", err
}

// whoField is whose page a form came from. A browser that a family shares, or a
// library, may hold a page of somebody who signed out in another tab meanwhile.
const whoField = "van"

func (s *Site) consentAddress(request string) string {
	return s.Link("/toestemming") + "?" + url.Values{"verzoek": {request}}.Encode()
}

// showConsent says in plain words what the site hears.
func (s *Site) showConsent(w http.ResponseWriter, r *http.Request) error {
	live := kit.VisitOf(r).Session
	page := consentPage{Request: r.URL.Query().Get("verzoek")}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		asked, err := s.Provider.Pending(tx, page.Request)
		if err != nil {
			return err
		}
		leadsBack(w, asked)
		page.Client, page.To, page.Hears = asked.ClientName, asked.ReturnsTo, asked.Asks()
		page.Own, page.App = asked.Own, asked.Imitable
		if page.To == "" || asked.ReturnsBy != "https" && asked.ReturnsBy != "http" {
			page.To, page.OnScheme = asked.ReturnsBy, true
		}
		acc, err := s.Accounts.Find(tx, live.Subject)
		page.Username, page.Account = acc.Username, acc.ID
		return err
	})
	if err != nil {
		return s.overConsent(w, r, err)
	}
	return s.Show(w, r, http.StatusOK, "consent", page)
}

// giveConsent does what the visitor chose: the site hears it from now on, or is
// told that it may not.
func (s *Site) giveConsent(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	live, request, choice := kit.VisitOf(r).Session, form.Get("verzoek"), form.Get("antwoord")
	if choice != "ja" && choice != "nee" {
		return errNoAnswer
	}
	if form.Get(whoField) != live.Subject { // another tab of this browser signed somebody else in
		s.SetFlash(w, "login.other_account")
		return see(w, r, s.consentAddress(request))
	}
	var to string
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if choice == "nee" {
			to, err = s.Provider.Refuse(tx, request, signon.AccessDenied)
			return err
		}
		acc, err := s.Accounts.Find(tx, live.Subject)
		if err != nil {
			return err
		}
		if err := s.Provider.Consent(tx, request, acc.ID); err != nil {
			return err
		}
		if err := account.Note(tx, acc.ID, account.EventConsent, browserOf(r)); err != nil {
			return err
		}
		to, err = s.grant(tx, request, acc, begun{session: *live})
		return err
	})
	if errors.Is(err, signon.ErrSignInAgain) { // meanwhile the sign-in grew too old
		return see(w, r, s.Link("/aanmelden")+"?"+url.Values{"verzoek": {request}}.Encode())
	}
	if err != nil {
		return s.overConsent(w, r, err)
	}
	return s.leave(w, r, to)
}

// overConsent says that there is nothing to answer any longer.
func (s *Site) overConsent(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, signon.ErrRequestSpent):
		return s.Show(w, r, kit.Status(err), "over", nil)
	case errors.Is(err, account.ErrNoAccount): // it went away while its owner was in
		return kit.ErrSignIn
	}
	return err
}
