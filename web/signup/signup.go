// Package signup is the door Inschrijven: a visitor of a library's own site
// becomes a member without help. First a login account, at another door and by
// single sign-on; then the registration, one thing a page; then the payment.
//
//	GET       /                               the libraries of this house
//	GET       /{library}                      its memberships
//	GET POST  /{library}/{code}               one membership: what it is, and first a login account
//	GET       /{library}/aanvraag/begin       back from the sign-on: the form opens
//	GET       /{library}/aanvraag/verder      where it was left
//	GET POST  /{library}/aanvraag/{page}      naam, geboortedatum, ouder, adres, contact
//	GET POST  /{library}/aanvraag/controle    check your answers; Bestellen en betalen
//	POST      /{library}/aanvraag/stop        the payment that is under way is given up
//	POST      /{library}/aanvraag/weg         the form is thrown away, its payment given up
//	GET       /{library}/aanvraag/lid         Je bent nu lid, or were one already
//	GET       /betaling/{payment}             where the bank leads back to; which library's it is, the payment tells
//	GET       /{library}/betaling/{payment}   back from the bank: only reads
//	POST      /haak/{provider}                the payment provider's webhook
//	GET       /inloggen, /terug  POST /uitloggen   of web/party
//
// A page that was filled in wrong is shown again from what was kept, at an address
// of its own (?nakijken), so that Back in the browser always shows a page. Every
// page works without the script.
package signup

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
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
	Party   party.Settings
	Office  *registration.Office
	Cashier *payment.Cashier
	Book    customer.AddressBook // nil looks no streets up
}

// Site is Inschrijven.
type Site struct {
	*kit.Site
	Settings
	party *party.Party
}

// New makes the door.
func New(house *kit.House, set Settings) (*Site, error) {
	k, err := kit.New(house, "signup", files)
	if err != nil {
		return nil, err
	}
	// The button Bestellen en betalen is answered by the payment provider's page,
	// and a browser counts that as a target of the form.
	k.FormAction = "'self' https:"
	if k.Base.Scheme == "http" {
		k.FormAction += " http:"
	}
	return &Site{Site: k, Settings: set, party: party.New(k, set.Party)}, nil
}

// Routes is the site map of Inschrijven.
func (s *Site) Routes(m *kit.Mux) {
	s.party.Routes(m)
	m.Page("GET /", s.libraries)
	m.Page("GET /{library}", s.party.Fresh(s.at(s.home)))
	m.Page("GET /{library}/{code}", s.party.Fresh(s.at(s.choice)))
	m.Page("POST /{library}/{code}", s.member(s.choose))
	m.Raw("GET /{library}/stijl/huis.css", http.HandlerFunc(s.style))

	m.Page("GET /{library}/aanvraag/begin", s.member(s.begin))
	m.Page("GET /{library}/aanvraag/verder", s.member(s.resume))
	for _, p := range pages {
		m.Page("GET /{library}/aanvraag/"+p.Name, s.member(s.show(p)))
		m.Page("POST /{library}/aanvraag/"+p.Name, s.member(s.take(p)))
	}
	m.Page("GET /{library}/aanvraag/controle", s.member(s.check))
	m.Page("POST /{library}/aanvraag/controle", s.member(s.order))
	m.Page("POST /{library}/aanvraag/stop", s.member(s.stop))
	m.Page("POST /{library}/aanvraag/weg", s.member(s.drop))
	m.Page("GET /{library}/aanvraag/lid", s.member(s.done))
	m.Page("GET /betaling/{payment}", s.toLibrary)
	m.Page("GET /{library}/betaling/{payment}", s.party.Fresh(s.at(s.comeBack)))
	m.Raw("POST /haak/{provider}", http.HandlerFunc(s.hook))
}

// pages are the pages of the form, in any order.
var pages = []registration.Page{registration.PageName, registration.PageBirth, registration.PageParent, registration.PageAddress, registration.PageContact}

// stand is who stands before which library during one request.
type stand struct {
	Library branch.Organisation
	In      bool // signed in
	visitor registration.Visitor
}

// Brand is the library's.
func (st stand) Brand() kit.Brand {
	return kit.Brand{Name: st.Library.Name, Site: st.Library.Site, Email: st.Library.Email, Phone: st.Library.Phone}
}

// Home is the library's page with its memberships.
func (st stand) Home() string { return "/" + st.Library.Slug }

// Style is the style sheet with the library's colours.
func (st stand) Style() string {
	if st.Library.Colour == "" {
		return ""
	}
	return "/" + st.Library.Slug + "/stijl/huis.css"
}

// Path is a path of this library's pages below the door.
func (st stand) Path(path string) string { return "/" + st.Library.Slug + path }

// lang is the language of the request.
func (st stand) lang() words.Lang { return st.visitor.Lang }

// Username is the visitor's, "" for who is not signed in.
func (st stand) Username() string { return st.visitor.Username }

// way is how far one is, in the words above each page. Who pays nothing has no
// step to pay.
type way struct {
	At   int // from 0
	Free bool
}

