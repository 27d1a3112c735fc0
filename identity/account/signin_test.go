package account_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/account"
)

const home = "192.0.2.7"

func (h *house) signIn(username, plain, network string, device secret.Token) error {
	_, err := account.SignIn(h.t.Context(), h.db, account.Attempt{Username: username, Password: plain, Network: network, Device: device}, nil)
	return err
}

func TestSignInTakesTheRightPasswordOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("Zoe.Maas", "zoe@example.nl", good)
		acc, err := account.SignIn(t.Context(), h.db, account.Attempt{Username: " zoe.MAAS ", Password: good, Network: home}, nil)
		if err != nil || acc.ID != id || acc.Username != "Zoe.Maas" || acc.Email != "zoe@example.nl" {
			t.Errorf("SignIn = %+v, %v", acc, err)
		}
		h.want(h.signIn("zoe.maas", other, home, ""), account.ErrSignIn, "a wrong password")
		h.want(h.signIn("zoe.maas", "", home, ""), account.ErrSignIn, "no password")
	})
}

// The three must read alike: a stranger who could tell them apart would learn
// who has an account.
func TestUnknownNamesAndSleepingAccountsAnswerLikeAWrongPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("Zoe.Maas", "zoe@example.nl", good)
		h.open("sleeping", "piet@example.nl")
		for i := range 9 {
			var answers []string
			for _, name := range []string{"Zoe.Maas", "nobody.here", "sleeping"} {
				err := h.signIn(name, other, fmt.Sprint(name, home), "")
				var f *fault.Error
				errors.As(err, &f)
				answers = append(answers, fmt.Sprint(f.Kind, f.Key, f.Args))
			}
			if answers[0] != answers[1] || answers[1] != answers[2] {
				t.Errorf("try %d: %q", i+1, answers)
			}
		}
		h.want(h.signIn("x", other, "elsewhere", ""), account.ErrSignIn, "what is no username")
		h.want(h.signIn("\xff\xfe", other, "elsewhere", ""), account.ErrSignIn, "what is no text")
		h.want(h.signIn("sleeping", "", "elsewhere", ""), account.ErrSignIn, "a sleeping account and no password")
	})
}

func TestUnknownNamesTakeAsLongAsWrongPasswords(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	h := newHouse(t, sqldbtest.New(t))
	h.active("Zoe.Maas", "zoe@example.nl", good)
	var known, unknown []time.Duration
	for i := range 15 { // in turns, so that a busy machine slows both
		network := fmt.Sprint("net", i)
		start := time.Now()
		h.signIn("zoe.maas", other, network, "")
		middle := time.Now()
		h.signIn("nobody", other, network, "")
		known, unknown = append(known, middle.Sub(start)), append(unknown, time.Since(middle))
		h.pass(time.Hour)
	}
	slices.Sort(known)
	slices.Sort(unknown)
	a, b := known[7], unknown[7]
	t.Logf("median: known %v, unknown %v", a, b)
	if a > b*3/2 || b > a*3/2 {
		t.Errorf("known %v, unknown %v: the clock tells who has an account", a, b)
	}
}

func TestRepeatedFailuresSlowDownAndSaySoInSeconds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		for i := range 5 {
			h.want(h.signIn("zoe.maas", other, home, ""), account.ErrSignIn, fmt.Sprint("slip ", i+1))
		}
		h.want(h.signIn("zoe.maas", other, home, ""), account.ErrSignIn, "the sixth, which costs a second")
		err := h.signIn("zoe.maas", good, home, "")
		h.want(err, account.ErrSlow, "at once after it, with the right password")
		var f *fault.Error
		if errors.As(err, &f); f.Kind != fault.Slow || len(f.Args) != 1 || f.Args[0] != 1 {
			t.Errorf("the answer %+v does not say one second", f)
		}
		h.pass(time.Second)
		h.want(h.signIn("zoe.maas", good, home, ""), nil, "a second later")
		for range 5 {
			h.want(h.signIn("zoe.maas", other, home, ""), account.ErrSignIn, "success cleared the counter")
		}
	})
}

// The owner must get in while a stranger fails on purpose, for a whole day.
func TestAStrangerLocksNobodyOut(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t))
	h.active("zoe.maas", "zoe@example.nl", good)
	guesses := 0
	for second := range 24 * 60 * 60 / 20 {
		err := h.try(func(tx *sqldb.Tx) error { return account.Guess(tx, "zoe.maas", "203.0.113.66") })
		if err == nil {
			guesses++
		} else if !errors.Is(err, account.ErrSlow) {
			t.Fatal(err)
		}
		if second%720 == 719 {
			h.want(h.signIn("zoe.maas", good, home, ""), nil, fmt.Sprintf("the owner at home after %d seconds of attack", second*20))
		}
		h.pass(20 * time.Second)
	}
	if t.Logf("%d guesses in a day", guesses); guesses > 320 {
		t.Errorf("a stranger had %d guesses in a day", guesses)
	}
}

func TestManyNetworksTogetherHoldTheOwnerUpForAMinuteAtMost(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t))
	id := h.active("zoe.maas", "zoe@example.nl", good)
	var device secret.Token
	h.in(func(tx *sqldb.Tx) (err error) { device, err = account.Remember(tx, id, "", ""); return err })
	for i := 0; ; i++ {
		if i == 200 {
			t.Fatal("200 networks were not slowed down")
		}
		err := h.try(func(tx *sqldb.Tx) error { return account.Guess(tx, "zoe.maas", fmt.Sprint("bot", i)) })
		if errors.Is(err, account.ErrSlow) {
			break
		}
	}
	h.want(h.signIn("zoe.maas", good, home, ""), account.ErrSlow, "the owner on a new phone")
	h.want(h.signIn("zoe.maas", good, home, device), nil, "the owner on the known phone")
	h.pass(time.Minute)
	h.want(h.signIn("zoe.maas", good, home, ""), nil, "the owner on a new phone, a minute later")
}

