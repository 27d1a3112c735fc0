package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// What the tests feed to the readers is made here, byte by byte, so that nobody has
// to believe another program's output.

// Zipped makes a zip of name, text, name, text …
func Zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[i+1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const ContainerXML = `<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`

const pageXML = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Een</title></head><body><h1>Een</h1><p>Tekst</p></body></html>`

// epub makes an EPUB with one chapter, of metadata, items and further files.
func epub(t testing.TB, metadata, items string, files ...string) []byte {
	t.Helper()
	return epubOf(t, pageXML, metadata, items, files...)
}

// epubOf is epub with a chapter of one's own.
func epubOf(t testing.TB, chapter, metadata, items string, files ...string) []byte {
	t.Helper()
	opf := `<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="n"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">` + metadata +
		`</metadata><manifest><item id="c1" href="een.xhtml" media-type="application/xhtml+xml"/>` + items + `</manifest><spine><itemref idref="c1"/></spine></package>`
	return Zipped(t, append([]string{"mimetype", "application/epub+zip", "META-INF/container.xml", ContainerXML, "OPS/book.opf", opf, "OPS/een.xhtml", chapter}, files...)...)
}

// silence makes an mp3 of some frames, MPEG-2 layer III at 32 kbit/s and 22,050 Hz,
// each 576 samples; a tag may stand in front.
func silence(frames int, tag []byte) []byte {
	one := make([]byte, 104) // 72 * 32000 / 22050
	copy(one, []byte{0xff, 0xf3, 0x40, 0xc4})
	return append(bytes.Clone(tag), bytes.Repeat(one, frames)...)
}

const frameSeconds = 576.0 / 22050

// id3Tag makes an ID3v2.3 tag of name, content, name, content …
func id3Tag(frames ...string) []byte {
	var body bytes.Buffer
	for i := 0; i < len(frames); i += 2 {
		fmt.Fprintf(&body, "%s%s\x00\x00%s", frames[i], binary.BigEndian.AppendUint32(nil, uint32(len(frames[i+1]))), frames[i+1])
	}
	n := body.Len()
	return append([]byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}, body.Bytes()...)
}

// chap makes the content of a CHAP frame.
func chap(id string, millis uint32, title string) string {
	b := append([]byte(id+"\x00"), binary.BigEndian.AppendUint32(nil, millis)...)
	b = append(b, make([]byte, 12)...)
	return string(b) + "TIT2" + string(binary.BigEndian.AppendUint32(nil, uint32(len(title)+1))) + "\x00\x00\x03" + title
}

// atom makes an atom of an mp4.
func atom(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), name...), body...)
}

func u32s(numbers ...uint32) (b []byte) {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// audiobookMP4 makes an m4b of some seconds with tags of iTunes and, when wanted,
// chapters as Nero writes them.
func audiobookMP4(seconds uint32, codec string, udta ...[]byte) []byte {
	mdhd := atom("mdhd", u32s(0, 0, 0, 1000, seconds*1000), []byte{0x38, 0x8c, 0, 0}) // nld
	hdlr := atom("hdlr", u32s(0, 0), []byte("soun"), make([]byte, 12))
	stsd := atom("stsd", u32s(0, 1), atom(codec, make([]byte, 28)))
	trak := atom("trak", atom("tkhd", u32s(0, 0, 0, 1, 0)), atom("mdia", mdhd, hdlr, atom("minf", atom("stbl", stsd))))
	moov := atom("moov", atom("mvhd", u32s(0, 0, 0, 1000, seconds*1000)), trak, atom("udta", udta...))
	mdat := atom("mdat", make([]byte, int(seconds)*500))
	return bytes.Join([][]byte{atom("ftyp", []byte("M4B \x00\x00\x00\x00")), mdat, moov}, nil) // the description at the end, as encoders leave it
}

func ilst(pairs ...string) []byte {
	var tags []byte
	for i := 0; i < len(pairs); i += 2 {
		tags = append(tags, atom(pairs[i], atom("data", u32s(1, 0), []byte(pairs[i+1])))...)
	}
	return atom("meta", u32s(0), atom("hdlr", make([]byte, 25)), atom("ilst", tags))
}

func chpl(marks ...any) []byte {
	b := append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, byte(len(marks)/2))
	for i := 0; i < len(marks); i += 2 {
		title := marks[i+1].(string)
		b = binary.BigEndian.AppendUint64(b, uint64(marks[i].(int))*1e7)
		b = append(append(b, byte(len(title))), title...)
	}
	return atom("chpl", b)
}

// oggPage makes a page of an Ogg stream.
func oggPage(granule uint64, packet []byte) []byte {
	b := append([]byte("OggS\x00\x00"), binary.LittleEndian.AppendUint64(nil, granule)...)
	b = append(b, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0)
	var table []byte
	for n := len(packet); ; n -= 255 {
		if n < 255 {
			table = append(table, byte(n))
			break
		}
		table = append(table, 255)
	}
	b = append(append(b, byte(len(table))), table...)
	return append(b, packet...)
}

func opus(seconds int, comments ...string) []byte {
	head := append([]byte("OpusHead\x01\x01"), 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0)
	tags := append([]byte("OpusTags"), binary.LittleEndian.AppendUint32(nil, 1)...)
	tags = append(tags, 'x')
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(comments)))
	for _, c := range comments {
		tags = append(binary.LittleEndian.AppendUint32(tags, uint32(len(c))), c...)
	}
	var sound []byte
	for range seconds {
		sound = append(sound, oggPage(0xffffffffffffffff, make([]byte, 250))...)
	}
	return bytes.Join([][]byte{oggPage(0, head), oggPage(0, tags), sound, oggPage(uint64(seconds)*48000+312, make([]byte, 250))}, nil)
}

// coverJPEG makes a picture of a size.
func coverJPEG(width, height int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x + y), 255})
		}
	}
	var out bytes.Buffer
	jpeg.Encode(&out, m, nil)
	return out.Bytes()
}
