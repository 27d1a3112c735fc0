package lidwoord_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/password"
	"lidwoord/identity/account"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/newsletter"
)

// TestSentencesNameTheNumbersOfTheRules finds the sentences that a changed rule
// makes untrue. A sentence takes the number as an argument where it can; a door
// that may not know the other wing's rule writes it out.
func TestSentencesNameTheNumbersOfTheRules(t *testing.T) {
	rules := []struct {
		name string
		said string // finds the number in a sentence
		want []int
	}{
		{"account.ActivationLife or account.ResetLife", `\b(\d+) (?:uur|hours?)\b`, []int{int(account.ActivationLife.Hours()), int(account.ResetLife.Hours())}},
		{"account.CodeLife", `\b(\d+) (?:minuten|minutes)\b`, []int{int(account.CodeLife.Minutes())}},
		{"ledger.AdultAge or newsletter.ConsentAge", `(?i)\b(?:onder de|jonger dan|under|younger than) (\d+)\b`, []int{ledger.AdultAge, newsletter.ConsentAge}},
		{"password.Shortest", `\b(\d+) (?:tekens of meer|characters or more)\b`, []int{password.Shortest}},
		{"customer.NumberLength", `\b(\d+) (?:cijfers|digits)\b`, []int{customer.NumberLength}},
	}
	look := func(path, text string) {
		for _, r := range rules {
			for _, m := range regexp.MustCompile(r.said).FindAllStringSubmatch(text, -1) {
				n, _ := strconv.Atoi(m[1])
				right := false
				for _, w := range r.want {
					right = right || n == w
				}
				if !right {
					t.Errorf("%s says %q; %s is %d", path, m[0], r.name, r.want)
				}
			}
		}
	}
	files(t, look, "words.nl.txt", "words.en.txt")
	files(t, func(path, text string) {
		if strings.Contains(path, "/mail/") {
			look(path, text)
		}
	}, ".txt", ".html")
}

// TestRulesThatGoTogether holds what two rooms must agree on and cannot tell
// each other.
func TestRulesThatGoTogether(t *testing.T) {
	if account.ActivationLife%time.Hour != 0 {
		t.Errorf("sentences speak of whole hours, ActivationLife is %s", account.ActivationLife)
	}
	if outbox.GiveUpAfter > account.ActivationLife {
		t.Errorf("a letter is tried for %s and its link works for %s: it would arrive dead", outbox.GiveUpAfter, account.ActivationLife)
	}
	// A number is a 2, a label of four, the serial and a check digit.
	if digits := len(strconv.Itoa(customer.SerialMost)); digits != customer.NumberLength-6 || strings.Trim(strconv.Itoa(customer.SerialMost), "9") != "" {
		t.Errorf("the largest serial is %d, a number has %d digits", customer.SerialMost, customer.NumberLength)
	}
}
