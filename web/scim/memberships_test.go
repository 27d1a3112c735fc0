package scim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/identity/provision"
)

func (d *door) offer(codes ...string) {
	d.Helper()
	for _, code := range codes {
		d.do(func(tx *sqldb.Tx) error {
			return provision.SaveKind(tx, "command", provision.Kind{Organisation: "noord", Code: code, NameNL: "Abonnement " + code, Rights: []string{provision.Digital}, Offered: true})
		})
	}
}

// has is the memberships in an answer, as JSON with its names in order.
func has(r reply) string {
	more, _ := r.body[held].(map[string]any)
	if more["memberships"] == nil {
		return ""
	}
	text, _ := json.Marshal(more["memberships"])
	return string(text)
}

func TestMembershipsAreCreatedReadAndReplaced(t *testing.T) {
	each(t, func(d *door) {
		d.offer("jaar", "basis")
		with := func(number, memberships string) string {
			return strings.Replace(user(number), `"active":true`, `"active":true,"`+held+`":{"memberships":`+memberships+`}`, 1)
		}
		r := d.want(d.send("POST", "/v2/Users", with("100200", `[{"value":"W1","type":"jaar","start":"2026-01-01","end":"2026-12-31"},{"type":"basis","value":"W0","start":"2025-01-01"}]`)), http.StatusCreated)
		const both = `[{"start":"2025-01-01","type":"basis","value":"W0"},{"end":"2026-12-31","start":"2026-01-01","type":"jaar","value":"W1"}]`
		if has(r) != both || !strings.Contains(fmt.Sprint(r.body["schemas"]), held) {
			d.Errorf("%v", r.body)
		}
		path := "/v2/Users/" + r.body["id"].(string)
		tag := r.Header().Get("ETag")
		if r = d.want(d.send("GET", path, ""), 200); has(r) != both || r.Header().Get("ETag") != tag {
			d.Errorf("read %v", r.body)
		}
		if r = d.want(d.send("GET", "/v2/Users", ""), 200); !strings.Contains(r.ResponseRecorder.Body.String(), both) {
			d.Errorf("listed %v", r.body)
		}
		for asked, want := range map[string]string{
			"attributes=" + held + ":memberships.value": `[{"value":"W0"},{"value":"W1"}]`, "attributes=" + held + ":memberships": both, "attributes=" + held: both, "attributes=userName": "",
			"excludedAttributes=" + held + ":memberships.type": strings.NewReplacer(`"type":"basis",`, "", `"type":"jaar",`, "").Replace(both), "excludedAttributes=" + held: "", "excludedAttributes=" + held + ":memberships": "",
		} {
			if r = d.want(d.send("GET", path+"?"+asked, ""), 200); has(r) != want {
				d.Errorf("%s: %s", asked, has(r))
			}
		}
		// What is missing in a PUT stays; what is named takes the place of all.
		if r = d.want(d.send("PUT", path, user("100200")), 200); has(r) != both || r.Header().Get("ETag") != tag {
			d.Errorf("put without %v", r.body)
		}
		if r = d.want(d.send("PUT", path, with("100200", both)), 200); r.Header().Get("ETag") != tag {
			d.Error("putting the same changes the version")
		}
		d.want(d.send("PUT", path, with("100200", `[]`), `If-Match: W/"oud"`), http.StatusPreconditionFailed)
		d.now = d.now.Add(1e9)
		r = d.want(d.send("PUT", path, with("100200", `[{"value":"W2","type":"jaar","start":"2026-02-01"}]`), "If-Match: "+tag), 200)
		meta := r.body["meta"].(map[string]any)
		if has(r) != `[{"start":"2026-02-01","type":"jaar","value":"W2"}]` || r.Header().Get("ETag") == tag || meta["lastModified"] == meta["created"] {
			d.Errorf("put %v", r.body)
		}
		for _, none := range []string{`null`, `[]`} {
			if r = d.want(d.send("PUT", path, with("100200", none)), 200); has(r) != "" || strings.Contains(fmt.Sprint(r.body["schemas"]), held) {
				d.Errorf("%s leaves %v", none, r.body)
			}
		}
		d.want(d.send("PUT", path, strings.Replace(user("100200"), `"active":true`, `"`+held+`":null`, 1)), 200)

		r = d.want(d.send("PUT", path, with("100200", `[{"value":"W2","type":"goud","start":"2026-02-01"}]`)), 400, "invalidValue")
		if r.body["detail"] != "memberships: The membership W2 has the type goud, and this organisation has no kind of membership with that code. It has: basis, jaar." {
			d.Errorf("%v", r.body)
		}
		for _, wrong := range []string{`5`, `[5]`, `[[]]`, `[{}]`, `[{"value":5,"type":"jaar","start":"2026-01-01"}]`, `[{"value":"W","type":"jaar"}]`, `[{"value":"W","type":"jaar","start":null}]`, `[{"value":"W","type":"jaar","start":"morgen"}]`} {
			d.want(d.send("PUT", path, with("100200", wrong)), 400, "invalidValue")
		}
		d.want(d.send("PUT", path, with("100200", `[{"value":"W","type":"jaar","start":"2026-01-01","eind":"2026-12-31"}]`)), 400, "invalidSyntax")
		d.want(d.send("POST", "/v2/Users", strings.Replace(user("100201"), `"active":true`, `"memberships":[]`, 1)), 400, "invalidSyntax")
		d.want(d.send("POST", "/v2/Users", strings.Replace(user("100201"), `"active":true`, `"`+held+`":{"lidmaatschappen":[]}`, 1)), 400, "invalidSyntax")
	})
}

