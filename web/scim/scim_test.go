package scim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
	"lidwoord/web/kit"
	"lidwoord/web/scim"
)

const (
	core = "urn:ietf:params:scim:schemas:core:2.0:User"
	ours = "urn:lidwoord:scim:1.0:User"
	held = "urn:lidwoord:params:scim:schemas:extension:membership:2.0:User"
)

// door is the door with the token of one program.
type door struct {
	*testing.T
	db       *sqldb.DB
	accounts *account.Accounts
	handler  http.Handler
	token    secret.Token
	log      *bytes.Buffer
	now      time.Time
}

func open(t *testing.T, db *sqldb.DB) *door {
	t.Helper()
	d := &door{T: t, db: db, log: &bytes.Buffer{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { return d.now }
	sentences, err := words.Load(throttle.Words, account.Words, provision.Words)
	if err != nil {
		t.Fatal(err)
	}
	d.accounts, err = account.New(account.Links{Activate: func(token secret.Token) string { return "https://inloggen.test/activeren/" + string(token) }})
	if err != nil {
		t.Fatal(err)
	}
	house := &kit.House{DB: db, Words: sentences, Log: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Doors: kit.Doors{SCIM: &url.URL{Scheme: "https", Host: "lid.test", Path: "/scim"}}}
	d.handler = scim.New(house, provision.Provisioner{Accounts: d.accounts}).Handler()
	d.token = d.issue("noord", provision.Scopes...)
	return d
}

func (d *door) issue(slug string, scopes ...string) (token secret.Token) {
	d.Helper()
	d.do(func(tx *sqldb.Tx) (err error) {
		if err := provision.SaveOrganisation(tx, slug, "Bibliotheken "+slug); err != nil {
			return err
		}
		token, _, err = provision.Issue(tx, "command", provision.Order{Organisation: slug, Name: "Wise", Scopes: scopes, Life: provision.TokenLife})
		return err
	})
	return token
}

func (d *door) do(f func(*sqldb.Tx) error) {
	d.Helper()
	if err := d.db.InTx(d.Context(), f); err != nil {
		d.Fatal(err)
	}
}

// reply is an answer that was read to its end.
type reply struct {
	*httptest.ResponseRecorder
	body map[string]any
}

// send calls the door. Headers are written "Name: value".
func (d *door) send(method, path, body string, headers ...string) reply {
	d.Helper()
	r := httptest.NewRequest(method, "https://lid.test/scim"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+string(d.token))
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	answer := reply{ResponseRecorder: w}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &answer.body); err != nil || w.Header().Get("Content-Type") != "application/scim+json; charset=utf-8" {
			d.Fatalf("%s %s: %v: %q", method, path, err, w.Body)
		}
	}
	return answer
}

// want checks a status, and the scimType where one is named.
func (d *door) want(r reply, status int, kind ...string) reply {
	d.Helper()
	got, _ := r.body["scimType"].(string)
	if r.Code != status || len(kind) > 0 && got != kind[0] {
		d.Errorf("%d %s %v, want %d %v", r.Code, got, r.body["detail"], status, kind)
	}
	if status >= 400 && (r.body["status"] != fmt.Sprint(status) || r.body["detail"] == "" || strings.Contains(fmt.Sprint(r.body["detail"]), "provision.")) {
		d.Errorf("the error is %v", r.body)
	}
	return r
}

// create posts a customer with a number.
func (d *door) create(number string) (id string) {
	d.Helper()
	r := d.want(d.send("POST", "/v2/Users", user(number)), http.StatusCreated)
	id, _ = r.body["id"].(string)
	return id
}

func user(number string) string {
	return fmt.Sprintf(`{"schemas":[%q],"externalId":%q,"userName":%q,"name":{"familyName":"Maas"},"displayName":"Zoë Maas",
		"preferredLanguage":"nl-NL","emails":[{"value":"%s@post.example","type":"work","primary":true}],"active":true}`, core, number, number, number)
}

