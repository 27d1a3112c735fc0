// Package copy makes the copy of an e-book that a reader takes along to a reader app:
// one EPUB file, marked with the loan.
//
//	Press.Open  makes the copy of a title on loan, to be read like a file
//	ReadMark    says of a file from which loan it comes
//
// The file does not stop by itself when the loan ends, and it says so. What there is
// against passing it on is a page that everybody sees, and a mark that few do: the
// number of the loan in several places, signed with the master key. A mark names the
// loan, never the person, and an ended loan knows no person either.
//
// A copy is written from the stacks, where books lie cleaned: names, markup and styles
// have passed the catalogue's door. The same loan always gives the same bytes, and
// their places are known before the first is sent, so that a download that broke goes
// on where it was and nothing lies in memory or in a file beside.
package copy

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sort"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// Type is what a copy is to a program.
const Type = "application/epub+zip"

// ErrNoCopy means that a title cannot be taken along: an audiobook is only streamed.
var ErrNoCopy = fault.New(fault.Denied, "copy.none")

// Press makes copies. A reader app asks for a copy in pieces, so it remembers what it
// measured of the titles that were copied lately.
type Press struct {
	Stacks catalogue.Stacks
	Box    *secret.Box // signs the marks
	Words  *words.Catalogue

	measured memory
}

// Copy is a file that is put together while it is read. It belongs to one goroutine.
type Copy struct {
	Name string // for the reader's disk: "De laatste bus.epub"
	ETag string // the same for the same bytes, in quotes

	stacks catalogue.Stacks
	title  catalogue.Title
	pieces []piece // in order; each begins where the one before ends
	size   int64
	at     int64
	file   *os.File // of the piece that was read last
	open   int      // which that is
}

var _ io.ReadSeekCloser = (*Copy)(nil)

// piece is a stretch of a copy: text of ours, or a file of the stacks.
type piece struct {
	from, size int64
	text       []byte
	part       catalogue.Part
}

// Open makes the copy of a title on loan, with its manifest. Close it.
func (p *Press) Open(l loan.Loan, m *catalogue.Manifest) (*Copy, error) {
	if l.Title.Kind != catalogue.EBook {
		return nil, ErrNoCopy
	}
	b := newBook(l, m, p.Words)
	if len(b.order) == 0 {
		return nil, ErrNoCopy
	}
	b.mark = markOf(p.Box, l.ID)
	c := &Copy{Name: fileName(l.Title.Name), stacks: p.Stacks, title: l.Title, open: -1}
	measures, err := p.measure(b)
	if err != nil {
		return nil, err
	}
	files := make([]entry, 0, len(b.order)+len(b.resources))
	for i := range b.order {
		c := &b.order[i]
		c.looks = measures[c.Href].looks
		e := measures[c.Href].entry(c.Part)
		e.add(blanks(b.mark))
		files = append(files, e)
	}
	for _, part := range b.resources {
		files = append(files, measures[part.Href].entry(part))
	}
	index := c.lay(append(b.ours(), files...))
	sum := sha256.Sum256(index) // the names, sizes and sums of all files
	c.ETag = `"` + hex.EncodeToString(sum[:12]) + `"`
	return c, nil
}

// Size is the number of bytes.
func (c *Copy) Size() int64 { return c.size }

// Read reads on, at most to the end of a piece.
func (c *Copy) Read(into []byte) (int, error) {
	if c.at >= c.size {
		return 0, io.EOF
	}
	i := sort.Search(len(c.pieces), func(i int) bool { return c.pieces[i].from+c.pieces[i].size > c.at })
	p := c.pieces[i]
	into = into[:min(int64(len(into)), p.from+p.size-c.at)]
	if p.text != nil {
		n := copy(into, p.text[c.at-p.from:])
		c.at += int64(n)
		return n, nil
	}
	if c.open != i {
		if err := c.Close(); err != nil {
			return 0, err
		}
		f, err := c.stacks.Open(c.title, p.part)
		if err != nil {
			return 0, err
		}
		c.file, c.open = f, i
	}
	n, err := c.file.ReadAt(into, c.at-p.from)
	c.at += int64(n)
	if err == io.EOF && n < len(into) {
		err = io.ErrUnexpectedEOF // the title was taken in anew meanwhile
	} else if err == io.EOF {
		err = nil
	}
	return n, err
}

// Seek goes to another place.
func (c *Copy) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("copy: before the beginning")
	}
	c.at = offset
	return offset, nil
}

// Close lets go of the file that is open.
func (c *Copy) Close() error {
	f := c.file
	c.file, c.open = nil, -1
	if f == nil {
		return nil
	}
	return f.Close()
}

// fileName makes a name that every disk takes.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return -1
		}
		return r
	}, title)
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	name = strings.Trim(name, " .")
	if name == "" {
		name = "e-book"
	}
	return name + ".epub"
}
