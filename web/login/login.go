// Package login is the front door of the login account: making it, activating
// it, signing in and out, and what its owner changes about it. What these mean is in identity/account; single sign-on is in
// identity/signon.
//
//	GET       /                            who am I
//	GET POST  /aanmelden                   sign in; ?verzoek= answers another site, ?naar= leads back
//	GET POST  /afmelden                    sign out
//	GET POST  /aanmelden/code              the second step; POST /aanmelden/passkey takes a passkey, also alone
//	GET       /herstelcode                 what to do after signing in by a recovery code; ?verzoek= and ?naar= as above
//	GET POST  /tweede-stap                 a site wants more than a password; ?verzoek=
//	GET POST  /beveiliging…                passkeys, the app with codes, the recovery codes; see web/entry
//	GET POST  /toestemming                 may the site of somebody else hear of me; ?verzoek=
//	GET POST  /nieuw                       make a login account; ?verzoek= leads back to the site that asked
//	GET       /nieuw/mail                  where to look for the letter
//	POST      /nieuw/mail                  sends the letter once more
//	POST      /nieuw/verder                goes on with the account that is signed in
//	POST      /nieuw/ander                 signs out, to make another
//	GET       /activeren/{token}           the page of a mailed link; changes nothing
//	POST      /activeren/{token}           confirms the address
//	POST      /activeren/{token}/wachtwoord  sets the password
//	GET POST  /activeren/{token}/nieuw     a new link for an expired one
//	GET       /klaar                       the account is ready
//	GET POST  /koppelen/{token}            a library asks, at its desk, to link the account
//	GET       /hulp                        help with signing in
//	GET POST  /wachtwoord-vergeten         asks for a link that sets a new password; ?verzoek= as at /aanmelden
//	GET POST  /wachtwoord/{geheim}         the page of that link: a new password
//	GET POST  /gebruikersnaam-vergeten     asks for a letter with the usernames of an address
//	GET POST  /gebruikersnaam              another username
//	GET POST  /wachtwoord                  another password
//	GET POST  /email                       another e-mail address
//	GET POST  /email/{geheim}              the page of the link that confirms it
//	GET POST  /email-terug/{geheim}        the page of the link that brings the old address back
//	GET POST  /tweede-stap-weg/{geheim}    the page of the link that takes a new second step away
//	GET POST  /tweede-stap-blijft/{geheim} the page of the link that keeps one which a desk would take away
//	POST      /tweede-stap-blijft          the same, of who is signed in
//	GET       /sessies                     where the account is signed in
//	POST      /sessies/{id}                ends one session; /sessies/anderen all others
//	POST      /apparaten                   forgets the other browsers
//	GET       /geschiedenis                what happened lately
//	GET POST  /gegevens                    all that is kept of the account: on a page, as a file
//	GET       /lidmaatschappen             which memberships are linked
//	GET POST  /websites…                   which sites of others hear of me; takes that back
//	GET POST  /verwijderen                 deletes the account
//
// A link from a mail is a secret in an address. These pages load nothing from
// elsewhere and send no other site where the visitor came from (Referrer-Policy
// same-origin). It is not "no-referrer", because older Safari then posts the
// form with the origin "null", which the guard against cross-site forms refuses.
package login

