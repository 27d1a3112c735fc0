package password

import (
	"sync"

	"github.com/trustelem/zxcvbn/frequency"
)

// shortestListed is the least length of a listed password that makes a longer one
// poor: shorter ones stand in ordinary words.
const shortestListed = 6

// listedPasswords are the 30,000 passwords that leaked most often. Of
// twelve characters and more there are some two hundred among them; the others
// are what people make those of. The lists of words, names and titles beside it
// give single words that are long enough: "unbelievable" leaked too.
var listedPasswords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for name, list := range frequency.FrequencyLists {
		least := Shortest
		if name == "passwords" {
			least = shortestListed
		}
		for _, p := range list {
			if p = squash(p); len(p) >= least { // the lists are ASCII, in small letters
				set[p] = true
			}
		}
	}
	return set
})

// listed finds passwords that leaked before, and those that are one or two of
// them with the usual trimmings: sonyericsson, gfhjkmgfhjkm, 2026starwars!!.
func listed(plain string) bool {
	set := listedPasswords()
	for _, text := range []string{squash(fold(plain)), squash(fold(unleet(plain)))} {
		if set[text] {
			return true
		}
		for cut := range text {
			if set[text[:cut]] && (set[text[cut:]] || meaningful(text[cut:]) < enoughLeft) ||
				set[text[cut:]] && meaningful(text[:cut]) < enoughLeft {
				return true
			}
		}
	}
	return false
}
