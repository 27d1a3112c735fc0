package ingest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// languageNames are languages as people write them where a code belongs.
var languageNames = map[string]string{
	"nederlands": "nl", "nederlandse": "nl", "dutch": "nl", "niederländisch": "nl", "vlaams": "nl-BE", "flemish": "nl-BE", "fries": "fy", "frysk": "fy", "frisian": "fy",
	"engels": "en", "english": "en", "duits": "de", "german": "de", "deutsch": "de", "frans": "fr", "french": "fr", "français": "fr", "spaans": "es", "spanish": "es", "español": "es",
	"italiaans": "it", "italian": "it", "italiano": "it", "turks": "tr", "turkish": "tr", "türkçe": "tr", "arabisch": "ar", "arabic": "ar", "pools": "pl", "polish": "pl", "polski": "pl",
	"oekraïens": "uk", "ukrainian": "uk", "russisch": "ru", "russian": "ru", "papiaments": "pap", "papiamento": "pap", "papiamentu": "pap", "portugees": "pt", "portuguese": "pt",
	"afrikaans": "af", "zweeds": "sv", "swedish": "sv", "deens": "da", "danish": "da", "noors": "no", "norwegian": "no", "latijn": "la", "latin": "la",
	"jw": "jv", "cn": "zh", "jp": "ja", "gr": "el", "cz": "cs", "dk": "da", "se": "sv", "ua": "uk", "uk": "uk",
}

// languageTag repairs a language to BCP 47: "nl" for dut, nld, NL, nl_NL and
// Nederlands. A region stays where it says more than the language does.
func languageTag(said string) (string, bool) {
	said = strings.ToLower(strings.Trim(strings.ReplaceAll(clip(said, 40), "_", "-"), " .\"'"))
	if code := languageNames[said]; code != "" {
		said = code
	} else if name, _, _ := strings.Cut(said, " "); languageNames[name] != "" && name != said { // "Nederlands (België)", "dutch; flemish"
		said = languageNames[strings.Trim(name, ";,")]
	}
	tag, err := language.Parse(said)
	if err != nil || tag == language.Und {
		base, _, cut := strings.Cut(said, "-")
		if b, wrong := language.ParseBase(base); cut && wrong == nil { // a region that is none
			return b.String(), b.String() != "und"
		}
		return "", false
	}
	base, sure := tag.Base()
	if sure == language.No || base.String() == "und" || base.String() == "mul" || base.String() == "zxx" {
		return "", false
	}
	alone, _ := language.Compose(base)
	if own, _ := alone.Region(); len(tag.Extensions()) == 0 && len(tag.Variants()) == 0 && !strings.Contains(said, "-x-") {
		if region, how := tag.Region(); how == language.Exact && region == own {
			if script, how := tag.Script(); how != language.Exact || script.String() == "" {
				return base.String(), true
			}
		}
	}
	return tag.String(), true
}

// subjects splits lists that somebody put into one subject, and drops doubles. One
// comma in one of many subjects is part of its name.
func subjects(said []string) []string {
	var list []string
	add := func(s string) {
		s = clip(markup.OneLine(s), maxLine)
		same := func(other string) bool { return strings.EqualFold(other, s) }
		if s != "" && len(list) < maxList && !slices.ContainsFunc(list, same) {
			list = append(list, s)
		}
	}
	for _, s := range said {
		between := ";"
		if len(said) == 1 && !strings.Contains(s, ";") && !strings.Contains(s, "/") {
			between = ","
		}
		for part := range strings.SplitSeq(clip(s, maxText), between) {
			add(part)
		}
	}
	return list
}

var digitsOnly = regexp.MustCompile(`[0-9]{9}[0-9]{3}[0-9]|[0-9]{9}[0-9xX]`)

// isbn13 reads an ISBN in any of its spellings. When the number has the shape of
// an ISBN and its check digit is wrong, it comes back with false.
func isbn13(text string) (string, bool) {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("- \u00a0\u2010\u2011\u2012\u2013", r) {
			return -1
		}
		return r
	}, clip(markup.OneLine(text), 100))
	lower := strings.ToLower(text)
	named := strings.Contains(lower, "isbn")
	number := digitsOnly.FindString(text)
	if rest := strings.TrimLeft(strings.Replace(lower, strings.ToLower(number), "", 1), "urn:isb0123()=/. "); number == "" || !named && rest != "" {
		return "", false // a UUID, a DOI, a number of a shop
	}
	switch {
	case len(number) == 13 && (strings.HasPrefix(number, "978") || strings.HasPrefix(number, "979")):
		return number, checkISBN(number[:12]) == number[12]
	case len(number) == 10:
		sum := 0
		for i, r := range strings.ToUpper(number) {
			digit := int(r - '0')
			if r == 'X' {
				digit = 10
			}
			sum += digit * (10 - i)
		}
		if sum%11 != 0 {
			if !named {
				return "", false // ten digits are not always an ISBN
			}
			return number, false
		}
		number = "978" + number[:9]
		return number + string(checkISBN(number)), true
	}
	return "", false
}

func checkISBN(twelve string) byte {
	sum := 0
	for i, r := range twelve {
		sum += int(r-'0') * (1 + i%2*2)
	}
	return byte('0' + (10-sum%10)%10)
}

var dayShape = regexp.MustCompile(`^(\d{4})(-\d{2}(-\d{2})?)?`)

