// Package entry is the pages between the password and the door, and the page where
// people mind what they sign in with. The doors where people sign in share it.
//
//	step.go    the second step: a code, a recovery code or a passkey
//	setup.go   whoever must have a second step and has none sets one up first
//	fresh.go   a password that somebody else gave out is changed first
//	means.go   Inloggen en beveiliging: passkeys, the app, the recovery codes
//	confirm.go what it means to take one of them away, before it is done
//
// Between the password and the second step the browser has a session of another
// kind, at a door of another name: it opens these pages and nothing else.
package entry

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

// Pages go into kit.New beside those of the door.
//
//go:embed pages layout
var Pages embed.FS

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

const (
	// StepLife is how long the steps after the password may take: long enough to
	// install an app on a telephone.
	StepLife = 15 * time.Minute
	// FreshTime is how long after signing in one may change what one signs in with.
	// After that the password is asked again: the screen may have been left alone.
	FreshTime = 15 * time.Minute
)

// Proof is who signs in, and by what.
type Proof struct {
	Subject   string       // worker or account id
	Data      string       // what the door gave to Begin, or to the form of a passkey
	Means     factor.Means // "" is the password alone
	Temporary bool         // for Begin: somebody else gave the password out
	Alone     bool         // a passkey without a password: Data is what the browser says
}

// Desk is what these pages ask of the door in which they stand.
type Desk struct {
	Site     *kit.Site
	Prefix   string           // of the owner: "staff:" or "account:"
	Passkeys *factor.Passkeys // nil where browsers know none
	Required bool             // nobody comes in without a second step

	// Person is how an app and a browser name the owner.
	Person func(tx *sqldb.Tx, subject string) (factor.Person, error)
	// Admit judges once more who comes in, starts the session and says where to go.
	// After a passkey alone it is the first to judge, and Data is what a browser says.
	Admit func(tx *sqldb.Tx, r *http.Request, p Proof) (Admission, error)
	// Renew ends all sessions of the subject and gives this browser a new one.
	Renew func(tx *sqldb.Tx, s session.Session) (secret.Token, error)
	// Prove checks the password once more.
	Prove func(r *http.Request, subject, password string) error
	// SetPassword replaces a password that somebody else gave out. It is nil where
	// nobody does.
	SetPassword func(ctx context.Context, subject, plain string) error

	// The rest may be nil.

	// Leave sends a browser that came in on; without it the browser just goes.
	Leave func(w http.ResponseWriter, r *http.Request, to string) error
	// Changed tells the owner that something changed, in the same transaction.
	Changed func(tx *sqldb.Tx, r *http.Request, subject string, what Change) error
	// Guessed hears of a wrong code after the right password, and how many of the
	// app that makes in a row; 0 for a recovery code.
	Guessed func(tx *sqldb.Tx, r *http.Request, subject string, failures int) error
	// Refused shows the sign-in page after a passkey alone that did not do.
	Refused func(w http.ResponseWriter, r *http.Request, data string, err error) error
	// Restart is the address at which to begin anew, of who waits with this Data.
	Restart func(data string) string
	// Leads lets the forms of a page lead where who waits with this Data goes on, which
	// may be an app. Data is "" for who is in.
	Leads func(tx *sqldb.Tx, w http.ResponseWriter, r *http.Request, data string) error
	// Help is the path of a page that helps with signing in; "" for none.
	Help string
	// Leaving says whether the second step of a subject is going to be taken away.
	Leaving func(tx *sqldb.Tx, subject string) (Leaving, error)
	// Onward is the path where who changed something goes on; "" for the page Inloggen
	// en beveiliging.
	Onward func(r *http.Request) string
}

// Leaving is a second step that is going to be taken away: its owner lost it, and asked
// somebody who may do so.
type Leaving struct {
	By   string    // who asked for it
	At   time.Time // from then on the password alone is enough; zero when nothing goes
	Stop string    // the path below the door to which the button posts that keeps it
}

// Waits reports whether there is anything that can be kept.
func (l Leaving) Waits() bool { return !l.At.IsZero() }

// Admission is what a browser gets that came in.
type Admission struct {
	Token secret.Token
	To    string
	Keep  func(w http.ResponseWriter) // gives it what else the door keeps in it; nil for nothing
}

// Change is what somebody changed about signing in.
type Change string

