package ingest

import (
	"bufio"
	"io"
	"strings"
)

// Tables of ISO/IEC 11172-3 and 13818-3: kilobits and samples a second by the
// numbers in the header of a frame.
var (
	rates1  = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}  // MPEG-1 layer III
	rates12 = [16]int{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0} // MPEG-1 layer II
	rates2  = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}      // MPEG-2 and 2.5
	hertz   = [4][3]int{{11025, 12000, 8000}, {}, {22050, 24000, 16000}, {44100, 48000, 32000}}
)

// frame is the header of a frame: so many samples in so many bytes.
type frame struct {
	bytes, samples, hertz int
	kind                  byte // version and layer, which all frames of a track share
}

// readFrame reads the four bytes of a header. A frame of free bit rate has no
// length that can be told, and nobody makes audiobooks of them.
func readFrame(h []byte) (frame, bool) {
	if len(h) < 4 || h[0] != 0xff || h[1]&0xe0 != 0xe0 {
		return frame{}, false
	}
	version, layer := h[1]>>3&3, h[1]>>1&3
	rate, speed, pad := h[2]>>4, h[2]>>2&3, int(h[2]>>1&1)
	if version == 1 || speed == 3 || layer != 1 && layer != 2 {
		return frame{}, false
	}
	f := frame{samples: 1152, hertz: hertz[version][speed], kind: h[1] & 0x1e}
	kilobits := rates2[rate]
	switch {
	case version == 3 && layer == 1:
		kilobits = rates1[rate]
	case version == 3:
		kilobits = rates12[rate]
	case layer == 1:
		f.samples = 576
	}
	f.bytes = f.samples/8*kilobits*1000/f.hertz + pad
	return f, kilobits > 0 && f.bytes >= 4
}

// maxNoise is how many bytes that are no sound a track may hold altogether.
const maxNoise = 4 << 20

// readMP3 walks over all frames, because what a file says about its own length is
// often wrong, and at a steady rate not said at all.
func readMP3(r io.ReaderAt, size int64) (sound, error) {
	s := sound{Type: "audio/mpeg"}
	at := int64(0)
	for range 4 { // one tag by the rules, and some programs add a second
		tag, length, err := readID3(r, at, size)
		if err != nil {
			return s, err
		}
		if length == 0 {
			break
		}
		if at == 0 {
			s.Tags, s.Marks = tag.tags, tag.marks
		}
		at += length
	}
	in := bufio.NewReaderSize(io.NewSectionReader(r, at, size-at), 256<<10)
	samples, noise, frames, kind, speed := int64(0), 0, 0, byte(0), 0
	for {
		h, err := in.Peek(4)
		if err != nil {
			break
		}
		f, ok := readFrame(h)
		if ok && frames == 0 { // a lone match is chance: the next frame must follow
			if after, err := in.Peek(f.bytes + 4); err == nil {
				next, follows := readFrame(after[f.bytes:])
				ok = follows && next.kind == f.kind && next.hertz == f.hertz
			} else {
				ok = len(after) >= f.bytes // the only frame
			}
		}
		if !ok || frames > 0 && (f.kind != kind || f.hertz != speed) {
			if noise++; noise > maxNoise {
				break
			}
			in.Discard(1)
			continue
		}
		if frames == 0 {
			kind, speed = f.kind, f.hertz
			whole, _ := in.Peek(min(f.bytes, 200))
			if text := string(whole); strings.Contains(text, "Xing") || strings.Contains(text, "Info") || strings.Contains(text, "VBRI") {
				f.samples = 0 // tells about the others and is silent itself
			}
		}
		if n, err := in.Discard(f.bytes); err != nil && n < f.bytes {
			s.Damage = "its last moment is cut off"
			break
		}
		frames++
		samples += int64(f.samples)
	}
	if frames == 0 || noise > maxNoise {
		return s, ErrNoSound
	}
	s.Seconds = float64(samples) / float64(speed)
	return s, nil
}
