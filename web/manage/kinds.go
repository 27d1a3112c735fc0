package manage

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/web/kit"
)

// ErrNoLibrary: no library has this short name.
var ErrNoLibrary = fault.New(fault.Invalid, "manage.kind_no_library")

// errNothing asks whether a kind that opens nothing is meant.
var errNothing = fault.New(fault.Invalid, "manage.kind_nothing_sure")

// The box "nobody gets it any more", the answer that a kind opens nothing, and the mark
// of a form that changes a kind, whose code stays as it is.
const (
	fieldKindState   = "stand"
	kindWithdrawn    = "uit"
	fieldKindNothing = "niets"
	fieldKindChanges = "wijzigt"
	yes              = "ja"
)

type kindsPage struct{ Kinds []Kind }

// kinds is Soorten lidmaatschap van andere bibliotheeksystemen.
func (s *Site) kinds(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	var page kindsPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Kinds, err = s.Systems.Kinds(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "kinds", page)
}

type kindPage struct {
	*kit.Form
	Rights, State []option
	Libraries     []Library
}

// Changes reports whether the form is of a kind that is there.
func (p kindPage) Changes() bool { return p.Form.Is(fieldKindChanges, yes) }

// Nothing reports whether to ask if a kind that opens nothing is meant.
func (p kindPage) Nothing() bool { return errors.Is(p.Faults, errNothing) }

// kind is the form of a kind: of one that the address names, or empty.
func (s *Site) kind(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, kept := s.keptForm(r)
	if !kept {
		var list []Kind
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			list, err = s.Systems.Kinds(tx)
			return err
		})
		if err != nil {
			return err
		}
		form = kit.NewForm()
		asked := r.URL.Query()
		form.Set(FieldOrganisation, asked.Get(FieldOrganisation))
		i := slices.IndexFunc(list, func(k Kind) bool {
			return k.Organisation == asked.Get(FieldOrganisation) && k.Code == asked.Get(FieldCode)
		})
		if i >= 0 {
			k := list[i]
			form.Set(fieldKindChanges, yes)
			form.Set(FieldCode, k.Code)
			form.Set(FieldNameNL, k.NameNL)
			form.Set(FieldNameEN, k.NameEN)
			form.Values[FieldRights] = k.Rights
			if !k.Offered {
				form.Set(fieldKindState, kindWithdrawn)
			}
		}
	}
	return s.kindPage(w, r, http.StatusOK, form)
}

func (s *Site) kindPage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	page := kindPage{Form: form,
		Rights: options(form.Values[FieldRights], option{RightDigital, "manage.kind_digital", false}, option{RightYouth, "manage.kind_digital-youth", false}, option{RightPhysical, "manage.kind_physical", false}),
		State:  options(form.Values[fieldKindState], option{kindWithdrawn, "manage.kind_withdraw", false})}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Libraries, err = s.Systems.Libraries(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "kind", page)
}

func (s *Site) saveKind(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	k := Kind{Organisation: strings.ToLower(form.Get(FieldOrganisation)), Code: form.Get(FieldCode), NameNL: form.Get(FieldNameNL), NameEN: form.Get(FieldNameEN),
		Rights: form.Values[FieldRights], Offered: !form.Is(fieldKindState, kindWithdrawn)}
	save := s.Systems.AddKind
	if form.Is(fieldKindChanges, yes) {
		save = s.Systems.SaveKind
	}
	if len(k.Rights) == 0 && !form.Is(fieldKindNothing, yes) {
		form.Take(errNothing.At(FieldRights))
		return s.kindPage(w, r, http.StatusUnprocessableEntity, form)
	}
	if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return save(tx, actor(r), k) }); err != nil {
		if form.Take(err) {
			return s.kindPage(w, r, kit.Status(err), form)
		}
		return err
	}
	s.SetFlash(w, "manage.kind_saved", k.NameNL)
	return s.Redirect(w, r, "/systemen/soorten")
}
