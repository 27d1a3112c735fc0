package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the kinds of picture that a cover may be
	"image/jpeg"
	_ "image/png"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	_ "golang.org/x/image/webp"
	"golang.org/x/net/html"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

const (
	maxPixels  = 40_000_000 // a picture of a few kilobytes can claim gigabytes
	manyPixels = 6_000_000  // from here on one at a time, so that memory has a bound
	maxPicture = 32 << 20   // bytes of a cover as it comes
	quality    = 80         // of the JPEGs: nobody sees the difference with 90, which is half as large again
)

// cover finds the cover picture: EPUB 3 marks it, EPUB 2 names its id, others name
// a page that shows it, or give the file the name.
func (b *book) cover() string {
	id := b.pack.Metadata.one("cover")
	var candidates []string
	for _, p := range b.made.Resources {
		if i := b.items[p.Href]; i.is("cover-image") || id != "" && i.ID == id {
			candidates = append(candidates, p.Href)
		}
	}
	if href, ok := markup.Resolve(path.Join(b.base, "x"), id); ok && id != "" { // some write the file, not its id
		candidates = append(candidates, href)
	}
	for _, g := range b.pack.Guide {
		if page, ok := markup.Resolve(path.Join(b.base, "x"), g.Href); ok && strings.EqualFold(g.Type, "cover") {
			page, _, _ = strings.Cut(page, "#")
			candidates = append(candidates, page, b.picture(page))
		}
	}
	for _, p := range b.made.Resources {
		name := strings.ToLower(path.Base(p.Href))
		if strings.Contains(name, "cover") || strings.Contains(name, "omslag") {
			candidates = append(candidates, p.Href)
		}
	}
	for _, p := range b.made.Order[:min(1, len(b.made.Order))] { // a first page that is called so
		if strings.Contains(strings.ToLower(path.Base(p.Href)), "cover") {
			candidates = append(candidates, b.picture(p.Href))
		}
	}
	for i, href := range candidates {
		part, there := b.made.Part(href)
		if !there || slices.Contains(candidates[:i], href) || !strings.HasPrefix(part.Type, "image/") || part.Type == "image/svg+xml" || part.Type == "image/avif" {
			continue
		}
		err := b.isCover(href)
		if err == nil {
			return href
		}
		note(b.made, "%s is left out as a cover: %v", href, err)
	}
	return ""
}

// picture is the first picture that a page shows.
func (b *book) picture(page string) string {
	if part, ok := b.made.Part(page); !ok || part.Type != "application/xhtml+xml" {
		return ""
	}
	root, err := b.markup(page)
	if err != nil {
		return ""
	}
	n := markup.Find(root, func(n *html.Node) bool { return n.Data == "img" || n.Data == "image" })
	if n == nil {
		return ""
	}
	for _, name := range []string{"src", "xlink:href", "href"} {
		if href, ok := markup.Resolve(page, markup.Attribute(n, name)); ok && href != page {
			return href
		}
	}
	return ""
}

func (b *book) isCover(href string) error {
	r, err := b.open(href)
	if err != nil {
		return err
	}
	defer r.Close()
	return fits(io.LimitReader(r, maxPicture))
}

var errNoPicture = errors.New("it is no picture that we can read")

// fits looks at what a picture claims to be, before anything is unpacked.
func fits(r io.Reader) error {
	c, _, err := image.DecodeConfig(r)
	switch {
	case err != nil || c.Width <= 0 || c.Height <= 0:
		return errNoPicture
	case c.Width > maxPixels/c.Height:
		return fmt.Errorf("it claims %d by %d pixels", c.Width, c.Height)
	}
	return nil
}

// large is held by who unpacks a picture that takes much memory.
var large sync.Mutex

// covers makes the sizes of a cover.
func covers(open func() (io.ReadCloser, error)) ([]catalogue.Picture, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := readAll(r, maxPicture)
	if err != nil {
		return nil, err
	}
	if err := fits(bytes.NewReader(text)); err != nil {
		return nil, err
	}
	if c, _, _ := image.DecodeConfig(bytes.NewReader(text)); c.Width*c.Height > manyPixels {
		large.Lock()
		defer large.Unlock()
	}
	picture, _, err := image.Decode(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errNoPicture, err)
	}
	return sizes(picture)
}

// sizes scales a picture down, the largest from the original and each next one from
// the one before, which looks the same and is much less work.
func sizes(from image.Image) ([]catalogue.Picture, error) {
	var list []catalogue.Picture
	for _, width := range slices.Backward(catalogue.CoverWidths) {
		size := from.Bounds().Size()
		if size.X < width {
			continue
		}
		from = shrunk(from, width, max(1, min(width*4, size.Y*width/size.X))) // a ribbon is no cover
		var out bytes.Buffer
		if err := jpeg.Encode(&out, from, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		list = append(list, catalogue.Picture{Width: width, JPEG: out.Bytes()})
	}
	slices.Reverse(list)
	return list, nil
}
