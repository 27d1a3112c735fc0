package index

import (
	"strings"

	"lidwoord/reading/catalogue"
)

// ownNumber is how apps name a title of ours.
const ownNumber = "urn:lidwoord:title:"

// Numbered finds the one title that a number names: our own, or the identifier that
// stands in the book. An ISBN is a word like others: see Find.
func (s *Snapshot) Numbered(text string) (catalogue.Title, bool) {
	text = strings.TrimSpace(text)
	own := strings.ToUpper(text)
	if n := len(ownNumber); len(text) > n && strings.EqualFold(text[:n], ownNumber) {
		own = own[n:]
	}
	if at, known := s.at[own]; known && s.traits[at].lent {
		return *s.titles[at].title, true
	}
	if !strings.ContainsAny(text, ":-") || strings.Contains(text, " ") { // no identifier, of which there are few
		return catalogue.Title{}, false
	}
	for at, c := range s.titles {
		if s.traits[at].lent && (strings.EqualFold(c.title.Identifier, text) || strings.EqualFold(c.title.Identifier, "urn:uuid:"+text)) {
			return *c.title, true
		}
	}
	return catalogue.Title{}, false
}
