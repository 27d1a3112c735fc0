package provision

import (
	"errors"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

// Query is what a list asks.
type Query struct {
	Filter *Filter // nil for all
	Start  int     // of the first, from 1
	Count  int     // at most so many
}

// MostListed is the longest page of a list.
const MostListed = 200

// ErrUnfiltered: a filter asks after an attribute, or in a way, that has no
// answer. Its argument is the comparison.
var ErrUnfiltered = fault.New(fault.Invalid, "provision.unfiltered")

// List returns one page of the organisation's users, in the order in which they
// came, and how many there are in all.
func (p Provisioner) List(tx *sqldb.Tx, by Bearer, q Query) (page []User, total int, err error) {
	where := condition{text: "organisation = $1", args: []any{by.Organisation}}
	if q.Filter != nil {
		text, err := p.compile(tx, &where, *q.Filter)
		if err != nil {
			return nil, 0, err
		}
		where.text += " AND " + text
	}
	if total, err = countUsers(tx, where); err != nil {
		return nil, 0, err
	}
	q.Count = min(q.Count, MostListed)
	if q.Count <= 0 || q.Start > total {
		return nil, total, nil
	}
	if page, err = users(tx, where, max(q.Start, 1)-1, q.Count); err != nil {
		return nil, 0, err
	}
	page, err = p.fillAll(tx, page)
	return page, total, err
}

// compile turns a filter into a condition. A filter sees what its organisation
// sees: the address only while an account waits.
func (p Provisioner) compile(tx *sqldb.Tx, where *condition, f Filter) (string, error) {
	switch f.Op {
	case "and", "or":
		parts := make([]string, len(f.Of))
		for i, each := range f.Of {
			text, err := p.compile(tx, where, each)
			if err != nil {
				return "", err
			}
			parts[i] = text
		}
		return "(" + strings.Join(parts, " "+strings.ToUpper(f.Op)+" ") + ")", nil
	case "not":
		text, err := p.compile(tx, where, f.Of[0])
		return "NOT " + text, err
	case "ne":
		f.Op = "eq"
		text, err := p.compile(tx, where, f)
		return "NOT " + text, err
	case "[": // emails[value eq "…"] is emails.value eq "…"
		inner, ok := f.Of[0], true
		if inner.Op == "and" {
			inner, ok = withoutKind(inner)
		}
		if !ok || inner.Op != "eq" && inner.Op != "ne" || len(inner.Of) > 0 {
			return "", ErrUnfiltered.With(f.String())
		}
		inner.Attribute = f.Attribute + "." + inner.Attribute
		return p.compile(tx, where, inner)
	case "eq":
		if len(f.Of) > 0 && !kind(f.Of[0]) {
			return "", ErrUnfiltered.With(f.String())
		}
		return p.equals(tx, where, f)
	}
	return "", ErrUnfiltered.With(f.String())
}

// kind reports whether a condition asks for one kind of address. There is one
// address here and its kind is not kept, so that it is of every kind.
func kind(f Filter) bool {
	return f.Op == "eq" && len(f.Of) == 0 && (strings.EqualFold(f.Attribute, "type") || strings.EqualFold(f.Attribute, "primary"))
}

// withoutKind leaves the one condition of several that is not about the kind.
func withoutKind(f Filter) (left Filter, ok bool) {
	for _, each := range f.Of {
		if kind(each) {
			continue
		}
		if ok {
			return Filter{}, false
		}
		left, ok = each, true
	}
	return left, ok
}

// coreUser is the schema whose name may stand before each attribute.
const coreUser = "urn:ietf:params:scim:schemas:core:2.0:user:"

func (p Provisioner) equals(tx *sqldb.Tx, where *condition, f Filter) (string, error) {
	name := strings.TrimPrefix(strings.ToLower(f.Attribute), coreUser)
	if name == "active" {
		on, ok := Truth(f.Value)
		if !ok {
			return "", ErrUnfiltered.With(f.String())
		}
		return where.is("active", on), nil
	}
	value, ok := f.Value.(string)
	if !ok || strings.ContainsRune(value, 0) { // PostgreSQL would refuse NUL
		return "", ErrUnfiltered.With(f.String())
	}
	var accounts []string
	switch name {
	case "id":
		return where.is("id", value), nil
	case "externalid":
		return where.is("external_id", value), nil
	case "username":
		id, known, err := p.Accounts.Named(tx, value)
		if err != nil {
			return "", err
		}
		if known {
			accounts = []string{id}
		}
	case "emails", "emails.value":
		ids, err := p.Accounts.WaitingAt(tx, value)
		if err != nil && !errors.Is(err, account.ErrEmail) { // what is no address is nobody's
			return "", err
		}
		accounts = ids
	default:
		return "", ErrUnfiltered.With(f.String())
	}
	return where.among("account_id", accounts), nil
}

// Truth reads a boolean, also where a program writes it as text.
func Truth(v any) (on, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	return false, false
}
