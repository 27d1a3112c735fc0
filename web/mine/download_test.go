package mine_test

import (
	"archive/zip"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/newsletter"
	"lidwoord/library/task"
)

// unpack opens the file that a page hands out.
func unpack(t *testing.T, p page) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(p.body), int64(len(p.body)))
	if err != nil {
		t.Fatalf("%d %v: %v", p.StatusCode, p.Header, err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

func TestTheDownloadHoldsEverythingTwice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, map[string][]string{"ouder": {"Anna de Boer"}, "ouderemail": {"anna@voorbeeld.nl"}})
		h.join(visitorOf(h, r), h.ver, nil)
		b := h.as(visitorOf(h, r))
		b.post("/nieuwsbrief/"+r.CustomerID, "wil", "ja", "versie", newsletter.TextVersion, "taal", "nl")
		b.post("/wissen/" + r.CustomerID)
		b.post("/herroepen/" + r.ID)
		h.join(h.visitor("bram"), h.bind, map[string][]string{"geboortedatum": {"5-2-1980"}, "huisnummer": {"43"}})

		p := b.post("/download")
		if p.StatusCode != 200 || p.Header.Get("Content-Disposition") != `attachment; filename="mijn-gegevens-2026-11-23.zip"` || p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", p.StatusCode, p.Header)
		}
		files := unpack(t, p)
		var machine struct {
			Account   struct{ Username, Email string } `json:"login_account"`
			Missing   []string                         `json:"not_included"`
			Libraries []struct {
				Library   string
				Person    map[string]any
				Contracts []struct {
					WithdrawnAt time.Time `json:"withdrawn_at"`
					Payments    []struct {
						Cents   int64
						State   string
						Refunds []map[string]any
					}
				}
				Memberships, Account, Newsletter, Requests, Log []map[string]any
				Numbers                                         []map[string]any `json:"customer_numbers"`
			}
		}
		if err := json.Unmarshal([]byte(files["gegevens.json"]), &machine); err != nil {
			t.Fatal(err)
		}
		if len(files) != 2 || machine.Account.Username != "zoe" || len(machine.Missing) != 3 || len(machine.Libraries) != 2 {
			t.Fatalf("%d files, %+v", len(files), machine)
		}
		for _, l := range machine.Libraries {
			c := l.Contracts
			undone := l.Library == "Bind bibliotheken"
			if len(c) != 1 || len(c[0].Payments) != 1 || c[0].Payments[0].Cents != 4500 || c[0].WithdrawnAt.IsZero() == undone || (len(c[0].Payments[0].Refunds) == 1) != undone {
				t.Errorf("%s tells %+v", l.Library, c)
			}
			if l.Person["last_name"] != "Zoe" || l.Person["birth_date"] != "1991-01-04" || len(l.Numbers) != 1 || len(l.Memberships) != 1 || len(l.Account) < 2 || len(l.Log) == 0 {
				t.Errorf("%s tells %+v", l.Library, l)
			}
			if undone && (len(l.Newsletter) != 2 || len(l.Requests) != 1) {
				t.Errorf("%s tells %+v and %+v", l.Library, l.Newsletter, l.Requests)
			}
		}
		readable := files["gegevens.html"]
		for _, want := range []string{"<h1>Mijn gegevens", "Wat je leest en luistert", "Verre bibliotheken", "Kruisstraat 41, 9468 BG Annen, Nederland", "4 januari 1991", newsletter.Text("nl"),
			"Verzoek om gegevens te wissen", "Overeenkomst herroepen", "betaald", "gevraagd", "maandag 23 november 2026"} {
			if !strings.Contains(readable, want) {
				t.Errorf("no %q in\n%s", want, readable)
			}
		}
		for name, text := range files {
			if strings.Contains(text, "Bram") || strings.Contains(text, "<script") || strings.Contains(text, "src=") || strings.Contains(text, "mine.x_") || strings.Contains(text, ">mine.") {
				t.Errorf("%s holds what is not of here:\n%s", name, text)
			}
		}
		if acts := h.acts(r.CustomerID, "mine.exported"); len(acts) != 1 || acts[0].Actor != "account:"+r.AccountID {
			t.Errorf("the log holds %+v", acts)
		}
		if again := unpack(t, b.do("POST", "/download?taal=en", nil))["gegevens.html"]; !strings.Contains(again, "What you read and listen to") || !strings.Contains(again, "Data downloaded") {
			t.Errorf("in English, the second time:\n%s", again)
		}
	})
}

func TestTheDownloadHoldsAnUnfinishedForm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.visitor("zoe")
		h.do(func(tx *sqldb.Tx) error { return begin(tx, v, h.bind) })
		files := unpack(t, h.as(v).post("/download"))
		if !strings.Contains(files["gegevens.json"], `"abonnement": "0141"`) || !strings.Contains(files["gegevens.html"], "<dd>zoe@voorbeeld.nl</dd>") {
			t.Errorf("%v", files)
		}
	})
}

func TestErasureIsAskedForOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/wissen/" + r.CustomerID
		b.get(at).want(t, 200, "zeven jaar", "Je bent nu lid", "Vraag om te wissen")
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { b.post(at).want(t, 200, "Je verzoek is ontvangen", "op maandag 23 november 2026 om 09.30 uur") })
		}
		all.Wait()
		h.pass(24 * time.Hour)
		b = h.as(visitorOf(h, r))
		b.post(at).want(t, 200, "op maandag 23 november 2026 om 09.30 uur", "binnen een maand")
		b.get(at).want(t, 200, "Je verzoek is ontvangen", "0592 123456").lacks(t, "<button class=\"utrecht")
		var waits []task.Task
		h.do(func(tx *sqldb.Tx) (err error) {
			waits, err = task.Open(tx, h.bind.ID, 10)
			return err
		})
		if len(waits) != 1 || waits[0].Kind != task.Erasure || waits[0].Object != "customer:"+r.CustomerID || len(h.acts(r.CustomerID, "mine.erasure_asked")) != 1 {
			t.Fatalf("waits: %+v; log: %+v", waits, h.acts(r.CustomerID, "mine.erasure_asked"))
		}
		h.do(func(tx *sqldb.Tx) error {
			return task.Close(tx, h.bind.ID, waits[0].ID, "staff:1", "Gebeld en uitgelegd")
		})
		b.get(at).want(t, 200, "Een medewerker heeft je verzoek afgehandeld op dinsdag 24 november")
	})
}
