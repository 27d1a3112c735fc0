// Package newsletter remembers who wants the library's newsletter, and proves it.
//
//	OptIn   a customer says yes, to a text that is kept word for word
//	OptOut  a customer says no; always possible, without a reason
//	State   what holds now; nobody gets the newsletter without having asked
//
// Telecommunicatiewet art. 11.7: the sender must be able to prove consent that
// was given beforehand, so every yes and every no stays as it was given.
package newsletter

import (
	"embed"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// ConsentAge is the age from which a person may say yes without a parent. AVG
// art. 8 lets countries choose 13 to 16 where consent is the ground, as it is
// for a newsletter; the Netherlands kept 16.
const ConsentAge = 16

// TextVersion and TextKey name the sentence beside the box on our own forms.
// Whoever changes the sentence in the words files raises the version.
const (
	TextVersion = "2026-11"
	TextKey     = "newsletter.consent"
)

var sentences = func() *words.Catalogue {
	c, err := words.Load(Words)
	if err != nil {
		panic(err) // embedded
	}
	return c
}()

// Text is the sentence beside the box, as the page shows it and as the proof
// keeps it.
func Text(lang words.Lang) string {
	if lang == "" {
		lang = words.NL
	}
	return sentences.Text(lang, TextKey)
}

var (
	// ErrParent means that a child asked for the newsletter without a parent.
	ErrParent = fault.New(fault.Invalid, "newsletter.parent")
	// ErrAddress means that there is no address to send a newsletter to.
	ErrAddress = fault.New(fault.Invalid, "newsletter.address")
	// ErrProof means that a form forgot to say what the customer read.
	ErrProof = fault.New(fault.Internal, "newsletter.proof")
)

// Channel is where a customer said it.
type Channel string

const (
	Desk Channel = "desk"
	Web  Channel = "web"
	Mail Channel = "mail" // the link in the newsletter itself
)

// Consent is one yes with its proof, or one no.
type Consent struct {
	CustomerID  string
	Wanted      bool
	Address     string // the e-mail address it is about
	TextVersion string
	TextShown   string // word for word what the customer saw or heard
	Channel     Channel
	StaffID     string // at the desk: who ticked the box
	BranchID    string
	At          time.Time
}

// MayConsent is nil when a person of this age may say yes alone.
func MayConsent(age int) error {
	if age < ConsentAge {
		return ErrParent
	}
	return nil
}

// OptIn writes a yes. A second yes to the same address and text adds nothing.
func OptIn(tx *sqldb.Tx, c Consent, age int) error {
	if err := MayConsent(age); err != nil {
		return err
	}
	switch {
	case c.Address == "":
		return ErrAddress
	case c.TextVersion == "" || c.TextShown == "":
		return ErrProof
	}
	now, err := State(tx, c.CustomerID)
	if err != nil {
		return err
	}
	if now.Wanted && now.Address == c.Address && now.TextShown == c.TextShown {
		return nil
	}
	c.Wanted = true
	return insertConsent(tx, c)
}

// OptOut writes a no, when there was a yes.
func OptOut(tx *sqldb.Tx, c Consent) error {
	now, err := State(tx, c.CustomerID)
	if err != nil || !now.Wanted {
		return err
	}
	c.Wanted = false
	if c.Address == "" {
		c.Address = now.Address
	}
	return insertConsent(tx, c)
}

// State is what the customer said last. Silence is no.
func State(tx *sqldb.Tx, customerID string) (Consent, error) {
	return selectLast(tx, customerID)
}

// History is all a customer ever said, oldest first: the proof.
func History(tx *sqldb.Tx, customerID string) ([]Consent, error) {
	return selectAll(tx, customerID)
}
