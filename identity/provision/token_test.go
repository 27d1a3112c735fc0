package provision_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/provision"
)

func (h *house) issue(life time.Duration, scopes ...string) (token secret.Token, b provision.Bearer, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) {
		token, b, err = provision.Issue(tx, "staff:ANNA", provision.Order{Organisation: "noord", Name: "Wise test", Scopes: scopes, Life: life})
		return err
	})
	return token, b, err
}

func (h *house) enter(token secret.Token) (b provision.Bearer, err error) {
	err = h.db.Read(h.t.Context(), func(tx *sqldb.Tx) (err error) { b, err = provision.Enter(tx, token); return err })
	return b, err
}

func TestATokenWorksUntilItsLastMomentOrUntilItIsRevoked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		token, made, err := h.issue(24*time.Hour, provision.Read)
		if err != nil || len(token) < 52 {
			t.Fatal(len(token), err)
		}
		b, err := h.enter(token)
		if err != nil || b.ID != made.ID || b.Organisation != "noord" || b.Library != "Bibliotheken Noord" || !b.May(provision.Read) || b.May(provision.Write) {
			t.Errorf("%+v, %v", b, err)
		}
		for _, other := range []secret.Token{"", "x", token[1:], secret.Token(strings.ToLower(string(token)))} {
			_, err := h.enter(other)
			h.want(err, provision.ErrNoToken, "another token")
		}
		h.pass(24*time.Hour - time.Microsecond)
		_, err = h.enter(token)
		h.want(err, nil, "the last moment")
		h.pass(time.Microsecond)
		_, err = h.enter(token)
		h.want(err, provision.ErrNoToken, "after its life")

		token, made, _ = h.issue(24*time.Hour, provision.Write)
		h.want(h.try(func(tx *sqldb.Tx) error { return provision.Revoke(tx, "staff:ANNA", made.ID) }), nil, "revoking")
		_, err = h.enter(token)
		h.want(err, provision.ErrNoToken, "revoked")
		h.want(h.try(func(tx *sqldb.Tx) error { return provision.Revoke(tx, "staff:ANNA", made.ID) }), provision.ErrNoToken, "revoking twice")
	})
}

func TestATokenIsNotInTheDatabaseAndItsUseIsKnownToTheDay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		token, made, err := h.issue(provision.TokenLife, provision.Scopes...)
		if err != nil {
			t.Fatal(err)
		}
		var kept string
		h.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT digest FROM provision_token WHERE id = $1`, []any{made.ID}, &kept)
			return err
		})
		if kept == "" || strings.Contains(kept, string(token)) {
			t.Errorf("the database holds %q", kept)
		}
		for range 2 {
			h.in(func(tx *sqldb.Tx) error { return provision.Used(tx, made.ID) })
		}
		h.in(func(tx *sqldb.Tx) error {
			list, err := provision.Bearers(tx)
			for _, b := range list {
				if want := (day.Day("")); b.ID != made.ID && b.UsedOn != want || b.ID == made.ID && b.UsedOn != day.Of(tx.Now) {
					t.Errorf("%s was used on %q", b.ID, b.UsedOn)
				}
			}
			return err
		})
	})
}

func TestWhatNoTokenIsMadeOf(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, life := range []time.Duration{0, -time.Hour, 23 * time.Hour, provision.LongestLife + 1} {
			_, _, err := h.issue(life, provision.Read)
			h.want(err, provision.ErrLife, life.String())
		}
		_, _, err := h.issue(provision.TokenLife, "users:all")
		h.want(err, provision.ErrScope, "another scope")
		_, _, err = h.issue(provision.TokenLife)
		h.want(err, provision.ErrScope, "no scope")
		h.want(h.try(func(tx *sqldb.Tx) error {
			_, _, err := provision.Issue(tx, "command", provision.Order{Organisation: "oost", Name: "Wise", Scopes: provision.Scopes, Life: provision.TokenLife})
			return err
		}), provision.ErrNoOrganisation, "nobody's")
		h.want(h.try(func(tx *sqldb.Tx) error {
			_, _, err := provision.Issue(tx, "command", provision.Order{Organisation: "noord", Scopes: provision.Scopes, Life: provision.TokenLife})
			return err
		}), provision.ErrName, "no name")
		for slug, want := range map[string]error{"Oost": provision.ErrSlug, "": provision.ErrSlug, "a/b": provision.ErrSlug, "oost": provision.ErrName} {
			h.want(h.try(func(tx *sqldb.Tx) error { return provision.SaveOrganisation(tx, slug, "") }), want, slug)
		}
	})
}
