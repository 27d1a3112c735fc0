package newsletter

import (
	"encoding/csv"
	"io"
	"iter"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Recipient is what a mailing service needs to know of a mailbox, and no more:
// it has no use for names and customer numbers (AVG art. 5(1)(c)).
type Recipient struct {
	Address     string
	Lang        words.Lang
	Since       day.Day
	Unsubscribe string // for the header List-Unsubscribe, and for the link in the newsletter
}

// page is how many mailboxes are in memory at a time.
const page = 1000

// Export walks over the confirmed mailboxes of a library. It must be walked
// inside the transaction.
func (s *Subscribers) Export(tx *sqldb.Tx, organisationID string) iter.Seq2[Recipient, error] {
	return func(yield func(Recipient, error) bool) {
		after := ""
		for {
			list, err := confirmedAfter(tx, organisationID, after, page)
			if err != nil {
				yield(Recipient{}, err)
				return
			}
			for _, sub := range list {
				r := Recipient{Address: sub.Address, Lang: sub.Lang, Since: day.Of(sub.ConfirmedAt), Unsubscribe: s.unsubscribe(tx, sub.ID)}
				if !yield(r, nil) {
					return
				}
				after = sub.ID
			}
			if len(list) < page {
				return
			}
		}
	}
}

// Columns is the first line of the file for the mailing service.
var Columns = []string{"e-mailadres", "taal", "sinds", "afmelden"}

// WriteCSV writes recipients as RFC 4180 asks, in UTF-8.
func WriteCSV(w io.Writer, list iter.Seq2[Recipient, error]) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(Columns); err != nil {
		return err
	}
	for r, err := range list {
		if err != nil {
			return err
		}
		if err := out.Write([]string{cell(r.Address), cell(string(r.Lang)), cell(string(r.Since)), cell(r.Unsubscribe)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell keeps a spreadsheet from taking what a stranger typed for a formula:
// "=cmd|…@example.nl" is a lawful address. The quotation mark in front makes a
// mailing service refuse such a row, and there is no honest one.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// Counts is how many mailboxes of a library stand how.
type Counts struct{ Asked, Confirmed, Stopped int }

// Count counts the mailboxes of a library.
func Count(tx *sqldb.Tx, organisationID string) (Counts, error) {
	by, err := countStandings(tx, organisationID)
	return Counts{by[Asked], by[Confirmed], by[Stopped]}, err
}
