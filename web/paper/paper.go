// Package paper makes the pages that people keep outside the browser: a receipt
// as PDF, in the look of the house. It knows no rules; who calls it has decided
// what is on it.
//
//	Receipt  the receipt of a contract, on one sheet of A4
//
// The letters of the sheet are in the file, so that every name looks the same on
// every screen and printer, and can be searched and copied. The same bill makes
// the same file, byte for byte: a receipt that is fetched twice is one receipt.
package paper

import (
	"embed"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/words"
)

// Words are the sentences on the sheets.
//
//go:embed words.*.txt
var Words embed.FS

// Bill is what a receipt says.
type Bill struct {
	Number   string // of the receipt, as people read it out: "ABCD-EFGH"
	Library  Library
	Name     string    // whom it is to
	Address  []string  // theirs, line by line
	Customer string    // customer number
	At       time.Time // when the contract was made
	What     string    // what was bought: "Digital only"
	From     day.Day
	Through  day.Day
	Fee      money.Cents // before Discount
	Discount money.Cents // positive
	Total    money.Cents // 0 is free
	Moves    []Move      // of money, oldest first
	Undone   day.Day     // on which the contract was undone; "" while it stands
}

// Library is who sold it. What is empty is left out.
type Library struct {
	Name     string
	Address  string
	Register string // "KvK 12345678"
	Email    string
	Phone    string
	Site     string
}

// Kind says which way money went.
type Kind string

const (
	PaidIn      Kind = "paid"         // came in
	TooMany     Kind = "too_many"     // came in once too often; it goes back
	ChargedBack Kind = "charged_back" // the payer's bank took it
	PaidBack    Kind = "paid_back"    // left again
	Leaving     Kind = "leaving"      // is on its way back; it counts when it has left
	NotLeft     Kind = "not_left"     // should have left and did not
)

// Move is money that came in or went back.
type Move struct {
	Kind   Kind
	Day    day.Day
	Method string      // how it was paid, "" for not known; only of money that came in
	Cents  money.Cents // positive
}

// signed is what a move adds to what was paid.
func (m Move) signed() money.Cents {
	switch m.Kind {
	case PaidIn, TooMany:
		return m.Cents
	case ChargedBack, PaidBack:
		return -m.Cents
	}
	return 0
}

// paid is what came in and did not go back.
func (b Bill) paid() (sum money.Cents) {
	for _, m := range b.Moves {
		sum += m.signed()
	}
	return sum
}

// state names the sentence that says in a word how the bill stands.
func (b Bill) state() string {
	switch {
	case b.Undone != "":
		return "paper.undone"
	case b.Total == 0:
		return "paper.free"
	case b.paid() >= b.Total:
		return "paper.paid"
	}
	return "paper.open"
}

// Sentence is how a caller's page says something in its reader's language.
type Sentence = func(key string, args ...any) string

// Receipt is the receipt of a bill as a PDF.
func Receipt(lang words.Lang, say Sentence, b Bill) ([]byte, error) {
	return receipt(lang, say, b).bytes()
}

func receipt(lang words.Lang, say Sentence, b Bill) sheet {
	s := newSheet(lang, say("paper.title")+" "+b.Number, b.Library.Name, b.At)
	s.head(b.Library)
	s.to(b)
	s.heading(say("paper.title"))
	s.facts([][2]string{
		{say("paper.number"), b.Number},
		{say("paper.date"), day.Of(b.At).Long(lang)},
		{say("paper.customer"), b.Customer},
	})
	s.table(say("paper.what"), say("paper.amount"), b.sold(say))
	s.table(say("paper.moves"), "", b.moved(say))
	s.stamp(say(b.state(), b.Undone), b.state() == "paper.paid" || b.state() == "paper.free")
	s.note(say("paper.keep", b.Library.Name))
	return s
}

// sold are the lines of what was bought.
func (b Bill) sold(say Sentence) []row {
	rows := []row{{text: b.What, small: say("paper.period", b.From, b.Through), amount: b.Fee.String()}}
	if b.Discount != 0 {
		rows = append(rows, row{text: say("paper.discount"), amount: (-b.Discount).String()})
	}
	return append(rows, row{text: say("paper.total"), amount: b.Total.String(), strong: true})
}

// moved are the lines of the money.
func (b Bill) moved(say Sentence) (rows []row) {
	for _, m := range b.Moves {
		r := row{text: say("paper.move."+string(m.Kind), m.Day), small: m.Method, amount: m.signed().String()}
		if m.signed() == 0 {
			r.amount = "(" + m.Cents.String() + ")"
		}
		rows = append(rows, r)
	}
	return rows
}
