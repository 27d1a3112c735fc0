package ingest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"lidwoord/base/fault"
	"lidwoord/reading/markup"
)

// FuzzReadSound feeds the readers of mp3, ID3, mp4 and Ogg.
func FuzzReadSound(f *testing.F) {
	f.Add(silence(5, id3Tag("TALB", "\x03x", "TXXX", "\x01n\x00\x00\x00v\x00", "APIC", "\x00image/png\x00\x03\x00x", "CHAP", chap("a", 5, "x"))))
	f.Add(append([]byte("ID3\x04\x00\xc0\x00\x00\x00\x20"), make([]byte, 64)...))
	f.Add(append([]byte("ID3\x02\x00\x80\x00\x00\x00\x10TT2\x00\x00\x03\x01\xff\xfe"), make([]byte, 64)...))
	f.Add(audiobookMP4(2, "mp4a", chpl(0, "Een", 1, "Twee"), ilst("\xa9alb", "x", "----", "y")))
	f.Add(audiobookMP4(2, "mp4a", atom("meta", atom("hdlr", make([]byte, 25)))))
	f.Add(opus(2, "ALBUM=x", "CHAPTER001=00:00:01", "CHAPTER001NAME=x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readSound(bytes.NewReader(data), int64(len(data)), "x")
		if refused := new(fault.Error); err != nil && !errors.As(err, &refused) {
			t.Fatalf("an error of ours: %v", err)
		}
		if err == nil && (!(s.Seconds > 0) || s.Seconds > maxSeconds || s.Type == "") {
			t.Fatalf("read %+v", s)
		}
		if len(s.Marks) > maxEntries {
			t.Fatalf("%d chapters", len(s.Marks))
		}
	})
}

// FuzzOpenAudio feeds both kinds of manifest.
func FuzzOpenAudio(f *testing.F) {
	f.Add([]byte(`{"metadata":{"title":{"nl":"x"},"author":[{"name":"a"}],"belongsTo":{"series":{"name":"s","position":2}}},"readingOrder":[{"href":"a.mp3","duration":1}],"resources":[{"href":"o.jpg","rel":"cover"}],"toc":[{"href":"a.mp3#t=1","title":"x","children":[{"href":"a.mp3"}]}]}`), true)
	f.Add([]byte(`{"name":[{"value":"x"}],"readBy":["y"],"readingOrder":["a.mp3",{"url":"../b.mp3","duration":"PT1S"}],"resources":{"url":"a.mp3","rel":["contents"]}}`), false)
	sound := silence(50, nil)
	f.Fuzz(func(t *testing.T, text []byte, readium bool) {
		name := "publication.json"
		if readium {
			name = "manifest.json"
		}
		p, err := OpenAudio(fstest.MapFS{name: {Data: text}, "a.mp3": {Data: sound}, "o.jpg": {Data: []byte("x")}})
		if err != nil {
			return
		}
		for _, part := range slices.Concat(p.Manifest.Order, p.Manifest.Resources) {
			if !markup.Local(part.Href) || part.Type == "" {
				t.Fatalf("part %+v", part)
			}
		}
		if p.Title.Name == "" || len(p.Manifest.Order) == 0 || len(p.Manifest.Chapters) == 0 {
			t.Fatalf("%+v %+v", p.Title, p.Manifest)
		}
	})
}

// FuzzNatural holds the order to what a sort needs: it is one.
func FuzzNatural(f *testing.F) {
	f.Add("deel 2.mp3", "deel 10.mp3", "Deel 03.mp3")
	f.Add("a/1", "a1", "\xff0")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if natural(a, b) != -natural(b, a) || natural(a, a) != 0 {
			t.Fatalf("%q and %q: %d and %d", a, b, natural(a, b), natural(b, a))
		}
		if natural(a, b) <= 0 && natural(b, c) <= 0 && natural(a, c) > 0 {
			t.Fatalf("%q ≤ %q ≤ %q, and not the first and the last", a, b, c)
		}
	})
}

// FuzzAbout feeds what repairs metadata.
func FuzzAbout(f *testing.F) {
	f.Add("nl_NL", "978-90-245-9423-8", "8-12", "2019-03-02")
	f.Fuzz(func(t *testing.T, tongue, number, years, day string) {
		if tag, ok := languageTag(tongue); ok && (tag == "" || len(tag) > 60) {
			t.Fatalf("%q is %q", tongue, tag)
		}
		if isbn, ok := isbn13(number); ok && (len(isbn) != 13 || checkISBN(isbn[:12]) != isbn[12]) {
			t.Fatalf("%q is %q", number, isbn)
		}
		if a, _ := ages(audience{Ranges: []string{years}, Codes: []string{years}, Subjects: []string{years}}); a.From < 0 || a.From > 99 || a.To > 99 {
			t.Fatalf("%q is %+v", years, a)
		}
		if got := date(day); len(got) > 10 {
			t.Fatalf("%q is %q", day, got)
		}
		persons(number)
		subjects([]string{tongue, number})
		place(day)
		role(tongue, "aut")
	})
}
