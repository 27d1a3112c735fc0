package scim

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"lidwoord/identity/account"
	"lidwoord/identity/provision"
)

// The schemas that we speak. The core schema and ours as their owners write them.
const (
	coreUser    = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaUser  = "urn:lidwoord:scim:1.0:User"
	schemaProof = "urn:lidwoord:scim:1.0:Proof"

	schemaKind = "urn:lidwoord:scim:1.0:MembershipKind"

	// Names under urn:ietf:params are handed out by IANA (RFC 7643 section 10.2), so
	// this one follows their order under a name of our own.
	schemaHeld = "urn:lidwoord:params:scim:schemas:extension:membership:2.0:User"
)

// resource is a user as we show it.
func (s *Site) resource(u provision.User) map[string]any {
	more := map[string]any{"state": string(u.State)}
	if u.State == account.Waiting || u.State == account.Expired {
		more["activateUntil"] = instant(u.Until)
	}
	if len(u.PassedOver) > 0 {
		more["passedOver"] = u.PassedOver
	}
	r := map[string]any{
		"schemas": []string{coreUser, schemaUser}, "id": u.ID, "externalId": u.ExternalID, "active": u.Active, schemaUser: more,
		"meta": map[string]any{"resourceType": "User", "created": instant(u.CreatedAt), "lastModified": instant(u.ChangedAt),
			"location": s.location("/Users/" + u.ID), "version": tagOf(u)},
	}
	if len(u.Memberships) > 0 {
		r["schemas"] = []string{coreUser, schemaUser, schemaHeld}
		r[schemaHeld] = map[string]any{"memberships": heldOf(u)}
	}
	if u.Username != "" {
		r["userName"] = u.Username
	}
	if u.Email != "" {
		r["emails"] = []map[string]any{{"value": u.Email, "primary": true}}
	}
	return r
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// view is which attributes a program wants to see (RFC 7644 section 3.9).
type view struct {
	only, without []string // in small letters
}

// mostNames is how many attributes may be named; a user has ten.
const mostNames = 50

func viewOf(q url.Values) (view, error) {
	return newView(strings.Split(q.Get("attributes"), ","), strings.Split(q.Get("excludedAttributes"), ","))
}

// viewIn reads the same from the body of a search.
func viewIn(o object) (view, error) {
	names := map[string][]string{}
	for _, list := range []string{"attributes", "excludedAttributes"} {
		values, _ := o[strings.ToLower(list)].([]any)
		for _, v := range values {
			text, err := textOf(list, v)
			if err != nil {
				return view{}, err
			}
			names[list] = append(names[list], text)
		}
	}
	return newView(names["attributes"], names["excludedAttributes"])
}

func newView(only, without []string) (view, error) {
	v := view{tidy(only), tidy(without)}
	if len(v.only) > 0 && len(v.without) > 0 || len(v.only)+len(v.without) > mostNames {
		return v, invalid(invalidValue, "Give attributes or excludedAttributes, at most %d names.", mostNames)
	}
	return v, nil
}

func tidy(names []string) (list []string) {
	for _, name := range names {
		name = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), strings.ToLower(coreUser)+":")
		if name != "" {
			list = append(list, name)
		}
	}
	return list
}

// of returns what is wanted of a resource. id and schemas are always there.
func (v view) of(resource map[string]any) map[string]any {
	if len(v.only) == 0 && len(v.without) == 0 {
		return resource
	}
	shown := map[string]any{}
	for name, value := range resource {
		if name == "id" || name == "schemas" {
			shown[name] = value
			continue
		}
		if value = v.part(strings.ToLower(name), value); value != nil {
			shown[name] = value
		}
	}
	return shown
}

// part is what is wanted of one attribute, or nil. Parts are named with a full stop,
// and those of an extension with a colon.
func (v view) part(name string, value any) any {
	if slices.Contains(v.only, name) || len(v.only) == 0 && !slices.Contains(v.without, name) && !hasPart(v.without, name) {
		return value
	}
	if slices.Contains(v.without, name) || len(v.only) > 0 && !hasPart(v.only, name) {
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		return v.some(name, value)
	case []map[string]any:
		list := make([]map[string]any, len(value))
		for i, each := range value {
			list[i] = v.some(name, each)
		}
		return list
	}
	return value
}

func (v view) some(name string, value map[string]any) map[string]any {
	shown, joint := map[string]any{}, "."
	if name == ours || name == oursHeld {
		joint = ":"
	}
	for part, has := range value {
		if has = v.part(name+joint+strings.ToLower(part), has); has != nil {
			shown[part] = has
		}
	}
	return shown
}

func hasPart(list []string, name string) bool {
	for _, each := range list {
		if strings.HasPrefix(each, name+".") || strings.HasPrefix(each, name+":") {
			return true
		}
	}
	return false
}
