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

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/copy"
	"lidwoord/reading/device"
	"lidwoord/reading/index"
	"lidwoord/reading/loan"
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
	Index        *index.Index // the catalogue in memory; nil makes one for this door
	Loans        *loan.Memory // nil makes one for this door
	Catalogue    string       // address of the catalogue for reader apps
	Dist         fs.FS        // bundled scripts; nil is what was built in

	// Desk tells where the library is. The administration fills it; with nil, readers
	// hear its telephone number and address for mail only.
	Desk func(*sqldb.Tx) (Desk, error)
}

// Site is the door.
type Site struct {
	*kit.Site
	Settings
	Apps     *device.Readers // lets reader apps in, also for the door of the apps
	party    *party.Party
	reader   []byte            // the bundled reader; empty without npm
	print    string            // its fingerprint
	fonts    map[string][]byte // letters that come with the reader, by name
	contents catalogue.Memory  // what the titles are made of that were opened lately
	press    *copy.Press       // of copies to take along
	kept     kept              // pages that are ready
}

// New makes the door.
func New(house *kit.House, set Settings) (*Site, error) {
	k, err := kit.New(house, "reading", files)
	if err != nil {
		return nil, err
	}
	s := &Site{Site: k, Settings: set}
	s.press = &copy.Press{Stacks: s.Stacks, Box: house.DB.Box, Words: house.Words}
	if s.Dist == nil {
		s.Dist = web.Dist
	}
	if s.Index == nil {
		s.Index = index.New(house.DB, index.Settings{Popular: loan.Popular, Log: house.Log})
	}
	if s.Loans == nil {
		s.Loans = loan.NewMemory(house.DB)
	}
	k.Idle, k.Reads = SessionIdle, readWho
	s.party = party.New(k, party.Settings{Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret, Scopes: []string{"profile", "memberships"}})
	s.Apps = device.New(house.DB, signOn{s})
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
	m.Page("GET /zoeken", s.fresh(s.find))
	m.Page("GET /titels", s.fresh(s.at("/titels", "whole_shelf", "titel", index.Query{})))
	m.Page("GET /nieuw", s.fresh(s.at("/nieuw", "new", "nieuw", index.Query{})))
	m.Page("GET /populair", s.fresh(s.at("/populair", "popular", "populair", index.Query{})))
	m.Page("GET /e-books", s.fresh(s.at("/e-books", "ebooks", "populair", index.Query{Kind: catalogue.EBook})))
	m.Page("GET /luisterboeken", s.fresh(s.at("/luisterboeken", "audiobooks", "populair", index.Query{Kind: catalogue.Audiobook})))
	m.Page("GET /jeugd", s.fresh(s.at("/jeugd", "for_children", "populair", index.Query{Youth: true})))
	m.Page("GET /onderwerpen", s.fresh(s.names("/onderwerpen", "subjects", "/onderwerp/", (*index.Snapshot).Subjects)))
	m.Page("GET /onderwerp/{subject}", s.fresh(s.inside(s.subject)))
	m.Page("GET /schrijvers", s.fresh(s.names("/schrijvers", "authors", "/schrijver/", (*index.Snapshot).Authors)))
	m.Page("GET /schrijver/{author}", s.fresh(s.inside(s.author)))
	m.Page("GET /serie/{series}", s.fresh(s.inside(s.series)))
	m.Page("GET /titel/{title}", s.fresh(s.showTitle))
	m.Page("GET /omslag/{title}", s.cover)

	// Signing in and out.
	m.Page("GET /inloggen", s.signIn)
	m.Page("GET /terug", s.comeBack)
	m.Page("POST /uitloggen", s.signOut)
	s.party.Hear(m)

	// For readers.
	m.Page("GET /mijn-boeken", s.fresh(forReader(s.myBooks)))
	m.Page("GET /mijn-boeken/gegevens", s.fresh(forReader(s.showData)))
	m.Page("POST /mijn-boeken/gegevens", forReader(s.takeData))
	m.Page("POST /titel/{title}/lenen", forReader(s.borrow))
	m.Page("GET /titel/{title}/lenen", s.toTitle)
	m.Page("POST /titel/{title}/opnieuw", forReader(s.lookAgain))
	m.Page("GET /titel/{title}/opnieuw", s.toTitle)
	m.Page("POST /titel/{title}/verlengen", forReader(s.extend))
	m.Page("GET /titel/{title}/verlengen", s.toTitle)
	m.Page("GET /titel/{title}/teruggeven", forReader(s.askBack))
	m.Page("POST /titel/{title}/teruggeven", forReader(s.giveBack))
	m.Page("POST /titel/{title}/terugzetten", forReader(s.putPlaceBack))
	m.Page("GET /titel/{title}/terugzetten", s.toTitle)

	// Reader apps, and a copy to take along.
	m.Page("GET /leesapps", s.fresh(forReader(s.showApps)))
	m.Page("POST /leesapps", forReader(s.askApp))
	m.Page("GET /leesapps/nieuw", forReader(s.showNewApp))
	m.Page("GET /leesapps/{app}", s.fresh(forReader(s.showApp)))
	m.Page("POST /leesapps/{app}/naam", forReader(s.renameApp))
	m.Page("POST /leesapps/{app}/intrekken", forReader(s.withdrawApp))
	m.Page("GET /titel/{title}/meenemen", s.takeAlong)
	m.Page("GET /titel/{title}/epub", s.download)

	// Reading and listening, during the loan only.
	m.Page("GET /lezen/{title}", s.read)
	m.Page("GET /lezen/{title}/hoofdstuk/{n}", s.chapter)
	m.Page("GET /luisteren/{title}", s.listen)
	m.Page("POST /plaats/{title}", forReader(s.keepPlace))
	m.Page("GET /plaats/{title}", forReader(s.tellPlace))
	m.Page("GET /bladwijzers/{title}", forReader(s.listBookmarks))
	m.Page("POST /bladwijzers/{title}", forReader(s.addBookmark))
	m.Page("POST /bladwijzers/{title}/{id}/weg", forReader(s.removeBookmark))
	m.Page("GET /boek/{title}/{href...}", s.resource)
	m.Page("GET /lezer/{file}", s.script)
}
