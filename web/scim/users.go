package scim

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
)

// usualCount is the length of a page when nobody says otherwise.
const usualCount = 100

func (s *Site) create(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	p, err := readPerson(body)
	if err != nil {
		return err
	}
	v, err := viewOf(r.URL.Query())
	if err != nil {
		return err
	}
	var u provision.User
	switch {
	case p.ask != "" || p.code != "":
		u, err = s.link(r, p)
	case p.email == "":
		return errNoEmail
	default:
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			u, err = s.Provisioner.Create(tx, r.by, provision.Newcomer{ExternalID: p.externalID, Username: p.userName, Email: p.email,
				Lang: p.lang, Suspended: p.active != nil && !*p.active, Memberships: p.held()})
			return err
		})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.location("/Users/"+u.ID))
	return s.show(w, http.StatusCreated, u, v)
}

// link commits also when the code was wrong: the try counts.
func (s *Site) link(r *request, p person) (u provision.User, err error) {
	var wrong error
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		external := p.externalID
		if external == "" {
			external = p.userName
		}
		u, wrong = s.Provisioner.Link(tx, r.by, provision.Proven{ExternalID: external, AskID: p.ask, Code: p.code, Memberships: p.held()})
		if errors.Is(wrong, account.ErrCode) {
			return nil
		}
		return wrong
	})
	if err == nil {
		err = wrong
	}
	return u, err
}

// ask mails the owner of a username a code; the answer is the same for a name that
// nobody has.
func (s *Site) ask(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	username, err := body.text("userName")
	if err != nil {
		return err
	}
	var id string
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		id, err = s.Provisioner.Ask(tx, r.by, username)
		return err
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, map[string]any{"schemas": []string{schemaProof}, "ask": id, "minutes": int(account.CodeLife.Minutes())})
}

func (s *Site) get(w http.ResponseWriter, r *request) error {
	v, err := viewOf(r.URL.Query())
	if err != nil {
		return err
	}
	var u provision.User
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		u, err = s.Provisioner.Find(tx, r.by, r.PathValue("id"))
		return err
	})
	if err != nil {
		return err
	}
	for _, known := range versions(r.Header.Values("If-None-Match")) {
		if known == u.Version() {
			w.Header().Set("ETag", tagOf(u))
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	return s.show(w, http.StatusOK, u, v)
}

func (s *Site) put(w http.ResponseWriter, r *request) error {
	return s.change(w, r, func(body object) (asked, error) {
		p, err := readPerson(body)
		return asked{Change: p.change()}, err
	}, s.Provisioner.Replace)
}

func (s *Site) patch(w http.ResponseWriter, r *request) error {
	return s.change(w, r, readPatch, s.Provisioner.Amend)
}

// change reads a body as a change and does it.
func (s *Site) change(w http.ResponseWriter, r *request, read func(object) (asked, error),
	do func(*sqldb.Tx, provision.Bearer, provision.At, provision.Change) (provision.User, error)) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	c, err := read(body)
	if err != nil {
		return err
	}
	v, err := viewOf(r.URL.Query())
	if err != nil {
		return err
	}
	var u provision.User
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		u, err = do(tx, r.by, at(r), c.Change)
		return err
	})
	if err != nil {
		return refusedAt{err, c.named}
	}
	return s.show(w, http.StatusOK, u, v)
}

func (s *Site) remove(w http.ResponseWriter, r *request) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.Provisioner.Remove(tx, r.by, at(r)) })
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Site) list(w http.ResponseWriter, r *request) error {
	asked := r.URL.Query()
	v, err := viewOf(asked)
	if err != nil {
		return err
	}
	q := provision.Query{Start: 1, Count: usualCount}
	for name, to := range map[string]*int{"startIndex": &q.Start, "count": &q.Count} {
		if text := asked.Get(name); text != "" {
			if *to, err = strconv.Atoi(text); err != nil {
				return invalid(invalidValue, "%s is a whole number.", name)
			}
		}
	}
	return s.found(w, r, q, asked.Get("filter"), v)
}

func (s *Site) search(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	filter, err := body.text("filter")
	if err != nil {
		return err
	}
	v, err := viewIn(body)
	if err != nil {
		return err
	}
	q := provision.Query{Start: 1, Count: usualCount}
	for name, to := range map[string]*int{"startIndex": &q.Start, "count": &q.Count} {
		if err := body.number(name, to); err != nil {
			return err
		}
	}
	return s.found(w, r, q, filter, v)
}

// found answers a list (RFC 7644 section 3.4.2).
func (s *Site) found(w http.ResponseWriter, r *request, q provision.Query, filter string, v view) error {
	if filter != "" {
		f, err := provision.ReadFilter(filter)
		if err != nil {
			return err
		}
		q.Filter = &f
	}
	q.Start = max(q.Start, 1)
	var page []provision.User
	var total int
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page, total, err = s.Provisioner.List(tx, r.by, q)
		return err
	})
	if err != nil {
		return err
	}
	resources := make([]map[string]any, len(page))
	for i, u := range page {
		resources[i] = v.of(s.resource(u))
	}
	return answer(w, http.StatusOK, listOf(resources, total, q.Start))
}

func listOf(resources []map[string]any, total, start int) map[string]any {
	return map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": total, "startIndex": start, "itemsPerPage": len(resources), "Resources": resources}
}

func (s *Site) show(w http.ResponseWriter, status int, u provision.User, v view) error {
	w.Header().Set("ETag", tagOf(u))
	return answer(w, status, v.of(s.resource(u)))
}

// tagOf is the version as HTTP writes it. It is weak: attributes= shortens the
// answer and not the version.
func tagOf(u provision.User) string { return `W/"` + u.Version() + `"` }

func at(r *request) provision.At {
	return provision.At{ID: r.PathValue("id"), Versions: versions(r.Header.Values("If-Match"))}
}

// versions reads the tags of If-Match; * names none, since any will do.
func versions(headers []string) (list []string) {
	for tag := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if tag = strings.TrimSpace(tag); tag != "" && tag != "*" {
			list = append(list, strings.Trim(strings.TrimPrefix(tag, "W/"), `"`))
		}
	}
	return list
}
