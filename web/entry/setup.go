package entry

import (
	"encoding/json"
	"html/template"
	"net/http"

	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

type setupPage struct {
	*kit.Form
	Offer  factor.Offer
	QR     template.HTML
	Action string
	Back   string // "" before one is in

	Replaces bool // an app that works now stops working
}

// AppLink opens the app on the telephone that shows this page. No picture can be
// scanned there.
func (p setupPage) AppLink() template.URL { return template.URL(p.Offer.URI) }

type codesPage struct {
	Codes []secret.Token // empty when they were shown already
	Next  string         // where the button leads, by POST
	Again string         // where new codes come from, by POST
	Back  string         // the page to return to, for who is in

	Renewed bool   // there were others, which do not work any more
	Added   Change // what these are the first codes of; "" for nothing new
}

func (d *Desk) showSetup(w http.ResponseWriter, r *http.Request) error {
	return d.setupPage(w, r, http.StatusOK, kit.NewForm())
}

func (d *Desk) setupPage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	page := setupPage{Form: form, Action: "/aanmelden/instellen"}
	var wait waiting
	var has bool
	err := d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if wait, has, err = d.mayNotSetUp(tx, r); err != nil || has || wait.Proved || wait.Fresh {
			return err
		}
		return d.offer(tx, r, wait.Subject, &page)
	})
	switch {
	case err != nil:
		return err
	case wait.Fresh:
		return d.Site.Redirect(w, r, "/aanmelden/wachtwoord")
	case wait.Proved:
		return d.Site.Show(w, r, http.StatusOK, "entry-codes", codesPage{Next: "/aanmelden/bewaard", Again: "/aanmelden/instellen"})
	case has:
		return d.Site.Redirect(w, r, "/aanmelden/code")
	}
	return d.Site.Show(w, r, status, "entry-setup", page)
}

// mayNotSetUp reports whether who waits has a second step already. A password alone
// must not replace it.
func (d *Desk) mayNotSetUp(tx *sqldb.Tx, r *http.Request) (wait waiting, has bool, err error) {
	if wait, err = d.waitingAt(tx, r); err != nil {
		return wait, false, err
	}
	s, err := factor.StateOf(tx, d.owner(wait.Subject))
	return wait, s.Any(), err
}

// offer shows a secret that an app may take, as a key and as a picture.
func (d *Desk) offer(tx *sqldb.Tx, r *http.Request, subject string, page *setupPage) error {
	who, err := d.Person(tx, subject)
	if err != nil {
		return err
	}
	if page.Offer, err = factor.OfferApp(tx, d.owner(subject), d.Site.Brand.Name, who.Username); err != nil {
		return err
	}
	page.QR, err = kit.QR(page.Offer.URI, d.Site.Words.Text(kit.VisitOf(r).Lang, "entry.setup_picture"))
	return err
}

// setUp takes the first code of the app and shows the recovery codes. The page that
// is sent again shows new ones: nobody wrote the lost ones down.
func (d *Desk) setUp(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := codesPage{Next: "/aanmelden/bewaard", Again: "/aanmelden/instellen", Added: AppAdded}
	away := ""
	err = d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		away = ""
		wait, has, err := d.mayNotSetUp(tx, r)
		switch {
		case err != nil:
			return err
		case wait.Fresh:
			away = "/aanmelden/wachtwoord"
			return nil
		case has && !wait.Proved:
			away = "/aanmelden/code"
			return nil
		}
		if !wait.Proved {
			if err := factor.ConfirmApp(tx, d.owner(wait.Subject), form.Get("code")); err != nil {
				return err
			}
		}
		if page.Codes, err = factor.RenewRecovery(tx, d.owner(wait.Subject)); err != nil {
			return err
		}
		page.Renewed, wait.Proved = wait.Proved, true
		text, err := json.Marshal(wait)
		if err != nil {
			return err
		}
		return session.Update(tx, wait.id, string(text))
	})
	switch {
	case err != nil && forPage(form, err):
		form.Set("code", "")
		return d.setupPage(w, r, kit.Status(err), form)
	case err != nil:
		return err
	case away != "":
		return d.Site.Redirect(w, r, "%s", away)
	}
	return d.Site.Show(w, r, http.StatusOK, "entry-codes", page)
}

// kept lets in who has kept the recovery codes.
func (d *Desk) kept(w http.ResponseWriter, r *http.Request) error {
	var in Admission
	err := d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		wait, err := d.waitingAt(tx, r)
		if err != nil {
			return err
		}
		if !wait.Proved {
			return kit.ErrSignIn
		}
		in, err = d.letIn(tx, r, wait, factor.ByApp)
		return err
	})
	if err != nil {
		return err
	}
	return d.enter(w, r, in)
}
