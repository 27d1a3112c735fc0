package entry

import (
	"net/http"
	"slices"

	"lidwoord/base/factor"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

// confirmPage says what a change does before it is made: what is taken away does not
// come back.
type confirmPage struct {
	What   Change // AppRemoved, PasskeyRemoved or CodesRenewed
	Name   string // of the passkey
	Last   bool   // no second step is left afterwards
	Action string // the path that the button posts to
}

// confirm asks once more. It changes nothing.
func (d *Desk) confirm(what Change) func(http.ResponseWriter, *http.Request, session.Session) error {
	return func(w http.ResponseWriter, r *http.Request, s session.Session) error {
		page := confirmPage{What: what}
		there := false
		err := d.Site.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			if err := d.mustBeFresh(tx, r, s); err != nil {
				return err
			}
			has, err := factor.StateOf(tx, d.owner(s.Subject))
			there = page.fill(has, r.PathValue("passkey"))
			return err
		})
		switch {
		case err != nil:
			return err
		case !there: // gone meanwhile, in another window perhaps
			return d.Site.Redirect(w, r, "/beveiliging")
		case page.Last && d.Required:
			form := kit.NewForm()
			form.Take(errLast)
			return d.meansPage(w, r, s, kit.Status(errLast), form)
		}
		return d.Site.Show(w, r, http.StatusOK, "entry-confirm", page)
	}
}

// fill reports whether there is anything to change.
func (p *confirmPage) fill(has factor.State, id string) bool {
	switch p.What {
	case AppRemoved:
		p.Action, p.Last = "/beveiliging/app/weg", len(has.Passkeys) == 0
		return has.App
	case CodesRenewed:
		p.Action = "/beveiliging/herstelcodes"
		return has.Any()
	}
	i := slices.IndexFunc(has.Passkeys, func(k factor.Passkey) bool { return k.ID == id })
	if i < 0 {
		return false
	}
	p.Name, p.Action = has.Passkeys[i].Name, "/beveiliging/passkey/"+id+"/weg"
	p.Last = !has.App && len(has.Passkeys) == 1
	return true
}
