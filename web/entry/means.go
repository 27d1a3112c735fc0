package entry

import (
	"context"
	"net/http"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

// errStale sends who signed in long ago to the password first.
var errStale = fault.New(fault.SignIn, "entry.stale")

type meansPage struct {
	*kit.Form
	State    factor.State
	Fresh    bool
	Required bool
	Passkey  Key
	Bare     bool // browsers know no passkeys at this address
	Leaving  Leaving
}

// signedIn gives a page the session it is about.
func (d *Desk) signedIn(h func(http.ResponseWriter, *http.Request, session.Session) error) kit.Handler {
	return kit.RequireSession(func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r, *kit.VisitOf(r).Session)
		if err == errStale {
			d.Site.SetFlash(w, "entry.stale")
			return d.Site.Redirect(w, r, "/beveiliging")
		}
		return err
	})
}

// proofDoor is the name of the sessions that say: the password was given a moment ago.
func (d *Desk) proofDoor() string { return d.Site.Name + ".bewijs" }

const proofCookie = "bewijs"

// isFresh reports whether the password of this session was given a moment ago.
func (d *Desk) isFresh(tx *sqldb.Tx, r *http.Request, s session.Session) (bool, error) {
	if tx.Now.Sub(s.AuthAt) < FreshTime {
		return true, nil
	}
	proof, there, err := session.Find(tx, d.proofDoor(), secret.Token(d.Site.Cookie(r, proofCookie)))
	return there && proof.Subject == s.Subject, err
}

func (d *Desk) mustBeFresh(tx *sqldb.Tx, r *http.Request, s session.Session) error {
	fresh, err := d.isFresh(tx, r, s)
	if err == nil && !fresh {
		err = errStale
	}
	return err
}

func (d *Desk) showMeans(w http.ResponseWriter, r *http.Request, s session.Session) error {
	return d.meansPage(w, r, s, http.StatusOK, kit.NewForm())
}

func (d *Desk) meansPage(w http.ResponseWriter, r *http.Request, s session.Session, status int, form *kit.Form) error {
	page := meansPage{Form: form, Required: d.Required, Bare: d.Passkeys == nil}
	err := d.Site.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if err := d.leads(tx, w, r, ""); err != nil {
			return err
		}
		if page.State, err = factor.StateOf(tx, d.owner(s.Subject)); err != nil {
			return err
		}
		if page.Leaving, err = d.leaving(tx, s.Subject); err != nil {
			return err
		}
		if page.Fresh, err = d.isFresh(tx, r, s); err != nil || !page.Fresh || d.Passkeys == nil {
			return err
		}
		who, err := d.Person(tx, s.Subject)
		if err != nil {
			return err
		}
		page.Passkey = Key{Kind: "create", Action: "/beveiliging/passkey", Button: "entry.passkey_add"}
		page.Passkey.Ceremony, err = d.Passkeys.BeginAdd(tx, d.owner(s.Subject), who)
		return err
	})
	if err != nil {
		return err
	}
	return d.Site.Show(w, r, status, "entry-means", page)
}

// prove takes the password once more, of who signed in long ago.
func (d *Desk) prove(w http.ResponseWriter, r *http.Request, s session.Session) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	if err := d.Prove(r, s.Subject, form.Raw("wachtwoord")); err != nil {
		if form.Take(err) {
			return d.meansPage(w, r, s, kit.Status(err), form)
		}
		return err
	}
	var token secret.Token
	err = d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		token, _, err = session.Start(tx, session.Session{Door: d.proofDoor(), Subject: s.Subject, Device: kit.Device(r), Idle: FreshTime})
		return err
	})
	if err != nil {
		return err
	}
	d.Site.SetCookie(w, proofCookie, string(token), 0)
	return d.Site.Redirect(w, r, "/beveiliging")
}

func (d *Desk) showApp(w http.ResponseWriter, r *http.Request, s session.Session) error {
	return d.appPage(w, r, s, http.StatusOK, kit.NewForm())
}

