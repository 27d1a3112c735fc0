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
// for everybody who speaks a language, but for the place where a reader's own
// loans stand; and it is the same until the catalogue changes. Of that place only
// the hole is kept, so that nothing of a reader ever lies here.
//
// When half the room is full, what was not asked for since the last time that it
// was full is forgotten.
type kept struct {
	mu       sync.Mutex
	of       *index.Snapshot
	new, old map[string]pieces
	size     int // of new
}

// pieces are a page, cut at the reader's place.
type pieces struct{ before, after []byte }

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
	size := len(p.before) + len(p.after) + len(address) + 200
	if k.new == nil || k.size+size > keptMost/2 {
		k.old, k.new, k.size = k.new, map[string]pieces{}, 0
	}
	k.new[address] = p
	k.size += size
}

// page is a page of the catalogue that can be kept ready.
type page struct {
	name string

	version string // which one of several that stand at the address, "" for the usual one

	make func() (any, error) // what stands on it, without what is the reader's own
	own  string              // the named part that is the reader's own, "" for none
	mine func() (any, error) // what stands in that part, for who is signed in
}

// hole stands where a reader's own part will come. Words of a title cannot be
// taken for it: they are escaped.
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
		before, after, _ := bytes.Cut(text, []byte(hole))
		kept = pieces{before, after}
		if !flashed {
			s.kept.put(of, address, kept)
		}
	}
	if !signedIn || p.own == "" {
		return s.Send(w, r, http.StatusOK, kept.before, kept.after)
	}
	data, err := p.mine()
	if err != nil {
		return err
	}
	own, err := s.Render(r, p.name, p.own, data)
	if err != nil {
		return err
	}
	return s.Send(w, r, http.StatusOK, kept.before, own, kept.after)
}
