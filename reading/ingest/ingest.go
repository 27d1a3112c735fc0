// Package ingest reads the e-books and audiobooks that come in: what they say they
// are, what is in them, and whether it may come into the house.
//
//	OpenEPUB   reads an EPUB 2 or 3
//	OpenAudio  reads a folder with an audiobook, with a manifest or without
//	OpenTrack  reads an audiobook that is one file
//	Run        takes in all that lies under some paths, and goes on where it stopped
//
// Real files are untidy, and hostile ones exist. What can be mended is mended and
// noted in Manifest.Notes; what is dangerous, or cannot be shown, is refused with
// the reason. Nothing of a book leaves this room uncleaned.
package ingest

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"lidwoord/base/fault"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

var (
	// ErrNotABook means that a file is no EPUB that we can read.
	ErrNotABook = fault.New(fault.Invalid, "ingest.not_a_book")
	// ErrUnread means that a file could not be read now: its disk is away, there is no
	// right to read it, too many files are open. That says nothing about the book.
	ErrUnread = fault.New(fault.Unavailable, "ingest.unread")
	// ErrNoSound means that there is no sound in it that a browser can play.
	ErrNoSound = fault.New(fault.Invalid, "ingest.no_sound")
	// ErrDangerous means that whoever unpacks it would regret it.
	ErrDangerous = fault.New(fault.Invalid, "ingest.dangerous")
	// ErrLocked means that a book is encrypted for another platform.
	ErrLocked = fault.New(fault.Invalid, "ingest.locked")
)

// How much a book may take. A zip of 42 kB can unpack to petabytes, and what a
// zip says about its own sizes is a claim, so bytes are counted as they come.
const (
	MaxFiles   = 20_000    // the largest real atlas we saw has 4,000
	MaxBook    = 1 << 30   // bytes of all files of an e-book together
	MaxMarkup  = 16 << 20  // bytes of one chapter, style sheet or contents file
	MaxPackage = 8 << 20   // bytes of one package file or manifest
	MaxLook    = 128 << 20 // bytes that we read to learn what a book is
)

// Unnamed is the name of a title that does not say how it is called, until the
// name of its file is known.
const Unnamed = "?"

// maxNotes is how many things about a title a librarian reads; more is "and so on".
const maxNotes = 40

// note remembers what was mended, once.
func note(m *catalogue.Manifest, format string, args ...any) {
	text := clip(markup.OneLine(fmt.Sprintf(format, args...)), maxLine)
	if len(m.Notes) < maxNotes && !slices.Contains(m.Notes, text) {
		m.Notes = append(m.Notes, text)
	}
}

const emptyPage = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>?</title></head><body></body></html>`

// cleaned opens the files of a publication as they may be kept. What cannot be
// read at all becomes an empty page, so that one bad chapter spoils no book.
func cleaned(p *catalogue.Publication, open func(href string) (io.ReadCloser, error)) func(catalogue.Part) (io.ReadCloser, error) {
	pages := &reckoning{of: p}
	return func(part catalogue.Part) (io.ReadCloser, error) {
		r, err := open(part.Href)
		if err != nil {
			return nil, err
		}
		var clean func([]byte) ([]byte, error)
		switch part.Type {
		case "application/xhtml+xml":
			clean = func(text []byte) ([]byte, error) { return cleanChapter(pages, part.Href, text) }
		case "image/svg+xml":
			clean = markup.Clean
		case "text/css":
			clean = func(text []byte) ([]byte, error) { return []byte(markup.CleanCSS(string(markup.UTF8(text)))), nil }
		}
		if f, plain := r.(*os.File); plain && clean == nil { // to be copied by the system itself
			return f, nil
		}
		text, err := io.ReadAll(io.LimitReader(r, MaxMarkup+1))
		switch {
		case len(text) > MaxMarkup && clean != nil:
			r.Close()
			return nil, catalogue.ErrTooBig
		case len(text) > MaxMarkup:
			return struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(text), damaged{r}), r}, nil
		case unreadable(err):
			r.Close()
			return nil, ErrUnread.Because(err)
		case err != nil: // half a picture is better than none
			note(&p.Manifest, "%s is damaged (%v); what could be read of it is kept", part.Href, err)
		}
		r.Close()
		if clean != nil {
			if text, err = clean(text); err != nil {
				note(&p.Manifest, "%s could not be read (%v) and is an empty page", part.Href, err)
				text = []byte(emptyPage)
			}
		}
		return io.NopCloser(bytes.NewReader(text)), nil
	}
}

// lossNoted is how many letters a chapter may lose without a word: a button, a name
// in a list of choices.
const lossNoted = 20

// cleanChapter cleans a chapter, counts its pages, and notes how much of its text went
// with what was broken in it.
func cleanChapter(pages *reckoning, href string, text []byte) ([]byte, error) {
	clean, err := markup.Clean(text)
	if err != nil {
		return nil, err
	}
	before, after := markup.Letters(text), markup.Letters(clean)
	pages.add(href, after)
	if lost := before - after; lost > lossNoted {
		note(&pages.of.Manifest, "%s lost %d of the %d letters of its text: something in it is broken, or stands in a form", href, lost, before)
	}
	return clean, nil
}

// damaged says of a file that cannot be read to its end that the book is to blame,
// and not our disk.
type damaged struct{ io.Reader }

func (d damaged) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	var ours *fault.Error
	if err != nil && err != io.EOF && !errors.As(err, &ours) {
		err = ErrNotABook.Because(err)
	}
	return n, err
}

// readAll reads at most limit bytes and refuses more.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, limit+1))
	if n > limit {
		return nil, catalogue.ErrTooBig
	}
	var known *fault.Error
	if err != nil && !errors.As(err, &known) {
		err = ErrNotABook.Because(err)
	}
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
