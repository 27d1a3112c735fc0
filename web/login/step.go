package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// joinEntry joins the pages of the second step and of Inloggen en beveiliging.
func (s *Site) joinEntry() (err error) {
	s.entry = &entry.Desk{Site: s.Site, Prefix: ownerPrefix, Person: s.person, Admit: s.admit, Renew: s.renew, Prove: s.prove,
		Changed: s.changed, Guessed: s.guessed, Refused: s.refusedKey, Restart: s.restart, Leads: s.leads, Onward: s.onward, Leave: s.leave,
		Leaving: s.removalWaits, Help: "/hulp#stap"}
	s.entry.Passkeys, err = factor.NewPasskeys(s.Base, s.Brand.Name)
	return err
}

const ownerPrefix = "account:"

func ownerOf(accountID string) factor.Owner { return factor.Owner(ownerPrefix + accountID) }

// way is where somebody was going who is not in yet. After a passkey alone a browser
// says it, so that it holds no more than the address of the sign-in page does.
type way struct {
	Request string `json:",omitempty"` // of another site
	Back    string `json:",omitempty"` // page of this door
	Reset   bool   `json:",omitempty"` // by a link that set the password
	More    bool   `json:",omitempty"` // is in already, and proves more
}

func (y way) text() string {
	text, _ := json.Marshal(y) // of strings, which always can be written
	return string(text)
}

func readWay(text string) (y way) {
	if json.Unmarshal([]byte(text), &y) != nil {
		return way{}
	}
	return y
}

// asks is the request that is answered at the end of the way, "" for none.
func (y way) asks() string {
	if y.Request != "" {
		return y.Request
	}
	if u, err := url.Parse(y.Back); err == nil {
		return u.Query().Get("verzoek")
	}
	return ""
}

// query is what the address of a page says of the way.
func (y way) query() string {
	return string(signInPage{Request: y.Request, Back: y.Back}.Query())
}

// said is what a browser may say of its way: the rest we know, or it is not so.
func (y way) said() way { return way{Request: y.Request, Back: y.Back} }

// acrOf is how the person of a session signed in: it is what the session keeps.
func acrOf(live session.Session) string {
	if live.Data == signon.ACRMFA {
		return signon.ACRMFA
	}
	return signon.ACRPassword
}

// acrBy is how strong a way of coming in is. A passkey asks who holds it.
func acrBy(by factor.Means) string {
	if by == "" {
		return signon.ACRPassword
	}
	return signon.ACRMFA
}

// mustStep reports whether an account has a second step to ask for.
func mustStep(tx *sqldb.Tx, accountID string) (bool, error) {
	has, err := factor.StateOf(tx, ownerOf(accountID))
	return has.Any(), err
}

// admit lets in who gave the second step, or a passkey alone.
func (s *Site) admit(tx *sqldb.Tx, r *http.Request, p entry.Proof) (in entry.Admission, err error) {
	y := readWay(p.Data)
	if p.Alone {
		y = y.said()
	}
	acc, err := s.Accounts.Find(tx, p.Subject)
	if errors.Is(err, account.ErrNoAccount) {
		err = kit.ErrSignIn // it went away meanwhile
	}
	if err != nil {
		return in, err
	}
	if acc.SignedInAt.IsZero() { // whoever set up a second step was in before
		acc.SignedInAt = acc.ActivatedAt
	}
	var here begun
	switch live := kit.VisitOf(r).Session; {
	case y.More && live != nil && live.Subject == acc.ID:
		here, err = s.proveMore(tx, *live, p.Means)
	case y.Reset:
		if here, err = s.renewed(tx, r, acc.ID, acrBy(p.Means)); err == nil {
			err = s.Accounts.Settle(tx, acc.ID)
		}
	default:
		here, err = s.arrive(tx, r, acc, acrBy(p.Means))
	}
	kept := false
	switch {
	case err != nil:
	case p.Means == factor.ByRecovery: // is in, and still has no second step
		err = s.Accounts.FactorEvent(tx, acc, account.EventRecovery, browserOf(r))
	case p.Means != "": // whoever has a second step need not lose it
		kept, err = s.Accounts.StopRemovalByStep(tx, acc.ID, browserOf(r))
	}
	if err != nil {
		return in, err
	}
	to, late := s.recoveredAddress(y), false
	if p.Means != factor.ByRecovery {
		to, late, err = s.lead(tx, y, acc, here)
	}
	return entry.Admission{Token: here.token, To: to, Keep: func(w http.ResponseWriter) {
		s.keepBeside(w, here)
		switch {
		case late:
			s.SetFlash(w, "login.request_over")
		case kept && y.Request == "": // a letter tells who goes on to another site
			s.SetFlash(w, "login.removal_stopped_by_step")
		case y.Reset && y.Request == "":
			s.SetFlash(w, "login.password_set")
		}
	}}, err
}

