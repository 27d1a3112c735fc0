package opds

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/web/kit"
)

// link is a Link Object of the Readium Web Publication Manifest.
type link struct {
	Rel        any         `json:"rel,omitempty"` // a string, or several
	Href       string      `json:"href"`
	Type       string      `json:"type,omitempty"`
	Title      string      `json:"title,omitempty"`
	Templated  bool        `json:"templated,omitempty"`
	Width      int         `json:"width,omitempty"`
	Size       int64       `json:"size,omitempty"`
	Duration   float64     `json:"duration,omitempty"`
	Bitrate    float64     `json:"bitrate,omitempty"` // kbit a second
	Properties *properties `json:"properties,omitempty"`
	Alternate  []link      `json:"alternate,omitempty"`
	Children   []link      `json:"children,omitempty"`
}

type properties struct {
	NumberOfItems int           `json:"numberOfItems,omitempty"`
	Refused       string        `json:"urn:lidwoord:refused,omitempty"` // why this reader cannot borrow it
	Authenticate  string        `json:"authenticate,omitempty"`
	Availability  *availability `json:"availability,omitempty"`
	Indirect      []acquirable  `json:"indirectAcquisition,omitempty"`
}

type availability struct {
	State string `json:"state"`
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
}

// acquirable is what an app has in the end when it follows a link.
type acquirable struct {
	Type string `json:"type"`
}

// The relations that we use. Those of a loan that OPDS does not name are ours;
// relRevoke is the one that apps of Palace, and Thorium, know for returning.
const (
	relAcquire = "http://opds-spec.org/acquisition"
	relBorrow  = "http://opds-spec.org/acquisition/borrow"
	relShelf   = "http://opds-spec.org/shelf"
	relNew     = "http://opds-spec.org/sort/new"
	relPopular = "http://opds-spec.org/sort/popular"
	relReturn  = "urn:lidwoord:rel:return"
	relRenew   = "urn:lidwoord:rel:renew"
	relRevoke  = "http://librarysimplified.org/terms/rel/revoke"
)

const (
	feedType        = "application/opds+json"
	publicationType = "application/opds-publication+json"
	profileType     = "application/opds-profile+json"
	epubType        = "application/epub+zip"
	webpubType      = "application/webpub+json"
	audiobookType   = "application/audiobook+json"
)

// publication is a title in OPDS 2.0.
type publication struct {
	Metadata json.RawMessage `json:"metadata"` // see metadata
	Links    []link          `json:"links"`
	Images   []link          `json:"images,omitempty"`
}

// metadata is what a manifest says of its publication. Nothing empty is said.
type metadata struct {
	Type          string         `json:"@type"`
	Title         string         `json:"title"`
	Subtitle      string         `json:"subtitle,omitempty"`
	Identifier    string         `json:"identifier"`
	AltIdentifier []string       `json:"altIdentifier,omitempty"`
	ConformsTo    string         `json:"conformsTo,omitempty"`
	Language      string         `json:"language,omitempty"`
	Author        []person       `json:"author,omitempty"`
	Translator    []person       `json:"translator,omitempty"`
	Editor        []person       `json:"editor,omitempty"`
	Illustrator   []person       `json:"illustrator,omitempty"`
	Narrator      []person       `json:"narrator,omitempty"`
	Contributor   []person       `json:"contributor,omitempty"`
	Publisher     string         `json:"publisher,omitempty"`
	Published     string         `json:"published,omitempty"`
	Description   string         `json:"description,omitempty"`
	Subject       []subject      `json:"subject,omitempty"`
	BelongsTo     *belongsTo     `json:"belongsTo,omitempty"`
	Duration      float64        `json:"duration,omitempty"` // seconds
	NumberOfPages int            `json:"numberOfPages,omitempty"`
	Layout        string         `json:"layout,omitempty"`
	Progression   string         `json:"readingProgression,omitempty"`
	Accessibility *accessibility `json:"accessibility,omitempty"`
	TypicalAges   string         `json:"schema:typicalAgeRange,omitempty"`
}

type person struct {
	Name   string `json:"name"`
	SortAs string `json:"sortAs,omitempty"`
	Role   string `json:"role,omitempty"`
	Links  []link `json:"links,omitempty"`
}

type subject struct {
	Name   string `json:"name"`
	Code   string `json:"code,omitempty"`
	Scheme string `json:"scheme,omitempty"`
	Links  []link `json:"links,omitempty"`
}

// audience is the scheme by which apps of Palace know for whom a title is.
const audience = "http://schema.org/audience"

