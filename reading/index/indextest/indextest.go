// Package indextest makes a large collection out of nothing, for tests and
// benchmarks: titles that look like those of a public library, and readers who
// have them on loan.
//
//	Titles  makes titles, the same ones each time
//	Fill    enters them in a catalogue
//	Lend    lends them to as many readers as are asked
package indextest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// made is a source of names and words that follow each other in the same order
// every time.
type made struct {
	*rand.Rand
	words, subjects []string
	authors         []string
}

var (
	given = strings.Fields("Anna Bram Carlijn Daan Eva Femke Gijs Hanna Ilse Jan Karin Lotte Maarten Noor Olaf Petra Quinten Renske Sanne Thijs Ursula Vera Willem Xander Yara Zoë Fatima Mohammed Ayşe Jürgen Héloïse Sjoerd Tjitske Aleida Bente Casper Dirk Elin Floor Guus")
	stems = strings.Fields("Berg Dijk Bos Visser Smit Meijer Mulder Groot Vos Peters Hendriks Leeuwen Dekker Brouwer Wit Dijkstra Smits Graaf Meer Linden Kok Jacobs Haan Vermeulen Heuvel Veen Broek Bruijn Schouten Beek Willems Vliet Hoekstra Maas Verhoeven Koster Prins Blom Huisman Postma Kuipers Veenstra Kramer Brink Scholten Wal Post Bosch Kuiper Jonge Nauta Roelfs Wilting Kingma Ottens Bakker Janssen Schmidt Wolkers Hermans")
	// particles stand before some of the names.
	between = []string{"", "", "", "", "", "", "van ", "van den ", "de ", "van der "}
	plain   = strings.Fields("nacht huis water vrouw man kind zomer winter stilte brief reis tuin zee stad dorp hond kat vogel boom licht schaduw vader moeder zus broer vriend geheim moord liefde oorlog vrede droom herinnering eiland brug trein fiets school bakker dokter rechter schip kapitein koning prinses heks draak beer vos haas maan ster zon regen sneeuw wind vuur steen goud zilver brood koffie thee kookboek verhaal gedicht lied muziek dans spel bal doelpunt ruimte robot computer toekomst verleden geschiedenis kaart sleutel deur raam kelder zolder muur")
	about   = []string{"%s", "De %s", "Het %s", "De laatste %s", "Een %s in de %s", "Het %s van de %s", "%s en %s", "Onder de %s", "De %s die niet wilde", "Waar de %s begint", "Alles over %s", "Brieven aan een %s", "%s zonder %s", "Het geheim van de %s"}
	topics  = strings.Fields("Thriller Detective Liefde Oorlog Familie Geschiedenis Biografie Reizen Koken Natuur Dieren Sport Muziek Kunst Filosofie Psychologie Gezondheid Opvoeding Wetenschap Techniek Computers Economie Politiek Religie Poëzie Toneel Humor Sprookjes Avontuur Fantasy Sciencefiction Griezelen School Vriendschap Paarden Voetbal Dinosaurussen Ruimtevaart Heksen Piraten")
)

func newMade() *made {
	m := &made{Rand: rand.New(rand.NewPCG(1, 2)), subjects: slices.Clone(topics)}
	// Words that look Dutch, as many as a real catalogue has of them.
	heads, hearts, tails := strings.Fields("b bl br d dr f fl g gr h j k kl kn kr l m n p pl pr r s sch sl sn st str t tr v vl w z zw"), strings.Fields("a aa e ee i ie o oe oo ij u ui ou eu ei"), strings.Fields("k l m n r s t ng nd st cht rk ls ft rd p f")
	syllable := func() string {
		return heads[m.IntN(len(heads))] + hearts[m.IntN(len(hearts))] + tails[m.IntN(len(tails))]
	}
	m.words = slices.Clone(plain)
	for len(m.words) < 40_000 {
		word := syllable()
		for range m.IntN(3) {
			word += syllable()
		}
		m.words = append(m.words, word)
	}
	for len(m.subjects) < 600 {
		m.subjects = append(m.subjects, topics[m.IntN(len(topics))]+" "+m.words[m.IntN(2000)])
	}
	for range 14_000 {
		m.authors = append(m.authors, given[m.IntN(len(given))]+" "+between[m.IntN(len(between))]+stems[m.IntN(len(stems))]+tails[m.IntN(len(tails))])
	}
	return m
}

