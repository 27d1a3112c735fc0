package main

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/provision"
	"lidwoord/library/membership"
	"lidwoord/reading/loan"
	"lidwoord/web/manage"
)

// Wings import no other wing, so each spells the rights of a membership for itself:
// the words of the claim. Whatever one of them gives, the others must know.
func TestTheWingsSpellTheRightsOfAMembershipAlike(t *testing.T) {
	want := slices.Concat(membership.Rights{Digital: true}.Names(), membership.Rights{Digital: true, Youth: true}.Names(), membership.Rights{Physical: true}.Names())
	for wing, spelt := range map[string][]string{
		"identity/provision": {provision.Digital, provision.DigitalYouth, provision.Physical},
		"web/manage":         {manage.RightDigital, manage.RightYouth, manage.RightPhysical},
	} {
		if !slices.Equal(want, spelt) {
			t.Errorf("%s says %q, and library/membership %q", wing, spelt, want)
		}
	}
	all := want
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			terms, err := loan.TermsOf(tx)
			if err != nil {
				return err
			}
			opens := slices.DeleteFunc(slices.Clone(all), func(right string) bool { _, ok := terms[right]; return !ok })
			if !slices.Equal(opens, []string{provision.Digital, provision.DigitalYouth}) {
				t.Errorf("of the rights %q the Online Bibliotheek lends by %q; it knows %q", all, opens, slices.Sorted(maps.Keys(terms)))
			}
			for _, right := range all { // another system may give what we give
				kind := provision.Kind{Organisation: "bind", Code: right, NameNL: right, Rights: []string{right}, Offered: true}
				if err := provision.SaveKind(tx, "test", kind); errors.Is(err, provision.ErrRight) { // that there is no such organisation comes after
					t.Errorf("a kind with the right %q: %v", right, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
