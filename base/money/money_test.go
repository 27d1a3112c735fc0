package money

import "testing"

func TestAmountReadsAsDutch(t *testing.T) {
	for c, want := range map[Cents]string{
		0: "€\u00a00,00", 5: "€\u00a00,05", 4500: "€\u00a045,00", -1250: "-€\u00a012,50",
		123456789: "€\u00a01.234.567,89", 99999: "€\u00a0999,99",
	} {
		if got := c.String(); got != want {
			t.Errorf("%d cents = %q, want %q", int64(c), got, want)
		}
	}
}