type belongsTo struct {
	Series []series `json:"series"`
}

type series struct {
	Name     string   `json:"name"`
	Position *float64 `json:"position,omitempty"`
	Links    []link   `json:"links,omitempty"`
}

// metadataOf says of a title what both feeds and manifests say.
func (s *Site) metadataOf(t *catalogue.Title) metadata {
	m := metadata{Type: "http://schema.org/Book", Title: t.Name, Subtitle: t.Subtitle, Identifier: identifier(t), Publisher: t.Publisher,
		Published: published(t.Published), Description: t.Description, NumberOfPages: t.Length.Pages, Accessibility: accessOf(t.Access)}
	if t.Kind == catalogue.Audiobook {
		m.Type, m.Duration = "http://schema.org/Audiobook", t.Duration.Seconds()
	}
	if bcp47.MatchString(t.Language) {
		m.Language = t.Language
	}
	if isbn := "urn:isbn:" + t.ISBN; t.ISBN != "" && isbn != m.Identifier {
		m.AltIdentifier = []string{isbn}
	}
	for _, c := range t.Contributors {
		p := person{Name: c.Name, SortAs: c.SortAs}
		list := &m.Contributor
		switch c.Role {
		case "aut":
			list, p.Links = &m.Author, s.listLink(wish{author: index.Slug(c.Name)})
		case "trl":
			list = &m.Translator
		case "edt":
			list = &m.Editor
		case "ill":
			list = &m.Illustrator
		case "nrt":
			list = &m.Narrator
		default:
			p.Role = c.Role
		}
		*list = append(*list, p)
	}
	for _, name := range t.Subjects {
		m.Subject = append(m.Subject, subject{Name: name, Links: s.listLink(wish{subject: index.Slug(name)})})
	}
	if t.Series != "" {
		one := series{Name: t.Series, Links: s.listLink(wish{series: index.Slug(t.Series)})}
		if n, err := strconv.ParseFloat(strings.ReplaceAll(t.SeriesAt, ",", "."), 64); err == nil && n == n && n < 1e6 && n > -1e6 {
			one.Position = &n
		}
		m.BelongsTo = &belongsTo{[]series{one}}
	}
	if t.Youth {
		m.Subject = append(m.Subject, subject{Name: "Jeugd", Code: "Children", Scheme: audience, Links: []link{{Href: s.address("/v2" + wish{youth: true}.path()), Type: feedType}}})
		m.TypicalAges = ages(t.Ages)
	}
	return m
}

// listLink leads to more of the same; nil for a name that has no address.
func (s *Site) listLink(w wish) []link {
	if w.author+w.subject+w.series == "" {
		return nil
	}
	return []link{{Href: s.address("/v2" + w.path()), Type: feedType}}
}

var (
	bcp47  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$`)
	scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^` + "`" + `]+$`)
)

// identifier is a URI by which apps know a title again. The book's own is not
// always one.
func identifier(t *catalogue.Title) string {
	if u, err := url.Parse(t.Identifier); err == nil && u.IsAbs() && scheme.MatchString(t.Identifier) {
		return t.Identifier
	}
	if t.ISBN != "" {
		return "urn:isbn:" + t.ISBN
	}
	return titleURN(t)
}

// titleURN is our own name of a title.
func titleURN(t *catalogue.Title) string { return "urn:lidwoord:title:" + t.ID }

// published is a day, as the manifest wants it. Books that only name the year get
// its first day, which is what other makers of manifests write.
func published(text string) string {
	for _, form := range []string{time.DateOnly, "2006-01", "2006", time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at.Format(time.DateOnly)
		}
	}
	return ""
}

// ages is a range as schema.org writes it: "8-12", "16-".
func ages(a catalogue.Ages) string {
	switch {
	case a == catalogue.Ages{}:
		return ""
	case a.To == 0:
		return strconv.Itoa(a.From) + "-"
	}
	return strconv.Itoa(a.From) + "-" + strconv.Itoa(a.To)
}

