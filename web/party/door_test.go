package party_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/party"
)

const zoe = "Jij bent zoe, ZOE, zoe@voorbeeld.nl, true"

func TestAVisitorSignsInAndComesBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("").want(t, 200, "", "Wie ben jij?")
		b.get("/gegevens?stap=2").want(t, 200, "/gegevens?stap=2", zoe)
		b.get("").want(t, 200, "", zoe)
		h.browser().get("").want(t, 200, "", "Wie ben jij?")
		for _, to := range []string{"https://evil.example/", "//evil.example/", "/balie", `/inschrijven/\evil.example`, "/inschrijven/../balie", ""} {
			h.browser().get("/inloggen?naar="+url.QueryEscape(to)).want(t, 200, "/", zoe)
		}
		q := h.asked[0]
		if q.Get("scope") != "openid profile email" || q.Has("prompt") || q.Has("target_link_uri") || q.Has("login_hint") || q.Get("ui_locales") != "nl" || q.Get("code_challenge_method") != "S256" {
			t.Errorf("asked %v", q)
		}
	})
}

func TestASessionNamesTheAccountAndKeepsTheIDTokenSealed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("/inloggen")
		s, ok := h.session(b)
		if !ok || s.Subject != "ZOE" || s.Door != "signup" || !strings.Contains(s.Data, `"account":"ZOE"`) || strings.Contains(s.Data, "eyJ") {
			t.Errorf("kept %+v, %v", s, ok)
		}
		// The door decides how long it lives unused.
		h.set(func() { h.now = h.now.Add(h.start.Idle - time.Second) })
		b.get("").want(t, 200, "", zoe)
		h.set(func() { h.now = h.now.Add(h.start.Idle) })
		b.get("").want(t, 200, "", "Wie ben jij?")
	})
}

// session is the session at the door of a browser.
func (h *house) session(b *browser) (s session.Session, ok bool) {
	here, _ := url.Parse(h.door)
	for _, c := range b.Jar.Cookies(here) {
		if c.Name == "lidwoord-signup-sessie" {
			h.in(func(tx *sqldb.Tx) (err error) {
				s, ok, err = session.Find(tx, "signup", secret.Token(c.Value))
				return err
			})
		}
	}
	return s, ok
}

func TestANewSignInTakesThePlaceOfTheOld(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, thief := h.browser(), h.browser()
		b.get("/inloggen")
		thief.Jar.SetCookies(mustParse(t, h.door), b.Jar.Cookies(mustParse(t, h.door)))
		thief.get("").want(t, 200, "", zoe)
		h.set(func() { h.sits = "BRAM" })
		b.get("/inloggen?naar=/inschrijven/betalen").want(t, 200, "/betalen", "Jij bent bram, BRAM")
		thief.get("").want(t, 200, "", "Wie ben jij?")
	})
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWhoWantsANewAccountTellsWhereToLand(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for naar, want := range map[string]string{"/inschrijven/gegevens?soort=0141": "/gegevens?soort=0141", "": "/", "https://evil.example/": "/", "/balie": "/"} {
			b := h.browser()
			q := b.ask("/inloggen?maak=1&naar=" + url.QueryEscape(naar))
			if q.Get("prompt") != "create" || q.Get("target_link_uri") != h.door+want {
				t.Errorf("%q asks prompt %q with target %q, want %q", naar, q.Get("prompt"), q.Get("target_link_uri"), h.door+want)
			}
		}
		// Made on the spot, or signed in after all: the way back is the usual one.
		if answer := h.browser().begin("/inloggen?maak=1"); !strings.Contains(answer, "code=") {
			t.Errorf("the sign-on answers %s", answer)
		}
	})
}

func TestTheSignOnMayStartASignIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		iss := h.provider.Issuer
		for name, c := range map[string]struct{ iss, target, hint, to, passed string }{
			"after activation":          {iss, h.door + "/gegevens?soort=0141", "zoe", "/gegevens?soort=0141", "zoe"},
			"an address for a name":     {iss, h.door + "/betalen", "zoe@voorbeeld.nl", "/betalen", "zoe@voorbeeld.nl"},
			"no target":                 {iss, "", "zoe", "/", "zoe"},
			"another issuer":            {"https://evil.example", h.door + "/gegevens", "zoe", "/", ""},
			"an issuer that is longer":  {iss + "/", h.door + "/gegevens", "zoe", "/", ""},
			"no issuer":                 {"", h.door + "/gegevens", "zoe", "/", ""},
			"a target of others":        {iss, "https://evil.example/inschrijven/gegevens", "zoe", "/", "zoe"},
			"a target of another door":  {iss, strings.TrimSuffix(h.door, "/inschrijven") + "/balie", "", "/", ""},
			"a target that climbs":      {iss, h.door + "/../balie", "", "/", ""},
			"a target with a password":  {iss, strings.Replace(h.door, "http://", "http://zoe@", 1) + "/gegevens", "", "/", ""},
			"a target without a host":   {iss, "/inschrijven/gegevens", "", "/", ""},
			"a target of other letters": {iss, strings.Replace(h.door, "http://", "HTTP://", 1) + "/gegevens", "", "/gegevens", ""},
			"a hint that is too long":   {iss, h.door + "/gegevens", strings.Repeat("z", 255), "/gegevens", ""},
			"a hint that is no text":    {iss, h.door + "/gegevens", "zoe\nzoe", "/gegevens", ""},
		} {
			t.Run(name, func(t *testing.T) {
				q := url.Values{"iss": {c.iss}, "target_link_uri": {c.target}, "login_hint": {c.hint}}
				b := h.browser()
				b.get("/inloggen?"+q.Encode()).want(t, 200, c.to, zoe)
				asked := h.asked[len(h.asked)-1]
				if asked.Get("login_hint") != c.passed || asked.Has("prompt") || asked.Has("target_link_uri") {
					t.Errorf("asked %v", asked)
				}
			})
		}
	})
}

