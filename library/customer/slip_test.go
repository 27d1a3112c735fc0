package customer_test

import (
	"testing"

	"lidwoord/library/customer"
)

func TestASlipInTheMailDomainIsAsked(t *testing.T) {
	for email, want := range map[string]string{
		"eva@gmial.com":      "eva@gmail.com",
		"eva@gmail.co":       "eva@gmail.com",
		"eva@gmaill.com":     "eva@gmail.com",
		"eva@Hotmial.com":    "eva@hotmail.com",
		"eva@hotmail.nk":     "eva@hotmail.nl",
		"eva@zigo.nl":        "eva@ziggo.nl",
		"eva@gmail.com":      "",
		"eva@hotmail.nl":     "",
		"eva@outlook.nl":     "",
		"eva@example.nl":     "",
		"eva@mail.com":       "eva@gmail.com", // exists too: that is why it is a question
		"eva@ymail.com":      "eva@gmail.com",
		"eva":                "",
		"@gmial.com":         "",
		"":                   "",
		"eva@bibliotheek.nl": "",
	} {
		if got := customer.EmailSlip(email); got != want {
			t.Errorf("%s: %q, want %q", email, got, want)
		}
	}
}
