package catalogue

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Stacks is the place where the files of titles lie, each time that a title was kept
// in a folder of its own, which is never changed. The title's row names the folder
// that counts, so that the files and the list that numbers them change in one moment:
// nobody ever reads the files of one by the list of the other. Files are numbered: a
// name out of a book never becomes a name on our disk.
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
	if err != nil || t.ID != "" && s.Has(t) {
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
	if err := s.Sync(p.Title); err != nil {
		return t, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = s.Enter(tx, p)
		return err
	})
	return t, err
}

// Has says whether the files of a title lie in the stacks.
func (s Stacks) Has(t Title) bool {
	if t.Folder == "" {
		return false
	}
	_, err := os.Stat(s.folder(t))
	return err == nil
}

// Keep writes the files of a publication into a new folder. Nobody reads there until
// Add enters the publication; what is never entered is swept up.
func (s Stacks) Keep(p *Publication) (err error) {
	p.Title.Folder = p.Title.Digest + folderMark + secret.NewID()
	half := s.folder(p.Title)
	if err := os.MkdirAll(half, 0o755); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(half)
		}
	}()
	n, left, buffer := 0, int64(MaxUnpacked), make([]byte, 128<<10)
	for _, parts := range [][]Part{p.Manifest.Order, p.Manifest.Resources} {
		for i := range parts {
			n++
			parts[i].File = n
			if err := keep(p, &parts[i], filepath.Join(half, number(n)), &left, buffer); err != nil {
				return fmt.Errorf("%s: %w", parts[i].Href, err)
			}
		}
	}
	p.Title.Size = MaxUnpacked - left
	return keepCovers(p, half)
}

// keep writes one file, by way of a buffer.
func keep(p *Publication, part *Part, name string, left *int64, buffer []byte) error {
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
	sum, to := crc32.NewIEEE(), io.Writer(out)
	if p.Title.Kind == EBook { // of which copies are made; sound is copied by the system itself
		to = io.MultiWriter(out, sum)
	}
	part.Size, err = io.CopyBuffer(to, io.LimitReader(r, limit+1), buffer)
	part.Sum = sum.Sum32()
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

// Enter enters a publication whose files are kept. What was kept of it before stays a
// while for who reads there still.
func (s Stacks) Enter(tx *sqldb.Tx, p *Publication) (Title, error) {
	old, found, err := Known(tx, p.Title.Digest)
	if err != nil {
		return old, err
	}
	if found && old.Folder != p.Title.Folder {
		// From now on it is an old one to Sweep, even when we are killed after the next line.
		if err := os.Chtimes(s.folder(old), time.Time{}, tx.Now); err != nil && !errors.Is(err, os.ErrNotExist) {
			return old, err
		}
	}
	return Add(tx, p)
}

// Sweep removes what no title names since before an instant: what was kept anew, and
// what imports left that were killed half-way.
func (s Stacks) Sweep(ctx context.Context, db *sqldb.DB, before time.Time) error {
	kept, failed := filepath.Glob(filepath.Join(s.Dir, "??", "*"))
	work, err := filepath.Glob(filepath.Join(s.Work(), "*"))
	failed = errors.Join(failed, err)
	old := func(name string) bool {
		info, err := os.Lstat(name)
		return err == nil && info.ModTime().Before(before)
	}
	kept, work = slices.DeleteFunc(kept, func(name string) bool { return !old(name) }), slices.DeleteFunc(work, func(name string) bool { return !old(name) })
	named := map[string]bool{}
	if len(kept) > 0 { // looked at after the folders: what is entered meanwhile is not old
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			list, err := folders(tx)
			for _, folder := range list {
				named[folder] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, name := range kept {
		if !named[filepath.Base(name)] {
			failed = errors.Join(failed, os.RemoveAll(name))
		}
	}
	for _, name := range work {
		failed = errors.Join(failed, os.RemoveAll(name))
	}
	return failed
}

// Open opens a part of a title.
func (s Stacks) Open(t Title, p Part) (*os.File, error) {
	f, err := os.Open(filepath.Join(s.folder(t), number(p.File)))
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
	f, err := os.Open(filepath.Join(s.folder(t), coverName(width)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoPart.Because(err)
	}
	return f, err
}

// folderMark stands in the name of a folder between the digest of the content and
// which keeping it is. Folders from before there were several have neither.
const folderMark = "-"

func (s Stacks) folder(t Title) string {
	return filepath.Join(s.Dir, t.Digest[:2], t.Folder)
}

func number(n int) string { return fmt.Sprintf("%05d", n) }

func coverName(width int) string { return fmt.Sprintf("cover-%d.jpg", width) }
