package manage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

// ErrNoSystem: there is no such token, or it works no more.
var ErrNoSystem = fault.New(fault.NotFound, "manage.system_unknown")

var errDays = fault.New(fault.Invalid, "manage.system_days_wrong")

// usualDays is a year: a term that an administrator can plan with.
const usualDays = 365

var errKnownLibrary = fault.New(fault.Invalid, "manage.system_library_known")

type systemsPage struct {
	Systems []System
	Now     time.Time
	Makers  map[string]string // name of a worker, by who made a token
}

// On is the day of an instant.
func (systemsPage) On(t time.Time) day.Day { return day.Of(t) }

// systems is Toegang voor andere bibliotheeksystemen.
func (s *Site) systems(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	page := systemsPage{Now: s.DB.Now()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Systems, err = s.Systems.List(tx); err != nil {
			return err
		}
		page.Makers, err = makers(tx, page.Systems)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "systems", page)
}

// makers names the workers who made tokens. Who left is named still; whoever used the
// command line is nobody we know.
func makers(tx *sqldb.Tx, list []System) (map[string]string, error) {
	names := map[string]string{}
	for _, y := range list {
		id, isWorker := strings.CutPrefix(y.Maker, "staff:")
		if _, known := names[y.Maker]; known || !isWorker {
			continue
		}
		w, err := staff.Find(tx, id)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		names[y.Maker] = w.Name
	}
	return names, nil
}

type systemPage struct {
	*kit.Form
	Scopes    []option
	Libraries []Library // whose systems had access before
}

func (s *Site) newSystem(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, kept := s.keptForm(r)
	if !kept {
		form = kit.NewForm()
		form.Set(FieldDays, strconv.Itoa(usualDays))
		form.Values[FieldScopes] = []string{ReadAccounts} // to write is for who needs it
	}
	return s.systemPage(w, r, http.StatusOK, form)
}

func (s *Site) systemPage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	page := systemPage{Form: form,
		Scopes: options(form.Values[FieldScopes], option{ReadAccounts, "manage.system_read", false}, option{WriteAccounts, "manage.system_write", false})}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Libraries, err = s.Systems.Libraries(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "system", page)
}

type tokenPage struct {
	System System
	Token  secret.Token // shown now, and never again
	At     string       // where the system finds us
}

// addSystem makes a token and shows it.
func (s *Site) addSystem(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := tokenPage{At: kit.Absolute(s.Doors.SCIM, "/v2")}
	days, err := strconv.Atoi(form.Get(FieldDays))
	if err != nil {
		err = errDays.At(FieldDays)
	} else {
		wish := System{Name: form.Get(FieldProgram), Organisation: strings.ToLower(form.Get(FieldOrganisation)), Library: form.Get(FieldLibrary), Scopes: form.Values[FieldScopes]}
		known := form.Get(FieldKnown)
		if known != "" {
			wish.Organisation, wish.Library = known, ""
		}
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			if err := s.newLibrary(tx, wish.Organisation, known); err != nil {
				return err
			}
			page.Token, page.System, err = s.Systems.Issue(tx, actor(r), wish, days)
			return err
		})
	}
	if err != nil {
		if form.Take(err) {
			return s.systemPage(w, r, kit.Status(err), form)
		}
		return err
	}
	return s.Show(w, r, http.StatusOK, "token", page)
}

// newLibrary refuses a library that was typed as new and is not: a name that is typed
// once more would rename it in every letter.
func (s *Site) newLibrary(tx *sqldb.Tx, typed, known string) error {
	list, err := s.Systems.Libraries(tx)
	if err != nil || known != "" {
		return err
	}
	if i := slices.IndexFunc(list, func(l Library) bool { return l.Organisation == typed }); i >= 0 {
		return errKnownLibrary.With(list[i].Name).At(FieldOrganisation)
	}
	return nil
}

type revokePage struct{ System System }

// systemOf finds the token of the address, that works.
func (s *Site) systemOf(r *http.Request) (System, error) {
	var list []System
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.Systems.List(tx)
		return err
	})
	if err != nil {
		return System{}, err
	}
	i := slices.IndexFunc(list, func(y System) bool { return y.ID == r.PathValue("id") && y.Works(s.DB.Now()) })
	if i < 0 || r.PathValue("daad") != "intrekken" {
		return System{}, ErrNoSystem
	}
	return list[i], nil
}

func (s *Site) askRevoke(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	system, err := s.systemOf(r)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "revoke", revokePage{system})
}

func (s *Site) revoke(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	system, err := s.systemOf(r)
	if err != nil {
		return err
	}
	if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.Systems.Revoke(tx, actor(r), system.ID) }); err != nil {
		return err
	}
	s.SetFlash(w, "manage.system_revoked", system.Name)
	return s.Redirect(w, r, "/systemen")
}
