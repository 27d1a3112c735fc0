package password_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"

	"lidwoord/base/password"
)

// about is what is known of the person in these tests.
var about = []string{"25280000001233", "zoe.vandermeulen@voorbeeld.nl", "Zoë", "van der Meulen"}

func TestAGoodPasswordIsTaken(t *testing.T) {
	for _, good := range []string{
		"paarse fiets lacht hard",
		"Mijn tante bakt op zondag taart",
		"correct-paard-batterij-nietje",
		"kx8#vQ2!mT9z",
		"ヒマラヤの雪は白くて冷たい",
		"🐘🚲🌧️ olifant fietst in de regen",
		"vier woorden zonder hoofdletters",
		"Het regent al de hele zomer in Assen",
		strings.Repeat("Zo een zin van veel woorden. ", 6),
		strings.Repeat("één lange zin ", 14)[:password.Longest],
	} {
		if err := password.Check(good, about...); err != nil {
			t.Errorf("Check(%q) = %v, want it taken", good, err)
		}
	}
}

func TestAPoorPasswordIsRefusedWithItsReason(t *testing.T) {
	for _, c := range []struct {
		plain string
		want  error
	}{
		{"", password.ErrShort},
		{"elf tekens!", password.ErrShort},
		{"éééééééééé", password.ErrShort},
		{strings.Repeat("lang ", 40) + "x", password.ErrLong},
		{strings.Repeat("x", 1<<20), password.ErrLong},
		{"aaaaaaaaaaaa", password.ErrPattern},
		{"            ", password.ErrPattern},
		{"abc         ", password.ErrPattern},
		{"abcabcabcabc", password.ErrPattern},
		{"1234 1234 1234", password.ErrPattern},
		{"123456789012", password.ErrPattern},
		{"qwertyuiop12", password.ErrPattern},
		{"poiuytrewq!!", password.ErrPattern},
		{"1qaz2wsx3edc", password.ErrPattern},
		{"azertyuiop123", password.ErrPattern},
		{"Abcdefgh1234", password.ErrPattern},
		{"Wachtwoord123", password.ErrCommon},
		{"w@chtw00rd2026!", password.ErrCommon},
		{"Welkom01Welkom01", password.ErrCommon},
		{"bibliotheek2026", password.ErrCommon},
		{"Bibliotheek!!", password.ErrCommon},
		{"Correct Horse Battery Staple", password.ErrCommon},
		{"ikhouvanjou!!", password.ErrCommon},
		{"ZomerVakantie2026", password.ErrCommon},
		{"25280000001233", password.ErrPersonal},
		{"25280000001233!", password.ErrPersonal},
		{"zoe.vandermeulen@voorbeeld.nl", password.ErrPersonal},
		{"ZoeVanDerMeulen1", password.ErrPersonal},
		{"Van der Meulen 2026", password.ErrPersonal},
		{"een \x00 teken van niets", password.ErrUnreadable},
		{"geen goede utf-8 \xff\xfe", password.ErrUnreadable},
	} {
		if err := password.Check(c.plain, about...); !errors.Is(err, c.want) {
			t.Errorf("Check(%.40q) = %v, want %v", c.plain, err, c.want)
		}
	}
}

// Every password of twelve characters and more that is among the 30,000 that
// leaked most is refused, also with a year behind it or written as leet.
func TestAPasswordThatLeakedIsRefused(t *testing.T) {
	long := 0
	for _, leaked := range frequency.FrequencyLists["passwords"] {
		if utf8.RuneCountInString(leaked) < password.Shortest {
			continue
		}
		long++
		for _, plain := range []string{leaked, strings.ToUpper(leaked), leaked + "2026!"} {
			if password.Check(plain) == nil {
				t.Errorf("Check(%q) took it", plain)
			}
		}
	}
	if long < 200 {
		t.Errorf("the list holds %d long passwords", long)
	}
	for _, plain := range []string{"St4rw4rs-2026!", "2026 Starwars!!", "monkeystarwars", "liverpool liverpool", "Unbelievable"} {
		if err := password.Check(plain); !errors.Is(err, password.ErrCommon) {
			t.Errorf("Check(%q) = %v, want ErrCommon", plain, err)
		}
	}
}

// A password is what was typed: no capital is lowered, no blank goes, nothing is
// cut off (OWASP ASVS 6.2.8, 6.2.9).
func TestAPasswordCountsToItsLastCharacter(t *testing.T) {
	long := strings.Repeat("Zo een zin van veel woorden. ", 7)[:password.Longest]
	if err := password.Check(long); err != nil {
		t.Fatalf("%d characters: %v", len(long), err)
	}
	hash, err := password.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	for name, plain := range map[string]string{
		"the last character": long[:len(long)-1] + "x", "a capital": strings.ToLower(long), "a blank before": " " + long, "a blank behind": long + " ",
		"fewer blanks": strings.ReplaceAll(long, " ", ""), "72 bytes": long[:72], "64 characters": long[:64],
	} {
		if ok, _, err := password.Verify(t.Context(), hash, plain); err != nil || ok {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	if ok, _, err := password.Verify(t.Context(), hash, long); err != nil || !ok {
		t.Errorf("the password itself: %v, %v", ok, err)
	}
}

func TestTwelveCharactersAreCountedAsPeopleCountThem(t *testing.T) {
	twelve := "žluťoučkýkůň" // 12 characters, 18 bytes
	if err := password.Check(twelve); err != nil {
		t.Errorf("12 characters: %v", err)
	}
	if err := password.Check(strings.TrimSuffix(twelve, "ň")); !errors.Is(err, password.ErrShort) {
		t.Errorf("11 characters: %v, want ErrShort", err)
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", "qwertyuiop12", "Wachtwoord2026!", "paarse fiets lacht hard", "\xff\xfe", "a\u0301a\u0301", "İİİİİİİİİİİİ", "1234\u00e91234"} {
		f.Add(s, "zoe@example.nl")
	}
	f.Fuzz(func(t *testing.T, plain, about string) {
		err := password.Check(plain, about)
		if err != nil {
			return
		}
		if !utf8.ValidString(plain) || len(plain) < password.Shortest {
			t.Errorf("Check took %q", plain)
		}
		letters := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, plain)
		if letters == plain && password.Check(plain, about, plain) == nil {
			t.Errorf("Check took %q from somebody who is called that", plain)
		}
	})
}
