package newsletter

import (
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
)

// LinkLife is how long a letter to confirm works. Nothing opens with it but a
// newsletter, so that a holiday week may pass.
const LinkLife = 7 * 24 * time.Hour

var (
	// toMailbox keeps strangers from filling a mailbox: a letter of less than ten
	// minutes ago is still on its way, and each next one waits twice as long.
	toMailbox = throttle.Rule{Name: "newsletter.mailbox", Free: 0, First: 10 * time.Minute, Most: 24 * time.Hour, Forget: 12 * time.Hour}
	// fromNetwork keeps one sender from writing to many mailboxes through us. A
	// library's own computers are one network, hence the twenty.
	fromNetwork = throttle.Rule{Name: "newsletter.network", Free: 20, First: time.Minute, Most: time.Hour, Forget: 5 * time.Minute}
)

// Asking is a yes to the newsletter.
type Asking struct {
	OrganisationID string
	CustomerID     string // "" for who is no member
	Age            int    // of the customer; not looked at for who is no member, who states it in the text
	Address        string
	Lang           words.Lang
	TextVersion    string
	TextShown      string
	Channel        Channel
	StaffID        string // at the desk
	BranchID       string
	Network        string // throttle.Network of who typed the address; "" at the desk and where the sign-on gave it
	Confirmed      bool   // the sign-on said of this very address that its owner confirmed it
}

// Ask writes a yes with its proof and mails a letter to confirm, unless the
// address is confirmed already. It answers alike whether the mailbox asked
// before, gets the newsletter or is new: nobody learns here who subscribes. A
// second yes to the same adds nothing.
func (s *Subscribers) Ask(tx *sqldb.Tx, a Asking) error {
	if a.CustomerID != "" {
		if err := MayConsent(a.Age); err != nil {
			return err
		}
	}
	var err error
	if a.Address, err = customer.CleanEmail(a.Address); err != nil {
		return err
	}
	a.Lang, _ = words.Read(string(a.Lang)) // Dutch for what we do not speak
	switch {
	case a.Address == "":
		return ErrAddress.At(customer.FieldEmail)
	case a.TextVersion == "" || a.TextShown == "":
		return ErrProof
	}
	if a.Network != "" {
		if err := throttle.Take(tx, []throttle.Counter{{Rule: fromNetwork, Key: a.Network}}); err != nil {
			return err
		}
	}
	sub, fresh, err := subscribe(tx, a)
	if err != nil {
		return err
	}
	mailed := false
	if sub.Standing == Asked && !a.Confirmed {
		if mailed, err = s.letter(tx, sub); err != nil {
			return err
		}
	}
	// A stranger's yes without a letter proves nothing and would only make the
	// proof long; a customer's yes is kept, once.
	said := fresh || mailed
	if a.CustomerID != "" && !fresh {
		known, err := saidAlready(tx, sub.ID, a.CustomerID, a.TextShown)
		if err != nil {
			return err
		}
		said = !known
	}
	if said {
		err = insertConsent(tx, sub.ID, Consent{CustomerID: a.CustomerID, Act: Asked, Address: a.Address, TextVersion: a.TextVersion, TextShown: a.TextShown,
			Channel: a.Channel, StaffID: a.StaffID, BranchID: a.BranchID})
	}
	if err != nil || !a.Confirmed {
		return err
	}
	won, err := confirm(tx, sub.ID)
	if err != nil || !won {
		return err
	}
	return insertConsent(tx, sub.ID, Consent{CustomerID: a.CustomerID, Act: Confirmed, Address: a.Address, Channel: SignOn})
}

// subscribe returns the mailbox, which asks from now on unless it is confirmed;
// fresh when nobody was asking before.
func subscribe(tx *sqldb.Tx, a Asking) (sub Subscriber, fresh bool, err error) {
	key := addressKey(a.Address)
	if fresh, err = insertSubscriber(tx, secret.NewID(), key, a); err != nil {
		return sub, false, err
	}
	if !fresh {
		if fresh, err = askAgain(tx, key, a); err != nil {
			return sub, false, err
		}
		if a.CustomerID != "" {
			if err := adopt(tx, key, a); err != nil {
				return sub, false, err
			}
		}
	}
	sub, err = subscriberAt(tx, a.OrganisationID, key)
	return sub, fresh, err
}

// addressKey is how two spellings of one mailbox become equal. Strictly the part
// before the @ may mind its capitals; no mailbox provider does, and two
// newsletters in one mailbox would be worse.
func addressKey(clean string) string { return strings.ToLower(clean) }

// letterData is what the letter to confirm may tell.
type letterData struct {
	Library string
	Address string
	Link    string
	Days    int       // how long Link works
	Until   time.Time // the exact moment at which it stops
}

// letter mails a link to confirm, which replaces an older one, unless the
// mailbox got a letter a moment ago. The caller cannot tell the difference to a
// mailbox that is confirmed, and must not.
func (s *Subscribers) letter(tx *sqldb.Tx, sub Subscriber) (mailed bool, err error) {
	key := addressKey(sub.Address)
	wait, err := throttle.Wait(tx, toMailbox, key)
	if err != nil || wait > 0 {
		return false, err
	}
	if err := throttle.Failed(tx, toMailbox, key); err != nil {
		return false, err
	}
	token := secret.NewToken()
	if won, err := setLink(tx, sub.ID, token.Digest()); err != nil || !won {
		return false, err
	}
	library, err := branch.OrganisationByID(tx, sub.OrganisationID)
	if err != nil {
		return false, err
	}
	m, err := s.letters.Write(sub.Lang, "confirm", letterData{
		Library: library.Name, Address: sub.Address, Link: s.links.Confirm(token), Days: int(LinkLife / (24 * time.Hour)), Until: tx.Now.Add(LinkLife),
	})
	if err != nil {
		return false, err
	}
	m.Kind, m.To, m.FromName = "newsletter.confirm", sub.Address, library.Name
	if sub.CustomerID != "" {
		m.About = "customer:" + sub.CustomerID
	}
	return true, outbox.Add(tx, m)
}

// Look finds what a link to confirm is about. It changes nothing: mail scanners
// open links too.
func Look(tx *sqldb.Tx, token secret.Token) (Subscriber, error) {
	sub, ok, err := subscriberByLink(tx, token.Digest(), tx.Now.Add(-LinkLife))
	return sub, orElse(ok, err, ErrLink)
}

// Confirm is the button behind the link: from now on the mailbox gets the
// newsletter. It works once.
func Confirm(tx *sqldb.Tx, token secret.Token) (Subscriber, error) {
	sub, ok, err := confirmByLink(tx, token.Digest(), tx.Now.Add(-LinkLife))
	if err := orElse(ok, err, ErrLink); err != nil {
		return Subscriber{}, err
	}
	return sub, insertConsent(tx, sub.ID, Consent{Act: Confirmed, Address: sub.Address, Channel: Mail})
}

// orElse is none when a row was looked for in vain.
func orElse(ok bool, err error, none *fault.Error) error {
	if err == nil && !ok {
		return none
	}
	return err
}
