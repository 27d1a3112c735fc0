package manage

import (
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

// The box "nobody gets it any more".
const (
	fieldKindState = "stand"
	kindWithdrawn  = "uit"
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
}

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
	return s.Show(w, r, status, "kind", kindPage{form,
		options(form.Values[FieldRights], option{RightDigital, "manage.kind_digital", false}, option{RightYouth, "manage.kind_digital-youth", false}, option{RightPhysical, "manage.kind_physical", false}),
		options(form.Values[fieldKindState], option{kindWithdrawn, "manage.kind_withdraw", false})})
}

func (s *Site) saveKind(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	k := Kind{Organisation: strings.ToLower(form.Get(FieldOrganisation)), Code: form.Get(FieldCode), NameNL: form.Get(FieldNameNL), NameEN: form.Get(FieldNameEN),
		Rights: form.Values[FieldRights], Offered: !form.Is(fieldKindState, kindWithdrawn)}
	if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.Systems.SaveKind(tx, actor(r), k) }); err != nil {
		if form.Take(err) {
			return s.kindPage(w, r, kit.Status(err), form)
		}
		return err
	}
	s.SetFlash(w, "manage.kind_saved", k.NameNL)
	return s.Redirect(w, r, "/systemen/soorten")
}
