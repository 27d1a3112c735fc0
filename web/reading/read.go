package reading

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/reading/markup"
)

// readerPolicy is the policy of the page with the comfortable reader. It differs
// from every other page: a book brings its own styles, so styles may be inline,
// and its pages are shown in a frame of a blob address. Scripts come from our own
// files only, which also holds inside that frame; without that line a hostile
// book would own the page.
const readerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self' blob:; img-src 'self' blob: data:; style-src 'self' blob: 'unsafe-inline'; " +
	"font-src 'self' blob: data:; media-src 'self' blob:; frame-src blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// straight lists the parts that are read one after the other.
func (o opened) straight() []catalogue.Part {
	var parts []catalogue.Part
	for _, p := range o.Manifest.Order {
		if !p.Aside {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return o.Manifest.Order
	}
	return parts
}

// readerPage is the comfortable reader.
type readerPage struct {
	opened
	ending
	Script   string
	Book     string // address below which its files are
	Save     string // address to which the place is sent
	Marks    string // address of the bookmarks
	Fonts    string // address of the letters that come with the reader, "" without
	Plain    string // the plain chapter view
	Contents []line
}

// read opens a book where the reader was: in the comfortable reader, or in the
// plain chapter view when there is none.
func (s *Site) read(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return s.notHeld(w, r, err)
	}
	if o.Title.Kind == catalogue.Audiobook {
		return s.Redirect(w, r, "/luisteren/%s", o.Title.ID)
	}
	plain := s.Link("/lezen/%s/hoofdstuk/%d", o.Title.ID, o.number())
	if len(s.reader) == 0 {
		http.Redirect(w, r, plain, http.StatusSeeOther)
		return nil
	}
	w.Header().Set("Content-Security-Policy", readerPolicy)
	return s.Show(w, r, http.StatusOK, "reader", readerPage{
		opened: o, ending: s.ending(o.Loan, "/lezen/%s"), Script: s.Link("/lezer/reader.%s.js", s.print), Plain: plain,
		Book: s.Link("/boek/%s/", o.Title.ID), Save: s.Link("/plaats/%s", o.Title.ID), Marks: s.Link("/bladwijzers/%s", o.Title.ID),
		Fonts: s.fontsAt(), Contents: s.contents(o),
	})
}

// number is the chapter where the reader was, from 1.
func (o opened) number() int {
	for i, p := range o.straight() {
		if p.Href == o.Place.Href {
			return i + 1
		}
	}
	return 1
}

// line is one line of the table of contents.
type line struct {
	Title string
	Level int
	Href  string // inside the book, escaped for an address
	Page  string // address in the plain view
	Here  bool
}

func (s *Site) contents(o opened) []line {
	number := map[string]int{}
	for i, p := range o.straight() {
		number[p.Href] = i + 1
	}
	here := o.number()
	var list []line
	for _, e := range o.Manifest.Chapters {
		file, fragment, has := strings.Cut(e.Href, "#")
		l := line{Title: e.Title, Level: min(e.Level, 3)}
		if n := number[file]; n > 0 {
			l.Page, l.Here = s.Link("/lezen/%s/hoofdstuk/%d", o.Title.ID, n), n == here
			if has {
				l.Page += "#boek-" + url.PathEscape(fragment)
			}
		}
		if e.Href != "" {
			l.Href = (&url.URL{Path: file, Fragment: fragment}).String()
		}
		list = append(list, l)
	}
	return list
}

// chapterPage is one chapter, as plain as a page can be.
type chapterPage struct {
	opened
	Part     catalogue.Part
	Name     string
	Text     template.HTML
	Hole     template.HTML // where the reader's bookmarks come, and the button for one
	Number   int
	Of       int
	Prev     string
	Next     string
	Contents []line
	Marks    []chapterMark
	Marked   string // the bookmark at the beginning of this chapter, "" for none
	Reader   string // address of the comfortable reader, "" without one
}

