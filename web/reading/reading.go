// Package reading is the front door of the Online Bibliotheek: the shelf for
// everyone, borrowing, reading and listening for readers.
//
// It stands on its own: who somebody is and what they may do it hears from the
// sign-on, as any platform would, with a standard OpenID Connect client
// (web/party). It never looks into the library's administration or the login
// accounts, also when all three run in one process.
package reading

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"time"

	"lidwoord/reading/catalogue"
	"lidwoord/web"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

//go:embed pages layout assets words.*.txt
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// SessionIdle is how long a reader stays signed in without turning a page.
const SessionIdle = 12 * time.Hour

// Settings are what an installation chooses for this door.
type Settings struct {
	Issuer       string // of the sign-on; "" is the door that serves it here
	ClientID     string
	ClientSecret string
	Stacks       catalogue.Stacks
	Dist         fs.FS // bundled scripts; nil is what was built in
}

// Site is the door.
type Site struct {
	*kit.Site
	Settings
	party  *party.Party
	reader []byte            // the bundled reader; empty without npm
	print  string            // its fingerprint
	fonts  map[string][]byte // letters that come with the reader, by name
	books  books             // what was opened lately
}

// New makes the door.
func New(house *kit.House, set Settings) (*Site, error) {
	k, err := kit.New(house, "reading", files)
	if err != nil {
		return nil, err
	}
	s := &Site{Site: k, Settings: set}
	if s.Dist == nil {
		s.Dist = web.Dist
	}
	k.Idle = SessionIdle
	s.party = party.New(k, party.Settings{Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret, Scopes: []string{"profile", "memberships"}})
	s.reader, err = fs.ReadFile(s.Dist, "dist/reader.js")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	sum := sha256.Sum256(s.reader)
	s.print = hex.EncodeToString(sum[:6])
	s.fonts, err = fontsIn(s.Dist)
	return s, err
}

// Routes names every address of the door.
func (s *Site) Routes(m *kit.Mux) {
	// For everyone.
	m.Page("GET /", s.fresh(s.home))
	m.Page("GET /titel/{title}", s.fresh(s.showTitle))
	m.Page("GET /omslag/{title}", s.cover)

	// Signing in and out.
	m.Page("GET /inloggen", s.signIn)
	m.Page("GET /terug", s.comeBack)
	m.Page("POST /uitloggen", s.signOut)
	s.party.Hear(m)

	// For readers.
	m.Page("GET /mijn-boeken", kit.RequireSession(s.fresh(s.myBooks)))
	m.Page("POST /titel/{title}/lenen", kit.RequireSession(s.borrow))
	m.Page("GET /titel/{title}/lenen", s.toTitle) // a reload, or another language, after a refusal
	m.Page("GET /titel/{title}/teruggeven", kit.RequireSession(s.askBack))
	m.Page("POST /titel/{title}/teruggeven", kit.RequireSession(s.giveBack))

	// Reading and listening, during the loan only.
	m.Page("GET /lezen/{title}", s.read)
	m.Page("GET /lezen/{title}/hoofdstuk/{n}", s.chapter)
	m.Page("GET /luisteren/{title}", s.listen)
	m.Page("POST /plaats/{title}", s.keepPlace)
	m.Page("GET /plaats/{title}", s.tellPlace)
	m.Page("GET /bladwijzers/{title}", s.listBookmarks)
	m.Page("POST /bladwijzers/{title}", s.addBookmark)
	m.Page("POST /bladwijzers/{title}/{id}/weg", s.removeBookmark)
	m.Page("GET /boek/{title}/{href...}", s.resource)
	m.Page("GET /lezer/{file}", s.script)
}
