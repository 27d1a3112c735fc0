package catalogue

import "strings"

// turns reports whether a character is none, and only tells which way others are
// read: by it "gpj.exe" looks like "exe.jpg", and the rest of our page is read from
// right to left. Letters bring their own direction and need no such marks.
func turns(r rune) bool {
	return r == '\u061c' || r == '\u200e' || r == '\u200f' || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// straight drops the marks that turn text around.
func straight(texts ...*string) {
	for _, text := range texts {
		if strings.ContainsFunc(*text, turns) {
			*text = strings.Map(func(r rune) rune {
				if turns(r) {
					return -1
				}
				return r
			}, *text)
		}
	}
}

// straighten drops the marks from all of a title that people see.
func (t *Title) straighten() {
	straight(&t.Name, &t.Subtitle, &t.Series, &t.SeriesAt, &t.Publisher, &t.Published, &t.Description, &t.Rights, &t.Access.Summary, &t.Access.CertifiedBy)
	for i := range t.Subjects {
		straight(&t.Subjects[i])
	}
	for i := range t.Contributors {
		straight(&t.Contributors[i].Name, &t.Contributors[i].SortAs)
	}
}

func (m *Manifest) straighten() {
	for i := range m.Order {
		straight(&m.Order[i].Title)
	}
	for i := range m.Chapters {
		straight(&m.Chapters[i].Title)
	}
}