// chapterMark is a bookmark as a link to its chapter.
type chapterMark struct {
	loan.Bookmark
	Number int
	Page   string
}

// Start is how far the beginning of the chapter is in the whole.
func (p chapterPage) Start() float64 { return float64(p.Number-1) / float64(p.Of) }

// Percent is how far the chapter is in the book.
func (p chapterPage) Percent() int { return p.Number * 100 / p.Of }

// chapter shows a chapter inside a page of ours. It works without script.
func (s *Site) chapter(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return s.notHeld(w, r, err)
	}
	parts := o.straight()
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(parts) || o.Title.Kind != catalogue.EBook {
		return catalogue.ErrNoPart
	}
	shown := chapterPage{opened: o, Part: parts[n-1], Number: n, Of: len(parts), Hole: hole}
	shown.Name = shown.Part.Title
	// Without script the place can only be noted here, where a chapter is opened. A
	// finer place in the same chapter, from the comfortable reader, is left alone.
	if o.Place.Href != shown.Part.Href {
		shown.Place = loan.Place{Href: shown.Part.Href, Total: shown.Start()}
		err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return loan.Remember(tx, o.Reader, o.Title.ID, shown.Place) })
		if err != nil {
			return err
		}
	}
	of, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	return s.ready(w, r, of, page{name: "chapter", version: fmt.Sprint(o.Title.Version, " "), own: []string{"marks", "mark"},
		make: func() (any, error) {
			err := s.writeChapter(&shown)
			return shown, err
		},
		mine: func() (own, error) {
			if o.Loan.Bookmarks == 0 {
				return own{"none", func() any { return shown }}, nil
			}
			return own{"", func() any { return shown }}, s.chapterMarks(r, &shown)
		},
	})
}

// writeChapter writes what a chapter's page says to everyone who has the title on loan.
func (s *Site) writeChapter(page *chapterPage) error {
	title, parts := page.Title, page.straight()
	text, err := s.Stacks.Read(title, page.Part)
	if err != nil {
		return err
	}
	number := map[string]int{}
	for i, p := range parts {
		number[p.Href] = i + 1
	}
	inner, err := markup.Inline(text, page.Part.Href, func(href string) string {
		if n := number[href]; n > 0 {
			return s.Link("/lezen/%s/hoofdstuk/%d", title.ID, n)
		}
		if _, ok := page.Manifest.Part(href); ok {
			return s.Link("/boek/%s/", title.ID) + escapePath(href)
		}
		return ""
	})
	if err != nil {
		return err
	}
	page.Text = template.HTML(inner) // cleaned twice: at the door of the catalogue, and by Inline
	page.Contents = s.contents(page.opened)
	if n := page.Number; n > 1 {
		page.Prev = s.Link("/lezen/%s/hoofdstuk/%d", title.ID, n-1)
	}
	if n := page.Number; n < len(parts) {
		page.Next = s.Link("/lezen/%s/hoofdstuk/%d", title.ID, n+1)
	}
	if len(s.reader) > 0 {
		page.Reader = s.Link("/lezen/%s", title.ID)
	}
	return nil
}

// chapterMarks finds the bookmarks, and the one that the button of this chapter put.
func (s *Site) chapterMarks(r *http.Request, page *chapterPage) error {
	var list []loan.Bookmark
	err := s.DB.Look(r.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = loan.Bookmarks(tx, page.opened.Reader, page.Title.ID)
		return err
	})
	for _, b := range list {
		for i, p := range page.straight() {
			if p.Href == b.Href {
				page.Marks = append(page.Marks, chapterMark{b, i + 1, s.Link("/lezen/%s/hoofdstuk/%d", page.Title.ID, i+1)})
			}
		}
		if b.Href == page.Part.Href && b.Fragment == "" {
			page.Marked = b.ID
		}
	}
	return err
}

func escapePath(href string) string { return (&url.URL{Path: href}).EscapedPath() }