const (
	AppAdded       Change = "app_added"
	AppReplaced    Change = "app_replaced"
	AppRemoved     Change = "app_removed"
	PasskeyAdded   Change = "passkey_added"
	PasskeyRemoved Change = "passkey_removed"
	CodesRenewed   Change = "codes_renewed"
)

// Routes is the site map of these pages.
func (d *Desk) Routes(m *kit.Mux) {
	m.Page("GET /aanmelden/code", d.showStep)
	m.Page("POST /aanmelden/code", d.takeCode)
	m.Page("POST /aanmelden/passkey", d.takePasskey)
	m.Page("GET /aanmelden/instellen", d.showSetup)
	m.Page("POST /aanmelden/instellen", d.setUp)
	m.Page("POST /aanmelden/bewaard", d.kept)
	if d.SetPassword != nil {
		m.Page("GET /aanmelden/wachtwoord", d.showPassword)
		m.Page("POST /aanmelden/wachtwoord", d.takePassword)
	}
	m.Page("GET /beveiliging", d.signedIn(d.showMeans))
	m.Page("POST /beveiliging/wachtwoord", d.signedIn(d.prove))
	m.Page("GET /beveiliging/app", d.signedIn(d.showApp))
	m.Page("POST /beveiliging/app", d.signedIn(d.addApp))
	m.Page("GET /beveiliging/app/weg", d.signedIn(d.confirm(AppRemoved)))
	m.Page("POST /beveiliging/app/weg", d.signedIn(d.removeApp))
	m.Page("GET /beveiliging/herstelcodes", d.signedIn(d.confirm(CodesRenewed)))
	m.Page("POST /beveiliging/herstelcodes", d.signedIn(d.renewCodes))
	m.Page("POST /beveiliging/passkey", d.signedIn(d.addPasskey))
	m.Page("POST /beveiliging/passkey/{passkey}", d.signedIn(d.renamePasskey))
	m.Page("GET /beveiliging/passkey/{passkey}/weg", d.signedIn(d.confirm(PasskeyRemoved)))
	m.Page("POST /beveiliging/passkey/{passkey}/weg", d.signedIn(d.removePasskey))
}

func (d *Desk) owner(subject string) factor.Owner { return factor.Owner(d.Prefix + subject) }

// waiting is a browser between the password and the door.
type waiting struct {
	id      string
	Subject string `json:"-"`
	Data    string
	Fresh   bool // the password is changed first
	Proved  bool // the second step was just set up
}

// stepDoor is the name of the sessions between the password and the door.
func (d *Desk) stepDoor() string { return d.Site.Name + ".stap" }

const stepCookie = "stap"

// Begin goes on after the right password: in, or to the next step. A password that
// somebody else gave out is replaced before anything else.
func (d *Desk) Begin(w http.ResponseWriter, r *http.Request, p Proof) error {
	return d.onward(w, r, waiting{Subject: p.Subject, Data: p.Data, Fresh: p.Temporary})
}

// onward leads to the next step that is missing, or lets in.
func (d *Desk) onward(w http.ResponseWriter, r *http.Request, wait waiting) error {
	var in Admission
	var step secret.Token
	var to string
	err := d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		in, step = Admission{}, ""
		s, err := factor.StateOf(tx, d.owner(wait.Subject))
		if err != nil {
			return err
		}
		switch {
		case wait.Fresh:
			to = d.Site.Link("/aanmelden/wachtwoord")
		case s.Any():
			to = d.Site.Link("/aanmelden/code")
		case d.Required:
			to = d.Site.Link("/aanmelden/instellen")
		default:
			in, err = d.Admit(tx, r, Proof{Subject: wait.Subject, Data: wait.Data})
			return err
		}
		step, err = d.wait(tx, r, wait)
		return err
	})
	if err != nil {
		return err
	}
	if in.Token != "" {
		return d.enter(w, r, in)
	}
	return d.toStep(w, r, step, to)
}

// Wait is Begin in the transaction in which the password was judged, of an owner who
// has a second step. ToStep comes after the commit.
func (d *Desk) Wait(tx *sqldb.Tx, r *http.Request, p Proof) (step secret.Token, err error) {
	return d.wait(tx, r, waiting{Subject: p.Subject, Data: p.Data})
}

