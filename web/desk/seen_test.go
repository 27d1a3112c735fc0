package desk_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestEveryPageOfACustomerCountsAsSeen walks over whatever the site map has below a
// customer: opening it is seeing the customer.
func TestEveryPageOfACustomerCountsAsSeen(t *testing.T) {
	text, err := os.ReadFile("desk.go")
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`m\.Page\("(GET|POST) (/klanten/\{id\}[^"]*)"`).FindAllStringSubmatch(string(text), -1)
	if len(routes) < 20 {
		t.Fatalf("the site map has %d", len(routes))
	}
	// A page that shows a customer says so in its address.
	for _, m := range regexp.MustCompile(`\{id\}`).FindAllStringIndex(string(text), -1) {
		if !strings.HasSuffix(string(text[:m[0]]), "/klanten/") {
			t.Errorf("{id} stands for something else than a customer: %s", text[m[0]-30:m[1]])
		}
	}
	each(t, func(t *testing.T, h *house) {
		h.clerk("anja").enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		mina := h.clerk("mina")
		for _, m := range routes {
			path := strings.NewReplacer("{id}", id, "{betaling}", "B", "{inschrijving}", "I").Replace(m[2])
			before := h.count("audit_look")
			h.pass(time.Hour)
			mina = h.clerk("mina")
			if m[1] == "GET" {
				mina.get(path)
			} else {
				mina.post(path)
			}
			if n := h.count("audit_look") - before; n != 1 {
				t.Errorf("%s %s left %d looks", m[1], m[2], n)
			}
		}
		// Of who is nobody's customer here, nothing is kept.
		before := h.count("audit_look")
		mina.get("/klanten/bestaatniet/email").is(404, "/email")
		if n := h.count("audit_look") - before; n != 0 {
			t.Errorf("%d looks at nobody", n)
		}
	})
}

func TestWhatWasAskedInVainIsKept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at, _ := h.twoSteps(h.clerk("anja"))
		h.clerk("fenna").post(at+"/inlogaccount/tweede-stap", "document", "passport").is(403, "/tweede-stap")
		h.clerk("fenna").get(at+"/inlogaccount/tweede-stap").is(403, "/tweede-stap")
		anja := h.clerk("anja")
		anja.post(at+"/inlogaccount/tweede-stap", "document", "").is(422, "/tweede-stap") // a slip
		anja.post(at+"/inlogaccount/tweede-stap", "document", "passport").is(200, at).lacks("geweigerd")
		h.clerk("bert").post(at+"/inlogaccount/tweede-stap", "document", "passport").is(409, "/tweede-stap")
		seen := h.clerk("mina").get(at+"/inzage").want("Geprobeerd de tweede stap te laten weghalen: geweigerd", "Fenna de Boer", "Bert de Boer")
		if n := strings.Count(seen.text, "geweigerd"); n != 2 {
			t.Errorf("%d refusals are kept", n)
		}
	})
}
