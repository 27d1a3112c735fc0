// Package manage is the door Beheer, for the people who mind a library.
//
//	signin.go  Inloggen, with a second step always
//	home.go    numbers that run low, how much mail did not arrive, work in the background
//	staff.go   Medewerkers: who works here, as what, and how they come in
//	sites.go   Websites die aansluiten; connection.go what their administrators need
//	systems.go other library systems that make login accounts
//	kinds.go   the kinds of membership that they may give
//	readers.go how signing in goes, and signing everybody out
//	lending.go what a membership lends in the Online Bibliotheek, and how often that is done
//	mail.go    letters that did not arrive
//	news.go    the addresses of the newsletter as a file for the mailing service
//	lists.go   lists of these to take along for an audit
//	ports.go   what it needs of the other wings
//
// Only a worker who holds the role beheer for the whole organisation comes in:
// letters and jobs are the whole house's.
package manage

import (
	"embed"
	"net/http"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

//go:embed pages layout
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// IdleMost is how long Beheer may stand unused before one signs in again.
const IdleMost = 30 * time.Minute

// Site is Beheer.
type Site struct {
	*kit.Site
	Organisation string // slug of the library
	News         *newsletter.Subscribers
	Websites     Websites
	Systems      Systems
	Readers      Readers
	Lending      Lending
	Titles       Titles
	Issuer       string // of the sign-on
	entry        *entry.Desk
}

// New makes the door of one library.
func New(house *kit.House, organisation string) (*Site, error) {
	s, err := kit.New(house, "manage", files, entry.Pages)
	if err != nil {
		return nil, err
	}
	s.SignInPath, s.Idle = "/aanmelden", IdleMost
	s.Nav = []kit.NavItem{{Key: "manage.title", Path: "/"}, {Key: "manage.staff", Path: "/medewerkers"},
		{Key: "manage.nav_sites", Path: "/websites"}, {Key: "manage.nav_systems", Path: "/systemen"}, {Key: "manage.nav_readers", Path: "/lezers"}, {Key: "manage.nav_lending", Path: "/uitlenen"}, {Key: "manage.nav_mail", Path: "/mail"},
		{Key: "manage.news", Path: "/nieuwsbrief"}, {Key: "entry.security", Path: "/beveiliging"}}
	site := &Site{Site: s, Organisation: organisation}
	site.entry = &entry.Desk{Site: s, Prefix: "staff:", Required: true, Person: staff.Person, Admit: site.letIn, Renew: staff.Renew(s.Idle),
		Prove: site.prove, SetPassword: site.setPassword}
	site.entry.Passkeys, err = factor.NewPasskeys(s.Base, house.Brand.Name)
	return site, err
}

// Routes is the site map of Beheer.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.manager(s.home))
	m.Page("GET /medewerkers", s.manager(s.staff))
	m.Page("GET /medewerkers/nieuw", s.manager(s.newWorker))
	m.Page("POST /medewerkers/nieuw", s.manager(s.hire))
	m.Page("POST /lijsten/medewerkers", s.manager(s.staffList))
	m.Page("GET /medewerkers/{id}", s.manager(s.worker))
	m.Page("POST /medewerkers/{id}", s.manager(s.changeWorker))
	m.Page("GET /medewerkers/{id}/{daad}", s.manager(s.askAct))
	m.Page("POST /medewerkers/{id}/{daad}", s.manager(s.act))
	m.Page("GET /websites", s.manager(s.sites))
	m.Page("GET /websites/nieuw", s.manager(s.newSite))
	m.Page("POST /websites/nieuw", s.manager(s.addSite))
	m.Page("POST /lijsten/websites", s.manager(s.siteList))
	m.Page("GET /websites/{id}", s.manager(s.site))
	m.Page("POST /websites/{id}", s.manager(s.changeSite))
	m.Page("GET /websites/{id}/{daad}", s.manager(s.askSiteAct))
	m.Page("POST /websites/{id}/{daad}", s.manager(s.siteAct))
	m.Page("GET /systemen", s.manager(s.systems))
	m.Page("GET /systemen/nieuw", s.manager(s.newSystem))
	m.Page("POST /systemen/nieuw", s.manager(s.addSystem))
	m.Page("GET /systemen/soorten", s.manager(s.kinds))
	m.Page("GET /systemen/soorten/wijzigen", s.manager(s.kind))
	m.Page("POST /systemen/soorten/wijzigen", s.manager(s.saveKind))
	m.Page("GET /systemen/{id}/{daad}", s.manager(s.askRevoke))
	m.Page("POST /systemen/{id}/{daad}", s.manager(s.revoke))
	m.Page("GET /lezers", s.manager(s.readers))
	m.Page("GET /lezers/{daad}", s.manager(s.askEveryone))
	m.Page("POST /lezers/{daad}", s.manager(s.signOutEveryone))
	m.Page("GET /uitlenen", s.manager(s.lending))
	m.Page("GET /uitlenen/bestand", s.manager(s.lendingFile))
	m.Page("GET /uitlenen/regels", s.manager(s.lendingRules))
	m.Page("POST /uitlenen/regels", s.manager(s.saveLendingRules))
	m.Page("GET /uitlenen/titels", s.manager(s.titles))
	m.Page("GET /uitlenen/titels/{id}", s.manager(s.title))
	m.Page("POST /uitlenen/titels/{id}/{daad}", s.manager(s.titleAct))
	m.Page("GET /mail", s.manager(s.mail))
	m.Page("GET /nieuwsbrief", s.manager(s.news))
	m.Page("POST /nieuwsbrief/bestand", s.manager(s.newsFile))
	m.Page("GET /aanmelden", s.showSignIn)
	m.Page("POST /aanmelden", s.signIn)
	m.Page("POST /afmelden", s.signOut)
	s.entry.Routes(m)
}

// manager lets only managers through, asked anew at each page: whose role was
// taken this morning is out now.
func (s *Site) manager(h func(http.ResponseWriter, *http.Request, branch.Organisation) error) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		switch {
		case kit.VisitOf(r).Session != nil:
		case r.Method == http.MethodPost:
			return s.late(w, r)
		default:
			return kit.ErrSignIn
		}
		var library branch.Organisation
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			if library, err = branch.FindOrganisation(tx, s.Organisation); err != nil {
				return err
			}
			worker, err := staff.Find(tx, kit.VisitOf(r).Session.Subject)
			if err != nil {
				return err
			}
			return mayManage(worker, library)
		})
		if fault.KindOf(err) == fault.Denied || fault.KindOf(err) == fault.NotFound {
			s.ClearSession(w)
			return staff.ErrDenied
		}
		if err != nil {
			return err
		}
		return h(w, r, library)
	}
}

func mayManage(w staff.Worker, library branch.Organisation) error {
	if w.OrganisationID != library.ID {
		return staff.ErrDenied
	}
	return w.May(staff.Manage, "")
}
