package device

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"
	"unicode"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/reading/loan"
)

// How guesses slow down. An app whose password was taken back goes on trying by
// itself, at every page it wants to show, so the first few cost nothing. Only wrong ones
// are counted and wait: whoever has the right password is let in whatever others try, or
// anybody who saw the name of an app could keep its reader out. Nobody guesses 70 bits
// between two waits, and nobody does without them.
var (
	guessDevice  = throttle.Rule{Name: "app password by device", Free: 10, First: time.Second, Most: time.Minute, Forget: 5 * time.Minute}
	guessNetwork = throttle.Rule{Name: "app password by network", Free: 50, First: time.Second, Most: 30 * time.Second, Forget: time.Minute}
)

// Entered is a reader who came in by an app, with one request.
type Entered struct {
	Reader loan.Reader
	App    string // the device as the reader calls it, or the app that showed a token

	rights func(ctx context.Context, atMost time.Duration) (loan.Rights, error)
}

// Rights are what the reader may, heard of the sign-on at most so long ago. While the
// sign-on is away those of the last day do for reading on, which is to ask for
// loan.ReadingRights or longer; never for lending. It fails with ErrEnded when the reader is
// out, and with ErrAway.
func (e Entered) Rights(ctx context.Context, atMost time.Duration) (loan.Rights, error) {
	return e.rights(ctx, atMost)
}

// Enter lets an app in by its name and password. network is where it comes from
// (throttle.Network). It fails with ErrWrong, ErrNoAppName, ErrEnded and, for wrong ones
// only, throttle.ErrSlow.
func (r *Readers) Enter(ctx context.Context, name string, password secret.Token, network string) (Entered, error) {
	login := strings.ToLower(secret.ReadLetters(clip(name), loginGroups))
	typed := secret.Token(strings.ToLower(secret.ReadLetters(clip(string(password)), passwordGroups)))
	given := digest(r.DB.Box, login, typed)
	var d Device
	var wants string // of an unknown name nothing: no digest is equal to it, and it takes as long
	err := r.DB.Look(ctx, func(tx *sqldb.Tx) (err error) {
		d, wants, err = deviceByLogin(tx, login)
		return err
	})
	if err != nil {
		return Entered{}, err
	}
	right := subtle.ConstantTimeCompare([]byte(given), []byte(pad(wants))) == 1
	switch {
	case !right:
		return Entered{}, r.wrong(ctx, name, network)
	case d.Ended:
		return Entered{}, ErrEnded
	}
	if err := r.used(ctx, d); err != nil {
		return Entered{}, err
	}
	return Entered{Reader: d.Reader, App: d.Name, rights: func(ctx context.Context, atMost time.Duration) (loan.Rights, error) {
		return r.rightsOf(ctx, &d, atMost)
	}}, nil
}

// wrong counts a guess, and says whether the next must wait. A name that cannot be an
// app's is counted as it was typed: it is the same mistake of many people, and none of
// them waits for another.
func (r *Readers) wrong(ctx context.Context, name, network string) error {
	key, is := appName(name), ErrWrong
	if key == "" {
		key, is = "typed "+strings.ToLower(clip(strings.TrimSpace(name))), ErrNoAppName
	}
	err := r.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		return throttle.Take(tx, []throttle.Counter{{Rule: guessDevice, Key: key}, {Rule: guessNetwork, Key: network}})
	})
	if err == nil {
		err = is
	}
	return err
}

// appName is a name as Make gives them, or "" when it is of another form. Blanks and
// hyphens make no difference; anything else does not belong there.
func appName(typed string) string {
	bare := strings.Join(strings.FieldsFunc(clip(typed), func(r rune) bool { return r == '-' || unicode.IsSpace(r) }), "")
	login := strings.ToLower(secret.ReadLetters(bare, loginGroups))
	if strings.ReplaceAll(login, "-", "") != strings.ToLower(bare) {
		return ""
	}
	return login
}

// used notes the day on which a device was last used.
func (r *Readers) used(ctx context.Context, d Device) error {
	today := day.Of(r.DB.Now())
	if d.UsedOn == today {
		return nil
	}
	return r.DB.InTx(ctx, func(tx *sqldb.Tx) error { return setUsed(tx, d.ID, today) })
}

// clip bounds what is read of a header: four times what we ever gave.
func clip(s string) string { return s[:min(len(s), 100)] }

// pad gives a digest that is not there the length of one that is.
func pad(digest string) string {
	if digest == "" {
		return strings.Repeat("-", 64)
	}
	return digest
}
