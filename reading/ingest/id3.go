package ingest

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// id3 is a tag at the beginning of an mp3 (id3.org: 2.2, 2.3 and 2.4).
type id3 struct {
	tags
	marks []mark
}

// readID3 reads the tag at a place and says how long it is, 0 for none. A tag that
// is larger than any we read is passed over.
func readID3(r io.ReaderAt, at, size int64) (id3, int64, error) {
	var t id3
	head := make([]byte, 10)
	if n, _ := r.ReadAt(head, at); n < 10 || string(head[:3]) != "ID3" || head[3] < 2 || head[3] > 4 {
		return t, 0, nil
	}
	length := int64(syncsafe(head[6:]))
	if at+10+length > size {
		return t, 0, ErrNoSound.Because(errCut)
	}
	whole := 10 + length
	if head[3] == 4 && head[5]&0x10 != 0 { // a footer
		whole = min(whole+10, size-at)
	}
	if length > maxTag {
		return t, whole, nil
	}
	body := make([]byte, length)
	if _, err := r.ReadAt(body, at+10); err != nil && err != io.EOF {
		return t, 0, err
	}
	t.read(body, head[3], head[5])
	return t, whole, nil
}

// syncsafe is a number of four times seven bits.
func syncsafe(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return int(b[0]&0x7f)<<21 | int(b[1]&0x7f)<<14 | int(b[2]&0x7f)<<7 | int(b[3]&0x7f)
}

// read reads the frames of a tag of a version.
func (t *id3) read(body []byte, version, flags byte) {
	if flags&0x80 != 0 && version < 4 {
		body = resynchronised(body)
	}
	if flags&0x40 != 0 && version == 3 { // an extended header
		body = from(body, 4+int(min(be32(body, 0), uint32(len(body)))))
	} else if flags&0x40 != 0 && version == 4 {
		body = from(body, syncsafe(body))
	}
	t.frames(body, version, func(name string, data []byte) { t.frame(name, data, version) })
	slices.SortStableFunc(t.marks, func(a, b mark) int { return int(1000*a.At) - int(1000*b.At) })
}

// frames walks over the frames in a piece of a tag.
func (t *id3) frames(body []byte, version byte, see func(name string, data []byte)) {
	names, head := 4, 10
	if version == 2 {
		names, head = 3, 6
	}
	for len(body) > head && body[0] != 0 {
		name := string(body[:names])
		var size int
		switch version {
		case 2:
			size = int(body[3])<<16 | int(body[4])<<8 | int(body[5])
		case 3:
			size = int(min(be32(body, 4), 1<<30))
		case 4:
			if size = syncsafe(body[4:]); !frameFollows(body, head+size) {
				if plain := int(min(be32(body, 4), 1<<30)); frameFollows(body, head+plain) {
					size = plain // as a well-known program wrote it for years
				}
			}
		}
		if size > len(body)-head {
			return
		}
		data := body[head : head+size]
		if version > 2 {
			data = unwrapped(data, version, body[9])
		}
		see(name, data)
		body = body[head+size:]
	}
}

// frameFollows says whether the end of the tag, padding or another frame is at a place.
func frameFollows(body []byte, at int) bool {
	if at >= len(body)-10 {
		return at <= len(body)
	}
	for _, c := range body[at : at+4] {
		if c != 0 && (c < '0' || c > 'Z') {
			return false
		}
	}
	return true
}

// unwrapped undoes what the flags of a frame tell; a frame that is packed or
// locked is left out.
func unwrapped(data []byte, version, flags byte) []byte {
	if version == 3 {
		if flags&0xc0 != 0 {
			return nil
		}
		return from(data, int(flags>>5&1))
	}
	if flags&0x0c != 0 {
		return nil
	}
	data = from(data, int(flags>>6&1)+4*int(flags&1))
	if flags&2 != 0 {
		data = resynchronised(data)
	}
	return data
}

func resynchronised(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0xff, 0}, []byte{0xff}) }

