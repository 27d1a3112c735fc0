package index

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// How many mistakes are forgiven in a word. One in a word of three letters easily
// makes another word of it: there the first letter has to be right.
const (
	oneFrom = 3 // letters
	twoFrom = 8
	// fewTitles is so few that a word which finds them may itself be a mistake, in
	// the catalogue: it is when timesMore titles have a word that is nearly the same.
	fewTitles = 3
	timesMore = 20
)

func forgiven(word string) int {
	if strings.ContainsAny(word, "0123456789") { // another number is another book
		return 0
	}
	switch n := utf8.RuneCountInString(word); {
	case n < oneFrom:
		return 0
	case n < twoFrom:
		return 1
	}
	return 2
}

// read reads a search as it may have been meant, nil when it finds what it should.
// Only a word by which nothing or little is found is read otherwise; when all words
// are known and no title has them together, one of them.
func (s *Snapshot) read(r *room, search []wanted, regrouped [][]string, found int) []string {
	if found == 0 {
		for _, reading := range regrouped { // "kinder boeken"
			if s.match(r, r.second, plainly(reading)) > 0 {
				return reading
			}
		}
	}
	words := make([]string, len(search))
	titles, known := make([]int, len(words)), []string{}
	for i, w := range search {
		words[i] = w.word
		if titles[i] = s.titlesOf(w); titles[i] > fewTitles {
			known = append(known, w.word)
		}
	}
	meant, changed := slices.Clone(words), false
	for i, word := range words {
		if titles[i] > fewTitles || titles[i] > 0 && len(word) <= oneFrom {
			continue
		}
		if best, ok := s.nearest(r, known, word, titles[i]*timesMore); ok {
			meant[i], changed = best.word, true
			known = append(known, best.word)
		}
	}
	if changed {
		return meant
	}
	if found > 0 || len(words) == 1 {
		return nil
	}
	var best near
	for i, word := range words {
		if n, ok := s.nearest(r, without(words, i), word, 0); ok && (best.word == "" || n.better(best)) {
			best = n
			meant = slices.Clone(words)
			meant[i] = n.word
		}
	}
	if best.word == "" {
		return nil
	}
	return meant
}

// titlesOf counts where a word is found, up to a little more than few.
func (s *Snapshot) titlesOf(wanted wanted) (n int) {
	for _, form := range wanted.forms {
		n += len(s.mentions.of(form))
	}
	word := wanted.word
	for _, number := range s.beginning(word) {
		if n += len(s.mentions.of(number)); n > fewTitles {
			return n
		}
	}
	if n > 0 || len(word) < insideLeast {
		return n
	}
	for number := range s.within(word) {
		if n += len(s.mentions.of(number)); n > fewTitles {
			break
		}
	}
	return n
}

// near is a word of the catalogue that is nearly the one that was typed.
type near struct {
	word   string
	cost   int // two for each mistake, one more when the first letter is another
	titles int // that have it, among those that have the other words
}

func (n near) better(than near) bool {
	return n.cost < than.cost || n.cost == than.cost && n.titles > than.titles
}

// nearest is the word nearest to one that was typed which stands in more than
// least titles together with the others.
func (s *Snapshot) nearest(r *room, others []string, word string, least int) (best near, ok bool) {
	most := forgiven(word)
	if most == 0 {
		return best, false
	}
	together := len(others) > 0 && s.match(r, r.second, plainly(others)) > 0
	typed, heard := spell(word), spell(soundOf(word))
	for number := range s.words {
		written, spoken := s.letters[number], s.sounds[number]
		if !typed.mayBe(written, most) && !heard.mayBe(spoken, most) {
			continue
		}
		mentions := s.mentions.of(uint32(number))
		if len(mentions) <= least || s.words[number] == word {
			continue
		}
		other := []rune(s.words[number])
		d := distance(typed.letters, other, most)
		if d > 0 && (written != spoken || typed.set != heard.set) {
			d = min(d, distance(heard.letters, []rune(s.heard[number]), most))
		}
		if d > most {
			continue
		}
		if len(typed.letters) == oneFrom && other[0] != typed.letters[0] {
			continue
		}
		n := near{word: s.words[number], cost: 2 * d, titles: len(mentions)}
		if other[0] != typed.letters[0] {
			n.cost++
		}
		if together {
			n.titles = 0
			for _, m := range mentions {
				if r.second[m/8] > 0 {
					n.titles++
				}
			}
		}
		if n.titles > least && (!ok || n.better(best)) {
			best, ok = n, true
		}
	}
	return best, ok
}

// sounds are spellings of Dutch that one hears no difference between.
var sounds = strings.NewReplacer("ij", "y", "ei", "y", "ou", "au", "ph", "f", "sch", "sg", "ch", "g", "ck", "k", "c", "k", "th", "t", "qu", "kw", "x", "ks", "z", "s")

func soundOf(word string) string { return sounds.Replace(word) }

// spelling is a word by its letters.
type spelling struct {
	letters []rune
	set     uint64
}

func spell(word string) spelling { return spelling{[]rune(word), lettersOf(word)} }

// mayBe reports whether a word with some letters can be this one with so many
// mistakes: each adds a letter, takes one away, or does both.
func (s spelling) mayBe(letters uint64, mistakes int) bool {
	return bits.OnesCount64(letters&^s.set) <= mistakes && bits.OnesCount64(s.set&^letters) <= mistakes
}

// lettersOf is the set of letters of a word, in the bits of a number.
func lettersOf(word string) (set uint64) {
	for _, letter := range word {
		set |= 1 << (letter % 64)
	}
	return set
}

// distance counts the mistakes between two words: a letter too many, too few or
// other than it should be, or two letters that changed places (the optimal string
// alignment distance). Above most it says no more than that it is.
func distance(a, b []rune, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	const longest = 64
	if len(a) >= longest || len(b) >= longest {
		return most + 1
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		least := row[0]
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			least = min(least, row[j+1])
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// without is a list without one of its words.
func without(words []string, i int) []string {
	return slices.Concat(words[:i], words[i+1:])
}
