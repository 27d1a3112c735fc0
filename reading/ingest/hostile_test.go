package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"lidwoord/base/fault"
	"lidwoord/reading/catalogue"
)

// rawZip makes a zip by hand: entries may lie about everything.
type entry struct {
	name         string
	data         []byte // as it lies in the zip
	method       uint16
	size, packed uint32 // claims; 0 is the truth
	at           uint32 // where the directory says it begins, when shared
	mode         uint32
	flags        uint16
}

func rawZip(entries ...entry) []byte {
	var out, directory bytes.Buffer
	for i, e := range entries {
		at := uint32(out.Len())
		size, packed := e.size, e.packed
		if size == 0 {
			size = uint32(len(e.data))
		}
		if packed == 0 {
			packed = uint32(len(e.data))
		}
		head := func(sign uint32, more ...uint16) []byte {
			b := binary.LittleEndian.AppendUint32(nil, sign)
			for _, n := range more {
				b = binary.LittleEndian.AppendUint16(b, n)
			}
			b = binary.LittleEndian.AppendUint16(b, 20)
			for _, n := range []uint16{e.flags, e.method, 0, 0} {
				b = binary.LittleEndian.AppendUint16(b, n)
			}
			for _, n := range []uint32{crc32.ChecksumIEEE(e.data), packed, size} {
				b = binary.LittleEndian.AppendUint32(b, n)
			}
			return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(len(e.name))), 0)
		}
		if e.at == 0 || i == 0 {
			out.Write(head(0x04034b50))
			out.WriteString(e.name)
			out.Write(e.data)
		} else {
			at = e.at - 1
		}
		directory.Write(head(0x02014b50, 3<<8|20))
		directory.Write(make([]byte, 6))
		directory.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, e.mode<<16), at))
		directory.WriteString(e.name)
	}
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	end = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(end, uint16(len(entries))), uint16(len(entries)))
	end = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(end, uint32(directory.Len())), uint32(out.Len()))
	out.Write(directory.Bytes())
	out.Write(append(end, 0, 0))
	return out.Bytes()
}

// zeros is a deflated megabyte of nothing, n times.
func zeros(t *testing.T, megabytes int) entry {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, _ := z.CreateHeader(&zip.FileHeader{Name: "x", Method: zip.Deflate})
	for range megabytes {
		w.Write(make([]byte, 1<<20))
	}
	z.Close()
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := r.File[0].DataOffset()
	return entry{data: out.Bytes()[at : at+int64(r.File[0].CompressedSize64)], method: zip.Deflate, size: uint32(megabytes << 20)}
}

