package kit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Visit is what is known of one request.
type Visit struct {
	ID      string // reference number, in the log and on an error page
	Lang    words.Lang
	Chosen  bool             // the visitor chose Lang, and not their browser
	Session *session.Session // nil when not signed in at this door
	Own     any              // what the door's Reads made of the session; nobody changes what it points to
	path    string
	query   url.Values
}

type visitKey struct{}

// VisitOf returns the visit that a request belongs to.
func VisitOf(r *http.Request) *Visit {
	if v, ok := r.Context().Value(visitKey{}).(*Visit); ok {
		return v
	}
	return &Visit{Lang: words.NL, path: r.URL.Path, query: r.URL.Query()}
}

const (
	// ParamLang is the question with which a page is asked in another language.
	ParamLang  = "taal"
	langCookie = "lidwoord-taal"
)

func (s *Site) visit(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	v := &Visit{ID: secret.NewID()[:10], path: r.URL.Path, query: r.URL.Query()}
	v.Lang, v.Chosen = s.language(w, r)
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	if !readable(r.URL.Path) {
		// It holds an id that nobody has, and PostgreSQL would call it our fault.
		return r, ErrNoPage
	}
	cookie, err := r.Cookie(s.cookieName("sessie"))
	if err != nil {
		return r, nil
	}
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) error {
		found, ok, err := s.sessions.Find(tx, s.Name, secret.Token(cookie.Value))
		if ok {
			s.openSession(v, found)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	if v.Session != nil && v.Session.Stale(s.DB.Now()) {
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.Touch(tx, *v.Session, s.Idle) })
	}
	if err == nil && v.Session != nil && s.Speaks != nil && v.query.Has(ParamLang) && v.Chosen {
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.Speaks(tx, v.Session.Subject, v.Lang) })
	}
	return r, err
}

// SessionData is what the door keeps in a session, as the session table holds it:
// in letters, or sealed for Reads.
func (s *Site) SessionData(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil || s.Reads == nil {
		return string(text), err
	}
	return s.DB.Box.Seal(s.sessionPurpose(), text)
}

// openSession undoes SessionData. A session of before the door sealed them is none: its
// person signs in again.
func (s *Site) openSession(v *Visit, found session.Session) {
	if s.Reads != nil {
		own, opens := s.openings.get(found.Data)
		if !opens {
			text, err := s.DB.Box.Open(s.sessionPurpose(), found.Data)
			if err == nil {
				own, err = s.Reads(text)
			}
			if err != nil {
				return
			}
			s.openings.put(found.Data, own)
		}
		v.Own = own
	}
	v.Session = &found
}

func (s *Site) sessionPurpose() string { return s.Name + " session" }

// openings remember what sessions hold by how the database holds it, so that a visitor
// who goes from page to page is opened and read once. It says nothing of whether a
// session lives: that is asked each time. When it is full, what was not asked for since
// it was last full is forgotten.
type openings struct {
	mu       sync.Mutex
	new, old map[sealed]any
}

// sealed is the digest of what the database holds.
type sealed [sha256.Size]byte

// openingsMost is how many are remembered, and as many again. With an ID token in it
// each takes two or three kilobytes.
const openingsMost = 3000

func (m *openings) get(stored string) (own any, known bool) {
	key := sealed(sha256.Sum256([]byte(stored)))
	m.mu.Lock()
	defer m.mu.Unlock()
	if own, known = m.new[key]; known {
		return own, true
	}
	if own, known = m.old[key]; known {
		m.add(key, own)
	}
	return own, known
}

func (m *openings) put(stored string, own any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(sha256.Sum256([]byte(stored)), own)
}

func (m *openings) add(key sealed, own any) {
	if m.new == nil || len(m.new) >= openingsMost {
		m.old, m.new = m.new, map[sealed]any{}
	}
	m.new[key] = own
}

