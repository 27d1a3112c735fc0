package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"io/fs"
	"strings"
	"time"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// audioManifest is a Readium audiobook manifest (profile
// https://readium.org/webpub-manifest/profiles/audiobook), as far as we use it.
type audioManifest struct {
	Metadata struct {
		Identifier    string  `json:"identifier"`
		Title         string  `json:"title"`
		Subtitle      string  `json:"subtitle"`
		Author        names   `json:"author"`
		Narrator      names   `json:"narrator"`
		Translator    names   `json:"translator"`
		Publisher     names   `json:"publisher"`
		Language      strs    `json:"language"`
		Published     string  `json:"published"`
		Description   string  `json:"description"`
		Subject       names   `json:"subject"`
		Rights        string  `json:"rights"`
		Duration      float64 `json:"duration"`
		Ages          string  `json:"schema:typicalAgeRange"`
		Accessibility struct {
			AccessMode []string `json:"accessMode"`
			Sufficient []strs   `json:"accessModeSufficient"`
			Feature    []string `json:"feature"`
			Hazard     []string `json:"hazard"`
			Summary    string   `json:"summary"`
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

// strs is a text or a list of texts, as the manifest allows.
type strs []string

func (s *strs) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*s = strs{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}

// names is a name, an object with a name, or a list of either.
type names []catalogue.Contributor

func (n *names) UnmarshalJSON(text []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		list = []json.RawMessage{text}
	}
	for _, x := range list {
		var c struct{ Name, SortAs string }
		if json.Unmarshal(x, &c.Name) != nil {
			if err := json.Unmarshal(x, &c); err != nil {
				return err
			}
		}
		if name := clip(markup.OneLine(c.Name), maxLine); name != "" && len(*n) < maxList {
			*n = append(*n, catalogue.Contributor{Name: name, SortAs: clip(markup.OneLine(c.SortAs), maxLine)})
		}
	}
	return nil
}

// OpenAudio reads a folder with manifest.json and the tracks it names.
func OpenAudio(folder fs.FS) (*catalogue.Publication, error) {
	text, err := fs.ReadFile(folder, "manifest.json")
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	var a audioManifest
	if len(text) > MaxMarkup {
		return nil, catalogue.ErrTooBig
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, ErrNotABook.Because(err)
	}
	p := new(catalogue.Publication)
	p.Open = cleaned(p, func(href string) (io.ReadCloser, error) { return folder.Open(href) })
	p.Manifest, err = a.manifest()
	if err != nil {
		return nil, err
	}
	p.Title = a.title()
	for _, r := range a.Resources {
		if strings.Join(r.Rel, " ") == "cover" && p.Title.Cover == "" && isPictureFile(folder, r.Href) {
			p.Title.Cover = r.Href
		}
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\n%s", len(text), text)
	for _, part := range append(p.Manifest.Order, p.Manifest.Resources...) {
		f, err := folder.Open(part.Href)
		if err != nil {
			return nil, ErrNotABook.Because(err)
		}
		n, err := io.Copy(sum, f)
		f.Close()
		if err != nil {
			return nil, ErrNotABook.Because(err)
		}
		fmt.Fprintf(sum, "\n%d %s", n, part.Href)
	}
	p.Title.Digest = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

func (a *audioManifest) manifest() (catalogue.Manifest, error) {
	var m catalogue.Manifest
	if len(a.ReadingOrder) > MaxFiles || len(a.Resources) > MaxFiles {
		return m, catalogue.ErrTooBig
	}
	seen := map[string]bool{}
	for n, l := range a.ReadingOrder {
		typ := known[l.Type]
		if !fs.ValidPath(l.Href) || !strings.HasPrefix(typ, "audio/") || !(l.Duration > 0) || l.Duration > 1e6 || seen[l.Href] {
			return m, ErrNotABook.Because(fmt.Errorf("track %d: %q %q %v", n+1, l.Href, l.Type, l.Duration))
		}
		seen[l.Href] = true
		part := catalogue.Part{Href: l.Href, Type: typ, Title: clip(markup.OneLine(cmp.Or(l.Title, fmt.Sprint(n+1))), maxLine), Duration: l.Duration}
		for _, alt := range l.Alternate {
			if alt.Type == "text/plain" {
				part.Text = alt.Href
			}
		}
		m.Order = append(m.Order, part)
	}
	if len(m.Order) == 0 {
		return m, ErrNotABook
	}
	for _, l := range a.Resources {
		typ := known[l.Type]
		if l.Type == "text/plain" {
			typ = "text/plain"
		}
		if fs.ValidPath(l.Href) && typ != "" && !seen[l.Href] {
			seen[l.Href] = true
			m.Resources = append(m.Resources, catalogue.Part{Href: l.Href, Type: typ})
		}
	}
	a.contents(a.TOC, 0, &m)
	if len(m.Chapters) == 0 {
		for _, p := range m.Order {
			m.Chapters = append(m.Chapters, catalogue.Entry{Title: p.Title, Href: p.Href})
		}
	}
	return m, nil
}

func (a *audioManifest) contents(links []audioLink, level int, m *catalogue.Manifest) {
	for _, l := range links {
		file, _, _ := strings.Cut(l.Href, "#")
		if _, ok := m.Part(file); ok && l.Title != "" && level < 10 && len(m.Chapters) < maxEntries {
			m.Chapters = append(m.Chapters, catalogue.Entry{Title: clip(markup.OneLine(l.Title), maxLine), Href: l.Href, Level: level})
		}
		a.contents(l.Children, level+1, m)
	}
}

func (a *audioManifest) title() catalogue.Title {
	x := a.Metadata
	t := catalogue.Title{
		Kind: catalogue.Audiobook, Identifier: clip(markup.OneLine(x.Identifier), maxLine),
		Name: cmp.Or(clip(markup.OneLine(x.Title), maxLine), "?"), Subtitle: clip(markup.OneLine(x.Subtitle), maxLine),
		Language: clip(markup.OneLine(strings.Join(first(x.Language), "")), 35), Published: clip(markup.OneLine(x.Published), 30),
		Description: clip(plainText(x.Description), maxText), Rights: clip(markup.OneLine(x.Rights), maxLine), Youth: forChildren(x.Ages),
		Access: catalogue.Access{Modes: x.Accessibility.AccessMode, Features: x.Accessibility.Feature, Hazards: x.Accessibility.Hazard, Summary: clip(markup.OneLine(x.Accessibility.Summary), maxText)},
	}
	for _, s := range x.Accessibility.Sufficient {
		t.Access.Sufficient = append(t.Access.Sufficient, strings.Join(s, ","))
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
	for _, c := range x.Subject {
		t.Subjects = append(t.Subjects, c.Name)
	}
	for _, l := range a.ReadingOrder {
		t.Duration += time.Duration(l.Duration * float64(time.Second))
	}
	return t
}

func isPictureFile(folder fs.FS, name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	f, err := folder.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(io.LimitReader(f, MaxMarkup))
	return err == nil && c.Width > 0 && c.Height > 0 && c.Width <= maxPixels/c.Height
}