func (d *door) letters() (list []outbox.Letter) {
	d.Helper()
	d.do(func(tx *sqldb.Tx) (err error) { list, err = outbox.Recent(tx, 100); return err })
	return list
}

var linkPattern = regexp.MustCompile(`https://inloggen\.test/activeren/(\S+)`)

// wake walks the owner's way with the newest letter.
func (d *door) wake() {
	d.Helper()
	token := secret.Token(linkPattern.FindStringSubmatch(d.letters()[0].Mail.Text)[1])
	d.do(func(tx *sqldb.Tx) error { _, err := d.accounts.Confirm(tx, token); return err })
	if _, err := d.accounts.Activate(d.Context(), d.db, token, "paarse fiets lacht hard", nil); err != nil {
		d.Fatal(err)
	}
}

func each(t *testing.T, rule func(*door)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(open(t, db)) })
}

func TestAUserLivesFromPostToDelete(t *testing.T) {
	each(t, func(d *door) {
		r := d.want(d.send("POST", "/v2/Users", user("100200")), http.StatusCreated)
		id, _ := r.body["id"].(string)
		more, _ := r.body[ours].(map[string]any)
		if at := "https://lid.test/scim/v2/Users/" + id; r.Header().Get("Location") != at || r.body["userName"] != "100200" || more["state"] != "waiting" ||
			more["activateUntil"] != "2026-11-24T12:00:00Z" || r.body["name"] != nil || r.body["displayName"] != nil || r.Header().Get("ETag") == "" {
			d.Errorf("%v %v", r.Header(), r.body)
		}
		d.want(d.send("POST", "/v2/Users", user("100200")), http.StatusConflict, "uniqueness")
		got := d.want(d.send("GET", "/v2/Users/"+id, ""), http.StatusOK)
		if got.Header().Get("ETag") != r.Header().Get("ETag") || got.body["meta"].(map[string]any)["version"] != r.Header().Get("ETag") {
			d.Errorf("versions %v and %v", got.Header(), r.Header())
		}
		d.want(d.send("GET", "/v2/Users/"+id, "", "If-None-Match: "+r.Header().Get("ETag")), http.StatusNotModified)
		d.wake()
		got = d.want(d.send("GET", "/v2/Users/"+id, "", "If-None-Match: "+r.Header().Get("ETag")), http.StatusOK)
		if got.body["emails"] != nil || got.body[ours].(map[string]any)["state"] != "active" {
			d.Errorf("active: %v", got.body)
		}
		d.want(d.send("PUT", "/v2/Users/"+id, user("100200")), http.StatusOK)
		d.want(d.send("DELETE", "/v2/Users/"+id, "", "If-Match: "+r.Header().Get("ETag")), http.StatusPreconditionFailed)
		d.want(d.send("DELETE", "/v2/Users/"+id, "", `If-Match: W/"x", `+got.Header().Get("ETag")), http.StatusNoContent)
		d.want(d.send("GET", "/v2/Users/"+id, ""), http.StatusNotFound)
		d.want(d.send("DELETE", "/v2/Users/"+id, ""), http.StatusNotFound)
	})
}

