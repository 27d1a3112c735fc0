package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/web/webtest"
)

// What a member paid for, in one walk: find a title in spite of a slip of the
// pen, read it here and go on there, extend it, take it along in a reader app,
// and give it back.
func TestAMemberBorrowsReadsAndTakesAlong(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		username := h.login(t, "start.reader")
		home := h.read(t, browser, username, demoReaderPw)

		// Found with two letters turned round, and said so.
		home.Fill("Zoek een titel, schrijver of onderwerp", "laatste bsu")
		home.Key(kb.Enter)
		home.Want("De laatste bus naar Zweeloo", "bus")
		home.Press("De laatste bus naar Zweeloo")
		home.Press("Lenen")
		home.Want("Teruggeven")

		// Page 2 here is page 2 on the other device.
		home.Press("Lezen")
		home.WantURL("/lezen/")
		home.WantWithin("Drie korte verhalen")
		home.Key(kb.ArrowRight)
		second := "Om tien voor twaalf stond Harm met draaiende motor op het station van Emmen."
		home.WantWithin(second)
		time.Sleep(3 * time.Second) // the reader sends its place when the page has come to rest
		sofa := h.read(t, browser, username, demoReaderPw)
		sofa.Press("Mijn boeken")
		sofa.Press("Verder lezen De laatste bus naar Zweeloo")
		sofa.WantWithin(second)

		// An app on an e-reader, with a password of its own.
		app := h.app(t, sofa, "KOReader")
		shelf := func() (titles []string, status int) {
			ask, err := http.NewRequest("GET", h.at+"/opds/v2/shelf", nil)
			if err != nil {
				t.Fatal(err)
			}
			ask.SetBasicAuth(app.login, string(app.password))
			answer, err := http.DefaultClient.Do(ask)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			var feed struct {
				Publications []struct {
					Metadata struct{ Title string }
				}
			}
			text, _ := io.ReadAll(answer.Body)
			if answer.StatusCode == http.StatusOK {
				if err := json.Unmarshal(text, &feed); err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
			}
			for _, p := range feed.Publications {
				titles = append(titles, p.Metadata.Title)
			}
			return titles, answer.StatusCode
		}
		if titles, status := shelf(); status != http.StatusOK || strings.Join(titles, ", ") != "De laatste bus naar Zweeloo" {
			t.Errorf("the app's shelf: %d %q", status, titles)
		}

		// In the last three days the loan can be extended, once.
		h.pass(19 * 24 * time.Hour)
		home = h.read(t, browser, username, demoReaderPw)
		home.Press("Mijn boeken")
		home.Want("Verleng tot en met")
		home.Press(regexp.MustCompile(`Verleng tot en met [0-9a-z ]+`).FindString(home.Text()) + " De laatste bus naar Zweeloo")
		home.Want("Verlengd tot en met")
		home.Lacks("Verleng tot en met")
		home.Press("Mijn boeken")

		// Given back, it is gone everywhere.
		home.Press("Teruggeven De laatste bus naar Zweeloo")
		home.Press("Ja, geef terug")
		home.Want("Teruggegeven")
		if titles, status := shelf(); status != http.StatusOK || len(titles) != 0 {
			t.Errorf("the app's shelf after giving back: %d %q", status, titles)
		}
	})
}
