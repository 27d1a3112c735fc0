package index

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// weights say what a word tells in each field: a word of the title comes before
// one of an author, that before a series, that before a subject, and all of them
// before one of the description. A whole word
// counts twice as much as the start of one, so that the whole name of an author
// comes before titles in which a longer word begins with it.
var weights = [fields]uint8{inName: 16, inAuthor: 13, inSeries: 11, inSubtitle: 9, inPeople: 8, inSubject: 6, inAbout: 2}

const (
	whole  = 2
	inside = 1 // score of a word within a longer one: "beer" in "ijsbeer"

	// insideLeast is how long a word must be to be looked for within others.
	insideLeast = 4

	// told is added when every word stands elsewhere than in the description only:
	// above every score without it.
	told = 1 << 9

	sameName   = 200 // the search is the whole title
	startsName = 40  // the title begins with the search
)

// match scores the titles in which every word stands, and says how many they are.
func (s *Snapshot) match(r *room, scores []uint16, words []wanted) (n int) {
	for i, word := range words {
		clear(r.word)
		s.score(r.word, word)
		n = 0
		if i == 0 {
			for at, score := range r.word {
				scores[at] = uint16(score) + tells(score)
				if score > 0 {
					n++
				}
			}
			continue
		}
		for at, score := range r.word {
			switch {
			case scores[at] == 0:
			case score == 0:
				scores[at] = 0
			default:
				scores[at] = scores[at]&^told + uint16(score) | scores[at]&tells(score)
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	// The title as it is said: with and without its article.
	var all string
	for i, word := range words {
		if i > 0 {
			all += " "
		}
		all += word.word
	}
	for at, score := range scores {
		if score&^told < uint16(len(words))*uint16(weights[inName]) {
			continue
		}
		switch c := &s.titles[at]; {
		case c.name == all, c.sort == all:
			scores[at] += sameName
		case strings.HasPrefix(c.name, all), strings.HasPrefix(c.sort, all):
			scores[at] += startsName
		}
	}
	return n
}

// tells is told for the score of a word that stands elsewhere than in a description.
func tells(score uint8) uint16 {
	if score > whole*weights[inAbout] {
		return told
	}
	return 0
}

// score notes for each title how well one word fits. Another form of it counts as
// the start of a longer one.
func (s *Snapshot) score(scores []uint8, wanted wanted) {
	for _, form := range wanted.forms {
		for _, m := range s.mentions.of(form) {
			scores[m/8] = max(scores[m/8], weights[m%8])
		}
	}
	word := wanted.word
	found := s.beginning(word)
	for _, number := range found {
		times := uint8(1)
		if s.words[number] == word {
			times = whole
		}
		for _, m := range s.mentions.of(number) {
			scores[m/8] = max(scores[m/8], times*weights[m%8])
		}
	}
	if len(found) > 0 || len(word) < insideLeast {
		return
	}
	for number := range s.within(word) {
		for _, m := range s.mentions.of(number) {
			scores[m/8] = max(scores[m/8], inside)
		}
	}
}

// within are the words that have a text inside. All words stand in one text, as
// looking through that is much faster than through so many.
func (s *Snapshot) within(text string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for from := 0; ; {
			at := strings.Index(s.all[from:], text)
			if at < 0 {
				return
			}
			number := sort.Search(len(s.starts), func(i int) bool { return int(s.starts[i]) > from+at }) - 1
			if !yield(uint32(number)) || number+1 == len(s.starts) {
				return
			}
			from = int(s.starts[number+1])
		}
	}
}

// beginning are the words that begin with a text; the text itself is the first.
func (s *Snapshot) beginning(text string) []uint32 {
	from, _ := slices.BinarySearchFunc(s.alphabet, text, func(number uint32, text string) int { return strings.Compare(s.words[number], text) })
	to := from
	for to < len(s.alphabet) && strings.HasPrefix(s.words[s.alphabet[to]], text) {
		to++
	}
	return s.alphabet[from:to]
}
