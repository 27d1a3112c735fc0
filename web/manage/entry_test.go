package manage_test

import (
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/staff"
)

var (
	keyOnPage   = regexp.MustCompile(`id="sleutel">([A-Z2-7 ]+)<`)
	codesOnPage = regexp.MustCompile(`<code class="lw-code">([0-9A-Z]{4}-[0-9A-Z]{4})</code>`)
	backOnPage  = regexp.MustCompile(`name="naar" value="([^"]*)"`)
	tempOnPage  = regexp.MustCompile(`id="tijdelijk">([0-9A-Z-]+)<`)
)

// stepIn gives the second step that the answer to a password asks for: an app is set
// up the first time, and a recovery code does for later.
func (h house) stepIn(name string, w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	name = strings.ToLower(name)
	cookie := stepOf(w)
	switch w.Header().Get("Location") {
	case "/beheer/aanmelden/instellen":
		key := keyOnPage.FindStringSubmatch(h.ask("GET", "/beheer/aanmelden/instellen", "", cookie).Body.String())
		if key == nil {
			return w
		}
		code, _ := factor.CodeAt(key[1], h.db.Now())
		for _, m := range codesOnPage.FindAllStringSubmatch(h.ask("POST", "/beheer/aanmelden/instellen", "code="+code, cookie).Body.String(), -1) {
			h.codes[name] = append(h.codes[name], m[1])
		}
		return h.ask("POST", "/beheer/aanmelden/bewaard", "", cookie)
	case "/beheer/aanmelden/code":
		code := h.codes[name][0]
		h.codes[name] = h.codes[name][1:]
		return h.ask("POST", "/beheer/aanmelden/code", "code="+code, cookie)
	}
	return w
}

// stepOf is the cookie of a browser between the password and the door.
func stepOf(w *httptest.ResponseRecorder) string {
	for _, c := range w.Result().Cookies() {
		if c.Value != "" && strings.HasSuffix(c.Name, "-stap") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func TestAPasswordAloneOpensNothingOfBeheer(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		w := h.knock("boss", secretWords)
		step := stepOf(w)
		if w.Code != 303 || w.Header().Get("Location") != "/beheer/aanmelden/instellen" || cookieOf(w) != "" || step == "" {
			t.Fatalf("the first time: %d to %q", w.Code, w.Header().Get("Location"))
		}
		session := strings.Replace(step, "-stap", "-sessie", 1)
		for _, cookie := range []string{step, session} {
			if w := h.ask("GET", "/beheer", "", cookie); w.Code != 303 {
				t.Errorf("%s opens Beheer: %d", cookie[:30], w.Code)
			}
		}
		if w := h.ask("POST", "/beheer/aanmelden/bewaard", "", step); w.Code != 401 || cookieOf(w) != "" {
			t.Errorf("past the app: %d", w.Code)
		}
		body := h.ask("GET", "/beheer/aanmelden/instellen", "", step).Body.String()
		key := keyOnPage.FindStringSubmatch(body)[1]
		if !strings.Contains(body, `<svg class="lw-qr" role="img"`) || !strings.Contains(body, "otpauth://totp/Bind%20bibliotheken:boss?") {
			t.Errorf("no picture or link in\n%s", body)
		}
		if w := h.ask("POST", "/beheer/aanmelden/instellen", "code=000000", step); w.Code != 422 || !strings.Contains(w.Body.String(), key) {
			t.Errorf("a wrong first code: %d, or the key changed", w.Code)
		}
		code, _ := factor.CodeAt(key, now)
		w = h.ask("POST", "/beheer/aanmelden/instellen", "code="+code, step)
		codes := codesOnPage.FindAllStringSubmatch(w.Body.String(), -1)
		if w.Code != 200 || len(codes) != 10 || cookieOf(w) != "" {
			t.Fatalf("the right one: %d, %d codes", w.Code, len(codes))
		}
		if again := codesOnPage.FindAllStringSubmatch(h.ask("POST", "/beheer/aanmelden/instellen", "code="+code, step).Body.String(), -1); len(again) != 10 || again[0][1] == codes[0][1] {
			t.Errorf("the page sent again shows %d codes", len(again))
		} else {
			codes = again
		}
		if w = h.ask("POST", "/beheer/aanmelden/bewaard", "", step); w.Code != 303 || w.Header().Get("Location") != "/beheer?x=1" || cookieOf(w) == "" {
			t.Fatalf("in: %d to %q", w.Code, w.Header().Get("Location"))
		}
		if w := h.ask("POST", "/beheer/aanmelden/bewaard", "", step); w.Code != 401 {
			t.Errorf("a second time: %d", w.Code)
		}
		// From now on the app is asked, and a password sets up nothing.
		now = now.Add(time.Minute)
		w = h.knock("boss", secretWords)
		step = stepOf(w)
		if w.Header().Get("Location") != "/beheer/aanmelden/code" {
			t.Fatalf("the second time: to %q", w.Header().Get("Location"))
		}
		for _, method := range []string{"GET", "POST"} {
			if w := h.ask(method, "/beheer/aanmelden/instellen", "code=000000", step); w.Code != 303 || w.Header().Get("Location") != "/beheer/aanmelden/code" {
				t.Errorf("%s: a password replaces the app: %d to %q", method, w.Code, w.Header().Get("Location"))
			}
		}
		if w := h.ask("POST", "/beheer/aanmelden/code", "code="+code, step); w.Code != 422 || cookieOf(w) != "" {
			t.Errorf("the code of before: %d", w.Code)
		}
		code, _ = factor.CodeAt(key, now)
		if w := h.ask("POST", "/beheer/aanmelden/code", "code="+code, step); w.Code != 303 || cookieOf(w) == "" {
			t.Errorf("the code of now: %d", w.Code)
		}
		// Without the telephone a recovery code does, once.
		for n, want := range []int{303, 422} {
			step = stepOf(h.knock("boss", secretWords))
			if w := h.ask("POST", "/beheer/aanmelden/code", "code="+codes[0][1], step); w.Code != want {
				t.Errorf("recovery code, time %d: %d", n+1, w.Code)
			}
		}
		now = now.Add(20 * time.Minute)
		if w := h.ask("GET", "/beheer/aanmelden/code", "", step); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/beheer/aanmelden?") {
			t.Errorf("the steps after a quarter of an hour: %d", w.Code)
		}
	})
}

