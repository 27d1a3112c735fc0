package factor_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/sqldb"
)

var door = virtualwebauthn.RelyingParty{ID: "lid.example", Name: "Bind", Origin: "https://lid.example"}

func passkeysAt(t testing.TB, address string) *factor.Passkeys {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p, err := factor.NewPasskeys(at, "Bind")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// phone is an authenticator with one passkey, as a browser presents it.
type phone struct {
	c    *clock
	p    *factor.Passkeys
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newPhone(c *clock, p *factor.Passkeys) *phone {
	return &phone{c: c, p: p, auth: virtualwebauthn.NewAuthenticator(), key: newKey()}
}

// newKey makes a key whose numbers fill their 32 bytes. Of one in 128 the module leaves
// out the zero in front, which no authenticator does.
func newKey() virtualwebauthn.Credential {
	const full = 77
	for {
		if key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(key.Key.AttestationData()) == full {
			return key
		}
	}
}

// made begins to add a passkey and lets the phone answer.
func (f *phone) made(owner factor.Owner) factor.Answer {
	f.c.t.Helper()
	var q factor.Ceremony
	f.c.do(func(tx *sqldb.Tx) (err error) {
		q, err = f.p.BeginAdd(tx, owner, factor.Person{Username: "eva", Name: "Eva"})
		return err
	})
	options, err := virtualwebauthn.ParseAttestationOptions(q.Options)
	if err != nil {
		f.c.t.Fatal(err)
	}
	f.auth.Options.UserHandle = []byte(options.UserID)
	return factor.Answer{Token: q.Token, Response: virtualwebauthn.CreateAttestationResponse(door, f.auth, f.key, *options)}
}

func (f *phone) add(owner factor.Owner, name string) error {
	f.c.t.Helper()
	return f.keep(owner, f.made(owner), name)
}

func (f *phone) keep(owner factor.Owner, a factor.Answer, name string) error {
	a.Name = name
	return f.p.Add(f.c.t.Context(), f.c.DB, owner, a, func(*sqldb.Tx) error { return nil })
}

// signed lets the phone answer BeginSignIn, or BeginStep of an owner.
func (f *phone) signed(owner factor.Owner) factor.Answer {
	f.c.t.Helper()
	var q factor.Ceremony
	f.c.do(func(tx *sqldb.Tx) (err error) {
		if owner == "" {
			q, err = f.p.BeginSignIn(tx)
		} else {
			q, err = f.p.BeginStep(tx, owner)
		}
		return err
	})
	options, err := virtualwebauthn.ParseAssertionOptions(q.Options)
	if err != nil {
		f.c.t.Fatal(err)
	}
	return factor.Answer{Token: q.Token, Response: virtualwebauthn.CreateAssertionResponse(door, f.auth, f.key, *options)}
}

func (f *phone) in(a factor.Answer) (who factor.Owner, err error) {
	err = f.p.SignIn(f.c.t.Context(), f.c.DB, a, func(_ *sqldb.Tx, o factor.Owner) error { who = o; return nil })
	return who, err
}

func TestAPasskeySignsInWithoutAUsername(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		if err := f.add(eva, " Telefoon van Eva "); err != nil {
			t.Fatal(err)
		}
		if err := f.add(eva, "Nog eens"); !errors.Is(err, factor.ErrKnown) && !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("the same passkey twice: %v", err)
		}
		c.now = c.now.Add(time.Hour)
		if who, err := f.in(f.signed("")); err != nil || who != eva {
			t.Fatalf("without a username: %q, %v", who, err)
		}
		if who, err := f.in(f.signed(eva)); err != nil || who != eva {
			t.Errorf("as second step: %q, %v", who, err)
		}
		s := c.state(eva)
		if !s.Any() || len(s.Passkeys) != 1 || s.Passkeys[0].Name != "Telefoon van Eva" || !s.Passkeys[0].Used.Equal(c.now) {
			t.Errorf("state %+v", s.Passkeys)
		}
	})
}