// The ways in which programs write the same change.
func TestAPatchIsReadInEveryHabit(t *testing.T) {
	each(t, func(d *door) {
		id := d.create("100200")
		patch := func(operations string) reply {
			return d.send("PATCH", "/v2/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operations+`]}`)
		}
		off := true
		for _, operation := range []string{
			`{"op":"replace","path":"active","value":false}`, `{"op":"Replace","path":"active","value":"True"}`, `{"op":"replace","value":{"active":false}}`,
			`{"op":"Add","path":"` + core + `:active","value":true}`, `{"op":"add","value":{"ACTIVE":"False","name.givenName":"Zoë","displayName":"Zoë"}}`,
			`{"op":"add","path":"active","value":false},{"op":"replace","path":"active","value":true}`,
			`{"op":"replace","value":` + strings.Replace(user("100200"), `"active":true`, `"active":"false","id":"x","meta":{}`, 1) + `}`,
		} {
			if r := d.want(patch(operation), http.StatusOK); r.body["active"] != !off {
				d.Errorf("%s leaves active %v", operation, r.body["active"])
			}
			off = !off
		}
		for i, operation := range []string{
			`{"op":"replace","path":"emails[type eq \"work\"].value","value":"%s"}`, `{"op":"replace","path":"emails.value","value":"%s"}`,
			`{"op":"replace","path":"emails","value":[{"value":"x@post.example"},{"value":"%s","primary":"True"}]}`,
			`{"op":"replace","value":{"emails[type eq \"work\"].value":"%s"}}`, `{"op":"add","value":{"emails":[{"value":"%s"}]}}`,
			`{"op":"remove","path":"emails[value eq \"oud@post.example\"]"},{"op":"add","path":"emails","value":{"value":"%s"}}`,
			// The address of before, in the forms of Entra and Okta, before or after the new one.
			`{"op":"Remove","path":"emails[type eq \"work\"].value","value":"oud@post.example"},{"op":"Add","path":"emails[type eq \"work\"].value","value":"%s"}`,
			`{"op":"Add","path":"emails[type eq \"work\"].value","value":"%s"},{"op":"Remove","path":"emails[type eq \"home\"].value"}`,
			`{"op":"add","path":"emails","value":[{"value":"%s","type":"work","primary":true}]},{"op":"remove","path":"emails[value eq \"oud@post.example\"]"}`,
			`{"op":"add","path":"emails","value":[{"value":"%s"}]},{"op":"remove","path":"emails","value":[{"value":"oud@post.example"}]}`,
		} {
			d.now = d.now.Add(time.Second)
			address := fmt.Sprintf("adres%d@post.example", i)
			r := d.want(patch(fmt.Sprintf(operation, address)), http.StatusOK)
			if !strings.Contains(fmt.Sprint(r.body["emails"]), address) || d.letters()[0].Mail.To != address {
				d.Errorf("%s leaves %v", operation, r.body["emails"])
			}
		}
		for _, operation := range []string{
			`{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"x"}`, `{"op":"remove","path":"phoneNumbers[type eq \"work\"]"}`,
			`{"op":"replace","path":"name.familyName","value":"Maas"}`, `{"op":"replace","path":"userName","value":"100200"}`, `{"op":"replace","value":{}}`,
		} {
			before := d.send("GET", "/v2/Users/"+id, "").Header().Get("ETag")
			if r := d.want(patch(operation), http.StatusOK); r.Header().Get("ETag") != before {
				d.Errorf("%s changed something", operation)
			}
		}
		letters := len(d.letters())
		for _, operation := range []string{`{"op":"add","path":"` + ours + `:resend","value":true}`, `{"op":"add","value":{"` + ours + `":{"resend":true}}}`, `{"op":"add","path":"` + ours + `","value":{"resend":"true"}}`} {
			d.now = d.now.Add(time.Second)
			d.want(patch(operation), http.StatusOK)
			if letters++; len(d.letters()) != letters {
				d.Errorf("%s: %d letters, want %d", operation, len(d.letters()), letters)
			}
		}
		before := fmt.Sprint(d.send("GET", "/v2/Users/"+id, "").body)
		for operation, kind := range map[string]string{
			`{"op":"replace","path":"active[","value":1}`: "invalidPath", `{"op":"replace","path":"kleur","value":1}`: "invalidPath", `{"op":"replace","path":"active","value":"ja"}`: "invalidValue",
			`{"op":"remove"}`: "noTarget", `{"op":"move","path":"active"}`: "invalidSyntax", `5`: "invalidSyntax", ``: "invalidSyntax", `{"op":"replace","value":5}`: "invalidValue",
			`{"op":"replace","path":"id","value":"x"}`: "mutability", `{"op":"replace","path":"` + ours + `:state","value":"active"}`: "mutability", `{"op":"replace","path":"password","value":"x"}`: "mutability",
			`{"op":"remove","path":"emails"}`: "mutability", `{"op":"Remove","path":"emails[type eq \"work\"].value","value":"x@post.example"}`: "mutability",
			`{"op":"remove","path":"emails[type eq \"work\"]"}`: "mutability", `{"op":"replace","path":"emails","value":[]}`: "mutability",
			`{"op":"replace","path":"emails.value","value":"nieuw@post.example"},{"op":"remove","path":"emails[value eq \"nieuw@post.example\"]"}`: "mutability",
			`{"op":"replace","path":"emails.value","value":"nieuw@post.example"},{"op":"remove","path":"emails"}`:                                  "mutability", `{"op":"replace","path":"userName","value":"anders"}`: "mutability", `{"op":"replace","path":"externalId","value":""}`: "invalidValue",
			`{"op":"replace","path":"emails","value":"geen adres"}`: "invalidValue", `{"op":"remove","path":"userName"}`: "invalidValue",
		} {
			d.want(patch(operation), http.StatusBadRequest, kind)
		}
		d.want(patch(`{"op":"replace","path":"active","value":false},{"op":"remove","path":"emails"}`), http.StatusBadRequest, "mutability")
		if after := fmt.Sprint(d.send("GET", "/v2/Users/"+id, "").body); after != before {
			d.Errorf("a refusal changed %s\nto %s", before, after)
		}
		d.wake()
		// The library forgets the address: of an active account that is the owner's.
		gone := d.want(patch(`{"op":"Remove","path":"emails[type eq \"work\"].value"},{"op":"Replace","path":"active","value":"False"}`), http.StatusOK)
		if more := gone.body[ours].(map[string]any); gone.body["active"] != false || fmt.Sprint(more["passedOver"]) != "[emails]" {
			d.Errorf("%v", gone.body)
		}
		d.want(patch(`{"op":"replace","path":"active","value":true}`), http.StatusOK)
		// What is the owner's by now never holds up a suspension, and the answer names it.
		r := d.want(patch(`{"op":"replace","path":"emails.value","value":"dief@post.example"},{"op":"replace","path":"active","value":false},{"op":"replace","path":"userName","value":"dief"}`), http.StatusOK)
		if more := r.body[ours].(map[string]any); r.body["active"] != false || fmt.Sprint(more["passedOver"]) != "[emails userName]" || r.body["userName"] != "100200" {
			d.Errorf("%v", r.body)
		}
		r = d.want(d.send("PUT", "/v2/Users/"+id, user("100200")), http.StatusOK)
		if more := r.body[ours].(map[string]any); r.body["active"] != true || fmt.Sprint(more["passedOver"]) != "[emails]" {
			d.Errorf("%v", r.body)
		}
		if more := d.send("GET", "/v2/Users/"+id, "").body[ours].(map[string]any); more["passedOver"] != nil {
			d.Errorf("%v", more)
		}
	})
}

func TestARefusalOfAPatchNamesTheOperationAndTheValue(t *testing.T) {
	each(t, func(d *door) {
		d.offer("jaar")
		id := d.create("100200")
		const fine, w1 = `{"op":"replace","path":"active","value":true},`, `"value":{"value":"W1","type":"jaar","start":"2026-01-01"}}`
		for operations, want := range map[string]string{
			fine + `{"op":"replace","path":"emails","value":"geen adres"}`: "Operations[1] emails: This is not an e-mail address",
			fine + `{"op":"replace","path":"active","value":"ja"}`:         `Operations[1] active: active is true or false, not "ja".`,
			fine + `{"op":"replace","path":"userName","value":"anders"}`:   "Operations[1] userName: The username of an account that waits",
			fine + `{"op":"replace","value":{"externalId":5}}`:             "Operations[1]: externalid is a text, not 5.",
			fine + `{"op":"move","path":"active"}`:                         `Operations[1] active: op is add, replace or remove, not "move".`,
			fine + `{"op":"remove","path":"emails"}`:                       "Operations[1] emails: A user keeps",
			fine + `5`:                                                     "Operations[1] is an object.",
			`{"op":"add","path":"memberships",` + w1 + `,` + fine + `{"op":"replace","path":"memberships[value eq \"W1\"].end","value":"31-12-2026"}`: `Operations[0] Operations[2] memberships: The membership W1 has the end "31-12-2026".`,
			`{"op":"add","path":"memberships","value":[{"value":"W1","type":"jaar","start":"2026-01-01"},{"value":"W2","type":"jaar"}]}`:              "Operations[0] memberships: memberships[1] (W2) has no start.",
			`{"op":"add","path":"memberships","value":[{"value":"W1","type":"goud","start":"2026-01-01"}]}`:                                           "Operations[0] memberships: The membership W1 has the type goud, and this organisation has no kind of membership with that code. It has: jaar.",
			`{"op":"add","path":"memberships","value":[{"value":"W1","type":"jaar","start":20260101}]}`:                                               "Operations[0] memberships: memberships[0] (W1) start is a text, not 20260101.",
			`{"op":"replace","path":"` + strings.Repeat("a", 1000) + `","value":1}`:                                                                   "Operations[0] " + strings.Repeat("a", 100) + "…: There is no attribute",
		} {
			r := d.want(d.send("PATCH", "/v2/Users/"+id, `{"Operations":[`+operations+`]}`), http.StatusBadRequest)
			if detail := fmt.Sprint(r.body["detail"]); !strings.HasPrefix(detail, want) || len(detail) > 500 {
				d.Errorf("%s\nsays %s\nwant %s", operations, detail, want)
			}
		}
		r := d.want(d.send("PUT", "/v2/Users/"+id, `{"externalId":"100200","memberships":[]}`), http.StatusBadRequest, "invalidSyntax")
		if !strings.Contains(fmt.Sprint(r.body["detail"]), held) {
			d.Errorf("%v", r.body)
		}
	})
}

func TestWhatIsNoUserIsRefused(t *testing.T) {
	each(t, func(d *door) {
		for body, want := range map[string]struct {
			status int
			kind   string
		}{
			`{`: {400, "invalidSyntax"}, `[]`: {400, "invalidSyntax"}, `{} {}`: {400, "invalidSyntax"}, `{"userName":"a","USERNAME":"b"}`: {400, "invalidSyntax"},
			strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 20): {400, "invalidSyntax"},
			`{}`: {400, "invalidValue"}, `{"userName":5}`: {400, "invalidValue"}, `{"userName":"zoe.maas"}`: {400, "invalidValue"}, `{"userName":"zoe.maas","emails":5}`: {400, "invalidValue"},
			`{"userName":"zoe.maas","emails":["a@b.nl"]}`: {400, "invalidValue"}, `{"userName":"z","emails":[{"value":"a@b.nl"}]}`: {400, "invalidValue"},
			`{"userName":"zoe.maas","emails":[{"value":"a@b.nl"}],"active":"misschien"}`: {400, "invalidValue"}, `{"userName":"zoe.maas","emails":[{"value":"a@b.nl"}],"password":"x"}`: {400, "mutability"},
			`{"userName":"zoe.maas","emails":[{"value":"a@b.nl"}],"` + ours + `":{"proof":{"ask":"x","code":"y"}}}`: {400, "invalidValue"},
			`{"userName":"zoe.maas","emails":[{"value":"a@b.nl"}],"kleur":"rood"}`:                                  {400, "invalidSyntax"}, `{"username":"zoe.maas","email":"a@b.nl"}`: {400, "invalidSyntax"},
			`{"userName":"zoe.maas","emails":[{"value":"a@b.nl"}],"active":false}`: {400, "invalidValue"},
			`{"externalId":"` + strings.Repeat("a", 64<<10) + `"}`:                 {413, ""},
		} {
			d.want(d.send("POST", "/v2/Users", body), want.status, want.kind)
		}
		if r := d.send("POST", "/v2/Users", `{"userName":"zoe.maas"}`); !strings.Contains(fmt.Sprint(r.body["detail"]), "emails is required") {
			d.Errorf("without an address: %v", r.body)
		}
		d.want(d.send("POST", "/v2/Users", user("100200"), "Content-Type: text/plain"), http.StatusUnsupportedMediaType)
		d.want(d.send("POST", "/v2/Users", user("100200"), "Content-Type: application/json; charset=utf-8"), http.StatusCreated)
		if n := len(d.letters()); n != 1 {
			d.Errorf("%d letters", n)
		}
	})
}

