package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"lidwoord/base/fault"
)

// The bounds of a username. Four is what people remember and a stranger does
// not guess at once; eighty leaves room for every number and most names.
const (
	ShortestUsername = 4
	LongestUsername  = 80
)

var (
	ErrUsernameLength = fault.New(fault.Invalid, "account.username_length").With(ShortestUsername, LongestUsername)
	ErrUsernameSigns  = fault.New(fault.Invalid, "account.username_signs")
	ErrUsernameTaken  = fault.New(fault.Conflict, "account.username_taken")
)

// ReadUsername reads a username as it was typed and returns how it is shown and
// how it is compared. This is the one place that knows the rule:
//
// Latin letters and the digits 0–9, with single . - _ + between them. No blanks,
// because a blank at the end is invisible; no mark at either end, because a mail
// that ends "… is zoe." must not be read with its full stop; only Latin letters,
// because a Cyrillic а looks like ours; no @, so that nobody takes another's
// e-mail address for a name. Capitals are kept for show and do not count.
func ReadUsername(typed string) (shown, key string, err error) {
	shown = norm.NFC.String(strings.TrimSpace(typed))
	if n := utf8.RuneCountInString(shown); n < ShortestUsername || n > LongestUsername {
		return "", "", ErrUsernameLength
	}
	mark := true // as if one stood before the first character
	for _, r := range shown {
		letter := unicode.In(r, unicode.Latin) && unicode.IsLetter(r) || r >= '0' && r <= '9'
		if !letter && (mark || !strings.ContainsRune(".-_+", r)) {
			return "", "", ErrUsernameSigns
		}
		mark = !letter
	}
	if mark {
		return "", "", ErrUsernameSigns
	}
	return shown, usernameKey(shown), nil
}

// usernameKey is how usernames are compared. It also takes what is no username,
// so that a sign-in with nonsense walks the same way as every other.
func usernameKey(typed string) string {
	if utf8.RuneCountInString(typed) > 2*LongestUsername {
		typed = string([]rune(typed)[:2*LongestUsername])
	}
	folded := cases.Fold().String(norm.NFKC.String(strings.TrimSpace(typed)))
	return strings.ToValidUTF8(norm.NFC.String(folded), "\ufffd")
}