// proveMore notes in a session that its person proved more. It stays the session that
// other sites know, under another token.
func (s *Site) proveMore(tx *sqldb.Tx, live session.Session, by factor.Means) (here begun, err error) {
	here.session = live
	here.session.Data = signon.ACRMFA
	if err := session.Update(tx, live.ID, signon.ACRMFA); err != nil {
		return here, err
	}
	if by == factor.ByPasskey { // is a sign-in of its own
		if err := session.Renew(tx, live.ID); err != nil {
			return here, err
		}
		here.session.AuthAt = tx.Now
	}
	here.token, err = rotate(tx, live.ID)
	return here, err
}

// lead says where somebody goes who is in now: to the site that asked, or to a page
// of this door. It reports whether the site asked too long ago.
func (s *Site) lead(tx *sqldb.Tx, y way, acc account.Account, here begun) (to string, late bool, err error) {
	if y.Request == "" {
		return s.page(y.Back), false, nil
	}
	to, err = s.grant(tx, y.Request, acc, here)
	if errors.Is(err, signon.ErrSignInAgain) { // somebody else than the site meant
		to, err = s.Provider.Refuse(tx, y.Request, signon.LoginRequired)
	}
	if errors.Is(err, signon.ErrRequestSpent) {
		// The form lay open too long. The sign-in is good; only the site that
		// asked must ask again.
		return s.Link("/"), true, nil
	}
	return to, false, err
}

// page is the page of this door to return to. Those of the sign-in itself are over by
// then, and would lead round in circles.
func (s *Site) page(back string) string {
	to := s.Back(back)
	if strings.HasPrefix(to, s.Link("/aanmelden")) {
		return s.Link("/")
	}
	return to
}

// renew ends every other session of an account, after something changed about signing
// in. This one gets another token, and counts as proved: whoever added a second step
// just showed it, besides the password.
func (s *Site) renew(tx *sqldb.Tx, live session.Session) (secret.Token, error) {
	has, err := mustStep(tx, live.Subject)
	if err != nil {
		return "", err
	}
	data := ""
	if has {
		data = signon.ACRMFA
	}
	if err := session.Update(tx, live.ID, data); err != nil {
		return "", err
	}
	if err := s.endSessions(tx, live.Subject, live.ID); err != nil {
		return "", err
	}
	return rotate(tx, live.ID)
}

// rotate gives a session another token; one that was ended meanwhile has none.
func rotate(tx *sqldb.Tx, sessionID string) (secret.Token, error) {
	token, ok, err := session.Rotate(tx, sessionID)
	if err == nil && !ok {
		err = kit.ErrSignIn
	}
	return token, err
}

func (s *Site) person(tx *sqldb.Tx, accountID string) (factor.Person, error) {
	acc, err := s.Accounts.Find(tx, accountID)
	if errors.Is(err, account.ErrNoAccount) { // it went away while its owner was in
		err = kit.ErrSignIn
	}
	return factor.Person{Username: acc.Username, Name: acc.Username}, err
}

// prove asks the password of who is in already.
func (s *Site) prove(r *http.Request, accountID, plain string) error {
	if plain == "" {
		return errNoPassword
	}
	_, err := s.Accounts.SignInAgain(r.Context(), s.DB, accountID, s.attempt(r, plain))
	if l := fault.Of(err); len(l) == 1 && l[0].Is(account.ErrPassword) {
		return l[0].At("wachtwoord")
	}
	return err
}

// changed tells the owner, by letter and in the history.
func (s *Site) changed(tx *sqldb.Tx, r *http.Request, accountID string, what entry.Change) error {
	acc, err := s.Accounts.Find(tx, accountID)
	if err != nil {
		return err
	}
	return s.Accounts.FactorEvent(tx, acc, string(what), browserOf(r))
}

// guessesTold is how many wrong codes in a row are told by letter: more than somebody
// mistypes, and soon enough to choose another password.
const guessesTold = 5

// guessed notes a wrong code for the owner.
func (s *Site) guessed(tx *sqldb.Tx, r *http.Request, accountID string, failures int) error {
	acc, err := s.Accounts.Find(tx, accountID)
	if errors.Is(err, account.ErrNoAccount) { // it went away meanwhile
		return nil
	}
	if err == nil && failures == guessesTold {
		return s.Accounts.FactorEvent(tx, acc, account.EventGuessed, browserOf(r))
	}
	if err == nil {
		err = account.Note(tx, acc.ID, account.EventCodeRefused, browserOf(r))
	}
	return err
}

// restart is the sign-in page for who waits at the second step.
func (s *Site) restart(data string) string {
	y := readWay(data)
	to := s.Link("/aanmelden")
	if q := y.query(); q != "" {
		to += "?" + q
	}
	return to
}

// refusedKey shows the sign-in page to whose passkey did not do.
func (s *Site) refusedKey(w http.ResponseWriter, r *http.Request, data string, err error) error {
	y := readWay(data)
	page := signInPage{Form: kit.NewForm(), Request: y.Request, Back: y.Back, Again: kit.VisitOf(r).Session != nil}
	if kind := fault.KindOf(err); kind == fault.Gone || kind == fault.Denied { // stood open too long: here it is anew
		page.Form.Faults = append(page.Form.Faults, fault.Of(err)...)
		return s.showForm(w, r, page, kit.Status(err))
	}
	return s.refuse(w, r, page, err)
}