func TestAManagerAddsAColleagueWhoChoosesAPassword(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		boss := h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		cookie := cookieOf(h.signIn("boss", secretWords))
		form := url.Values{"username": {"Nieuw"}, "name": {"Nina Nieuw"}, "role": {"beheer@", "balie@" + h.annen.ID, "balie@elders"}}
		w := h.ask("POST", "/beheer/medewerkers/nieuw", form.Encode(), cookie)
		temp := tempOnPage.FindStringSubmatch(w.Body.String())
		if w.Code != 200 || temp == nil {
			t.Fatalf("added: %d\n%s", w.Code, w.Body)
		}
		if w := h.ask("POST", "/beheer/medewerkers/nieuw", form.Encode(), cookie); w.Code != 409 || !strings.Contains(w.Body.String(), "Nina Nieuw") {
			t.Errorf("twice: %d, or what was typed is lost", w.Code)
		}
		for _, lang := range []string{"nl", "en"} {
			for _, path := range []string{"/medewerkers", "/medewerkers/nieuw", "/medewerkers/" + boss.ID, "/beveiliging", "/beveiliging/app"} {
				if w := h.ask("GET", "/beheer"+path+"?taal="+lang, "", cookie); w.Code != 200 || strings.Contains(w.Body.String(), "manage.") || strings.Contains(w.Body.String(), "entry.") {
					t.Errorf("%s in %s: %d\n%s", path, lang, w.Code, w.Body)
				}
			}
		}
		w = h.knock("nieuw", temp[1])
		step := stepOf(w)
		if w.Header().Get("Location") != "/beheer/aanmelden/wachtwoord" {
			t.Fatalf("to %q", w.Header().Get("Location"))
		}
		for _, path := range []string{"/instellen", "/code"} {
			if w := h.ask("GET", "/beheer/aanmelden"+path, "", step); w.Header().Get("Location") != "/beheer/aanmelden/wachtwoord" {
				t.Errorf("past the password by %s: %d", path, w.Code)
			}
		}
		for want, form := range map[string]url.Values{
			"niet hetzelfde": {"nieuw": {"zeven groene fietsen"}, "herhaal": {"zeven groene fiets"}},
			"tijdelijke":     {"nieuw": {temp[1]}, "herhaal": {temp[1]}},
			"12 tekens":      {"nieuw": {"kort"}, "herhaal": {"kort"}},
		} {
			if w := h.ask("POST", "/beheer/aanmelden/wachtwoord", form.Encode(), step); w.Code != 422 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d\n%s", want, w.Code, w.Body)
			}
		}
		form = url.Values{"nieuw": {"zeven groene fietsen"}, "herhaal": {"zeven groene fietsen"}}
		w = h.ask("POST", "/beheer/aanmelden/wachtwoord", form.Encode(), step)
		if w.Code != 303 || w.Header().Get("Location") != "/beheer/aanmelden/instellen" {
			t.Fatalf("a password of her own: %d to %q\n%s", w.Code, w.Header().Get("Location"), w.Body)
		}
		if w := h.stepIn("nieuw", w); w.Code != 303 || cookieOf(w) == "" {
			t.Errorf("in: %d", w.Code)
		}
		if w := h.knock("nieuw", temp[1]); w.Code != 422 {
			t.Errorf("the temporary password still works: %d", w.Code)
		}
	})
}

