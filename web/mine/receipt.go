package mine

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
	"lidwoord/web/kit"
	"lidwoord/web/paper"
)

// receiptPage is the receipt of a contract, to read and to print.
type receiptPage struct{ registration.Bill }

// Day is the day on which the contract was made.
func (p receiptPage) Day() day.Day { return day.Of(p.At) }

// On is the day of an instant.
func (receiptPage) On(t time.Time) day.Day { return day.Of(t) }

// pdf is what the address of a receipt ends with to get it on paper.
const pdf = ".pdf"

func (s *Site) receipt(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, onPaper := strings.CutSuffix(r.PathValue("registration"), pdf)
	var bill registration.Bill
	var takenBack day.Day
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		if _, _, err := v.contract(tx, id); err != nil {
			return err
		}
		var err error
		if bill, err = registration.BillOf(tx, id); err != nil {
			return err
		}
		takenBack, err = takenBackOn(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if !onPaper {
		return s.Show(w, r, http.StatusOK, "receipt", receiptPage{bill})
	}
	say := func(key string, args ...any) string { return s.Words.Text(v.lang, key, args...) }
	sheet, err := paper.Receipt(v.lang, say, onSheet(bill, takenBack, v.lang, say))
	if err != nil {
		return err
	}
	kit.AsFile(w.Header(), say("mine.receipt_file")+"-"+bill.Number+pdf)
	_, err = w.Write(sheet)
	return err
}

// takenBackOn is the day on which the payer's bank first took money of a contract
// back, "" for never. The task that it made for the staff knows.
func takenBackOn(tx *sqldb.Tx, orderID string) (day.Day, error) {
	tries, err := payment.OfOrder(tx, orderID)
	if err != nil {
		return "", err
	}
	for _, p := range tries {
		if p.ChargedBack == 0 {
			continue
		}
		list, err := task.About(tx, "payment:"+p.ID)
		for _, t := range list {
			if t.Kind == task.Chargeback {
				return day.Of(t.OpenedAt), err
			}
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

// onSheet is a bill in the words of web/paper.
func onSheet(b registration.Bill, takenBack day.Day, lang words.Lang, say paper.Sentence) paper.Bill {
	l := b.Library
	sheet := paper.Bill{
		Number: b.Number, Library: paper.Library{Name: l.Name, Address: l.Address, Register: l.Register, Email: l.Email, Phone: l.Phone, Site: l.Site},
		Name: b.Name, Address: slices.Clone(b.Address), Customer: b.Customer, At: b.At,
		What: b.What.Name(lang), From: b.What.FirstDay, Through: b.What.ValidThrough, Fee: b.Fee, Discount: b.Discount, Total: b.Total,
	}
	if b.Country != "" {
		sheet.Address = append(sheet.Address, say("country."+b.Country))
	}
	if !b.WithdrawnAt.IsZero() {
		sheet.Undone = day.Of(b.WithdrawnAt)
	}
	for _, p := range b.Payments {
		kind := paper.PaidIn
		if p.Surplus {
			kind = paper.TooMany
		}
		sheet.Moves = append(sheet.Moves, paper.Move{Kind: kind, Day: day.Of(p.At), Method: p.Method, Cents: p.Cents})
		if p.ChargedBack > 0 {
			sheet.Moves = append(sheet.Moves, paper.Move{Kind: paper.ChargedBack, Day: takenBack, Cents: p.ChargedBack})
		}
	}
	for _, f := range b.Refunds {
		kind := map[payment.RefundState]paper.Kind{payment.Done: paper.PaidBack, payment.RefundFailed: paper.NotLeft}[f.State]
		if kind == "" {
			kind = paper.Leaving
		}
		sheet.Moves = append(sheet.Moves, paper.Move{Kind: kind, Day: day.Of(f.At), Cents: f.Cents})
	}
	slices.SortStableFunc(sheet.Moves, func(a, b paper.Move) int { return strings.Compare(string(a.Day), string(b.Day)) })
	return sheet
}
