package scim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/identity/provision"
)

// Memberships are the one attribute of which a user has several. This file reads
// and writes them; what a change means is in the room.

// heldOf writes the memberships of a user.
func heldOf(u provision.User) []map[string]any {
	list := make([]map[string]any, len(u.Memberships))
	for i, m := range u.Memberships {
		list[i] = map[string]any{"value": m.ID, "type": m.Code, "start": string(m.First)}
		if m.Last != "" {
			list[i]["end"] = string(m.Last)
		}
	}
	return list
}

// readHeld reads the memberships of a user that is posted or put: all that there are
// from now on, or nothing when none are named.
func readHeld(o object) ([]provision.Edit, error) {
	more, err := o.part(schemaHeld)
	if err != nil {
		return nil, err
	}
	var c provision.Change
	err = patchParts(&c, replace, more)
	return c.Memberships, err
}

// held are the memberships of a user that is new.
func (p person) held() []provision.Membership {
	if len(p.memberships) == 0 {
		return nil
	}
	return p.memberships[0].List
}

// membershipAttributes are the parts of a membership, in small letters.
var membershipAttributes = []string{"value", "type", "start", "end"}

// readMemberships reads one membership or a list of them.
func readMemberships(v any) (list []provision.Membership, err error) {
	var each []any
	switch v := v.(type) {
	case nil: // RFC 7643 section 2.5: as good as an empty list
	case []any:
		each = v
	case object:
		each = []any{v}
	default:
		return nil, errMemberships
	}
	for i, one := range each {
		o, ok := one.(object)
		if !ok {
			return nil, errMemberships
		}
		which := whichOf(i, o)
		part, err := readMembership(o, which)
		if err != nil {
			return nil, err
		}
		var m provision.Membership
		for _, needed := range []struct {
			name  string
			there bool
		}{{"value", part.ID != nil}, {"type", part.Code != nil}, {"start", part.First != nil}} {
			if !needed.there {
				return nil, invalid(invalidValue, "%s has no %s.", which, needed.name)
			}
		}
		m.ID, m.Code, m.First = *part.ID, *part.Code, *part.First
		if part.Last != nil {
			m.Last = *part.Last
		}
		list = append(list, m)
	}
	return list, nil
}

var errMemberships = invalid(invalidValue, "memberships is a list of objects with a value, a type, a start and perhaps an end.")

// whichOf names a membership for who sent it: by its place in the list, and by its
// own id when it has one.
func whichOf(i int, o object) string {
	which := fmt.Sprintf("memberships[%d]", i)
	if id, _ := o["value"].(string); id != "" {
		which += fmt.Sprintf(" (%s)", cut(id))
	}
	return which
}

// readMembership reads what is named of a membership; null takes an end away.
func readMembership(o object, which string) (p provision.Part, err error) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(membershipAttributes, name) {
			return p, invalid(invalidSyntax, "%s has an attribute %s, which does not exist. There are value, type, start and end.", which, cut(name))
		}
		if err := setPart(&p, which, name, o[name]); err != nil {
			return p, err
		}
	}
	return p, nil
}

// setPart names one part of a membership; nil takes it away.
func setPart(p *provision.Part, which, name string, v any) error {
	if v == nil && name != "end" {
		return invalid(invalidValue, "%s has no %s: a membership keeps that.", which, name)
	}
	text := ""
	if v != nil {
		var err error
		if text, err = textOf(which+" "+name, v); err != nil {
			return err
		}
	}
	on := day.Day(text)
	switch name {
	case "value":
		p.ID = &text
	case "type":
		p.Code = &text
	case "start":
		p.First = &on
	case "end":
		p.Last = &on
	default:
		return invalid(invalidPath, "There is no attribute memberships.%s.", name)
	}
	return nil
}

// isHeld reports whether a path leads to memberships. Also without the name of the
// schema: no other attribute is called so.
func isHeld(p provision.Path) bool {
	name := strings.ToLower(p.Attribute)
	top, _, _ := strings.Cut(name, ".")
	return top == "memberships" || name == oursHeld || strings.HasPrefix(name, oursHeld+":")
}

