package index

import (
	"slices"
	"strings"

	"lidwoord/reading/catalogue"
)

// askedWords are words of a search that name a list: what they ask for, and the words,
// folded. They are Dutch and English, as visitors mix these.
var askedWords = func() map[string]Query {
	m := map[string]Query{}
	for _, list := range []struct {
		asks  Query
		words string
	}{
		{Query{Kind: catalogue.EBook}, "ebook ebooks eboek eboeken"},
		{Query{Kind: catalogue.Audiobook}, "luisterboek luisterboeken audioboek audioboeken audiobook audiobooks"},
		{Query{Youth: true}, "jeugd jeugdboek jeugdboeken kinderboek kinderboeken kinderen children childrens kids"},
		{Query{Language: "nl"}, "nederlands nederlandse nederlandstalig nederlandstalige dutch"},
		{Query{Language: "en"}, "engels engelse engelstalig engelstalige english"},
		{Query{Language: "fy"}, "fries friese friestalig friestalige frisian"},
		{Query{Language: "de"}, "duits duitse duitstalig duitstalige german"},
		{Query{Language: "fr"}, "frans franse franstalig franstalige french"},
	} {
		for word := range strings.FieldsSeq(list.words) {
			m[word] = list.asks
		}
	}
	return m
}()

// Words that stand around these: "boeken voor kinderen", "in het engels".
var (
	askedBefore = strings.Fields("voor de in het for the boek boeken book books")
	askedAfter  = strings.Fields("boek boeken book books")
)

// Asked reads the words of a search that name a kind, a language or an age: the lists
// for which they ask, and in Text the other words. It is not ok when there are none.
// What stands between quotation marks is only looked for.
func (s *Snapshot) Asked(text string) (q Query, ok bool) {
	if strings.ContainsAny(text, "\"“”„«»") {
		return q, false
	}
	words := strings.Fields(strings.NewReplacer(" e book", " ebook", " e boek", " eboek", " audio book", " audiobook").Replace(" " + catalogue.Fold(text)))
	var rest []string
	after := false
	for _, word := range words {
		asks, known := askedWords[word]
		if _, lent := s.bySlug[asks.Language]; known && (asks.Language == "" || lent) {
			for len(rest) > 0 && slices.Contains(askedBefore, rest[len(rest)-1]) {
				rest = rest[:len(rest)-1]
			}
			if asks.Kind != "" {
				q.Kind = asks.Kind
			}
			if asks.Language != "" {
				q.Language = asks.Language
			}
			q.Youth = q.Youth || asks.Youth
			ok, after = true, true
			continue
		}
		if after = after && slices.Contains(askedAfter, word); !after {
			rest = append(rest, word)
		}
	}
	q.Text = strings.Join(rest, " ")
	return q, ok
}
