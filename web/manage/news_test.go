package manage_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
	"lidwoord/web/webtest"
)

// want makes a subscriber, who has confirmed the address or not.
func (h house) want(t *testing.T, address string, confirmed bool) {
	t.Helper()
	do(t, h.db, func(tx *sqldb.Tx) error {
		return h.news.Ask(tx, newsletter.Asking{OrganisationID: h.bind.ID, Address: address, Lang: words.NL, TextVersion: "1", TextShown: "Ja", Channel: newsletter.Web, Confirmed: confirmed})
	})
}

func TestTheAddressesOfTheNewsletterAreHandedOutToAManagerAndThatIsNoted(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		db.Now = func() time.Time { return time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC) } // the 24th in Annen
		boss := h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		h.want(t, "piet@example.nl", true)
		h.want(t, "=eva@example.nl", true)
		h.want(t, "wacht@example.nl", false)
		if w := h.ask("POST", "/beheer/nieuwsbrief/bestand", "", ""); w.Code != 401 || strings.Contains(w.Body.String(), "piet@") {
			t.Errorf("without session: %d", w.Code)
		}
		cookie := cookieOf(h.signIn("boss", secretWords))
		for lang, want := range map[string][]string{
			"nl": {"<dt>Krijgt de nieuwsbrief</dt><dd>2</dd>", "<dt>Wacht op bevestiging</dt><dd>1</dd>", "<dt>Afgemeld</dt><dd>0</dd>"},
			"en": {"<dt>Gets the newsletter</dt><dd>2</dd>", "Download the file"},
		} {
			body := h.ask("GET", "/beheer/nieuwsbrief?taal="+lang, "", cookie).Body.String()
			for _, s := range want {
				if !strings.Contains(body, s) {
					t.Errorf("%s: no %q in\n%s", lang, s, body)
				}
			}
			if strings.Contains(body, "manage.") || strings.Contains(body, "@example.nl") {
				t.Errorf("%s: a sentence is missing, or an address shows\n%s", lang, body)
			}
		}
		if w := h.ask("GET", "/beheer/nieuwsbrief/bestand", "", cookie); w.Code != 303 {
			t.Errorf("a link hands out the file: %d", w.Code)
		}
		w := h.ask("POST", "/beheer/nieuwsbrief/bestand", "", cookie)
		lines := strings.Split(w.Body.String(), "\r\n")
		if w.Code != 200 || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" ||
			w.Header().Get("Content-Disposition") != `attachment; filename="nieuwsbrief-bind-2026-11-24.csv"` {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		if len(lines) != 4 || lines[0] != "e-mailadres,taal,sinds,afmelden" || lines[3] != "" || strings.Contains(w.Body.String(), "wacht@") {
			t.Errorf("file %q", lines)
		}
		if !strings.Contains(w.Body.String(), "'=eva@example.nl,nl,2026-11-24,https://lid.example/nieuwsbrief/afmelden/") {
			t.Errorf("file %q", lines)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, "organisation:"+h.bind.ID, 10)
			if len(log) != 1 || log[0].Act != "newsletter.exported" || log[0].Detail != "2" || log[0].Actor != "staff:"+boss.ID {
				t.Errorf("noted %+v", log)
			}
			return err
		})
	})
}

// A file that lacks half of the addresses must not look like a whole one.
func TestAFileThatBreaksOffIsNotTakenForAWholeOne(t *testing.T) {
	h := open(t, sqldbtest.New(t))
	h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
	h.want(t, "piet@example.nl", true)
	cookie := cookieOf(h.signIn("boss", secretWords))
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("recovered %v", p)
		}
	}()
	r := httptest.NewRequest("POST", "https://lid.example/beheer/nieuwsbrief/bestand", nil)
	r.Header.Set("Cookie", cookie)
	h.door.ServeHTTP(broken{httptest.NewRecorder()}, r)
	t.Error("it ended as if all were well")
}

// broken is a connection that takes headers and no lines.
type broken struct{ http.ResponseWriter }

func (broken) Write([]byte) (int, error) { return 0, fmt.Errorf("connection reset") }

func TestTheNewsletterOfBeheerInABrowser(t *testing.T) {
	h, srv := serve(t)
	h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
	h.want(t, "piet@example.nl", true)
	p := webtest.Start(t).Person(t)
	p.Visit(srv + "/beheer")
	h.enter(p)
	p.Press("Nieuwsbrief")
	p.Want("Krijgt de nieuwsbrief", "Bestand downloaden")
	p.Look("manage-news")
}
