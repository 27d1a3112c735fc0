package copy

import (
	"hash/crc32"
	"io"
	"sync"

	"lidwoord/reading/catalogue"
)

// measure is what must be known of a part before the first byte of a copy is sent.
type measure struct {
	sum  uint32 // CRC-32
	size int64
	looks
}

// entry is the part as it stands in the zip, without a mark.
func (m measure) entry(part catalogue.Part) entry {
	return entry{name: part.Href, sum: m.sum, size: m.size, pieces: []piece{{size: m.size, part: part}}}
}

// memory keeps the measures of titles that were copied lately, by the folder in which
// they lie: what is taken in anew lies in another.
type memory struct {
	mu    sync.Mutex
	kept  map[string]map[string]measure // by folder, by href
	parts int
}

// mostParts is how many parts are remembered: a hundred bytes each.
const mostParts = 200_000

// measure measures the parts of a book, once.
func (p *Press) measure(b *book) (map[string]measure, error) {
	folder := b.loan.Title.Folder
	p.measured.mu.Lock()
	has := p.measured.kept[folder]
	p.measured.mu.Unlock()
	if has != nil {
		return has, nil
	}
	has = make(map[string]measure, len(b.order)+len(b.resources))
	for _, c := range b.order {
		m, err := p.chapter(b, c)
		if err != nil {
			return nil, err
		}
		has[c.Href] = m
	}
	for _, part := range b.resources {
		m, err := p.plain(b, part)
		if err != nil {
			return nil, err
		}
		has[part.Href] = m
	}
	p.measured.mu.Lock()
	defer p.measured.mu.Unlock()
	if p.measured.kept == nil || p.measured.parts+len(has) > mostParts {
		p.measured.kept, p.measured.parts = map[string]map[string]measure{}, 0
	}
	if p.measured.kept[folder] == nil {
		p.measured.parts += len(has)
	}
	p.measured.kept[folder] = has
	return has, nil
}

// chapter measures a part of the reading order, and looks what it needs of a reader app.
func (p *Press) chapter(b *book, c chapter) (m measure, err error) {
	text, err := p.Stacks.Read(b.loan.Title, c.Part)
	if err != nil {
		return m, err
	}
	return measure{crc32.ChecksumIEEE(text), int64(len(text)), c.look(text, b.loan.Title)}, nil
}

// plain measures any other part. Those that came in lately bring their sum along.
func (p *Press) plain(b *book, part catalogue.Part) (m measure, err error) {
	if part.Sum != 0 {
		return measure{sum: part.Sum, size: part.Size}, nil
	}
	f, err := p.Stacks.Open(b.loan.Title, part)
	if err != nil {
		return m, err
	}
	defer f.Close()
	sum := crc32.NewIEEE()
	m.size, err = io.Copy(sum, f)
	m.sum = sum.Sum32()
	return m, err
}