// patchHeld does one operation on memberships (RFC 7644 section 3.5.2).
func patchHeld(c *provision.Change, op string, p provision.Path, value any) error {
	name := strings.TrimPrefix(strings.ToLower(p.Attribute), oursHeld+":")
	if name == oursHeld { // the whole extension
		if p.Which != nil {
			return errHeldPath
		}
		if op == remove {
			return patchList(c, remove, nil)
		}
		more, ok := value.(object)
		if !ok {
			return invalid(invalidValue, "%s is an object.", schemaHeld)
		}
		return patchParts(c, op, more)
	}
	name, part, _ := strings.Cut(name, ".")
	if p.Part != "" {
		part = strings.ToLower(p.Part)
	}
	if name != "memberships" || p.Which != nil && !readsMembership(*p.Which) {
		return errHeldPath
	}
	if part == "" && p.Which == nil {
		return patchList(c, op, value)
	}
	edit := provision.Edit{Act: provision.Set, Which: p.Which}
	var err error
	switch {
	case part == "" && op == remove:
		edit.Act = provision.Drop
	case part != "":
		if op == remove {
			value = nil
		}
		err = setPart(&edit.Part, "memberships", part, value)
	default:
		edit.Part, err = readOne(value)
	}
	c.Memberships = append(c.Memberships, edit)
	return err
}

// readOne reads what becomes otherwise of the memberships that a path means. Some
// programs write one object as a list.
func readOne(value any) (provision.Part, error) {
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	o, ok := value.(object)
	if !ok {
		return provision.Part{}, errMemberships
	}
	return readMembership(o, "memberships")
}

// patchParts does an operation on what an object of the extension names.
func patchParts(c *provision.Change, op string, more object) error {
	for name := range more {
		if name != "memberships" {
			return invalid(invalidSyntax, "There is no attribute %s:%s.", schemaHeld, name)
		}
	}
	value, named := more["memberships"]
	if !named {
		return nil
	}
	return patchList(c, op, value)
}

// patchList does an operation on memberships as a list. A remove that brings a list
// means those only, as Entra writes it; one without means all.
func patchList(c *provision.Change, op string, value any) error {
	if op == remove && value != nil {
		return dropListed(c, value)
	}
	list, err := readMemberships(value)
	if err != nil {
		return err
	}
	switch op {
	case add:
		c.Memberships = append(c.Memberships, provision.Edit{Act: provision.Add, List: list})
	case replace:
		c.Memberships = append(c.Memberships, provision.Edit{Act: provision.Put, List: list})
	default:
		c.Memberships = append(c.Memberships, provision.Edit{Act: provision.Drop})
	}
	return nil
}

// dropListed removes the memberships whose values a list names.
func dropListed(c *provision.Change, value any) error {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, each := range list {
		o, ok := each.(object)
		if !ok {
			return errMemberships
		}
		id, err := o.text("value")
		if err != nil {
			return err
		}
		if id == "" {
			return errMemberships
		}
		c.Memberships = append(c.Memberships, provision.Edit{Act: provision.Drop, Which: &provision.Filter{Op: "eq", Attribute: "value", Value: id}})
	}
	return nil
}

var errHeldPath = invalid(invalidPath, "A path to memberships is memberships, memberships[value eq \"…\"] or one of these with .type, .start or .end.")

// readsMembership reports whether a filter asks after the parts of a membership only.
// Another name is a typing error, and might mean all of them.
func readsMembership(f provision.Filter) bool {
	if f.Attribute == "" {
		return !slices.ContainsFunc(f.Of, func(each provision.Filter) bool { return !readsMembership(each) })
	}
	return len(f.Of) == 0 && slices.Contains(membershipAttributes, strings.ToLower(f.Attribute))
}

// membershipParts are the lines of the schema.
func membershipParts() []attribute {
	value := text("value", "The organisation's own id of the membership, once for a user.").shown("immutable")
	kind := text("type", "The code of a kind of membership that is named for the organisation.").shown("readWrite")
	start := text("start", "The first day, YYYY-MM-DD, in the Netherlands.").shown("readWrite")
	end := text("end", "The last day, YYYY-MM-DD, which counts whole. None: without end.").shown("readWrite")
	value.CaseExact, kind.CaseExact = true, true
	value.Required, kind.Required, start.Required = true, true, true
	return []attribute{value, kind, start, end}
}
