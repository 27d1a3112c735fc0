package signon

import (
	"unicode"
	"unicode/utf8"
)

// plain tells whether text is printable ASCII.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return false
		}
	}
	return true
}

// printable tells whether text is UTF-8 without control characters. PostgreSQL
// would refuse NUL and broken UTF-8 halfway a transaction.
func printable(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}
