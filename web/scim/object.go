package scim

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"lidwoord/base/words"
	"lidwoord/identity/provision"
)

// object is a JSON object whose names are in small letters: SCIM does not mind
// capitals in names (RFC 7643 section 2.1), and no two of ours differ by them.
type object map[string]any

// deepestBody is how deep objects and lists may stand in each other. A whole user
// in a PATCH needs five.
const deepestBody = 12

// readObject reads one JSON object and nothing after it. A name that comes twice is
// refused, because two readers may each pick another.
func readObject(text []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	v, err := readValue(decoder, 0)
	if err != nil {
		return nil, err
	}
	o, ok := v.(object)
	if _, err := decoder.Token(); !ok || err != io.EOF {
		return nil, errObject
	}
	return o, nil
}

var errObject = invalid(invalidSyntax, "The body is not one JSON object with each name once.")

func readValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil || depth > deepestBody {
		return nil, errObject
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, errObject
			}
			text, _ := name.(string)
			key := text
			if !strings.Contains(text, `"`) { // else it is a path, and what it quotes minds capitals
				key = strings.ToLower(text)
			}
			if _, twice := o[key]; twice {
				return nil, errObject
			}
			if o[key], err = readValue(decoder, depth+1); err != nil {
				return nil, err
			}
		}
		return o, closing(decoder)
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			v, err := readValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, closing(decoder)
	}
	return token, nil
}

func closing(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return errObject
	}
	return nil
}

// part is an object in an object, empty when it is not there.
func (o object) part(name string) (object, error) {
	v, ok := o[strings.ToLower(name)]
	if !ok || v == nil {
		return object{}, nil
	}
	p, ok := v.(object)
	if !ok {
		return nil, invalid(invalidValue, "%s is an object.", name)
	}
	return p, nil
}

// text is a string in an object, "" when it is not there.
func (o object) text(name string) (string, error) {
	v, ok := o[strings.ToLower(name)]
	if !ok || v == nil {
		return "", nil
	}
	return textOf(name, v)
}

func textOf(name string, v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", invalid(invalidValue, "%s is a text, not %s.", name, shown(v))
	}
	return s, nil
}

// longestShown is how many characters of a wrong value an error repeats.
const longestShown = 100

// shown is a value as JSON, for the error that refuses it.
func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "this"
	}
	return cut(string(text))
}

func cut(text string) string {
	if runes := []rune(text); len(runes) > longestShown {
		return string(runes[:longestShown]) + "…"
	}
	return text
}

// number reads a whole number in an object into to, which stays when there is none.
func (o object) number(name string, to *int) error {
	v, ok := o[strings.ToLower(name)]
	if !ok || v == nil {
		return nil
	}
	n, _ := v.(json.Number)
	whole, err := n.Int64()
	if err != nil || int64(int(whole)) != whole {
		return invalid(invalidValue, "%s is a whole number.", name)
	}
	*to = int(whole)
	return nil
}

// emailOf reads the one address of emails: an object, a list in which at most one
// is primary, or plain text. "" means that there is none.
func emailOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case object:
		return v.text("value")
	case []any:
		best := ""
		for i, each := range v {
			o, ok := each.(object)
			if !ok {
				return "", invalid(invalidValue, "emails is a list of objects with a value.")
			}
			address, err := o.text("value")
			if err != nil {
				return "", err
			}
			if primary, _ := provision.Truth(o["primary"]); primary || i == 0 {
				best = address
			}
			if primary, _ := provision.Truth(o["primary"]); primary {
				break
			}
		}
		return best, nil
	}
	return "", invalid(invalidValue, "emails is a list of objects with a value.")
}

// person is what we read of a user that is posted or put.
type person struct {
	externalID, userName, email string
	active                      *bool
	lang                        words.Lang
	ask, code                   string // of the proof
	memberships                 []provision.Edit
}

// meant are the attributes of a user that mean something here.
var meant = []string{"externalid", "username", "emails", "active", "password", ours, oursHeld}

// readPerson reads the attributes that mean something here, and passes over the
// others of the standard: they stay in the system of the library. What is in no
// standard may be a typing error in one that matters.
func readPerson(o object) (p person, err error) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(meant, name) && !slices.Contains(unkept, name) && !slices.Contains(fixed, name) && name != enterpriseUser {
			return p, noAttribute(name)
		}
	}
	if p.externalID, err = o.text("externalId"); err != nil {
		return p, err
	}
	if p.userName, err = o.text("userName"); err != nil {
		return p, err
	}
	if p.email, err = emailOf(o["emails"]); err != nil {
		return p, err
	}
	if v := o["active"]; v != nil {
		on, ok := provision.Truth(v)
		if !ok {
			return p, invalid(invalidValue, "active is true or false, not %s.", shown(v))
		}
		p.active = &on
	}
	lang, err := o.text("preferredLanguage")
	if err != nil {
		return p, err
	}
	p.lang = words.Accepted(lang)
	if o["password"] != nil {
		return p, errPassword
	}
	if p.memberships, err = readHeld(o); err != nil {
		return p, err
	}
	more, err := o.part(schemaUser)
	if err != nil {
		return p, err
	}
	proof, err := more.part("proof")
	if err != nil {
		return p, err
	}
	if p.ask, err = proof.text("ask"); err != nil {
		return p, err
	}
	p.code, err = proof.text("code")
	return p, err
}

// noAttribute refuses a name that stands in no standard. Memberships at the top are
// the one mistake that everybody makes.
func noAttribute(name string) error {
	if name == "memberships" {
		return invalid(invalidSyntax, "memberships is an attribute of the extension %s: put it in an object with that name.", schemaHeld)
	}
	return invalid(invalidSyntax, "There is no attribute %s.", cut(name))
}

var errNoEmail = invalid(invalidValue, "emails is required: the activation link is mailed there.")

var errPassword = invalid(mutability, "Only the owner of an account sets its password, by the link in the mail.")

// change is what a PUT asks: what is not named stays.
func (p person) change() (c provision.Change) {
	for _, field := range []struct {
		text string
		to   **string
	}{{p.externalID, &c.ExternalID}, {p.userName, &c.Username}, {p.email, &c.Email}} {
		if field.text != "" {
			*field.to = &field.text
		}
	}
	c.Active, c.Memberships = p.active, p.memberships
	return c
}
