// Package catalogue is what the Online Bibliotheek has to lend: e-books and
// audiobooks, and the files of which they are made.
//
//	Take       brings a publication in, once for each content; Retake anew
//	Keep       writes the files of a publication into the stacks; Sync puts them on
//	           the disk for certain; Sweep clears up after who was killed meanwhile
//	Enter      enters in the catalogue what was kept, once for each content
//	Find       returns one title; FindAll several; Known by its content
//	Since      lists what changed after a Version of the catalogue
//	Withdraw   takes a title out of lending; PutBack lends it again; Acts lists both
//	Search     lists titles by words, kind and language
//	Contents   returns a title's reading order and its table of contents; Opened that
//	           with the title, Memory the same for doors that ask over and over
//	Open       opens a part of a title, OpenCover its cover in one of its sizes
//
// What comes in is read and cleaned by reading/ingest. This room trusts it and
// still counts the bytes.
package catalogue

import (
	"io"
	"strings"
	"time"

	"lidwoord/base/fault"
)

// Kind is how a title is enjoyed.
type Kind string

const (
	EBook     Kind = "ebook"
	Audiobook Kind = "audiobook"
)

var (
	// ErrNoTitle means that there is no such title.
	ErrNoTitle = fault.New(fault.NotFound, "catalogue.no_title")
	// ErrWithdrawn means that a title is not lent any more already, ErrLent that it is.
	ErrWithdrawn = fault.New(fault.Conflict, "catalogue.withdrawn")
	ErrLent      = fault.New(fault.Conflict, "catalogue.lent")
	// ErrNoPart means that a title has no such file.
	ErrNoPart = fault.New(fault.NotFound, "catalogue.no_part")
	// ErrTooBig means that a publication would take more room than we give.
	ErrTooBig = fault.New(fault.TooLarge, "catalogue.too_big")
)

// Contributor is a person behind a title. Role is a MARC relator: aut, nrt, trl, ill.
type Contributor struct {
	Name   string `json:"name"`
	Role   string `json:"role"`
	SortAs string `json:"sort_as,omitempty"`
}

// Access is what a title says about its accessibility, in the words of the
// schema.org vocabularies. The European Accessibility Act wants it to be shown.
type Access struct {
	Modes      []string `json:"modes,omitempty"`      // textual, visual, auditory
	Sufficient []string `json:"sufficient,omitempty"` // "textual", "textual,visual": each suffices to read it whole
	Features   []string `json:"features,omitempty"`
	Hazards    []string `json:"hazards,omitempty"`
	Summary    string   `json:"summary,omitempty"`

	ConformsTo  []string `json:"conforms_to,omitempty"`  // "EPUB Accessibility 1.1 - WCAG 2.1 Level AA", or the address of such
	CertifiedBy string   `json:"certified_by,omitempty"` // who says so
}

// Title is one entry of the catalogue.
type Title struct {
	ID           string
	Digest       string // SHA-256 of the content
	Folder       string // in the stacks: another one each time that it is kept
	Kind         Kind
	Identifier   string // a URI: urn:isbn:…, urn:uuid:…
	ISBN         string // 13 digits, "" when it has none
	Name         string
	Subtitle     string
	Series       string // "" when it stands alone
	SeriesAt     string // its place in the series: "3", "2.5"; "" when unknown
	Contributors []Contributor
	Language     string // BCP 47, "nl"
	Publisher    string
	Published    string // as the book says it: "2026" or "2026-09-01"
	Description  string // plain text
	Subjects     []string
	Rights       string
	Access       Access
	Youth        bool          // says itself that it is for children
	Ages         Ages          // for whom, when it says so
	Duration     time.Duration // of an audiobook
	Length       Length        // of an e-book
	Size         int64         // bytes of all its files
	Cover        string        // href of its cover picture, "" when it has none
	Covers       []int         // widths in pixels in which the cover lies ready in the stacks
	Version      int64         // of the catalogue when this title last changed
	Withdrawn    bool          // no longer lent; who has it keeps it until the loan ends
	AddedAt      time.Time
}

// Ages is the range of ages for which a title says to be; the zero Ages is no range.
type Ages struct {
	From int `json:"from,omitempty"`
	To   int `json:"to,omitempty"` // 0 is without end
}

// Length is how many pages an e-book has; the zero Length is not known, as of titles
// that came in before it was counted.
type Length struct {
	Pages    int  `json:"pages,omitempty"`
	Reckoned bool `json:"reckoned,omitempty"` // from its text, and so about; otherwise the book says it
}

// Stamp is the same as long as the bytes of all its files are.
func (t Title) Stamp() string {
	if _, keeping, found := strings.Cut(t.Folder, folderMark); found {
		return keeping
	}
	return t.Digest[:min(16, len(t.Digest))]
}

// Author names the authors for a line under the title: "Ada Kingma, Jelle Nautha".
func (t Title) Author() string { return t.names("aut") }

// Narrator names who reads an audiobook aloud.
func (t Title) Narrator() string { return t.names("nrt") }

func (t Title) names(role string) string {
	var names []string
	for _, c := range t.Contributors {
		if c.Role == role {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// Manifest is how a title is built.
type Manifest struct {
	Order     []Part   `json:"order"`               // from the first page to the last, or track by track
	Resources []Part   `json:"resources,omitempty"` // pictures, styles, fonts
	Chapters  []Entry  `json:"chapters"`            // the table of contents
	Direction string   `json:"direction,omitempty"` // rtl, ltr or ""
	Fixed     bool     `json:"fixed,omitempty"`     // pages with a fixed layout
	Notes     []string `json:"notes,omitempty"`     // what we had to mend at the door, for the librarian
}

// Part is one file of a title.
type Part struct {
	Href     string  `json:"href"` // path inside the publication, decoded, without fragment
	Type     string  `json:"type"` // one of the types that we know; never the book's own word for it
	File     int     `json:"file"` // its number in the stacks
	Size     int64   `json:"size,omitempty"`
	Sum      uint32  `json:"sum,omitempty"` // CRC-32 of a part of an e-book; 0 is not known, in titles of before
	Title    string  `json:"title,omitempty"`
	Aside    bool    `json:"aside,omitempty"`    // not part of the straight reading order (linear="no")
	Duration float64 `json:"duration,omitempty"` // seconds
	Text     string  `json:"text,omitempty"`     // href of the written words of a track
}

// Entry is a line in the table of contents.
type Entry struct {
	Title string `json:"title"`
	Href  string `json:"href"` // may end in #fragment; "" for a heading that leads nowhere
	Level int    `json:"level,omitempty"`
}

// Publication is a title that is not in the catalogue yet, as reading/ingest hands
// it over.
type Publication struct {
	Title    Title
	Manifest Manifest

	Open   func(Part) (io.ReadCloser, error) // a file as it may be kept: nothing in it runs
	Covers func() ([]Picture, error)         // its cover in sizes; nil when it has none
}

// Picture is a cover in one size, as JPEG.
type Picture struct {
	Width int // pixels
	JPEG  []byte
}

// CoverWidths are the sizes in pixels in which covers lie ready: in a list, on
// the page of a title, and that on a screen with twice the dots. None is made
// wider than its picture.
var CoverWidths = []int{120, 240, 480}

// Part returns the part with the given href.
func (m *Manifest) Part(href string) (Part, bool) {
	for _, list := range [][]Part{m.Order, m.Resources} {
		for _, p := range list {
			if p.Href == href {
				return p, true
			}
		}
	}
	return Part{}, false
}
