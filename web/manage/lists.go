package manage

import (
	"fmt"
	"net/http"
	"strings"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

// Lists to take along when somebody from outside looks into who may do what. That a list
// left is noted with who took it.

// staffList is everybody who works or worked here, a line for each role.
func (s *Site) staffList(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	lang := kit.VisitOf(r).Lang
	say := func(key string, args ...any) string { return s.Words.Text(lang, key, args...) }
	rows := [][]string{{say("manage.worker_name"), say("manage.username"), say("manage.worker_state"), say("manage.worker_second"), say("manage.worker_role"), say("manage.branch")}}
	var today day.Day
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		rows, today = rows[:1], day.Of(tx.Now)
		list, err := staff.List(tx, library.ID)
		if err != nil {
			return err
		}
		branches, err := branch.List(tx, library.ID)
		if err != nil {
			return err
		}
		for _, it := range list {
			who, err := s.colleague(tx, r, it, branches)
			if err != nil {
				return err
			}
			state, step := say("manage.staff_here"), say("kit.no")
			if !who.Active {
				state = say("manage.worker_left")
			}
			if who.Step {
				step = say("kit.yes")
			}
			line := []string{who.Name, who.Username, state, step}
			if len(who.Where) == 0 {
				rows = append(rows, append(line, "", ""))
			}
			for _, p := range who.Where {
				at := say("manage.everywhere")
				if p.Branch != nil {
					at = p.Branch.Code + " " + p.Branch.Name
				}
				rows = append(rows, append(append([]string{}, line...), say("manage.role."+string(p.Role)), at))
			}
		}
		return audit.Record(tx, audit.Entry{Actor: actor(r), Act: "staff.exported", Object: "organisation:" + library.ID})
	})
	if err != nil {
		return err
	}
	return s.Sheet(w, fmt.Sprintf("medewerkers-%s-%s", library.Slug, today), rows)
}

// siteList is every website where people sign in with the login account.
func (s *Site) siteList(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	lang := kit.VisitOf(r).Lang
	say := func(key string, args ...any) string { return s.Words.Text(lang, key, args...) }
	rows := [][]string{{say("manage.site_id"), say("manage.site_name"), say("manage.site_whose"), say("manage.site_method"), say("manage.connection_scopes"), say("manage.site_back"), say("manage.site_out")}}
	var today day.Day
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		rows, today = rows[:1], day.Of(tx.Now)
		list, err := s.Websites.List(tx)
		if err != nil {
			return err
		}
		for _, it := range list {
			whose := say("manage.site_badge_other")
			switch {
			case it.BuiltIn:
				whose = say("manage.site_badge_built_in")
			case it.Own:
				whose = say("manage.site_badge_own")
			}
			rows = append(rows, []string{it.ID, it.Name, whose, say("manage.method_" + it.Method), strings.Join(it.Scopes, " "), strings.Join(it.Redirects, " "), strings.Join(it.Logouts, " ")})
		}
		return audit.Record(tx, audit.Entry{Actor: actor(r), Act: "signon.clients_exported", Object: "organisation:" + library.ID})
	})
	if err != nil {
		return err
	}
	return s.Sheet(w, fmt.Sprintf("websites-%s-%s", library.Slug, today), rows)
}
