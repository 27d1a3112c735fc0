package entry

import (
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

// errTwice says that the same password was typed in two ways.
var errTwice = fault.New(fault.Invalid, "entry.not_twice")

func (d *Desk) showPassword(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.waitingFor(r); err != nil {
		return err
	}
	return d.Site.Show(w, r, http.StatusOK, "entry-password", struct{ *kit.Form }{kit.NewForm()})
}

// takePassword replaces the password that somebody else gave out, and goes on to the
// next step. It ends the waiting first: the old password is worth nothing any more.
func (d *Desk) takePassword(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	wait, err := d.waitingFor(r)
	if err != nil {
		return err
	}
	if !wait.Fresh {
		return d.Site.Redirect(w, r, "/aanmelden/code")
	}
	if form.Raw("nieuw") != form.Raw("herhaal") {
		err = errTwice.At("herhaal")
	} else {
		err = d.SetPassword(r.Context(), wait.Subject, form.Raw("nieuw"))
	}
	if err != nil {
		if form.Take(err) {
			return d.Site.Show(w, r, kit.Status(err), "entry-password", struct{ *kit.Form }{form})
		}
		return err
	}
	if err := d.Site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.End(tx, wait.id) }); err != nil {
		return err
	}
	wait.Fresh = false
	return d.onward(w, r, wait)
}
