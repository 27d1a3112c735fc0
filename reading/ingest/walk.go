package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"lidwoord/reading/catalogue"
)

// source is what may be one title: a file, a folder of tracks, or some of the
// tracks in a folder.
type source struct {
	path   string   // of the file or the folder, absolute
	tracks []string // names in the folder: these tracks are the title; none: the folder or file is
	folder bool
	bad    error // why it cannot even be opened
	mark   string
}

// endings are the files that are titles by themselves; true when it is a zip of tracks.
var endings = map[string]bool{".epub": false, ".zip": true, ".audiobook": true, ".lpf": true}

// walk finds the sources under some paths, in the order in which people list them.
type walk struct {
	ctx  context.Context
	see  func(source)
	seen int
}

// maxFound is how many files a walk looks at before it is certain that somebody
// named the wrong folder.
const maxFound = 5_000_000

// path looks at what somebody named. It may be a link; what lies below may not.
func (w *walk) path(name string) error {
	full, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(full)
	switch {
	case err != nil:
		w.see(source{path: full, bad: ErrUnread.Because(err)})
	case info.IsDir():
		if real, err := filepath.EvalSymlinks(full); err == nil {
			full = real
		}
		return w.folder(full)
	case !info.Mode().IsRegular():
		w.see(source{path: full, bad: ErrDangerous.Because(errors.New("it is no plain file"))})
	default:
		w.file(full, info)
	}
	return nil
}

func (w *walk) file(full string, info fs.FileInfo) {
	s := source{path: full, mark: marked(info)}
	if _, known := endings[strings.ToLower(filepath.Ext(full))]; !known {
		if !isSound(full) {
			s.bad = ErrNotABook.Because(errors.New("its name ends neither in .epub nor as an audiobook's"))
			w.see(s)
			return
		}
		s.path, s.tracks = filepath.Dir(full), []string{filepath.Base(full)}
	}
	w.see(s)
}

// folder looks at one folder and those below it.
func (w *walk) folder(full string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	list, err := os.ReadDir(full)
	if err != nil {
		w.see(source{path: full, bad: ErrUnread.Because(err)})
		return nil
	}
	if w.seen += len(list); w.seen > maxFound {
		return fmt.Errorf("there are more than %d files under it", maxFound)
	}
	var tracks, discs []string
	manifest := false
	for _, e := range list {
		switch {
		case hidden(e.Name()):
		case e.IsDir() && disc.MatchString(e.Name()):
			discs = append(discs, e.Name())
		case e.Type().IsRegular() && isSound(e.Name()):
			tracks = append(tracks, e.Name())
		case e.Name() == "manifest.json" || e.Name() == "publication.json":
			manifest = manifest || namesTracks(filepath.Join(full, e.Name()))
		}
	}
	whole := manifest || len(tracks) > 0 || len(discs) > 0 && anySound(full, discs)
	switch alone := !manifest && len(discs) == 0 && apartTitles(full, tracks); {
	case whole && alone:
		for _, name := range tracks {
			if info, err := os.Lstat(filepath.Join(full, name)); err == nil {
				w.see(source{path: full, tracks: []string{name}, mark: marked(info)})
			}
		}
	case whole:
		w.see(source{path: full, folder: true, mark: markedFolder(full)})
		if manifest {
			return nil // what else lies in it belongs to it
		}
	}
	for _, e := range list {
		name := filepath.Join(full, e.Name())
		_, known := endings[strings.ToLower(filepath.Ext(name))]
		switch {
		case hidden(e.Name()):
		case e.IsDir() && whole && disc.MatchString(e.Name()):
		case e.IsDir():
			if err := w.folder(name); err != nil {
				return err
			}
		case e.Type()&fs.ModeSymlink != 0 && (known || isSound(name)):
			w.see(source{path: name, bad: ErrDangerous.Because(errors.New("it is a link, which may lead anywhere"))})
		case !known:
		case !e.Type().IsRegular():
			w.see(source{path: name, bad: ErrDangerous.Because(errors.New("it is no plain file"))})
		default:
			if info, err := e.Info(); err == nil {
				w.see(source{path: name, mark: marked(info)})
			}
		}
	}
	return nil
}