func (d *Desk) wait(tx *sqldb.Tx, r *http.Request, wait waiting) (step secret.Token, err error) {
	text, err := json.Marshal(wait)
	if err != nil {
		return "", err
	}
	step, _, err = session.Start(tx, session.Session{Door: d.stepDoor(), Subject: wait.Subject, Data: string(text), Device: kit.Device(r), Idle: StepLife})
	return step, err
}

// ToStep leads to the second step.
func (d *Desk) ToStep(w http.ResponseWriter, r *http.Request, step secret.Token) error {
	return d.toStep(w, r, step, d.Site.Link("/aanmelden/code"))
}

func (d *Desk) toStep(w http.ResponseWriter, r *http.Request, step secret.Token, to string) error {
	d.Site.SetCookie(w, stepCookie, string(step), 0)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// EndSteps ends what lies between the password and the door, and what says that the
// password was given a moment ago, of every browser of a subject.
func (d *Desk) EndSteps(tx *sqldb.Tx, subject string) error {
	if err := session.EndAll(tx, d.stepDoor(), subject); err != nil {
		return err
	}
	return session.EndAll(tx, d.proofDoor(), subject)
}

// endOtherSteps is EndSteps, but r's browser need not give the password again.
func (d *Desk) endOtherSteps(tx *sqldb.Tx, r *http.Request, subject string) error {
	own, _, err := session.Find(tx, d.proofDoor(), secret.Token(d.Site.Cookie(r, proofCookie)))
	if err != nil {
		return err
	}
	proofs, err := session.List(tx, d.proofDoor(), subject)
	for _, one := range proofs {
		if err == nil && one.ID != own.ID {
			err = session.End(tx, one.ID)
		}
	}
	if err != nil {
		return err
	}
	return session.EndAll(tx, d.stepDoor(), subject)
}

// waitingAt finds the browser between the password and the door, and sends who is not
// there to the start.
func (d *Desk) waitingAt(tx *sqldb.Tx, r *http.Request) (wait waiting, err error) {
	s, there, err := session.Find(tx, d.stepDoor(), secret.Token(d.Site.Cookie(r, stepCookie)))
	if err != nil {
		return wait, err
	}
	if !there {
		return wait, kit.ErrSignIn
	}
	err = json.Unmarshal([]byte(s.Data), &wait)
	wait.id, wait.Subject = s.ID, s.Subject
	return wait, err
}

// letIn ends the waiting and starts the session, in the transaction in which the
// proof was spent. A waiting serves once, and not at all once it was ended: by a new
// password, perhaps, that its owner chose meanwhile.
func (d *Desk) letIn(tx *sqldb.Tx, r *http.Request, wait waiting, means factor.Means) (Admission, error) {
	if wait.id != "" { // a passkey alone waited for nothing
		won, err := session.Spend(tx, wait.id)
		if err != nil {
			return Admission{}, err
		}
		if !won {
			return Admission{}, kit.ErrSignIn
		}
	}
	return d.Admit(tx, r, Proof{Subject: wait.Subject, Data: wait.Data, Means: means, Alone: wait.id == ""})
}

// enter gives the browser its session.
func (d *Desk) enter(w http.ResponseWriter, r *http.Request, in Admission) error {
	d.Site.SetCookie(w, stepCookie, "", -1)
	d.Site.SetSession(w, in.Token)
	if in.Keep != nil {
		in.Keep(w)
	}
	if d.Leave != nil {
		return d.Leave(w, r, in.To)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, in.To, http.StatusSeeOther)
	return nil
}

// leads is Leads, for doors that have it.
func (d *Desk) leads(tx *sqldb.Tx, w http.ResponseWriter, r *http.Request, data string) error {
	if d.Leads == nil {
		return nil
	}
	return d.Leads(tx, w, r, data)
}

// leaving is Leaving, for doors that have it.
func (d *Desk) leaving(tx *sqldb.Tx, subject string) (Leaving, error) {
	if d.Leaving == nil {
		return Leaving{}, nil
	}
	return d.Leaving(tx, subject)
}

// forPage turns what belongs above a form into a fault of that form, also where a
// page that stood open too long can simply be sent again.
func forPage(form *kit.Form, err error) bool {
	switch fault.KindOf(err) {
	case fault.Gone, fault.Denied:
		form.Faults = append(form.Faults, fault.Of(err)...)
		return true
	}
	return form.Take(err)
}
