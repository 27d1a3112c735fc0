package opds

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/loan"
)

// What an app may name in Accept to get a form; the first are its own types.
var (
	jsonTypes = []string{feedType, publicationType, "application/json", "application/webpub+json"}
	atomTypes = []string{"application/atom+xml", "application/xml", "text/xml"}
)

func (v version) types() []string {
	if v == v1 {
		return atomTypes
	}
	return jsonTypes
}

func (v version) accepted(header string) bool { return weight(header, v.types()...) > 0 }

// front is the one address that people type into an app. It gives the form that the
// app names and likes best; who names none gets the old one, which every app reads. A
// browser is led to the page about apps.
func (s *Site) front(w http.ResponseWriter, r *request) error {
	header := strings.Join(r.Header.Values("Accept"), ",")
	w.Header().Set("Vary", "Accept, Sec-Fetch-Dest")
	switch likes := named(header, jsonTypes[:3]...); {
	case browses(r.Request):
		return s.forPeople(w, r)
	case likes > 0 && likes >= weight(header, atomTypes...):
		return s.open(v2, s.start)(w, r)
	case weight(header, atomTypes...) > 0:
		return s.open(v1, s.start)(w, r)
	case weight(header, "text/html") > 0:
		return s.forPeople(w, r)
	}
	return errNotAcceptable
}

// forPeople leads to the page about apps, and says where the feeds are.
func (s *Site) forPeople(w http.ResponseWriter, r *request) error {
	w.Header()["Link"] = slices.Concat(s.way, []string{"<" + s.address("/v2/") + `>; rel="alternate"; type="` + feedType + `"`,
		"<" + s.address("/v1/") + `>; rel="alternate"; type="` + navigationType + `"`})
	http.Redirect(w, r.Request, s.page("/leesapps"), http.StatusSeeOther)
	return nil
}

// browses reports whether a person looks with a browser. Programs ask for text/html too
// when nobody told them what to ask for; XHTML only browsers name. An app that shows pages
// names the type of a feed.
func browses(r *http.Request) bool {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if named(header, feedType, publicationType, atomTypes[0]) > 0 {
		return false
	}
	return r.Header.Get("Sec-Fetch-Dest") == "document" || weight(header, "text/html") > 0 && named(header, "application/xhtml+xml") > 0
}

// open answers a feed for everyone: from what was written before, if nothing
// changed since.
func (s *Site) open(v version, make maker) act {
	return func(w http.ResponseWriter, r *request) error {
		if !v.accepted(r.Header.Get("Accept")) {
			return errNotAcceptable
		}
		now, err := s.Index.At(r.Context())
		if err != nil {
			return err
		}
		wanted, err := readWish(r.URL.Query())
		if err != nil {
			return err
		}
		at := s.changed(now)
		key := string(v) + string(r.lang) + r.Pattern + wanted.path() + at.Format(time.RFC3339)
		d := s.kept.find(now, key)
		if d == nil {
			f, err := make(now, wanted, r.lang)
			if err != nil {
				return err
			}
			if f.updated.IsZero() {
				f.updated = now.Changed
			}
			typ, body, err := s.write(v, f, r.lang)
			if err != nil {
				return err
			}
			d = ready(typ, string(r.lang), body, at)
			s.kept.put(now, key, d)
		}
		s.wayIn(w)
		return d.send(w, r.Request)
	}
}

// changed is when feeds for everyone last changed: when the catalogue did, or at the
// beginning of the day, for what is popular is counted anew.
func (s *Site) changed(now *index.Snapshot) time.Time {
	if today := day.Of(s.DB.Now()).Start(); today.After(now.Changed) {
		return today
	}
	return now.Changed
}

// wayIn names the document that tells how to get in.
func (s *Site) wayIn(w http.ResponseWriter) {
	w.Header()["Link"] = s.way
}

// write writes a feed in one of its forms.
func (s *Site) write(v version, f *feed, lang words.Lang) (typ string, body []byte, err error) {
	if v == v1 {
		body, err = s.writeAtom(f, lang)
		return f.atomType(), body, err
	}
	body, err = s.writeJSON(f, lang)
	return feedType, body, err
}

// writeOne writes a title by itself.
func (s *Site) writeOne(v version, i *item, lang words.Lang) (body []byte, err error) {
	if v == v1 {
		return s.writeEntry(i, lang), nil
	}
	return marshal(s.publication(i, lang))
}

// title answers one title: to everyone, or to a reader with what they have.
func (s *Site) title(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		if !v.accepted(r.Header.Get("Accept")) {
			return errNotAcceptable
		}
		if r.Header.Get("Authorization") != "" {
			return s.reader(s.mine(v))(w, r)
		}
		now, err := s.Index.At(r.Context())
		if err != nil {
			return err
		}
		t, known := now.Title(r.PathValue("id"))
		if !known || t.Withdrawn {
			return catalogue.ErrNoTitle
		}
		at := s.changed(now)
		key := string(v) + string(r.lang) + r.Pattern + t.ID + at.Format(time.RFC3339)
		d := s.kept.find(now, key)
		if d == nil {
			body, err := s.writeOne(v, &item{Title: t}, r.lang)
			if err != nil {
				return err
			}
			d = ready(entryTypes[v], string(r.lang), body, at)
			d.header.Add("Vary", "Authorization") // a reader gets another document
			s.kept.put(now, key, d)
		}
		s.wayIn(w)
		return d.send(w, r.Request)
	}
}

// mine answers a title with the reader's loan of it, or with why they cannot borrow it.
func (s *Site) mine(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		i, err := s.asSeen(r)
		if err != nil {
			return err
		}
		return s.one(w, r, v, &i)
	}
}

// asSeen is the title of the address as its reader sees it.
func (s *Site) asSeen(r *request) (i item, err error) {
	now, err := s.Index.At(r.Context())
	if err != nil {
		return i, err
	}
	t, err := s.Index.Title(r.Context(), r.PathValue("id"))
	if err != nil {
		return i, err
	}
	has, err := s.Loans.Shelf(r.Context(), r.by.ID, now.Title)
	if err != nil {
		return i, err
	}
	terms, err := s.Loans.Terms(r.Context())
	if err != nil {
		return i, err
	}
	at := s.DB.Now()
	c := loan.ChanceOf(has, r.rights, terms, t, day.Of(at))
	switch {
	case c.Loan != nil:
		return s.held(*c.Loan, c.Rules), nil
	case t.Withdrawn:
		return i, catalogue.ErrNoTitle
	case r.unheard != nil:
		c.Refused = r.unheard
	}
	return item{Title: t, refused: c.Refused, asked: at}, nil
}

// one answers a title as its reader sees it.
func (s *Site) one(w http.ResponseWriter, r *request, v version, i *item) error {
	body, err := s.writeOne(v, i, r.lang)
	if err != nil {
		return err
	}
	s.wayIn(w)
	return private(w, r, entryTypes[v], body)
}

// private answers what is of one reader only.
func private(w http.ResponseWriter, r *request, typ string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", typ)
	h.Set("Content-Language", string(r.lang))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}

// held is a loan as an item of a feed.
func (s *Site) held(l loan.Loan, rules loan.Rules) item {
	return item{Title: l.Title, loan: &l, extend: l.Extendable(rules, s.DB.Now()), asked: s.DB.Now()}
}