// language is what the visitor chose, or else what the browser asks for.
func (s *Site) language(w http.ResponseWriter, r *http.Request) (lang words.Lang, chosen bool) {
	if l, ok := words.Read(r.URL.Query().Get(ParamLang)); ok && r.URL.Query().Has(ParamLang) {
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.Base.Scheme == "https"})
		return l, true
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := words.Read(c.Value); ok {
			return l, true
		}
	}
	return words.Accepted(r.Header.Get("Accept-Language")), false
}

// cookieName keeps the doors' cookies apart when they share a host. The prefix
// __Host- binds a cookie to this very host, and needs https.
func (s *Site) cookieName(what string) string {
	name := "lidwoord-" + s.Name + "-" + what
	if s.Base.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

// SetSession gives the browser its session token. Call it after the commit of
// the transaction that started the session.
func (s *Site) SetSession(w http.ResponseWriter, token secret.Token) {
	s.setCookie(w, "sessie", string(token), 0)
}

// ClearSession takes the session token back.
func (s *Site) ClearSession(w http.ResponseWriter) { s.setCookie(w, "sessie", "", -1) }

// Leave ends the visitor's session at this door. The browser lets go of it also when
// the database does not answer.
func (s *Site) Leave(w http.ResponseWriter, r *http.Request) error {
	s.ClearSession(w)
	live := VisitOf(r).Session
	if live == nil {
		return nil
	}
	return s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.End(tx, live.ID) })
}

// SetCookie keeps a small value of this door in the browser for some time; 0 is
// until the browser closes, a negative time removes it.
func (s *Site) SetCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	seconds := int(life / time.Second)
	if life < 0 {
		seconds = -1 // also for less than a second: 0 would keep it
	}
	s.setCookie(w, name, value, seconds)
}

// Cookie returns what SetCookie kept, or "".
func (s *Site) Cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// CookieNames lists what SetCookie kept under names that begin alike, the oldest
// first: in that order browsers send them (RFC 6265 section 5.4).
func (s *Site) CookieNames(r *http.Request, prefix string) (names []string) {
	own := s.cookieName("")
	for _, c := range r.Cookies() {
		if name, ours := strings.CutPrefix(c.Name, own); ours && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}

func (s *Site) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.Base.Scheme == "https"})
}

// Flash is a sentence that the next page shows once.
type Flash struct {
	Key  string
	Args []string
}

// FlashText is the sentence of the flash in the visitor's language.
func (v View) FlashText() string {
	args := make([]any, len(v.Flash.Args))
	for i, a := range v.Flash.Args {
		args[i] = a
	}
	return v.T(v.Flash.Key, args...)
}

// SetFlash lets the next page of this door say something once. The cookie is
// signed, so that nobody else puts words in our mouth.
func (s *Site) SetFlash(w http.ResponseWriter, key string, args ...string) {
	text, err := json.Marshal(Flash{Key: key, Args: args})
	if err != nil || s.DB.Box == nil {
		return
	}
	mac := hmac.New(sha256.New, s.DB.Box.Derive("flash"))
	mac.Write(text)
	s.setCookie(w, "melding", base64.RawURLEncoding.EncodeToString(mac.Sum(text)), 60)
}

func (s *Site) takeFlash(w http.ResponseWriter, r *http.Request) *Flash {
	value := s.Cookie(r, "melding")
	if value == "" || s.DB.Box == nil {
		return nil
	}
	s.setCookie(w, "melding", "", -1)
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) < sha256.Size {
		return nil
	}
	text, sum := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	mac := hmac.New(sha256.New, s.DB.Box.Derive("flash"))
	mac.Write(text)
	var f Flash
	if !hmac.Equal(sum, mac.Sum(nil)) || json.Unmarshal(text, &f) != nil {
		return nil
	}
	return &f
}

// Device is what the browser calls itself, for the list of sessions.
func Device(r *http.Request) string { return strings.ToValidUTF8(r.UserAgent(), "") }
