package ingest

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// container is META-INF/container.xml: where the package file is.
type container struct {
	Roots []struct {
		Path string `xml:"full-path,attr"`
		Type string `xml:"media-type,attr"`
	} `xml:"rootfiles>rootfile"`
}

// pack is the package file (OPF), EPUB 2 and 3 alike.
type pack struct {
	UniqueID string   `xml:"unique-identifier,attr"`
	Metadata metadata `xml:"metadata"`
	Items    []item   `xml:"manifest>item"`
	Spine    struct {
		TOC       string `xml:"toc,attr"`
		Direction string `xml:"page-progression-direction,attr"`
		Refs      []struct {
			ID     string `xml:"idref,attr"`
			Linear string `xml:"linear,attr"`
		} `xml:"itemref"`
	} `xml:"spine"`
}

type item struct {
	ID         string `xml:"id,attr"`
	Href       string `xml:"href,attr"`
	Type       string `xml:"media-type,attr"`
	Properties string `xml:"properties,attr"`
}

func (i item) is(property string) bool {
	return slices.Contains(strings.Fields(i.Properties), property)
}

// book is an EPUB while it is being read.
type book struct {
	files map[string]*zip.File
	base  string // folder of the package file
	pack  pack
	items map[string]item // by href inside the publication
	hrefs []string        // of the items, in the order of the package file
	left  int64           // bytes that may still be looked into
}

// OpenEPUB reads an EPUB of the given size. It forgives what real books get
// wrong (order of the zip, missing table of contents, HTML instead of XHTML)
// and refuses what is dangerous or what it cannot show: paths that climb out,
// sizes beyond the limits, encryption.
func OpenEPUB(r io.ReaderAt, size int64) (*catalogue.Publication, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	b := &book{files: map[string]*zip.File{}, items: map[string]item{}, left: MaxLook}
	if err := b.list(z); err != nil {
		return nil, err
	}
	if err := b.readPackage(); err != nil {
		return nil, err
	}
	if err := b.refuseLocked(); err != nil {
		return nil, err
	}
	p := new(catalogue.Publication)
	p.Open = cleaned(p, b.open)
	p.Manifest, err = b.manifest()
	if err != nil {
		return nil, err
	}
	p.Title = b.title()
	p.Title.Cover = b.cover(&p.Manifest)
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	p.Title.Digest = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

// list notes the files of the zip. A name that climbs out of the book, or that
// two files share, is an attack on whoever unpacks it and refuses the whole.
func (b *book) list(z *zip.Reader) error {
	if len(z.File) > MaxFiles {
		return catalogue.ErrTooBig
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		if !utf8.ValidString(f.Name) || !markup.Local(f.Name) {
			return ErrNotABook.Because(fmt.Errorf("file name %q", f.Name))
		}
		if b.files[f.Name] != nil {
			return ErrNotABook.Because(fmt.Errorf("two files named %q", f.Name))
		}
		b.files[f.Name] = f
	}
	return nil
}

func (b *book) readPackage() error {
	text, err := b.text("META-INF/container.xml")
	if err != nil {
		return ErrNotABook.Because(err)
	}
	var c container
	if err := markup.NewDecoder(markup.UTF8(text)).Decode(&c); err != nil {
		return ErrNotABook.Because(err)
	}
	root := ""
	for _, r := range c.Roots {
		if root == "" && (r.Type == "application/oebps-package+xml" || r.Type == "") {
			root = r.Path
		}
	}
	text, err = b.text(root)
	if err != nil {
		return ErrNotABook.Because(fmt.Errorf("package file: %w", err))
	}
	if err := markup.NewDecoder(markup.UTF8(text)).Decode(&b.pack); err != nil {
		return ErrNotABook.Because(fmt.Errorf("package file: %w", err))
	}
	b.base = path.Dir(root)
	for _, i := range b.pack.Items {
		if href, ok := markup.Resolve(path.Join(b.base, "x"), i.Href); ok && b.files[href] != nil {
			if _, twice := b.items[href]; !twice {
				b.items[href] = i
				b.hrefs = append(b.hrefs, href)
			}
		}
	}
	return nil
}

// refuseLocked refuses books that are encrypted. Fonts may be scrambled by two
// well-known recipes; such a font is left out and the reader's own is used.
func (b *book) refuseLocked() error {
	if b.files["META-INF/encryption.xml"] == nil {
		return nil
	}
	text, err := b.text("META-INF/encryption.xml")
	if err != nil {
		return ErrLocked.Because(err)
	}
	var e struct {
		Data []struct {
			Method struct {
				Algorithm string `xml:"Algorithm,attr"`
			} `xml:"EncryptionMethod"`
			Reference struct {
				URI string `xml:"URI,attr"`
			} `xml:"CipherData>CipherReference"`
		} `xml:"EncryptedData"`
	}
	if err := markup.NewDecoder(markup.UTF8(text)).Decode(&e); err != nil {
		return ErrLocked.Because(err)
	}
	for _, d := range e.Data {
		switch d.Method.Algorithm {
		case "http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC":
			if href, err := url.PathUnescape(d.Reference.URI); err == nil {
				delete(b.items, href)
				b.hrefs = slices.DeleteFunc(b.hrefs, func(h string) bool { return h == href })
			}
		default:
			return ErrLocked
		}
	}
	return nil
}

// text reads a file that we look into.
func (b *book) text(name string) ([]byte, error) {
	r, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := readAll(r, min(MaxMarkup, b.left))
	b.left -= int64(len(text))
	return text, err
}

func (b *book) open(name string) (io.ReadCloser, error) {
	f := b.files[name]
	if f == nil {
		return nil, catalogue.ErrNoPart
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	return r, nil
}
