package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	oggStart = 512 << 10 // bytes at the beginning in which the words of a track stand
	oggEnd   = 128 << 10 // bytes at the end in which its last page begins: a page has at most 65,307
)

// readOgg reads Opus and Vorbis in Ogg (RFC 3533, RFC 7845): how fast it goes at the
// beginning, how far it goes at the end.
func readOgg(r io.ReaderAt, size int64) (sound, error) {
	s := sound{Type: "audio/ogg"}
	start := make([]byte, min(size, oggStart))
	if _, err := r.ReadAt(start, 0); err != nil && err != io.EOF {
		return s, err
	}
	packets := oggPackets(start, 2)
	if len(packets) < 1 || len(start) < 18 {
		return s, ErrNoSound
	}
	speed, skip, words := 0, 0, ""
	switch head := packets[0]; {
	case bytes.HasPrefix(head, []byte("OpusHead")) && len(head) >= 19:
		speed, skip, words = 48000, int(binary.LittleEndian.Uint16(head[10:])), "OpusTags"
	case bytes.HasPrefix(head, []byte("\x01vorbis")) && len(head) >= 16:
		speed, words = int(binary.LittleEndian.Uint32(head[12:])), "\x03vorbis"
	}
	if speed < 8000 || speed > 768_000 {
		return s, ErrNoSound.Because(fmt.Errorf("neither Opus nor Vorbis"))
	}
	if len(packets) > 1 {
		if text, ok := bytes.CutPrefix(packets[1], []byte(words)); ok {
			s.vorbisComments(text)
		}
	}
	end := make([]byte, min(size, oggEnd))
	if _, err := r.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF {
		return s, err
	}
	for at := len(end); at > 0; { // backwards, to the last page of this stream
		at = bytes.LastIndex(end[:at], []byte("OggS"))
		if at < 0 || at+18 > len(end) {
			if at < 0 {
				break
			}
			continue
		}
		place := int64(binary.LittleEndian.Uint64(end[at+6:]))
		if bytes.Equal(end[at+14:at+18], start[14:18]) && place > 0 {
			s.Seconds = float64(max(0, place-int64(skip))) / float64(speed)
			break
		}
	}
	return s, nil
}

// oggPackets puts the first packets together from their pages.
func oggPackets(b []byte, count int) [][]byte {
	var packets [][]byte
	var now []byte
	for len(b) > 27 && string(b[:4]) == "OggS" {
		segments := int(b[26])
		if len(b) < 27+segments {
			break
		}
		table, body := b[27:27+segments], b[27+segments:]
		for _, length := range table {
			if int(length) > len(body) {
				return packets
			}
			now, body = append(now, body[:length]...), body[length:]
			if length < 255 {
				packets, now = append(packets, now), nil
				if len(packets) == count {
					return packets
				}
			}
		}
		b = body
	}
	return packets
}

var chapterName = regexp.MustCompile(`^CHAPTER(\d{1,4})(NAME)?$`)

// vorbisComments reads NAME=value, each with its length in front.
func (s *sound) vorbisComments(b []byte) {
	next := func() []byte {
		if len(b) < 4 {
			b = nil
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if n > int64(len(b)-4) {
			b = nil
			return nil
		}
		v := b[4 : 4+n]
		b = b[4+n:]
		return v
	}
	next() // who made it
	b = from(b, 4)
	marks := map[int]mark{}
	for len(b) > 0 {
		name, value, _ := strings.Cut(string(next()), "=")
		name, value = strings.ToUpper(name), clip(plainTag(value), maxText)
		if found := chapterName.FindStringSubmatch(name); found != nil && len(marks) < maxEntries {
			n, _ := strconv.Atoi(found[1])
			m := marks[n]
			if found[2] != "" {
				m.Title = clip(value, maxLine)
			} else {
				m.At = clock(value)
			}
			marks[n] = m
			continue
		}
		switch t := &s.Tags; name {
		case "ALBUM":
			t.Album = value
		case "TITLE":
			t.Title = value
		case "ARTIST":
			t.Artist = value
		case "ALBUMARTIST":
			t.AlbumArtist = value
		case "COMPOSER":
			t.Composer = value
		case "PERFORMER":
			t.Narrator = value
		case "DATE", "YEAR":
			t.Published = value
		case "GENRE":
			t.Genre = value
		case "TRACKNUMBER":
			t.Track = leading(value)
		case "DISCNUMBER":
			t.Disc = leading(value)
		default:
			t.named(name, value)
		}
	}
	for _, m := range marks {
		s.Marks = append(s.Marks, m)
	}
	slices.SortFunc(s.Marks, func(a, b mark) int { return int(1000*a.At) - int(1000*b.At) })
}

// clock reads "01:02:03.500" as seconds.
func clock(s string) float64 {
	total := 0.0
	for part := range strings.SplitSeq(clip(s, 30), ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || n < 0 || n > maxSeconds {
			return 0
		}
		total = total*60 + n
	}
	return total
}
