// Package device lets the reader apps of a reader in: an e-reader or a telephone that
// cannot show our sign-in page gets a name and a password of its own.
//
//	Make, Rename, Withdraw, Of  are for the reader, in a browser
//	Enter     finds the reader behind the name and the password of an app
//	ByBearer  finds the reader behind an access token of the sign-on
//	Rights    says what that reader may, as lately heard as the caller wants
//	Sweep     forgets devices that ended
//	Wait      waits for answers of the sign-on, before the program ends
//
// An app password opens the catalogue for apps and nothing else, and each can be taken
// back by itself. What its reader may borrow is asked at the sign-on with a refresh
// token, so that a membership that ends, and a new password after a theft, reach an app
// as fast as a browser.
package device

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/reading/loan"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

const (
	// Most is how many devices a reader may have. More than any household, and few
	// enough to look through for one that is not yours.
	Most = 10
	// NameMost is the longest name of a device, in letters.
	NameMost = 60
	// endedMemory is how long a device that ended stays in the list, to say why.
	endedMemory = 30 // days
)

// A login is known by two groups of four letters, 35 bits, and opened by four, 70
// bits. Such a password is random, so nobody has it from elsewhere, and 70 bits are
// beyond guessing at a door that answers a thousand times a second (10^10 years). They
// are few enough to type on an e-reader, where each letter costs a second.
const (
	loginGroups    = 2
	passwordGroups = 4
)

// Device is a reader app that was let in.
type Device struct {
	ID     string
	Reader loan.Reader
	Name   string  // as the reader calls it
	Login  string  // what the app sends beside the password
	MadeOn day.Day // days only, see the migration
	UsedOn day.Day // last; "" is never
	Ended  bool    // the sign-on does not know it any longer: make another

	turn int64
	kept string // sealed
}

var (
	// ErrMany means that a reader has as many devices as may be.
	ErrMany = fault.New(fault.Conflict, "device.many").With(Most)
	// ErrName means that a name is missing or too long.
	ErrName = fault.New(fault.Invalid, "device.name").With(NameMost)
	// ErrNoDevice means that a reader has no such device.
	ErrNoDevice = fault.New(fault.NotFound, "device.none")
	// ErrWrong answers alike for an unknown name and a wrong password.
	ErrWrong = fault.New(fault.SignIn, "device.wrong")
	// ErrNoAppName means that a name is of another form than those that Make gives: a card
	// number, the name of a login account.
	ErrNoAppName = fault.New(fault.SignIn, "device.no_app_name")
	// ErrToken means that an access token is not known, over, or not for us.
	ErrToken = fault.New(fault.SignIn, "device.token")
	// ErrEnded means that the reader signed out everywhere or has a new password.
	ErrEnded = fault.New(fault.SignIn, "device.ended")
	// ErrNoApps means that the sign-on lets no app in.
	ErrNoApps = fault.New(fault.Unavailable, "device.no_apps")
	// ErrAway means that the sign-on cannot be asked now.
	ErrAway = fault.New(fault.Unavailable, "device.away")
)

// SignOn is how this room asks the sign-on without a browser. It fails with ErrEnded
// when the person is not known by the token any longer, and with ErrAway when another
// try may help; a token that is not for us is ErrWrong.
type SignOn interface {
	Refresh(ctx context.Context, refresh secret.Token) (Heard, error)
	Introspect(ctx context.Context, access secret.Token) (Bearer, error)
	Revoke(ctx context.Context, refresh secret.Token) error
}

// Heard is what the sign-on says of somebody.
type Heard struct {
	Reader  loan.Reader
	Rights  loan.Rights
	Refresh secret.Token // for the next time; the one before is spent
}

// Readers lets apps in.
type Readers struct {
	DB     *sqldb.DB
	SignOn SignOn

	asking  sync.WaitGroup // hold refresh tokens that are spent
	bearers memory
	// Tokens that nobody here knows are asked about at the sign-on, so whoever sends many
	// of them is slowed down before.
	strangers *throttle.Pace
}