func TestWhatAManagerDoesToAColleague(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		boss := h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		other := h.hire(t, h.bind.ID, "other", staff.Post{Role: staff.Manager})
		cookie, theirs := cookieOf(h.signIn("boss", secretWords)), cookieOf(h.signIn("other", secretWords))
		at := "/beheer/medewerkers/" + other.ID
		for _, act := range []string{"wachtwoord", "tweede-stap", "uit-dienst", "in-dienst"} {
			if w := h.ask("GET", at+"/"+act, "", cookie); w.Code != 200 {
				t.Errorf("%s is asked: %d", act, w.Code)
			}
			if w := h.ask("POST", "/beheer/medewerkers/"+boss.ID+"/"+act, "", cookie); w.Code != 403 {
				t.Errorf("%s to oneself: %d", act, w.Code)
			}
		}
		if w := h.ask("POST", at+"/tweede-stap", "", cookie); w.Code != 303 {
			t.Errorf("reset: %d", w.Code)
		}
		if w := h.ask("GET", "/beheer", "", theirs); w.Code != 303 {
			t.Errorf("the session of the one that was reset: %d", w.Code)
		}
		if w := h.knock("other", secretWords); w.Header().Get("Location") != "/beheer/aanmelden/instellen" {
			t.Errorf("after the reset: to %q", w.Header().Get("Location"))
		}
		if w := h.ask("POST", at+"/uit-dienst", "", cookie); w.Code != 303 {
			t.Errorf("left: %d", w.Code)
		}
		if w := h.knock("other", secretWords); w.Code != 422 {
			t.Errorf("who left: %d", w.Code)
		}
		// The last one keeps the role.
		form := url.Values{"name": {"Boss"}, "role": {"balie@"}}
		if w := h.ask("POST", "/beheer/medewerkers/"+boss.ID, form.Encode(), cookie); w.Code != 409 || !strings.Contains(w.Body.String(), "laatste beheerder") {
			t.Errorf("the last manager: %d", w.Code)
		}
		h.ask("POST", at+"/in-dienst", "", cookie)
		if w := h.ask("POST", "/beheer/medewerkers/"+boss.ID, form.Encode(), cookie); w.Code != 303 {
			t.Errorf("with another there: %d", w.Code)
		}
		if w := h.ask("GET", "/beheer/medewerkers", "", cookie); w.Code != 403 {
			t.Errorf("without the role: %d", w.Code)
		}
	})
}

