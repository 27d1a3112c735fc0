package password

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"lidwoord/base/fault"
)

// Shortest is the least number of characters. NIST SP 800-63B-4 asks 15 where
// the password is the only factor; for the public of a library 12 with a
// blocklist and a growing delay is the compromise. No rules about capitals or
// digits: both NIST and the NCSC found that they make passwords worse.
const Shortest = 12

// Longest leaves room for any sentence (NIST: at least 64) and keeps a flood of
// megabytes away from the hash.
const Longest = 200

// enoughLeft is how many characters must stand beside a name, a common word or
// a row of keys before the whole is more than that.
const enoughLeft = 5

var (
	ErrShort      = fault.New(fault.Invalid, "password.short").With(Shortest)
	ErrLong       = fault.New(fault.Invalid, "password.long").With(Longest)
	ErrCommon     = fault.New(fault.Invalid, "password.common")
	ErrPattern    = fault.New(fault.Invalid, "password.pattern")
	ErrPersonal   = fault.New(fault.Invalid, "password.personal")
	ErrUnreadable = fault.New(fault.Invalid, "password.unreadable")
)

// Check says whether plain is good enough for the person whom about tells of:
// username, e-mail address, names.
func Check(plain string, about ...string) error {
	if !utf8.ValidString(plain) || strings.ContainsFunc(plain, unicode.IsControl) {
		return ErrUnreadable
	}
	if len(plain) > Longest*utf8.UTFMax*2 {
		return ErrLong // before any work is done on it
	}
	plain = norm.NFC.String(plain)
	switch n := utf8.RuneCountInString(plain); {
	case n < Shortest:
		return ErrShort
	case n > Longest:
		return ErrLong
	}
	switch {
	case personal(plain, about):
		return ErrPersonal
	case repeats(plain) || rows(plain):
		return ErrPattern
	case common(plain), listed(plain):
		return ErrCommon
	}
	return nil
}

// fewest is how many different characters a password has at least; with less it
// is one thing drummed over and over, or a short word filled up with blanks.
const fewest = 5

// repeats finds one short piece written again and again: aaaa…, abab…, 1234 1234 1234.
func repeats(plain string) bool {
	different := map[rune]bool{}
	for _, c := range plain {
		different[c] = true
	}
	if len(different) < fewest {
		return true
	}
	r := []rune(squash(plain))
	for size := 1; size <= 4 && size*2 <= len(r); size++ {
		if slices.Equal(r[size:], r[:len(r)-size]) {
			return true
		}
	}
	return false
}

// keyRows are the rows along which fingers slide, here and on a French or
// German keyboard, and the columns that people think are clever.
var keyRows = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "qwertzuiop", "yxcvbnm",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
	"!@#$%^&*()",
}

// rows finds passwords that are little more than walks over the keyboard,
// forwards or backwards. A walk is at least four keys.
func rows(plain string) bool {
	left := strings.ToLower(plain)
	for _, row := range keyRows {
		for _, walk := range []string{row, backwards(row)} {
			left = cutWalks(left, walk)
		}
	}
	return left != strings.ToLower(plain) && meaningful(left) < enoughLeft
}

// cutWalks takes every stretch of four or more neighbours of walk out of text.
func cutWalks(text, walk string) string {
	const least = 4
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 0
		if i+least <= len(text) {
			if at := strings.Index(walk, text[i:i+least]); at >= 0 {
				for n = least; i+n < len(text) && at+n < len(walk) && text[i+n] == walk[at+n]; n++ {
				}
			}
		}
		if n > 0 {
			i += n
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// personal finds passwords that are little more than what is known of a person.
// Parts of three letters and less (de, van, Bo) are too common to mean anything.
func personal(plain string, about []string) bool {
	left := fold(plain)
	whole := left
	var parts []string
	for _, a := range about {
		a = fold(a)
		parts = append(parts, squash(a))
		parts = append(parts, strings.FieldsFunc(a, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	}
	// The longest first, or a short part would leave crumbs of a long one.
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	left, whole = squash(left), squash(whole)
	for _, p := range parts {
		if utf8.RuneCountInString(p) >= 4 {
			left = strings.ReplaceAll(left, p, "")
		}
	}
	return left != whole && meaningful(left) < enoughLeft
}

//go:embed common.txt
var commonText string

// commonWords are the words that people build poor passwords of, folded, the
// longest first.
var commonWords = sync.OnceValue(func() []string {
	var list []string
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, squash(fold(line)))
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(list)
})

// common finds passwords that are one or two of the common words with the usual
// trimmings: Wachtwoord2026!, W3lkom-W3lkom, bibliotheek123. Three words or more
// are let through: that is the beginning of a good sentence.
func common(plain string) bool {
	for _, left := range []string{squash(fold(plain)), squash(fold(unleet(plain)))} {
		found := 0
		for _, w := range commonWords() {
			if n := strings.Count(left, w); n > 0 {
				left, found = strings.ReplaceAll(left, w, " "), found+1
			}
		}
		if found > 0 && found <= 2 && meaningful(left) < enoughLeft {
			return true
		}
	}
	return false
}

// meaningful counts what makes a password hard to guess: letters count, runs of
// digits (years, 123, 01) count as one, marks and blanks as nothing.
func meaningful(left string) int {
	n, digits := 0, false
	for _, r := range left {
		switch {
		case unicode.IsDigit(r):
			if !digits {
				n++
			}
			digits = true
			continue
		case unicode.IsLetter(r) || unicode.IsSymbol(r) && r > unicode.MaxASCII:
			n++
		}
		digits = false
	}
	return n
}

// fold lowers letters and takes their accents off: Ĳssel and ijssel are the same
// guess. x/text has no other name for "without marks".
func fold(s string) string {
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)))
	out, _, err := transform.String(t, s)
	if err != nil {
		out = s
	}
	return strings.ToLower(out)
}

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i", "€", "e")

func unleet(s string) string { return leet.Replace(s) }

// squash takes out blanks and marks, which people put between words.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r > unicode.MaxASCII && unicode.IsSymbol(r) {
			return r
		}
		return -1
	}, s)
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
