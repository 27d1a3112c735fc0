package membership

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/library/ledger"
)

// AdultAge is the age from which a contribution may be charged. The fee engine
// holds the rule, so that no price list can break it; ledger.Charge, where the
// number and the law stand, holds it a second time.
const AdultAge = ledger.AdultAge

// Keys of the sentences that explain a fee.
const (
	ReasonTariff   = "membership.reason.tariff"   // the price of the list
	ReasonFree     = "membership.reason.free"     // the list says gratis
	ReasonUnder18  = "membership.reason.under_18" // the law says gratis
	ReasonDiscount = "membership.reason.discount" // the list gives a discount at this age
)

// Fee is what a person of this age owes for one term before any discount, and
// why.
func Fee(d Definition, age int) (fee money.Cents, reason string) {
	switch {
	case age < AdultAge:
		return 0, ReasonUnder18
	case d.Price == 0:
		return 0, ReasonFree
	}
	return d.Price, ReasonTariff
}

// Discount is what a person of this age gets off the fee; never more than the fee.
func Discount(d Definition, age int) money.Cents {
	fee, _ := Fee(d, age)
	if d.DiscountThroughAge == 0 || age > d.DiscountThroughAge {
		return 0
	}
	return min(d.Discount, fee)
}

// LastDay is the last day of a term of whole months that begins on start: the
// day before the same date some months later. Where that month has no such
// date the term is complete at its end, so that nobody is given a day less: a
// year begun on 29 February 2028 runs through 28 February 2029, a month begun
// on 31 January through the last day of February. It is the same reading that
// day.Age gives to a birthday on 29 February.
func LastDay(start day.Day, months int) day.Day {
	same := start.AddMonths(months)
	if same.DayOfMonth() != start.DayOfMonth() {
		return same
	}
	return same.AddDays(-1)
}

// ExpiryMonth (Vervalmaand) is the month in which the term is complete, as its
// last day.
func ExpiryMonth(d Definition, start day.Day) day.Day {
	return LastDay(start, d.Term).EndOfMonth()
}

// PeriodEnd is the last day that a membership begun on start is valid. A Fixed
// one (Vast) runs through the last day of its Vervalmaand, because the library
// bills and ends those by the month; a Temporary one (Tijd.) to the day.
func PeriodEnd(d Definition, start day.Day) day.Day {
	if d.Kind == Fixed {
		return ExpiryMonth(d, start)
	}
	return LastDay(start, d.Term)
}

// BuildUp is the Opbouw abonnementskosten: what the clerk sees before saving
// and exactly what saving then charges.
type BuildUp struct {
	Name          string      // the customer's, as written
	Age           int         // on the first day
	FeeCode       string      // Tariefcode
	Membership    string      // the definition's Dutch name
	Start         day.Day     // first day
	ExpiryMonth   day.Day     // Vervalmaand, as its last day; show MonthYear
	RightsThrough day.Day     // Rechten t/m
	ValidThrough  day.Day     // Geldig t/m
	Kind          Kind        // Fixed ends in a month, Temporary on a day
	Fee           money.Cents // Abonnement
	Discount      money.Cents // Korting, positive
	Balance       money.Cents // Saldo: what becomes open when this is saved
	Branch        string      // vestiging, by its code
	Rights        Rights
	Reason        string // message key: why this fee
}

// Build computes the BuildUp of a person born on birth who takes d at a branch
// from start on. It asks nobody and changes nothing.
func Build(d Definition, name string, birth day.Day, branchCode string, start day.Day) BuildUp {
	age := birth.Age(start)
	b := BuildUp{
		Name: name, Age: age, FeeCode: d.Code, Membership: d.NameNL, Start: start,
		ExpiryMonth: ExpiryMonth(d, start), RightsThrough: PeriodEnd(d, start), ValidThrough: PeriodEnd(d, start),
		Kind: d.Kind, Discount: Discount(d, age), Branch: branchCode, Rights: d.Rights,
	}
	b.Fee, b.Reason = Fee(d, age)
	if b.Discount > 0 {
		b.Reason = ReasonDiscount
	}
	b.Balance = b.Fee - b.Discount
	return b
}

// Digest marks what the clerk saw. When midnight or a new tariff changes any
// figure, the digest of the new BuildUp is another one. The name does not
// count: it is no figure, and it is written in more than one way.
func (b BuildUp) Digest() string {
	b.Name = ""
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // strings and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
