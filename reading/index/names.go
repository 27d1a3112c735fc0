package index

import (
	"strings"
	"unicode"

	"lidwoord/reading/catalogue"
)

// Slug is a name as it stands in an address: "Science fiction" is science-fiction.
// Names that fold to the same slug are one subject, author or series; the slug is
// "" for a name without a letter or a digit.
func Slug(name string) string {
	words := strings.FieldsFunc(catalogue.Fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// withoutArticle is a folded name as it stands in an alphabetical list.
func withoutArticle(folded string) string {
	for _, article := range []string{"de ", "het ", "een ", "t ", "n ", "the ", "a ", "an "} {
		if after, found := strings.CutPrefix(folded, article); found && after != "" {
			return after
		}
	}
	return folded
}

// particles stand before a family name and not in the alphabet: Dutch lists have
// "Berg, Jan van den" under the B.
var particles = map[string]bool{"van": true, "de": true, "der": true, "den": true, "het": true, "t": true, "te": true, "ten": true, "ter": true,
	"op": true, "von": true, "du": true, "la": true, "le": true, "in": true, "aan": true, "uit": true, "bij": true, "tot": true, "over": true, "d": true}

// familyFirst is the name of a person as it stands in an alphabetical list, folded.
func familyFirst(name string) string {
	if family, given, comma := strings.Cut(name, ","); comma { // as a book's own list has it
		return catalogue.Fold(family + " " + given)
	}
	words := strings.Fields(catalogue.Fold(name))
	if len(words) < 2 {
		return strings.Join(words, " ")
	}
	// The family name begins after the last particle, or is the last word.
	at := len(words) - 1
	for i := len(words) - 2; i > 0; i-- {
		if particles[words[i]] {
			at = i + 1
			break
		}
	}
	return strings.Join(append(append([]string{}, words[at:]...), words[:at]...), " ")
}

// tag is the language of a BCP 47 tag without the country: nl-BE is nl.
func tag(language string) string {
	language, _, _ = strings.Cut(strings.ToLower(language), "-")
	return language
}
