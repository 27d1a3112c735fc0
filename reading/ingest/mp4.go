package ingest

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxAtoms = 100_000 // on one level of an mp4
	maxNest  = 10
)

// track is one track of an mp4.
type track struct {
	id       uint32
	kind     string // soun, text
	codec    string
	scale    uint32
	length   uint64
	chapters []uint32 // ids of the tracks that hold its chapters
	stbl     []byte
}

// movie is the description of an mp4 while it is read (ISO/IEC 14496-12, and
// Apple's names for what a tag is).
type movie struct {
	sound
	tracks []*track
	nero   []mark
	scale  uint32
	length uint64
}

// readMP4 reads the description of an mp4, which is at its beginning or its end.
func readMP4(r io.ReaderAt, size int64) (sound, error) {
	at, head := int64(0), make([]byte, 16)
	for range maxAtoms {
		n, _ := r.ReadAt(head, at)
		if n < 8 {
			break
		}
		length, skip := int64(be32(head, 0)), int64(8)
		switch {
		case length == 1 && n == 16:
			length, skip = int64(min(be64(head, 8), 1<<62)), 16
		case length == 0:
			length = size - at
		}
		if length < skip || length > size-at {
			return sound{}, ErrNoSound.Because(errCut)
		}
		if string(head[4:8]) == "moov" {
			if length > maxMovie {
				return sound{}, ErrNoSound.Because(fmt.Errorf("its description takes %d MB", length>>20))
			}
			body := make([]byte, length-skip)
			if _, err := r.ReadAt(body, at+skip); err != nil && err != io.EOF {
				return sound{}, err
			}
			m := &movie{}
			m.read(body, nil, 0)
			return m.tell(r, size)
		}
		at += length
	}
	return sound{}, ErrNoSound.Because(errors.New("it has no description"))
}

// atoms walks over the atoms in a piece.
func atoms(b []byte, see func(name string, body []byte)) {
	for n := 0; len(b) >= 8 && n < maxAtoms; n++ {
		length, skip := uint64(be32(b, 0)), uint64(8)
		switch {
		case length == 1:
			length, skip = be64(b, 8), 16
		case length == 0:
			length = uint64(len(b))
		}
		if length < skip || length > uint64(len(b)) {
			return
		}
		see(string(b[4:8]), b[skip:length])
		b = b[length:]
	}
}

func (m *movie) read(b []byte, t *track, depth int) {
	if depth > maxNest {
		return
	}
	atoms(b, func(name string, body []byte) {
		wide := len(body) > 0 && body[0] == 1 // version 1 has times of 64 bits
		switch name {
		case "trak":
			if len(m.tracks) < 100 {
				t := &track{}
				m.tracks = append(m.tracks, t)
				m.read(body, t, depth+1)
			}
		case "mdia", "minf", "udta", "edts":
			m.read(body, t, depth+1)
		case "meta": // has four bytes in front, except where it has not
			if be32(body, 4) != 0x68646c72 { // hdlr
				body = from(body, 4)
			}
			m.read(body, t, depth+1)
		case "ilst":
			atoms(body, m.tag)
		case "chpl":
			m.neroChapters(body)
		case "mvhd":
			m.scale, m.length = times(body, wide)
		}
		if t == nil {
			return
		}
		switch name {
		case "tkhd":
			at := 12
			if wide {
				at = 20
			}
			t.id = be32(body, at)
		case "mdhd":
			t.scale, t.length = times(body, wide)
			at := 20
			if wide {
				at = 32
			}
			if lang := packed(be16(body, at)); lang != "und" && lang != "eng" && m.Tags.Language == "" { // eng is what programs write when they know nothing
				m.Tags.Language = lang
			}
		case "hdlr":
			if len(body) >= 12 && t.kind == "" {
				t.kind = string(body[8:12])
			}
		case "tref":
			atoms(body, func(name string, ids []byte) {
				for i := 0; name == "chap" && i+4 <= len(ids) && i < 40; i += 4 {
					t.chapters = append(t.chapters, be32(ids, i))
				}
			})
		case "stbl":
			t.stbl = body
			atoms(body, func(name string, body []byte) {
				if name == "stsd" && len(body) >= 16 {
					t.codec = string(body[12:16])
				}
			})
		}
	})
}

func times(b []byte, wide bool) (scale uint32, length uint64) {
	if wide {
		return be32(b, 20), be64(b, 24)
	}
	return be32(b, 12), uint64(be32(b, 16))
}

// packed is a language of three letters in fifteen bits.
func packed(n int) string {
	b := []byte{byte(n>>10&31) + 0x60, byte(n>>5&31) + 0x60, byte(n&31) + 0x60}
	if strings.Trim(string(b), "abcdefghijklmnopqrstuvwxyz") != "" {
		return "und"
	}
	return string(b)
}

