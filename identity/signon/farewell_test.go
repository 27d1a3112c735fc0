package signon_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// site is a relying party that hears of sign-outs.
type site struct {
	mu    sync.Mutex
	heard []string
	away  bool
}

func (s *site) Send(_ context.Context, address, token string, own bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errors.New("away")
	}
	s.heard = append(s.heard, token)
	return nil
}

func (h house) worker(s *site) *signon.LogoutWorker {
	return &signon.LogoutWorker{DB: h.db, Provider: h.p, Sender: s, Log: slog.New(slog.DiscardHandler)}
}

func (h house) drain(w *signon.LogoutWorker) {
	h.Helper()
	if err := w.Drain(h.Context()); err != nil {
		h.Fatal(err)
	}
}

// queued names the sessions whose end is still to be told.
func (h house) queued() (list []string) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.Many(tx, `SELECT session_id FROM signon_logout`, nil, func(r sqldb.Row) (s string, err error) { return s, r.Scan(&s) })
		return err
	})
	return list
}

func hearingClient() signon.Client {
	c := readingClient()
	c.SignedOut, c.Sector = "https://lezen.example/hoor", "lezen.example"
	return c
}

func TestASiteHearsOnceThatSomebodySignedOut(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(hearingClient())
		was := h.claims(h.idToken(h.tokens()))
		h.tokens() // a second time in the same session
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "OTHER") })
		if len(h.queued()) != 0 {
			t.Error("the end of another session is told")
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		s := &site{}
		var all sync.WaitGroup
		for range 4 { // nodes
			all.Go(func() { h.drain(h.worker(s)) })
		}
		all.Wait()
		if len(s.heard) != 1 || len(h.queued()) != 0 {
			t.Fatalf("heard %d times, %d queued", len(s.heard), len(h.queued()))
		}
		c := h.claims(s.heard[0])
		events, _ := c["events"].(map[string]any)
		if c["iss"] != issuer || c["aud"] != reading || c["sub"] != was["sub"] || c["sid"] != was["sid"] || c["jti"] == "" || c["nonce"] != nil ||
			c["exp"] != float64(noon.Add(2*time.Minute).Unix()) || events["http://schemas.openid.net/event/backchannel-logout"] == nil {
			t.Errorf("logout token %v", c)
		}
		header, _, _ := strings.Cut(s.heard[0], ".")
		if text := decoded(t, header); !strings.Contains(text, `"typ":"logout+jwt"`) {
			t.Errorf("header %s", text)
		}
		if _, err := h.endSession(signon.EndSessionParams{IDTokenHint: s.heard[0]}); !errors.Is(err, signon.ErrBadHint) {
			t.Errorf("a logout token is taken for an ID token: %v", err)
		}
	})
}

func TestASiteThatIsAwayIsToldLaterButNotForEver(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(hearingClient())
		h.tokens()
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeAccount(tx, "ZOE") })
		s := &site{away: true}
		w := h.worker(s)
		unheard := func() (list []signon.Unheard) {
			h.do(func(tx *sqldb.Tx) (err error) { list, err = h.p.Unheard(tx); return err })
			return list
		}
		if list := unheard(); len(list) != 0 {
			t.Errorf("not told yet, and said to be unheard: %+v", list)
		}
		h.drain(w)
		if list := unheard(); len(list) != 1 || list[0].ClientID != reading || list[0].Waiting != 1 || !list[0].Since.Equal(noon) {
			t.Errorf("unheard: %+v", list)
		}
		s.away = false
		h.drain(w)
		if len(s.heard) != 0 {
			t.Error("a site that is away is asked again at once")
		}
		h.at(2 * time.Second)
		h.drain(w)
		if len(s.heard) != 1 || len(h.queued()) != 0 {
			t.Errorf("heard %d times, %v queued", len(s.heard), h.queued())
		}

		h.tokens()
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		s.away = true
		h.at(23 * time.Hour)
		h.drain(w)
		if len(h.queued()) != 1 {
			t.Error("given up within the day")
		}
		h.at(48 * time.Hour)
		h.drain(w)
		if len(h.queued()) != 0 {
			t.Error("tried for ever")
		}
		missed := func() (list []signon.Missed) {
			h.do(func(tx *sqldb.Tx) (err error) { list, err = h.p.Missed(tx); return err })
			return list
		}
		if list := missed(); len(list) != 1 || list[0].ClientID != reading || list[0].Count != 1 || !list[0].Last.Equal(noon.Add(48*time.Hour)) {
			t.Errorf("missed: %+v", list)
		}
	})
}

