package ingest

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lidwoord/reading/catalogue"
)

func files(list map[string][]byte) fstest.MapFS {
	folder := fstest.MapFS{}
	for name, data := range list {
		folder[name] = &fstest.MapFile{Data: data}
	}
	return folder
}

func hrefs(parts []catalogue.Part) (list []string) {
	for _, p := range parts {
		list = append(list, p.Href)
	}
	return list
}

func TestTracksWithoutAManifestAreABook(t *testing.T) {
	tag := func(track string) []byte {
		return id3Tag("TALB", "\x03Het huis aan de es", "TPE1", "\x00Ada Kingma", "TCOM", "\x01\xff\xfeJ\x00e\x00l\x00l\x00e\x00", "TLAN", "\x00dut", "TYER", "\x002021", "TRCK", "\x00"+track,
			"TXXX", "\x03ISBN\x009789024594238", "APIC", "\x00image/jpeg\x00\x03\x00"+string(coverJPEG(300, 300)))
	}
	p, err := OpenAudio(files(map[string][]byte{
		"cd 1/deel 1.mp3": silence(100, tag("1")), "cd 1/deel 2.mp3": silence(100, tag("2")), "cd 1/deel 10.mp3": silence(200, tag("3")),
		"cd 2/deel 1.mp3": silence(400, tag("1")), "._deel 1.mp3": []byte("x"), "__MACOSX/deel 1.mp3": []byte("x"), "lees mij.txt": []byte("x"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := hrefs(p.Manifest.Order); !slices.Equal(got, []string{"cd 1/deel 1.mp3", "cd 1/deel 2.mp3", "cd 1/deel 10.mp3", "cd 2/deel 1.mp3"}) {
		t.Errorf("in the order %v", got)
	}
	x := p.Title
	if x.Name != "Het huis aan de es" || x.Author() != "Ada Kingma" || x.Narrator() != "Jelle" || x.Language != "nl" || x.Published != "2021" || x.ISBN != "9789024594238" || x.Cover != embedded {
		t.Errorf("read %+v", x)
	}
	if want := 800 * frameSeconds; math.Abs(x.Duration.Seconds()-want) > 0.01 {
		t.Errorf("lasts %v, want %.2f s", x.Duration, want)
	}
	pictures, err := p.Covers()
	if err != nil || len(pictures) != 2 || pictures[0].Width != 120 || pictures[1].Width != 240 {
		t.Errorf("covers %d, %v; a picture of 300 is never made wider", len(pictures), err)
	}
}

func TestNumbersInTheTracksGoBeforeNames(t *testing.T) {
	p, err := OpenAudio(files(map[string][]byte{"a.mp3": silence(9, id3Tag("TRCK", "\x002/2")), "b.mp3": silence(9, id3Tag("TRCK", "\x001/2"))}))
	if err != nil {
		t.Fatal(err)
	}
	if got := hrefs(p.Manifest.Order); !slices.Equal(got, []string{"b.mp3", "a.mp3"}) || len(p.Manifest.Notes) != 1 {
		t.Errorf("in the order %v, notes %v", got, p.Manifest.Notes)
	}
}

func TestChaptersInATrackAreItsContents(t *testing.T) {
	vorbis := []string{"ALBUM=De nacht", "ARTIST=Ada", "PERFORMER=Jelle", "CHAPTER001=00:00:00.000", "CHAPTER001NAME=Een", "CHAPTER002=00:01:05.500", "CHAPTER002NAME=Twee"}
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"n.mp3":  {silence(4000, id3Tag("TALB", "\x03De nacht", "TPE1", "\x03Ada", "TCOM", "\x03Jelle", "CHAP", chap("b", 65500, "Twee"), "CHAP", chap("a", 0, "Een"))), []string{"n.mp3", "n.mp3#t=65.5"}},
		"n.m4b":  {audiobookMP4(120, "mp4a", chpl(0, "Een", 65, "Twee"), ilst("\xa9alb", "De nacht", "\xa9ART", "Ada", "\xa9nrt", "Jelle")), []string{"n.m4b", "n.m4b#t=65"}},
		"n.opus": {opus(120, vorbis...), []string{"n.opus", "n.opus#t=65.5"}},
	} {
		p, err := OpenTrack(files(map[string][]byte{name: c.data}), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, e := range p.Manifest.Chapters {
			got = append(got, e.Href)
		}
		if !slices.Equal(got, c.want) || p.Manifest.Chapters[1].Title != "Twee" || p.Title.Name != "De nacht" || p.Title.Author() != "Ada" || p.Title.Narrator() != "Jelle" {
			t.Errorf("%s: %+v %+v", name, p.Manifest.Chapters, p.Title)
		}
		if p.Title.Duration < 100*time.Second || p.Title.Duration > 121*time.Second {
			t.Errorf("%s lasts %v", name, p.Title.Duration)
		}
	}
}

func TestAW3CManifestIsRead(t *testing.T) {
	manifest := `{"@context":["https://schema.org","https://www.w3.org/ns/pub-context"],"conformsTo":"https://www.w3.org/TR/audiobooks/","type":"Audiobook","id":"urn:isbn:9789024594238",
		"name":[{"value":"De nacht","language":"nl"}],"author":{"type":"Person","name":"Ada Kingma"},"readBy":["Jelle"],"inLanguage":"nl-NL","datePublished":"2021-03-02",
		"readingOrder":[{"url":"een%20twee.mp3","encodingFormat":"audio/mpeg","name":"Begin","duration":"PT99S"},"drie.mp3"],
		"resources":[{"url":"omslag.jpg","rel":"cover"},{"url":"toc.html","rel":"contents","encodingFormat":"text/html"}]}`
	p, err := OpenAudio(files(map[string][]byte{"publication.json": []byte(manifest), "een twee.mp3": silence(400, nil), "drie.mp3": silence(400, nil), "omslag.jpg": coverJPEG(130, 130),
		"toc.html": []byte(`<nav role="doc-toc"><ol><li><a href="een%20twee.mp3#t=3">Na drie</a></li><li><a href="../weg">Weg</a></li></ol></nav>`)}))
	if err != nil {
		t.Fatal(err)
	}
	x := p.Title
	if x.Name != "De nacht" || x.Author() != "Ada Kingma" || x.Narrator() != "Jelle" || x.Language != "nl" || x.ISBN != "9789024594238" || x.Cover != "omslag.jpg" || x.Published != "2021-03-02" {
		t.Errorf("read %+v", x)
	}
	if len(p.Manifest.Order) != 2 || p.Manifest.Order[0].Title != "Begin" || math.Abs(p.Manifest.Order[0].Duration-400*frameSeconds) > 0.01 {
		t.Errorf("tracks %+v", p.Manifest.Order)
	}
	if len(p.Manifest.Chapters) != 1 || p.Manifest.Chapters[0].Href != "een twee.mp3#t=3" {
		t.Errorf("contents %+v", p.Manifest.Chapters)
	}
	if !strings.Contains(strings.Join(p.Manifest.Notes, ";"), "een twee.mp3 lasts 10 seconds and not 99") {
		t.Errorf("notes %v", p.Manifest.Notes)
	}
}

func TestSoundThatLiesIsRefused(t *testing.T) {
	big := audiobookMP4(60, "mp4a")
	endless := bytes.Clone(big)
	i := bytes.Index(endless, []byte("mdhd")) // a length that no file of this size can have
	copy(endless[i+20:], u32s(0xfffffff0))
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"no sound":                {[]byte(strings.Repeat("geen geluid ", 1000)), ErrNoSound},
		"noise without end":       {bytes.Repeat([]byte{0xff}, 6<<20), ErrNoSound},
		"one frame in noise":      {append(silence(1, nil), make([]byte, 5<<20)...), ErrNoSound},
		"a tag without end":       {append([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), silence(9, nil)...), ErrNoSound},
		"a tag, and nothing else": {id3Tag("TALB", "\x03x"), ErrNoSound},
		"cut off":                 {big[:len(big)-100], ErrNoSound},
		"atoms without end":       {append(atom("ftyp", make([]byte, 8)), bytes.Repeat(atom("free"), 200_000)...), ErrNoSound},
		"an atom of nothing":      {append(atom("ftyp", make([]byte, 8)), 0, 0, 0, 3, 'm', 'o', 'o', 'v'), ErrNoSound},
		"lasts for ever":          {endless, ErrNoSound},
		"another platform's":      {audiobookMP4(60, "aavd"), ErrLocked},
		"no codec of a browser":   {audiobookMP4(60, "alac"), ErrNoSound},
		"Ogg without end":         {oggPage(1<<62, append([]byte("OpusHead\x01\x01"), make([]byte, 20)...)), ErrNoSound},
		"FLAC":                    {append([]byte("fLaC"), make([]byte, 100)...), ErrNoSound},
	} {
		start := time.Now()
		if _, err := OpenTrack(files(map[string][]byte{"x.mp3": c.data}), "x.mp3"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestADamagedTrackPlaysAsFarAsItGoes(t *testing.T) {
	data := silence(100, nil)
	data = append(append(data[:50*104:50*104], make([]byte, 3000)...), data[50*104:100*104-60]...)
	p, err := OpenTrack(files(map[string][]byte{"x.mp3": data}), "x.mp3")
	if err != nil || math.Abs(p.Title.Duration.Seconds()-99*frameSeconds) > 0.03 || len(p.Manifest.Notes) != 1 {
		t.Errorf("%v: lasts %v, notes %v", err, p.Title.Duration, p.Manifest.Notes)
	}
}

func TestNamesAreOrderedAsPeopleCount(t *testing.T) {
	want := []string{"1.mp3", "2.mp3", "10.mp3", "boek/CD 1/9.mp3", "boek/CD 1/10.mp3", "boek/CD 2/1.mp3", "boek/CD 10/1.mp3", "Deel 1.mp3", "deel 02.mp3", "deel 3.mp3"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if natural("a1", "a01") == 0 || natural("x", "x") != 0 {
		t.Error("different names have an order, a name and itself have none")
	}
}

func TestEachTrackThatIsLeftOutIsNamed(t *testing.T) {
	noise := []byte(strings.Repeat("geen geluid ", 1000))
	p, err := OpenAudio(files(map[string][]byte{"1.mp3": silence(9, nil), "2.mp3": noise, "3.mp3": noise}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"2.mp3 is left out: ", "3.mp3 is left out: "} {
		if !strings.Contains(strings.Join(p.Manifest.Notes, ";"), name) {
			t.Errorf("%q is not in %q", name, p.Manifest.Notes)
		}
	}
}