// TestTheWayRoundByALetter holds the two ends together: the page for which a
// visitor went to make an account is where the letter leads, in another browser
// and when nothing of the sign-in is left.
func TestTheWayRoundByALetter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		q := h.browser().ask("/inloggen?maak=1&naar=" + url.QueryEscape("/inschrijven/gegevens?soort=0141"))
		h.set(func() { h.now = h.now.Add(23 * time.Hour) })
		var letter string
		h.in(func(tx *sqldb.Tx) (err error) {
			letter, _, _, err = h.provider.Continue(tx, q.Get("client_id"), q.Get("target_link_uri"), "zoe")
			return err
		})
		h.browser().get(letter).want(t, 200, "/gegevens?soort=0141", zoe)
		if passed := h.asked[len(h.asked)-1].Get("login_hint"); passed != "zoe" {
			t.Errorf("the sign-on is told of %q", passed)
		}
	})
}

func TestTwoTabsSignInBesideEachOther(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		one, two := b.begin("/inloggen?naar=/inschrijven/gegevens"), b.begin("/inloggen?naar=/inschrijven/betalen")
		b.get(two).want(t, 200, "/betalen", zoe)
		b.get(one).want(t, 200, "/gegevens", zoe)
	})
}

func TestSignInsThatNobodyFinishesDoNotFillTheBrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		for range 9 {
			b.ask("/inloggen?naar=" + url.QueryEscape("/inschrijven/gegevens?x="+strings.Repeat("x", 3000)))
		}
		if kept := b.Jar.Cookies(mustParse(t, h.door)); len(kept) != 4 {
			t.Errorf("%d sign-ins under way, want 4", len(kept))
		}
	})
}

func TestAnAnswerWorksOnceAndOnlyInItsOwnBrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, other := h.browser(), h.browser()
		answer := b.begin("/inloggen?naar=/inschrijven/gegevens")
		other.get(answer).want(t, 410, "*", "duurde te lang, of het was al klaar")
		other.get("").want(t, 200, "", "Wie ben jij?")
		b.get(answer).want(t, 200, "/gegevens", zoe)
		b.get(answer).want(t, 200, "/", zoe) // the Back button
		b.do("POST", "/uitloggen")
		b.get(answer).want(t, 410, "*", "Begin opnieuw")
		b.get("").want(t, 200, "", "Wie ben jij?")
	})
}

func TestSixteenAnswersAtOnceOpenOneSession(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		answer := b.begin("/inloggen?naar=/inschrijven/gegevens")
		step := b.Jar.Cookies(mustParse(t, h.door))
		var all sync.WaitGroup
		var in, refused atomic.Int64
		for range 16 {
			all.Go(func() {
				twin := h.browser()
				twin.Jar.SetCookies(mustParse(t, h.door), step)
				switch p := twin.until("").get(answer); p.StatusCode {
				case http.StatusSeeOther:
					in.Add(1)
				case http.StatusForbidden:
					refused.Add(1)
				default:
					t.Errorf("%d %s", p.StatusCode, p.body)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 || refused.Load() != 15 {
			t.Errorf("%d in and %d refused, want 1 and 15", in.Load(), refused.Load())
		}
	})
}

func TestAnAnswerToAnotherQuestionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		change := func(answer, name, value string) string {
			u := mustParse(t, answer)
			q := u.Query()
			q.Set(name, value)
			u.RawQuery = q.Encode()
			return u.String()
		}
		for name, c := range map[string]struct {
			param, value string
			status       int
		}{
			"another state":     {"state", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 410},
			"no state":          {"state", "", 410},
			"another code":      {"code", "nope", 403},
			"no code":           {"code", "", 403},
			"another issuer":    {"iss", "https://evil.example", 403},
			"no issuer":         {"iss", "", 403}, // ours promises to name itself
			"an error, unnamed": {"error", "server_error", 503},
		} {
			t.Run(name, func(t *testing.T) {
				b := h.browser()
				answer := b.begin("/inloggen")
				b.get(change(answer, c.param, c.value)).want(t, c.status, "*")
				b.get("").want(t, 200, "", "Wie ben jij?")
			})
		}
		// The code of another visitor, in the answer to this visitor's question.
		b := h.browser()
		theirs := mustParse(t, h.browser().begin("/inloggen")).Query().Get("code")
		b.get(change(b.begin("/inloggen"), "code", theirs)).want(t, 403, "*", "Het inloggen is niet gelukt")
		// And an answer that came too late.
		late := b.begin("/inloggen")
		h.set(func() { h.now = h.now.Add(31 * time.Minute) })
		b.get(late).want(t, 410, "*")
		b.get("/inloggen").want(t, 200, "/", zoe)
	})
}