func (d *Desk) appPage(w http.ResponseWriter, r *http.Request, s session.Session, status int, form *kit.Form) error {
	page := setupPage{Form: form, Action: "/beveiliging/app", Back: "/beveiliging"}
	err := d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if err := d.mustBeFresh(tx, r, s); err != nil {
			return err
		}
		if err := d.leads(tx, w, r, ""); err != nil {
			return err
		}
		has, err := factor.StateOf(tx, d.owner(s.Subject))
		if err != nil {
			return err
		}
		page.Replaces = has.App
		return d.offer(tx, r, s.Subject, &page)
	})
	if err != nil {
		return err
	}
	return d.Site.Show(w, r, status, "entry-setup", page)
}

// addApp takes the first code of a new app. Who had no recovery codes gets them.
func (d *Desk) addApp(w http.ResponseWriter, r *http.Request, s session.Session) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	var codes []secret.Token
	var token secret.Token
	var what Change
	err = d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		what = AppAdded
		has, err := factor.StateOf(tx, d.owner(s.Subject))
		if err == nil {
			err = d.mustBeFresh(tx, r, s)
		}
		if err != nil {
			return err
		}
		if has.App {
			what = AppReplaced
		}
		if err := factor.ConfirmApp(tx, d.owner(s.Subject), form.Get("code")); err != nil {
			return err
		}
		if codes, err = d.firstCodes(tx, s); err != nil {
			return err
		}
		token, err = d.noteChange(tx, r, s, what)
		return err
	})
	form.Set("code", "")
	if err != nil {
		if forPage(form, err) {
			return d.appPage(w, r, s, kit.Status(err), form)
		}
		return err
	}
	return d.changed(w, r, token, what, codes)
}

// firstCodes are the recovery codes of who had none.
func (d *Desk) firstCodes(tx *sqldb.Tx, s session.Session) ([]secret.Token, error) {
	has, err := factor.StateOf(tx, d.owner(s.Subject))
	if err != nil || has.Recovery > 0 {
		return nil, err
	}
	return factor.RenewRecovery(tx, d.owner(s.Subject))
}

// change changes what somebody signs in with, and ends the other sessions: a change is
// often made because somebody else may be in.
func (d *Desk) change(r *http.Request, s session.Session, what Change, act func(*sqldb.Tx) error) (token secret.Token, err error) {
	err = d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if err := d.mustBeFresh(tx, r, s); err != nil {
			return err
		}
		if err := act(tx); err != nil {
			return err
		}
		token, err = d.noteChange(tx, r, s, what)
		return err
	})
	return token, err
}

// noteChange ends what the change must end, and tells the owner.
func (d *Desk) noteChange(tx *sqldb.Tx, r *http.Request, s session.Session, what Change) (secret.Token, error) {
	if err := d.endOtherSteps(tx, r, s.Subject); err != nil {
		return "", err
	}
	if d.Changed != nil {
		if err := d.Changed(tx, r, s.Subject, what); err != nil {
			return "", err
		}
	}
	return d.Renew(tx, s)
}

// back is the path where who changed something goes on.
func (d *Desk) back(r *http.Request) string {
	if d.Onward != nil {
		if path := d.Onward(r); path != "" {
			return path
		}
	}
	return "/beveiliging"
}

// said is what the next page says of a change; new codes speak for themselves.
var said = map[Change]string{AppAdded: "entry.app_added", AppReplaced: "entry.app_replaced", AppRemoved: "entry.app_removed",
	PasskeyAdded: "entry.passkey_added", PasskeyRemoved: "entry.passkey_removed"}

// changed gives the browser its new session and shows what came of the change.
func (d *Desk) changed(w http.ResponseWriter, r *http.Request, token secret.Token, what Change, codes []secret.Token) error {
	d.Site.SetSession(w, token)
	if len(codes) > 0 {
		return d.Site.Show(w, r, http.StatusOK, "entry-codes", codesPage{Codes: codes, Back: d.back(r), Renewed: what == CodesRenewed, Added: what})
	}
	d.Site.SetFlash(w, said[what])
	return d.Site.Redirect(w, r, "%s", d.back(r))
}

