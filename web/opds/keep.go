package opds

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
)

// How many bytes of written feeds are kept in memory: a few hundred feeds for
// everyone, which is all that most readers open on a day, and some thousands of
// shelves, which apps ask for again and again.
const (
	keptMost    = 32 << 20
	shelvesMost = 16 << 20
)

// feedLife is how long others may keep a feed for everyone before they ask whether
// it changed.
const feedLife = time.Minute

// keep holds feeds as they were written, for as long as the catalogue does not
// change.
type keep struct {
	most int // bytes
	mu   sync.RWMutex
	of   *index.Snapshot
	docs map[string]*written
	size int
}

// written is a document, ready to be sent.
type written struct {
	typ, lang []string // as headers
	body      []byte
	zip       func() []byte // packed, when the first app asks for that
	etag      string
	since     time.Time   // in whole seconds, as HTTP writes it
	header    http.Header // of an answer to everyone
}

func (k *keep) find(of *index.Snapshot, key string) *written {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.of != of {
		return nil
	}
	return k.docs[key]
}

// put keeps a document, and lets go of some others when there is no room. Which
// ones does not matter much: what is asked often is soon back.
func (k *keep) put(of *index.Snapshot, key string, d *written) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if of.Older(k.of) { // who was slow throws nothing newer out
		return
	}
	if k.of != of {
		if k.of != nil && of.Version < k.of.Version { // written slowly, of a catalogue that is past
			return
		}
		k.of, k.docs, k.size = of, map[string]*written{}, 0
	}
	if _, twice := k.docs[key]; twice || d.weight() > k.most/8 {
		return
	}
	for old, o := range k.docs {
		if k.size+d.weight() <= k.most {
			break
		}
		delete(k.docs, old)
		k.size -= o.weight()
	}
	k.docs[key] = d
	k.size += d.weight()
}

// overhead is about what a document takes in memory besides its bytes.
const overhead = 500

// weight is what a document takes in memory, packed too: to about a sixth.
func (d *written) weight() int { return len(d.body)*7/6 + overhead }

// partsMost is how many titles' own words are kept, some two kilobytes each. A shelf
// is of one reader, and its titles are of everyone.
const partsMost = 10_000

// parts keeps what titles say of themselves in each form.
type parts struct {
	mu   sync.RWMutex
	kept map[string]part
}

type part struct {
	version int64 // of the title
	text    []byte
}

func (p *parts) of(t *catalogue.Title, form string, write func() []byte) []byte {
	key := form + t.ID
	p.mu.RLock()
	have, ok := p.kept[key]
	p.mu.RUnlock()
	if ok && have.version == t.Version {
		return have.text
	}
	text := write()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil || len(p.kept) >= partsMost {
		p.kept = map[string]part{}
	}
	p.kept[key] = part{t.Version, text}
	return text
}

// ready makes a document of a text. Its tag is of its content, so that every node
// gives the same one.
func ready(typ, lang string, body []byte, at time.Time) *written {
	d := &written{typ: []string{typ}, lang: []string{lang}, body: body, zip: sync.OnceValue(func() []byte { return pack(body) }),
		etag: tagOf(body), since: at.UTC().Truncate(time.Second), header: http.Header{}}
	d.header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(feedLife.Seconds())))
	d.header.Set("Vary", "Accept, Accept-Encoding, Accept-Language")
	d.header.Set("ETag", d.etag)
	d.header.Set("Last-Modified", d.since.Format(http.TimeFormat))
	return d
}

// tagOf is a tag of what a document depends on. It is weak: a packed one has the same.
func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	z.Write(body) // into memory: it cannot fail
	z.Close()
	return b.Bytes()
}

// send answers a document for everyone, or that the app has it already. The moment is
// that of the catalogue, alike on every node: KOReader keeps feeds by it. An app that
// also sends the tag is answered by the tag alone.
func (d *written) send(w http.ResponseWriter, r *http.Request) error {
	maps.Copy(w.Header(), d.header)
	if d.known(r) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return d.answer(w, r)
}

// someday stands in a written shelf for the moment of the answer. It is later than any
// title, and as long as any moment.
var someday = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// at is a document as it is at a moment.
func (d *written) at(now time.Time) *written {
	text := func(t time.Time) []byte { return []byte(t.UTC().Format(time.RFC3339)) }
	body := bytes.ReplaceAll(d.body, text(someday), text(now))
	return &written{typ: d.typ, lang: d.lang, body: body, zip: func() []byte { return pack(body) }}
}

func (d *written) answer(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h["Content-Type"], h["Content-Language"] = d.typ, d.lang
	body := d.body
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = d.zip()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}

func (d *written) known(r *http.Request) bool {
	if tags := r.Header.Get("If-None-Match"); tags != "" {
		return tagged(tags, d.etag)
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !d.since.After(since)
}

// tagged reports whether the header If-None-Match names a tag.
func tagged(header, etag string) bool {
	return strings.TrimSpace(header) == "*" || strings.Contains(header, etag[len("W/"):])
}

// takesGzip reports whether an app unpacks gzip.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			_, q, _ := strings.Cut(weight, "=")
			return !noWeight(strings.TrimSpace(q))
		}
	}
	return false
}
