// Package samples is the small collection that comes with Lidwoord: five books
// and one spoken story, written for this project (see README.md beside it).
//
//	Books   packs the books into EPUB files
//	Audio   gives the audiobooks: a manifest and its files
//
// The books lie here as the plain files of which they are made, so that a
// change to a sentence is a change of one line. They are packed when asked for,
// always into the same bytes: a reader's copy and ours can be compared.
package samples

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

//go:embed books audio
var files embed.FS

// A Book is one packed EPUB.
type Book struct {
	Name string // "onder-de-es.epub"
	EPUB []byte
}

// Books packs every sample book.
func Books() ([]Book, error) {
	dirs, err := fs.ReadDir(files, "books")
	if err != nil {
		return nil, err
	}
	var books []Book
	for _, d := range dirs {
		tree, err := fs.Sub(files, path.Join("books", d.Name()))
		if err != nil {
			return nil, err
		}
		packed, err := Pack(tree)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", d.Name(), err)
		}
		books = append(books, Book{d.Name() + ".epub", packed})
	}
	return books, nil
}

// Audio gives a folder for each audiobook, with manifest.json at its root.
func Audio() ([]fs.FS, error) {
	dirs, err := fs.ReadDir(files, "audio")
	if err != nil {
		return nil, err
	}
	var folders []fs.FS
	for _, d := range dirs {
		tree, err := fs.Sub(files, path.Join("audio", d.Name()))
		if err != nil {
			return nil, err
		}
		folders = append(folders, tree)
	}
	return folders, nil
}

// Pack zips a book's folder as the EPUB container format wants it: the file
// "mimetype" first and not compressed, so that the first bytes of the file say
// what it is. Entries have no date, so the same folder gives the same bytes.
func Pack(tree fs.FS) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	first, err := z.CreateHeader(&zip.FileHeader{Name: "mimetype", Method: zip.Store})
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(first, "application/epub+zip"); err != nil {
		return nil, err
	}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "mimetype" {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		method := zip.Deflate
		if strings.HasSuffix(name, ".jpg") { // is compressed already
			method = zip.Store
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