func TestAPatchOfMembershipsIsReadInEveryHabit(t *testing.T) {
	each(t, func(d *door) {
		d.offer("jaar", "basis")
		path := "/v2/Users/" + d.create("100200")
		patch := func(operations string) reply {
			return d.send("PATCH", path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operations+`]}`)
		}
		const w1, w2 = `{"value":"W1","type":"jaar","start":"2026-01-01"}`, `{"value":"W2","type":"basis","start":"2026-02-01","end":"2026-12-31"}`
		in := func(operation string) string { return strings.ReplaceAll(operation, "URN", held) }
		for _, step := range []struct{ operation, want string }{
			{`{"op":"add","path":"URN:memberships","value":[` + w1 + `]}`, "W1 jaar 2026-01-01"},
			{`{"op":"add","path":"URN:memberships","value":` + w2 + `}`, "W1 jaar 2026-01-01, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"Add","value":{"URN":{"memberships":[` + w2 + `]}}}`, "W1 jaar 2026-01-01, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"replace","path":"URN:memberships[value eq \"W1\"].end","value":"2026-11-30"}`, "W1 jaar 2026-01-01 2026-11-30, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"remove","path":"memberships[value eq \"W1\"].end"}`, "W1 jaar 2026-01-01, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"add","path":"memberships[value eq \"W1\"]","value":{"end":"2026-10-31","type":"basis"}}`, "W1 basis 2026-01-01 2026-10-31, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"replace","path":"memberships[value eq \"W1\"]","value":[{"value":"W1","type":"jaar","start":"2026-01-01","end":null}]}`, "W1 jaar 2026-01-01, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"replace","path":"memberships[type eq \"basis\" and end lt \"2027-01-01\" or start gt \"2030-01-01\"].end","value":"2026-12-30"}`, "W1 jaar 2026-01-01, W2 basis 2026-02-01 2026-12-30"},
			{`{"op":"replace","path":"memberships[not (end pr)].start","value":"2026-01-02"}`, "W1 jaar 2026-01-02, W2 basis 2026-02-01 2026-12-30"},
			{`{"op":"replace","value":{"URN:memberships[value eq \"W2\"].end":null}}`, "W1 jaar 2026-01-02, W2 basis 2026-02-01"},
			{`{"op":"replace","path":"URN:memberships.end","value":"2026-12-31"}`, "W1 jaar 2026-01-02 2026-12-31, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"remove","path":"memberships","value":[{"value":"W1"}]}`, "W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"remove","path":"URN:memberships[value eq \"W2\"]"},{"op":"add","path":"URN:memberships","value":` + w1 + `}`, "W1 jaar 2026-01-01"},
			{`{"op":"replace","path":"URN","value":{"memberships":[` + w1 + `,` + w2 + `]}}`, "W1 jaar 2026-01-01, W2 basis 2026-02-01 2026-12-31"},
			{`{"op":"remove","path":"URN:memberships"}`, ""},
			{`{"op":"remove","path":"memberships"}`, ""},
			{`{"op":"replace","value":{"URN:memberships":[` + w1 + `],"active":true}}`, "W1 jaar 2026-01-01"},
			{`{"op":"remove","path":"URN"}`, ""},
			{`{"op":"add","path":"memberships","value":` + w1 + `}`, "W1 jaar 2026-01-01"},
		} {
			r := d.want(patch(in(step.operation)), http.StatusOK)
			var list []string
			more, _ := r.body[held].(map[string]any)
			all, _ := more["memberships"].([]any)
			for _, each := range all {
				m := each.(map[string]any)
				text := fmt.Sprint(m["value"], " ", m["type"], " ", m["start"])
				if m["end"] != nil {
					text += " " + m["end"].(string)
				}
				list = append(list, text)
			}
			if got := strings.Join(list, ", "); got != step.want {
				d.Errorf("%s\nleaves %s, want %s", step.operation, got, step.want)
			}
		}
		before := d.send("GET", path, "").Header().Get("ETag")
		for operation, kind := range map[string]string{
			`{"op":"replace","path":"memberships[value eq \"W9\"].end","value":"2026-12-31"}`: "noTarget", `{"op":"remove","path":"memberships[value eq \"W9\"]"}`: "noTarget",
			`{"op":"remove","path":"memberships","value":[{"value":"W9"}]}`: "noTarget", `{"op":"remove","path":"memberships[value eq \"W1\"].start"}`: "invalidValue",
			`{"op":"replace","path":"memberships[waarde eq \"W1\"]","value":{"end":"2026-12-31"}}`: "invalidPath", `{"op":"remove","path":"memberships[value.x eq \"W1\"]"}`: "invalidPath",
			`{"op":"replace","path":"memberships[value eq \"W1\"].eind","value":"x"}`: "invalidPath", `{"op":"replace","path":"URN:lidmaatschappen","value":[]}`: "invalidPath",
			`{"op":"replace","path":"URN[value eq \"W1\"]","value":{}}`: "invalidPath", `{"op":"replace","path":"URN","value":5}`: "invalidValue",
			`{"op":"replace","path":"memberships[value eq \"W1\"]","value":"x"}`: "invalidValue", `{"op":"replace","path":"memberships[value eq \"W1\"]","value":{"value":"W2"}}`: "mutability",
			`{"op":"replace","path":"memberships[value eq \"W1\"].type","value":"goud"}`: "invalidValue", `{"op":"replace","path":"memberships[value eq \"W1\"].type","value":5}`: "invalidValue",
			`{"op":"remove","path":"memberships","value":["W1"]}`: "invalidValue", `{"op":"remove","path":"memberships","value":[{}]}`: "invalidValue",
			`{"op":"replace","path":"memberships[value eq \"W1\"].end","value":"2025-12-31"}`:                         "invalidValue",
			`{"op":"replace","path":"active","value":false},{"op":"add","path":"memberships","value":{"value":"W2"}}`: "invalidValue",
		} {
			if r := d.want(patch(in(operation)), http.StatusBadRequest, kind); r.body["scimType"] != kind {
				d.Errorf("%s", operation)
			}
		}
		if r := d.send("GET", path, ""); r.Header().Get("ETag") != before {
			d.Errorf("a refusal changed %v", r.body)
		}
		d.token = d.issue("zuid", provision.Scopes...)
		d.want(d.send("PATCH", path, `{"Operations":[{"op":"remove","path":"memberships"}]}`), http.StatusNotFound)
	})
}

func TestAProgramReadsTheKindsOfItsOwnOrganisation(t *testing.T) {
	each(t, func(d *door) {
		if r := d.want(d.send("GET", "/v2/MembershipKinds", ""), http.StatusOK); !strings.Contains(r.ResponseRecorder.Body.String(), `"Resources":[]`) {
			d.Errorf("%v", r.body)
		}
		d.offer("jaar", "basis/jeugd")
		r := d.want(d.send("GET", "/v2/MembershipKinds", ""), http.StatusOK)
		if r.body["totalResults"] != 2.0 || !strings.Contains(r.ResponseRecorder.Body.String(), `"id":"jaar"`) || !strings.Contains(r.ResponseRecorder.Body.String(), `"offered":true,"rights":["digital"]`) {
			d.Errorf("%v", r.body)
		}
		if r = d.want(d.send("GET", "/v2/MembershipKinds/basis%2Fjeugd", ""), http.StatusOK); r.body["name"] != "Abonnement basis/jeugd" {
			d.Errorf("%v", r.body)
		}
		d.want(d.send("GET", "/v2/MembershipKinds/goud", ""), http.StatusNotFound)
		d.want(d.send("POST", "/v2/MembershipKinds", `{}`), http.StatusMethodNotAllowed)
		d.token = d.issue("zuid", provision.Scopes...)
		d.want(d.send("GET", "/v2/MembershipKinds/jaar", ""), http.StatusNotFound)
		d.token = d.issue("zuid", provision.Write)
		d.want(d.send("GET", "/v2/MembershipKinds", ""), http.StatusForbidden)
	})
}
