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
)

// resource is a user as we show it.
func (s *Site) resource(u provision.User) map[string]any {
	more := map[string]any{"state": string(u.State)}
	if u.State == account.Waiting || u.State == account.Expired {
		more["activateUntil"] = instant(u.Until)
	}
	r := map[string]any{
		"schemas": []string{coreUser, schemaUser}, "id": u.ID, "externalId": u.ExternalID, "active": u.Active, schemaUser: more,
		"meta": map[string]any{"resourceType": "User", "created": instant(u.CreatedAt), "lastModified": instant(u.ChangedAt),
			"location": s.location("/Users/" + u.ID), "version": tagOf(u)},
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
	keep := func(part string) bool {
		part = strings.ToLower(part)
		named := func(list []string) bool {
			return slices.Contains(list, name+"."+part) || slices.Contains(list, name+":"+part)
		}
		return len(v.only) > 0 && named(v.only) || len(v.only) == 0 && !named(v.without)
	}
	switch value := value.(type) {
	case map[string]any:
		return some(value, keep)
	case []map[string]any:
		list := make([]map[string]any, len(value))
		for i, each := range value {
			list[i] = some(each, keep)
		}
		return list
	}
	return value
}

func some(value map[string]any, keep func(string) bool) map[string]any {
	shown := map[string]any{}
	for part, v := range value {
		if keep(part) {
			shown[part] = v
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
