// Package mine is the door Mijn Menu, for customers. What it will show of one's
// own membership is not built yet; now it tells where to find what, so that
// nobody stands before a closed door.
package mine

import (
	"embed"
	"net/http"

	"lidwoord/web/kit"
)

//go:embed pages
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Site is Mijn Menu.
type Site struct{ *kit.Site }

// New makes the door.
func New(house *kit.House) (*Site, error) {
	s, err := kit.New(house, "mine", files)
	if err != nil {
		return nil, err
	}
	return &Site{Site: s}, nil
}

// Routes is the site map of Mijn Menu.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", func(w http.ResponseWriter, r *http.Request) error {
		return s.Show(w, r, http.StatusOK, "home", nil)
	})
}
