package ingest

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

const (
	maxDirectory = 8 << 20   // bytes of a zip's own list of contents
	bombFrom     = 100 << 20 // bytes from which the ratio counts
	bombRatio    = 100       // times its size that a zip may unpack to; deflate can do 1032, no book does 30
	maxRepeats   = 100_000   // files that may be looked at, of a folder as well
)

// archive is a zip that was looked over: no name in it climbs out or stands for
// two files, no bytes are used twice, and all together unpack to no more than we have room for.
type archive struct {
	files map[string]*zip.File
	names []string          // in the order of the zip
	alike map[string]string // folded name → name, for who writes names in another way
}

// openArchive looks a zip over. limit is what all files together may unpack to.
func openArchive(r io.ReaderAt, size, limit int64) (*archive, error) {
	directory := &budget{ReaderAt: r, left: maxDirectory}
	z, err := zip.NewReader(directory, size)
	if err != nil {
		if directory.left < 0 {
			return nil, catalogue.ErrTooBig.Because(errors.New("its list of contents has no end"))
		}
		return nil, ErrNotABook.Because(err)
	}
	directory.free = true // from here on each file is counted by itself
	if len(z.File) > MaxFiles {
		return nil, catalogue.ErrTooBig.Because(fmt.Errorf("%d files", len(z.File)))
	}
	a := &archive{files: map[string]*zip.File{}, alike: map[string]string{}}
	var claimed uint64
	for _, f := range z.File {
		name, err := zipName(f)
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		if a.files[name] != nil {
			return nil, ErrDangerous.Because(fmt.Errorf("two files named %q", name))
		}
		if other := a.alike[fold(name)]; other != "" {
			return nil, ErrDangerous.Because(fmt.Errorf("%q and %q are one file to some computers", other, name))
		}
		a.files[name], a.alike[fold(name)] = f, name
		a.names = append(a.names, name)
		claimed += min(f.UncompressedSize64, uint64(limit)+1)
		if claimed > uint64(limit) {
			return nil, catalogue.ErrTooBig.Because(fmt.Errorf("it unpacks to more than %d MB", limit>>20))
		}
	}
	if claimed > bombFrom && claimed > uint64(size)*bombRatio {
		return nil, ErrDangerous.Because(fmt.Errorf("%d bytes that unpack to %d", size, claimed))
	}
	return a, overlap(z.File)
}

// zipName is the name of a file in a zip, "" for what is no file of the book.
func zipName(f *zip.File) (string, error) {
	name := f.Name
	if !utf8.ValidString(name) || f.NonUTF8 {
		if old, err := charmap.CodePage437.NewDecoder().String(name); err == nil && !utf8.ValidString(name) {
			name = old // what zip meant before there was Unicode
		}
	}
	folder := strings.HasSuffix(name, "/")
	if !markup.Local(strings.TrimSuffix(name, "/")) {
		return "", ErrDangerous.Because(fmt.Errorf("file name %q", clip(name, 100)))
	}
	switch mode := f.Mode(); {
	case folder || strings.HasPrefix(name, "__MACOSX/"):
		return "", nil
	case mode&fs.ModeType != 0:
		return "", ErrDangerous.Because(fmt.Errorf("%q is a link or a device", clip(name, 100)))
	case f.Flags&1 != 0:
		return "", ErrLocked.Because(errors.New("the zip wants a password"))
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return "", ErrNotABook.Because(fmt.Errorf("%q is packed in a way that we do not know", clip(name, 100)))
	}
	return name, nil
}

// overlap finds bytes that several files share, which is how a zip of a few
// megabytes unpacks to terabytes without a zip inside.
func overlap(files []*zip.File) error {
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files))
	for _, f := range files {
		from, err := f.DataOffset()
		if err != nil {
			return ErrNotABook.Because(fmt.Errorf("%q: %w", clip(f.Name, 100), err))
		}
		if f.CompressedSize64 > 0 {
			spans = append(spans, span{from, from + int64(min(f.CompressedSize64, 1<<62))})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i-1].to > spans[i].from {
			return ErrDangerous.Because(errors.New("files in it share their bytes"))
		}
	}
	return nil
}

// Open opens a file of the zip. It gives no byte more than the zip claims:
// archive/zip sees to that.
func (a *archive) Open(name string) (io.ReadCloser, error) {
	f := a.files[name]
	if f == nil {
		return nil, catalogue.ErrNoPart
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	return r, nil
}

// find returns the name by which the zip knows a file, also when somebody wrote
// it with other capitals, other marks, or with %20 in the zip itself.
func (a *archive) find(name string) (string, bool) {
	if a.files[name] != nil {
		return name, true
	}
	found, ok := a.alike[fold(name)]
	return found, ok
}

// fold is a name as computers that see no capitals, or write é in two, compare it.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// budget ends the reading of a list of contents that goes on and on.
type budget struct {
	io.ReaderAt
	left int64
	free bool
}

func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	if !b.free {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, catalogue.ErrTooBig
		}
	}
	return b.ReaderAt.ReadAt(p, off)
}
