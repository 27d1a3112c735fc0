package account

import (
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// HistoryLife is how long an owner sees what happened to the account: long enough
// to notice a stranger after a holiday, and no diary of somebody's life.
const HistoryLife = 90 * 24 * time.Hour

// eventsShown bounds the history on one page.
const eventsShown = 200

// What can happen to an account. The words are stored; other rooms add their own,
// each with a sentence "login.event_…" at the door.
const (
	EventSignIn     = "signin"
	EventNewBrowser = "signin_new" // a sign-in from a browser that the account did not know
	EventRefused    = "refused"    // a wrong password
	EventActivate   = "activate"
	EventPassword   = "password"
	EventUsername   = "username"
	EventEmailAsked = "email_asked"
	EventEmail      = "email"
	EventUndo       = "undo"
	EventStopped    = "email_stopped" // a change of address that was only asked for
	EventSessions   = "sessions"      // signed out elsewhere
	EventDevices    = "devices"       // forgot the other browsers
	EventConsent    = "consent"       // a site of somebody else may hear of the account
	EventWithdrawn  = "withdrawn"     // and no longer
)

// Event is something that happened to an account.
type Event struct {
	At     time.Time
	Kind   string
	Device string // in words: "Firefox, Windows"; "" when unknown
	Times  int    // how often in a row: refused guesses are told together
}

// Note writes what happened to an account, in the transaction in which it did.
// device is what the browser is, in words; addresses and networks stay out.
func Note(tx *sqldb.Tx, accountID, kind, device string) error {
	return insertEvent(tx, secret.NewID(), accountID, kind, device)
}

// History lists what happened lately, the newest first.
func (a *Accounts) History(tx *sqldb.Tx, accountID string) ([]Event, error) {
	all, err := eventsOf(tx, accountID, tx.Now.Add(-HistoryLife), eventsShown)
	if err != nil {
		return nil, err
	}
	var list []Event
	for _, e := range all {
		if n := len(list); n > 0 && e.Kind == EventRefused && list[n-1].Kind == EventRefused && e.Device == list[n-1].Device {
			list[n-1].Times++
			continue
		}
		list = append(list, e)
	}
	return list, nil
}

// Arrive notes that an account signed in by a browser, and knows the browser again.
// It returns the token for a cookie, as Remember does. A browser that the account
// did not know is told to its owner by letter, except at the very first sign-in
// after activation.
func (a *Accounts) Arrive(tx *sqldb.Tx, acc Account, device secret.Token, browser string) (secret.Token, error) {
	known, err := hasDevice(tx, device.Digest(), acc.ID)
	if err != nil {
		return "", err
	}
	what := EventSignIn
	if !known && !acc.SignedInAt.IsZero() {
		what = EventNewBrowser
		if err := a.mail(tx, acc, "newdevice", acc.Library, letter{Link: a.links.Forgotten, Browser: browser, Until: tx.Now}); err != nil {
			return "", err
		}
	}
	if err := Note(tx, acc.ID, what, browser); err != nil {
		return "", err
	}
	if !acc.SignedInAt.After(acc.ActivatedAt) {
		if err := noteFirstSignIn(tx, acc.ID); err != nil {
			return "", err
		}
	}
	return Remember(tx, acc.ID, device, browser)
}

// Device is a browser that an account knows.
type Device struct {
	Name   string    // in words, "" when unknown
	Since  time.Time // the first sign-in there; zero when it was long ago
	SeenAt time.Time
	This   bool // the one that asks
}

// Devices lists the browsers that an account knows, the newest first. device is the
// one that asks.
func (a *Accounts) Devices(tx *sqldb.Tx, accountID string, device secret.Token) ([]Device, error) {
	return devicesOf(tx, accountID, device.Digest())
}

// ForgetDevices forgets every browser but the one that asks: the next sign-in there
// is told by letter, and guesses from there count as a stranger's.
func (a *Accounts) ForgetDevices(tx *sqldb.Tx, accountID string, device secret.Token, browser string) error {
	if err := deleteOtherDevices(tx, accountID, device.Digest()); err != nil {
		return err
	}
	return happened(tx, accountID, EventDevices, browser)
}