// date keeps the year, month and day of a date. The year 101 is what a well-known
// program writes when it knows none.
func date(text string) string {
	text = markup.OneLine(text)
	found := dayShape.FindString(text)
	if found == "" || found[:4] < "1000" {
		if year := regexp.MustCompile(`\b(1[5-9]|20)\d\d\b`).FindString(clip(text, 60)); year != "" {
			return year
		}
		return ""
	}
	return found
}

// relators are words for what a MARC code says in three letters.
var relators = map[string]string{
	"author": "aut", "auteur": "aut", "schrijver": "aut", "narrator": "nrt", "verteller": "nrt", "voorlezer": "nrt", "reader": "nrt", "stem": "nrt", "translator": "trl", "vertaler": "trl",
	"illustrator": "ill", "editor": "edt", "redacteur": "edt", "publisher": "pbl", "uitgever": "pbl", "photographer": "pht", "fotograaf": "pht", "contributor": "ctb",
}

// role is the MARC code of what somebody did.
func role(said, otherwise string) string {
	said = strings.ToLower(strings.TrimSpace(said))
	if i := strings.LastIndexAny(said, "/:#"); i >= 0 { // an address of a code
		said = said[i+1:]
	}
	if code := relators[said]; code != "" {
		return code
	}
	if len(said) == 3 && strings.Trim(said, "abcdefghijklmnopqrstuvwxyz") == "" {
		return said
	}
	return otherwise
}

// persons splits names that somebody put into one field.
func persons(said string) []string {
	var list []string
	for name := range strings.SplitSeq(strings.ReplaceAll(clip(said, maxText), " & ", ";"), ";") {
		if name = clip(markup.OneLine(name), maxLine); name != "" && len(list) < maxList {
			list = append(list, name)
		}
	}
	return list
}

// audience is all that a title says about who it is for.
type audience struct {
	Ranges   []string // "8-12", "Children/juvenile"
	Codes    []string // of Thema and NUR
	Subjects []string
}

// youthUntil is the age from which a title is no longer youth: the national
// collection counts up to 15 (bibliotheeklekijssel.nl).
const youthUntil = 16

// Ages at which titles begin by Thema's interest age (ns.editeur.org/thema/en/5A).
var themaAges = map[string]catalogue.Ages{
	"5AB": {To: 3}, "5AC": {From: 3}, "5AD": {From: 4}, "5AF": {From: 5}, "5AG": {From: 6}, "5AH": {From: 7}, "5AJ": {From: 8}, "5AK": {From: 9},
	"5AL": {From: 10}, "5AM": {From: 11}, "5AN": {From: 12}, "5AP": {From: 13}, "5AQ": {From: 14}, "5AS": {From: 15}, "5AT": {From: 16}, "5AU": {From: 17},
}

// Ages of the fiction for children in the Dutch trade's NUR; all of 200-299 is for children.
var nurAges = map[int]catalogue.Ages{281: {From: 4, To: 6}, 282: {From: 7, To: 9}, 283: {From: 10, To: 12}, 284: {From: 13, To: 15}, 285: {From: 15}}

var (
	ageRange  = regexp.MustCompile(`^\D{0,20}(\d{1,2})\s*(?:[-–+]|tot|t/m|to)?\s*(\d{1,2})?`)
	nurCode   = regexp.MustCompile(`(?i)\bNUR[ :=/-]*(\d{3})\b`)
	themaCode = regexp.MustCompile(`^(5A[B-U])[A-Z]?\b|^(Y)[BDFNPRXZ][A-Z]{0,4}$`)
	children  = regexp.MustCompile(`(?i)^jeugd$|jeugdboek|jeugdliteratuur|jeugdroman|^jeugd\s*[-/,:(]|kinderboek|kinderverha|kinderliteratuur|prentenboek|voorleesboek|` +
		`\bjuvenile (fiction|nonfiction|literature|poetry)|^juvenile$|\bchildren'?s (fiction|books?|stories|literature|nonfiction)|^children/juvenile$|^children$|^kinderen$|young adult fiction|^young adult$`)
)

// ages reads for whom a title is, and whether that makes it a title for youth. What
// names an age counts before what only says "for children".
func ages(a audience) (catalogue.Ages, bool) {
	for _, said := range a.Ranges {
		if found := ageRange.FindStringSubmatch(markup.OneLine(said)); found != nil {
			from, _ := strconv.Atoi(found[1])
			to, _ := strconv.Atoi(found[2])
			if to != 0 && to < from {
				to = 0
			}
			return catalogue.Ages{From: from, To: to}, from < youthUntil
		}
	}
	youth := false
	for _, code := range a.Codes {
		if found := nurCode.FindStringSubmatch(code); found != nil {
			nur, _ := strconv.Atoi(found[1])
			if span, known := nurAges[nur]; known {
				return span, span.From < youthUntil
			}
			youth = youth || nur >= 200 && nur < 300
		}
		if found := themaCode.FindStringSubmatch(code); found != nil {
			if span, known := themaAges[found[1]]; known {
				return span, span.From < youthUntil
			}
			youth = youth || found[2] != ""
		}
	}
	for _, said := range slices.Concat(a.Ranges, a.Subjects) {
		youth = youth || children.MatchString(strings.ReplaceAll(markup.OneLine(said), "’", "'"))
	}
	return catalogue.Ages{}, youth
}
