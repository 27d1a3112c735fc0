package scim

import (
	"net/http"
	"net/url"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/provision"
)

// Kinds of membership are read here and named in Beheer: what a membership opens is
// not for a token to say.

func (s *Site) kindType() map[string]any {
	return map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": "MembershipKind", "name": "MembershipKind", "endpoint": "/MembershipKinds",
		"description": "A kind of membership of the organisation. Read only: a manager names them in Beheer.", "schema": schemaKind,
		"meta": s.meta("ResourceType", "/ResourceTypes/MembershipKind"),
	}
}

// kindParts are the lines of the schema.
func kindParts() []attribute {
	id := text("id", "The code, which is the type of a membership.").shown("readOnly")
	rights := text("rights", "What it opens.").shown("readOnly")
	rights.MultiValued, rights.Canonical = true, []string{provision.Digital, provision.DigitalYouth, provision.Physical}
	offered := text("offered", "false: withdrawn. Who has it keeps it, nobody gets it any more.").shown("readOnly")
	offered.Type = "boolean"
	id.CaseExact, rights.CaseExact = true, true
	return []attribute{id, text("name", "As people read it.").shown("readOnly"), rights, offered}
}

func (s *Site) kindsOf(r *request) (list []map[string]any, err error) {
	var kinds []provision.Kind
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		kinds, err = provision.Kinds(tx, r.by.Organisation)
		return err
	})
	for _, k := range kinds {
		list = append(list, map[string]any{"schemas": []string{schemaKind}, "id": k.Code, "name": k.Name(words.NL), "rights": k.Rights, "offered": k.Offered,
			"meta": s.meta("MembershipKind", "/MembershipKinds/"+url.PathEscape(k.Code))})
	}
	return list, err
}

func (s *Site) kinds(w http.ResponseWriter, r *request) error {
	list, err := s.kindsOf(r)
	if err != nil {
		return err
	}
	if list == nil {
		list = []map[string]any{}
	}
	return constant(w, r, list)
}

func (s *Site) kind(w http.ResponseWriter, r *request) error {
	list, err := s.kindsOf(r)
	if err != nil {
		return err
	}
	for _, k := range list {
		if k["id"] == r.PathValue("id") {
			return answer(w, http.StatusOK, k)
		}
	}
	return errNowhere
}
