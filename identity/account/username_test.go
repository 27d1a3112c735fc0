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
		_, got, err := account.ReadUsername(typed, "zoe@voorbeeld.nl")
		if got != key || (key == "") != errors.Is(err, account.ErrUsernameLength) {
			t.Errorf("ReadUsername(%q) = %q, %v, want %q", typed, got, err, key)
		}
	}
	if _, _, err := account.ReadUsername(strings.Repeat("a", 81), "zoe@voorbeeld.nl"); !errors.Is(err, account.ErrUsernameLength) {
		t.Errorf("81 characters: %v", err)
	}
	for _, typed := range []string{
		"zoe.", ".zoe1", "zoe..maas", "zoe.-maas", "zоe1", // a Cyrillic о
		"zoe\u200bmaas", "zoe\x00maas", "zoe/maas", "zoe<b>", "١٢٣٤٥", "\xff\xfe\xfd\xfc", "----",
	} {
		if _, _, err := account.ReadUsername(typed, "zoe@voorbeeld.nl"); !errors.Is(err, account.ErrUsernameSigns) {
			t.Errorf("ReadUsername(%q) = %v, want ErrUsernameSigns", typed, err)
		}
	}
	for _, typed := range []string{"zoe maas", "zoe\u00a0maas", "zoe\nmaas"} {
		if _, _, err := account.ReadUsername(typed, "zoe@voorbeeld.nl"); !errors.Is(err, account.ErrUsernameSpace) {
			t.Errorf("ReadUsername(%q) = %v, want ErrUsernameSpace", typed, err)
		}
	}
}

func TestAnAddressIsAUsernameForItsOwnAccountOnly(t *testing.T) {
	long := strings.Repeat("a", 60) + "@voorbeeld.example.nl" // 81
	for _, c := range []struct {
		typed, email, shown, key string
		want                     error
	}{
		{"zoe@voorbeeld.nl", "zoe@voorbeeld.nl", "zoe@voorbeeld.nl", "zoe@voorbeeld.nl", nil},
		{" ZOE@voorbeeld.NL ", "zoe@voorbeeld.nl", "zoe@voorbeeld.nl", "zoe@voorbeeld.nl", nil},
		{"Zoe@voorbeeld.nl", "Zoe@voorbeeld.nl", "Zoe@voorbeeld.nl", "zoe@voorbeeld.nl", nil},
		{"o'neil/x@voorbeeld.nl", "o'neil/x@voorbeeld.nl", "o'neil/x@voorbeeld.nl", "o'neil/x@voorbeeld.nl", nil},
		{long[1:], long[1:], long[1:], long[1:], nil},
		{long, long, "", "", account.ErrUsernameEmail},
		{"zoë@voorbeeld.nl", "zoë@voorbeeld.nl", "", "", account.ErrUsernameEmail},
		{"ｚoe@voorbeeld.nl", "zoe@voorbeeld.nl", "", "", account.ErrUsernameAt},        // folds into another's address
		{"zoe@\u212aanaal.nl", "zoe@kanaal.nl", "zoe@kanaal.nl", "zoe@kanaal.nl", nil}, // the sign for kelvin, in its owner's hand
		{"piet@voorbeeld.nl", "zoe@voorbeeld.nl", "", "", account.ErrUsernameAt},
		{"zoe@", "zoe@voorbeeld.nl", "", "", account.ErrUsernameAt},
		{"@zoe", "zoe@voorbeeld.nl", "", "", account.ErrUsernameAt},
		{"@", "", "", "", account.ErrUsernameAt},
	} {
		shown, key, err := account.ReadUsername(c.typed, c.email)
		if shown != c.shown || key != c.key || !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("ReadUsername(%q, %q) = %q, %q, %v", c.typed, c.email, shown, key, err)
		}
	}
}

func FuzzUsername(f *testing.F) {
	for _, s := range []string{"25280000001233", "Zoë.Maas", "zoe.", "ŉame", "ǰǰǰǰ", "İstanbul", "ﬁfi", "Ⅷ1234", "ZOE@voorbeeld.nl", "zoe@\u212aanaal.nl"} {
		f.Add(s)
	}
	const email = "zoe@voorbeeld.nl"
	f.Fuzz(func(t *testing.T, typed string) {
		shown, key, err := account.ReadUsername(typed, email)
		if err != nil {
			return
		}
		if !utf8.ValidString(key) || key == "" || strings.ContainsAny(key, " \n\x00") || strings.Contains(key, "@") && (key != email || shown != email) {
			t.Errorf("%q has key %q", typed, key)
		}
		again, key2, err := account.ReadUsername(shown, email)
		if err != nil || again != shown || key2 != key {
			t.Errorf("%q is shown as %q, which reads as %q %q %v", typed, shown, again, key2, err)
		}
		if _, same, err := account.ReadUsername(key, email); err == nil && same != key {
			t.Errorf("%q has key %q, which has key %q", typed, key, same)
		}
	})
}
