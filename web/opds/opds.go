// Package opds is the door of the Online Bibliotheek for reader apps: catalogue,
// shelf and loans as feeds that apps of others understand, in OPDS 2.0 (JSON,
// below /v2) and OPDS 1.2 (Atom, below /v1).
//
//	GET       /                       the start, in the form that the app asks for
//	GET       /auth                   how an app gets in (OPDS Authentication)
//	GET       /search.xml             how to search (OpenSearch, for 1.2)
//	GET       /v2/ /v1/               the start: groups and ways to choose
//	GET       /v2/titles              titles: searched, filtered, sorted, by the page
//	GET       /v2/titles/{id}         one title
//	GET       /v2/subjects            what titles are about
//	GET       /v2/authors             who wrote them
//	GET       /v2/languages           in which languages
//	GET       /v2/shelf               what the reader has on loan
//	GET       /v2/profile             how many titles the reader may borrow
//	GET POST  /v2/titles/{id}/borrow  lends a title; twice is once
//	GET POST  /v2/titles/{id}/return  takes it back
//	POST      /v2/titles/{id}/extend  gives a loan in its last days more days
//	GET       /covers/{id}/{width}    a cover
//	GET       /loans/{id}/manifest    what an e-book or audiobook on loan is made of (Readium)
//	GET       /loans/{id}/files/…     its parts, with Range
//	GET       /loans/{id}/epub        a copy to take along
//
// Apps name their reader in each request with the header Authorization. This door
// knows no cookies, so no page of others can act here in a reader's name.
package opds

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"lidwoord/base/secret"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Readers finds out on whose behalf an app calls. network is where it calls from,
// to slow down who keeps guessing. An error of the kind fault.SignIn means that
// name, password or token are good for nothing (any more).
type Readers interface {
	ByPassword(ctx context.Context, name string, password secret.Token, network string) (Reader, error)
	ByToken(ctx context.Context, token secret.Token, network string) (Reader, error)
}

// Reader is who an app acts for.
type Reader struct {
	ID loan.Reader
	// Rights are the reader's memberships as the sign-on told them, no older than
	// that.
	Rights func(ctx context.Context, atMost time.Duration) (loan.Rights, error)
}

// OAuth tells apps that sign in by authorization code with PKCE where to go.
type OAuth struct {
	Issuer    string // of the sign-on
	Metadata  string // address of its metadata (RFC 8414)
	Authorize string
	Token     string
	ClientID  string // that apps share
	Redirect  string // where the code goes: an address that apps own
	Scope     string
}

// Settings are what an installation chooses for this door.
type Settings struct {
	Index   *index.Index
	Loans   *loan.Memory // nil makes one for this door
	Stacks  catalogue.Stacks
	Readers Readers // nil lets nobody in: the catalogue can be looked at
	OAuth   *OAuth  // nil offers app passwords only
	// Cover opens a title's cover in one of the widths of its Covers; nil shows none.
	Cover func(t catalogue.Title, width int) (*os.File, error)
	// Copy sends a copy of an e-book on loan, with the mark of the loan in it; nil
	// offers none.
	Copy func(http.ResponseWriter, *http.Request, loan.Loan) error
}

// Site is the door.
type Site struct {
	*kit.House
	Settings
	base     *url.URL
	safe     http.Header // on every answer
	way      []string    // the header that leads to the way in
	kept     keep        // feeds for everyone
	shelves  keep        // of readers
	parts    parts
	contents contents
}

// New makes the door.
func New(house *kit.House, set Settings) *Site {
	s := &Site{House: house, Settings: set, base: house.Doors.OPDS, kept: keep{most: keptMost}, shelves: keep{most: shelvesMost}}
	if s.Loans == nil {
		s.Loans = loan.NewMemory(house.DB)
	}
	s.way = []string{"<" + s.address("/auth") + `>; rel="` + relAuth + `"; type="` + authType + `"`}
	s.safe = s.secure()
	return s
}

// Handler is the whole door.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	at := func(path string, e endpoint) {
		mux.Handle(strings.TrimSuffix(s.base.Path, "/")+path, s.machine(e))
	}
	if s.base.Path != "" {
		at("", endpoint{"GET": s.front})
	}
	at("/{$}", endpoint{"GET": s.front})
	at("/auth", endpoint{"GET": s.auth})
	at("/search.xml", endpoint{"GET": s.openSearch})
	for _, v := range []version{v1, v2} {
		p := "/" + string(v)
		at(p+"/{$}", endpoint{"GET": s.open(v, s.start)})
		at(p+"/titles", endpoint{"GET": s.open(v, s.titles)})
		at(p+"/titles/{id}", endpoint{"GET": s.title(v)})
		at(p+"/subjects", endpoint{"GET": s.open(v, s.subjects)})
		at(p+"/authors", endpoint{"GET": s.open(v, s.authors)})
		at(p+"/languages", endpoint{"GET": s.open(v, s.languages)})
		at(p+"/shelf", endpoint{"GET": s.reader(s.shelf(v))})
		// Apps follow the link of borrowing with GET, and Thorium that of returning too.
		at(p+"/titles/{id}/borrow", endpoint{"GET": s.acting(s.borrow(v)), "POST": s.acting(s.borrow(v)), "PUT": s.acting(s.borrow(v)), "HEAD": actless})
		at(p+"/titles/{id}/return", endpoint{"GET": s.acting(s.giveBack(v)), "POST": s.acting(s.giveBack(v)), "PUT": s.acting(s.giveBack(v)), "DELETE": s.acting(s.giveBack(v)), "HEAD": actless})
		at(p+"/titles/{id}/extend", endpoint{"POST": s.acting(s.extend(v)), "PUT": s.acting(s.extend(v))})
	}
	at("/v2/profile", endpoint{"GET": s.reader(s.profile)})
	at("/covers/{id}/{width}", endpoint{"GET": s.cover})
	at("/loans/{id}/manifest", endpoint{"GET": s.reader(s.manifest)})
	at("/loans/{id}/files/{href...}", endpoint{"GET": s.reader(s.file)})
	at("/loans/{id}/epub", endpoint{"GET": s.reader(s.epub), "HEAD": s.reader(s.epub)})
	at("/", endpoint{"": nowhere})
	return mux
}

// address is the full address of a path below this door. Apps keep feeds and open
// their links on another day, so every link is whole.
func (s *Site) address(path string) string { return kit.Absolute(s.base, path) }
