package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Stacks is the place where the files of titles lie, one folder a title, named
// after its content. Files are numbered: a name out of a book never becomes a
// name on our disk.
type Stacks struct {
	Dir string
}

// Take brings a publication in: its files into the stacks, its title into the
// catalogue. A publication with the same content is one title, however often it
// is taken in; with the files there already, nothing is written.
func (s Stacks) Take(ctx context.Context, db *sqldb.DB, p *Publication) (Title, error) {
	var t Title
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		t, _, err = titleByDigest(tx, p.Title.Digest)
		return err
	})
	if err != nil {
		return t, err
	}
	if _, err := os.Stat(s.folder(p.Title.Digest)); t.ID != "" && err == nil {
		return t, nil
	}
	if err := s.Keep(p); err != nil {
		return t, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = Add(tx, p)
		return err
	})
	return t, err
}

// Keep unpacks and cleans the files of a publication. They appear all at once,
// so that a crash half-way leaves no half book.
func (s Stacks) Keep(p *Publication) error {
	folder := s.folder(p.Title.Digest)
	half := folder + "." + secret.NewID()
	if err := os.MkdirAll(half, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(half)
	n, left := 0, int64(MaxUnpacked)
	for _, parts := range [][]Part{p.Manifest.Order, p.Manifest.Resources} {
		for i := range parts {
			n++
			parts[i].File = n
			if err := keep(p, &parts[i], filepath.Join(half, number(n)), &left); err != nil {
				return fmt.Errorf("%s: %w", parts[i].Href, err)
			}
		}
	}
	p.Title.Size = MaxUnpacked - left
	old := half + ".old"
	if err := os.Rename(folder, old); err == nil {
		defer os.RemoveAll(old)
	}
	return os.Rename(half, folder)
}

// keep writes one file. Markup and styles are cleaned on the way; what cannot be
// read at all becomes an empty page, so that one bad chapter spoils no book.
func keep(p *Publication, part *Part, name string, left *int64) error {
	r, err := p.open(part.Href)
	if err != nil {
		return err
	}
	defer r.Close()
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	limit := min(MaxFile, *left)
	var clean func([]byte) ([]byte, error)
	switch part.Type {
	case "application/xhtml+xml", "image/svg+xml":
		clean = cleanMarkup
	case "text/css":
		clean = func(text []byte) ([]byte, error) { return []byte(cleanCSS(string(toUTF8(text)))), nil }
	}
	if clean == nil {
		part.Size, err = io.Copy(out, io.LimitReader(r, limit+1))
		if part.Size > limit {
			return ErrTooBig
		}
	} else {
		var text []byte
		if text, err = readAll(r, min(MaxMarkup, limit)); err != nil {
			return err
		}
		if text, err = clean(text); err != nil {
			p.Manifest.Notes = append(p.Manifest.Notes, part.Href+": "+err.Error())
			text = []byte(emptyPage)
		}
		part.Size = int64(len(text))
		_, err = out.Write(text)
	}
	*left -= part.Size
	if err != nil {
		return ErrNotABook.Because(err)
	}
	return out.Close()
}

const emptyPage = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>?</title></head><body></body></html>`

// Open opens a part of a title.
func (s Stacks) Open(t Title, p Part) (*os.File, error) {
	f, err := os.Open(filepath.Join(s.folder(t.Digest), number(p.File)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoPart.Because(err)
	}
	return f, err
}

// Read reads a part that is text.
func (s Stacks) Read(t Title, p Part) ([]byte, error) {
	f, err := s.Open(t, p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, MaxMarkup*2) // cleaning may write an entity where there was one letter
}

func (s Stacks) folder(digest string) string {
	return filepath.Join(s.Dir, digest[:2], digest)
}

func number(n int) string { return fmt.Sprintf("%05d", n) }