// Whatever comes in is refused with its reason, or cleaned; within seconds, and
// within memory that does not depend on what it claims.
func TestHostileFilesAreRefusedOrCleaned(t *testing.T) {
	book := []entry{{name: "META-INF/container.xml", data: []byte(ContainerXML)}}
	with := func(more ...entry) []byte { return rawZip(append(book, more...)...) }
	named := func(e entry, name string) entry { e.name = name; return e }
	bomb := zeros(t, 200)
	liar := zeros(t, 20)
	liar.size = 1000
	many := make([]entry, MaxFiles+1)
	for i := range many {
		many[i] = entry{name: fmt.Sprint(i)}
	}
	// one piece of data, and a directory that lists it a thousand times
	shared := []entry{{name: "0", data: bytes.Repeat([]byte("kwadraat "), 1000)}}
	for i := 1; i < 1000; i++ {
		shared = append(shared, entry{name: fmt.Sprint(i), data: shared[0].data, at: 1})
	}
	opf := func(metadata string) []byte {
		return epub(t, "<dc:title>x</dc:title>"+metadata, "")
	}
	laughs := `<!DOCTYPE package [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY x SYSTEM "file:///etc/passwd">]>`
	claim := func(width, height uint32) string { // a PNG of 33 bytes that claims to be huge
		head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)...)
		head = append(head, 8, 6, 0, 0, 0)
		b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
		return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head)))
	}

	for name, c := range map[string]struct {
		data []byte
		want error  // nil is taken
		says string // in the reason, or in the notes
	}{
		"climbs out":              {with(entry{name: "../../etc/cron.d/x"}), ErrDangerous, `"../../etc/cron.d/x"`},
		"climbs out inside":       {with(entry{name: "a/../../x"}), ErrDangerous, "file name"},
		"absolute":                {with(entry{name: "/etc/passwd"}), ErrDangerous, "file name"},
		"backslash":               {with(entry{name: `..\x`}), ErrDangerous, "file name"},
		"a folder climbs out":     {with(entry{name: "../x/"}), ErrDangerous, "file name"},
		"NUL in a name":           {with(entry{name: "a\x00b"}), ErrDangerous, "file name"},
		"a name without end":      {with(entry{name: strings.Repeat("a", 60_000)}), ErrDangerous, "file name"},
		"the same name twice":     {with(entry{name: "a"}, entry{name: "a"}), ErrDangerous, "two files"},
		"one name to a Mac":       {with(entry{name: "Omslag.jpg"}, entry{name: "omslag.JPG"}), ErrDangerous, "one file to some computers"},
		"one name in two forms":   {with(entry{name: "caf\u00e9"}, entry{name: "cafe\u0301"}), ErrDangerous, "one file to some computers"},
		"a link":                  {with(entry{name: "a", data: []byte("/etc/passwd"), mode: 0o120777}), ErrDangerous, "a link or a device"},
		"a device":                {with(entry{name: "a", mode: 0o060666}), ErrDangerous, "a link or a device"},
		"wants a password":        {with(entry{name: "a", flags: 1}), ErrLocked, "password"},
		"packed strangely":        {with(entry{name: "a", method: 93}), ErrNotABook, "packed"},
		"too many files":          {rawZip(many...), catalogue.ErrTooBig, "files"},
		"a bomb":                  {with(named(bomb, "OPS/a.jpg")), ErrDangerous, "unpack to"},
		"four gigabytes, claimed": {with(entry{name: "a", data: []byte("x"), size: 0xfffffff0}), catalogue.ErrTooBig, "unpacks to more"},
		"shared bytes":            {rawZip(shared...), ErrDangerous, "share their bytes"},
		"a zip that ends early":   {with(entry{name: "a", data: []byte("x")})[:60], ErrNotABook, ""},
		"the package lies":        {with(named(liar, "OPS/book.opf")), ErrNotABook, "package file"},
		"a deep package":          {with(entry{name: "OPS/book.opf", data: []byte("<package>" + strings.Repeat("<metadata>", 300_000))}), ErrNotABook, ""},
		"billion laughs":          {with(entry{name: "OPS/book.opf", data: []byte(laughs + `<package><metadata><title>&c;</title></metadata></package>`)}), ErrNotABook, "no chapter"},
		"no zip":                  {[]byte("PK\x03\x04 geen zip"), ErrNotABook, ""},

		"external entity":         {opf(`<dc:description>&lt;!ENTITY x SYSTEM "file:///etc/passwd"&gt;&amp;x;</dc:description>`), nil, ""},
		"a cover of ten billion":  {epub(t, `<dc:title>x</dc:title>`, `<item id="o" href="o.png" media-type="image/png" properties="cover-image"/>`, "OPS/o.png", claim(100_000, 100_000)), nil, "100000 by 100000"},
		"a cover beyond counting": {epub(t, `<dc:title>x</dc:title>`, `<item id="o" href="o.png" media-type="image/png" properties="cover-image"/>`, "OPS/o.png", claim(1<<31-1, 1<<31-1)), nil, "left out as a cover"},
		"a cover that ends early": {epub(t, `<dc:title>x</dc:title>`, `<item id="o" href="o.png" media-type="image/png" properties="cover-image"/>`, "OPS/o.png", claim(3000, 3000)), nil, "cover left out"},
		"deep chapter":            {epub(t, `<dc:title>x</dc:title>`, `<item id="t" href="twee.xhtml" media-type="application/xhtml+xml"/>`, "OPS/twee.xhtml", strings.Repeat("<p>", 200_000)), nil, "empty page"},
		"a chapter that swells":   {epub(t, `<dc:title>x</dc:title>`, `<item id="t" href="twee.xhtml" media-type="text/html"/>`, "OPS/twee.xhtml", swelling()), nil, "empty page"},
		"a million elements":      {epub(t, `<dc:title>x</dc:title>`, `<item id="t" href="twee.xhtml" media-type="text/html"/>`, "OPS/twee.xhtml", strings.Repeat("<i/>", 1_500_000)), nil, "empty page"},
		"laughs in a chapter":     {epub(t, `<dc:title>x</dc:title>`, `<item id="t" href="twee.xhtml" media-type="application/xhtml+xml"/>`, "OPS/twee.xhtml", laughs+"<html><body>&c;&x;</body></html>"), nil, ""},
		"a book in a book":        {epub(t, `<dc:title>x</dc:title>`, `<item id="t" href="t.zip" media-type="application/zip"/>`, "OPS/t.zip", string(with(named(bomb, "a")))), nil, ""},
		"a damaged picture": {with(entry{name: "OPS/book.opf", data: []byte(`<package><metadata><title>x</title></metadata><manifest><item id="c" href="c.html" media-type="text/html"/><item href="p.jpg" media-type="image/jpeg"/></manifest><spine><itemref idref="c"/></spine></package>`)},
			entry{name: "OPS/c.html", data: []byte("<p>x")}, entry{name: "OPS/p.jpg", data: []byte("\xff\xff\xff"), method: zip.Deflate, size: 90}), nil, "is damaged"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		p, err := OpenEPUB(bytes.NewReader(c.data), int64(len(c.data)))
		dir := t.TempDir()
		if err == nil {
			err = catalogue.Stacks{Dir: dir}.Keep(p)
		}
		runtime.ReadMemStats(&after)
		if took, memory := time.Since(start), after.TotalAlloc-before.TotalAlloc; took > 10*time.Second || memory > 1<<30 {
			t.Errorf("%s took %v and %d MB", name, took, memory>>20)
		}
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
			continue
		}
		if err != nil {
			if refused := new(fault.Error); !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s says %q, want %q", name, err, c.says)
			}
			if left, _ := filepath.Glob(dir + "/*/*"); len(left) > 0 {
				t.Errorf("%s left %v", name, left)
			}
			continue
		}
		if notes := strings.Join(p.Manifest.Notes, "\n"); !strings.Contains(notes, c.says) {
			t.Errorf("%s notes %q, want %q", name, notes, c.says)
		}
		filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if text, err := os.ReadFile(name); err == nil && (bytes.Contains(text, []byte("root:")) || bytes.Contains(text, []byte("hahahaha"))) {
				t.Errorf("%s: %.100s", name, text)
			}
			return err
		})
	}
}