func TestAChangeOfTheSecondStepAsksThePasswordAndEndsOtherSessions(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		elsewhere := cookieOf(h.signIn("boss", secretWords))
		now = now.Add(time.Minute)
		cookie := cookieOf(h.signIn("boss", secretWords))
		now = now.Add(16 * time.Minute)
		if w := h.ask("GET", "/beheer/beveiliging/app", "", cookie); w.Code != 303 {
			t.Errorf("long after signing in: %d", w.Code)
		}
		if w := h.ask("POST", "/beheer/beveiliging/app/weg", "", cookie); w.Code != 303 || w.Header().Get("Location") != "/beheer/beveiliging" {
			t.Errorf("removed long after signing in: %d", w.Code)
		}
		if w := h.ask("POST", "/beheer/beveiliging/wachtwoord", "wachtwoord=nee", cookie); w.Code != 422 {
			t.Errorf("a wrong password: %d", w.Code)
		}
		w := h.ask("POST", "/beheer/beveiliging/wachtwoord", url.Values{"wachtwoord": {secretWords}}.Encode(), cookie)
		for _, c := range w.Result().Cookies() {
			if strings.HasSuffix(c.Name, "-bewijs") {
				cookie += "; " + c.Name + "=" + c.Value
			}
		}
		if w := h.ask("GET", "/beheer/beveiliging/app/weg", "", cookie); w.Code != 422 || strings.Contains(w.Body.String(), "Ja, verwijder") {
			t.Errorf("asked to confirm what is refused: %d", w.Code)
		}
		if w := h.ask("POST", "/beheer/beveiliging/app/weg", "", cookie); w.Code != 422 || !strings.Contains(w.Body.String(), "tweede stap nodig") {
			t.Errorf("the last second step: %d", w.Code)
		}
		key := keyOnPage.FindStringSubmatch(h.ask("GET", "/beheer/beveiliging/app", "", cookie).Body.String())
		if key == nil {
			t.Fatal("no key for a new telephone")
		}
		code, _ := factor.CodeAt(key[1], now)
		w = h.ask("POST", "/beheer/beveiliging/app", "code="+code, cookie)
		if w.Code != 303 || cookieOf(w) == "" {
			t.Fatalf("a new telephone: %d\n%s", w.Code, w.Body)
		}
		for name, c := range map[string]string{"elsewhere": elsewhere, "before": cookie} {
			if w := h.ask("GET", "/beheer", "", c); w.Code != 303 {
				t.Errorf("the session %s lives: %d", name, w.Code)
			}
		}
		if w := h.ask("GET", "/beheer", "", cookieOf(w)); w.Code != 200 {
			t.Errorf("the new session: %d", w.Code)
		}
	})
}

func TestWhatIsTypedInBeheerAfterTheSessionEndedIsKept(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		boss := h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		cookie := cookieOf(h.signIn("boss", secretWords))
		now = now.Add(31 * time.Minute)
		typed := url.Values{"username": {"nina"}, "name": {"Nina & Nieuw"}, "role": {"balie@" + h.annen.ID}}
		for path, back := range map[string]string{"/medewerkers/nieuw": "/medewerkers/nieuw?", "/medewerkers/" + boss.ID: "/medewerkers/" + boss.ID + "?",
			"/medewerkers/" + boss.ID + "/uit-dienst": "/medewerkers/" + boss.ID + "/uit-dienst", "/nieuwsbrief/bestand": "/nieuwsbrief"} {
			w := h.ask("POST", "/beheer"+path, typed.Encode(), cookie)
			to := html.UnescapeString(backOnPage.FindStringSubmatch(w.Body.String())[1])
			if w.Code != 401 || !strings.HasPrefix(to, "/beheer"+back) || strings.Contains(to, "Nina") {
				t.Errorf("%s: %d, back to %q", path, w.Code, to)
			}
			if !strings.Contains(back, "?") {
				continue
			}
			form := url.Values{"gebruikersnaam": {"boss"}, "wachtwoord": {secretWords}, "naar": {to}}
			w = h.stepIn("boss", h.ask("POST", "/beheer/aanmelden", form.Encode(), ""))
			page := h.ask("GET", w.Header().Get("Location"), "", cookieOf(w)).Body.String()
			if !strings.Contains(page, `value="Nina &amp; Nieuw"`) || !strings.Contains(page, `value="balie@`+h.annen.ID+`" checked`) {
				t.Errorf("%s: it did not come back\n%s", path, page)
			}
			now = now.Add(time.Minute)
		}
		// A link from elsewhere fills in nothing.
		cookie = cookieOf(h.signIn("boss", secretWords))
		if page := h.ask("GET", "/beheer/medewerkers/nieuw?name=Dief&bewaard=name%3DDief", "", cookie).Body.String(); strings.Contains(page, "Dief&#34;") || strings.Contains(page, `value="Dief"`) {
			t.Error("a link filled in the form")
		}
	})
}
