package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// audioManifest is a Readium audiobook manifest (profile
// https://readium.org/webpub-manifest/profiles/audiobook), as far as we use it.
type audioManifest struct {
	Metadata struct {
		Identifier  string  `json:"identifier"`
		Title       text    `json:"title"`
		Subtitle    text    `json:"subtitle"`
		Author      names   `json:"author"`
		Narrator    names   `json:"narrator"`
		Translator  names   `json:"translator"`
		Publisher   names   `json:"publisher"`
		Language    strs    `json:"language"`
		Published   string  `json:"published"`
		Description string  `json:"description"`
		Subject     names   `json:"subject"`
		Rights      string  `json:"rights"`
		Duration    float64 `json:"duration"`
		Ages        string  `json:"schema:typicalAgeRange"`
		BelongsTo   struct {
			Series collections `json:"series"`
		} `json:"belongsTo"`
		Accessibility struct {
			AccessMode []string `json:"accessMode"`
			Sufficient []strs   `json:"accessModeSufficient"`
			Feature    []string `json:"feature"`
			Hazard     []string `json:"hazard"`
			Summary    string   `json:"summary"`

			ConformsTo    strs `json:"conformsTo"`
			Certification struct {
				CertifiedBy string `json:"certifiedBy"`
			} `json:"certification"`
		} `json:"accessibility"`
	} `json:"metadata"`
	ReadingOrder []audioLink `json:"readingOrder"`
	Resources    []audioLink `json:"resources"`
	TOC          []audioLink `json:"toc"`
}

type audioLink struct {
	Href      string      `json:"href"`
	Type      string      `json:"type"`
	Title     string      `json:"title"`
	Rel       strs        `json:"rel"`
	Duration  float64     `json:"duration"`
	Alternate []audioLink `json:"alternate"`
	Children  []audioLink `json:"children"`
}

// text is a text, or the same in several languages, of which the first is taken.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var many map[string]string
	switch {
	case json.Unmarshal(b, (*string)(t)) == nil:
	case json.Unmarshal(b, &many) == nil:
		for _, language := range slices.Sorted(maps.Keys(many)) {
			if *t == "" || language == "nl" {
				*t = text(many[language])
			}
		}
	default: // W3C: [{"value": "…", "language": "nl"}]
		var list []struct {
			Value string `json:"value"`
		}
		if json.Unmarshal(b, &list) == nil && len(list) > 0 {
			*t = text(list[0].Value)
		}
	}
	return nil
}

// strs is a text or a list of texts, as the manifest allows.
type strs []string

func (s *strs) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*s = strs{one}
		return nil
	}
	json.Unmarshal(text, (*[]string)(s)) // what is neither is left out
	return nil
}

// collections are series: a name, an object with a name and a place, or a list.
type collections []struct {
	Name     string      `json:"name"`
	Position json.Number `json:"position"`
}

func (c *collections) UnmarshalJSON(text []byte) error {
	var name string
	if json.Unmarshal(text, &name) == nil {
		text, _ = json.Marshal([]any{map[string]string{"name": name}})
	} else if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	type plain collections
	return json.Unmarshal(text, (*plain)(c))
}

// names is a name, an object with a name, or a list of either.
type names []catalogue.Contributor

func (n *names) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		list = []json.RawMessage{b}
	}
	for _, x := range list {
		var c struct {
			Name   text
			SortAs string
		}
		if json.Unmarshal(x, &c.Name) != nil || c.Name == "" {
			json.Unmarshal(x, &c) // what is no person is left out
		}
		if name := clip(markup.OneLine(string(c.Name)), maxLine); name != "" && len(*n) < maxList {
			*n = append(*n, catalogue.Contributor{Name: name, SortAs: clip(markup.OneLine(c.SortAs), maxLine)})
		}
	}
	return nil
}

// read reads a Readium manifest.
func (a *audioManifest) read(text []byte) error {
	if err := json.Unmarshal(markup.UTF8(text), a); err != nil {
		return ErrNotABook.Because(err)
	}
	if len(a.ReadingOrder) == 0 {
		return ErrNotABook.Because(errors.New("its manifest names no tracks"))
	}
	return nil
}

// links checks where the manifest leads. An address that climbs out is an attack
// on whoever follows it, and refuses the whole.
func (a *audioManifest) links() error {
	if len(a.ReadingOrder) > MaxFiles || len(a.Resources) > MaxFiles {
		return catalogue.ErrTooBig.Because(fmt.Errorf("%d tracks, %d files", len(a.ReadingOrder), len(a.Resources)))
	}
	for _, list := range [][]audioLink{a.ReadingOrder, a.Resources} {
		for i := range list {
			href, ok := markup.Resolve("manifest.json", list[i].Href)
			if !ok {
				if remote(list[i].Href) {
					return ErrNotABook.Because(fmt.Errorf("%q lies elsewhere", clip(list[i].Href, 100)))
				}
				return ErrDangerous.Because(fmt.Errorf("its manifest leads to %q", clip(list[i].Href, 100)))
			}
			list[i].Href, _, _ = strings.Cut(href, "#")
			for j := range list[i].Alternate {
				list[i].Alternate[j].Href, _ = markup.Resolve("manifest.json", list[i].Alternate[j].Href)
			}
		}
	}
	return nil
}

