package customer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// foldable are letters that Unicode does not take apart into a plain letter and
// a mark, and what people type when their keyboard lacks them.
var foldable = map[rune]string{
	'ł': "l", 'Ł': "l", 'ø': "o", 'Ø': "o", 'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'ħ': "h", 'Ħ': "h",
	'ŧ': "t", 'Ŧ': "t", 'þ': "th", 'Þ': "th", 'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe",
	'ı': "i", 'İ': "i", 'ŋ': "n", 'Ŋ': "n", 'ə': "e", 'Ə': "e", 'ɖ': "d", 'ƒ': "f", 'ς': "σ",
}

func unfold(r rune) string {
	if s, ok := foldable[r]; ok {
		return s
	}
	return string(r)
}

// Fold is how two spellings of one name become equal: small letters without
// marks, words with single spaces between. Apostrophes vanish ('t Hooft, ’t
// Hooft → "t hooft"), hyphens and stops part words, Ĳ and ij are the same two
// letters, ł is l, ß is ss, and both Turkish i's are i. Letters of other scripts
// stay. Folding twice changes nothing.
//
// ü folds to u and not to the German ue: in the Netherlands Müller is written
// Muller.
func Fold(text string) string {
	var b strings.Builder
	gap := false
	put := func(r rune) {
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	// An apostrophe goes before compatibility forms are taken apart, because ´
	// alone would become a space with a mark.
	for _, r := range strings.ToValidUTF8(text, "") {
		if isApostrophe(r) {
			continue
		}
		for _, r := range norm.NFKD.String(unfold(r)) {
			for _, r := range norm.NFKD.String(unfold(unicode.ToLower(r))) {
				switch {
				case isApostrophe(r) || unicode.IsMark(r) || unicode.Is(unicode.Cf, r):
				case unicode.IsLetter(r) || unicode.IsNumber(r):
					put(r)
				default:
					gap = true
				}
			}
		}
	}
	return b.String()
}

// key is Fold without spaces: "Jansen-Pieters", "Jansen Pieters" and
// "JansenPieters" are one key. Search columns hold keys.
func key(text string) string { return strings.ReplaceAll(Fold(text), " ", "") }

// keys are the search columns of a person, made in Go because SQLite folds no
// marks and PostgreSQL folds by the locale it was installed with.
type keys struct {
	sort     string // last name as it stands; the order of lists
	last     string // last name without prefix words, however they are written
	second   string // what follows the first hyphen of a double name
	full     string // prefix and last name
	first    string
	initials string // letters only
	email    string
}

func keysOf(p Person) keys {
	k := keys{
		sort:     key(p.LastName),
		last:     key(bare(p.LastName)),
		full:     key(p.Prefix + " " + p.LastName),
		first:    key(p.FirstName),
		initials: key(p.Initials),
		email:    foldEmail(p.Email),
	}
	if i := strings.IndexFunc(p.LastName, isHyphen); i > 0 {
		k.second = key(bare(strings.TrimLeftFunc(p.LastName[i:], isHyphen)))
	}
	return k
}

// bare is a name without the prefix words in front. A name that is nothing but
// such words (Le, Van, El) stays whole.
func bare(name string) string {
	words := strings.Fields(Fold(name))
	for len(words) > 1 && prefixWords[words[0]] {
		words = words[1:]
	}
	return strings.Join(words, " ")
}
