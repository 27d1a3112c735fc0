package newsletter

import (
	"time"

	"lidwoord/base/sqldb"
)

const (
	// AskLife is how long an address is kept that nobody confirmed. Its link is
	// dead by then, and it may be a stranger's.
	AskLife = 30 * 24 * time.Hour
	// ProofLife is how long the proof is kept of a mailbox that said no: as long as
	// a claim about unwanted mail can still come (BW 3:310, five years).
	ProofLife = 5 * 366 * 24 * time.Hour
	// lettersMost is how many letters leave at once, so that a library that joins
	// with many old members does not look like a sender of junk.
	lettersMost = 50
)

// Tend is a periodic job. It mails the letters to confirm that are still due: to
// members who said yes before there were such letters, and to mailboxes that had
// to wait. It forgets addresses that nobody confirmed, except a customer's own,
// and proof that nobody needs.
func (s *Subscribers) Tend(tx *sqldb.Tx) error {
	due, err := withoutLetter(tx, lettersMost)
	if err != nil {
		return err
	}
	for _, sub := range due {
		if _, err := s.letter(tx, sub); err != nil {
			return err
		}
	}
	if err := stopUnconfirmed(tx, tx.Now.Add(-AskLife)); err != nil {
		return err
	}
	return forget(tx, tx.Now.Add(-AskLife), tx.Now.Add(-ProofLife))
}
