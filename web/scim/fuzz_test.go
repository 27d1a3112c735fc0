package scim

import (
	"errors"
	"testing"
)

// FuzzBody reads anything as a user and as a PATCH: it is understood or refused as
// the mistake of who sent it, and never ours.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"userName":"zoe","emails":[{"value":"a@b.nl","primary":"True"}],"active":"false"}`,
		`{"Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"}]}`,
		`{"Operations":[{"op":"add","value":{"urn:lidwoord:scim:1.0:User":{"resend":true}}}]}`, `{"Operations":[{"op":"remove","path":"memberships[type eq \"jaar\" and not (end pr)].end"}]}`,
		`{"urn:lidwoord:params:scim:schemas:extension:membership:2.0:User":{"memberships":[{"value":"W1","type":"jaar","start":"2026-01-01","end":null}]}}`,
		`{"Operations":[{"op":"remove","path":"memberships","value":[{"value":"W1"}]},{"op":"add","value":{"urn:lidwoord:params:scim:schemas:extension:membership:2.0:User:memberships":{}}}]}`, `{"emails":{}}`, `[[[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := readObject(text)
		if err == nil {
			_, err = readPatch(o)
			theirs(t, err)
			_, err = viewIn(o)
			theirs(t, err)
			_, err = readPerson(o)
		}
		theirs(t, err)
	})
}

func theirs(t *testing.T, err error) {
	t.Helper()
	var p *problem
	if err != nil && (!errors.As(err, &p) || p.status != 400) {
		t.Errorf("%v", err)
	}
}