// After something was undone a passkey may be a stranger's. It counts behind the password,
// which only the owner knows by then, and alone again once it was given there.
func TestADoubtedPasskeyCountsBehindThePasswordFirst(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		if err := f.add(eva, "Telefoon van Eva"); err != nil {
			t.Fatal(err)
		}
		early := f.signed(eva) // a page that stood open behind the old password
		c.now = c.now.Add(time.Second)
		c.do(func(tx *sqldb.Tx) error { return factor.Doubt(tx, eva) })
		for name, a := range map[string]factor.Answer{"alone": f.signed(""), "behind the old password": early} {
			if _, err := f.in(a); !errors.Is(err, factor.ErrDoubted) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if who, err := f.in(f.signed(eva)); err != nil || who != eva {
			t.Fatalf("behind the password: %q, %v", who, err)
		}
		if who, err := f.in(f.signed("")); err != nil || who != eva {
			t.Errorf("alone afterwards: %q, %v", who, err)
		}
	})
}

func TestAPasskeyThatDidNotCheckWhoHoldsItIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		f.auth.Options.UserNotVerified = true
		if err := f.add(eva, "Sleutel"); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("added without a check: %v", err)
		}
		f.auth.Options.UserNotVerified = false
		if err := f.add(eva, "Sleutel"); err != nil {
			t.Fatal(err)
		}
		f.auth.Options.UserNotVerified = true
		if _, err := f.in(f.signed("")); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("signed in without a check: %v", err)
		}
	})
}

func TestAnAnswerCountsOnceAndForFiveMinutes(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		made := f.made(eva)
		if err := f.keep("account:OTHER", made, "Gestolen"); !errors.Is(err, factor.ErrChallenge) {
			t.Errorf("another owner's answer: %v", err)
		}
		if err := f.keep(eva, made, "Telefoon"); !errors.Is(err, factor.ErrChallenge) {
			t.Errorf("a challenge that was answered wrongly: %v", err)
		}
		if err := f.add(eva, "Telefoon"); err != nil {
			t.Fatal(err)
		}
		a := f.signed("")
		if _, err := f.in(a); err != nil {
			t.Fatal(err)
		}
		if _, err := f.in(a); !errors.Is(err, factor.ErrChallenge) {
			t.Errorf("a second time: %v", err)
		}
		a = f.signed("")
		wrong := factor.Answer{Token: a.Token, Response: f.signed("").Response}
		if _, err := f.in(wrong); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("the answer to another question: %v", err)
		}
		a = f.signed("")
		c.now = c.now.Add(factor.ChallengeLife)
		if _, err := f.in(a); !errors.Is(err, factor.ErrChallenge) {
			t.Errorf("after five minutes: %v", err)
		}
		c.do(factor.Sweep)
		if _, err := f.in(factor.Answer{Token: f.made(eva).Token, Response: a.Response}); !errors.Is(err, factor.ErrChallenge) {
			t.Errorf("a question of another kind: %v", err)
		}
		for _, a := range []factor.Answer{{}, {Token: "x", Response: a.Response}, {Token: a.Token, Response: "{}"}, {Token: a.Token, Response: "null"}} {
			if _, err := f.in(a); !errors.Is(err, factor.ErrChallenge) && !errors.Is(err, factor.ErrPasskey) {
				t.Errorf("%+v: %v", a, err)
			}
		}
	})
}

func TestSixteenWithOneAnswerAndOneComesIn(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		if err := f.add(eva, "Telefoon"); err != nil {
			t.Fatal(err)
		}
		a := f.signed("")
		var in atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				err := f.p.SignIn(context.Background(), c.DB, a, func(*sqldb.Tx, factor.Owner) error { return nil })
				if err == nil {
					in.Add(1)
				} else if !errors.Is(err, factor.ErrChallenge) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d came in, want 1", in.Load())
		}
	})
}

func TestACopiedPasskeyIsRefusedAndNoted(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		f.key.Counter = 5
		if err := f.add(eva, "Sleutel"); err != nil {
			t.Fatal(err)
		}
		f.key.Counter = 6
		if _, err := f.in(f.signed("")); err != nil {
			t.Fatal(err)
		}
		c.now = c.now.Add(time.Minute)
		if _, err := f.in(f.signed("")); !errors.Is(err, factor.ErrCopied) {
			t.Errorf("a counter that stands still: %v", err)
		}
		c.do(func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, string(eva), 1)
			if len(log) != 1 || log[0].Act != "factor.passkey_copied" {
				t.Errorf("log %+v", log)
			}
			return err
		})
	})
}

