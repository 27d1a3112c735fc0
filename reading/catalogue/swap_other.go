//go:build !linux

package catalogue

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func exchange(a, b string) error { return errors.ErrUnsupported }

// Sync puts the kept files of titles on the disk, with their names. A title is
// entered after that: otherwise a power cut leaves it without its book.
func (s Stacks) Sync(digests ...string) error {
	for _, digest := range digests {
		folder := s.folder(digest)
		err := filepath.WalkDir(folder, func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, syncOne(name))
		})
		if err := errors.Join(err, syncOne(filepath.Dir(folder)), syncOne(s.Dir)); err != nil {
			return err
		}
	}
	return nil
}

func syncOne(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