// New makes Readers.
func New(db *sqldb.DB, signOn SignOn) *Readers {
	return &Readers{DB: db, SignOn: signOn, strangers: throttle.NewPace(time.Second, 60)}
}

// Wait waits for those that are asking the sign-on. An answer that nobody writes down is
// a device that is lost, so a program ends after that.
func (r *Readers) Wait() { r.asking.Wait() }

// CleanName brings what a reader calls a device to one line.
func CleanName(name string) (string, error) {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if name == "" || utf8.RuneCountInString(name) > NameMost || !utf8.ValidString(name) {
		return "", ErrName
	}
	return name, nil
}

// Make lets a device in for a reader of whom the sign-on just said something, with a
// refresh token. The password is returned this once.
func Make(tx *sqldb.Tx, heard Heard, name string) (Device, secret.Token, error) {
	name, err := CleanName(name)
	switch {
	case err != nil:
		return Device{}, "", err
	case heard.Refresh == "":
		return Device{}, "", ErrNoApps
	}
	d := Device{ID: secret.NewID(), Reader: heard.Reader, Name: name, Login: strings.ToLower(secret.NewLetters(loginGroups)), MadeOn: day.Of(tx.Now)}
	password := secret.Token(strings.ToLower(secret.NewLetters(passwordGroups)))
	if d.kept, err = seal(tx.Box(), known{heard.Refresh, heard.Rights, tx.Now}); err != nil {
		return Device{}, "", err
	}
	ok, err := insertDevice(tx, d, digest(tx.Box(), d.Login, password))
	if err == nil && !ok {
		err = ErrMany
	}
	return d, password, err
}

// digest is what the database holds of a password. A slow hash, which passwords that
// people think up need, would only make every page of an app slow: nothing that is
// random and has 70 bits is found by trying, and without the master key nobody who has
// the table can even try.
func digest(box *secret.Box, login string, password secret.Token) string {
	mac := hmac.New(sha256.New, box.Derive("app password"))
	mac.Write([]byte(login + "\x00" + string(password)))
	return hex.EncodeToString(mac.Sum(nil))
}

// Of lists the devices of a reader, by name.
func Of(tx *sqldb.Tx, reader loan.Reader) ([]Device, error) { return devicesOf(tx, reader) }

// Find returns one device of a reader.
func Find(tx *sqldb.Tx, reader loan.Reader, id string) (Device, error) {
	list, err := devicesOf(tx, reader)
	for _, d := range list {
		if d.ID == id {
			return d, nil
		}
	}
	if err == nil {
		err = ErrNoDevice
	}
	return Device{}, err
}

// Rename gives a device of a reader another name.
func Rename(tx *sqldb.Tx, reader loan.Reader, id, name string) error {
	name, err := CleanName(name)
	if err != nil {
		return err
	}
	n, err := setName(tx, reader, id, name)
	if err == nil && n == 0 {
		err = ErrNoDevice
	}
	return err
}

// Withdraw shuts a device of a reader out at once, and tells the sign-on when that is
// there. Whoever is not shut out there has nothing to come with here. It fails with
// ErrNoDevice.
func (r *Readers) Withdraw(ctx context.Context, reader loan.Reader, id string) error {
	var kept string
	err := r.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		sealed, there, err := deleteDevice(tx, reader, id)
		if kept = sealed; err == nil && !there {
			err = ErrNoDevice
		}
		return err
	})
	if err != nil || kept == "" {
		return err
	}
	if k, err := unseal(r.DB.Box, kept); err == nil {
		_ = r.SignOn.Revoke(context.WithoutCancel(ctx), k.Refresh)
	}
	return nil
}

// Sweep forgets devices that ended a while ago.
func Sweep(tx *sqldb.Tx) error { return deleteEnded(tx, day.Of(tx.Now).AddDays(-endedMemory)) }

// awayRights is how old rights may be to read on while the sign-on is away.
const awayRights = 24 * time.Hour
