package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"lidwoord/reading/catalogue"
)

// openZip reads an audiobook in a zip, or an EPUB that somebody called a zip. Tracks
// are unpacked into a folder of their own first: to tell how long a track lasts one
// must be able to jump in it.
func openZip(r io.ReaderAt, size int64, work string) (*catalogue.Publication, func(), error) {
	keep := func() {}
	z, err := openArchive(r, size, catalogue.MaxUnpacked)
	if err != nil {
		return nil, keep, err
	}
	if _, book := z.find("META-INF/container.xml"); book {
		p, err := OpenEPUB(r, size) // by the bounds of an e-book
		return p, keep, err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, keep, err
	}
	dir, err := os.MkdirTemp(work, "unpack.")
	if err != nil {
		return nil, keep, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, keep, errors.Join(err, os.RemoveAll(dir))
	}
	done := func() { root.Close(); os.RemoveAll(dir) }
	if err := unpack(z, root); err != nil {
		return nil, done, err
	}
	folder, err := innermost(root.FS())
	if err != nil {
		return nil, done, err
	}
	p, err := OpenAudio(folder)
	if errors.Is(err, ErrNoSound) { // folders that are no discs: then all tracks, wherever they lie
		if all := allTracks(folder); len(all) > 0 {
			p, err = OpenTrack(folder, all...)
		}
	}
	return p, done, err
}

// unpack writes what may belong to an audiobook.
func unpack(z *archive, root *os.Root) error {
	for _, name := range z.names {
		ending := strings.ToLower(path.Ext(name))
		if byName[ending] == "" && ending != ".json" && ending != ".txt" {
			continue
		}
		if err := unpackOne(z, root, name); err != nil {
			return err
		}
	}
	return nil
}

func unpackOne(z *archive, root *os.Root, name string) error {
	in, err := z.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if folder := path.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return ErrNotABook.Because(err)
		}
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return ErrNotABook.Because(fmt.Errorf("file name: %w", err))
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		var ours *os.PathError // a full disk is no fault of the book
		if errors.As(err, &ours) {
			return err
		}
		return ErrNotABook.Because(fmt.Errorf("%s: %w", name, err))
	}
	return out.Close()
}

// innermost goes down while a folder holds nothing but one folder.
func innermost(folder fs.FS) (fs.FS, error) {
	for range 10 {
		list, err := fs.ReadDir(folder, ".")
		if err != nil {
			return nil, err
		}
		inner := ""
		for _, e := range list {
			if hidden(e.Name()) {
				continue
			}
			if !e.IsDir() || inner != "" || disc.MatchString(e.Name()) {
				return folder, nil
			}
			inner = e.Name()
		}
		if inner == "" {
			return folder, nil
		}
		if folder, err = fs.Sub(folder, inner); err != nil {
			return nil, err
		}
	}
	return folder, nil
}

func allTracks(folder fs.FS) []string {
	var names []string
	fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && isSound(name) && !hidden(e.Name()) {
			names = append(names, name)
		}
		return nil
	})
	return names
}
