package reading

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/web/kit"
)

// titlePage is one title: for everyone, with what this reader can do with it.
type titlePage struct {
	finder
	Title    catalogue.Title
	Picture  picture
	Authors  []link
	Others   []credit // who did something else: read aloud, drew, translated
	Series   link
	Subjects []link
	About    []string // the description, by paragraph
	Rights   string   // in the language of the page, "" when only the title's own words are there
	Access   []string // what the book says of its accessibility, in sentences
	Contents []catalogue.Entry
	More     []row

	Hole   template.HTML // where the reader's own part comes, "" when it is here
	Failed string        // message key of what did not succeed just now, "" for nothing
	possibility
}

// credit is somebody with what they did.
type credit struct{ Role, Name string }

// Minutes is the length of an audiobook; Hours and Rest are it in hours and minutes.
func (p titlePage) Minutes() int { return minutesOf(p.Title) }
func (p titlePage) Hours() int   { return p.Minutes() / 60 }
func (p titlePage) Rest() int    { return p.Minutes() % 60 }

func minutesOf(t catalogue.Title) int { return int((t.Duration + time.Minute/2) / time.Minute) }

// Year is the year in which it was published.
func (p titlePage) Year() string { return p.Title.Published[:min(4, len(p.Title.Published))] }

// Language is the name of the title's language.
func (p titlePage) Language(lang words.Lang) string { return languageName(lang, p.Title.Language) }

func (s *Site) showTitle(w http.ResponseWriter, r *http.Request) error {
	of, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	whom, err := s.audience(r)
	if err != nil {
		return err
	}
	id := r.PathValue("title")
	return s.ready(w, r, of, page{name: "title", own: []string{"act"}, version: string(whom),
		make: func() (any, error) {
			p, err := s.aboutTitle(r, of, id, whom)
			if kit.VisitOf(r).Session != nil {
				p.Hole = hole
			}
			return p, err
		},
		mine: func() (own, error) {
			var p titlePage
			var err error
			if p.Title, err = s.Index.Title(r.Context(), id); err != nil {
				return own{}, err
			}
			err = s.possible(r, &p)
			return own{p.key(), func() any { return p }}, err
		},
	})
}

// titlePage shows a title with above it what did not succeed, by its message key,
// and why.
func (s *Site) titlePage(w http.ResponseWriter, r *http.Request, id, failed string, refused error) error {
	of, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	whom, err := s.audience(r)
	if err != nil {
		return err
	}
	p, err := s.aboutTitle(r, of, id, whom)
	if err != nil {
		return err
	}
	if err := s.possible(r, &p); err != nil {
		return err
	}
	p.Failed = failed
	if p.refusal, err = s.refusal(r, refused); err != nil {
		return err
	}
	return s.Show(w, r, kit.Status(refused), "title", p)
}

// aboutTitle is what a title's page says to everybody; who is young sees only titles
// for children beside it.
func (s *Site) aboutTitle(r *http.Request, of *index.Snapshot, id string, whom audience) (titlePage, error) {
	lang := kit.VisitOf(r).Lang
	p := titlePage{finder: s.finder(lang, "")}
	var err error
	if p.Title, err = s.Index.Title(r.Context(), id); err != nil {
		return p, err
	}
	t := p.Title
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) error {
		m, err := catalogue.Contents(tx, id)
		if err == nil {
			p.Contents = m.Chapters
		}
		return err
	})
	if err != nil {
		return p, err
	}
	p.Picture = s.picture(t, coverOfPage)
	for _, c := range t.Contributors {
		slug := index.Slug(c.Name)
		if _, known := of.Author(slug); c.Role == "aut" {
			author := link{Text: c.Name}
			if known {
				author.Href = s.Link("/schrijver/%s", url.PathEscape(slug))
			}
			p.Authors = append(p.Authors, author)
		} else if key := "reading.role_" + c.Role; s.Words.Has(key) {
			p.Others = append(p.Others, credit{s.Words.Text(lang, key), c.Name})
		}
	}
	if slug := index.Slug(t.Series); slug != "" {
		p.Series = link{Text: t.Series}
		if _, known := of.SeriesOf(slug); known {
			p.Series.Href = s.Link("/serie/%s", url.PathEscape(slug))
		}
	}
	for _, subject := range index.Subjects(t.Subjects) {
		if c, known := of.Subject(subject.Slug); known {
			about := s.about(lang, c)
			about.N = 0
			p.Subjects = append(p.Subjects, about)
		}
	}
	for part := range strings.SplitSeq(t.Description, "\n") {
		if part = strings.TrimSpace(part); part != "" {
			p.About = append(p.About, part)
		}
	}
	p.Rights, p.Access = s.rightsWords(lang, t.Rights), s.accessWords(lang, t.Access)
	p.More = s.more(lang, of, t, index.Query{Youth: whom == young})
	return p, nil
}

