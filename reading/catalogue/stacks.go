package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Stacks is the place where the files of titles lie, one folder a title, named
// after its content. Files are numbered: a name out of a book never becomes a
// name on our disk.
type Stacks struct {
	Dir string
}

// How much a title may take. What a zip says about its own sizes is a claim, so
// bytes are counted as they come.
const (
	MaxUnpacked = 4 << 30  // bytes of all files of a title together: forty hours of sound
	MaxFile     = 2 << 30  // bytes of one file; an audiobook may be one
	MaxText     = 32 << 20 // bytes of a file that a page of ours reads whole
)

// Take brings a publication in: its files into the stacks, its title into the
// catalogue. A publication with the same content is one title, however often it
// is taken in; with the files there already, nothing is written.
func (s Stacks) Take(ctx context.Context, db *sqldb.DB, p *Publication) (Title, error) {
	var t Title
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		t, _, err = Known(tx, p.Title.Digest)
		return err
	})
	if err != nil || t.ID != "" && s.Has(t.Digest) {
		return t, err
	}
	return s.Retake(ctx, db, p)
}

// Retake is Take for a publication of which we learned more since: its files are
// written again and its title gets what we know now.
func (s Stacks) Retake(ctx context.Context, db *sqldb.DB, p *Publication) (t Title, err error) {
	if err := s.Keep(p); err != nil {
		return t, err
	}
	if err := s.Sync(p.Title.Digest); err != nil {
		return t, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = Add(tx, p)
		return err
	})
	return t, err
}

// Has says whether the files of a title lie in the stacks.
func (s Stacks) Has(digest string) bool {
	_, err := os.Stat(s.folder(digest))
	return err == nil
}

// Keep writes the files of a publication. They appear all at once, so that a
// crash half-way leaves no half book.
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
	if err := keepCovers(p, half); err != nil {
		return err
	}
	return swap(half, folder)
}

// keep writes one file.
func keep(p *Publication, part *Part, name string, left *int64) error {
	r, err := p.Open(*part)
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
	part.Size, err = io.Copy(out, io.LimitReader(r, limit+1))
	if part.Size > limit {
		return ErrTooBig
	}
	*left -= part.Size
	if err != nil {
		return err
	}
	return out.Close()
}

// keepCovers writes the cover in its sizes. A cover that cannot be made is a title
// without one.
func keepCovers(p *Publication, folder string) error {
	p.Title.Covers = nil
	if p.Covers == nil {
		return nil
	}
	pictures, err := p.Covers()
	if err != nil {
		p.Manifest.Notes = append(p.Manifest.Notes, fmt.Sprintf("cover left out: %v", err))
		p.Title.Cover = ""
	}
	for _, c := range pictures {
		if err := os.WriteFile(filepath.Join(folder, coverName(c.Width)), c.JPEG, 0o644); err != nil {
			return err
		}
		p.Title.Covers = append(p.Title.Covers, c.Width)
	}
	return nil
}

// Ready makes the folder of the stacks when it is not there, and reports why nothing
// can be written in it.
func (s Stacks) Ready() error {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.Dir, ".ready")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Full reports whether something failed because a disk has no room left.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// Work is where who brings a publication in may unpack it first: on the same disk.
func (s Stacks) Work() string { return filepath.Join(s.Dir, "work") }

// Sweep removes what imports left that were killed half-way, from before an instant.
func (s Stacks) Sweep(before time.Time) error {
	var failed error
	for _, pattern := range []string{filepath.Join(s.Dir, "??", "*.*"), filepath.Join(s.Work(), "*")} {
		list, err := filepath.Glob(pattern)
		failed = errors.Join(failed, err)
		for _, left := range list {
			if info, err := os.Lstat(left); err == nil && info.ModTime().Before(before) {
				failed = errors.Join(failed, os.RemoveAll(left))
			}
		}
	}
	return failed
}

// swap puts a folder in the place of another; what was there is swept up by the
// caller under the first name. Who else keeps the same title at the same moment may
// come between: theirs is as good, and the last one stays.
func swap(half, folder string) error {
	for {
		err := os.Rename(half, folder)
		if !errors.Is(err, os.ErrExist) { // which is also "directory not empty"
			return err
		}
		switch err := exchange(half, folder); {
		case err == nil:
			return nil
		case errors.Is(err, os.ErrNotExist): // it went just now
			continue
		}
		// A disk that cannot exchange: for a moment there is nothing.
		old := half + ".old"
		if err := os.Rename(folder, old); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
}

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
	text, err := io.ReadAll(io.LimitReader(f, MaxText+1))
	if len(text) > MaxText {
		return nil, ErrTooBig
	}
	return text, err
}

// OpenCover opens a title's cover in one of the widths of its Covers. It is JPEG.
func (s Stacks) OpenCover(t Title, width int) (*os.File, error) {
	if !slices.Contains(t.Covers, width) {
		return nil, ErrNoPart
	}
	f, err := os.Open(filepath.Join(s.folder(t.Digest), coverName(width)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoPart.Because(err)
	}
	return f, err
}

func (s Stacks) folder(digest string) string {
	return filepath.Join(s.Dir, digest[:2], digest)
}

func number(n int) string { return fmt.Sprintf("%05d", n) }

func coverName(width int) string { return fmt.Sprintf("cover-%d.jpg", width) }