func TestAListHasPagesFiltersAndChosenAttributes(t *testing.T) {
	each(t, func(d *door) {
		for n := range 5 {
			d.create(fmt.Sprint(100200 + n))
			d.now = d.now.Add(time.Second)
		}
		r := d.want(d.send("GET", "/v2/Users?startIndex=2&count=2&attributes=userName,meta.version,"+ours+":state", ""), http.StatusOK)
		list := r.body["Resources"].([]any)
		first := list[0].(map[string]any)
		if r.body["totalResults"] != 5.0 || r.body["startIndex"] != 2.0 || r.body["itemsPerPage"] != 2.0 || first["userName"] != "100201" || first["externalId"] != nil ||
			first["id"] == nil || len(first["meta"].(map[string]any)) != 1 || fmt.Sprint(first[ours]) != "map[state:waiting]" {
			d.Errorf("%s", r.ResponseRecorder.Body)
		}
		filter := url.QueryEscape(`emails.value eq "100203@post.example" or externalId eq "100201"`)
		r = d.want(d.send("GET", "/v2/Users?filter="+filter+"&excludedAttributes=meta,emails.primary,id", ""), http.StatusOK)
		list = r.body["Resources"].([]any)
		if r.body["totalResults"] != 2.0 || list[1].(map[string]any)["meta"] != nil || list[1].(map[string]any)["id"] == nil || fmt.Sprint(list[1].(map[string]any)["emails"]) != "[map[value:100203@post.example]]" {
			d.Errorf("%s", r.ResponseRecorder.Body)
		}
		for _, at := range []string{"/v2/.search", "/v2/Users/.search"} {
			r = d.want(d.send("POST", at, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"active eq true","startIndex":5,"count":9,"attributes":["userName"]}`), http.StatusOK)
			if list = r.body["Resources"].([]any); len(list) != 1 || list[0].(map[string]any)["userName"] != "100204" {
				d.Errorf("%s: %s", at, r.ResponseRecorder.Body)
			}
		}
		if r = d.send("GET", "/v2/Users?count=0", ""); r.body["totalResults"] != 5.0 || fmt.Sprint(r.body["Resources"]) != "[]" {
			d.Errorf("%s", r.ResponseRecorder.Body)
		}
		for query, kind := range map[string]string{"filter=userName": "invalidFilter", "filter=" + url.QueryEscape(`userName sw "1"`): "invalidFilter", "count=veel": "invalidValue",
			"attributes=id&excludedAttributes=meta": "invalidValue", "filter=" + strings.Repeat("(", 3000): "invalidFilter"} {
			d.want(d.send("GET", "/v2/Users?"+query, ""), http.StatusBadRequest, kind)
		}
		d.want(d.send("POST", "/v2/.search", `{"count":1.5}`), http.StatusBadRequest, "invalidValue")
	})
}

func TestATokenOpensWhatItsScopesName(t *testing.T) {
	each(t, func(d *door) {
		id := d.create("100200")
		for _, header := range []string{"", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + strings.Repeat("x", 9000)} {
			r := d.want(d.send("GET", "/v2/Users/"+id, "", "Authorization: "+header), http.StatusUnauthorized)
			wrong := strings.HasPrefix(header, "Bearer x")
			if got := r.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") || strings.Contains(got, "invalid_token") != wrong || strings.Contains(fmt.Sprint(r.body["detail"]), "unknown") != wrong {
				d.Errorf("%q: %s %v", header, got, r.body)
			}
		}
		d.token = d.issue("noord", provision.Read)
		d.want(d.send("GET", "/v2/Users/"+id, ""), http.StatusOK)
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			d.want(d.send(method, "/v2/Users/"+id, "{}"), http.StatusForbidden)
		}
		d.want(d.send("POST", "/v2/Users", user("100201")), http.StatusForbidden)
		d.want(d.send("POST", "/v2/Proofs", `{"userName":"100200"}`), http.StatusForbidden)
		d.token = d.issue("zuid", provision.Scopes...)
		d.want(d.send("GET", "/v2/Users/"+id, ""), http.StatusNotFound)
		if r := d.send("GET", "/v2/Users", ""); r.body["totalResults"] != 0.0 {
			d.Errorf("another organisation sees %v", r.body)
		}
	})
}

func TestAnExistingAccountIsLinkedOverHTTP(t *testing.T) {
	codePattern := regexp.MustCompile(`(?m)^([A-Z0-9]{4}-[A-Z0-9]{4})$`)
	each(t, func(d *door) {
		d.create("100200")
		d.wake()
		d.token = d.issue("zuid", provision.Scopes...)
		r := d.want(d.send("POST", "/v2/Users", user("100200")), http.StatusConflict, "uniqueness")
		if !strings.Contains(fmt.Sprint(r.body["detail"]), "/Proofs") {
			d.Errorf("the way is not told: %v", r.body)
		}
		unknown := d.want(d.send("POST", "/v2/Proofs", `{"userName":"iemand.anders"}`), http.StatusCreated)
		d.now = d.now.Add(time.Second)
		known := d.want(d.send("POST", "/v2/Proofs", `{"userName":"100200"}`), http.StatusCreated)
		if len(unknown.body) != len(known.body) || unknown.ResponseRecorder.Body.Len() != known.ResponseRecorder.Body.Len() {
			d.Errorf("%v and %v differ", unknown.body, known.body)
		}
		code := codePattern.FindString(d.letters()[0].Mail.Text)
		link := func(code string) reply {
			return d.send("POST", "/v2/Users", fmt.Sprintf(`{"externalId":"Z1","%s":{"proof":{"ask":%q,"code":%q}}}`, ours, known.body["ask"], code))
		}
		d.want(link("3333-3333"), http.StatusBadRequest, "invalidValue")
		r = d.want(link(code), http.StatusCreated)
		if r.body["userName"] != "100200" || r.body["emails"] != nil || r.body[ours].(map[string]any)["state"] != "active" {
			d.Errorf("%v", r.body)
		}
		d.want(d.send("POST", "/v2/Proofs", `{"userName":"\u0000"}`), http.StatusBadRequest, "invalidValue")
		for range 4 {
			r = d.send("POST", "/v2/Proofs", `{"userName":"100200"}`)
		}
		d.want(r, http.StatusTooManyRequests)
	})
}

func TestADiscoveryNeedsNoToken(t *testing.T) {
	each(t, func(d *door) {
		d.token = ""
		for path, want := range map[string]string{
			"/v2/ServiceProviderConfig": `"bulk":{"maxOperations":0,"maxPayloadSize":0,"supported":false}`, "/v2/ResourceTypes": `"totalResults":2`, "/v2/ResourceTypes/MembershipKind": `"endpoint":"/MembershipKinds"`, "/v2/ResourceTypes/User": `"endpoint":"/Users"`,
			"/v2/Schemas": `"totalResults":4`, "/v2/Schemas/" + held: `"name":"memberships"`, "/v2/Schemas/" + core: `"name":"userName"`, "/v2/Schemas/" + ours: `"mutability":"writeOnly"`,
		} {
			if r := d.want(d.send("GET", path, ""), http.StatusOK); !strings.Contains(r.ResponseRecorder.Body.String(), want) {
				d.Errorf("%s: %s", path, r.ResponseRecorder.Body)
			}
		}
		for path, want := range map[string]string{"/v2/Schemas/" + core: `"name":"externalId"`, "/v2/ServiceProviderConfig": "Beheer", "/v2/ResourceTypes": held} {
			if r := d.send("GET", path, ""); !strings.Contains(r.ResponseRecorder.Body.String(), want) {
				d.Errorf("%s: %s", path, r.ResponseRecorder.Body)
			}
		}
		schema := d.send("GET", "/v2/Schemas/"+core, "").body["attributes"].([]any)
		required := map[string]bool{}
		for _, each := range schema {
			a := each.(map[string]any)
			required[a["name"].(string)] = a["required"].(bool)
		}
		if required["userName"] || required["externalId"] || !required["emails"] {
			d.Errorf("required: %v", required)
		}
		for path, status := range map[string]int{"/v2/Schemas?filter=x": 403, "/v2/Schemas/x": 404, "/v2/ResourceTypes/Group": 404, "/v2/Groups": 404, "/": 404, "/v2/Me": 501, "/v2/Users": 401, "/v2/Users/%00": 401} {
			d.want(d.send("GET", path, ""), status)
		}
		d.want(d.send("POST", "/v2/Bulk", "{}"), http.StatusNotImplemented)
		if r := d.want(d.send("PUT", "/v2/Users", "{}"), http.StatusMethodNotAllowed); r.Header().Get("Allow") != "GET, POST" {
			d.Errorf("Allow %q", r.Header().Get("Allow"))
		}
	})
}

func TestAProgramIsHeldBackAndNotTheOthers(t *testing.T) {
	each(t, func(d *door) {
		calls := 0
		for r := d.send("GET", "/v2/Users?count=0", ""); r.Code == http.StatusOK && calls < 2000; r = d.send("GET", "/v2/Users?count=0", "") {
			calls++
		}
		r := d.want(d.send("GET", "/v2/Users?count=0", ""), http.StatusTooManyRequests)
		if calls != 1000 || r.Header().Get("Retry-After") != "1" {
			d.Errorf("after %d calls, Retry-After %q", calls, r.Header().Get("Retry-After"))
		}
		full := d.token
		d.token = d.issue("zuid", provision.Read)
		d.want(d.send("GET", "/v2/Users?count=0", ""), http.StatusOK)
		d.token, d.now = full, d.now.Add(time.Second)
		for range 50 {
			d.want(d.send("GET", "/v2/Users?count=0", ""), http.StatusOK)
		}
		d.want(d.send("GET", "/v2/Users?count=0", ""), http.StatusTooManyRequests)

		good := d.issue("zuid", provision.Read)
		d.token = "een oud token"
		for range 60 {
			d.want(d.send("GET", "/v2/Users", ""), http.StatusUnauthorized)
		}
		d.want(d.send("GET", "/v2/Users", ""), http.StatusTooManyRequests)
		d.token = good
		d.want(d.send("GET", "/v2/Users", ""), http.StatusOK) // from the same network
	})
}

func TestNothingPersonalReachesTheLog(t *testing.T) {
	each(t, func(d *door) {
		id := d.create("100200")
		d.send("GET", "/v2/Users?filter="+url.QueryEscape(`emails.value eq "100200@post.example"`), "")
		d.send("PATCH", "/v2/Users/"+id, `{"Operations":[{"op":"replace","path":"emails.value","value":"geheim adres"}]}`)
		d.send("POST", "/v2/Users", user("100200"))
		d.send("POST", "/v2/Users", `{"userName":"Maas`)
		d.send("POST", "/v2/Proofs", `{"userName":"100200"}`)
		d.send("DELETE", "/v2/Users/"+id, "")
		logged := d.log.String()
		if strings.Count(logged, "msg=request") != 7 || !strings.Contains(logged, "route=/scim/v2/Users/{id}") {
			d.Errorf("the log:\n%s", logged)
		}
		for _, never := range []string{"100200", "post.example", "Maas", "Zo", "geheim", string(d.token), id} {
			if strings.Contains(logged, never) {
				d.Errorf("the log holds %q:\n%s", never, logged)
			}
		}
	})
}

func TestABodyThatNeverEndsIsCutOff(t *testing.T) {
	each(t, func(d *door) {
		r := httptest.NewRequest("POST", "https://lid.test/scim/v2/Users", io.MultiReader(strings.NewReader(`{"a":"`), endless{}))
		r.Header.Set("Authorization", "Bearer "+string(d.token))
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge {
			d.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
