package catalogue

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// How much a book may take. A zip of 42 kB can unpack to petabytes, and what a
// zip says about its own sizes is a claim, so bytes are counted as they come.
const (
	MaxFiles    = 20_000    // the largest real atlas we saw has 4,000
	MaxUnpacked = 1 << 30   // bytes of all files of a book together
	MaxMarkup   = 16 << 20  // bytes of one chapter, style sheet, package or contents file
	MaxFile     = 512 << 20 // bytes of one picture, font or sound
	MaxLook     = 128 << 20 // bytes that we read to learn what a book is
)

// Publication is a title that is not in the catalogue yet.
type Publication struct {
	Title    Title
	Manifest Manifest

	open func(href string) (io.ReadCloser, error) // a file as it came
}

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
func OpenEPUB(r io.ReaderAt, size int64) (*Publication, error) {
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
	p := &Publication{open: b.open}
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
		return ErrTooBig
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		if !utf8.ValidString(f.Name) || !localPath(f.Name) {
			return ErrNotABook.Because(fmt.Errorf("file name %q", f.Name))
		}
		if b.files[f.Name] != nil {
			return ErrNotABook.Because(fmt.Errorf("two files named %q", f.Name))
		}
		b.files[f.Name] = f
	}
	return nil
}

func localPath(name string) bool {
	return name != "" && name == path.Clean(name) && !path.IsAbs(name) && name != ".." && name != "." &&
		!strings.HasPrefix(name, "../") && !strings.ContainsAny(name, "\\\x00") && len(name) < 500
}

func (b *book) readPackage() error {
	text, err := b.text("META-INF/container.xml")
	if err != nil {
		return ErrNotABook.Because(err)
	}
	var c container
	if err := newDecoder(toUTF8(text)).Decode(&c); err != nil {
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
	if err := newDecoder(toUTF8(text)).Decode(&b.pack); err != nil {
		return ErrNotABook.Because(fmt.Errorf("package file: %w", err))
	}
	b.base = path.Dir(root)
	for _, i := range b.pack.Items {
		if href, ok := resolve(path.Join(b.base, "x"), i.Href); ok && b.files[href] != nil {
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
	if err := newDecoder(toUTF8(text)).Decode(&e); err != nil {
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

// resolve finds the file that an address means, seen from another file. It says
// no to addresses that leave the book. The fragment is cut off.
func resolve(from, address string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || path.IsAbs(u.Path) {
		return "", false
	}
	href := path.Join(path.Dir(from), u.Path)
	return href, localPath(href)
}

// Resolve is resolve for an address that may end in a fragment, which stays.
func Resolve(from, address string) (string, bool) {
	before, fragment, has := strings.Cut(address, "#")
	href, ok := from, true
	if before != "" {
		href, ok = resolve(from, before)
	}
	if has && ok {
		href += "#" + fragment
	}
	return href, ok
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
		return nil, ErrNoPart
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	return r, nil
}

// readAll reads at most limit bytes and refuses more.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, limit+1))
	if n > limit {
		return nil, ErrTooBig
	}
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	return out.Bytes(), nil
}
