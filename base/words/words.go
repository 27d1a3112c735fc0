// Package words holds the sentences that people read, one catalogue a language.
//
// Each room and door keeps its own sentences beside its code, in words.nl.txt
// and words.en.txt, one line each:
//
//	account.wait = Wacht nog {0} {0|seconde|seconden} en probeer het opnieuw.
//
// {0} is the first argument; {0|one|many} chooses by it. The roof loads all of
// them into one [Catalogue]. A missing sentence shows its key, and a test at the
// root fails long before a reader sees one.
package words

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Lang is a language that Lidwoord speaks.
type Lang string

const (
	NL Lang = "nl"
	EN Lang = "en"
)

// Langs lists the languages, the first being the default.
var Langs = []Lang{NL, EN}

// Read returns the language that a tag such as "en-GB" asks for, and false when
// we do not speak it.
func Read(tag string) (Lang, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	for _, l := range Langs {
		if string(l) == primary {
			return l, true
		}
	}
	return NL, false
}

// Accepted returns the first language of an Accept-Language header that we
// speak, and Dutch when there is none. Weights are read in the order of the
// header, as every browser sends them sorted.
func Accepted(header string) Lang {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(part, ";")
		if l, ok := Read(tag); ok {
			return l
		}
	}
	return NL
}

// Local is a value that reads differently in each language: a day, a moment.
type Local interface{ Text(Lang) string }

// Catalogue is every sentence in every language.
type Catalogue struct {
	sentences map[Lang]map[string]string
	formats   []func(Lang, any) (string, bool)
}

// Load reads the words files of each room and door.
func Load(rooms ...fs.FS) (*Catalogue, error) {
	c := &Catalogue{sentences: map[Lang]map[string]string{}}
	for _, l := range Langs {
		c.sentences[l] = map[string]string{}
		for _, room := range rooms {
			text, err := fs.ReadFile(room, "words."+string(l)+".txt")
			if err != nil {
				return nil, err
			}
			list, err := Parse(string(text))
			if err != nil {
				return nil, fmt.Errorf("words.%s.txt: %w", l, err)
			}
			for key, sentence := range list {
				if have, taken := c.sentences[l][key]; taken && have != sentence {
					return nil, fmt.Errorf("words.%s.txt: %s stands twice", l, key)
				}
				c.sentences[l][key] = sentence
			}
		}
	}
	return c, nil
}

// Parse reads one words file.
func Parse(text string) (map[string]string, error) {
	list := map[string]string{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, sentence, ok := strings.Cut(line, "=")
		key, sentence = strings.TrimSpace(key), strings.TrimSpace(sentence)
		if !ok || key == "" || sentence == "" {
			return nil, fmt.Errorf("line %d: want key = sentence", n+1)
		}
		if _, twice := list[key]; twice {
			return nil, fmt.Errorf("line %d: %s stands twice", n+1, key)
		}
		list[key] = sentence
	}
	return list, nil
}

// Format teaches the catalogue how to write a kind of argument. The roof adds
// days and moments, which this package does not know.
func (c *Catalogue) Format(f func(Lang, any) (string, bool)) { c.formats = append(c.formats, f) }

// Has reports whether there is a sentence for key.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.sentences[NL][key]
	return ok
}

// Text returns the sentence for key with its arguments filled in.
func (c *Catalogue) Text(lang Lang, key string, args ...any) string {
	sentence, ok := c.sentences[lang][key]
	if !ok {
		if sentence, ok = c.sentences[NL][key]; !ok {
			return key
		}
	}
	if !strings.Contains(sentence, "{") {
		return sentence
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(sentence, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		hole, after, _ := strings.Cut(rest, "}")
		b.WriteString(c.fill(lang, hole, args))
		sentence = after
	}
}

// fill writes one hole: "0", or "0|one|many".
func (c *Catalogue) fill(lang Lang, hole string, args []any) string {
	parts := strings.Split(hole, "|")
	n, err := strconv.Atoi(parts[0])
	if err != nil || n < 0 || n >= len(args) {
		return "{" + hole + "}"
	}
	if len(parts) == 3 {
		if fmt.Sprint(args[n]) == "1" {
			return parts[1]
		}
		return parts[2]
	}
	return c.Write(lang, args[n])
}

// Write writes one argument as a sentence would.
func (c *Catalogue) Write(lang Lang, arg any) string {
	if l, ok := arg.(Local); ok {
		return l.Text(lang)
	}
	for _, f := range c.formats {
		if s, ok := f(lang, arg); ok {
			return s
		}
	}
	return fmt.Sprint(arg)
}
