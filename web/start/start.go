// Package start is the page in front of all doors: where a visitor goes who
// typed only the name of the host. In the demo it lists the doors, the passwords
// with which to try them, and the codes that an app would show.
package start

import (
	"embed"
	"net/http"

	"lidwoord/base/factor"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

//go:embed pages assets
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Site is the page in front.
type Site struct {
	*kit.Site
	Logins []Login // of the demo; nobody else publishes passwords
	Ready  func(*http.Request) error

	// For the page about privacy.
	Controller func(*sqldb.Tx) (Controller, error)
	Figures    Figures
}

// Login is somebody whom a visitor of the demo may be.
type Login struct {
	Door     string // "desk", "login"
	Username string
	Password string
	What     string // message key of what this login shows
	Key      string // of an app with codes, "" when no second step is asked
	Code     string // what that app shows now; the page fills it in
}

// New makes the door.
func New(house *kit.House) (*Site, error) {
	s, err := kit.New(house, "start", files)
	if err != nil {
		return nil, err
	}
	return &Site{Site: s}, nil
}

// Routes is the site map of this door.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.home)
	m.Page("GET /toegankelijkheid", s.access)
	m.Page("GET /privacy", s.privacy)
	m.Raw("GET /gezond", http.HandlerFunc(s.healthy))
}

type homePage struct {
	Desk, Login []Login
	Coded       bool // somebody needs a code as well
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	var page homePage
	for _, l := range s.Logins {
		if l.Key != "" {
			var err error
			if l.Code, err = factor.CodeAt(l.Key, s.DB.Now()); err != nil {
				return err
			}
			page.Coded = true
		}
		if l.Door == "desk" {
			page.Desk = append(page.Desk, l)
		} else {
			page.Login = append(page.Login, l)
		}
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

func (s *Site) access(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, http.StatusOK, "access", nil)
}

// healthy tells a proxy or a monitor whether this node can work.
func (s *Site) healthy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := s.Ready(r); err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
}
