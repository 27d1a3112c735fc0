package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/library/enrol"
)

// errLater means that the mail server should come again with the same message.
var errLater = errors.New("try again later")

// exitLater is what a mail server reads as "try again later" (EX_TEMPFAIL). Any
// other failure it would answer with a notice of its own, to nobody.
const exitLater = 75

// takeBounce is the command "bounce": a mail server pipes each message to it
// that comes to mail.bounce. What is no notice, or of no letter of ours, is
// thrown away in silence: an answer could only go to somebody who forged it.
func takeBounce(ctx context.Context, log *slog.Logger, args []string) error {
	var to string
	c, err := readConfig("bounce", args, func(set *flag.FlagSet) {
		set.StringVar(&to, "to", "", "address at which the message came in, where the mail server tells")
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err) // a slip in the configuration loses no notices
	}
	if c.Mail.Bounce == "" {
		return fmt.Errorf("%w: mail.bounce is not set", errLater)
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err)
	}
	defer db.Close()
	returns, err := c.Mail.returns(db.Box)
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err)
	}
	accounts, err := account.New(account.Links{})
	if err != nil {
		return err
	}
	office := enrol.Office{Accounts: loginAccounts{accounts: accounts}}
	return readBounce(ctx, db, log, bounced{returns, office, os.Stdin, to})
}

// bounced is a message that came to the address for letters that come back.
type bounced struct {
	returns *outbox.Returns
	office  enrol.Office
	message io.Reader
	to      string // "" where only its headers tell
}

// readBounce notes the letter that a message is about, and tells the library.
func readBounce(ctx context.Context, db *sqldb.DB, log *slog.Logger, b bounced) error {
	notice, err := outbox.ReadBounce(b.message, b.to)
	if errors.Is(err, outbox.ErrNoBounce) {
		log.InfoContext(ctx, "no notice of a letter that came back; thrown away")
		return nil
	}
	if err != nil {
		return err
	}
	id, ours := b.returns.LetterOf(notice)
	if !ours {
		log.WarnContext(ctx, "a notice bears no mark of ours; thrown away", "code", notice.Code)
		return nil
	}
	var noted bool
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		var r outbox.Return
		if r, noted, err = outbox.Bounce(tx, id, notice.Code, notice.Hard); err != nil || !noted {
			return err
		}
		return b.office.MailReturned(tx, r)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err)
	}
	log.InfoContext(ctx, "letter came back", "letter", id, "code", notice.Code, "new", noted)
	return nil
}
