package opds

import (
	"math"
	"net/http"
	"net/url"
	"strings"

	"lidwoord/reading/catalogue"
)

// manifestDocument is a Readium Web Publication Manifest. Addresses of parts are
// relative to it, as its profiles want.
type manifestDocument struct {
	Context      string   `json:"@context"`
	Metadata     metadata `json:"metadata"`
	Links        []link   `json:"links"`
	ReadingOrder []link   `json:"readingOrder"`
	Resources    []link   `json:"resources,omitempty"`
	TOC          []link   `json:"toc,omitempty"`
}

const (
	epubProfile      = "https://readium.org/webpub-manifest/profiles/epub"
	audiobookProfile = "https://readium.org/webpub-manifest/profiles/audiobook"
)

// manifest answers what a title on loan is made of.
func (s *Site) manifest(w http.ResponseWriter, r *request) error {
	o, err := s.take(r, s.Loans.Held)
	if err != nil {
		return err
	}
	m := s.manifestOf(&o.Title, o.manifest)
	typ := webpubType
	if o.Kind == catalogue.Audiobook {
		typ = audiobookType
	}
	w.Header().Set("Content-Language", string(r.lang))
	return answer(w, http.StatusOK, typ, m)
}

func (s *Site) manifestOf(t *catalogue.Title, from *catalogue.Manifest) manifestDocument {
	m := manifestDocument{Context: "https://readium.org/webpub-manifest/context.jsonld", Metadata: s.metadataOf(t),
		Links: []link{{Rel: "self", Href: s.address("/loans/" + t.ID + "/manifest"), Type: webpubType},
			{Rel: "alternate", Href: s.address("/v2/titles/" + t.ID), Type: publicationType}}}
	fits := func(typ string) bool { return typ == "application/xhtml+xml" }
	m.Metadata.ConformsTo, m.Metadata.Layout, m.Metadata.Progression = epubProfile, "reflowable", from.Direction
	if from.Fixed {
		m.Metadata.Layout = "fixed"
	}
	if t.Kind == catalogue.Audiobook {
		m.Links[0].Type = audiobookType
		m.Metadata.ConformsTo, m.Metadata.Layout, m.Metadata.Progression = audiobookProfile, "", ""
		fits = func(typ string) bool { return strings.HasPrefix(typ, "audio/") }
	}
	for _, p := range from.Order {
		// A drawing as a page of its own is allowed in an EPUB, and not in its profile.
		if l := partLink(p); fits(p.Type) && !p.Aside {
			for _, text := range alternates(p, from) {
				l.Alternate = append(l.Alternate, text)
			}
			m.ReadingOrder = append(m.ReadingOrder, l)
		} else {
			m.Resources = append(m.Resources, l)
		}
	}
	for _, p := range from.Resources {
		l := partLink(p)
		if p.Href == t.Cover {
			l.Rel = "cover"
		}
		m.Resources = append(m.Resources, l)
	}
	m.TOC, _ = tree(from.Chapters, 0)
	return m
}

// partLink is a part of a title, relative to its manifest.
func partLink(p catalogue.Part) link {
	l := link{Href: partAt(p.Href), Type: p.Type, Title: p.Title, Size: p.Size}
	if p.Duration > 0 {
		l.Duration = round(p.Duration, 1000)
		l.Bitrate = round(float64(p.Size)*8/1000/p.Duration, 1)
	}
	return l
}

func round(x, parts float64) float64 { return math.Round(x*parts) / parts }

// alternates are the written words of a track.
func alternates(p catalogue.Part, m *catalogue.Manifest) []link {
	text, ok := m.Part(p.Text)
	if p.Text == "" || !ok {
		return nil
	}
	return []link{{Href: partAt(text.Href), Type: text.Type}}
}

// partAt is the address of a href inside a title, relative to its manifest.
func partAt(href string) string {
	file, fragment, _ := strings.Cut(href, "#")
	u := url.URL{Path: "files/" + file, Fragment: fragment}
	return u.String()
}

// tree makes a tree of the table of contents, whose entries lie behind one
// another with their depth. It answers what stands at a depth, and how many entries
// that took. A heading that leads nowhere leads to the first entry below it.
func tree(list []catalogue.Entry, depth int) (entries []link, n int) {
	for n < len(list) && list[n].Level >= depth {
		e := list[n]
		n++
		l := link{Title: e.Title}
		below, more := tree(list[n:], e.Level+1)
		n += more
		if l.Children = below; e.Href != "" {
			l.Href = partAt(e.Href)
		} else if len(below) > 0 {
			l.Href = below[0].Href
		} else {
			continue
		}
		entries = append(entries, l)
	}
	return entries, n
}
