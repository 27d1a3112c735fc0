package index

import (
	"slices"
	"strings"
)

// topics are subjects that books name in many ways: the slug that we use, and those
// of other spellings and of English headings (BISAC writes them with strokes between).
// One way to write it makes one list of titles, and a page can say it in its own
// language; what is not here stands as it came.
var topics = func() map[string]string {
	const table = `fictie: fiction fiction-general romans roman novels novel literary fiction-literary
		thrillers: thriller suspense thrillers-suspense spanning spannende-boeken
		detectives: detective mystery mystery-detective crime misdaad
		fantasy: epic
		science-fiction: sciencefiction sf
		romantiek: romance romantisch love-stories
		historische-romans: historical historical-fiction
		korte-verhalen: short-stories short-stories-single-author verhalen
		poezie: poetry gedichten poems
		humor: humour humorous
		strips: comics comics-graphic-novels graphic-novels stripverhalen
		sprookjes: fairy-tales fairy-tales-folklore
		kinderboeken: juvenile-fiction childrens-books childrens-fiction childrens-stories
		jeugd-informatief: juvenile-nonfiction juvenile-non-fiction
		young-adult: young-adult-fiction
		voorlezen: read-aloud voorleesboeken
		geschiedenis: history
		biografieen: biography biographies biography-autobiography autobiography biografie
		reizen: travel reisverhalen reisgidsen
		koken: cooking cookery kookboeken eten-en-drinken food-and-drink
		gezondheid: health health-fitness
		natuur: nature
		dieren: animals dierenverhalen
		wetenschap: science
		techniek: technology technology-engineering
		computers: computer informatica
		kunst: art
		muziek: music
		sport: sports sports-recreation
		tuinieren: gardening tuin
		opvoeding: parenting family-relationships family
		psychologie: psychology
		filosofie: philosophy
		religie: religion godsdienst
		politiek: politics political-science
		economie: economics business-economics business
		taal: language language-arts-disciplines languages
		onderwijs: education
		oorlog: war war-military
		avontuur: adventure action-adventure adventure-stories`
	m := map[string]string{}
	for line := range strings.SplitSeq(table, "\n") {
		topic, others, _ := strings.Cut(strings.TrimSpace(line), ":")
		m[topic] = topic
		for other := range strings.FieldsSeq(others) {
			m[other] = topic
		}
	}
	return m
}()

// Topic is the slug of a subject by the slug of one of its spellings. known says that
// it is in the table, and so can be said in other languages.
func Topic(slug string) (topic string, known bool) {
	topic, known = topics[slug]
	if !known {
		topic = slug
	}
	return topic, known
}

// Subjects are the subjects of which a title says to be, with the spelling of the
// title. A heading of parts that are all known, such as "FICTION / Thrillers /
// General", is these parts.
func Subjects(said []string) (list []Count) {
	add := func(name string) {
		slug, _ := Topic(Slug(name))
		if slug != "" && !slices.ContainsFunc(list, func(c Count) bool { return c.Slug == slug }) {
			list = append(list, Count{Name: name, Slug: slug})
		}
	}
	for _, name := range said {
		parts := slices.DeleteFunc(strings.Split(name, "/"), func(part string) bool { return Slug(part) == "general" })
		unknown := slices.ContainsFunc(parts, func(part string) bool { _, known := Topic(Slug(part)); return !known })
		if _, known := Topic(Slug(name)); known || unknown || len(parts) == 0 {
			add(name)
			continue
		}
		for _, part := range parts {
			add(strings.TrimSpace(part))
		}
	}
	return list
}
