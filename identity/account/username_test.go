package account_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"lidwoord/identity/account"
)

func TestUsernames(t *testing.T) {
	for typed, key := range map[string]string{
		"25280000001233":        "25280000001233",
		" 25280000001233 ":      "25280000001233",
		"Zoe":                   "", // three
		"Zoë.Maas":              "zoë.maas",
		"Zoe\u0308.Maas":        "zoë.maas",
		"ZOË.MAAS":              "zoë.maas",
		"anna-maria_2+boek":     "anna-maria_2+boek",
		"STRAßE":                "strasse",
		"Ĳsselmeer":             "ijsselmeer",
		"abcd":                  "abcd",
		strings.Repeat("a", 80): strings.Repeat("a", 80),
	} {
		_, got, err := account.ReadUsername(typed)
		if got != key || (key == "") != errors.Is(err, account.ErrUsernameLength) {
			t.Errorf("ReadUsername(%q) = %q, %v, want %q", typed, got, err, key)
		}
	}
	if _, _, err := account.ReadUsername(strings.Repeat("a", 81)); !errors.Is(err, account.ErrUsernameLength) {
		t.Errorf("81 characters: %v", err)
	}
	for _, typed := range []string{
		"zoe.", ".zoe1", "zoe maas", "zoe..maas", "zoe.-maas", "zoe@maas.nl", "zоe1", // a Cyrillic о
		"zoe\u00a0maas", "zoe\u200bmaas", "zoe\x00maas", "zoe/maas", "zoe<b>", "١٢٣٤٥", "zoe\nmaas", "\xff\xfe\xfd\xfc", "----",
	} {
		if _, _, err := account.ReadUsername(typed); !errors.Is(err, account.ErrUsernameSigns) {
			t.Errorf("ReadUsername(%q) = %v, want ErrUsernameSigns", typed, err)
		}
	}
}

func FuzzUsername(f *testing.F) {
	for _, s := range []string{"25280000001233", "Zoë.Maas", "zoe.", "ŉame", "ǰǰǰǰ", "İstanbul", "ﬁfi", "Ⅷ1234"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		shown, key, err := account.ReadUsername(typed)
		if err != nil {
			return
		}
		if !utf8.ValidString(key) || key == "" || strings.ContainsAny(key, " \n\x00@") {
			t.Errorf("%q has key %q", typed, key)
		}
		again, key2, err := account.ReadUsername(shown)
		if err != nil || again != shown || key2 != key {
			t.Errorf("%q is shown as %q, which reads as %q %q %v", typed, shown, again, key2, err)
		}
		if _, same, err := account.ReadUsername(key); err == nil && same != key {
			t.Errorf("%q has key %q, which has key %q", typed, key, same)
		}
	})
}
