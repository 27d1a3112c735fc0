package scim

import (
	"net/http"
	"strings"

	"lidwoord/identity/provision"
)

// config says what we do (RFC 7643 section 5).
func (s *Site) config(w http.ResponseWriter, _ *request) error {
	no := map[string]any{"supported": false}
	return answer(w, http.StatusOK, map[string]any{
		"schemas":          []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
		"patch":            map[string]any{"supported": true},
		"bulk":             map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":           map[string]any{"supported": true, "maxResults": provision.MostListed},
		"changePassword":   no,
		"sort":             no,
		"etag":             map[string]any{"supported": true},
		"authenticationSchemes": []map[string]any{{"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token that a manager makes in Beheer (Bibliotheeksystemen), or the administrator with the command scim-token.", "specUri": "https://www.rfc-editor.org/rfc/rfc6750"}},
		"meta": s.meta("ServiceProviderConfig", "/ServiceProviderConfig"),
	})
}

func (s *Site) meta(kind, path string) map[string]any {
	return map[string]any{"resourceType": kind, "location": s.location(path)}
}

func (s *Site) userType() map[string]any {
	return map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": "User", "name": "User", "endpoint": "/Users",
		"description": "A customer of the organisation with their login account.", "schema": coreUser,
		"schemaExtensions": []map[string]any{{"schema": schemaUser, "required": false}, {"schema": schemaHeld, "required": false}},
		"meta":             s.meta("ResourceType", "/ResourceTypes/User"),
	}
}

func (s *Site) resourceTypes(w http.ResponseWriter, r *request) error {
	return constant(w, r, []map[string]any{s.userType(), s.kindType()})
}

func (s *Site) resourceType(w http.ResponseWriter, r *request) error {
	switch r.PathValue("id") {
	case "User":
		return answer(w, http.StatusOK, s.userType())
	case "MembershipKind":
		return answer(w, http.StatusOK, s.kindType())
	}
	return errNowhere
}

func (s *Site) schemas(w http.ResponseWriter, r *request) error {
	return constant(w, r, s.allSchemas())
}

func (s *Site) schema(w http.ResponseWriter, r *request) error {
	for _, each := range s.allSchemas() {
		if strings.EqualFold(each["id"].(string), r.PathValue("id")) {
			return answer(w, http.StatusOK, each)
		}
	}
	return errNowhere
}

// constant answers a list that never changes; it takes no filter (RFC 7644 section 4).
func constant(w http.ResponseWriter, r *request, list []map[string]any) error {
	if r.URL.Query().Has("filter") {
		return &problem{http.StatusForbidden, "", "This list takes no filter."}
	}
	return answer(w, http.StatusOK, listOf(list, len(list), 1))
}

// attribute is one line of a schema (RFC 7643 section 7).
type attribute struct {
	Name        string      `json:"name"`
	Type        string      `json:"type"`
	MultiValued bool        `json:"multiValued"`
	Description string      `json:"description"`
	Required    bool        `json:"required"`
	CaseExact   bool        `json:"caseExact"`
	Mutability  string      `json:"mutability"`
	Returned    string      `json:"returned"`
	Uniqueness  string      `json:"uniqueness"`
	Canonical   []string    `json:"canonicalValues,omitempty"`
	Parts       []attribute `json:"subAttributes,omitempty"`
}

// text is an attribute that is accepted and neither kept nor shown, to start from.
func text(name, about string) attribute {
	return attribute{Name: name, Type: "string", Description: about, Mutability: "readWrite", Returned: "never", Uniqueness: "none"}
}

func (a attribute) shown(mutability string) attribute {
	a.Mutability, a.Returned = mutability, "default"
	return a
}

func (s *Site) allSchemas() []map[string]any {
	userName := text("userName", "Name to sign in with; externalId when it is missing. Its owner may choose another.").shown("immutable")
	userName.Uniqueness = "server"
	externalID := text("externalId", "The organisation's own number of the customer; userName when it is missing. Once per organisation.").shown("readWrite")
	externalID.CaseExact, externalID.Uniqueness = true, "server"
	value := text("value", "The address.").shown("readWrite")
	value.Required = true
	primary := text("primary", "Which of several addresses counts.").shown("readWrite")
	primary.Type = "boolean"
	emails := text("emails", "Where the activation link is mailed. Shown and changed only while the account waits; one address is used.").shown("readWrite")
	emails.Type, emails.MultiValued, emails.Required, emails.Parts = "complex", true, true, []attribute{value, primary, text("type", "Accepted and not kept."), text("display", "Accepted and not kept.")}
	active := text("active", "Whether the organisation lets its customer use the account for it. A new user is active.").shown("readWrite")
	active.Type = "boolean"
	state := text("state", "How the account fares.").shown("readOnly")
	state.Canonical, state.CaseExact = []string{"waiting", "active", "expired", "none"}, true
	until := text("activateUntil", "Until when the account may be activated, or could have been.").shown("readOnly")
	until.Type = "dateTime"
	resend := text("resend", "true in a PATCH mails a new activation link and begins the time again.")
	resend.Type, resend.Mutability = "boolean", "writeOnly"
	passed := text("passedOver", "After a PUT or a PATCH: the attributes that stayed as they are, because they are the owner's.").shown("readOnly")
	passed.MultiValued, passed.CaseExact, passed.Canonical = true, true, []string{"emails", "userName"}
	proof := text("proof", "Links an account that exists, by the code that its owner was mailed; see POST /Proofs.")
	proof.Type, proof.Mutability, proof.Parts = "complex", "writeOnly", []attribute{text("ask", "From the answer of POST /Proofs."), text("code", "From the mail to the owner.")}
	for i := range proof.Parts {
		proof.Parts[i].Mutability = "writeOnly"
	}
	memberships := text("memberships", "What the customer has at the organisation, so that they can borrow on the national platform.").shown("readWrite")
	memberships.Type, memberships.MultiValued, memberships.Parts = "complex", true, membershipParts()
	return []map[string]any{
		s.document(coreUser, "User", append([]attribute{externalID, userName, emails, active,
			text("preferredLanguage", "Language of the letters of a new account: nl or en. Not shown.")}, strangers()...)),
		s.document(schemaUser, "Login account", []attribute{state, until, resend, passed, proof}),
		s.document(schemaHeld, "Memberships", []attribute{memberships}),
		s.document(schemaKind, "Kind of membership", kindParts()),
	}
}

// strangers are the attributes of the standard that we take and do not keep, so that
// a program which believes the schema may send what it has.
func strangers() (list []attribute) {
	const about = "Accepted and not kept."
	complex := func(a attribute, parts ...string) attribute {
		a.Type = "complex"
		for _, part := range parts {
			a.Parts = append(a.Parts, text(part, about))
		}
		return a
	}
	list = append(list, complex(text("name", about), "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"))
	for _, name := range []string{"displayName", "nickName", "profileUrl", "title", "userType", "locale", "timezone"} {
		list = append(list, text(name, about))
	}
	for _, name := range []string{"phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates"} {
		list = append(list, complex(text(name, about), "value", "display", "type"))
	}
	list = append(list, complex(text("addresses", about), "formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"))
	for i := range list {
		list[i].MultiValued = i > 0 && list[i].Type == "complex"
	}
	return list
}

func (s *Site) document(id, name string, attributes []attribute) map[string]any {
	return map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": id, "name": name, "description": name,
		"attributes": attributes, "meta": s.meta("Schema", "/Schemas/"+id)}
}
