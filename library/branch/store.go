package branch

import (
	"encoding/json"

	"lidwoord/base/sqldb"
)

func putOrganisation(tx *sqldb.Tx, o Organisation) (id string, err error) {
	_, err = tx.One(`
		INSERT INTO organisation (id, slug, name, email, phone, site, colour, ink, address, register)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (slug) DO UPDATE SET
			name = excluded.name, email = excluded.email, phone = excluded.phone,
			site = excluded.site, colour = excluded.colour, ink = excluded.ink,
			address = excluded.address, register = excluded.register
		RETURNING id`,
		[]any{o.ID, o.Slug, o.Name, o.Email, o.Phone, o.Site, o.Colour, o.Ink, o.Address, o.Register}, &id)
	return id, err
}

const selectOrganisation = `SELECT id, slug, name, email, phone, site, colour, ink, address, register FROM organisation`

func scanOrganisation(row sqldb.Row) (o Organisation, err error) {
	err = row.Scan(&o.ID, &o.Slug, &o.Name, &o.Email, &o.Phone, &o.Site, &o.Colour, &o.Ink, &o.Address, &o.Register)
	return o, err
}

func organisations(tx *sqldb.Tx) ([]Organisation, error) {
	return sqldb.Many(tx, selectOrganisation+` ORDER BY slug`, nil, scanOrganisation)
}

// oneOrganisation finds by a column that the callers in this room choose.
func oneOrganisation(tx *sqldb.Tx, column, value string) (Organisation, error) {
	list, err := sqldb.Many(tx, selectOrganisation+` WHERE `+column+` = $1`, []any{value}, scanOrganisation)
	if err != nil {
		return Organisation{}, err
	}
	if len(list) == 0 {
		return Organisation{}, ErrNoLibrary
	}
	return list[0], nil
}

func putBranch(tx *sqldb.Tx, b Branch, choices string) (id string, err error) {
	_, err = tx.One(`
		INSERT INTO branch (id, organisation_id, code, name, place, enrols, choices)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (organisation_id, code) DO UPDATE SET
			name = excluded.name, place = excluded.place,
			enrols = excluded.enrols, choices = excluded.choices
		RETURNING id`,
		[]any{b.ID, b.OrganisationID, b.Code, b.Name, b.Place, b.Enrols, choices}, &id)
	return id, err
}

// branches lists what the callers in this room ask for.
func branches(tx *sqldb.Tx, where string, args ...any) ([]Branch, error) {
	return sqldb.Many(tx, `
		SELECT id, organisation_id, code, name, place, enrols, choices
		FROM branch WHERE `+where+` ORDER BY code`, args,
		func(row sqldb.Row) (b Branch, err error) {
			var choices string
			if err := row.Scan(&b.ID, &b.OrganisationID, &b.Code, &b.Name, &b.Place, &b.Enrols, &choices); err != nil {
				return b, err
			}
			return b, json.Unmarshal([]byte(choices), &b.Choices)
		})
}
