package customer

import (
	"fmt"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
)

const columns = `
	c.id, c.organisation_id, c.branch_id, c.type, c.number,
	c.initials, c.prefix, c.last_name, c.first_name, c.birth,
	c.country, c.postcode, c.house_number, c.house_addition, c.street, c.place, c.address_checked,
	c.email, c.phone, c.lang, c.iban, c.bic,
	c.identity_checked, c.identity_by, c.identity_at,
	c.account_id, c.link_how, c.link_at, c.account_left_at, c.ended_on,
	c.registered_at, c.registered_by, c.changed_at`

func scanCustomer(row sqldb.Row) (c Customer, err error) {
	a := &c.Address
	err = row.Scan(&c.ID, &c.OrganisationID, &c.BranchID, &c.Type, &c.Number,
		&c.Initials, &c.Prefix, &c.LastName, &c.FirstName, &c.Birth,
		&a.Country, &a.Postcode, &a.Number, &a.Addition, &a.Street, &a.Place, &a.Checked,
		&c.Email, &c.Phone, &c.Lang, &c.IBAN, &c.BIC,
		&c.Identity.Checked, &c.Identity.By, sqldb.Instant(&c.Identity.At),
		&c.Link.AccountID, &c.Link.How, sqldb.Instant(&c.Link.At), sqldb.Instant(&c.Link.LeftAt), &c.EndedOn,
		sqldb.Instant(&c.RegisteredAt), &c.RegisteredBy, sqldb.Instant(&c.ChangedAt))
	return c, err
}

// customers lists what the callers in this room ask for, in the order of names.
func customers(tx *sqldb.Tx, where string, args ...any) ([]Customer, error) {
	return sqldb.Many(tx, `SELECT `+columns+` FROM customer c WHERE `+where+
		` ORDER BY c.key_sort, c.key_initials, c.birth, c.id`, args, scanCustomer)
}

// facts are the columns that Change may touch, with the search keys made from
// them, in the order of insertCustomer and updateCustomer.
func facts(c Customer) []any {
	a, k := c.Address, keysOf(c.Person)
	return []any{
		c.BranchID, c.Initials, c.Prefix, c.LastName, c.FirstName, c.Birth,
		a.Country, a.Postcode, a.Number, a.Addition, a.Street, a.Place, a.Checked,
		c.Email, c.Phone, string(c.Lang), c.IBAN, c.BIC,
		c.Identity.Checked, c.Identity.By, c.Identity.At,
		k.sort, k.last, k.second, k.full, k.first, k.initials, k.email,
	}
}

func insertCustomer(tx *sqldb.Tx, c Customer) error {
	_, err := tx.Exec(`
		INSERT INTO customer (
			branch_id, initials, prefix, last_name, first_name, birth,
			country, postcode, house_number, house_addition, street, place, address_checked,
			email, phone, lang, iban, bic,
			identity_checked, identity_by, identity_at,
			key_sort, key_last, key_second, key_full, key_first, key_initials, key_email,
			id, organisation_id, type, number, account_id, link_how, ended_on, registered_at, registered_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
			$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, '', '', '', $33, $34, $33)`,
		append(facts(c), c.ID, c.OrganisationID, c.Type, c.Number, c.RegisteredAt, c.RegisteredBy)...)
	return err
}

func updateCustomer(tx *sqldb.Tx, c Customer) error {
	_, err := tx.Exec(`
		UPDATE customer SET
			branch_id = $1, initials = $2, prefix = $3, last_name = $4, first_name = $5, birth = $6,
			country = $7, postcode = $8, house_number = $9, house_addition = $10, street = $11, place = $12, address_checked = $13,
			email = $14, phone = $15, lang = $16, iban = $17, bic = $18,
			identity_checked = $19, identity_by = $20, identity_at = $21,
			key_sort = $22, key_last = $23, key_second = $24, key_full = $25, key_first = $26, key_initials = $27, key_email = $28,
			changed_at = $30
		WHERE id = $29`, append(facts(c), c.ID, tx.Now)...)
	return err
}

