// Package signup is the door Inschrijven: which memberships a library offers,
// what they cost, and where to become a member. Enrolling and paying online is
// not built yet, and the page says so before anybody has typed a word.
package signup

import (
	"embed"
	"net/http"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/membership"
	"lidwoord/web/kit"
)

//go:embed pages
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Site is Inschrijven.
type Site struct {
	*kit.Site
	Organisation string // slug of the library whose memberships it shows
}

// New makes the door of one library.
func New(house *kit.House, organisation string) (*Site, error) {
	s, err := kit.New(house, "signup", files)
	if err != nil {
		return nil, err
	}
	return &Site{Site: s, Organisation: organisation}, nil
}

// Routes is the site map of Inschrijven.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.home)
}

type homePage struct {
	Library  branch.Organisation
	Offers   []membership.Definition
	Places   []string // where people are enrolled now: "Bibliotheek Annen", "De Werf, Gieten"
	AdultAge int
}

// home shows what people may choose for themselves. A membership that only the
// desk gives out, such as a school's supplement, would mislead them.
func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	page := homePage{AdultAge: membership.AdultAge}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Library, err = branch.FindOrganisation(tx, s.Organisation); err != nil {
			return err
		}
		all, err := membership.Definitions(tx, page.Library.ID)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.Active && d.Online && d.Desk {
				page.Offers = append(page.Offers, d)
			}
		}
		branches, err := branch.List(tx, page.Library.ID)
		for _, b := range branches {
			switch {
			case !b.Enrols:
			case strings.Contains(b.Name, b.Place):
				page.Places = append(page.Places, b.Name)
			default:
				page.Places = append(page.Places, b.Name+", "+b.Place)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}
