package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"lidwoord/reading/markup"
)

// Bounds of what a sound may claim. They hold for memory and for time: whatever
// the bytes say, a reader never takes more than these, and never looks at the
// same bytes twice.
const (
	maxSeconds  = 1_000_000 // of one track: eleven days
	maxTag      = 24 << 20  // bytes of an ID3 tag, with its picture
	maxMovie    = 64 << 20  // bytes of an mp4's description: the sizes of all samples of forty hours take 24 MB
	maxEmbedded = 16 << 20  // bytes of a picture in a sound
	minRate     = 1000      // bits a second; speech is told from noise from 6,000 on
)

// sound is what one track tells about itself.
type sound struct {
	Type    string  // by which we serve it
	Seconds float64 // how long it lasts
	Tags    tags
	Marks   []mark // where its chapters begin
	Damage  string // what is wrong with it, when it plays all the same
}

// tags are the words in a track. Each kind of file has its own names for them.
type tags struct {
	Album, Title, Subtitle, Artist, AlbumArtist, Composer, Narrator string
	Language, Published, Description, Publisher, Genre, ISBN        string
	Series, SeriesAt                                                string
	Disc, Track                                                     int
	Picture                                                         []byte
}

// mark is the beginning of a chapter.
type mark struct {
	At    float64 // seconds
	Title string
}

// readSound looks a track over by what it is, whatever its name says.
func readSound(r io.ReaderAt, size int64, name string) (s sound, err error) {
	first := make([]byte, 12)
	n, _ := r.ReadAt(first, 0)
	switch first = first[:n]; {
	case n == 12 && string(first[4:8]) == "ftyp":
		s, err = readMP4(r, size)
	case strings.HasPrefix(string(first), "OggS"):
		s, err = readOgg(r, size)
	case strings.HasPrefix(string(first), "fLaC"), strings.HasPrefix(string(first), "RIFF"):
		return s, ErrNoSound.Because(fmt.Errorf("%s is neither mp3, mp4 nor ogg", path.Base(name)))
	default:
		s, err = readMP3(r, size)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", clip(path.Base(name), 100), err)
	}
	if !(s.Seconds > 0) || s.Seconds > maxSeconds || float64(size)*8/s.Seconds < minRate {
		return s, ErrNoSound.Because(fmt.Errorf("%s says to last %.0f seconds", clip(path.Base(name), 100), s.Seconds))
	}
	return s, nil
}

var errCut = errors.New("it stops half-way")

// be16, be32 and be64 read a big-endian number, 0 behind the end.
func be16(b []byte, at int) int {
	if at < 0 || at+2 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[at:]))
}

func be32(b []byte, at int) uint32 {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return binary.BigEndian.Uint32(b[at:])
}

func be64(b []byte, at int) uint64 {
	if at < 0 || at+8 > len(b) {
		return 0
	}
	return binary.BigEndian.Uint64(b[at:])
}

// from is b from a place on, nothing behind the end.
func from(b []byte, at int) []byte {
	if at < 0 || at > len(b) {
		return nil
	}
	return b[at:]
}

// tagText reads text in one of the four encodings of ID3.
func tagText(b []byte, encoding byte) string {
	if len(b) > maxText*4 {
		b = b[:maxText*4]
	}
	switch encoding {
	case 1, 2:
		return utf16Text(b, encoding == 2)
	case 3:
		return plainTag(string(b))
	}
	if utf8.Valid(b) && strings.ContainsFunc(string(b), func(r rune) bool { return r > 0x7f }) {
		return plainTag(string(b)) // says Latin-1 and is not
	}
	text, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return plainTag(string(text))
}

func utf16Text(b []byte, big bool) string {
	var order binary.ByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u := order.Uint16(b[i:])
		switch {
		case u == 0xfffe && i == 0:
			order = binary.BigEndian
			if big {
				order = binary.LittleEndian
			}
		case u != 0xfeff:
			units = append(units, u)
		}
	}
	return plainTag(string(utf16.Decode(units)))
}

// plainTag lays the values of a tag that has several beside each other.
func plainTag(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == 0 }), "; ")
	return markup.OneLine(s)
}