// Steps are the keys of the words.
func (y way) Steps() []string {
	steps := []string{"signup.step_account", "signup.step_data", "signup.step_check", "signup.step_pay"}
	if y.Free {
		return steps[:3]
	}
	return steps
}

// handler is a kit.Handler that knows the library and the visitor.
type handler func(http.ResponseWriter, *http.Request, stand) error

// at finds the library of the address.
func (s *Site) at(h handler) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, in := party.Who(r)
		st := stand{In: in, visitor: registration.Visitor{
			AccountID: who.Account, Username: who.Username, Email: who.Email, EmailVerified: who.EmailVerified, Lang: kit.VisitOf(r).Lang,
		}}
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			st.Library, err = branch.FindOrganisation(tx, r.PathValue("library"))
			return err
		})
		if err != nil {
			return err
		}
		return h(w, r, st)
	}
}

// member lets only who is signed in through.
func (s *Site) member(h handler) kit.Handler { return kit.RequireSession(s.party.Fresh(s.at(h))) }

// lead sends the browser to another page of the library; "" is its first.
func (s *Site) lead(w http.ResponseWriter, r *http.Request, st stand, path string) error {
	return s.Redirect(w, r, "%s", st.Path(path))
}

type librariesPage struct{ Libraries []branch.Organisation }

// libraries lists the libraries of this house; of a single one it shows the page.
func (s *Site) libraries(w http.ResponseWriter, r *http.Request) error {
	var page librariesPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Libraries, err = branch.Organisations(tx)
		return err
	})
	if err != nil {
		return err
	}
	if len(page.Libraries) == 1 {
		return s.Redirect(w, r, "/%s", page.Libraries[0].Slug)
	}
	return s.Show(w, r, http.StatusOK, "libraries", page)
}

type homePage struct {
	stand
	Offers   []membership.Definition
	Places   []string // where people are enrolled at a desk: "Bibliotheek Annen", "De Werf, Gieten"
	AdultAge int
	Current  *registration.Registration // what the visitor has under way
	Under    string                     // the name of its membership
	Member   bool                       // the visitor is a member here
	Online   bool                       // online enrolling is open
	Resume   string                     // the way over the sign-on to what was begun
}

// home shows what people may choose for themselves.
func (s *Site) home(w http.ResponseWriter, r *http.Request, st stand) error {
	page := homePage{stand: st, AdultAge: membership.AdultAge, Resume: s.signOn(st.Path("/aanvraag/verder"))}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Offers, err = offers(tx, st.Library.ID); err != nil {
			return err
		}
		if page.Places, err = places(tx, st.Library.ID); err != nil {
			return err
		}
		_, err = registration.Branch(tx, st.Library.ID, "")
		if page.Online = err == nil; err != nil && !errors.Is(err, registration.ErrNoBranch) {
			return err
		}
		return page.whoIs(tx)
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

// signOn is the way over the sign-on and back to a page of this door.
func (s *Site) signOn(to string) string {
	return s.Link("/inloggen?%s", url.Values{"naar": {s.Link("%s", to)}}.Encode())
}

// makeAccount is the way over the sign-on that begins with a new account. Who is
// signed in there chooses: go on as they are, or sign out and make another.
func (s *Site) makeAccount(to string) string { return s.signOn(to) + "&maak=1" }

// whoIs finds what the visitor has under way, and whether they are a member.
func (p *homePage) whoIs(tx *sqldb.Tx) error {
	if !p.In {
		return nil
	}
	current, name, err := underway(tx, p.stand)
	if errors.Is(err, registration.ErrNone) {
		p.Member, err = registration.IsMember(tx, p.visitor, p.Library.ID)
		return err
	}
	p.Current, p.Under = &current, name
	return err
}

// underway is the form that the visitor has under way, and the name of its
// membership.
func underway(tx *sqldb.Tx, st stand) (reg registration.Registration, name string, err error) {
	if reg, err = registration.Current(tx, st.visitor, st.Library.ID); err != nil {
		return reg, "", err
	}
	d, err := membership.FindDefinition(tx, st.Library.ID, reg.App.Membership)
	return reg, d.Name(st.lang()), err
}

// offers are the memberships that visitors may choose.
func offers(tx *sqldb.Tx, organisationID string) (list []membership.Definition, err error) {
	all, err := membership.Definitions(tx, organisationID)
	for _, d := range all {
		if offersOnline(d) {
			list = append(list, d)
		}
	}
	return list, err
}

// offered is one of them; any other has no page.
func offered(tx *sqldb.Tx, organisationID, code string) (membership.Definition, error) {
	d, err := membership.FindDefinition(tx, organisationID, code)
	if errors.Is(err, membership.ErrNoDefinition) || err == nil && !offersOnline(d) {
		err = kit.ErrNoPage
	}
	return d, err
}

func offersOnline(d membership.Definition) bool { return d.Active && d.Online }

// places are the branches that enrol, with their place where the name lacks it.
func places(tx *sqldb.Tx, organisationID string) (list []string, err error) {
	branches, err := branch.List(tx, organisationID)
	for _, b := range branches {
		switch {
		case !b.Enrols:
		case strings.Contains(b.Name, b.Place):
			list = append(list, b.Name)
		default:
			list = append(list, b.Name+", "+b.Place)
		}
	}
	return list, err
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// style is the library's colours as a style sheet: the policy of our pages
// forbids styles inside them.
func (s *Site) style(w http.ResponseWriter, r *http.Request) {
	var library branch.Organisation
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		library, err = branch.FindOrganisation(tx, r.PathValue("library"))
		return err
	})
	if err != nil || !colour.MatchString(library.Colour) {
		http.NotFound(w, r)
		return
	}
	ink := cmp.Or(library.Ink, "#ffffff")
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	fmt.Fprintf(w, ":root{--utrecht-page-header-background-color:%[1]s;--utrecht-page-header-color:%[2]s;"+
		"--utrecht-button-primary-action-background-color:%[1]s;--utrecht-button-primary-action-color:%[2]s;"+
		"--utrecht-button-primary-action-hover-background-color:color-mix(in srgb,%[1]s 85%%,#000)}\n", library.Colour, ink)
}

