package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lidwoord/base/password"
)

func TestAHashIsOnlyRightForItsPassword(t *testing.T) {
	hash, err := password.Hash(t.Context(), "paarse fiets lacht hard")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %q, want the live parameters in it", hash)
	}
	for plain, want := range map[string]bool{"paarse fiets lacht hard": true, "Paarse fiets lacht hard": false, "paarse fiets lacht hard ": false, "": false} {
		ok, rehash, err := password.Verify(t.Context(), hash, plain)
		if ok != want || rehash || err != nil {
			t.Errorf("Verify(%q) = %v, %v, %v, want %v", plain, ok, rehash, err, want)
		}
	}
	again, _ := password.Hash(t.Context(), "paarse fiets lacht hard")
	if again == hash {
		t.Error("two people with one password have one hash")
	}
}

func TestTheSameLettersTypedOnAnotherKeyboardAreTheSamePassword(t *testing.T) {
	hash, err := password.Hash(t.Context(), "caf\u00e9 aan de gracht")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := password.Verify(t.Context(), hash, "cafe\u0301 aan de gracht"); !ok || err != nil {
		t.Errorf("é as two keys: %v, %v", ok, err)
	}
}

func TestAnOlderHashIsTakenAndAsksToBeMadeAgain(t *testing.T) {
	// "paarse fiets" with 8 MiB and one pass, as an earlier version might have stored it.
	old := password.HashWith("paarse fiets", 8192, 1)
	ok, rehash, err := password.Verify(t.Context(), old, "paarse fiets")
	if !ok || !rehash || err != nil {
		t.Errorf("Verify = %v, %v, %v, want right and rehash", ok, rehash, err)
	}
	if ok, rehash, _ := password.Verify(t.Context(), old, "groene fiets"); ok || rehash {
		t.Error("a wrong password asks for a new hash")
	}
}

func TestADamagedHashIsOurFaultAndNeverLeaks(t *testing.T) {
	for _, hash := range []string{
		"plain", "$argon2d$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5", "$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5", "$argon2id$v=19$m=19456,t=0,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5",
		"$argon2id$v=19$m=19456,t=2,p=0$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5", "$argon2id$v=19$m=19456,t=2,p=1$!$a2V5a2V5a2V5a2V5a2V5a2V5", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$",
	} {
		ok, _, err := password.Verify(t.Context(), hash, "x")
		if ok || err == nil {
			t.Errorf("Verify with %q = %v, %v", hash, ok, err)
		} else if strings.Contains(err.Error(), "c2FsdHNhbHQ") {
			t.Errorf("the error tells the hash: %v", err)
		}
	}
}

func TestNoPasswordYetIsNeverRight(t *testing.T) {
	if ok, _, err := password.Verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("Verify = %v, %v", ok, err)
	}
}

func TestWhoGaveUpIsNotServed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := password.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash = %v", err)
	}
	if err := password.Dummy(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Dummy = %v", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	hash, err := password.Hash(b.Context(), "paarse fiets lacht hard")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, _, _ := password.Verify(b.Context(), hash, "paarse fiets lacht hard"); !ok {
			b.Fatal("wrong")
		}
	}
}
