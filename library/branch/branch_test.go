package branch_test

import (
	"errors"
	"testing"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
)

func do(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestLoadingALibraryTwiceKeepsItsIds(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		do(t, db, func(tx *sqldb.Tx) error {
			o := branch.Organisation{Slug: "bind", Name: "Bind bibliotheken", Email: "info@bind.example", Phone: "0592 123456", Site: "https://bind.example", Colour: "#003b5c", Ink: "#ffffff"}
			first, err := branch.SaveOrganisation(tx, o)
			if err != nil {
				return err
			}
			o.Name = "Bind"
			second, err := branch.SaveOrganisation(tx, o)
			if err != nil || second.ID != first.ID {
				t.Errorf("organisation %v then %v, %v", first.ID, second.ID, err)
			}
			found, err := branch.FindOrganisation(tx, "bind")
			if err != nil || found != second {
				t.Errorf("found %+v, %v", found, err)
			}
			if same, err := branch.OrganisationByID(tx, first.ID); err != nil || same != second {
				t.Errorf("by id %+v, %v", same, err)
			}
			if all, err := branch.Organisations(tx); err != nil || len(all) != 1 {
				t.Errorf("all %+v, %v", all, err)
			}
			b := branch.Branch{OrganisationID: first.ID, Code: "5280", Name: "Bibliotheek Annen", Place: "Annen", Enrols: true, Choices: branch.Choices{NeedIdentity: true}}
			one, err := branch.Save(tx, b)
			if err != nil {
				return err
			}
			two, err := branch.Save(tx, b)
			if err != nil || one != two {
				t.Errorf("branch %+v then %+v, %v", one, two, err)
			}
			if _, err := branch.Save(tx, branch.Branch{OrganisationID: first.ID, Code: "5279", Name: "Rolde"}); err != nil {
				return err
			}
			list, err := branch.List(tx, first.ID)
			if err != nil || len(list) != 2 || list[0].Code != "5279" || list[1] != one || list[1].Choices.Country != "NL" || list[0].Enrols {
				t.Errorf("list %+v, %v", list, err)
			}
			if got, err := branch.Find(tx, one.ID); err != nil || got != one {
				t.Errorf("find %+v, %v", got, err)
			}
			if got, err := branch.ByCode(tx, first.ID, "5280"); err != nil || got != one {
				t.Errorf("by code %+v, %v", got, err)
			}
			if _, err := branch.ByCode(tx, "another", "5280"); !errors.Is(err, branch.ErrUnknown) {
				t.Errorf("another library's branch: %v", err)
			}
			if _, err := branch.Find(tx, "none"); !errors.Is(err, branch.ErrUnknown) {
				t.Errorf("no branch: %v", err)
			}
			if _, err := branch.FindOrganisation(tx, "none"); !errors.Is(err, branch.ErrNoLibrary) {
				t.Errorf("no library: %v", err)
			}
			return nil
		})
	})
}

func TestABranchCodeHasFourDigitsAndAColourSix(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		do(t, db, func(tx *sqldb.Tx) error {
			for _, code := range []string{"", "528", "52800", "528a", " 5280"} {
				if _, err := branch.Save(tx, branch.Branch{Code: code, Name: "x"}); !errors.Is(err, branch.ErrCode) {
					t.Errorf("code %q: %v", code, err)
				}
			}
			if _, err := branch.Save(tx, branch.Branch{Code: "5280", Name: " "}); !errors.Is(err, branch.ErrName) {
				t.Errorf("no name: %v", err)
			}
			for _, o := range []branch.Organisation{{Slug: "Bind", Name: "x"}, {Slug: "b", Name: "x"}, {Slug: "bind"}, {Slug: "bind", Name: "x", Colour: "red;}body{display:none"}, {Slug: "bind", Name: "x", Ink: "#fff"}} {
				if _, err := branch.SaveOrganisation(tx, o); fault.KindOf(err) != fault.Invalid {
					t.Errorf("%+v: %v", o, err)
				}
			}
			return nil
		})
	})
}
