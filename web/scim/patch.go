package scim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lidwoord/identity/provision"
)

// mostOperations is how many operations one PATCH may have. We keep five
// attributes; programs that send all they know come to some twenty.
const mostOperations = 100

// unkept are the attributes of RFC 7643 that other systems send and we do not keep.
var unkept = []string{"name", "displayname", "nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone",
	"phonenumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509certificates"}

// fixed are the attributes that only we write.
var fixed = []string{"id", "meta", "groups", "schemas"}

// The extensions, in small letters: the one for companies, which we do not keep,
// and ours for the account and for memberships.
var (
	enterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user"
	ours           = strings.ToLower(schemaUser)
	oursHeld       = strings.ToLower(schemaHeld)
)

// readPatch reads what a PATCH asks (RFC 7644 section 3.5.2). Later operations win
// over earlier ones, and nothing is done until all are read.
func readPatch(o object) (c asked, err error) {
	list, _ := o["operations"].([]any)
	if len(list) == 0 || len(list) > mostOperations {
		return c, invalid(invalidSyntax, "A PATCH has 1 to %d Operations.", mostOperations)
	}
	c.named = map[string][]int{}
	for i, each := range list {
		operation, ok := each.(object)
		if !ok {
			return c, invalid(invalidSyntax, "Operations[%d] is an object.", i)
		}
		var one provision.Change
		if err := patchOne(&one, operation); err != nil {
			return c, atOperation(i, operation, err)
		}
		if one.Email != nil && *one.Email == "" && spares(operation, c.Email) {
			one.Email = nil
		}
		c.add(i, one)
	}
	return c, nil
}

// spares reports whether an operation takes another address away than the one that was
// given earlier in the request: programs add the new one and then remove the old one, or
// that of another type.
func spares(operation object, given *string) bool {
	op, _ := operation["op"].(string)
	if given == nil || *given == "" || !strings.EqualFold(op, remove) {
		return false
	}
	path, _ := operation["path"].(string)
	p, err := provision.ReadPath(path)
	if err != nil {
		return false
	}
	meant, err := emailOf(operation["value"])
	if p.Which != nil {
		meant, _ = p.Which.Value.(string) // of a type that no address has, too
	}
	return err == nil && meant != "" && !strings.EqualFold(meant, *given)
}

// add takes over what operation i changes. The last one to name an attribute wins,
// but memberships are changed step by step.
func (c *asked) add(i int, one provision.Change) {
	if one.ExternalID != nil {
		c.ExternalID, c.named["externalId"] = one.ExternalID, []int{i}
	}
	if one.Username != nil {
		c.Username, c.named["userName"] = one.Username, []int{i}
	}
	if one.Email != nil {
		c.Email, c.named["emails"] = one.Email, []int{i}
	}
	if one.Active != nil {
		c.Active = one.Active
	}
	if one.Memberships != nil {
		c.Memberships, c.named["memberships"] = append(c.Memberships, one.Memberships...), append(c.named["memberships"], i)
	}
	c.Resend = c.Resend || one.Resend
}

// atOperation says which operation a refusal is about, as its maker wrote it.
func atOperation(i int, operation object, err error) error {
	p, ok := err.(*problem)
	if !ok {
		return err
	}
	place := fmt.Sprintf("Operations[%d]", i)
	if path, _ := operation["path"].(string); path != "" {
		place += " " + cut(path)
	}
	return &problem{p.status, p.kind, place + ": " + p.detail}
}

func patchOne(c *provision.Change, operation object) error {
	op, err := operation.text("op")
	if err != nil {
		return err
	}
	path, err := operation.text("path")
	if err != nil {
		return err
	}
	value := operation["value"]
	switch op = strings.ToLower(op); op {
	case add, replace:
	case remove:
		if path == "" {
			return invalid(noTarget, "Say with path what to remove.")
		}
	default:
		return invalid(invalidSyntax, "op is add, replace or remove, not %s.", shown(op))
	}
	if path != "" {
		p, err := provision.ReadPath(path)
		if err != nil {
			return invalid(invalidPath, "The path cannot be read.")
		}
		if isHeld(p) {
			return patchHeld(c, op, p, value)
		}
		if op == remove {
			value = nil
		}
		return patchAt(c, p, value)
	}
	whole, ok := value.(object)
	if !ok {
		return invalid(invalidValue, "Without a path the value is an object.")
	}
	return patchWhole(c, op, whole)
}

// What an operation does.
const (
	add     = "add"
	replace = "replace"
	remove  = "remove"
)

// patchWhole takes an object with attributes, their names perhaps paths as Azure
// writes them. What only we write is passed over there: programs send back what
// they read.
func patchWhole(c *provision.Change, op string, whole object) error {
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		value := whole[name]
		if slices.Contains(fixed, name) {
			continue
		}
		p, err := provision.ReadPath(name)
		if err != nil {
			return invalid(invalidPath, "The name of an attribute cannot be read.")
		}
		if isHeld(p) {
			err = patchHeld(c, op, p, value)
		} else {
			err = patchAt(c, p, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patchAt sets one attribute; nil removes it. Which of several values the brackets
// of a path mean does not matter: there is one address, whatever its type.
func patchAt(c *provision.Change, p provision.Path, value any) error {
	name := strings.ToLower(p.Attribute)
	name = strings.TrimPrefix(name, strings.ToLower(coreUser)+":")
	if p.Which != nil && name != "emails" && !slices.Contains(unkept, name) {
		return invalid(invalidPath, "Only emails and memberships have several values here.")
	}
	if p.Part != "" {
		name += "." + strings.ToLower(p.Part)
	}
	switch name {
	case "externalid", "username":
		text, err := textOf(p.Attribute, value)
		if err != nil {
			return err
		}
		if text == "" {
			return invalid(invalidValue, "%s cannot be empty.", p.Attribute)
		}
		if name == "username" {
			c.Username = &text
		} else {
			c.ExternalID = &text
		}
		return nil
	case "emails", "emails.value":
		address, err := emailOf(value)
		if err != nil {
			return err
		}
		c.Email = &address
		return nil
	case "active":
		on, ok := provision.Truth(value)
		if !ok {
			return invalid(invalidValue, "active is true or false, not %s.", shown(value))
		}
		c.Active = &on
		return nil
	case ours:
		more, ok := value.(object)
		if !ok {
			return invalid(invalidValue, "%s is an object.", schemaUser)
		}
		if value = more["resend"]; value == nil {
			return nil
		}
		return patchAt(c, provision.Path{Attribute: schemaUser + ":resend"}, value)
	case ours + ":resend":
		on, ok := provision.Truth(value)
		if !ok {
			return invalid(invalidValue, "resend is true or false, not %s.", shown(value))
		}
		c.Resend = on
		return nil
	case "password":
		return errPassword
	}
	top, _, _ := strings.Cut(name, ".")
	switch {
	case strings.HasPrefix(name, enterpriseUser), slices.Contains(unkept, top), top == "emails": // emails.type
		return nil
	case slices.Contains(fixed, top), strings.HasPrefix(name, ours+":"):
		return invalid(mutability, "%s cannot be written.", cut(p.Attribute))
	}
	return invalid(invalidPath, "There is no attribute %s.", cut(p.Attribute))
}
