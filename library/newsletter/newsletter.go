// Package newsletter keeps who gets the library's newsletter, and proves it.
//
//	Ask          somebody, a member or not, wants it; the mailbox gets a letter to confirm
//	Confirm      the owner of the mailbox presses the button behind the letter's link
//	StopByToken  the link in each newsletter: no sign-in, any number of times
//	OptOut       a customer says no, at the desk or in Mijn Menu, without a reason
//	State        what holds now for a customer; Mailboxes when there are several
//	History      all that was ever said about a customer's mailboxes: the proof
//	Headers      what a newsletter carries so that a mail program can unsubscribe
//	Export       the confirmed mailboxes of a library, for its mailing service
//	Count        how many mailboxes asked, confirmed and stopped
//	Tend         mails letters that are due, and forgets what nobody needs
//
// Telecommunicatiewet art. 11.7: the sender must be able to prove consent that
// was given beforehand, so every yes and every no stays as it was given. What is
// consented to is mail to an address. Hence a subscriber is one mailbox at one
// library, whoever shares it, and who says no says it for the mailbox. When a
// customer's address changes, the old mailbox stays until somebody stops it and
// the new one gets nothing until its owner asks: consent does not move house.
package newsletter

import (
	"embed"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

//go:embed mail
var mails embed.FS

// ConsentAge is the age from which a person may say yes without a parent. AVG
// art. 8 lets countries choose 13 to 16 where consent is the ground, as it is
// for a newsletter; the Netherlands kept 16.
const ConsentAge = 16

// TextVersion and TextKey name the sentence beside the box on our own forms.
// Whoever changes the sentence in the words files raises the version.
//
// AnybodyKey is the sentence for who is no member. It holds a statement of age:
// AVG art. 8(2) asks for a reasonable effort, and to take the birth date of
// everybody who wants a newsletter would be more than the purpose needs
// (art. 5(1)(c)). Of a customer we know the age, and go by that.
const (
	TextVersion = "2026-11"
	TextKey     = "newsletter.consent"
	AnybodyKey  = "newsletter.consent_anybody"
)

var sentences = func() *words.Catalogue {
	c, err := words.Load(Words)
	if err != nil {
		panic(err) // embedded
	}
	return c
}()

// Text is the sentence beside the box for a customer, as the page shows it and
// as the proof keeps it.
func Text(lang words.Lang) string { return text(lang, TextKey) }

// TextForAnybody is the same for who is no member.
func TextForAnybody(lang words.Lang) string { return text(lang, AnybodyKey) }

func text(lang words.Lang, key string) string {
	if lang == "" {
		lang = words.NL
	}
	return sentences.Text(lang, key)
}

var (
	// ErrParent means that a child asked for the newsletter without a parent.
	ErrParent = fault.New(fault.Invalid, "newsletter.parent")
	// ErrAddress means that there is no address to send a newsletter to.
	ErrAddress = fault.New(fault.Invalid, "newsletter.address")
	// ErrProof means that a form forgot to say what the person read.
	ErrProof = fault.New(fault.Internal, "newsletter.proof")
	// ErrLink answers alike for a confirm link that was never made, was used, was
	// replaced by a newer one or is too old.
	ErrLink = fault.New(fault.Gone, "newsletter.link")
	// ErrUnsubscribe means that an unsubscribe link is not one of ours.
	ErrUnsubscribe = fault.New(fault.NotFound, "newsletter.unsubscribe")
)

// Standing is how a mailbox stands.
type Standing string

const (
	Nothing   Standing = ""          // nobody ever asked
	Asked     Standing = "asked"     // a letter asks the owner to confirm
	Confirmed Standing = "confirmed" // gets the newsletter
	Stopped   Standing = "stopped"
)

// Subscriber is one mailbox at one library organisation.
type Subscriber struct {
	ID             string
	OrganisationID string
	Address        string
	CustomerID     string // the first customer who asked; "" when none did
	Lang           words.Lang
	Standing       Standing
	AskedAt        time.Time
	ConfirmedAt    time.Time // the last time, or zero
	StoppedAt      time.Time // the last time, or zero
}

// Wanted reports whether somebody asked and nobody stopped it since.
func (s Subscriber) Wanted() bool { return s.Standing == Asked || s.Standing == Confirmed }

// Waits reports whether the owner of the mailbox has still to confirm.
func (s Subscriber) Waits() bool { return s.Standing == Asked }

// Channel is where something was said.
type Channel string

const (
	Desk     Channel = "desk"
	Web      Channel = "web"       // our own pages
	Mail     Channel = "mail"      // a link in a letter, and the button behind it
	OneClick Channel = "one-click" // the button of a mail program (RFC 8058)
	SignOn   Channel = "sign-on"   // the sign-on said that the address is confirmed
)

// Consent is one thing that was said, with its proof.
type Consent struct {
	CustomerID  string   // "" for who is no member, or only pressed a link
	Act         Standing // Asked, Confirmed or Stopped
	Address     string   // the e-mail address it is about
	TextVersion string   // of a yes
	TextShown   string   // of a yes: word for word what the person saw or heard
	Channel     Channel
	StaffID     string // at the desk: who ticked the box
	BranchID    string
	At          time.Time
}

// Links says where the pages are that letters point to. The roof fills it.
type Links struct {
	Confirm     func(secret.Token) string // page of a link that confirms
	Unsubscribe func(secret.Token) string // page, and RFC 8058 address, that unsubscribes
}

// Subscribers does the acts of this room that need to know its pages.
type Subscribers struct {
	links   Links
	letters *outbox.LetterSet
}

// New loads the letters.
func New(links Links) (*Subscribers, error) {
	letters, err := outbox.Letters(mails)
	if err != nil {
		return nil, err
	}
	return &Subscribers{links: links, letters: letters}, nil
}

// MayConsent is nil when a person of this age may say yes alone.
func MayConsent(age int) error {
	if age < ConsentAge {
		return ErrParent
	}
	return nil
}

// State is the mailbox that a customer asked for last; one that still gets or
// awaits the newsletter goes before one that was stopped. Silence is no.
func State(tx *sqldb.Tx, customerID string) (Subscriber, error) {
	all, err := Mailboxes(tx, customerID)
	if err != nil || len(all) == 0 {
		return Subscriber{}, err
	}
	return all[0], nil
}

// Mailboxes are all that a customer ever asked for, in the order of State. Who
// changed address and asked again has two, each to be stopped by itself.
func Mailboxes(tx *sqldb.Tx, customerID string) ([]Subscriber, error) {
	return selectMailboxes(tx, customerID)
}

// History is all that was said about the mailboxes of a customer, oldest first:
// the proof. What another member of the family asked for is left out.
func History(tx *sqldb.Tx, customerID string) ([]Consent, error) {
	return selectSaid(tx, customerID)
}