func (d *Desk) removeApp(w http.ResponseWriter, r *http.Request, s session.Session) error {
	return d.remove(w, r, s, AppRemoved, func(tx *sqldb.Tx) error { return factor.RemoveApp(tx, d.owner(s.Subject)) })
}

func (d *Desk) removePasskey(w http.ResponseWriter, r *http.Request, s session.Session) error {
	return d.remove(w, r, s, PasskeyRemoved, func(tx *sqldb.Tx) error {
		return factor.RemovePasskey(tx, d.owner(s.Subject), r.PathValue("passkey"))
	})
}

// errLast keeps a second step where there must be one.
var errLast = fault.New(fault.Invalid, "entry.last")

func (d *Desk) remove(w http.ResponseWriter, r *http.Request, s session.Session, what Change, act func(*sqldb.Tx) error) error {
	token, err := d.change(r, s, what, func(tx *sqldb.Tx) error {
		if err := act(tx); err != nil || !d.Required {
			return err
		}
		left, err := factor.StateOf(tx, d.owner(s.Subject))
		if err == nil && !left.Any() {
			err = errLast
		}
		return err
	})
	if form := kit.NewForm(); err != nil && form.Take(err) {
		return d.meansPage(w, r, s, kit.Status(err), form)
	}
	if err != nil {
		return err
	}
	return d.changed(w, r, token, what, nil)
}

// renewCodes shows ten new recovery codes. Whoever sends the page again sees ten
// others, and the last ones count.
func (d *Desk) renewCodes(w http.ResponseWriter, r *http.Request, s session.Session) error {
	var codes []secret.Token
	token, err := d.change(r, s, CodesRenewed, func(tx *sqldb.Tx) error {
		has, err := factor.StateOf(tx, d.owner(s.Subject))
		if err == nil && !has.Any() { // nothing that they could stand in for
			err = factor.ErrUnknown
		}
		if err == nil {
			codes, err = factor.RenewRecovery(tx, d.owner(s.Subject))
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.changed(w, r, token, CodesRenewed, codes)
}

func (d *Desk) addPasskey(w http.ResponseWriter, r *http.Request, s session.Session) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	if d.Passkeys == nil {
		return kit.ErrNoPage
	}
	var token secret.Token
	var codes []secret.Token
	answer := factor.Answer{Token: form.Get("vraag"), Response: form.Get("antwoord"), Name: form.Get("naam")}
	err = d.Passkeys.Add(r.Context(), d.Site.DB, d.owner(s.Subject), answer, func(tx *sqldb.Tx) (err error) {
		if err := d.mustBeFresh(tx, r, s); err != nil {
			return err
		}
		if codes, err = d.firstCodes(tx, s); err != nil {
			return err
		}
		token, err = d.noteChange(tx, r, s, PasskeyAdded)
		return err
	})
	if err != nil {
		if forPage(form, err) {
			return d.meansPage(w, r, s, kit.Status(err), form)
		}
		return err
	}
	return d.changed(w, r, token, PasskeyAdded, codes)
}

func (d *Desk) renamePasskey(w http.ResponseWriter, r *http.Request, s session.Session) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	err = d.rename(r.Context(), s, r.PathValue("passkey"), form.Get("naam"))
	if err != nil {
		if form.Take(err) {
			return d.meansPage(w, r, s, kit.Status(err), form)
		}
		return err
	}
	d.Site.SetFlash(w, "entry.passkey_renamed")
	return d.Site.Redirect(w, r, "/beveiliging")
}

func (d *Desk) rename(ctx context.Context, s session.Session, id, name string) error {
	return d.Site.DB.InTx(ctx, func(tx *sqldb.Tx) error { return factor.Rename(tx, d.owner(s.Subject), id, name) })
}