// tell puts together what was read.
func (m *movie) tell(r io.ReaderAt, size int64) (sound, error) {
	var spoken *track
	for _, t := range m.tracks {
		if t.kind == "soun" && spoken == nil {
			spoken = t
		}
	}
	if spoken == nil {
		return m.sound, ErrNoSound
	}
	switch spoken.codec {
	case "mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3":
	case "drms", "aavd", "aavx", "enca", "p608":
		return m.sound, ErrLocked
	default:
		return m.sound, ErrNoSound.Because(fmt.Errorf("its sound is %q", spoken.codec))
	}
	if spoken.scale > 0 {
		m.Seconds = float64(spoken.length) / float64(spoken.scale)
	}
	if m.Seconds == 0 && m.scale > 0 {
		m.Seconds = float64(m.length) / float64(m.scale)
	}
	m.Type, m.Marks = "audio/mp4", m.nero
	for _, t := range m.tracks {
		for _, id := range spoken.chapters {
			if t.id == id && t.kind == "text" {
				if marks := t.marks(r, size); len(marks) > 0 {
					m.Marks = marks
				}
			}
		}
	}
	return m.sound, nil
}

// neroChapters reads the list that Nero invented: hundreds of nanoseconds, and a name.
func (m *movie) neroChapters(b []byte) {
	at := 4
	if len(b) > 0 && b[0] == 1 {
		at = 8
	}
	if at >= len(b) {
		return
	}
	count := int(b[at])
	at++
	for i := 0; i < count && at+9 <= len(b); i++ {
		length := int(b[at+8])
		if at+9+length > len(b) {
			return
		}
		m.nero = append(m.nero, mark{At: float64(be64(b, at)) / 1e7, Title: plainTag(string(b[at+9 : at+9+length]))})
		at += 9 + length
	}
}

// marks reads a track of chapters: each sample is a name, and lasts as long as its chapter.
func (t *track) marks(r io.ReaderAt, size int64) []mark {
	var stts, stsz, stsc, stco []byte
	wide := false
	atoms(t.stbl, func(name string, body []byte) {
		switch name {
		case "stts":
			stts = from(body, 8)
		case "stsz":
			stsz = from(body, 4)
		case "stsc":
			stsc = from(body, 8)
		case "stco", "co64":
			stco, wide = from(body, 8), name == "co64"
		}
	})
	count := int(min(be32(stsz, 4), maxEntries))
	if t.scale == 0 || count == 0 {
		return nil
	}
	var list []mark
	chunk, inChunk, offset, run, time := 0, 0, int64(0), 0, uint64(0)
	left, each := be32(stts, 0), be32(stts, 4)
	for i := range count {
		length := int64(be32(stsz, 0))
		if length == 0 {
			length = int64(be32(stsz, 8+4*i))
		}
		if inChunk == 0 {
			for run+1 < len(stsc)/12 && int(be32(stsc, 12*(run+1))) <= chunk+1 {
				run++
			}
			if inChunk = int(min(be32(stsc, 12*run+4), maxEntries)); inChunk == 0 {
				break
			}
			if offset = int64(be32(stco, 4*chunk)); wide {
				offset = int64(min(be64(stco, 8*chunk), 1<<62))
			}
			chunk++
		}
		if offset <= 0 || length > size || offset > size-length {
			break
		}
		text := make([]byte, min(length, 2048))
		if _, err := r.ReadAt(text, offset); err != nil && err != io.EOF {
			break
		}
		list = append(list, mark{At: float64(time) / float64(t.scale), Title: sampleText(text)})
		offset, inChunk = offset+length, inChunk-1
		time += uint64(each)
		if left--; left == 0 {
			stts = from(stts, 8)
			left, each = be32(stts, 0), be32(stts, 4)
		}
	}
	return list
}

// sampleText is a length of two bytes and a text.
func sampleText(b []byte) string {
	length := be16(b, 0)
	b = from(b, 2)
	b = b[:min(length, len(b))]
	if len(b) > 2 && (b[0] == 0xfe && b[1] == 0xff || b[0] == 0xff && b[1] == 0xfe) {
		return clip(utf16Text(b, b[0] == 0xfe), maxLine)
	}
	return clip(plainTag(string(b)), maxLine)
}

// tag takes one tag of iTunes' list.
func (m *movie) tag(name string, body []byte) {
	var own, value string
	var data []byte
	atoms(body, func(part string, b []byte) {
		switch {
		case part == "data" && data == nil && len(b) > 8:
			data = b[8:]
			value = tagText(data[:min(len(data), maxText*4)], 3)
		case part == "name":
			own = string(from(b, 4)[:min(100, len(from(b, 4)))])
		}
	})
	t := &m.Tags
	switch name {
	case "\xa9nam":
		t.Title = value
	case "\xa9alb":
		t.Album = value
	case "\xa9ART":
		t.Artist = value
	case "aART":
		t.AlbumArtist = value
	case "\xa9wrt":
		t.Composer = value
	case "\xa9nrt":
		t.Narrator = value
	case "\xa9day":
		t.Published = value
	case "\xa9gen":
		t.Genre = value
	case "\xa9pub":
		t.Publisher = value
	case "\xa9st3":
		t.Subtitle = value
	case "ldes":
		t.Description = value
	case "desc", "\xa9cmt":
		if t.Description == "" {
			t.Description = value
		}
	case "trkn":
		t.Track = be16(data, 2)
	case "disk":
		t.Disc = be16(data, 2)
	case "covr":
		if t.Picture == nil && len(data) <= maxEmbedded && len(data) > 0 {
			t.Picture = data
		}
	case "----":
		t.named(own, value)
	}
}
