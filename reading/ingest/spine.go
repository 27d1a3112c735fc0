package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"lidwoord/reading/catalogue"
)

// known maps what a manifest may call a file to the one type by which we serve
// it. What is not here (scripts, PDF, unknown XML) stays outside.
var known = map[string]string{
	"application/xhtml+xml": "application/xhtml+xml", "text/html": "application/xhtml+xml", "application/x-dtbook+xml": "application/xhtml+xml", "text/x-oeb1-document": "application/xhtml+xml",
	"image/svg+xml": "image/svg+xml", "text/css": "text/css", "text/x-oeb1-css": "text/css",
	"image/jpeg": "image/jpeg", "image/jpg": "image/jpeg", "image/png": "image/png", "image/gif": "image/gif", "image/webp": "image/webp", "image/avif": "image/avif",
	"font/otf": "font/otf", "font/ttf": "font/ttf", "font/woff": "font/woff", "font/woff2": "font/woff2", "application/font-sfnt": "font/ttf",
	"application/vnd.ms-opentype": "font/otf", "application/x-font-ttf": "font/ttf", "application/x-font-otf": "font/otf", "application/font-woff": "font/woff", "application/font-woff2": "font/woff2",
	"audio/mpeg": "audio/mpeg", "audio/mp3": "audio/mpeg", "audio/mp4": "audio/mp4", "audio/x-m4a": "audio/mp4", "audio/x-m4b": "audio/mp4", "audio/m4a": "audio/mp4", "audio/m4b": "audio/mp4",
	"audio/ogg": "audio/ogg", "audio/opus": "audio/ogg", "audio/vorbis": "audio/ogg", "application/ogg": "audio/ogg", "video/mp4": "video/mp4",
}

// byName is the type of a file whose manifest knows it by no name of ours.
var byName = map[string]string{
	".xhtml": "application/xhtml+xml", ".html": "application/xhtml+xml", ".htm": "application/xhtml+xml", ".xht": "application/xhtml+xml",
	".svg": "image/svg+xml", ".css": "text/css", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
	".otf": "font/otf", ".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".mp4": "video/mp4",
}

// beginnings are the first bytes by which pictures know themselves.
var beginnings = []struct{ first, typ string }{
	{"\xff\xd8\xff", "image/jpeg"}, {"\x89PNG\r\n\x1a\n", "image/png"}, {"GIF8", "image/gif"},
}

// typeOf is the type by which we serve an item: what the manifest says, unless
// the name and the first bytes say otherwise.
func (b *book) typeOf(href string) string {
	said := strings.ToLower(strings.TrimSpace(b.items[href].Type))
	said, _, _ = strings.Cut(said, ";")
	typ, named := known[said], byName[strings.ToLower(path.Ext(href))]
	seen := typ
	switch picture := func(t string) bool { return strings.HasPrefix(t, "image/") && t != "image/svg+xml" }; {
	case said == "application/x-dtbncx+xml":
	case picture(typ) || picture(named):
		seen = cmp.Or(b.looksLike(href), typ, named)
	case typ == "" && !strings.Contains(said, "script") && said != "application/pdf" && said != "application/smil+xml":
		seen = named
	}
	if seen != typ && seen != "" {
		note(b.made, "%s is called %q and is %s", href, clip(said, 60), seen)
	}
	return seen
}

// looksLike tells a picture by its first bytes, "" for none that we know.
func (b *book) looksLike(href string) string {
	r, err := b.open(href)
	if err != nil {
		return ""
	}
	defer r.Close()
	first := make([]byte, 12)
	n, _ := io.ReadFull(r, first)
	for _, x := range beginnings {
		if bytes.HasPrefix(first[:n], []byte(x.first)) {
			return x.typ
		}
	}
	if n == 12 && string(first[:4]) == "RIFF" && string(first[8:]) == "WEBP" {
		return "image/webp"
	}
	return ""
}

// manifest lists the parts of a book in reading order, then the rest.
func (b *book) manifest() error {
	m := b.made
	m.Fixed = b.pack.Metadata.one("rendition:layout") == "pre-paginated"
	if d := b.pack.Spine.Direction; d == "rtl" || d == "ltr" {
		m.Direction = d
	}
	b.forgotten()
	types, byID, used := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, href := range b.hrefs {
		types[href] = b.typeOf(href)
		if id := b.items[href].ID; id != "" {
			byID[id] = href
		}
	}
	var missing []string
	for _, ref := range b.pack.Spine.Refs {
		href := byID[ref.ID]
		typ := types[href]
		switch {
		case href == "":
			missing = append(missing, clip(ref.ID, 60))
			continue
		case used[href]:
			continue
		case typ != "application/xhtml+xml" && typ != "image/svg+xml":
			note(m, "%s stands among the chapters and is none", href)
			continue
		}
		used[href] = true
		m.Order = append(m.Order, catalogue.Part{Href: href, Type: typ, Aside: ref.Linear == "no"})
	}
	if len(missing) > 0 {
		note(m, "%d of the %d chapters in the reading order are missing: %s", len(missing), len(b.pack.Spine.Refs), listed(missing))
	}
	if len(m.Order) == 0 { // no reading order: then as the package file lists them
		for _, href := range b.hrefs {
			if types[href] == "application/xhtml+xml" && !b.items[href].is("nav") {
				used[href] = true
				m.Order = append(m.Order, catalogue.Part{Href: href, Type: types[href]})
			}
		}
		note(m, "the book does not say in which order its chapters stand")
	}
	if len(m.Order) == 0 {
		return ErrNotABook.Because(errors.New("it has no chapter"))
	}
	if !slices.ContainsFunc(m.Order, func(p catalogue.Part) bool { return !p.Aside }) {
		note(m, "all chapters stand aside; they are put in a row")
		for i := range m.Order {
			m.Order[i].Aside = false
		}
	}
	for _, href := range b.hrefs {
		if !used[href] && types[href] != "" && !b.items[href].is("nav") {
			m.Resources = append(m.Resources, catalogue.Part{Href: href, Type: types[href]})
		}
	}
	m.Chapters = b.chapters()
	titles := map[string]string{}
	for _, e := range m.Chapters {
		file, _, _ := strings.Cut(e.Href, "#")
		titles[file] = cmp.Or(titles[file], e.Title)
	}
	for i := range m.Order {
		m.Order[i].Title = titles[m.Order[i].Href]
	}
	return nil
}

// forgotten adds the files that lie in the zip and are not in the package file;
// chapters often show such pictures.
func (b *book) forgotten() {
	inPackage := map[string]bool{}
	for _, name := range b.names {
		inPackage[name] = true
	}
	var more []string
	for _, name := range b.zip.names {
		if inPackage[name] || strings.HasPrefix(name, "META-INF/") || byName[strings.ToLower(path.Ext(name))] == "" || path.Base(name)[0] == '.' {
			continue
		}
		if _, twice := b.names[name]; !twice {
			more = append(more, name)
			b.items[name], b.names[name] = item{Type: byName[strings.ToLower(path.Ext(name))]}, name
			b.hrefs = append(b.hrefs, name)
		}
	}
	if len(more) > 0 {
		note(b.made, "not in the package file, and taken along: %s", listed(more))
	}
}

// listed names the first few.
func listed(names []string) string {
	text := strings.Join(names[:min(3, len(names))], ", ")
	if more := len(names) - 3; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
