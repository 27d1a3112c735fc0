package reading

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/reading/markup"
	"lidwoord/web/kit"
)

// readerPolicy is the policy of the page with the comfortable reader. It differs
// from every other page: a book brings its own styles, so styles may be inline,
// and its pages are shown in a frame of a blob address. Scripts come from our own
// files only, which also holds inside that frame; without that line a hostile
// book would own the page.
const readerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self' blob:; img-src 'self' blob: data:; style-src 'self' blob: 'unsafe-inline'; " +
	"font-src 'self' blob: data:; media-src 'self' blob:; frame-src blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// opened is a title in the hands of a reader who has it on loan.
type opened struct {
	Reader   loan.Reader
	Loan     loan.Loan
	Title    catalogue.Title
	Manifest *catalogue.Manifest
	Place    loan.Place
	Begun    bool // the reader was here before
}

// open finds the loan by which a reader opens a title. It is the one gate before
// everything that a book is made of.
func (s *Site) open(r *http.Request) (opened, error) {
	who, in := whoIs(r)
	if !in {
		return opened{}, kit.ErrSignIn
	}
	o := opened{Reader: who.Reader}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if o.Loan, err = loan.Held(tx, o.Reader, r.PathValue("title")); err != nil {
			return err
		}
		o.Title = o.Loan.Title
		if o.Place, o.Begun, err = loan.PlaceOf(tx, o.Reader, o.Title.ID); err != nil {
			return err
		}
		o.Manifest, err = catalogue.Contents(tx, o.Title.ID)
		return err
	})
	return o, err
}

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
	Script   string
	Book     string // address below which its files are
	Save     string // address to which the place is sent
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
		opened: o, Script: s.Link("/lezer/reader.%s.js", s.print), Plain: plain,
		Book: s.Link("/boek/%s/", o.Title.ID), Save: s.Link("/plaats/%s", o.Title.ID), Contents: s.contents(o),
	})
}

// notHeld leads who does not have a title to its page, where it can be borrowed.
func (s *Site) notHeld(w http.ResponseWriter, r *http.Request, err error) error {
	if loan.ErrNotYours.Is(err) {
		s.SetFlash(w, "reading.borrow_first")
		return s.Redirect(w, r, "/titel/%s", r.PathValue("title"))
	}
	return err
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
	Number   int
	Of       int
	Prev     string
	Next     string
	Contents []line
	Reader   string // address of the comfortable reader, "" without one
}

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
	page := chapterPage{opened: o, Part: parts[n-1], Number: n, Of: len(parts)}
	page.Name = page.Part.Title
	text, err := s.Stacks.Read(o.Title, page.Part)
	if err != nil {
		return err
	}
	number := map[string]int{}
	for i, p := range parts {
		number[p.Href] = i + 1
	}
	inner, err := markup.Inline(text, page.Part.Href, func(href string) string {
		if n := number[href]; n > 0 {
			return s.Link("/lezen/%s/hoofdstuk/%d", o.Title.ID, n)
		}
		if _, ok := o.Manifest.Part(href); ok {
			return s.Link("/boek/%s/", o.Title.ID) + escapePath(href)
		}
		return ""
	})
	if err != nil {
		return err
	}
	page.Text = template.HTML(inner) // cleaned twice: at the door of the catalogue, and by Inline
	// Without script the place can only be noted here, where a chapter is opened. A
	// finer place in the same chapter, from the comfortable reader, is left alone.
	if o.Place.Href != page.Part.Href {
		o.Place = loan.Place{Href: page.Part.Href, Total: float64(n-1) / float64(len(parts))}
		page.opened = o
		err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return loan.Remember(tx, o.Reader, o.Title.ID, o.Place) })
		if err != nil {
			return err
		}
	}
	page.Contents = s.contents(o)
	if n > 1 {
		page.Prev = s.Link("/lezen/%s/hoofdstuk/%d", o.Title.ID, n-1)
	}
	if n < len(parts) {
		page.Next = s.Link("/lezen/%s/hoofdstuk/%d", o.Title.ID, n+1)
	}
	if len(s.reader) > 0 {
		page.Reader = s.Link("/lezen/%s", o.Title.ID)
	}
	return s.Show(w, r, http.StatusOK, "chapter", page)
}

func escapePath(href string) string { return (&url.URL{Path: href}).EscapedPath() }

// keepPlace notes where the reader is; the scripts of reader and player send it.
func (s *Site) keepPlace(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	total, err := strconv.ParseFloat(form.Get("total"), 64)
	if err != nil {
		return loan.ErrBadPlace
	}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return loan.Remember(tx, who.Reader, r.PathValue("title"), loan.Place{Href: form.Get("href"), Fragment: form.Get("fragment"), Total: total})
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// resource sends a file of a book during its loan, and the three files that we
// write ourselves instead of the book's own: the reader sees the book as we
// understood it, not as it describes itself.
func (s *Site) resource(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		if kit.ErrSignIn.Is(err) {
			return loan.ErrNotYours // a picture cannot sign in
		}
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache") // kept, but asked for again: the loan may be over
	own := map[string]struct {
		typ   string
		write func(catalogue.Title, *catalogue.Manifest) []byte
	}{
		"META-INF/container.xml": {"application/xml", writeContainer},
		packageName:              {"application/oebps-package+xml", writePackage},
		navName:                  {"application/xhtml+xml", writeNav},
		sizesName:                {"application/json", writeSizes},
	}
	href := r.PathValue("href")
	if f, ok := own[href]; ok {
		guardBook(w.Header())
		w.Header().Set("Content-Type", f.typ)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.write(o.Title, o.Manifest)))
		return nil
	}
	part, ok := o.Manifest.Part(href)
	if !ok {
		return catalogue.ErrNoPart
	}
	return s.send(w, r, o.Title, part)
}

// script sends the bundled reader under its fingerprint.
func (s *Site) script(w http.ResponseWriter, r *http.Request) error {
	if len(s.reader) == 0 || r.PathValue("file") != "reader."+s.print+".js" {
		return kit.ErrNoPage
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.reader))
	return nil
}