import (
	"embed"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

//go:embed pages layout assets
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Site is the door.
type Site struct {
	*kit.Site
	Accounts *account.Accounts
	Provider *signon.Provider // answers other sites for those who signed in here

	entry *entry.Desk // the second step, and what one signs in with
}

// New makes the door.
func New(house *kit.House, accounts *account.Accounts, provider *signon.Provider) (*Site, error) {
	s, err := kit.New(house, "login", files, entry.Pages)
	if err != nil {
		return nil, err
	}
	s.SignInPath = "/aanmelden"
	// A sign-in form is answered by the address of the site that asked, and a browser
	// counts every step of that way as a target of the form: our own doors lead on to each
	// other, on hosts of their own perhaps. The site of the running request leads adds.
	s.FormAction = "'self'" + otherDoors(s.Base, house.Doors)
	s.Speaks = account.Speak
	site := &Site{Site: s, Accounts: accounts, Provider: provider}
	return site, site.joinEntry()
}

// otherDoors are the origins of our doors besides one, in the words of form-action.
func otherDoors(own *url.URL, doors kit.Doors) (list string) {
	for _, name := range []string{"oidc", "signup", "mine", "reading", "news", "start"} {
		door := doors.Of(name)
		if door == nil || door.Host == own.Host && door.Scheme == own.Scheme {
			continue
		}
		if origin := " " + door.Scheme + "://" + door.Host; !strings.Contains(list+" ", origin+" ") {
			list += origin
		}
	}
	return list
}

// Routes is the site map of this door.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.home)
	m.Page("GET /aanmelden", s.showSignIn)
	m.Page("POST /aanmelden", s.signIn)
	m.Page("GET /afmelden", s.showSignOut)
	m.Page("POST /afmelden", s.signOut)
	s.entry.Routes(m)
	m.Page("GET /herstelcode", kit.RequireSession(s.showRecovered))
	m.Page("GET /tweede-stap", kit.RequireSession(s.showMore))
	m.Page("POST /tweede-stap", kit.RequireSession(s.chooseMore))
	m.Page("GET /toestemming", kit.RequireSession(s.showConsent))
	m.Page("POST /toestemming", kit.RequireSession(s.giveConsent))
	m.Page("GET /nieuw", s.showRegister)
	m.Page("POST /nieuw", s.register)
	m.Page("GET /nieuw/mail", s.showMailed)
	m.Page("POST /nieuw/mail", s.registerAgain)
	m.Page("POST /nieuw/verder", s.goOn)
	m.Page("POST /nieuw/ander", s.signOutToRegister)
	m.Page("GET /activeren/{token}", s.showLink)
	m.Page("POST /activeren/{token}", s.confirm)
	m.Page("POST /activeren/{token}/wachtwoord", s.setPassword)
	m.Page("GET /activeren/{token}/nieuw", s.showResent)
	m.Page("POST /activeren/{token}/nieuw", s.newLink)
	m.Page("GET /klaar", kit.RequireSession(s.ready))
	m.Page("GET /koppelen/{token}", kit.RequireSession(s.showQuestion))
	m.Page("POST /koppelen/{token}", kit.RequireSession(s.agree))
	m.Page("GET /hulp", s.help)
	for _, what := range []string{forgotPassword, forgotUsername} {
		m.Page("GET /"+what+"-vergeten", s.showForgot(what))
		m.Page("POST /"+what+"-vergeten", s.forgot(what))
		m.Page("GET /"+what+"-vergeten/mail", s.showForgotMailed(what))
	}
	m.Page("GET /wachtwoord/{geheim}", s.showReset)
	m.Page("POST /wachtwoord/{geheim}", s.reset)
	m.Page("GET /gebruikersnaam", s.showChange("username"))
	m.Page("POST /gebruikersnaam", s.requireFresh(s.changeUsername))
	m.Page("GET /wachtwoord", s.showChange("newpassword"))
	m.Page("POST /wachtwoord", kit.RequireSession(s.changePassword))
	m.Page("GET /email", s.showChange("email"))
	m.Page("POST /email", s.requireFresh(s.changeEmail))
	m.Page("GET /email/mail", kit.RequireSession(s.showEmailMailed))
	m.Page("GET /email/{geheim}", s.showEmailLink)
	m.Page("POST /email/{geheim}", s.confirmEmail)
	m.Page("GET /email-klaar", s.showEmailDone)
	m.Page("GET /email-terug/{geheim}", s.showUndo)
	m.Page("POST /email-terug/{geheim}", s.undoEmail)
	m.Page("GET /tweede-stap-weg/{geheim}", s.showStranger)
	m.Page("POST /tweede-stap-weg/{geheim}", s.undoFactor)
	m.Page("GET /tweede-stap-blijft/{geheim}", s.showKeep)
	m.Page("POST /tweede-stap-blijft/{geheim}", s.keepByLink)
	m.Page("POST /tweede-stap-blijft", kit.RequireSession(s.keepSignedIn))
	m.Page("GET /tweede-stap-gebleven", s.showKept)
	m.Page("GET /sessies", kit.RequireSession(s.showSessions))
	m.Page("POST /sessies/anderen", s.requireFresh(s.endOtherSessions))
	m.Page("POST /sessies/{id}", s.requireFresh(s.endSession))
	m.Page("POST /apparaten", kit.RequireSession(s.forgetDevices))
	m.Page("GET /geschiedenis", kit.RequireSession(s.showHistory))
	m.Page("GET /gegevens", kit.RequireSession(s.showData))
	m.Page("POST /gegevens", kit.RequireSession(s.takeData))
	m.Page("GET /lidmaatschappen", kit.RequireSession(s.showMemberships))
	m.Page("GET /websites", kit.RequireSession(s.showWebsites))
	m.Page("GET /websites/{website}", kit.RequireSession(s.showWebsite))
	m.Page("POST /websites/{website}", kit.RequireSession(s.withdraw))
	m.Page("GET /verwijderen", s.showChange("delete"))
	m.Page("POST /verwijderen", kit.RequireSession(s.remove))
	m.Page("GET /verwijderd", s.showRemoved)
}

// deviceCookie holds what Remember gave: it opens nothing, but lets the owner
// try again on a phone that signed in before while somebody else is guessing.
const deviceCookie = "apparaat"

// begun is a session that is started in a transaction, with what the browser
// gets once that is committed.
type begun struct {
	session session.Session
	token   secret.Token
	device  secret.Token
}