// more are rows of what else there is of the series and the author, among the titles
// of a query.
func (s *Site) more(lang words.Lang, of *index.Snapshot, t catalogue.Title, among index.Query) (rows []row) {
	shown := map[string]bool{t.ID: true}
	add := func(name, href string, q index.Query) {
		q.Limit, q.Youth = rowLength+1, q.Youth || among.Youth
		var rest []catalogue.Title
		for _, other := range of.First(q) {
			if !shown[other.ID] && len(rest) < rowLength {
				rest = append(rest, other)
				shown[other.ID] = true
			}
		}
		if len(rest) > 0 {
			rows = append(rows, row{name, href, s.cards(lang, rest)})
		}
	}
	if slug := index.Slug(t.Series); slug != "" {
		add(s.Words.Text(lang, "reading.more_of_series", t.Series), s.Link("/serie/%s", url.PathEscape(slug)), index.Query{Series: slug})
	}
	authors := 0
	for _, c := range t.Contributors {
		if slug := index.Slug(c.Name); c.Role == "aut" && slug != "" && authors < 2 {
			authors++
			add(s.Words.Text(lang, "reading.more_of_author", c.Name), s.Link("/schrijver/%s", url.PathEscape(slug)), index.Query{Author: slug})
		}
	}
	if subjects := index.Subjects(t.Subjects); len(rows) == 0 && len(subjects) > 0 {
		if c, known := of.Subject(subjects[0].Slug); known {
			add(s.Words.Text(lang, "reading.more_of_subject", s.about(lang, c).Text), s.Link("/onderwerp/%s", url.PathEscape(c.Slug)), index.Query{Subject: c.Slug, Youth: t.Youth})
		}
	}
	return rows
}

var (
	publicDomain = regexp.MustCompile(`(?i)creativecommons\.org/publicdomain|\bcc ?0\b|\bpublic domain\b`)
	licenceLink  = regexp.MustCompile(`(?i)creativecommons\.org/licenses/(by[a-z-]*)/(\d\.\d)`)
	licenceName  = regexp.MustCompile(`(?i)\bcc[ -](by(?:-[a-z]{2})*)(?:[ -](\d\.\d))?`)
	reserved     = regexp.MustCompile(`(?i)^\W*(all rights reserved|alle rechten voorbehouden)\W*$`)
)

// rightsWords says the common lines about rights in the language of the page, "" for
// one that stands as it came.
func (s *Site) rightsWords(lang words.Lang, rights string) string {
	found := licenceLink.FindStringSubmatch(rights)
	if found == nil {
		found = licenceName.FindStringSubmatch(rights)
	}
	switch {
	case found != nil:
		return s.Words.Text(lang, "reading.rights_cc", strings.TrimSpace("CC "+strings.ToUpper(found[1])+" "+found[2]))
	case publicDomain.MatchString(rights) && !strings.Contains(strings.ToLower(rights), "not "):
		return s.Words.Text(lang, "reading.rights_public")
	case reserved.MatchString(rights):
		return s.Words.Text(lang, "reading.rights_reserved")
	}
	return ""
}

// sameFeatures are terms of the schema.org vocabulary that say the same to a reader.
var sameFeatures = map[string]string{
	"longDescription": "longDescription", "longDescriptions": "longDescription", "alternativeText": "alternativeText", "describedMath": "describedMath", "MathML": "describedMath",
	"latex": "describedMath", "tableOfContents": "tableOfContents", "index": "index", "structuralNavigation": "structuralNavigation", "bookmarks": "tableOfContents",
	"annotations": "", "pageNavigation": "pageNavigation", "pageBreakMarkers": "pageNavigation", "printPageNumbers": "pageNavigation", "readingOrder": "readingOrder",
	"displayTransformability": "displayTransformability", "synchronizedAudioText": "synchronizedAudioText", "audioDescription": "audioDescription", "captions": "captions", "closedCaptions": "captions",
	"openCaptions": "captions", "transcript": "transcript", "signLanguage": "signLanguage", "largePrint": "largePrint", "highContrastDisplay": "highContrast", "highContrastAudio": "highContrastAudio",
	"ttsMarkup": "ttsMarkup", "unlocked": "unlocked", "timingControl": "timingControl", "braille": "braille", "tactileGraphic": "tactile", "tactileObject": "tactile",
}

// accessWords says in sentences what a title says of its accessibility in terms of
// schema.org, as the European Accessibility Act asks: what one can do with it, what
// it offers, and what may harm. Terms that we do not know are left out.
func (s *Site) accessWords(lang words.Lang, a catalogue.Access) (list []string) {
	say := func(key string) {
		if text := s.Words.Text(lang, "reading.access_"+key); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, way := range a.Sufficient {
		switch ways := strings.Split(strings.ReplaceAll(way, " ", ""), ","); {
		case len(ways) > 1:
		case ways[0] == "textual":
			say("textual")
		case ways[0] == "auditory":
			say("auditory")
		}
	}
	if len(list) == 0 && slices.Contains(a.Modes, "visual") && !slices.Contains(a.Modes, "textual") {
		say("visual")
	}
	for _, feature := range a.Features {
		name, _, _ := strings.Cut(feature, "/") // highContrastAudio/noBackground
		if same := sameFeatures[name]; same != "" {
			say("feature_" + same)
		}
	}
	for _, hazard := range a.Hazards {
		switch hazard {
		case "none":
			say("hazard_none")
		case "flashing", "motionSimulation", "sound":
			say("hazard_" + hazard)
		}
	}
	if slices.Contains(a.Hazards, "noFlashingHazard") && slices.Contains(a.Hazards, "noMotionSimulationHazard") && slices.Contains(a.Hazards, "noSoundHazard") {
		say("hazard_none")
	}
	return list
}
