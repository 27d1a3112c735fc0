package reading

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// silentPause is how long we read on with old rights after the sign-on gave no
// answer to a silent question.
const silentPause = time.Minute

// claims are what we read of an ID token.
type claims struct {
	Name        string       `json:"preferred_username"`
	Memberships []membership `json:"memberships"`
}

// membership is one element of the claim "memberships".
type membership struct {
	Library      string   `json:"organisation_name"`
	Name         string   `json:"name"`
	Rights       []string `json:"rights"`
	ValidFrom    day.Day  `json:"valid_from"`
	ValidThrough day.Day  `json:"valid_through"`
	State        string   `json:"state"`
}

// who is a signed-in reader, as the session keeps it.
type who struct {
	Reader      loan.Reader  `json:"reader"` // never the account itself
	Name        string       `json:"name"`
	Memberships []membership `json:"memberships"`
	At          time.Time    `json:"at"`             // when the sign-on said so
	Tried       time.Time    `json:"tried,omitzero"` // when we last asked silently
	Hint        string       `json:"hint,omitempty"` // the ID token, sealed
}

func (w who) rights() loan.Rights {
	var r loan.Rights
	for _, m := range w.Memberships {
		r = append(r, loan.Membership{Library: m.Library, Name: m.Name, Rights: m.Rights, ValidFrom: m.ValidFrom, ValidThrough: m.ValidThrough, State: m.State})
	}
	return r
}

// subjectOf is a reader as the session table names them. It is another digest than
// the loans have: a session is tied to the one at the sign-on, and that to a person,
// so that a copy of the database would tell who reads what.
func (s *Site) subjectOf(reader loan.Reader) string {
	mac := hmac.New(sha256.New, s.DB.Box.Derive("reader session"))
	mac.Write([]byte(reader))
	return hex.EncodeToString(mac.Sum(nil))
}

// audience is for whom the catalogue is shown.
type audience string

const (
	all   audience = ""
	young audience = "youth " // who borrows titles for children only
)

// audience is for whom the visitor sees the catalogue.
func (s *Site) audience(r *http.Request) (audience, error) {
	who, in := whoIs(r)
	if !in {
		return all, nil
	}
	rules, err := s.Loans.Rules(r.Context(), who.rights())
	switch {
	case err != nil && fault.KindOf(err) != fault.Denied:
		return all, err
	case err != nil || !rules.Youth:
		return all, nil // also who borrows nothing: they see what there is
	}
	return young, nil
}

// whoIs returns the reader behind a request.
func whoIs(r *http.Request) (who, bool) {
	w, in := kit.VisitOf(r).Own.(who)
	return w, in
}

// readWho reads what a session holds.
func readWho(data []byte) (any, error) {
	var w who
	err := json.Unmarshal(data, &w)
	return w, err
}

// forReader lets only a reader who is signed in through, and says who they are.
func forReader(h func(w http.ResponseWriter, r *http.Request, who who) error) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, in := whoIs(r)
		if !in {
			return kit.ErrSignIn
		}
		return h(w, r, who)
	}
}

func (s *Site) stale(w who) bool {
	now := s.DB.Now()
	return now.Sub(w.At) >= loan.ReadingRights && now.Sub(w.Tried) >= silentPause
}

// fresh lets a page be shown with rights that are no older than loan.ReadingRights: it
// asks the sign-on silently when they are, and comes back. Without an answer the
// page is shown with what is known.
func (s *Site) fresh(h kit.Handler) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, in := whoIs(r)
		if !in || !s.stale(who) || !party.Navigates(r) {
			return h(w, r)
		}
		if err := s.tried(r, who); err != nil {
			return err
		}
		err := s.party.Begin(w, r, party.Step{To: s.Back(r.URL.RequestURI()), Silent: true, Session: kit.VisitOf(r).Session.ID})
		if err == nil {
			return nil
		}
		s.Log.WarnContext(r.Context(), "rights not refreshed", "id", kit.VisitOf(r).ID, "err", err)
		return h(w, r)
	}
}

// tried notes that we asked, so that a sign-on that answers with nothing useful
// is not asked again at every click.
func (s *Site) tried(r *http.Request, who who) error {
	who.Tried = s.DB.Now()
	text, err := s.SessionData(who)
	if err != nil {
		return err
	}
	id := kit.VisitOf(r).Session.ID
	return s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.Update(tx, id, text) })
}
