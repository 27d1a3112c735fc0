package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/provision"
	"lidwoord/web/webtest"
)

// program calls the door /scim as another library system does.
func (h *running) program(t *testing.T, token secret.Token, method, path, body string) (status int, answer map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.at+"/scim/v2"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	r.Header.Set("Content-Type", "application/scim+json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || len(text) > 0 && json.Unmarshal(text, &answer) != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return res.StatusCode, answer
}

func (h *running) tokenFor(t *testing.T, slug, name string) (token secret.Token) {
	t.Helper()
	err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		if err := knowOrganisation(tx, slug, name); err != nil {
			return err
		}
		var err error
		token, _, err = provision.Issue(tx, "command", provision.Order{Organisation: slug, Name: "Wise", Scopes: provision.Scopes, Life: provision.TokenLife})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A library with a system of its own has its customers sign in with our accounts.
// An account alone borrows nothing: no membership, no claim.
func TestACustomerOfAnotherLibrarySystemSignsInAtTheOnlineLibrary(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		token := h.tokenFor(t, "waterland", "Bibliotheek Waterland")
		status, user := h.program(t, token, "POST", "/Users", `{"externalId":"29130000004711","preferredLanguage":"nl","displayName":"Zoë Maas",
			"emails":[{"value":"zoe@waterland.example"}]}`)
		id, _ := user["id"].(string)
		if status != http.StatusCreated || user["userName"] != "29130000004711" {
			t.Fatalf("%d %v", status, user)
		}
		letter := h.letter(t, "zoe@waterland.example")
		if !strings.Contains(letter.Text, "Bibliotheek Waterland") {
			t.Errorf("the letter does not name the library:\n%s", letter.Text)
		}
		browser := webtest.Start(t)
		person := browser.Person(t)
		person.Visit(h.link(t, letter))
		person.Press("Ja, bevestig mijn e-mailadres")
		person.Fill("Kies een wachtwoord", "vier paarden op zolder")
		person.Press("Wachtwoord opslaan")
		person.Want("Klaar")
		status, user = h.program(t, token, "GET", "/Users/"+id, "")
		if more, _ := user["urn:lidwoord:scim:1.0:User"].(map[string]any); status != http.StatusOK || more["state"] != "active" || user["emails"] != nil {
			t.Errorf("%d %v", status, user)
		}
		reader := h.read(t, browser, "29130000004711", "vier paarden op zolder")
		reader.Press("Onder de es")
		reader.Want("Zo word je lid")
		reader.Lacks("Je mag dit 21 dagen houden")
	})
}

func TestTokensAndKindsAreMadeListedAndEndedByCommand(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for engine, database := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lidwoord.db") },
		"postgres": func(t *testing.T) string { return sqldbtest.PostgresURL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			config := library(t, database(t), "127.0.0.1:1", "127.0.0.1:25")
			command := func(args ...string) string {
				t.Helper()
				out, err := os.Create(filepath.Join(t.TempDir(), "out"))
				if err != nil {
					t.Fatal(err)
				}
				stdout := os.Stdout
				os.Stdout = out
				err = run(t.Context(), log, append([]string{args[0], "-config", config}, args[1:]...))
				os.Stdout = stdout
				out.Close()
				text, _ := os.ReadFile(out.Name())
				if err != nil {
					return explain(err)
				}
				return string(text)
			}
			says := func(args ...string) string { t.Helper(); return command(append([]string{"scim-token"}, args...)...) }
			kind := func(args ...string) string { t.Helper(); return command(append([]string{"scim-kind"}, args...)...) }
			for want, args := range map[string][]string{
				"say -new NAME":             {},
				"-list or":                  {"-list", "-revoke", "x"},
				"no organisation with this": {"-new", "Wise", "-organisation", "waterland"},
				"There is no such scope":    {"-new", "Wise", "-organisation", "waterland", "-name", "Bibliotheek Waterland", "-scopes", "alles"},
				"A token lives for 1 to":    {"-new", "Wise", "-organisation", "waterland", "-name", "Bibliotheek Waterland", "-days", "9999"},
				"A short name has":          {"-new", "Wise", "-organisation", "Water Land", "-name", "x"},
				"unknown, expired or":       {"-revoke", "x"},
			} {
				if got := says(args...); !strings.Contains(got, want) {
					t.Errorf("%v: %q, want %q", args, got, want)
				}
			}
			made := says("-new", "Wise", "-organisation", "waterland", "-name", "Bibliotheek Waterland", "-scopes", "users:read")
			m := regexp.MustCompile(`Token (\w{26}) of Bibliotheek Waterland, until \S+\. It is shown this once:\n(lidwoord_scim_\w{52})\n$`).FindStringSubmatch(made)
			if m == nil {
				t.Fatalf("made %q", made)
			}
			if again := says("-new", "Bicat", "-organisation", "waterland"); !strings.Contains(again, "Bibliotheek Waterland") {
				t.Errorf("a second token: %q", again)
			}
			if list := says("-list"); !strings.Contains(list, m[1]) || strings.Contains(list, m[2]) || strings.Count(list, "works") != 2 {
				t.Errorf("the list:\n%s", list)
			}
			for want, args := range map[string][]string{
				"say -code CODE or":         {},
				"or -list":                  {"-code", "JAAR", "-list"},
				"no organisation with this": {"-code", "JAAR", "-organisation", "west", "-name", "Jaar"},
				"There is no such right":    {"-code", "JAAR", "-organisation", "waterland", "-name", "Jaar", "-rights", "alles"},
				"Give a name of at most":    {"-code", "JAAR", "-organisation", "waterland"},
				"Kept: JAAR of waterland":   {"-code", "JAAR", "-organisation", "waterland", "-name", "Jaarabonnement", "-rights", "digital,physical"},
				"Kept: OUD of waterland":    {"-code", "OUD", "-organisation", "waterland", "-name", "Oud", "-withdrawn"},
			} {
				if got := kind(args...); !strings.Contains(got, want) {
					t.Errorf("%v: %q, want %q", args, got, want)
				}
			}
			if list := kind("-list"); !regexp.MustCompile(`waterland +JAAR +Jaarabonnement +digital,physical +offered\nwaterland +OUD +Oud +withdrawn`).MatchString(list) {
				t.Errorf("the kinds:\n%s", list)
			}
			says("-revoke", m[1])
			if list := says("-list"); !strings.Contains(list, "revoked") || strings.Count(list, "works") != 1 {
				t.Errorf("after revoking:\n%s", list)
			}
		})
	}
}
