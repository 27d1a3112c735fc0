package reading

import (
	"bytes"
	"net/http"
	"sync"

	"lidwoord/reading/index"
	"lidwoord/web/kit"
)

// keptMost bounds the memory of pages that are kept ready, in bytes.
const keptMost = 64 << 20

// kept are pages that are ready to be sent. What the catalogue shows is the same
// for everybody who speaks a language, but for the places where a reader's own
// loans stand; and it is the same until the catalogue changes. Of those places only
// the holes are kept. What stood in one is kept by what it says, and without whose it
// is: most readers see the same "Lenen" at a title.
//
// When half the room is full, what was not asked for since the last time that it
// was full is forgotten.
type kept struct {
	mu       sync.Mutex
	of       *index.Snapshot
	new, old map[string]pieces
	size     int // of new
}

// pieces are a page, cut at the reader's places.
type pieces [][]byte

func (k *kept) get(of *index.Snapshot, address string) (p pieces, found bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of != of {
		return p, false
	}
	if p, found = k.new[address]; found {
		return p, true
	}
	if p, found = k.old[address]; found {
		k.add(address, p)
	}
	return p, found
}

func (k *kept) put(of *index.Snapshot, address string, p pieces) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of != of {
		k.of, k.new, k.old, k.size = of, nil, nil, 0
	}
	k.add(address, p)
}

func (k *kept) add(address string, p pieces) {
	size := len(address) + 200
	for _, piece := range p {
		size += len(piece)
	}
	if size > keptMost/16 { // it would send too many others away
		return
	}
	if k.new == nil || k.size+size > keptMost/2 {
		k.old, k.new, k.size = k.new, map[string]pieces{}, 0
	}
	k.new[address] = p
	k.size += size
}

// page is a page that can be kept ready.
type page struct {
	name string

	version string // which one of several that stand at the address, "" for the usual one

	make func() (any, error) // what stands on it, without what is the reader's own
	own  []string            // the named parts that are the reader's own, one for each hole
	mine func() (own, error) // what stands in those parts, for who is signed in
}

// own is what stands in a reader's parts of a page.
type own struct {
	key  string     // all on which the parts depend; "" keeps them not
	make func() any // for the templates of the parts
}

// hole stands where a reader's own part will come. Words of a title cannot be
// taken for it: they are escaped, and the text of a book loses its comments.
const hole = "<!-- reader -->"

// ready sends a page, from those that are kept when it is there.
func (s *Site) ready(w http.ResponseWriter, r *http.Request, of *index.Snapshot, p page) error {
	visit := kit.VisitOf(r)
	address := p.version + string(visit.Lang) + " " + r.URL.RequestURI()
	signedIn := visit.Session != nil
	if signedIn {
		address = "+" + address
	}
	flashed := s.Flashed(r) // then the page says something that no other one says
	kept, found := s.kept.get(of, address)
	if flashed {
		found = false
	}
	if !found {
		data, err := p.make()
		if err != nil {
			return err
		}
		var text []byte
		if flashed {
			text, err = s.RenderOnce(w, r, p.name, data)
		} else {
			text, err = s.Render(r, p.name, "", data)
		}
		if err != nil {
			return err
		}
		kept = bytes.Split(text, []byte(hole))
		if !flashed {
			s.kept.put(of, address, kept)
		}
	}
	if !signedIn || len(p.own) == 0 {
		return s.Send(w, r, http.StatusOK, kept...)
	}
	parts, err := s.ownParts(r, of, p, address)
	if err != nil {
		return err
	}
	var whole pieces
	for i, piece := range kept {
		whole = append(whole, piece)
		if i < len(parts) {
			whole = append(whole, parts[i])
		}
	}
	return s.Send(w, r, http.StatusOK, whole...)
}

// ownParts are what stands in the holes of a page.
func (s *Site) ownParts(r *http.Request, of *index.Snapshot, p page, address string) (pieces, error) {
	mine, err := p.mine()
	if err != nil {
		return nil, err
	}
	address = "own " + mine.key + " " + address
	if mine.key != "" {
		if parts, found := s.kept.get(of, address); found {
			return parts, nil
		}
	}
	var parts pieces
	data := mine.make()
	for _, name := range p.own {
		part, err := s.Render(r, p.name, name, data)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if mine.key != "" {
		s.kept.put(of, address, parts)
	}
	return parts, nil
}