// often takes one of a list, the first much more often than the last, as words
// and authors are spread in a library.
func (m *made) often(list []string) string {
	return list[int(math.Pow(m.Float64(), 3)*float64(len(list)))]
}

func (m *made) sentence(words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = m.often(m.words)
	}
	text := strings.Join(list, " ")
	return upper(text) + "."
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// Titles makes n titles. They have no files: who opens one finds nothing in it.
func Titles(n int) []catalogue.Title {
	m, list := newMade(), make([]catalogue.Title, n)
	for i := range list {
		digest := sha256.Sum256(fmt.Appendf(nil, "title %d", i))
		author := m.often(m.authors)
		t := catalogue.Title{
			Digest: hex.EncodeToString(digest[:]), Kind: catalogue.EBook, Language: "nl", Size: 400_000 + m.Int64N(3_000_000),
			ISBN: isbn(i), Publisher: "Uitgeverij " + upper(m.often(m.words[100:400])),
			Published: fmt.Sprint(1990 + m.IntN(37)), Youth: m.IntN(5) == 0,
			Contributors: []catalogue.Contributor{{Name: author, Role: "aut"}},
			Description:  m.sentence(12+m.IntN(20)) + " " + m.sentence(20+m.IntN(20)) + "\n\n" + m.sentence(10+m.IntN(30)),
		}
		t.Identifier = "urn:isbn:" + t.ISBN
		pattern := about[m.IntN(len(about))]
		words := make([]any, strings.Count(pattern, "%s"))
		for i := range words {
			words[i] = m.often(m.words)
		}
		t.Name = fmt.Sprintf(pattern, words...)
		t.Name = upper(t.Name)
		if m.IntN(3) == 0 {
			t.Subtitle = "Een verhaal over " + m.often(m.words) + " en " + m.often(m.words)
		}
		if m.IntN(7) == 0 {
			t.Series, t.SeriesAt = "De "+m.often(m.words)+" van "+stems[m.IntN(len(stems))], fmt.Sprint(1+m.IntN(9))
		}
		if m.IntN(8) == 0 {
			t.Kind, t.Duration = catalogue.Audiobook, time.Duration(60+m.IntN(900))*time.Minute
			t.Contributors = append(t.Contributors, catalogue.Contributor{Name: m.often(m.authors), Role: "nrt"})
		}
		if at := m.IntN(100); at >= 82 {
			t.Language = []string{"en", "en", "en", "fy", "de", "fr"}[at%6]
		}
		for range 1 + m.IntN(4) {
			if s := m.often(m.subjects); !slices.Contains(t.Subjects, s) {
				t.Subjects = append(t.Subjects, s)
			}
		}
		t.Access = catalogue.Access{Modes: []string{"textual", "visual"}, Sufficient: []string{"textual"}, Features: []string{"structuralNavigation", "alternativeText", "tableOfContents"}, Hazards: []string{"none"}}
		list[i] = t
	}
	return list
}

// isbn is a number of thirteen digits with the right last one.
func isbn(i int) string {
	digits := fmt.Sprintf("97890%07d", i)
	sum := 0
	for at, digit := range digits {
		sum += int(digit-'0') * (1 + 2*(at%2))
	}
	return fmt.Sprint(digits, (10-sum%10)%10)
}

// Fill enters n titles in a catalogue.
func Fill(tx *sqldb.Tx, n int) error {
	for _, t := range Titles(n) {
		if _, err := catalogue.Add(tx, &catalogue.Publication{Title: t}); err != nil {
			return err
		}
	}
	return spread(tx)
}
