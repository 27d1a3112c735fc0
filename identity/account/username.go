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
	// ErrUsernameSpace: two words, most often.
	ErrUsernameSpace = fault.New(fault.Invalid, "account.username_space")
	ErrUsernameTaken = fault.New(fault.Conflict, "account.username_taken")
	// ErrUsernameAt: a name with an @ that is not the e-mail address of the account.
	ErrUsernameAt = fault.New(fault.Invalid, "account.username_at")
	// ErrUsernameEmail: this address cannot be a name; its owner chooses one.
	ErrUsernameEmail = fault.New(fault.Invalid, "account.username_email")
	// ErrUsernameNumber: only a library gives out a number as a name.
	ErrUsernameNumber = fault.New(fault.Invalid, "account.username_number")
)

// ReadUsername reads a username as it was typed, for an account with this e-mail
// address (as readEmail tidied it), and returns how it is shown and how it is
// compared. This is the one place that knows the rule:
//
// Latin letters and the digits 0–9, with single . - _ + between them. No blanks,
// because a blank at the end is invisible; no mark at either end, because a mail
// that ends "… is zoe." must not be read with its full stop; only Latin letters,
// because a Cyrillic а looks like ours.
//
// Or the whole e-mail address of the account, and no other name with an @. An
// account only wakes by a link that was mailed to its address, so nobody can take
// another's address for a name. See readAddressName.
//
// Capitals are kept for show and do not count, in names and in addresses: people
// type a capital where a telephone puts one. Two mailboxes that differ by a
// capital only would be one name, but no provider gives out such a pair.
func ReadUsername(typed, email string) (shown, key string, err error) {
	shown = norm.NFC.String(strings.TrimSpace(typed))
	if strings.Contains(shown, "@") {
		return readAddressName(shown, email)
	}
	if n := utf8.RuneCountInString(shown); n < ShortestUsername || n > LongestUsername {
		return "", "", ErrUsernameLength
	}
	if strings.ContainsFunc(shown, unicode.IsSpace) {
		return "", "", ErrUsernameSpace
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

// readAddressName reads a username that is an e-mail address. It is plain ASCII:
// in other letters two mailboxes may fold into one key, and the owner of the one
// would hold the name of the other. An address too long for a name is refused
// too, since a key that is cut off is no key.
func readAddressName(shown, email string) (name, key string, err error) {
	if !sameAddress(shown, email) {
		return "", "", ErrUsernameAt
	}
	if len(email) > LongestUsername || !ascii(email) {
		return "", "", ErrUsernameEmail
	}
	return email, usernameKey(email), nil
}

// readChosenUsername reads the name that a person chose without a library. A
// number is refused: it may be the card number of somebody whom the desk enrols
// tomorrow, and whose account would then find its name taken.
func readChosenUsername(typed, email string) (shown, key string, err error) {
	if shown, key, err = ReadUsername(typed, email); err != nil {
		return "", "", err
	}
	if strings.Trim(key, "0123456789") == "" {
		return "", "", ErrUsernameNumber
	}
	return shown, key, nil
}

// named reports whether the e-mail address of acc is its username.
func named(acc Account) bool { return sameAddress(acc.Username, acc.Email) }

// sameAddress compares e-mail addresses as their owners do. Outside ASCII they
// compare letter by letter: there a capital of one alphabet may be a letter of
// another.
func sameAddress(one, other string) bool {
	return one == other || ascii(one) && ascii(other) && strings.EqualFold(one, other)
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
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
