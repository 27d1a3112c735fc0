package provision_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"lidwoord/identity/provision"
)

func TestAFilterIsReadAsItWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		`userName eq "zoe"`:                                   `userName eq "zoe"`,
		`userName EQ "zo\u00eb \"x\""`:                        `userName eq "zoë \"x\""`,
		`active eq true`:                                      `active eq true`,
		`a eq 1.5 and b pr`:                                   `a eq 1.5 and b pr`,
		`a eq null`:                                           `a eq null`,
		`a pr or b pr and c pr`:                               `a pr or b pr and c pr`,
		`a pr and (b pr and c pr) or (d pr or e pr)`:          `a pr and (b pr and c pr) or (d pr or e pr)`,
		`(a pr or b pr) AND not(c pr)`:                        `(a pr or b pr) and not (c pr)`,
		`emails[type eq "work" and value co "@x"]`:            `emails[type eq "work" and value co "@x"]`,
		`emails[type eq "work"].value EQ "a@b.nl" and a pr`:   `emails[type eq "work"].value eq "a@b.nl" and a pr`,
		`(a pr)and(b pr)`:                                     `a pr and b pr`,
		`urn:ietf:params:scim:schemas:core:2.0:User:id sw ""`: `urn:ietf:params:scim:schemas:core:2.0:User:id sw ""`,
		`  userName  eq  "zoe"  `:                             `userName eq "zoe"`,
		`not (not (a pr))`:                                    `not (not (a pr))`,
	} {
		f, err := provision.ReadFilter(text)
		if err != nil || f.String() != want {
			t.Errorf("%s reads as %s, %v; want %s", text, f, err, want)
		}
	}
}

func TestWhatIsNoFilterIsRefusedWithItsPlace(t *testing.T) {
	for text, at := range map[string]int{
		"": 1, "userName": 9, "userName eq": 12, `userName eq "zoe`: 17, `userName eq zoe`: 16, `userName like "a"`: 15,
		`userName eq "a" userName eq "b"`: 17, `(a pr`: 6, `a pr)`: 5, `not a pr`: 5, `a eq {}`: 8, `a eq [1]`: 8, `and`: 4, `a pr and`: 6, `1a pr`: 4,
		`a eq "\`: 8, "a\x00 pr": 2, "a eq \"\xff\"": 1, `a[b pr`: 7, `a[b pr].`: 9, `a[b pr].c.d eq 1`: 13, `a[b pr].c pr`: 13, `a[b pr].c`: 10, `a.. pr`: 5,
		strings.Repeat("a", provision.LongestFilter+1): 1,
	} {
		_, err := provision.ReadFilter(text)
		if !errors.Is(err, provision.ErrFilter) {
			t.Errorf("%.40q: %v", text, err)
		} else if got := errorArgs(err)[0]; got != at {
			t.Errorf("%.40q: the mistake is at %v, want %d", text, got, at)
		}
	}
	deep := strings.Repeat("(", provision.DeepestFilter) + "a pr" + strings.Repeat(")", provision.DeepestFilter)
	wide := strings.Repeat("a pr or ", provision.MostTerms-1) + "a pr"
	for text, good := range map[string]bool{deep: true, "(" + deep + ")": false, wide: true, wide + " or a pr": false} {
		if _, err := provision.ReadFilter(text); (err == nil) != good {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestAPathNamesWhatAPatchChanges(t *testing.T) {
	for text, want := range map[string]string{
		"active":                            "active||",
		"name.familyName":                   "name.familyName||",
		`emails[type eq "work"].value`:      `emails|type eq "work"|value`,
		`emails[primary eq true]`:           `emails|primary eq true|`,
		"urn:lidwoord:scim:1.0:User:resend": "urn:lidwoord:scim:1.0:User:resend||",
	} {
		p, err := provision.ReadPath(text)
		which := ""
		if p.Which != nil {
			which = p.Which.String()
		}
		if got := p.Attribute + "|" + which + "|" + p.Part; err != nil || got != want {
			t.Errorf("%s reads as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", " active", "emails[", "emails[]", "emails[a pr].", "emails[a pr].b.c", "emails[a pr]x", "active eq true", "a[b pr][c pr]"} {
		if _, err := provision.ReadPath(text); !errors.Is(err, provision.ErrFilter) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{`userName eq "zoe"`, `not (a pr or (b co "x" and c ne null))`, `emails[type eq "work" and value sw "a"].value`, `a.b[c pr].d eq "x" or e[f[g pr].h ne 1] `, `a eq -1.5e3`, `((((((((((a pr`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		_, _ = provision.ReadPath(text)
		one, err := provision.ReadFilter(text)
		if spent := time.Since(start); spent > time.Second {
			t.Fatalf("%d bytes took %s", len(text), spent)
		}
		if err != nil {
			return
		}
		written := one.String()
		if len(written) > provision.LongestFilter { // what was written with fewer brackets or escapes
			return
		}
		two, err := provision.ReadFilter(written)
		if err != nil || !reflect.DeepEqual(one, two) {
			a, _ := json.Marshal(one)
			b, _ := json.Marshal(two)
			t.Errorf("%q is written %q, which reads otherwise (%v):\n%s\n%s", text, written, err, a, b)
		}
	})
}
