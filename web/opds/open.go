package opds

import (
	"net/http"
	"strconv"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// What an app may name in Accept to get a form; the first are its own types.
var (
	jsonTypes = []string{feedType, publicationType, "application/json", "application/webpub+json"}
	atomTypes = []string{"application/atom+xml", "application/xml", "text/xml", "text/*"}
)

func (v version) accepted(header string) bool {
	if v == v1 {
		return accepts(header, atomTypes...)
	}
	return accepts(header, jsonTypes...)
}

// front is the one address that people type into an app. It gives the form that
// the app asks for; who asks for none gets the old one, which every app reads. A
// browser is led to the page about apps.
func (s *Site) front(w http.ResponseWriter, r *request) error {
	header := strings.ToLower(r.Header.Get("Accept"))
	w.Header().Set("Vary", "Accept")
	switch {
	case strings.Contains(header, "opds+json"), strings.Contains(header, "application/json"):
		return s.open(v2, s.start)(w, r)
	case strings.Contains(header, "text/html") && !strings.Contains(header, "atom+xml"):
		http.Redirect(w, r.Request, s.page("/leesapps"), http.StatusSeeOther)
		return nil
	}
	return s.open(v1, s.start)(w, r)
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
		wanted := readWish(r.URL.Query())
		key := string(v) + string(r.lang) + r.Pattern + wanted.path()
		d := s.kept.find(now, key)
		if d == nil {
			f, err := make(now, wanted, r.lang)
			if err != nil {
				return err
			}
			typ, body, err := s.write(v, f, r.lang)
			if err != nil {
				return err
			}
			d = ready(typ, string(r.lang), body, s.DB.Now())
			s.kept.put(now, key, d)
		}
		s.wayIn(w)
		return d.send(w, r.Request)
	}
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
		key := string(v) + string(r.lang) + r.Pattern + t.ID
		d := s.kept.find(now, key)
		if d == nil {
			body, err := s.writeOne(v, &item{Title: t}, r.lang)
			if err != nil {
				return err
			}
			d = ready(entryTypes[v], string(r.lang), body, s.DB.Now())
			d.header.Add("Vary", "Authorization") // a reader gets another document
			s.kept.put(now, key, d)
		}
		s.wayIn(w)
		return d.send(w, r.Request)
	}
}

// mine answers a title with the reader's loan of it.
func (s *Site) mine(v version) act {
	return func(w http.ResponseWriter, r *request) error {
		rules, err := s.rules(r)
		if err != nil && fault.KindOf(err) != fault.Denied {
			return err
		}
		i := item{}
		err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			l, err := loan.Held(tx, r.by.ID, r.PathValue("id"))
			switch {
			case err == nil:
				i = s.held(l, rules)
				return nil
			case !loan.ErrNotYours.Is(err):
				return err
			}
			i.Title, err = catalogue.Find(tx, r.PathValue("id"))
			if err == nil && i.Withdrawn {
				err = catalogue.ErrNoTitle
			}
			return err
		})
		if err != nil {
			return err
		}
		return s.one(w, r, v, &i)
	}
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
	return item{Title: l.Title, loan: &l, extend: l.Extendable(rules, s.DB.Now())}
}