func remote(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// contents adds the manifest's table of contents.
func (a *audioManifest) contents(links []audioLink, level int, m *catalogue.Manifest) {
	for _, l := range links {
		href, ok := markup.Resolve("manifest.json", l.Href)
		file, _, _ := strings.Cut(href, "#")
		if _, there := m.Part(file); ok && there && l.Title != "" && len(m.Chapters) < maxEntries {
			m.Chapters = append(m.Chapters, catalogue.Entry{Title: clip(markup.OneLine(l.Title), maxLine), Href: href, Level: level})
		}
		if level < 10 {
			a.contents(l.Children, level+1, m)
		}
	}
}

// title is what the manifest says about the book.
func (a *audioManifest) title(m *catalogue.Manifest) catalogue.Title {
	x := a.Metadata
	t := catalogue.Title{
		Kind: catalogue.Audiobook, Identifier: clip(markup.OneLine(x.Identifier), maxLine),
		Name: cmp.Or(line([]string{string(x.Title)}), Unnamed), Subtitle: line([]string{string(x.Subtitle)}),
		Published: date(x.Published), Description: clip(plainText(x.Description), maxText), Rights: line([]string{x.Rights}),
		Access: catalogue.Access{
			Modes: apart(x.Accessibility.AccessMode), Features: apart(x.Accessibility.Feature), Hazards: apart(x.Accessibility.Hazard),
			Summary:    clip(markup.OneLine(x.Accessibility.Summary), maxText),
			ConformsTo: apart(x.Accessibility.ConformsTo), CertifiedBy: line([]string{x.Accessibility.Certification.CertifiedBy}),
		},
	}
	t.ISBN, _ = isbn13(x.Identifier)
	if tag, ok := languageTag(line(x.Language)); ok {
		t.Language = tag
	} else if len(x.Language) > 0 {
		note(m, "the language %q is not known", clip(line(x.Language), 60))
	}
	for _, s := range x.Accessibility.Sufficient {
		t.Access.Sufficient = append(t.Access.Sufficient, strings.Join(apart(s), ","))
	}
	for _, group := range []struct {
		people names
		role   string
	}{{x.Author, "aut"}, {x.Narrator, "nrt"}, {x.Translator, "trl"}} {
		for _, c := range group.people {
			c.Role = group.role
			t.Contributors = append(t.Contributors, c)
		}
	}
	for _, c := range first(x.Publisher) {
		t.Publisher = c.Name
	}
	about := audience{Ranges: []string{x.Ages}}
	for _, c := range x.Subject {
		about.Subjects = append(about.Subjects, c.Name)
	}
	about.Codes = about.Subjects
	t.Subjects = subjects(about.Subjects)
	t.Ages, t.Youth = ages(about)
	for _, s := range x.BelongsTo.Series[:min(1, len(x.BelongsTo.Series))] {
		t.Series, t.SeriesAt = line([]string{s.Name}), place(s.Position.String())
	}
	return t
}

// w3c is an audiobook manifest by W3C (publication.json), as far as we use it.
type w3c struct {
	ID            text     `json:"id"`
	Name          text     `json:"name"`
	Author        names    `json:"author"`
	ReadBy        names    `json:"readBy"`
	Translator    names    `json:"translator"`
	Publisher     names    `json:"publisher"`
	InLanguage    strs     `json:"inLanguage"`
	DatePublished string   `json:"datePublished"`
	Description   text     `json:"description"`
	Ages          string   `json:"typicalAgeRange"`
	Modes         strs     `json:"accessMode"`
	Features      strs     `json:"accessibilityFeature"`
	Hazards       strs     `json:"accessibilityHazard"`
	Summary       text     `json:"accessibilitySummary"`
	ReadingOrder  w3cLinks `json:"readingOrder"`
	Resources     w3cLinks `json:"resources"`
}

type w3cLink struct {
	URL      string `json:"url"`
	Type     string `json:"encodingFormat"`
	Name     text   `json:"name"`
	Rel      strs   `json:"rel"`
	Duration string `json:"duration"` // PT1H2M3S
}

type w3cLinks []w3cLink

// UnmarshalJSON also reads a list of plain addresses, or a single one.
func (l *w3cLinks) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		list = []json.RawMessage{b}
	}
	for _, x := range list {
		var one w3cLink
		if json.Unmarshal(x, &one.URL) == nil || json.Unmarshal(x, &one) == nil {
			*l = append(*l, one)
		}
	}
	return nil
}

// readW3C reads a W3C manifest into the form of the other. The address of its
// table of contents, a page of HTML, comes back as well.
func (a *audioManifest) readW3C(text []byte) (contents string, err error) {
	var w w3c
	if err := json.Unmarshal(markup.UTF8(text), &w); err != nil {
		return "", ErrNotABook.Because(err)
	}
	if len(w.ReadingOrder) == 0 {
		return "", ErrNotABook.Because(errors.New("its manifest names no tracks"))
	}
	x := &a.Metadata
	x.Identifier, x.Title, x.Author, x.Narrator, x.Translator = string(w.ID), w.Name, w.Author, w.ReadBy, w.Translator
	x.Publisher, x.Language, x.Published, x.Description, x.Ages = w.Publisher, w.InLanguage, w.DatePublished, string(w.Description), w.Ages
	x.Accessibility.AccessMode, x.Accessibility.Feature, x.Accessibility.Hazard, x.Accessibility.Summary = w.Modes, w.Features, w.Hazards, string(w.Summary)
	links := func(list w3cLinks) (made []audioLink) {
		for _, l := range list {
			made = append(made, audioLink{Href: l.URL, Type: l.Type, Title: string(l.Name), Rel: l.Rel, Duration: iso8601(l.Duration)})
			if slices.Contains(l.Rel, "contents") {
				contents = l.URL
			}
		}
		return made
	}
	a.ReadingOrder, a.Resources = links(w.ReadingOrder), links(w.Resources)
	return contents, nil
}

// iso8601 reads PT1H2M3.5S as seconds, 0 when it is none.
func iso8601(s string) float64 {
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "PT")))
	if err != nil {
		return 0
	}
	return d.Seconds()
}
