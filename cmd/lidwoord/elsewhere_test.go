package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/web/webtest"
)

// A library whose administration is elsewhere, and its customers who borrow here.

// elsewhere is the library system of Waterland, which may give two kinds.
func (h *running) elsewhere(t *testing.T) (token secret.Token) {
	t.Helper()
	token = h.tokenFor(t, "waterland", "Bibliotheek Waterland")
	err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		for _, k := range []provision.Kind{
			{Organisation: "waterland", Code: "JAAR", NameNL: "Jaarabonnement", NameEN: "Yearly membership", Rights: []string{provision.Digital, provision.Physical}, Offered: true},
			{Organisation: "waterland", Code: "BASIS", NameNL: "Basis", Rights: []string{provision.Physical}, Offered: true},
		} {
			if err := provision.SaveKind(tx, "test", k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// provisioned is the account of a SCIM user.
func (h *running) provisioned(t *testing.T, userID string) (accountID string) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT account_id FROM provision_user WHERE id = $1`, []any{userID}, &accountID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return accountID
}

const heldPath = "urn:lidwoord:params:scim:schemas:extension:membership:2.0:User:memberships"

// says changes a user over SCIM.
func (h *running) says(t *testing.T, token secret.Token, id, operation string) {
	t.Helper()
	if status, answer := h.program(t, token, "PATCH", "/Users/"+id, `{"Operations":[`+operation+`]}`); status != http.StatusOK {
		t.Fatalf("%s: %d %v", operation, status, answer)
	}
}

// newReader provisions somebody with a membership and lets them choose a password.
func (h *running) newReader(t *testing.T, b *webtest.Browser, token secret.Token, start day.Day) (id string, person *webtest.Page) {
	t.Helper()
	status, user := h.program(t, token, "POST", "/Users", fmt.Sprintf(`{"externalId":"29130000004711","preferredLanguage":"nl","emails":[{"value":"zoe@waterland.example"}],
		"urn:lidwoord:params:scim:schemas:extension:membership:2.0:User":{"memberships":[{"value":"W-1","type":"JAAR","start":"%s"}]}}`, start))
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, user)
	}
	person = b.Person(t)
	person.Visit(h.link(t, h.letter(t, "zoe@waterland.example")))
	person.Press("Ja, bevestig mijn e-mailadres")
	person.Fill("Kies een wachtwoord", "vier paarden op zolder")
	person.Press("Wachtwoord opslaan")
	person.Want("Klaar")
	return user["id"].(string), person
}

func TestACustomerOfAnotherLibrarySystemBorrowsByTheMembershipThatItGives(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		token, browser := h.elsewhere(t), webtest.Start(t)
		today := day.Of(h.db.Now())
		id, person := h.newReader(t, browser, token, today.AddDays(3))
		person.Visit(h.at + "/inloggen/lidmaatschappen")
		person.Want("Bibliotheek Waterland", "Jaarabonnement", "29130000004711", "Begint nog", "bij je bibliotheek zelf")
		person.Lacks("Naar Mijn Menu")
		person.Look("login-memberships-elsewhere")

		reader := h.read(t, browser, "29130000004711", "vier paarden op zolder")
		open := func(title string) {
			t.Helper()
			reader.Visit(h.at + "/bibliotheek/")
			reader.Press(title)
		}
		borrow := func(title string) {
			t.Helper()
			open(title)
			reader.Press("Lenen")
		}
		// borrowAnew is for who was refused, and knows that it is otherwise by now.
		borrowAnew := func(title string) {
			t.Helper()
			open(title)
			reader.Press("Kijk opnieuw")
			reader.Press("Lenen")
		}
		reader.Forgive("403")
		open("Onder de es")
		reader.Want("Je abonnement bij Bibliotheek Waterland begint op")

		later := func() { h.pass(time.Minute) } // rights are asked again for a loan, after seconds
		h.says(t, token, id, fmt.Sprintf(`{"op":"replace","path":"%s[value eq \"W-1\"].start","value":"%s"}`, heldPath, today))
		later()
		borrowAnew("Onder de es")
		reader.Want("Lezen")

		h.says(t, token, id, `{"op":"replace","path":"active","value":false}`)
		later()
		borrow("De laatste bus naar Zweeloo")
		reader.Want("Lenen lukt nu niet", "Je abonnement bij Bibliotheek Waterland staat nu stil")
		person.Visit(h.at + "/inloggen/lidmaatschappen")
		person.Want("Staat stil", "Vanaf")
		h.says(t, token, id, `{"op":"replace","path":"active","value":true}`)
		later()
		borrowAnew("De laatste bus naar Zweeloo")
		reader.Want("Lezen")

		h.says(t, token, id, fmt.Sprintf(`{"op":"replace","path":"%s[value eq \"W-1\"]","value":{"start":"2025-01-01","end":"%s"}}`, heldPath, today.AddDays(-1)))
		later()
		borrow("Regen in vijf standen")
		reader.Want("Lenen lukt nu niet", "Je abonnement bij Bibliotheek Waterland is afgelopen")
		reader.Visit(h.at + "/bibliotheek/mijn-boeken")
		reader.Want("Onder de es", "De laatste bus naar Zweeloo") // until their own last day
		h.pass(20 * 24 * time.Hour)
		reader = h.read(t, browser, "29130000004711", "vier paarden op zolder")
		reader.Visit(h.at + "/bibliotheek/mijn-boeken")
		reader.Want("Onder de es")
		h.pass(3 * 24 * time.Hour)
		reader = h.read(t, browser, "29130000004711", "vier paarden op zolder")
		reader.Visit(h.at + "/bibliotheek/mijn-boeken")
		reader.Lacks("Onder de es")

		if status, answer := h.program(t, token, "DELETE", "/Users/"+id, ""); status != http.StatusNoContent {
			t.Fatalf("%d %v", status, answer)
		}
		person = h.read(t, browser, "29130000004711", "vier paarden op zolder")
		person.Visit(h.at + "/inloggen/lidmaatschappen")
		person.Want("Er hoort geen abonnement bij je inlogaccount")
	})
}

// club is a site of somebody else that asks about memberships in every way.
type club struct {
	*running
	*testing.T
	auth   signon.ClientAuth
	tokens signon.Tokens
}

func (h *running) club(t *testing.T, accountID string) *club {
	t.Helper()
	made := h.connect(t, signon.Listed{Method: "client_secret", Client: signon.Client{ID: "leesclub", Name: "Leesclub", Own: true,
		Redirects: []string{"https://club.example/terug"}, Scopes: []string{"openid", "memberships", "offline_access"}}})
	c := &club{h, t, signon.ClientAuth{ID: "leesclub", Secret: made}, signon.Tokens{}}
	const verifier = "een-lange-rij-tekens-die-niemand-raadt-0123456789"
	sum := sha256.Sum256([]byte(verifier))
	c.do(func(tx *sqldb.Tx) error {
		request, err := h.provider.Begin(tx, signon.AuthorizeParams{ClientID: "leesclub", RedirectURI: "https://club.example/terug", ResponseType: "code",
			Scope: "openid memberships offline_access", State: "s", Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Method: "S256"})
		if err != nil {
			return err
		}
		to, err := h.provider.Grant(tx, request, signon.Session{AccountID: accountID, Username: "29130000004711", AuthTime: tx.Now, SessionID: secret.NewID(), ACR: signon.ACRPassword})
		if err != nil {
			return err
		}
		back, err := url.Parse(to)
		if err != nil {
			return err
		}
		return c.exchange(tx, signon.TokenParams{Client: c.auth, GrantType: "authorization_code", Code: secret.Token(back.Query().Get("code")), RedirectURI: "https://club.example/terug", Verifier: verifier})
	})
	return c
}

func (c *club) do(f func(tx *sqldb.Tx) error) {
	c.Helper()
	if err := c.db.InTx(c.Context(), f); err != nil {
		c.Fatal(err)
	}
}

func (c *club) exchange(tx *sqldb.Tx, q signon.TokenParams) error {
	tokens, problem, err := c.provider.Exchange(tx, q)
	if problem != nil {
		return problem
	}
	c.tokens = tokens
	return err
}

// hears is what a refreshed ID token, userinfo and introspection say, each in short.
func (c *club) hears() (said [3]string) {
	c.Helper()
	short := func(list []signon.Membership) string {
		var words []string
		for _, m := range list {
			words = append(words, strings.Join([]string{m.Organisation, m.Number, m.Code, m.Name, strings.Join(m.Rights, "+"), string(m.ValidFrom), string(m.ValidThrough), m.State}, " "))
		}
		return strings.Join(words, ", ")
	}
	c.do(func(tx *sqldb.Tx) error {
		return c.exchange(tx, signon.TokenParams{Client: c.auth, GrantType: "refresh_token", Refresh: c.tokens.RefreshToken})
	})
	var id signon.Person
	signed, err := c.tokens.IDToken()
	if err != nil {
		c.Fatal(err)
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[1])
	if err != nil || json.Unmarshal(text, &id) != nil {
		c.Fatalf("%v: %s", err, text)
	}
	said[0] = short(id.Memberships)
	c.do(func(tx *sqldb.Tx) error {
		person, problem, err := c.provider.UserInfo(tx, c.tokens.AccessToken)
		if problem != nil {
			return problem
		}
		said[1] = short(person.Memberships)
		if err != nil {
			return err
		}
		known, problem, err := c.provider.Introspect(tx, c.auth, c.tokens.AccessToken)
		if problem != nil {
			return problem
		}
		if known.Memberships == nil {
			c.Error("introspection is silent about memberships")
		}
		said[2] = short(known.Memberships)
		return err
	})
	return said
}

func TestOtherSitesHearTheMembershipsOfAnotherSystemAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		token := h.elsewhere(t)
		today := day.Of(h.db.Now())
		_, user := h.program(t, token, "POST", "/Users", `{"externalId":"29130000004711","emails":[{"value":"zoe@waterland.example"}]}`)
		id, _ := user["id"].(string)
		account := h.provisioned(t, id)
		c := h.club(t, account)
		for _, step := range []struct{ operation, want string }{
			{`{"op":"replace","path":"active","value":true}`, ""},
			{fmt.Sprintf(`{"op":"add","path":"%s","value":{"value":"W-1","type":"JAAR","start":"%s","end":"2099-12-31"}}`, heldPath, today), "waterland 29130000004711 JAAR Jaarabonnement digital+physical TODAY 2099-12-31 active"},
			{`{"op":"replace","path":"active","value":false}`, "waterland 29130000004711 JAAR Jaarabonnement digital+physical TODAY 2099-12-31 suspended"},
			{`{"op":"replace","path":"active","value":true}`, "waterland 29130000004711 JAAR Jaarabonnement digital+physical TODAY 2099-12-31 active"},
			{fmt.Sprintf(`{"op":"replace","path":"%s[value eq \"W-1\"]","value":{"type":"BASIS","start":"2025-01-01","end":"2025-12-31"}}`, heldPath), "waterland 29130000004711 BASIS Basis physical 2025-01-01 2025-12-31 ended"},
			{fmt.Sprintf(`{"op":"add","path":"%s","value":{"value":"W-2","type":"JAAR","start":"2099-01-01"}}`, heldPath), "waterland 29130000004711 JAAR Jaarabonnement digital+physical 2099-01-01  upcoming"},
			{fmt.Sprintf(`{"op":"remove","path":"%s"}`, heldPath), ""},
		} {
			h.says(t, token, id, step.operation)
			want := strings.ReplaceAll(step.want, "TODAY", string(today))
			if said := c.hears(); said != [3]string{want, want, want} {
				t.Errorf("%s:\n%q, want\n%q", step.operation, said, want)
			}
		}
		h.says(t, token, id, fmt.Sprintf(`{"op":"add","path":"%s","value":{"value":"W-1","type":"JAAR","start":"%s"}}`, heldPath, today))
		if said := c.hears(); !strings.HasSuffix(said[0], "active") {
			t.Errorf("%q", said)
		}
		if status, _ := h.program(t, token, "DELETE", "/Users/"+id, ""); status != http.StatusNoContent {
			t.Errorf("deleted with %d", status)
		}
		c.do(func(tx *sqldb.Tx) error {
			if list, err := (memberships{}).Of(tx, account); err != nil || len(list) > 0 {
				t.Errorf("after the end of the link: %+v %v", list, err)
			}
			return nil
		})
	})
}

// One account may hold a membership of our own administration and one of another
// system. What is to begin at our own is told as that.
func TestAnAccountShowsMembershipsOfBothAdministrations(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		token, username := h.elsewhere(t), h.login(t, "start.reader")
		status, asked := h.program(t, token, "POST", "/Proofs", fmt.Sprintf(`{"userName":%q}`, username))
		if status != http.StatusCreated {
			t.Fatalf("%d %v", status, asked)
		}
		var account, email string
		err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT id, email FROM account WHERE username = $1`, []any{username}, &account, &email)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		code := regexp.MustCompile(`(?m)^([A-Z0-9]{4}-[A-Z0-9]{4})$`).FindString(h.about(t, email, "Je code voor Bibliotheek Waterland").Text)
		status, user := h.program(t, token, "POST", "/Users", fmt.Sprintf(`{"externalId":"29130000004711","urn:lidwoord:scim:1.0:User":{"proof":{"ask":%q,"code":%q}},
			"urn:lidwoord:params:scim:schemas:extension:membership:2.0:User":{"memberships":[{"value":"W-1","type":"BASIS","start":"2026-01-01"}]}}`, asked["ask"], code))
		if status != http.StatusCreated {
			t.Fatalf("%d %v", status, user)
		}
		begins := day.Of(h.db.Now()).AddDays(9)
		err = h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE membership SET first_day = $1, valid_through = $2, last_day = $2 WHERE customer_id IN (SELECT id FROM customer WHERE account_id = $3)`,
				string(begins), string(begins.AddDays(365)), account)
			if err != nil {
				return err
			}
			list, err := memberships{}.Of(tx, account)
			if len(list) != 2 || list[0].Organisation != "bind" || list[0].State != signon.Upcoming || list[0].ValidFrom != begins || list[1].Organisation != "waterland" || list[1].State != signon.Active {
				t.Errorf("%+v", list)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		person := newSurfer(t)
		person.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		_, page := person.read(person.Get(h.at + "/inloggen/lidmaatschappen"))
		for _, want := range []string{"Bind bibliotheken", "Begint nog", "Bibliotheek Waterland", "Actief", "Staat een bibliotheek niet in Mijn Menu?"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
	})
}
