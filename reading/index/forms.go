package index

import (
	"slices"
	"strings"
)

// What is written in two ways is found by both. These tables say how a word that
// was typed may stand in a title as well: a number in figures or in letters, one or
// more of a thing, another spelling. A title with the word itself comes first.

// numerals are numbers in figures, and in Dutch and English letters, folded.
var numerals = func() map[string][]string {
	const table = `0 nul zero;1 een one;2 twee two;3 drie three;4 vier four;5 vijf five;6 zes six;7 zeven seven;8 acht eight;9 negen nine;10 tien ten;
		11 elf eleven;12 twaalf twelve;13 dertien thirteen;14 veertien fourteen;15 vijftien fifteen;16 zestien sixteen;17 zeventien seventeen;
		18 achttien eighteen;19 negentien nineteen;20 twintig twenty;30 dertig thirty;40 veertig forty;50 vijftig fifty;60 zestig sixty;
		70 zeventig seventy;80 tachtig eighty;90 negentig ninety;100 honderd hundred`
	m := map[string][]string{}
	for line := range strings.SplitSeq(table, ";") {
		same := strings.Fields(line)
		for i, word := range same {
			m[word] = without(same, i)
		}
	}
	return m
}()

// spellings are pairs of which either may stand in a word.
var spellings = [][2]string{{"ij", "y"}, {"ij", "ei"}, {"ou", "au"}, {"ph", "f"}, {"c", "k"}, {"sch", "s"}, {"th", "t"}, {"ck", "k"}, {"x", "ks"}, {"qu", "kw"},
	{"gh", "g"}, {"ae", "aa"}, {"z", "s"}, {"oe", "o"}}

// otherForms are other ways to write a word. Most of them are no words at all, and
// so are found nowhere.
func otherForms(word string) []string {
	forms := slices.Clone(numerals[word])
	if len(word) < shortest || strings.ContainsAny(word, "0123456789") {
		return forms
	}
	for _, pair := range spellings {
		forms = append(forms, strings.ReplaceAll(word, pair[0], pair[1]), strings.ReplaceAll(word, pair[1], pair[0]))
	}
	return append(append(forms, oneOf(word)...), moreOf(word)...)
}

// shortest is how long a word is that may have other forms. Shorter ones are words
// like "de" and "is".
const shortest = 3

// oneOf are words of which a word may be the plural: katten kat, boten boot, muizen
// muis, brieven brief, kinderen kind, auto's auto, stories story.
func oneOf(word string) (forms []string) {
	for _, ending := range []string{"eren", "en", "s", "es"} {
		stem, found := strings.CutSuffix(word, ending)
		if !found || len(stem) < 2 {
			continue
		}
		forms = append(forms, stem)
		if ending != "en" {
			continue
		}
		last, before := stem[len(stem)-1], stem[len(stem)-2]
		if last == before && !isVowel(last) {
			forms = append(forms, stem[:len(stem)-1])
		}
		stem = hard(stem)
		forms = append(forms, stem)
		if isVowel(before) && (len(stem) < 3 || !isVowel(stem[len(stem)-3])) {
			forms = append(forms, stem[:len(stem)-1]+string(before)+stem[len(stem)-1:])
		}
	}
	if stem, found := strings.CutSuffix(word, "ies"); found {
		forms = append(forms, stem+"y")
	}
	return forms
}

// moreOf are plurals that do not begin with the word: boot boten, muis muizen,
// brief brieven, story stories. Others are found as longer words.
func moreOf(word string) (forms []string) {
	n := len(word)
	last, before := word[n-1], word[n-2]
	if isVowel(last) {
		if last == 'y' {
			forms = append(forms, word[:n-1]+"ies")
		}
		return forms
	}
	stems := []string{word}
	if before == word[max(0, n-3)] && n > 3 && isVowel(before) {
		stems = append(stems, word[:n-2]+word[n-1:])
	}
	for i, stem := range stems {
		if i > 0 {
			forms = append(forms, stem+"en")
		}
		switch last {
		case 's':
			forms = append(forms, stem[:len(stem)-1]+"zen")
		case 'f':
			forms = append(forms, stem[:len(stem)-1]+"ven")
		}
	}
	return forms
}

// hard is how a stem ends when nothing follows: muiz is muis.
func hard(stem string) string {
	switch stem[len(stem)-1] {
	case 'z':
		return stem[:len(stem)-1] + "s"
	case 'v':
		return stem[:len(stem)-1] + "f"
	}
	return stem
}

func isVowel(letter byte) bool { return strings.IndexByte("aeiouy", letter) >= 0 }

// wanted is a word that is looked for, with the numbers of its other forms.
type wanted struct {
	word  string
	forms []uint32
}

func plainly(words []string) []wanted {
	list := make([]wanted, len(words))
	for i, word := range words {
		list[i].word = word
	}
	return list
}

// widely is a search with the other forms of its words that stand in the catalogue;
// ok is false when there are none.
func (s *Snapshot) widely(words []string) (list []wanted, ok bool) {
	list = plainly(words)
	for i, word := range words {
		for _, form := range otherForms(word) {
			if number, known := s.wordAt(form); known && form != word && !slices.Contains(list[i].forms, number) {
				list[i].forms, ok = append(list[i].forms, number), true
			}
		}
	}
	return list, ok
}

// wordAt is the number of a word of the catalogue.
func (s *Snapshot) wordAt(word string) (uint32, bool) {
	at, found := slices.BinarySearchFunc(s.alphabet, word, func(number uint32, word string) int { return strings.Compare(s.words[number], word) })
	if !found || len(s.mentions.of(s.alphabet[at])) == 0 {
		return 0, false
	}
	return s.alphabet[at], true
}

// halfLeast is how many letters both halves of a word have that may be two.
const halfLeast = 3

// readingsMost bounds how often one search is done again.
const readingsMost = 4

// regrouped are readings of a search with two of its words as one, and with one as
// two: kook boek, kookboek. All words of which they are made are known.
func (s *Snapshot) regrouped(words []string) (readings [][]string) {
	for i, word := range words {
		if i+1 < len(words) {
			joined := word + words[i+1]
			if list := s.beginning(joined); len(joined) >= 2*halfLeast && len(list) > 0 {
				readings = append(readings, slices.Concat(words[:i], []string{joined}, words[i+2:]))
			}
		}
		for at := halfLeast; at <= len(word)-halfLeast; at++ {
			_, first := s.wordAt(word[:at])
			if _, second := s.wordAt(word[at:]); first && second {
				readings = append(readings, slices.Concat(words[:i], []string{word[:at], word[at:]}, words[i+1:]))
			}
		}
	}
	return readings[:min(len(readings), readingsMost)]
}