func TestWhoStopsSigningInIsLedToTheStart(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.set(func() { h.sits = "" })
		b := h.browser()
		b.get("/inloggen?naar=/inschrijven/gegevens").want(t, 200, "/", "Het inloggen is gestopt", "Wie ben jij?")
		b.get("/inloggen?taal=en").want(t, 200, "/", "You stopped signing in")
	})
}

func TestSigningOutIsForAllDoors(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("/inloggen").want(t, 200, "/", zoe)
		if !h.alive() {
			t.Fatal("nobody is signed in at the sign-on")
		}
		b.get("/uitloggen").want(t, 405, "/uitloggen") // a link, a picture: nothing happens
		if !h.alive() {
			t.Error("a link signed somebody out")
		}
		b.do("POST", "/uitloggen").want(t, 200, "/", "Je bent uitgelogd", "Wie ben jij?")
		if h.alive() {
			t.Error("still signed in at the sign-on")
		}
		b.do("POST", "/uitloggen").want(t, 200, "/", "Je bent uitgelogd") // twice is no trouble
	})
}

func TestASignOnThatIsAwayHoldsNobody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.set(func() { h.down = true })
		b := h.browser()
		if p := b.get("/inloggen").want(t, 503, "*", "Inloggen lukt nu even niet"); p.Header.Get("Retry-After") == "" {
			t.Error("no word of when to try again")
		}
		b.get("").want(t, 200, "", "Wie ben jij?")
		h.set(func() { h.down = false })
		b.get("/inloggen").want(t, 503, "*") // it is left in peace for a moment
		h.set(func() { h.now = h.now.Add(3 * time.Second) })
		b.get("/inloggen").want(t, 200, "/", zoe)
		h.set(func() { h.down = true })
		answer := mustParse(t, h.door).String() + "/uitloggen"
		b.until("/oidc/")
		if p := b.do("POST", answer); p.StatusCode != http.StatusSeeOther {
			t.Errorf("signing out: %d", p.StatusCode)
		}
		b.CheckRedirect = nil
		b.get("").want(t, 200, "", "Wie ben jij?")
	})
}

// Who signs out elsewhere is out here a minute later; who is still in notices
// nothing; and a sign-on that is away is not asked again at every click.
func TestADoorHearsThatSomebodySignedOutElsewhere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("/inloggen")
		asked := len(h.asked)
		b.get("/vers").want(t, 200, "/vers", zoe)
		h.set(func() { h.now = h.now.Add(party.Freshness - time.Second) })
		b.get("/vers").want(t, 200, "/vers", zoe)
		if len(h.asked) != asked {
			t.Errorf("asked again within %s", party.Freshness)
		}
		before, _ := h.session(b)
		h.set(func() { h.now = h.now.Add(time.Second) })
		b.get("/vers?a=1").want(t, 200, "/vers?a=1", zoe)
		if len(h.asked) != asked+1 || h.asked[asked].Get("prompt") != "none" {
			t.Errorf("asked %v", h.asked[asked:])
		}
		if now, ok := h.session(b); !ok || now.ID != before.ID {
			t.Error("asking whether somebody is there began another session")
		}
		b.get("/vers").want(t, 200, "/vers", zoe)
		if len(h.asked) != asked+1 {
			t.Error("an answer counts for nothing")
		}

		h.set(func() { h.now, h.down = h.now.Add(party.Freshness), true })
		b.get("/vers") // stands before the sign-on's closed door, once
		b.get("/vers").want(t, 200, "/vers", zoe)
		h.set(func() { h.now, h.down = h.now.Add(party.Freshness), false })

		// Half way down, after somebody was led there: nobody notices.
		h.set(func() { h.mute = true })
		b.get("/vers").want(t, 200, "/vers", zoe)
		h.set(func() { h.now, h.mute = h.now.Add(party.Freshness), false })

		h.set(func() { h.sits = "" }) // signed out at the sign-on
		b.get("/vers").want(t, 200, "/vers", "Wie ben jij?")
		if _, ok := h.session(b); ok {
			t.Error("the session goes on")
		}
	})
}