func anySound(full string, discs []string) bool {
	for _, name := range discs {
		list, _ := os.ReadDir(filepath.Join(full, name))
		for _, e := range list {
			if e.Type().IsRegular() && isSound(e.Name()) {
				return true
			}
		}
	}
	return false
}

// namesTracks tells the manifest of an audiobook from another program's manifest.json.
func namesTracks(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxPackage))
	return err == nil && bytes.Contains(text, []byte(`"readingOrder"`))
}

var anyDigits = regexp.MustCompile(`\d+`)

// apartTitles says whether the tracks in a folder are a book each: files of a kind
// that holds a whole book, with other names than "Book 1, Book 2", or with titles
// of their own.
func apartTitles(full string, tracks []string) bool {
	if len(tracks) == 0 {
		return false
	}
	stem := anyDigits.ReplaceAllString(fold(tracks[0]), "0")
	alike := true
	for _, name := range tracks {
		if !strings.EqualFold(filepath.Ext(name), ".m4b") {
			return false
		}
		alike = alike && anyDigits.ReplaceAllString(fold(name), "0") == stem
	}
	if len(tracks) == 1 || !alike {
		return true
	}
	return album(filepath.Join(full, tracks[0])) != album(filepath.Join(full, tracks[1]))
}

func album(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	s, _ := readSound(f, info.Size(), name)
	return s.Tags.Album
}

// marked is what changes when a file does.
func marked(info fs.FileInfo) string {
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixMicro())
}

// markedFolder is what changes when anything in a folder does.
func markedFolder(full string) string {
	sum, n := sha256.New(), 0
	filepath.WalkDir(full, func(name string, e fs.DirEntry, err error) error {
		if n++; err != nil || n > maxRepeats {
			return fs.SkipAll
		}
		if name != full && hidden(e.Name()) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := e.Info(); err == nil && e.Type().IsRegular() {
			fmt.Fprintf(sum, "%s\x00%s\n", name, marked(info))
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// name is the path by which an import remembers the source and reports it.
func (s source) name() string {
	if len(s.tracks) == 1 {
		return filepath.Join(s.path, s.tracks[0])
	}
	return s.path
}

// called is what a title is called when it does not say so itself.
func (s source) called() string {
	name := filepath.Base(s.name())
	if !s.folder {
		name = strings.TrimSuffix(name, filepath.Ext(name))
	}
	return clip(line([]string{strings.ReplaceAll(name, "_", " ")}), maxLine)
}

// open reads a source; done frees what it holds. work is a folder on the disk of the
// stacks for what must be unpacked first. What our own disk fails in goes to failed,
// now and while the files are read: a book with a damaged picture is taken, and this is
// not that.
func (s source) open(work string, failed *failures) (p *catalogue.Publication, done func(), err error) {
	done = func() {}
	if s.bad != nil {
		return nil, done, s.bad
	}
	if s.folder || len(s.tracks) > 0 {
		root, err := os.OpenRoot(s.path) // in which no link leads out
		if err != nil {
			return nil, done, ErrUnread.Because(err)
		}
		done = func() { root.Close() }
		if s.folder {
			p, err = OpenAudio(root.FS())
		} else {
			p, err = OpenTrack(root.FS(), s.tracks...)
		}
		return p, done, err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, done, ErrUnread.Because(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, done, ErrUnread.Because(err)
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, done, ErrNotABook.Because(errors.New("it is no plain file"))
	}
	in := &watched{ReaderAt: f, seen: failed}
	if !endings[strings.ToLower(filepath.Ext(s.path))] {
		p, err = OpenEPUB(in, info.Size())
		return p, func() { f.Close() }, err
	}
	p, clean, err := openZip(in, info.Size(), work)
	return p, func() { clean(); f.Close() }, err
}

// failures keep the first thing in which a disk failed, whoever reads.
type failures struct {
	mu    sync.Mutex
	first error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = err
	}
}

func (f *failures) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		return nil
	}
	return ErrUnread.Because(f.first)
}

// watched is a file of which we want to know in what its disk failed.
type watched struct {
	io.ReaderAt
	seen *failures
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(p, off)
	if unreadable(err) {
		w.seen.add(err)
	}
	return n, err
}
