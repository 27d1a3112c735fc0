// Package mine is the door Mijn Menu: what a library knows of the person who is
// signed in with their login account, and what they may do about it themselves.
// One account may hold memberships of several libraries; each is a card of its
// own. What belongs to somebody else is as if it were not there.
//
//	GET       /                          what one can do here; signed in: every library's card
//	GET, POST /adres/{customer}          another address
//	GET, POST /email/{customer}          another address for the library's mail
//	POST      /nieuwsbrief/{customer}    the newsletter on or off
//	GET       /bon/{registration}        the receipt of a contract; with .pdf the same to keep
//	GET, POST /opzeggen/{membership}     Abonnement beëindigen, at the end of what was paid
//	GET, POST /herroepen                 a statement of withdrawal by anybody, without signing in
//	POST      /herroepen/bevestigen      … its second button, Herroeping bevestigen
//	GET, POST /herroepen/{registration}  the same for who is signed in
//	POST      /download                  one file with everything that a library holds of the person
//	GET, POST /wissen/{customer}         asks a library to forget the person
//
// The login account itself, with its password, is not here: its own door shows it.
package mine

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

//go:embed pages layout assets
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Settings are what an installation chooses for this door.
type Settings struct {
	Party         party.Settings
	Registrations *registration.Office
	Book          customer.AddressBook // nil looks nothing up
	Organisation  string               // slug of the library to which who is not signed in speaks
}

// Site is Mijn Menu.
type Site struct {
	*kit.Site
	Settings
	party   *party.Party
	readout *template.Template // the readable half of the download
}

// New makes the door.
func New(house *kit.House, set Settings) (*Site, error) {
	k, err := kit.New(house, "mine", files)
	if err != nil {
		return nil, err
	}
	s := &Site{Site: k, Settings: set, party: party.New(k, set.Party)}
	s.readout, err = template.New("").ParseFS(readouts, "export/*.html")
	return s, err
}

// Routes is the site map of Mijn Menu.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.party.Fresh(s.home))
	s.party.Routes(m)

	// For everybody.
	m.Page("GET /herroepen", s.statement)
	m.Page("POST /herroepen", s.checkStatement)
	m.Page("POST /herroepen/bevestigen", s.confirmStatement)
	m.Page("GET /herroepen/bevestigen", s.to("/herroepen")) // the other language, or Enter in the address bar

	// For who is signed in.
	m.Page("GET /adres/{customer}", s.signedIn(s.address))
	m.Page("POST /adres/{customer}", s.signedIn(s.changeAddress))
	m.Page("GET /email/{customer}", s.signedIn(s.email))
	m.Page("POST /email/{customer}", s.signedIn(s.changeEmail))
	m.Page("POST /nieuwsbrief/{customer}", s.signedIn(s.news))
	m.Page("GET /nieuwsbrief/{customer}", s.to("/"))
	m.Page("GET /bon/{registration}", s.signedIn(s.receipt))
	m.Page("GET /opzeggen/{membership}", s.signedIn(s.askCancel))
	m.Page("POST /opzeggen/{membership}", s.signedIn(s.cancel))
	m.Page("GET /herroepen/{registration}", s.signedIn(s.askWithdraw))
	m.Page("POST /herroepen/{registration}", s.signedIn(s.withdraw))
	m.Page("POST /download", s.signedIn(s.download))
	m.Page("GET /download", s.to("/"))
	m.Page("GET /wissen/{customer}", s.signedIn(s.askErase))
	m.Page("POST /wissen/{customer}", s.signedIn(s.erase))
}

// to leads the address of a form, opened as a page, to the page of the form.
func (s *Site) to(path string) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return s.Redirect(w, r, "%s", path) }
}

// visitor is who is signed in, and the language they read.
type visitor struct {
	party.Person
	lang words.Lang
}

// actor is the visitor as the audit log names one.
func (v visitor) actor() string { return "account:" + v.Account }

func (v visitor) by() customer.By { return customer.By{Actor: v.actor()} }

type handler func(http.ResponseWriter, *http.Request, visitor) error

func (s *Site) signedIn(h handler) kit.Handler {
	return kit.RequireSession(s.party.Fresh(func(w http.ResponseWriter, r *http.Request) error {
		who, ok := party.Who(r)
		if !ok {
			return kit.ErrSignIn
		}
		return h(w, r, visitor{who, kit.VisitOf(r).Lang})
	}))
}

// customer is one of the visitor's own. Of another there is no page.
func (v visitor) customer(tx *sqldb.Tx, id string) (customer.Customer, error) {
	c, err := customer.Find(tx, id)
	if errors.Is(err, customer.ErrUnknown) || err == nil && (v.Account == "" || c.Link.AccountID != v.Account) {
		return customer.Customer{}, kit.ErrNoPage
	}
	return c, err
}

// contract is one that a customer of the visitor made on the web.
func (v visitor) contract(tx *sqldb.Tx, id string) (registration.Registration, customer.Customer, error) {
	r, err := registration.Find(tx, id)
	switch {
	case fault.KindOf(err) == fault.NotFound || err == nil && r.State != registration.Member:
		return r, customer.Customer{}, kit.ErrNoPage
	case err != nil:
		return r, customer.Customer{}, err
	}
	c, err := v.customer(tx, r.CustomerID)
	return r, c, err
}

// own is a customer of the visitor with the library, outside any other act.
func (s *Site) own(ctx context.Context, v visitor, id string) (c customer.Customer, library branch.Organisation, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if c, err = v.customer(tx, id); err != nil {
			return err
		}
		library, err = branch.OrganisationByID(tx, c.OrganisationID)
		return err
	})
	return c, library, err
}