func TestAKnownPhoneHasItsOwnCounter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		h.active("piet.maas", "piet@example.nl", good)
		var device secret.Token
		h.in(func(tx *sqldb.Tx) (err error) { device, err = account.Remember(tx, id, "", ""); return err })
		h.in(func(tx *sqldb.Tx) error {
			again, err := account.Remember(tx, id, device, "")
			if again != device {
				t.Error("a known browser got another token")
			}
			return err
		})
		for range 7 {
			h.signIn("zoe.maas", other, home, "")
		}
		h.want(h.signIn("zoe.maas", good, home, ""), account.ErrSlow, "a strange browser in the same network")
		h.want(h.signIn("zoe.maas", good, home, device), nil, "the known one")
		for range 11 {
			h.want(h.signIn("zoe.maas", other, home, device), account.ErrSignIn, "a slip on the known one")
		}
		h.want(h.signIn("zoe.maas", good, home, device), account.ErrSlow, "the known one after eleven slips")
		// Another account's device is a stranger.
		for range 6 {
			h.signIn("piet.maas", other, home, device)
		}
		h.want(h.signIn("piet.maas", good, home, device), account.ErrSlow, "another account on that phone")
		h.pass(account.DeviceMemory)
		h.in(h.Expire)
		for range 6 {
			h.signIn("zoe.maas", other, home, device)
		}
		h.want(h.signIn("zoe.maas", good, home, device), account.ErrSlow, "a phone that was forgotten")
	})
}

func TestOneNetworkThatTriesManyNamesSlowsDown(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t))
	h.active("zoe.maas", "zoe@example.nl", good)
	h.in(func(tx *sqldb.Tx) error { return account.FillNetwork(tx, home, 199) })
	h.want(h.signIn("name.one", other, home, ""), account.ErrSignIn, "failure 200")
	h.want(h.signIn("name.two", other, home, ""), account.ErrSignIn, "failure 201")
	h.want(h.signIn("name.three", other, home, ""), account.ErrSlow, "the next")
	h.want(h.signIn("zoe.maas", good, "198.51.100.1", ""), nil, "somebody elsewhere")
	h.pass(time.Minute)
	h.want(h.signIn("zoe.maas", good, home, ""), nil, "a reader in that network, a minute later")
}

func TestABurstOverManyNamesLearnsNoMoreThanItsTurn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.in(func(tx *sqldb.Tx) error { return account.FillNetwork(tx, home, 199) })
		var names, told atomic.Int32
		sixteen(func() error {
			switch err := h.signIn(fmt.Sprint("name.", names.Add(1)), other, home, ""); {
			case errors.Is(err, account.ErrSignIn):
				told.Add(1)
			case !errors.Is(err, account.ErrSlow):
				t.Error(err)
			}
			return nil
		})
		if n := told.Load(); n != 2 {
			t.Errorf("%d of sixteen learnt that they were wrong, want 2: the last that is free and the one that costs", n)
		}
	})
}

func TestSixteenGuessesAtOnceAreSixteenGuesses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		var checked atomic.Int32
		sixteen(func() error {
			if err := h.signIn("zoe.maas", other, home, ""); errors.Is(err, account.ErrSignIn) {
				checked.Add(1)
			}
			return nil
		})
		if n := checked.Load(); n != 6 {
			t.Errorf("%d of sixteen guesses were checked, want 6: five free and one that costs", n)
		}
	})
}

func TestSixteenRightSignInsAtOnceAllSucceed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		// A family or a class may sign in with one account at one moment; the free
		// tries bound how many at once.
		var failed atomic.Int32
		sixteen(func() error {
			if err := h.signIn("zoe.maas", good, home, ""); err != nil && !errors.Is(err, account.ErrSlow) {
				t.Error(err)
				failed.Add(1)
			}
			return nil
		})
		h.pass(10 * time.Second)
		h.want(h.signIn("zoe.maas", good, home, ""), nil, "afterwards")
	})
}

func TestAnOldHashIsMadeAgainAtSignIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		h.in(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE account SET password = $1 WHERE id = $2`, oldHash, id)
			return err
		})
		h.want(h.signIn("zoe.maas", "paarse fiets", home, ""), nil, "by the old hash")
		var stored string
		h.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT password FROM account WHERE id = $1`, []any{id}, &stored)
			return err
		})
		if ok, rehash, err := password.Verify(t.Context(), stored, "paarse fiets"); !ok || rehash || err != nil {
			t.Errorf("stored %.30s…: %v, %v, %v", stored, ok, rehash, err)
		}
		h.want(h.signIn("zoe.maas", "paarse fiets", home, ""), nil, "by the new hash")
	})
}

func TestASessionThatCannotStartIsNoSignIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		broken := errors.New("broken")
		_, err := account.SignIn(t.Context(), h.db, account.Attempt{Username: "zoe.maas", Password: good, Network: home},
			func(*sqldb.Tx, account.Account) error { return broken })
		h.want(err, broken, "SignIn")
	})
}

// oldHash is "paarse fiets" with 8 MiB and one pass.
const oldHash = "$argon2id$v=19$m=8192,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$/2orJtKGAobi/fKMZrwk6KmQpd8FI65zupVkGvuEQxQ"
