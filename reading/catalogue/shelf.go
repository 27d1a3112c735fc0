package catalogue

import (
	"embed"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"lidwoord/base/audit"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// Add enters a publication whose files are kept. The same content is entered
// once; entered again, it gets what we now know about it.
func Add(tx *sqldb.Tx, p *Publication) (Title, error) {
	p.Title.straighten()
	p.Manifest.straighten()
	t := p.Title
	t.ID, t.AddedAt = secret.NewID(), tx.Now
	if t.Folder == "" {
		t.Folder = t.Digest
	}
	if err := putTitle(tx, &t); err != nil {
		return t, err
	}
	text, err := json.Marshal(p.Manifest)
	if err != nil {
		return t, err
	}
	return t, putManifest(tx, t.ID, string(text))
}

// Find returns one title.
func Find(tx *sqldb.Tx, id string) (Title, error) {
	t, found, err := titleByID(tx, id)
	if err == nil && !found {
		err = ErrNoTitle
	}
	return t, err
}

// Known returns the title with the given content, if it is here.
func Known(tx *sqldb.Tx, digest string) (Title, bool, error) { return titleByDigest(tx, digest) }

// FindAll returns the titles with the given ids, by id. An id without a title is
// not in the answer.
func FindAll(tx *sqldb.Tx, ids []string) (map[string]Title, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := titlesByID(tx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Title, len(list))
	for _, t := range list {
		found[t.ID] = t
	}
	return found, nil
}

// Version is a number that grows with each change of the catalogue.
func Version(tx *sqldb.Tx) (int64, error) { return versionOf(tx) }

// Changed is when the catalogue last changed.
func Changed(tx *sqldb.Tx) (time.Time, error) { return changedAt(tx) }

// Since lists the titles that changed after a version of the catalogue, the
// withdrawn ones too; Since 0 is all of them.
func Since(tx *sqldb.Tx, version int64) ([]Title, error) { return titlesSince(tx, version) }

// Withdraw takes a title out of lending at the wish of actor, for a reason of one
// line. Who has it on loan keeps it until then.
func Withdraw(tx *sqldb.Tx, actor, id, reason string) error {
	return withdrawn(tx, id, true, audit.Entry{Actor: actor, Act: ActWithdraw, Detail: oneLine(reason)})
}

// PutBack lends a withdrawn title again at the wish of actor.
func PutBack(tx *sqldb.Tx, actor, id string) error {
	return withdrawn(tx, id, false, audit.Entry{Actor: actor, Act: ActPutBack})
}

// withdrawn is done and noted once: who comes second hears that it was done.
func withdrawn(tx *sqldb.Tx, id string, is bool, note audit.Entry) error {
	n, err := setWithdrawn(tx, id, is)
	if err != nil {
		return err
	}
	if n == 0 {
		if _, err := Find(tx, id); err != nil {
			return err
		}
		if is {
			return ErrWithdrawn
		}
		return ErrLent
	}
	note.Object = object(id)
	return audit.Record(tx, note)
}

// Acts on a title in the audit log.
const (
	ActWithdraw = "catalogue.withdraw"
	ActPutBack  = "catalogue.put_back"
)

// ReasonMost is how many letters a reason has at most.
const ReasonMost = 200

// Acts lists who withdrew a title, when and why, and who put it back; the newest first.
func Acts(tx *sqldb.Tx, id string) ([]audit.Entry, error) { return audit.Of(tx, object(id), actsMost) }

const actsMost = 20

// object is a title in the audit log.
func object(id string) string { return "title:" + id }

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
	r := []rune(s)
	return string(r[:min(len(r), ReasonMost)])
}

// Contents returns how a title is built.
func Contents(tx *sqldb.Tx, id string) (*Manifest, error) {
	text, found, err := manifestOf(tx, id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoTitle
	}
	return readManifest(text)
}

// Opened returns a title and how it is built, both as they are at one moment.
func Opened(tx *sqldb.Tx, id string) (Title, *Manifest, error) {
	t, text, found, err := titleWithManifest(tx, id)
	if err == nil && !found {
		err = ErrNoTitle
	}
	if err != nil {
		return t, nil, err
	}
	m, err := readManifest(text)
	return t, m, err
}

func readManifest(text string) (*Manifest, error) {
	m := new(Manifest)
	err := json.Unmarshal([]byte(text), m)
	m.straighten() // what came in before we did so at the door
	return m, err
}

// Query is what somebody looks for. The zero Query finds every title.
type Query struct {
	Text     string // words that must all occur in title, people or subjects; or an ISBN; or the id of a title, or its address
	Kind     Kind   // "" for both
	Language string // "" for all
	Youth    bool   // only titles for children
	Away     bool   // only titles that were withdrawn
	Skip     int
	Limit    int // 0 is PageSize
}

// PageSize is how many titles a page of the catalogue shows.
const PageSize = 24

// maxWords bounds a search; more words only cost time.
const maxWords = 8

// Search returns a page of titles in alphabetical order, and how many there are.
func Search(tx *sqldb.Tx, q Query) ([]Title, int, error) {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = PageSize
	}
	if number := numberIn(q.Text); number != "" {
		return searchTitles(tx, q, nil, number)
	}
	words := strings.Fields(Fold(q.Text))
	return searchTitles(tx, q, words[:min(len(words), maxWords)], "")
}

// numberIn is the number by which a text names one title: the 13 digits of an ISBN,
// with or without hyphens, or our own, which also stands in the title's address. It
// is "" when the text is something else.
func numberIn(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		text = text[i+1:]
	}
	if own := strings.ToUpper(text); secret.IsID(own) {
		return own
	}
	isbn := strings.NewReplacer("-", "", " ", "").Replace(text)
	if len(isbn) != 13 || strings.Trim(isbn, "0123456789") != "" {
		return ""
	}
	return isbn
}

// Fold brings a text to the form in which we search: small letters without
// marks, so that "Zoë" is found by zoe, "ĳsbeer" by ijsbeer.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case r >= 0x300 && r < 0x370: // a mark on the letter before
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ı':
			b.WriteByte('i')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'æ':
			b.WriteString("ae")
		case strings.ContainsRune("'’‘`´", r): // s' and s read alike
		case strings.ContainsRune(".,:;!?()[]{}\"“”„«»-–—_/", r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\x00", "")), " ")
}

// sortName is the title as it stands in an alphabetical list: without the
// article in front.
func sortName(name string) string {
	folded := Fold(name)
	for _, article := range []string{"de ", "het ", "een ", "t ", "n ", "the ", "a ", "an "} {
		if after, found := strings.CutPrefix(folded, article); found && after != "" {
			return after
		}
	}
	return folded
}

// searchText is all that a search may find a title by.
func searchText(t *Title) string {
	all := append([]string{t.Name, t.Subtitle, t.Publisher, t.Identifier}, t.Subjects...)
	for _, c := range t.Contributors {
		all = append(all, c.Name)
	}
	return Fold(strings.Join(all, " "))
}
