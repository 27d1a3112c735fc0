package copy

import (
	"encoding/binary"
	"hash/crc32"
)

// A zip of which nothing is squeezed, so that the place of every byte follows from the
// sizes (PKWARE APPNOTE 6.3). archive/zip can only write one from its first byte to its
// last; a reader whose download broke wants the last. What squeezing would save, the
// words of a novel, is less than its cover.

// entry is a file of the zip.
type entry struct {
	name   string
	sum    uint32 // CRC-32
	size   int64
	pieces []piece
}

// textEntry is a file of ours.
func textEntry(name string, text []byte) entry {
	e := entry{name: name}
	e.add(text)
	return e
}

// add puts text behind what there is.
func (e *entry) add(text []byte) {
	e.sum = crc32.Update(e.sum, crc32.IEEETable, text)
	e.size += int64(len(text))
	e.pieces = append(e.pieces, piece{size: int64(len(text)), text: text})
}

const (
	version  = 20 // of the format, for folders in names
	utf8Name = 1 << 11
	noDate   = 1<<5 | 1 // 1 January 1980, the first day that there is
)

// lay gives every file its place and returns the index at the end. A book has fewer
// files and bytes than the format takes (catalogue.MaxFiles, MaxUnpacked).
func (c *Copy) lay(files []entry) (index []byte) {
	for _, e := range files {
		at := c.size
		c.put(piece{text: append(head("PK\x03\x04", version, e), e.name...)})
		for _, p := range e.pieces {
			c.put(p)
		}
		line := append([]byte("PK\x01\x02"), version, 0)
		line = append(line, head("", version, e)...)
		line = append(line, make([]byte, 10)...) // no comment, first disk, no attributes
		line = binary.LittleEndian.AppendUint32(line, uint32(at))
		index = append(append(index, line...), e.name...)
	}
	n := uint16(len(files))
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	end = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(end, n), n)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(index)))
	end = binary.LittleEndian.AppendUint32(end, uint32(c.size))
	c.put(piece{text: index})
	c.put(piece{text: append(end, 0, 0)})
	return index
}

// head is what a file's own header and its line in the index have in common.
func head(magic string, version uint16, e entry) []byte {
	b := []byte(magic)
	for _, n := range []uint16{version, utf8Name, 0, 0, noDate} { // method 0: stored
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	b = binary.LittleEndian.AppendUint32(b, e.sum)
	b = binary.LittleEndian.AppendUint32(b, uint32(e.size))
	b = binary.LittleEndian.AppendUint32(b, uint32(e.size))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.name)))
	return binary.LittleEndian.AppendUint16(b, 0)
}

func (c *Copy) put(p piece) {
	if p.text != nil {
		p.size = int64(len(p.text))
	}
	if p.size == 0 {
		return
	}
	p.from = c.size
	c.size += p.size
	c.pieces = append(c.pieces, p)
}
