package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

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
	Guide []struct {
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	} `xml:"guide>reference"`
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
	zip   *archive
	base  string // folder of the package file
	pack  pack
	items map[string]item   // by href inside the publication
	names map[string]string // href inside the publication → name in the zip
	hrefs []string          // of the items, in the order of the package file
	left  int64             // bytes that may still be looked into
	made  *catalogue.Manifest
}

// OpenEPUB reads an EPUB of the given size. It forgives what real books get
// wrong (order of the zip, missing table of contents, HTML instead of XHTML)
// and refuses what is dangerous or what it cannot show: paths that climb out,
// sizes beyond the limits, encryption.
func OpenEPUB(r io.ReaderAt, size int64) (*catalogue.Publication, error) {
	z, err := openArchive(r, size, MaxBook)
	if err != nil {
		return nil, err
	}
	return openEPUB(r, size, z)
}

func openEPUB(r io.ReaderAt, size int64, z *archive) (*catalogue.Publication, error) {
	p := new(catalogue.Publication)
	b := &book{zip: z, items: map[string]item{}, names: map[string]string{}, left: MaxLook, made: &p.Manifest}
	p.Open = cleaned(p, b.open)
	if len(z.names) > 0 && z.names[0] != "mimetype" {
		note(b.made, "mimetype is not the first file of the zip")
	}
	if err := b.readPackage(); err != nil {
		return nil, err
	}
	if err := b.refuseLocked(); err != nil {
		return nil, err
	}
	if err := b.manifest(); err != nil {
		return nil, err
	}
	p.Title = b.title()
	p.Title.Cover, p.Title.Length = b.cover(), b.length()
	if href := p.Title.Cover; href != "" {
		p.Covers = func() ([]catalogue.Picture, error) {
			return covers(func() (io.ReadCloser, error) { return b.open(href) })
		}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	p.Title.Digest = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

func (b *book) readPackage() error {
	root, err := b.root()
	if err != nil {
		return err
	}
	text, err := b.text(root, MaxPackage)
	if err != nil {
		return ErrNotABook.Because(fmt.Errorf("package file: %w", err))
	}
	if err := b.decode(text, root, &b.pack); err != nil {
		return ErrNotABook.Because(fmt.Errorf("package file: %w", err))
	}
	if len(b.pack.Items) > MaxFiles {
		return catalogue.ErrTooBig.Because(fmt.Errorf("%d items", len(b.pack.Items)))
	}
	b.pack.Metadata.merge()
	b.base = path.Dir(root)
	ids := map[string]bool{}
	for _, i := range b.pack.Items {
		if ids[i.ID] && i.ID != "" {
			note(b.made, "two items are called %q; the first one counts", i.ID)
			i.ID = ""
		}
		ids[i.ID] = true
		b.add(i)
	}
	return nil
}

// root finds the package file: where the container says it is, or else the only
// one that there is.
func (b *book) root() (string, error) {
	if name, ok := b.zip.find("META-INF/container.xml"); ok {
		text, err := b.text(name, MaxPackage)
		if errors.Is(err, catalogue.ErrTooBig) {
			return "", err
		}
		var c container
		if err == nil && b.decode(text, name, &c) == nil {
			for _, r := range c.Roots {
				if r.Type != "application/oebps-package+xml" && r.Type != "" {
					continue
				}
				if name, ok := b.zip.find(strings.TrimPrefix(r.Path, "/")); ok {
					return name, nil
				}
			}
		}
	}
	for _, name := range b.zip.names {
		if strings.EqualFold(path.Ext(name), ".opf") {
			note(b.made, "META-INF/container.xml does not name a package file; %s was found", name)
			return name, nil
		}
	}
	return "", ErrNotABook.Because(errors.New("it has no package file"))
}

// decode reads XML by the rules, and when that fails as well as it can.
func (b *book) decode(text []byte, name string, into any) error {
	text = markup.UTF8(text)
	err := markup.NewDecoder(text).Decode(into)
	var syntax *xml.SyntaxError
	if err == nil || !errors.As(err, &syntax) {
		return err
	}
	note(b.made, "%s is no good XML: %v", name, err)
	d := markup.NewDecoder(text)
	d.Strict = false
	return d.Decode(into)
}

// add enters an item of the package under the address that chapters use for it.
func (b *book) add(i item) {
	href, ok := markup.Resolve(path.Join(b.base, "x"), i.Href)
	href, _, _ = strings.Cut(href, "#")
	name, there := b.zip.find(href)
	if !there { // a name in the zip that is itself written with %20
		name, there = b.zip.find(path.Join(b.base, i.Href))
	}
	switch {
	case !ok && !there:
		note(b.made, "%q is no file of the book", clip(i.Href, 100))
		return
	case !there:
		note(b.made, "%s is missing", href)
		return
	case !ok:
		href = name
	}
	if name != href {
		note(b.made, "%s is called %s in the zip", href, name)
	}
	if _, twice := b.names[href]; !twice {
		b.items[href], b.names[href] = i, name
		b.hrefs = append(b.hrefs, href)
	}
}

// refuseLocked refuses books that are encrypted. Fonts may be scrambled by two
// well-known recipes; such a font is left out and the reader's own is used.
func (b *book) refuseLocked() error {
	name, there := b.zip.find("META-INF/encryption.xml")
	if !there {
		return nil
	}
	text, err := b.text(name, MaxPackage)
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
				note(b.made, "%s is scrambled and left out; the reader's own letter is used", href)
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
func (b *book) text(name string, limit int64) ([]byte, error) {
	r, err := b.zip.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := readAll(r, min(limit, b.left))
	b.left -= int64(len(text))
	return text, err
}

// open opens a file by its address in the publication.
func (b *book) open(href string) (io.ReadCloser, error) { return b.zip.Open(b.names[href]) }
