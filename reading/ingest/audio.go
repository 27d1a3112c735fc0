package ingest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// audiobook is an audiobook while it is being read.
type audiobook struct {
	folder fs.FS
	p      *catalogue.Publication
	sum    hash.Hash
	sounds map[string]sound
	cover  []byte // a picture out of a track, when no file is one
}

// embedded is the address of a cover that came out of a track.
const embedded = "cover"

func newAudiobook(folder fs.FS) *audiobook {
	a := &audiobook{folder: folder, p: new(catalogue.Publication), sum: sha256.New(), sounds: map[string]sound{}}
	a.p.Open = cleaned(a.p, a.open)
	return a
}

func (a *audiobook) open(href string) (io.ReadCloser, error) {
	if href == embedded && a.cover != nil {
		return io.NopCloser(bytes.NewReader(a.cover)), nil
	}
	f, err := a.folder.Open(href)
	if err != nil {
		return nil, ErrNotABook.Because(err)
	}
	return f, nil
}

// OpenAudio reads a folder with an audiobook: by the manifest in it, Readium's
// manifest.json or W3C's publication.json; where there is none that can be read,
// by the tracks themselves.
func OpenAudio(folder fs.FS) (*catalogue.Publication, error) {
	var broken error
	for _, name := range []string{"manifest.json", "publication.json"} {
		f, err := folder.Open(name)
		if err != nil {
			continue
		}
		text, err := readAll(f, MaxPackage)
		f.Close()
		if err != nil {
			return nil, err
		}
		var m audioManifest
		contents := ""
		if name == "manifest.json" {
			err = m.read(text)
		} else {
			contents, err = m.readW3C(text)
		}
		if err != nil {
			broken = fmt.Errorf("%s: %w", name, err)
			continue
		}
		a := newAudiobook(folder)
		fmt.Fprintf(a.sum, "%d\n%s", len(text), text)
		return a.byManifest(&m, contents)
	}
	names, err := tracksIn(folder)
	if err != nil || len(names) == 0 {
		return nil, cmp.Or(err, broken, error(ErrNoSound.Because(errors.New("no mp3, m4a, m4b, ogg or opus"))))
	}
	a := newAudiobook(folder)
	if broken != nil {
		note(&a.p.Manifest, "%v; the tracks tell", broken)
	}
	return a.byTracks(names)
}

// OpenTrack reads an audiobook that is one file in a folder, or several of them.
func OpenTrack(folder fs.FS, names ...string) (*catalogue.Publication, error) {
	return newAudiobook(folder).byTracks(names)
}

func (a *audiobook) byManifest(m *audioManifest, contents string) (*catalogue.Publication, error) {
	if err := m.links(); err != nil {
		return nil, err
	}
	made := &a.p.Manifest
	for n, l := range m.ReadingOrder {
		if _, twice := made.Part(l.Href); twice {
			note(made, "%s stands twice in the reading order", l.Href)
			continue
		}
		s, err := a.look(l.Href)
		if err != nil {
			return nil, err
		}
		part := catalogue.Part{Href: l.Href, Type: s.Type, Title: clip(markup.OneLine(cmp.Or(l.Title, s.Tags.Title, fmt.Sprint(n+1))), maxLine), Duration: s.Seconds}
		if within := math.Abs(l.Duration-s.Seconds) <= 1; within {
			part.Duration = l.Duration // encoders leave a little silence
		} else if l.Duration > 0 {
			note(made, "%s lasts %.0f seconds and not %.0f", l.Href, s.Seconds, l.Duration)
		}
		for _, alt := range l.Alternate {
			if alt.Type == "text/plain" {
				part.Text = alt.Href
			}
		}
		made.Order = append(made.Order, part)
	}
	coverHref := ""
	for _, l := range m.Resources {
		typ := known[l.Type]
		if l.Type == "text/plain" {
			typ = "text/plain"
		}
		typ = cmp.Or(typ, byName[strings.ToLower(path.Ext(l.Href))])
		_, twice := made.Part(l.Href)
		switch info, err := fs.Stat(a.folder, l.Href); {
		case twice || typ == "" || typ == "application/xhtml+xml":
			continue
		case err != nil || !info.Mode().IsRegular():
			note(made, "%s is missing", l.Href)
			continue
		}
		made.Resources = append(made.Resources, catalogue.Part{Href: l.Href, Type: typ})
		if slices.Contains(l.Rel, "cover") && coverHref == "" {
			coverHref = l.Href
		}
	}
	m.contents(m.TOC, 0, made)
	if contents != "" && len(made.Chapters) == 0 {
		made.Chapters = keepKnown(a.pageOfContents(contents), made)
	}
	a.p.Title = m.title(made)
	return a.finish(coverHref)
}