type choicePage struct {
	stand
	way
	Definition membership.Definition
	AdultAge   int
	Under      string  // the membership of the form that is under way, when it is another
	Through    day.Day // the last day of the visitor's own membership here, "" for who is no member

	// The ways to the sign-on; both lead back to where the form opens.
	MakeAccount, SignIn string
}

// choice tells what one membership is and what comes next: first an account. Who
// is a member already is told that nothing was bought, and how somebody else of
// the family joins.
func (s *Site) choice(w http.ResponseWriter, r *http.Request, st stand) error {
	code := r.PathValue("code")
	begin := st.Path("/aanvraag/begin?abonnement=" + url.QueryEscape(code))
	page := choicePage{stand: st, AdultAge: membership.AdultAge, MakeAccount: s.makeAccount(begin), SignIn: s.signOn(begin)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Definition, err = offered(tx, st.Library.ID, code); err != nil {
			return err
		}
		page.Free = page.Definition.Price == 0
		if !st.In {
			return nil
		}
		current, name, err := underway(tx, st)
		switch {
		case errors.Is(err, registration.ErrNone):
			facts, _, err := factsOf(tx, st)
			page.Through = facts.Through
			return err
		case err == nil && current.App.Membership != code:
			page.Under = name
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "choice", page)
}

// choose opens the form for this membership, or moves the open one over to it.
func (s *Site) choose(w http.ResponseWriter, r *http.Request, st stand) error {
	code := r.PathValue("code")
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if _, err := offered(tx, st.Library.ID, code); err != nil {
			return err
		}
		reg, err := registration.Begin(tx, st.visitor, st.Library, code)
		if err != nil || reg.App.Membership == code {
			return err
		}
		reg.App.Membership = code
		_, err = registration.Keep(tx, reg, reg.App)
		return err
	})
	if errors.Is(err, registration.ErrMember) {
		return s.lead(w, r, st, "/"+code)
	}
	return s.onward(w, r, st, err)
}

// begin opens the form for who comes back from the sign-on. It moves no form
// that is under way for another membership: the page of the membership asks. That
// page also tells who is a member already.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, st stand) error {
	code := r.URL.Query().Get("abonnement")
	other := false
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if _, err := offered(tx, st.Library.ID, code); err != nil {
			return err
		}
		reg, err := registration.Begin(tx, st.visitor, st.Library, code)
		other = err == nil && reg.App.Membership != code
		return err
	})
	if other || errors.Is(err, registration.ErrMember) {
		return s.lead(w, r, st, "/"+code)
	}
	return s.onward(w, r, st, err)
}

// resume leads to where the form was left. Who had begun with no more than the
// account must choose again, and is told so.
func (s *Site) resume(w http.ResponseWriter, r *http.Request, st stand) error {
	nothing, member := false, false
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		_, err := registration.Current(tx, st.visitor, st.Library.ID)
		if nothing = errors.Is(err, registration.ErrNone); nothing {
			member, err = registration.IsMember(tx, st.visitor, st.Library.ID)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case member:
		return s.lead(w, r, st, "/aanvraag/lid")
	case nothing:
		s.SetFlash(w, "signup.nothing_yet")
	}
	return s.onward(w, r, st, nil)
}

// onward leads to the first page that is not right yet, to the check when all
// are, or to the memberships where there is no form.
func (s *Site) onward(w http.ResponseWriter, r *http.Request, st stand, err error) error {
	to := "/aanvraag/controle"
	if err == nil {
		err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			reg, err := registration.Current(tx, st.visitor, st.Library.ID)
			if err != nil || reg.State != registration.Open {
				return err
			}
			p, missing, err := registration.Unfinished(tx, reg)
			if missing {
				to = "/aanvraag/" + p.Name
			}
			return err
		})
	}
	switch {
	case errors.Is(err, registration.ErrNone):
		to = ""
	case errors.Is(err, registration.ErrOrdered):
	case err != nil:
		return err
	}
	return s.lead(w, r, st, to)
}