func setEnded(tx *sqldb.Tx, id string, last day.Day) error {
	n, err := tx.Exec(`UPDATE customer SET ended_on = $1, changed_at = $2 WHERE id = $3`, last, tx.Now, id)
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

// linkAccount says false when another customer of the same library has the
// account, or when there is no such customer. That account_id is not empty is
// said for the index: SQLite uses a partial one only when its condition stands.
func linkAccount(tx *sqldb.Tx, id, accountID string, how How) (bool, error) {
	n, err := tx.Exec(`
		UPDATE customer SET account_id = $1, link_how = $2, link_at = $3, account_left_at = NULL, changed_at = $3
		WHERE id = $4 AND NOT EXISTS (
			SELECT 1 FROM customer other
			WHERE other.account_id = $1 AND other.account_id <> '' AND other.id <> $4 AND other.organisation_id = customer.organisation_id)`,
		accountID, string(how), tx.Now, id)
	return n == 1, err
}

func unlinkAccount(tx *sqldb.Tx, id string) error {
	n, err := tx.Exec(`
		UPDATE customer SET account_id = '', link_how = $1, link_at = $2, changed_at = $2 WHERE id = $3`,
		string(LinkForgotten), tx.Now, id)
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

// leaveAccount says forgotten, as the library has no link any more, and why.
func leaveAccount(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`
		UPDATE customer SET account_id = '', link_how = $1, link_at = $2, account_left_at = $2, changed_at = $2
		WHERE id = $3 AND account_id <> ''`,
		string(LinkForgotten), tx.Now, id)
	return err
}

func insertOverride(tx *sqldb.Tx, id, other, reason, actor string) error {
	_, err := tx.Exec(`
		INSERT INTO customer_override (customer_id, other_id, reason, actor, at) VALUES ($1, $2, $3, $4, $5)`,
		id, other, reason, actor, tx.Now)
	return err
}

func overrides(tx *sqldb.Tx, id string) ([]Overridden, error) {
	return sqldb.Many(tx, `
		SELECT other_id, reason, actor, at FROM customer_override WHERE customer_id = $1 ORDER BY at`, []any{id},
		func(row sqldb.Row) (o Overridden, err error) {
			err = row.Scan(&o.OtherID, &o.Reason, &o.Actor, sqldb.Instant(&o.At))
			return o, err
		})
}

// Numbers.

func giveNumber(tx *sqldb.Tx, number string, c Customer) error {
	n, err := tx.Exec(`
		INSERT INTO customer_number (number, organisation_id, customer_id, state, given_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (number) DO NOTHING`,
		number, c.OrganisationID, c.ID, string(NumberActive), tx.Now)
	if err == nil && n == 0 {
		return ErrNumberInUse.At(FieldNumber)
	}
	return err
}

func endNumber(tx *sqldb.Tx, number string, state NumberState) error {
	_, err := tx.Exec(`UPDATE customer_number SET state = $1, ended_at = $2 WHERE number = $3`, string(state), tx.Now, number)
	return err
}

func setNumber(tx *sqldb.Tx, id, number string) error {
	_, err := tx.Exec(`UPDATE customer SET number = $1, changed_at = $2 WHERE id = $3`, number, tx.Now, id)
	return err
}

const selectNumber = `SELECT number, customer_id, state, given_at, ended_at FROM customer_number`

func scanNumber(row sqldb.Row) (n Number, err error) {
	err = row.Scan(&n.Number, &n.CustomerID, &n.State, sqldb.Instant(&n.GivenAt), sqldb.Instant(&n.EndedAt))
	return n, err
}

func findNumber(tx *sqldb.Tx, number string) (n Number, found bool, err error) {
	list, err := sqldb.Many(tx, selectNumber+` WHERE number = $1`, []any{number}, scanNumber)
	if err != nil || len(list) == 0 {
		return Number{}, false, err
	}
	return list[0], true, nil
}

func numbersOf(tx *sqldb.Tx, id string) ([]Number, error) {
	return sqldb.Many(tx, selectNumber+` WHERE customer_id = $1 ORDER BY given_at DESC, number DESC`, []any{id}, scanNumber)
}

// takeSerial moves the pointer of the branch's first range that is not used up,
// the reserve coming after all of the branch's own.
func takeSerial(tx *sqldb.Tx, organisationID, branchID string) (label string, serial int64, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE number_range SET next_serial = next_serial + 1
		WHERE next_serial <= last_serial AND id = (
			SELECT id FROM number_range
			WHERE organisation_id = $1 AND (branch_id = $2 OR branch_id IS NULL) AND next_serial <= last_serial
			ORDER BY CASE WHEN branch_id IS NULL THEN 1 ELSE 0 END, label, first_serial LIMIT 1)
		RETURNING label, next_serial - 1`,
		[]any{organisationID, branchID}, &label, &serial)
	return label, serial, ok, err
}

func inRange(tx *sqldb.Tx, organisationID, label string, serial int64) (bool, error) {
	var one int
	return tx.One(`
		SELECT 1 FROM number_range
		WHERE organisation_id = $1 AND label = $2 AND first_serial <= $3 AND last_serial >= $3`,
		[]any{organisationID, label, serial}, &one)
}

// rangeOverlaps looks across organisations: a number must be one person's only,
// in every library that shares this database.
func rangeOverlaps(tx *sqldb.Tx, r Range) (bool, error) {
	var one int
	return tx.One(`
		SELECT 1 FROM number_range
		WHERE label = $1 AND first_serial <= $2 AND last_serial >= $3 AND NOT (first_serial = $3 AND organisation_id = $4)
		LIMIT 1`, []any{r.Label, r.Last, r.First, r.OrganisationID}, &one)
}

func putRange(tx *sqldb.Tx, r Range) (id string, next int64, err error) {
	var branch any // NULL is the reserve
	if r.BranchID != "" {
		branch = r.BranchID
	}
	_, err = tx.One(`
		INSERT INTO number_range (id, organisation_id, branch_id, label, first_serial, last_serial, next_serial)
		VALUES ($1, $2, $3, $4, $5, $6, $5)
		ON CONFLICT (label, first_serial) DO UPDATE SET branch_id = excluded.branch_id, last_serial = excluded.last_serial
		RETURNING id, next_serial`,
		[]any{r.ID, r.OrganisationID, branch, r.Label, r.First, r.Last}, &id, &next)
	return id, next, err
}

func stocks(tx *sqldb.Tx, organisationID string) ([]Stock, error) {
	return sqldb.Many(tx, `
		SELECT COALESCE(branch_id, ''),
			CAST(SUM(CASE WHEN next_serial > last_serial THEN 0 ELSE last_serial - next_serial + 1 END) AS BIGINT) AS free,
			CAST(SUM(last_serial - first_serial + 1) AS BIGINT)
		FROM number_range WHERE organisation_id = $1 GROUP BY COALESCE(branch_id, '') ORDER BY 2, 1`, []any{organisationID},
		func(row sqldb.Row) (s Stock, err error) {
			if err := row.Scan(&s.BranchID, &s.Left, &s.Total); err != nil {
				return s, err
			}
			s.Level = level(s.Left, s.Total)
			return s, nil
		})
}

// Looking for people.

// last stands behind every text that begins with a key: the key columns sort by
// the bytes of UTF-8 on both engines (migration 0011_customer_keys).
const last = "\U0010FFFF"

// picker collects the ids of customers from several indexes. Each part goes
// through one index and stops early; UNION takes doubles out. One WHERE with ORs
// made SQLite walk through the whole library in the order of the list.
type picker struct {
	organisation string
	parts        []string
	args         []any
	most         int // how many each part may bring
}

func newPicker(organisationID string, most int) *picker {
	p := &picker{most: most}
	p.organisation = "organisation_id = " + p.put(organisationID)
	return p
}

func (p *picker) put(v any) string {
	p.args = append(p.args, v)
	return fmt.Sprintf("$%d", len(p.args))
}

// begins is a prefix search that an index answers. LIKE would mind capitals on
// one engine only, and use an index on neither.
func (p *picker) begins(column, start string) string {
	return "(" + column + " >= " + p.put(start) + " AND " + column + " < " + p.put(start+last) + ")"
}

// from adds a part: customers for whom where is true, the first by order.
func (p *picker) from(where, order string) {
	p.add("id FROM customer", where, order)
}

func (p *picker) add(what, where, order string) {
	p.parts = append(p.parts, fmt.Sprintf(`SELECT id FROM (SELECT %s WHERE %s AND %s ORDER BY %s LIMIT %s) AS part%d`,
		what, p.organisation, where, order, p.put(p.most), len(p.parts)))
}

// pick returns the customers in the given order, at most limit.
func (p *picker) pick(tx *sqldb.Tx, order string, limit int) ([]Customer, error) {
	if len(p.parts) == 0 {
		return nil, nil
	}
	return sqldb.Many(tx, `SELECT `+columns+` FROM customer c WHERE c.id IN (`+strings.Join(p.parts, ` UNION `)+`)
		ORDER BY `+order+` LIMIT `+p.put(limit), p.args, scanCustomer)
}

// search stops each index after a few screens: "van" begins the name of half a
// country, and whoever sees "more" types another letter.
func search(tx *sqldb.Tx, organisationID string, q Query, limit int) ([]Customer, error) {
	p := newPicker(organisationID, max(searchMost, limit))
	born := func() string {
		if q.Birth == "" {
			return ""
		}
		return " AND birth = " + p.put(q.Birth)
	}
	switch {
	case q.Number != "":
		p.add("customer_id AS id FROM customer_number", p.begins("number", q.Number), "number")
		if len(q.Number) == 5 { // a German postcode looks the same
			p.from("postcode = "+p.put(q.Number), "key_last")
		}
	case q.Email != "":
		p.from(p.begins("key_email", q.Email), "key_email")
	case q.Postcode != "" && q.House > 0:
		p.from(p.begins("postcode", q.Postcode)+" AND house_number = "+p.put(q.House), "postcode")
	case q.Postcode != "":
		p.from(p.begins("postcode", q.Postcode), "postcode, house_number")
	case len(q.Names) == 0 && q.Birth != "":
		p.from("birth = "+p.put(q.Birth), "birth")
	}
	for _, r := range q.Names {
		for _, column := range []string{"key_last", "key_full", "key_second"} {
			where := p.begins(column, r.Last)
			if r.Given != "" {
				where += " AND (" + p.begins("key_initials", r.Given) + " OR " + p.begins("key_first", r.Given) + ")"
			}
			p.from(where+born(), column)
		}
	}
	return p.pick(tx, "c.key_sort, c.key_initials, c.birth, c.id", limit)
}

const (
	// searchMost is how many customers each index brings to a search.
	searchMost = 200
	// candidatesMost is how many each index brings to be compared: a family name
	// with a first name can be common, an e-mail address can be a school's.
	candidatesMost = 100
)

// candidates are the customers that agree with a person in something strong.
func candidates(tx *sqldb.Tx, organisationID string, who Person, k keys) ([]Customer, error) {
	p := newPicker(organisationID, candidatesMost)
	if who.Birth != "" {
		// The likeliest first: on 1 January 1970 many were born whose day nobody knew.
		if k.last != "" {
			p.from("birth = "+p.put(who.Birth)+" AND key_last = "+p.put(k.last), "id")
			p.from("birth = "+p.put(who.Birth)+" AND key_full = "+p.put(k.full), "id")
			if s := swapped(who.Birth); s != "" {
				p.from("birth = "+p.put(s)+" AND key_last = "+p.put(k.last), "id")
			}
		}
		p.from("birth = "+p.put(who.Birth), "id")
	}
	if who.Address.Postcode != "" && who.Address.Number > 0 {
		p.from("postcode = "+p.put(who.Address.Postcode)+" AND house_number = "+p.put(who.Address.Number), "id")
	}
	if k.email != "" {
		p.from("key_email = "+p.put(k.email), "id")
	}
	if k.last != "" && k.first != "" {
		p.from("key_last = "+p.put(k.last)+" AND key_first = "+p.put(k.first), "id")
	}
	return p.pick(tx, "c.id", candidatesMost*8)
}

func linksOf(tx *sqldb.Tx, organisationID string) ([]Link, error) {
	return sqldb.Many(tx, `
		SELECT account_id, link_how, link_at FROM customer
		WHERE organisation_id = $1 AND account_id <> ''`,
		[]any{organisationID}, func(row sqldb.Row) (l Link, err error) {
			return l, row.Scan(&l.AccountID, &l.How, sqldb.Instant(&l.At))
		})
}

func countUnlinked(tx *sqldb.Tx, organisationID string) (n int, err error) {
	_, err = tx.One(`
		SELECT COUNT(*) FROM customer WHERE organisation_id = $1 AND account_id = ''`,
		[]any{organisationID}, &n)
	return n, err
}

func holders(tx *sqldb.Tx, organisationID, branchID string, accountIDs []string) ([]Holder, error) {
	args := []any{organisationID, string(LinkGenerated)}
	for _, id := range accountIDs {
		args = append(args, id)
	}
	where := `organisation_id = $1 AND link_how = $2 AND account_id <> '' AND account_id IN ` + sqldb.In(3, len(accountIDs))
	if branchID != "" {
		args = append(args, branchID)
		where += fmt.Sprintf(" AND branch_id = $%d", len(args))
	}
	return sqldb.Many(tx, `SELECT id, branch_id, account_id FROM customer WHERE `+where, args, func(row sqldb.Row) (h Holder, err error) {
		return h, row.Scan(&h.ID, &h.BranchID, &h.AccountID)
	})
}