func TestWhatASiteMissedIsCountedUntilItHearsAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(hearingClient())
		s := &site{away: true}
		missed := func() (list []signon.Missed) {
			h.do(func(tx *sqldb.Tx) (err error) { list, err = h.p.Missed(tx); return err })
			return list
		}
		h.do(func(tx *sqldb.Tx) error { // sixteen people leave a site that is away
			for i := range 16 {
				if _, err := tx.Exec(`INSERT INTO signon_logout (id, client_id, session_id, account_id, queued_at, due_at, attempts, claim)
					VALUES ($1, $2, $1, 'ZOE', $3, $3, 5, '')`, "L"+string(rune('A'+i)), reading, tx.Now.Add(-logoutDay)); err != nil {
					return err
				}
			}
			return nil
		})
		var all sync.WaitGroup
		for range 4 { // nodes
			all.Go(func() { h.drain(h.worker(s)) })
		}
		all.Wait()
		if list := missed(); len(list) != 1 || list[0].Count != 16 || !list[0].Last.Equal(noon) {
			t.Errorf("missed: %+v", list)
		}
		h.register(readingClient())
		if list := missed(); len(list) != 0 {
			t.Errorf("a site that does not want to hear: %+v", list)
		}
		h.register(hearingClient())
		h.tokens()
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeAccount(tx, "ZOE") })
		s.away = false
		h.drain(h.worker(s))
		if list := missed(); len(s.heard) != 1 || len(list) != 0 {
			t.Errorf("it hears again: %+v, heard %d", list, len(s.heard))
		}
	})
}

// logoutDay is after how long a sign-out is given up.
const logoutDay = 24 * time.Hour

func TestOnlySitesThatWereThereHearIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(hearingClient())
		h.code(ask()) // a code that nobody fetched
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		if len(h.queued()) != 0 {
			t.Error("told to a site that knows nobody")
		}
		h.tokens()
		h.at(30 * 24 * time.Hour)
		h.do(h.p.Expire)
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		if len(h.queued()) != 0 {
			t.Error("told a month later")
		}
		h.tokens()
		hint := h.idToken(h.tokens())
		h.do(func(tx *sqldb.Tx) error {
			_, err := h.p.EndSession(tx, signon.EndSessionParams{IDTokenHint: hint})
			return err
		})
		if len(h.queued()) != 1 {
			t.Error("signing out at one site is not told")
		}
		h.register(readingClient()) // it does not want to hear it any longer
		s := &site{}
		h.drain(h.worker(s))
		if len(s.heard) != 0 || len(h.queued()) != 0 {
			t.Errorf("heard %d, queued %v", len(s.heard), h.queued())
		}
	})
}

func TestAnIntrospectionTellsNoStranger(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(false))
		const key = secret.Token("another secret of at least 32 letters")
		for id, introspects := range map[string]bool{"other": false, "server": true} {
			h.register(signon.Client{ID: id, Own: true, Name: id, Secret: key, Redirects: []string{callback}, Introspects: introspects})
		}
		h.register(signon.Client{ID: "public", Own: true, Name: "Public", Redirects: []string{callback}})
		tokens := h.offline()
		look := func(a signon.ClientAuth, token secret.Token) (got signon.Introspection, refusal string) {
			h.do(func(tx *sqldb.Tx) error {
				g, problem, err := h.p.Introspect(tx, a, token)
				if got = g; problem != nil {
					refusal = problem.Code
				}
				return err
			})
			return got, refusal
		}
		mine, _ := look(proof, tokens.AccessToken)
		if !mine.Active || mine.Subject != "ZOE" || mine.ClientID != reading || mine.ACR != signon.ACRPassword || mine.Type != "Bearer" ||
			mine.Audience != reading || mine.Username != "28000000000017" || mine.AuthTime != noon.Unix() || mine.IssuedAt != noon.Unix() || mine.Expires != noon.Add(time.Hour).Unix() {
			t.Errorf("its own: %+v", mine)
		}
		if own, _ := look(proof, tokens.RefreshToken); !own.Active {
			t.Error("its own refresh token is worth nothing")
		}
		for name, c := range map[string]struct {
			a       signon.ClientAuth
			token   secret.Token
			active  bool
			refusal string
		}{
			"another client":             {signon.ClientAuth{ID: "other", Secret: key}, tokens.AccessToken, false, ""},
			"a resource server":          {signon.ClientAuth{ID: "server", Secret: key}, tokens.AccessToken, true, ""},
			"a server, a refresh token":  {signon.ClientAuth{ID: "server", Secret: key}, tokens.RefreshToken, false, ""},
			"a public client":            {signon.ClientAuth{ID: "public"}, tokens.AccessToken, false, "invalid_client"},
			"a wrong secret":             {signon.ClientAuth{ID: reading, Secret: key}, tokens.AccessToken, false, "invalid_client"},
			"no token":                   {proof, "", false, "invalid_request"},
			"a token that nobody issued": {proof, "x", false, ""},
		} {
			got, refusal := look(c.a, c.token)
			if got.Active != c.active || refusal != c.refusal || !got.Active && !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s: %+v %q", name, got, refusal)
			}
		}
		h.refresh(tokens.RefreshToken, "")
		if spent, _ := look(proof, tokens.RefreshToken); spent.Active {
			t.Error("a spent refresh token is worth something")
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		if over, _ := look(proof, tokens.AccessToken); over.Active {
			t.Error("a token of a session that is over is worth something")
		}
	})
}
