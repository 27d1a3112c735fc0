// Package kit is what every front door shares: pages, forms, errors, sessions,
// languages and the look.
//
//	New          makes the Site of a door from its pages
//	Site.Show    renders a page in full before the first byte leaves
//	Mux          names the addresses of a door; the only place where an error becomes a page
//	ReadForm     reads what a visitor sent, and refuses what no visitor sends
//	Machine      the chain of an address for programs
//	Visit        what is known of one request: language, session, reference number
//
// A handler has the shape func(w, r) error and does three things: read the form,
// make one domain call, show or redirect.
package kit

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/url"
	"path"
	"strings"
	"time"

	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// House is what all doors of one installation have in common.
type House struct {
	DB    *sqldb.DB
	Words *words.Catalogue
	Doors Doors
	Brand Brand
	Demo  bool // shows the way to the demo's mailbox
	Log   *slog.Logger
}

// Doors are the public addresses. Each may live on a host of its own.
type Doors struct {
	Desk, Login, OIDC, Reading, OPDS, Mine, Signup, News, Manage, SCIM, Mailbox, Bank, Start *url.URL // Mailbox and Bank only in the demo
}

// Of returns the address of a door by its name in a template.
func (d Doors) Of(name string) *url.URL {
	return map[string]*url.URL{
		"desk": d.Desk, "login": d.Login, "oidc": d.OIDC, "reading": d.Reading, "opds": d.OPDS,
		"mine": d.Mine, "signup": d.Signup, "news": d.News, "manage": d.Manage, "scim": d.SCIM, "mailbox": d.Mailbox, "testbank": d.Bank, "start": d.Start,
	}[name]
}

// Brand is how the library presents itself.
type Brand struct {
	Name  string // "Bind bibliotheken"
	Site  string // its own web site, shown in the footer
	Email string
	Phone string
}

// Site is one door: its pages, its address and how it shows trouble.
type Site struct {
	*House
	Name       string        // "desk"
	Base       *url.URL      // public address of the door
	SignInPath string        // where a visitor without a session is sent, below Base
	Idle       time.Duration // how long a session lives unused
	FormAction string        // CSP form-action; "'self'" when empty
	Nav        []NavItem     // the door's menu, "" when it has none

	// Reads makes Visit.Own of what a session holds, which then is sealed in the database.
	// Where it is nil a session holds what everybody who has the database may read.
	Reads func(data []byte) (any, error)

	// Speaks keeps the language that who is signed in chose. It is nil where nobody
	// writes to them in it.
	Speaks func(tx *sqldb.Tx, subject string, lang words.Lang) error

	pages    map[string]*template.Template
	assets   *assets
	sessions session.Finder
	openings openings
}

// NavItem is one entry of a door's menu.
type NavItem struct {
	Key  string // message key of its label
	Path string // below Base
}

//go:embed layout/*.html
var layout embed.FS

//go:embed assets
var shared embed.FS

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// New makes the site of a door. door holds pages/NAME.html, each a page of its
// own over the shared layout, and may hold layout/NAME.html to replace parts and
// assets/ for style and script of its own. Parts, which several doors share, hold
// pages and layout that stand beside the door's.
func New(house *House, name string, door fs.FS, parts ...fs.FS) (*Site, error) {
	s := &Site{House: house, Name: name, Base: house.Doors.Of(name), Idle: 12 * time.Hour}
	if s.Base == nil {
		return nil, fmt.Errorf("door %s has no address", name)
	}
	var err error
	if s.assets, err = readAssets(shared, door); err != nil {
		return nil, err
	}
	s.pages, err = parsePages(layout, door, parts...)
	return s, err
}

// parsePages parses every page on top of the shared layout. Each page is a set
// of its own, so that two pages may both define "content".
func parsePages(layout, door fs.FS, parts ...fs.FS) (map[string]*template.Template, error) {
	own, err := fs.Glob(door, "layout/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	add := func(files fs.FS, name string) error {
		t, err := template.New("").Option("missingkey=error").Funcs(funcs).ParseFS(layout, "layout/*.html")
		if err != nil {
			return err
		}
		for _, part := range parts {
			if t, err = t.ParseFS(part, "layout/*.html"); err != nil {
				return err
			}
		}
		if len(own) > 0 {
			if t, err = t.ParseFS(door, own...); err != nil {
				return err
			}
		}
		if name != "" {
			if t, err = t.ParseFS(files, name); err != nil {
				return fmt.Errorf("page %s: %w", name, err)
			}
		}
		pages[strings.TrimSuffix(path.Base(name), ".html")] = t
		return nil
	}
	for _, files := range append(parts, door) {
		names, err := fs.Glob(files, "pages/*.html")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := add(files, name); err != nil {
				return nil, err
			}
		}
	}
	if _, own := pages["error"]; !own {
		if err := add(layout, "layout/error.html"); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// Link returns the address of a path below this door, without the host, so that
// it works behind any of the door's names.
func (s *Site) Link(format string, args ...any) string {
	return strings.TrimSuffix(s.Base.Path, "/") + fmt.Sprintf(format, args...)
}

// Absolute returns the full public address of a path below a door.
func Absolute(door *url.URL, path string) string {
	return strings.TrimSuffix(door.String(), "/") + path
}