// swelling is what an HTML parser makes a thousand times larger: formatting that is
// never closed, and opened again in each paragraph.
func swelling() string {
	var b strings.Builder
	b.WriteString("<body><br>")
	for i := range 400 {
		fmt.Fprintf(&b, "<b id=%d>", i)
	}
	b.WriteString(strings.Repeat("<p>x", 200_000))
	return b.String()
}

func TestAZipOfTracksIsAsCareful(t *testing.T) {
	sound := silence(50, nil)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"a book":                 {rawZip(entry{name: "Het boek/01.mp3", data: sound}, entry{name: "Het boek/02.mp3", data: sound}, entry{name: "__MACOSX/01.mp3", data: sound}), nil},
		"in folders":             {rawZip(entry{name: "Deel 1/01.mp3", data: sound}, entry{name: "Deel 2/01.mp3", data: sound}), nil},
		"climbs out":             {rawZip(entry{name: "../01.mp3", data: sound}), ErrDangerous},
		"a link":                 {rawZip(entry{name: "01.mp3", data: []byte("/etc/passwd"), mode: 0o120777}), ErrDangerous},
		"no sound":               {rawZip(entry{name: "a.txt", data: []byte("x")}), ErrNoSound},
		"a long name":            {rawZip(entry{name: strings.Repeat("a", 300) + ".mp3", data: sound}), ErrNotABook},
		"the manifest leads out": {rawZip(entry{name: "01.mp3", data: sound}, entry{name: "manifest.json", data: []byte(`{"readingOrder":[{"href":"../../../../etc/passwd"}]}`)}), ErrDangerous},
		"an EPUB":                {epub(t, "<dc:title>x</dc:title>", ""), nil},
	} {
		work := filepath.Join(t.TempDir(), "work")
		p, done, err := openZip(bytes.NewReader(c.data), int64(len(c.data)), work)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			if err := (catalogue.Stacks{Dir: t.TempDir()}).Keep(p); err != nil {
				t.Errorf("%s: Keep: %v", name, err)
			}
		}
		done()
		if left, _ := filepath.Glob(work + "/*"); len(left) > 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
}
