package ledger

import (
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
)

// Reason is why a payment was undone. It is chosen and not typed: bookkeeping is
// kept for seven years (art. 52 AWR), and no name may slip into it.
type Reason string

const (
	WrongAmount   Reason = "wrong_amount"
	WrongMethod   Reason = "wrong_method" // booked as pin, paid in cash
	WrongCustomer Reason = "wrong_customer"
	NotPaid       Reason = "not_paid" // the terminal refused, or the customer thought better of it
)

// Reasons are all of them, in the order the screen shows them.
var Reasons = []Reason{WrongMethod, WrongAmount, WrongCustomer, NotPaid}

var (
	// ErrReason means that no reason was chosen.
	ErrReason = fault.New(fault.Invalid, "ledger.reason")
	// ErrUndoOver means that a payment is not one of today at this branch. The
	// till of another day was counted already.
	ErrUndoOver = fault.New(fault.Conflict, "ledger.undo_over")
	// ErrNoPayment means that there is no such payment.
	ErrNoPayment = fault.New(fault.NotFound, "ledger.no_payment")
)

// undoCommand makes undoing happen once, and leads from a refund to its payment.
const undoCommand = "undo:"

// Undo takes a wrong payment of today back, whole and by the method it was made
// with, while the till it went into is still open: on the same Dutch day and at
// the same branch (Wise draws the line there too). b names the branch and the
// worker; undoing twice gives the first undoing back.
func Undo(tx *sqldb.Tx, paymentID string, why Reason, b Booking) (Posting, error) {
	if !slices.Contains(Reasons, why) {
		return Posting{}, ErrReason
	}
	p, err := Payment(tx, paymentID)
	if err != nil {
		return Posting{}, err
	}
	if !p.InTill(day.Of(tx.Now), b.BranchID) {
		return Posting{}, ErrUndoOver
	}
	b.Command, b.CustomerID, b.Cents, b.Subject, b.ObjectID, b.Text = undoCommand+p.ID, p.CustomerID, -p.Cents, p.Subject, p.ObjectID, string(why)
	return Refund(tx, b, p.Method)
}

// Payment finds a payment by its id.
func Payment(tx *sqldb.Tx, id string) (Posting, error) {
	p, found, err := selectPosting(tx, id)
	if err == nil && (!found || p.Kind != KindPayment) {
		err = ErrNoPayment
	}
	if err != nil {
		return Posting{}, err
	}
	return p, nil
}

// InTill reports whether a payment lies in the till of a branch on this day. What
// came in online lies in none.
func (p Posting) InTill(on day.Day, branchID string) bool {
	return p.Kind == KindPayment && p.Method != Online && p.BranchID == branchID && day.Of(p.At) == on
}

// Undoes is the id of the payment that this refund undid, "" for none.
func (p Posting) Undoes() string {
	if id, ok := strings.CutPrefix(p.Command, undoCommand); ok && p.Kind == KindRefund {
		return id
	}
	return ""
}