// pageOfContents reads the table of contents of a W3C audiobook, which is HTML.
func (a *audiobook) pageOfContents(address string) []catalogue.Entry {
	href, ok := markup.Resolve("publication.json", address)
	if href, _, _ = strings.Cut(href, "#"); !ok {
		return nil
	}
	f, err := a.open(href)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := readAll(f, MaxMarkup)
	if err != nil {
		return nil
	}
	root, err := markup.Parse(text)
	if err != nil {
		return nil
	}
	nav := markup.Find(root, func(n *html.Node) bool { return strings.Contains(markup.Attribute(n, "role"), "doc-toc") })
	if nav == nil {
		nav = root
	}
	var list []catalogue.Entry
	if ol := markup.Find(nav, func(n *html.Node) bool { return n.Data == "ol" || n.Data == "ul" }); ol != nil {
		navList(ol, href, 0, &list)
	}
	return list
}

// byTracks makes a title of tracks that have no manifest.
func (a *audiobook) byTracks(names []string) (*catalogue.Publication, error) {
	if len(names) > MaxFiles {
		return nil, catalogue.ErrTooBig.Because(fmt.Errorf("%d tracks", len(names)))
	}
	slices.SortFunc(names, natural)
	made := &a.p.Manifest
	var kept []string
	for _, name := range names {
		s, err := a.look(name)
		if errors.Is(err, ErrNoSound) && len(names) > 1 {
			note(made, "%s is left out: %v", name, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		kept = append(kept, name)
		part := catalogue.Part{Href: name, Type: s.Type, Duration: s.Seconds}
		part.Title = clip(cmp.Or(s.Tags.Title, strings.TrimSuffix(path.Base(name), path.Ext(name))), maxLine)
		made.Order = append(made.Order, part)
	}
	if len(kept) == 0 {
		return nil, ErrNoSound.Because(errors.New(strings.Join(first(made.Notes), "")))
	}
	a.byNumber()
	a.p.Title = a.title()
	coverHref := a.picture(made.Order[0].Href, len(names) > 1)
	if coverHref != "" && coverHref != embedded {
		made.Resources = append(made.Resources, catalogue.Part{Href: coverHref, Type: byName[strings.ToLower(path.Ext(coverHref))]})
	}
	return a.finish(coverHref)
}

// byNumber puts the tracks in the order of the numbers in them, when each has one of
// its own; otherwise the order of their names stands.
func (a *audiobook) byNumber() {
	at := func(p catalogue.Part) [2]int { return [2]int{a.sounds[p.Href].Tags.Disc, a.sounds[p.Href].Tags.Track} }
	seen := map[[2]int]bool{}
	for _, p := range a.p.Manifest.Order {
		if n := at(p); n[1] == 0 || seen[n] {
			return
		}
		seen[at(p)] = true
	}
	before := slices.Clone(a.p.Manifest.Order)
	slices.SortStableFunc(a.p.Manifest.Order, func(p, q catalogue.Part) int {
		return cmp.Or(cmp.Compare(at(p)[0], at(q)[0]), cmp.Compare(at(p)[1], at(q)[1]))
	})
	if !slices.Equal(before, a.p.Manifest.Order) {
		note(&a.p.Manifest, "the tracks stand by the numbers in them, not by the names of the files")
	}
}

// title is what the tracks say about the book.
func (a *audiobook) title() catalogue.Title {
	order := a.p.Manifest.Order
	say := func(get func(tags) string) string {
		for _, p := range order {
			if s := clip(markup.OneLine(get(a.sounds[p.Href].Tags)), maxText); s != "" {
				return s
			}
		}
		return ""
	}
	t := catalogue.Title{
		Kind:        catalogue.Audiobook,
		Name:        clip(say(func(t tags) string { return t.Album }), maxLine),
		Subtitle:    clip(say(func(t tags) string { return t.Subtitle }), maxLine),
		Publisher:   clip(say(func(t tags) string { return t.Publisher }), maxLine),
		Description: clip(plainText(say(func(t tags) string { return t.Description })), maxText),
		Published:   date(say(func(t tags) string { return t.Published })),
		Series:      clip(say(func(t tags) string { return t.Series }), maxLine),
		SeriesAt:    place(say(func(t tags) string { return t.SeriesAt })),
	}
	if t.Name == "" && len(order) == 1 {
		t.Name = clip(a.sounds[order[0].Href].Tags.Title, maxLine)
	}
	t.Name = cmp.Or(t.Name, Unnamed)
	t.ISBN, _ = isbn13(say(func(t tags) string { return t.ISBN }))
	if t.ISBN != "" {
		t.Identifier = "urn:isbn:" + t.ISBN
	}
	if said := say(func(t tags) string { return t.Language }); said != "" {
		t.Language, _ = languageTag(said)
	}
	author := say(func(t tags) string { return cmp.Or(t.AlbumArtist, t.Artist) })
	narrator := say(func(t tags) string { return cmp.Or(t.Narrator, t.Composer) })
	for _, name := range persons(author) {
		t.Contributors = append(t.Contributors, catalogue.Contributor{Name: name, Role: "aut"})
	}
	for _, name := range persons(narrator) {
		if !strings.EqualFold(narrator, author) || say(func(t tags) string { return t.Narrator }) != "" {
			t.Contributors = append(t.Contributors, catalogue.Contributor{Name: name, Role: "nrt"})
		}
	}
	genre := say(func(t tags) string { return t.Genre })
	for _, s := range subjects([]string{genre}) {
		if !slices.Contains([]string{"audiobook", "audiobooks", "luisterboek", "speech", "spoken word", "other", "(101)", "(183)"}, strings.ToLower(s)) {
			t.Subjects = append(t.Subjects, s)
		}
	}
	t.Ages, t.Youth = ages(audience{Subjects: t.Subjects})
	return t
}

// picture finds the cover: a file that is called so, the only picture, or what the
// first track carries with it.
func (a *audiobook) picture(track string, aFolder bool) string {
	folder := path.Dir(track)
	list, _ := fs.ReadDir(a.folder, folder)
	if up, err := fs.ReadDir(a.folder, "."); err == nil && folder != "." && aFolder {
		list, folder = append(up, list...), "."
	}
	var pictures []string
	best := ""
	for _, e := range list {
		name := strings.ToLower(e.Name())
		if typ := byName[path.Ext(name)]; !e.Type().IsRegular() || !strings.HasPrefix(typ, "image/") || typ == "image/svg+xml" || typ == "image/avif" {
			continue
		}
		href := path.Join(folder, e.Name())
		if _, err := fs.Stat(a.folder, href); err != nil {
			continue
		}
		pictures = append(pictures, href)
		stem := strings.TrimSuffix(name, path.Ext(name))
		own := strings.EqualFold(stem, strings.TrimSuffix(path.Base(track), path.Ext(track)))
		if best == "" && (own || aFolder && (strings.Contains(stem, "cover") || strings.Contains(stem, "omslag") || stem == "folder" || stem == "front")) {
			best = href
		}
	}
	picture := a.sounds[track].Tags.Picture
	switch {
	case best != "":
		return best
	case picture != nil && fits(bytes.NewReader(picture)) == nil:
		a.cover = picture
		return embedded
	case picture != nil:
		note(&a.p.Manifest, "the picture in %s is left out: %v", path.Base(track), fits(bytes.NewReader(picture)))
	case aFolder && len(pictures) == 1:
		return pictures[0]
	}
	return ""
}

// look reads what a track tells about itself.
func (a *audiobook) look(name string) (sound, error) {
	if !fs.ValidPath(name) {
		return sound{}, ErrDangerous.Because(fmt.Errorf("%q", clip(name, 100)))
	}
	f, err := a.folder.Open(name)
	if err != nil {
		return sound{}, ErrNotABook.Because(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return sound{}, ErrNotABook.Because(err)
	}
	at, ok := f.(io.ReaderAt)
	if !ok || !info.Mode().IsRegular() {
		return sound{}, ErrNotABook.Because(fmt.Errorf("%q is no plain file", clip(name, 100)))
	}
	s, err := readSound(at, info.Size(), name)
	if len(a.sounds) > 0 {
		s.Tags.Picture = nil // one is enough to keep
	}
	if s.Damage != "" {
		note(&a.p.Manifest, "%s: %s", path.Base(name), s.Damage)
	}
	a.sounds[name] = s
	return s, err
}

// finish adds what all audiobooks have: chapters, a length, a cover, a digest.
func (a *audiobook) finish(coverHref string) (*catalogue.Publication, error) {
	made, t := &a.p.Manifest, &a.p.Title
	if len(made.Chapters) == 0 {
		a.chapters()
	}
	for _, p := range made.Order {
		t.Duration += time.Duration(p.Duration * float64(time.Second))
	}
	if coverHref != "" {
		if err := a.fits(coverHref); err != nil {
			note(made, "%s is left out as a cover: %v", coverHref, err)
			coverHref = ""
		}
	}
	for _, part := range slices.Concat(made.Order, made.Resources) {
		r, err := a.open(part.Href)
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(a.sum, r)
		r.Close()
		if err != nil {
			return nil, ErrNotABook.Because(err)
		}
		fmt.Fprintf(a.sum, "\n%d %s", n, part.Href)
	}
	t.Digest = hex.EncodeToString(a.sum.Sum(nil))
	if coverHref == embedded && a.cover != nil {
		typ := "image/jpeg"
		if bytes.HasPrefix(a.cover, []byte("\x89PNG")) {
			typ = "image/png"
		}
		made.Resources = append(made.Resources, catalogue.Part{Href: embedded, Type: typ})
	}
	if t.Cover = coverHref; coverHref != "" {
		a.p.Covers = func() ([]catalogue.Picture, error) {
			return covers(func() (io.ReadCloser, error) { return a.open(coverHref) })
		}
	}
	return a.p, nil
}

func (a *audiobook) fits(href string) error {
	r, err := a.open(href)
	if err != nil {
		return err
	}
	defer r.Close()
	return fits(io.LimitReader(r, maxPicture))
}

// chapters makes the table of contents: the chapters that are marked in the tracks,
// or a line for each track.
func (a *audiobook) chapters() {
	made := &a.p.Manifest
	for _, p := range made.Order {
		marks := slices.DeleteFunc(slices.Clone(a.sounds[p.Href].Marks), func(m mark) bool { return !(m.At >= 0) || m.At >= p.Duration })
		if len(marks) < 2 {
			made.Chapters = append(made.Chapters, catalogue.Entry{Title: p.Title, Href: p.Href})
			continue
		}
		for n, m := range marks {
			if len(made.Chapters) == maxEntries {
				return
			}
			e := catalogue.Entry{Title: cmp.Or(clip(m.Title, maxLine), fmt.Sprint(n+1)), Href: p.Href}
			if m.At > 0 {
				e.Href += fmt.Sprintf("#t=%.6g", math.Round(m.At*1000)/1000)
			}
			made.Chapters = append(made.Chapters, e)
		}
	}
}