func (t *id3) frame(name string, data []byte, version byte) {
	if len(data) < 2 {
		return
	}
	text := func() string { return tagText(data[1:], data[0]) }
	switch name {
	case "TALB", "TAL":
		t.Album = text()
	case "TIT2", "TT2":
		t.Title = text()
	case "TIT3", "TT3":
		t.Subtitle = text()
	case "TPE1", "TP1":
		t.Artist = text()
	case "TPE2", "TP2":
		t.AlbumArtist = text()
	case "TCOM", "TCM":
		t.Composer = text()
	case "TLAN", "TLA":
		t.Language = text()
	case "TDRC", "TDRL", "TYER", "TYE":
		t.Published = text()
	case "TPUB", "TPB":
		t.Publisher = text()
	case "TCON", "TCO":
		t.Genre = text()
	case "TRCK", "TRK":
		t.Track = leading(text())
	case "TPOS", "TPA":
		t.Disc = leading(text())
	case "COMM", "COM":
		if len(data) > 4 {
			if short, long := pair(data[4:], data[0]); t.Description == "" && short == "" {
				t.Description = long
			}
		}
	case "TXXX", "TXX":
		t.named(pair(data[1:], data[0]))
	case "APIC":
		t.picture(data)
	case "CHAP":
		if len(t.marks) < maxEntries && version > 2 {
			t.chapter(data, version)
		}
	}
}

// pair splits "name NUL value".
func pair(b []byte, encoding byte) (name, value string) {
	end, step := 0, 1
	if encoding == 1 || encoding == 2 {
		step = 2
	}
	for ; end+step <= len(b); end += step {
		if b[end] == 0 && (step == 1 || b[end+1] == 0) {
			return tagText(b[:end], encoding), tagText(b[end+step:], encoding)
		}
	}
	return "", tagText(b, encoding)
}

// named takes what programs write under names of their own; mp4 and ogg share it.
func (t *tags) named(name, value string) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "")) {
	case "narrator", "narratedby", "reader", "readby":
		t.Narrator = value
	case "language":
		t.Language = value
	case "isbn", "barcode":
		t.ISBN = value
	case "series", "mvnm":
		t.Series = value
	case "series-part", "seriespart", "part", "mvin":
		t.SeriesAt = value
	case "publisher", "label":
		t.Publisher = value
	case "subtitle":
		t.Subtitle = value
	case "description", "synopsis", "comment":
		t.Description = value
	}
}

// picture keeps the front cover, or else the first picture.
func (t *id3) picture(data []byte) {
	kind := bytes.IndexByte(data[1:], 0) // behind the encoding: the type, NUL, kind, description, NUL, picture
	if kind < 0 || kind+3 > len(data) || string(data[1:kind+1]) == "-->" {
		return
	}
	front, rest, step := data[kind+2] == 3, from(data, kind+3), 1
	if data[0] == 1 || data[0] == 2 {
		step = 2
	}
	for end := 0; end+step <= len(rest); end += step {
		if rest[end] == 0 && (step == 1 || rest[end+1] == 0) {
			if picture := rest[end+step:]; len(picture) > 0 && len(picture) <= maxEmbedded && (front || t.Picture == nil) {
				t.Picture = picture
			}
			return
		}
	}
}

// chapter reads a CHAP frame: an id, four numbers, and frames of its own.
func (t *id3) chapter(data []byte, version byte) {
	id := bytes.IndexByte(data, 0)
	if id < 0 || id+17 > len(data) {
		return
	}
	m := mark{At: float64(be32(data, id+1)) / 1000}
	t.frames(data[id+17:], version, func(name string, data []byte) {
		if name == "TIT2" && len(data) > 1 {
			m.Title = clip(tagText(data[1:], data[0]), maxLine)
		}
	})
	t.marks = append(t.marks, m)
}

// leading is the number at the beginning of "3/12".
func leading(s string) int {
	s, _, _ = strings.Cut(s, "/")
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > MaxFiles {
		return 0
	}
	return n
}