// arrive starts the session of an account that signed in, and notes for its owner
// by which browser.
func (s *Site) arrive(tx *sqldb.Tx, r *http.Request, acc account.Account, acr string) (begun, error) {
	if err := spoken(tx, r, acc.ID); err != nil {
		return begun{}, err
	}
	if v := kit.VisitOf(r); v.Chosen {
		acc.Lang = v.Lang
	}
	device, err := s.Accounts.Arrive(tx, acc, secret.Token(s.Cookie(r, deviceCookie)), browserOf(r))
	if err != nil {
		return begun{}, err
	}
	return s.start(tx, r, session.Session{Subject: acc.ID, Data: acr}, device)
}

// spoken notes the language that somebody chose who comes in: letters follow.
func spoken(tx *sqldb.Tx, r *http.Request, accountID string) error {
	v := kit.VisitOf(r)
	if !v.Chosen {
		return nil
	}
	return account.Speak(tx, accountID, v.Lang)
}

// begin starts the session of an account that came by a link.
func (s *Site) begin(tx *sqldb.Tx, r *http.Request, accountID, acr string) (begun, error) {
	if err := spoken(tx, r, accountID); err != nil {
		return begun{}, err
	}
	device, err := account.Remember(tx, accountID, secret.Token(s.Cookie(r, deviceCookie)), browserOf(r))
	if err != nil {
		return begun{}, err
	}
	return s.start(tx, r, session.Session{Subject: accountID, Data: acr}, device)
}

// renewed is begin for who chose a new password by a link: that is a sign-in too.
func (s *Site) renewed(tx *sqldb.Tx, r *http.Request, accountID, acr string) (begun, error) {
	if err := account.Note(tx, accountID, account.EventSignIn, browserOf(r)); err != nil {
		return begun{}, err
	}
	return s.begin(tx, r, accountID, acr)
}

// start makes the session, in place of the one that this browser had. It keeps how its
// person signed in, for whoever asks later.
func (s *Site) start(tx *sqldb.Tx, r *http.Request, fresh session.Session, device secret.Token) (b begun, err error) {
	if old := kit.VisitOf(r).Session; old != nil {
		if err := s.end(tx, old.ID); err != nil {
			return b, err
		}
	}
	b.device = device
	fresh.Door, fresh.Device, fresh.Idle = s.Name, kit.Device(r), s.Idle
	b.token, b.session, err = session.Start(tx, fresh)
	return b, err
}

// keep gives the browser its session, after the commit.
func (s *Site) keep(w http.ResponseWriter, b begun) {
	s.SetSession(w, b.token)
	s.keepBeside(w, b)
}

// keepBeside gives the browser what it keeps beside the session.
func (s *Site) keepBeside(w http.ResponseWriter, b begun) {
	if b.device != "" { // who proves more was known already
		s.SetCookie(w, deviceCookie, string(b.device), account.DeviceMemory)
	}
	s.SetCookie(w, moreCookie, "", -1)
	s.forgetMailed(w)
}

// end ends a session and what it gave to other sites.
func (s *Site) end(tx *sqldb.Tx, sessionID string) error {
	if err := session.End(tx, sessionID); err != nil {
		return err
	}
	return s.Provider.RevokeSession(tx, sessionID)
}

type homePage struct {
	Account account.Account // the zero account for who is not signed in
	Means   factor.State    // what it is signed in to with, beside its password
	Leaving entry.Leaving   // its second step, when a desk asked to take it away
	Way     account.Way     // where the account goes on; on the page that it is ready
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	page, err := s.own(r)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

func (s *Site) ready(w http.ResponseWriter, r *http.Request) error {
	page, err := s.own(r)
	if err != nil {
		return err
	}
	if page.Account.ID == "" {
		return kit.ErrNoPage
	}
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		page.Way, err = s.Accounts.Continue(tx, page.Account)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "ready", page)
}

// own finds the account of the visitor.
func (s *Site) own(r *http.Request) (page homePage, err error) {
	visit := kit.VisitOf(r)
	if visit.Session == nil {
		return page, nil
	}
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		page.Account, err = s.Accounts.Find(tx, visit.Session.Subject)
		if errors.Is(err, account.ErrNoAccount) { // it went away while its owner was in
			return nil
		}
		if err != nil {
			return err
		}
		if page.Means, err = factor.StateOf(tx, ownerOf(page.Account.ID)); err != nil {
			return err
		}
		page.Leaving, err = s.removalWaits(tx, page.Account.ID)
		return err
	})
	return page, err
}

// helpPage is Hulp bij inloggen.
type helpPage struct {
	RemovalHours int // after which a second step that was lost is taken away
	UndoDays     int // for which the letter about a new one takes that away
}

func (s *Site) help(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, http.StatusOK, "help", helpPage{int(account.RemovalWait.Hours()), int(account.FactorUndoLife.Hours() / 24)})
}
