// Package money counts in whole cents.
package money

import "fmt"

// Cents is an amount in euro cents. It is never a float.
type Cents int64

// String writes an amount as a Dutch reader expects it, "€ 45,00". The space
// does not break, so that an amount stays on one line.
func (c Cents) String() string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	euros := fmt.Sprintf("%d", int64(c)/100)
	for i := len(euros) - 3; i > 0; i -= 3 {
		euros = euros[:i] + "." + euros[i:]
	}
	return fmt.Sprintf("%s€\u00a0%s,%02d", sign, euros, int64(c)%100)
}
