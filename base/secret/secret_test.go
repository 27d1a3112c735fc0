package secret

import (
	"log/slog"
	"math"
	"strings"
	"testing"
)

func TestTokenStaysOutOfLogs(t *testing.T) {
	var b strings.Builder
	tok := NewToken()
	slog.New(slog.NewTextHandler(&b, nil)).Info("mailed", "token", tok)
	if strings.Contains(b.String(), string(tok)) || !strings.Contains(b.String(), "[secret]") {
		t.Error(b.String())
	}
}

func TestACodeIsReadBackAsPeopleTypeIt(t *testing.T) {
	for range 200 {
		code := NewCode()
		if len(code) != CodeLength+1 || code[CodeLength/2] != '-' {
			t.Fatalf("code %q", string(code))
		}
		typed := " " + strings.ToLower(strings.ReplaceAll(string(code), "-", " ")) + " "
		if ReadCode(typed) != code {
			t.Fatalf("%q is not read back from %q", string(code), typed)
		}
	}
	for _, wrong := range []string{"", "ABC", "3467-9CDFG", "<script>"} {
		if got := ReadCode(wrong); got != "" {
			t.Errorf("ReadCode(%q) = %q, want nothing", wrong, string(got))
		}
	}
}

// 128 bits for what opens a door by itself, 20 for what counts few tries (OWASP
// ASVS 7.2.3, 6.5.4), and no letter likelier than another.
func TestSecretsAreLongEnough(t *testing.T) {
	bits := func(secret Token) float64 {
		return float64(len(strings.ReplaceAll(string(secret), "-", "")))
	}
	seen, counted := map[Token]bool{}, map[rune]int{}
	const many = 10_000
	for range many {
		token, code := NewToken(), NewCode()
		if n := bits(token) * 5; n < 128 || strings.Trim(string(token), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Fatalf("a token of %g bits", n)
		}
		if n := bits(code) * math.Log2(float64(len(codeLetters))); n < 35 {
			t.Fatalf("a code of %g bits", n)
		}
		if seen[token] {
			t.Fatal("a token came twice")
		}
		seen[token] = true
		for _, r := range string(code) {
			counted[r]++
		}
	}
	mean := many * CodeLength / len(codeLetters)
	for _, r := range codeLetters {
		if n := counted[r]; n < mean*9/10 || n > mean*11/10 {
			t.Errorf("%c came %d times, want about %d", r, n, mean)
		}
	}
}

func TestABoxOpensOnlyItsOwnPurpose(t *testing.T) {
	box, err := NewBox(make([]byte, MasterLength))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal("mail", []byte("hallo"))
	if err != nil || strings.Contains(sealed, "hallo") {
		t.Fatal(sealed, err)
	}
	if plain, err := box.Open("mail", sealed); err != nil || string(plain) != "hallo" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	if _, err := box.Open("signing key", sealed); err == nil {
		t.Error("a mail was opened as a signing key")
	}
	if _, err := box.Open("mail", sealed[:len(sealed)-4]); err == nil {
		t.Error("a damaged secret was opened")
	}
	if _, err := NewBox([]byte("short")); err == nil {
		t.Error("a short master key was taken")
	}
}

func TestAnIDIsKnownByItsShape(t *testing.T) {
	if !IsID(NewID()) || IsID("") || IsID(strings.Repeat("A", 25)) || IsID(strings.Repeat("a", 26)) || IsID(strings.Repeat("1", 26)) {
		t.Error("the shape of ids is wrong")
	}
}

// FuzzReadLetters reads what people and apps send as a code or an app password.
func FuzzReadLetters(f *testing.F) {
	f.Add("7k4m x9td", 2)
	f.Add("3467-9CDF-GHJK-MNPQ", 4)
	f.Add("\xff0OIl", 1)
	f.Fuzz(func(t *testing.T, typed string, groups int) {
		if groups < 0 || groups > 10 {
			return
		}
		read := ReadLetters(typed, groups)
		if read != "" && (len(read) != groups*5-1 || ReadLetters(read, groups) != read || ReadLetters(strings.ToLower(read), groups) != read) {
			t.Errorf("%q is read as %q", typed, read)
		}
	})
}