// publication writes a title with what the reader can do with it.
func (s *Site) publication(i *item, lang words.Lang) publication {
	p := publication{Images: s.images(&i.Title)}
	p.Metadata = s.parts.of(&i.Title, "json", func() []byte {
		text, _ := marshal(s.metadataOf(&i.Title)) // texts and numbers cannot fail
		return bytes.TrimSuffix(text, []byte("}\n"))
	})
	p.Metadata = slices.Concat(p.Metadata, []byte(`,"modified":"`+i.changed().UTC().Format(time.RFC3339)+`"}`))
	at := s.address("/v2/titles/" + i.ID)
	p.Links = []link{{Rel: "self", Href: at, Type: publicationType}, {Rel: "alternate", Href: s.page("/titel/" + i.ID), Type: "text/html"}}
	for _, a := range s.acquisitions(i, v2) {
		l := link{Rel: a.rel, Href: a.href, Type: a.typ, Title: a.title(s, lang)}
		if a.state != nil {
			l.Properties = &properties{Availability: a.state, Authenticate: s.address("/auth"), Refused: s.sentence(a.refused, lang)}
			for _, typ := range a.becomes {
				l.Properties.Indirect = append(l.Properties.Indirect, acquirable{typ})
			}
		}
		p.Links = append(p.Links, l)
	}
	return p
}

// acquisition is one thing that a reader can do with a title.
type acquisition struct {
	rel     any
	href    string
	typ     string
	key     string        // of its label
	until   day.Day       // in the label, if it has a day
	state   *availability // of a title to be had
	becomes []string      // types that it leads to
	refused error         // why it cannot be had
}

func (a acquisition) title(s *Site, lang words.Lang) string {
	return s.Words.Text(lang, a.key, a.until)
}

// acquisitions are the links by which a title is borrowed, or opened, returned and
// extended when it is on loan.
func (s *Site) acquisitions(i *item, v version) []acquisition {
	at, loan := s.address("/"+string(v)+"/titles/"+i.ID), s.address("/loans/"+i.ID)
	forms := []acquisition{{rel: relAcquire, href: loan + "/manifest", typ: webpubType, key: "opds.read_online"}}
	if i.Kind == catalogue.Audiobook {
		forms = []acquisition{{rel: relAcquire, href: loan + "/manifest", typ: audiobookType, key: "opds.listen"}}
	} else if s.Copy != nil {
		forms = append([]acquisition{{rel: relAcquire, href: loan + "/epub", typ: epubType, key: "opds.download"}}, forms...)
	}
	if i.loan == nil {
		if i.Withdrawn {
			return nil
		}
		borrow := acquisition{rel: relBorrow, href: at + "/borrow", typ: entryTypes[v], key: "opds.borrow", state: &availability{State: "available"}, refused: i.refused}
		if i.refused != nil {
			borrow.state.State = "unavailable"
		}
		for _, f := range forms {
			borrow.becomes = append(borrow.becomes, f.typ)
		}
		return []acquisition{borrow}
	}
	state := &availability{State: "available", Since: i.loan.LentAt.UTC().Format(time.RFC3339), Until: i.loan.DueAt.UTC().Format(time.RFC3339)}
	browser := acquisition{rel: relAcquire, href: s.page("/lezen/" + i.ID), typ: "text/html", key: "opds.read_browser"}
	if i.Kind == catalogue.Audiobook {
		browser.href, browser.key = s.page("/luisteren/"+i.ID), "opds.listen_browser"
	}
	forms = append(forms, browser)
	for n := range forms {
		forms[n].state, forms[n].until = state, i.loan.LastDay()
	}
	forms = append(forms, acquisition{rel: relRevoke, href: at + "/return", typ: entryTypes[v], key: "opds.return"},
		acquisition{rel: relReturn, href: at + "/return", typ: entryTypes[v], key: "opds.return"})
	if i.extend {
		forms = append(forms, acquisition{rel: relRenew, href: at + "/extend", typ: entryTypes[v], key: "opds.extend"})
	}
	return forms
}

// page is the address of a page of the door for people.
func (s *Site) page(path string) string { return kit.Absolute(s.Doors.Reading, path) }

// images are the covers of a title.
func (s *Site) images(t *catalogue.Title) []link {
	var list []link
	for _, width := range s.widths(t) {
		list = append(list, link{Href: s.coverAt(t, width), Type: coverType, Width: width})
	}
	return list
}

// widths are those in which a cover can be had.
func (s *Site) widths(t *catalogue.Title) []int {
	if s.Cover == nil {
		return nil
	}
	return t.Covers
}

// coverType is what covers in the stacks are.
const coverType = "image/jpeg"

// coverAt is the address of a cover. It changes with the title, so that it may be
// kept for ever.
func (s *Site) coverAt(t *catalogue.Title, width int) string {
	return s.address("/covers/" + t.ID + "/" + strconv.Itoa(width) + "?v=" + strconv.FormatInt(t.Version, 10))
}
