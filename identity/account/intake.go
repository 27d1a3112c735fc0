package account

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// ImportedLife is how long the name of an imported account is kept whose owner
// never confirmed the address. No letter is sent at an import, so the usual
// [ActivationLife] would be over before anybody heard of it. Making the account
// anew with the same name and address, or a new link from the desk, begins the
// usual hours.
const ImportedLife = 30 * 24 * time.Hour

// ShortestImported is the least length of a username of another system: two
// letters at a school, two digits of an old card.
const ShortestImported = 2

var (
	// ErrImportedName: a name that nobody could type again, or not for certain.
	ErrImportedName = fault.New(fault.Invalid, "account.imported_name").With(ShortestImported, LongestUsername)
	// ErrImportedBlanks: two blanks look like one, and nobody would type them again.
	ErrImportedBlanks = fault.New(fault.Invalid, "account.imported_blanks")
	// ErrImportedNoEmail: without an address nobody gets back in.
	ErrImportedNoEmail = fault.New(fault.Invalid, "account.imported_no_email")
	// ErrImportedAt: the name is an e-mail address, and not that of the account.
	ErrImportedAt = fault.New(fault.Invalid, "account.imported_at")
	// ErrImportedTaken: the name is that of an account with another address.
	ErrImportedTaken = fault.New(fault.Conflict, "account.imported_taken")
)

// Imported is an account as another system knew it.
type Imported struct {
	Username  string
	Email     string
	Lang      words.Lang
	Library   string // for letters, as in Account
	Password  string // as password.Import gave it, or "": its owner makes one by the link for a forgotten password
	Confirmed bool   // that system had the address confirmed; without that the account waits and has no password
	OpenedAt  time.Time
}

// Read tidies name and address, or says what is wrong with them, and returns the
// key by which the name is compared.
//
// Old systems let people choose names that [ReadUsername] refuses, and nobody
// should lose a name for a move. So more is taken here: short names, single
// blanks inside, any mark of the keyboard. What stays refused is what could not be
// typed again for certain (control characters, two blanks, letters that only look
// like Latin ones), and an e-mail address of somebody else: whoever signs in with
// an address must reach their own account. Whoever changes such a name follows the
// usual rule.
func (i *Imported) Read() (key string, err error) {
	if strings.TrimSpace(i.Email) == "" {
		return "", ErrImportedNoEmail
	}
	if i.Email, err = readEmail(i.Email); err != nil {
		return "", err
	}
	name := norm.NFC.String(strings.TrimSpace(i.Username))
	if strings.Contains(name, "@") {
		if !sameAddress(name, i.Email) {
			return "", ErrImportedAt
		}
		if i.Username, key, err = readAddressName(name, i.Email); err != nil {
			return "", err
		}
		return key, nil
	}
	if strings.Contains(name, "  ") {
		return "", ErrImportedBlanks
	}
	if n := utf8.RuneCountInString(name); n < ShortestImported || n > LongestUsername {
		return "", ErrImportedName
	}
	for _, r := range name {
		if !(r >= ' ' && r <= '~') && !(unicode.IsLetter(r) && unicode.In(r, unicode.Latin)) {
			return "", ErrImportedName
		}
	}
	i.Username = name
	return usernameKey(name), nil
}

// Present reports whether the account is here already: the same name with the
// same address. The name with another address is ErrImportedTaken.
func (i Imported) Present(tx *sqldb.Tx, key string) (bool, error) {
	have, ok, err := accountNamed(tx, key)
	if err != nil || !ok || !have.Active() && !have.Until.After(tx.Now) {
		return false, err
	}
	if !sameAddress(have.Email, i.Email) {
		return false, ErrImportedTaken
	}
	return true, nil
}

// Import makes the account, after Read gave its key. It sends no letter. An account
// that is here already is left as it is; id is then "".
func Import(tx *sqldb.Tx, i Imported, key string) (id string, err error) {
	acc := Account{ID: secret.NewID(), Username: i.Username, Email: i.Email, Lang: i.Lang, Library: i.Library, OpenedAt: i.OpenedAt}
	if i.Confirmed {
		acc.ConfirmedAt, acc.ActivatedAt, acc.password = i.OpenedAt, i.OpenedAt, i.Password
	} else {
		acc.Until = tx.Now.Add(ImportedLife)
	}
	if err := deleteMemoryNamed(tx, key); err != nil {
		return "", err
	}
	won, err := insertImported(tx, acc, key)
	if err == nil && !won { // by an account that lives, or that is over though the job did not come yet
		if err = deleteOverdueNamed(tx, key); err == nil {
			won, err = insertImported(tx, acc, key)
		}
	}
	if err != nil {
		return "", err
	}
	if !won {
		_, err := i.Present(tx, key)
		return "", err
	}
	return acc.ID, audit.Record(tx, audit.Entry{Actor: "loader", Act: "account.import", Object: "account:" + acc.ID})
}