func TestPasskeysBelongToOneOwnerAndOneHost(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		f := newPhone(c, passkeysAt(t, "https://lid.example/inloggen"))
		if err := f.add(eva, "Telefoon"); err != nil {
			t.Fatal(err)
		}
		other := newPhone(c, f.p)
		if err := other.add("account:BERT", "Telefoon van Bert"); err != nil {
			t.Fatal(err)
		}
		if _, err := other.in(factor.Answer{Token: f.signed(eva).Token, Response: other.signed("").Response}); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("Bert's passkey as Eva's second step: %v", err)
		}
		f.auth.Options.UserHandle = other.auth.Options.UserHandle
		if _, err := f.in(f.signed("")); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("Eva's passkey under Bert's name: %v", err)
		}
		desk := newPhone(c, passkeysAt(t, "https://balie.example/balie"))
		if _, err := desk.in(f.signed("")); !errors.Is(err, factor.ErrChallenge) {
			t.Errorf("another host: %v", err)
		}
		id := c.state(eva).Passkeys[0].ID
		do := func(owner factor.Owner, f func(*sqldb.Tx, factor.Owner, string) error) error {
			return c.InTx(t.Context(), func(tx *sqldb.Tx) error { return f(tx, owner, id) })
		}
		named := func(tx *sqldb.Tx, owner factor.Owner, id string) error {
			return factor.Rename(tx, owner, id, "Oude telefoon")
		}
		if err := do("account:BERT", named); !errors.Is(err, factor.ErrUnknown) {
			t.Errorf("Bert renames: %v", err)
		}
		if err := do("account:BERT", factor.RemovePasskey); !errors.Is(err, factor.ErrUnknown) {
			t.Errorf("Bert removes: %v", err)
		}
		if err := do(eva, named); err != nil || c.state(eva).Passkeys[0].Name != "Oude telefoon" {
			t.Errorf("Eva renames: %v", err)
		}
		if err := f.c.InTx(t.Context(), func(tx *sqldb.Tx) error { return factor.Rename(tx, eva, id, strings.Repeat("é", 61)) }); !errors.Is(err, factor.ErrName) {
			t.Errorf("a long name: %v", err)
		}
		if err := do(eva, factor.RemovePasskey); err != nil || c.state(eva).Any() {
			t.Errorf("Eva removes: %v", err)
		}
		if _, err := f.in(f.signed("")); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("a removed passkey: %v", err)
		}
	})
}

func TestWhereNoBrowserKnowsPasskeysThereAreNone(t *testing.T) {
	for address, want := range map[string]bool{
		"https://lid.example/inloggen": true, "http://localhost:8080/inloggen": true, "http://bind.localhost/": true,
		"http://lid.example/": false, "https://192.0.2.7/": false, "http://127.0.0.1:8080/": false, "https://[2001:db8::1]/": false,
	} {
		if p := passkeysAt(t, address); (p != nil) != want {
			t.Errorf("%s: %v", address, p != nil)
		}
	}
}

func FuzzAnswersOfABrowser(f *testing.F) {
	rp, auth, key := door, virtualwebauthn.NewAuthenticator(), newKey()
	f.Add(virtualwebauthn.CreateAttestationResponse(rp, auth, key, virtualwebauthn.AttestationOptions{Challenge: []byte("x"), RelyingPartyID: rp.ID}))
	f.Add(virtualwebauthn.CreateAssertionResponse(rp, auth, key, virtualwebauthn.AssertionOptions{Challenge: []byte("x"), RelyingPartyID: rp.ID}))
	f.Add(`{"id":"","rawId":"AA","type":"public-key","response":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if made, err := factor.ReadNew(text); err == nil && made == nil {
			t.Error("neither an answer nor an error")
		}
		if in, err := factor.ReadIn(text); err == nil && (in == nil || len(in.RawID) == 0) {
			t.Error("an answer without a passkey")
		}
	})
}
