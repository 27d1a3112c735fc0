package entry

import (
	"errors"
	"net/http"
	"strings"
	"unicode"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

type stepPage struct {
	*kit.Form
	App      bool
	Recovery int
	Passkey  Key
	Restart  string // the address at which to begin anew
	Leaving  Leaving
	Help     string // path of a page that helps, "" for none
}

// Key is the form of one passkey: the template "passkey" draws it.
type Key struct {
	factor.Ceremony
	Kind   string // "get" or "create"
	Action string // path below the door
	Button string // message key
	Alone  bool   // it is all there is to sign in with: nobody was known before
	Data   string // what the door is told then
}

// There reports whether there is anything to ask the browser for.
func (k Key) There() bool { return k.Options != "" }

func (d *Desk) showStep(w http.ResponseWriter, r *http.Request) error {
	return d.stepPage(w, r, http.StatusOK, kit.NewForm())
}

func (d *Desk) stepPage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	page := stepPage{Form: form, Restart: d.Site.Link("%s", d.Site.SignInPath), Help: d.Help}
	fresh := false
	err := d.Site.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		wait, err := d.waitingAt(tx, r)
		if err != nil {
			return err
		}
		if err := d.leads(tx, w, r, wait.Data); err != nil {
			return err
		}
		fresh = wait.Fresh
		if d.Restart != nil {
			page.Restart = d.Restart(wait.Data)
		}
		s, err := factor.StateOf(tx, d.owner(wait.Subject))
		if err != nil {
			return err
		}
		page.App, page.Recovery = s.App, s.Recovery
		if page.Leaving, err = d.leaving(tx, wait.Subject); err != nil {
			return err
		}
		if d.Passkeys == nil {
			return nil
		}
		page.Passkey = Key{Kind: "get", Action: "/aanmelden/passkey", Button: "entry.passkey_button"}
		page.Passkey.Ceremony, err = d.Passkeys.BeginStep(tx, d.owner(wait.Subject))
		return err
	})
	if err != nil {
		return err
	}
	if fresh {
		return d.Site.Redirect(w, r, "/aanmelden/wachtwoord")
	}
	return d.Site.Show(w, r, status, "entry-step", page)
}

// waitingFor finds who waits, in a snapshot of its own: the code is judged in a
// transaction that may run more than once.
func (d *Desk) waitingFor(r *http.Request) (wait waiting, err error) {
	err = d.Site.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		wait, err = d.waitingAt(tx, r)
		return err
	})
	return wait, err
}

func (d *Desk) takeCode(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	wait, err := d.waitingFor(r)
	if err != nil {
		return err
	}
	if wait.Fresh {
		return d.Site.Redirect(w, r, "/aanmelden/wachtwoord")
	}
	var in Admission
	err = factor.Pass(r.Context(), d.Site.DB, d.owner(wait.Subject), form.Get("code"), func(tx *sqldb.Tx, by factor.Means) (err error) {
		in, err = d.letIn(tx, r, wait, by)
		return err
	})
	typed := form.Get("code")
	form.Set("code", "") // it counts once, or never
	if err != nil {
		if err := d.guessed(r, wait.Subject, typed, err); err != nil {
			return err
		}
		if form.Take(ofRecovery(err, typed)) {
			return d.stepPage(w, r, kit.Status(err), form)
		}
		return err
	}
	return d.enter(w, r, in)
}

// errRecovery says of a recovery code that it is wrong or was used. Whoever types one has
// a list of them before them.
var errRecovery = fault.New(fault.Invalid, "entry.recovery_wrong")

// ofRecovery tells the answer to a recovery code from that to a code of an app. It goes
// by what was typed: codes of an app have no letters.
func ofRecovery(err error, typed string) error {
	if errors.Is(err, factor.ErrCode) && strings.ContainsFunc(typed, unicode.IsLetter) {
		return errRecovery
	}
	return err
}

// guessed passes on that a code was wrong: the password was right, and may be known to
// a stranger.
func (d *Desk) guessed(r *http.Request, subject, typed string, wrong error) error {
	if d.Guessed == nil || !errors.Is(wrong, factor.ErrCode) {
		return nil
	}
	return d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		has, err := factor.StateOf(tx, d.owner(subject))
		if err != nil {
			return err
		}
		if !factor.OfApp(typed) { // a recovery code is not counted
			has.Failures = 0
		}
		return d.Guessed(tx, r, subject, has.Failures)
	})
}

// takePasskey takes the answer of a passkey, as the second step or instead of both.
func (d *Desk) takePasskey(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	if d.Passkeys == nil {
		return kit.ErrNoPage
	}
	// Whoever waits answers for themselves. After a passkey alone nobody was known.
	alone := form.Get("alleen") != ""
	wait := waiting{Data: form.Get("gegevens")}
	if !alone {
		if wait, err = d.waitingFor(r); err != nil {
			return err
		}
	}
	if wait.Fresh {
		return d.Site.Redirect(w, r, "/aanmelden/wachtwoord")
	}
	var in Admission
	answer := factor.Answer{Token: form.Get("vraag"), Response: form.Get("antwoord")}
	err = d.Passkeys.SignIn(r.Context(), d.Site.DB, answer, func(tx *sqldb.Tx, owner factor.Owner) (err error) {
		subject, ours := strings.CutPrefix(string(owner), d.Prefix)
		if !ours || !alone && subject != wait.Subject {
			return factor.ErrPasskey // a reader at the desk, or a colleague at somebody else's second step
		}
		wait.Subject = subject
		in, err = d.letIn(tx, r, wait, factor.ByPasskey)
		return err
	})
	if err != nil {
		if again := kit.NewForm(); !alone && forPage(again, err) {
			return d.stepPage(w, r, kit.Status(err), again)
		}
		if alone && d.Refused != nil {
			return d.Refused(w, r, wait.Data, err)
		}
		return err
	}
	return d.enter(w, r, in)
}

// SignInKey is the form of the sign-in page that asks for any passkey, to come in
// without a username. Data comes back in the Proof. It is empty where there are none.
func (d *Desk) SignInKey(tx *sqldb.Tx, data string) (Key, error) {
	if d.Passkeys == nil {
		return Key{}, nil
	}
	ask, err := d.Passkeys.BeginSignIn(tx)
	return Key{Ceremony: ask, Kind: "get", Action: "/aanmelden/passkey", Button: "entry.passkey_only", Alone: true, Data: data}, err
}
