// Package news is the door Nieuwsbrief: where anybody asks for the newsletter,
// confirms it, and stops it, without an account.
//
//	/                      ask for it
//	/bevestigen/{token}    the link of the letter; its button confirms
//	/afmelden/{token}      the link in each newsletter; its button stops, and so
//	                       does the button of a mail program (RFC 8058)
//
// To look at a link changes nothing, because mail scanners look too.
package news

import (
	"embed"
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/newsletter"
	"lidwoord/web/kit"
)

//go:embed pages
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// Site is Nieuwsbrief.
type Site struct {
	*kit.Site
	Organisation string // slug of the library whose newsletter one asks for here
	News         *newsletter.Subscribers
}

// New makes the door of one library. Its links work for the newsletter of any.
func New(house *kit.House, organisation string, news *newsletter.Subscribers) (*Site, error) {
	s, err := kit.New(house, "news", files)
	if err != nil {
		return nil, err
	}
	return &Site{Site: s, Organisation: organisation, News: news}, nil
}

// Routes is the site map of Nieuwsbrief.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.form)
	m.Page("POST /", s.ask)
	m.Page("GET /bevestigen/{token}", s.showConfirm)
	m.Page("POST /bevestigen/{token}", s.confirm)
	m.Page("GET /afmelden/{token}", s.showStop)
	// A mail program or its web page sends this one: RFC 8058 wants it answered
	// without cookie, sign-in or a way round.
	m.Open("POST /afmelden/{token}", s.stop)
}

// fieldTick is the box beside the sentence of consent. It starts empty: a ticked
// box is no consent (AVG, recital 32).
const fieldTick = "akkoord"

// ErrTick means that the box was left empty.
var ErrTick = fault.New(fault.Invalid, "news.tick")

type formPage struct {
	*kit.Form
	Library branch.Organisation
	Field   string // name of the address field
	Consent string // the sentence beside the box
	Young   int    // from which age one may ask
}

func (s *Site) form(w http.ResponseWriter, r *http.Request) error {
	return s.showForm(w, r, http.StatusOK, kit.NewForm())
}

func (s *Site) showForm(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	page := formPage{Form: form, Field: customer.FieldEmail, Consent: newsletter.TextForAnybody(kit.VisitOf(r).Lang), Young: newsletter.ConsentAge}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Library, err = branch.FindOrganisation(tx, s.Organisation)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "form", page)
}

type askedPage struct{ Address string }

// ask shows the same page for every mailbox: who types somebody else's address
// must not learn whether it subscribes.
func (s *Site) ask(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	yes := newsletter.Asking{
		Address: form.Get(customer.FieldEmail), Lang: kit.VisitOf(r).Lang, Channel: newsletter.Web, Network: throttle.Network(r.RemoteAddr),
		TextVersion: newsletter.TextVersion, TextShown: newsletter.TextForAnybody(kit.VisitOf(r).Lang),
	}
	if err = check(form); err == nil {
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
			library, err := branch.FindOrganisation(tx, s.Organisation)
			if err != nil {
				return err
			}
			yes.OrganisationID = library.ID
			return s.News.Ask(tx, yes)
		})
	}
	if err != nil && form.Take(err) {
		return s.showForm(w, r, kit.Status(err), form)
	}
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "asked", askedPage{yes.Address})
}

// check finds all that is wrong at once, before anything is counted or written.
func check(form *kit.Form) error {
	var wrong fault.List
	address, err := customer.CleanEmail(form.Get(customer.FieldEmail))
	if err == nil && address == "" {
		err = newsletter.ErrAddress
	}
	wrong.Add(customer.FieldEmail, err)
	if !form.Is(fieldTick, "ja") {
		wrong.Add(fieldTick, ErrTick)
	}
	return wrong.Err()
}

// token reads the secret from the address.
func token(r *http.Request) secret.Token { return secret.Token(r.PathValue("token")) }

// linkPage is the page of a link that works.
type linkPage struct {
	Token      secret.Token
	Library    branch.Organisation
	Subscriber newsletter.Subscriber
}

// find fills a page with the mailbox that look finds.
func (p *linkPage) find(tx *sqldb.Tx, look func(*sqldb.Tx, secret.Token) (newsletter.Subscriber, error)) (err error) {
	if p.Subscriber, err = look(tx, p.Token); err != nil || p.Subscriber.ID == "" {
		return err
	}
	p.Library, err = branch.OrganisationByID(tx, p.Subscriber.OrganisationID)
	return err
}

func (s *Site) showConfirm(w http.ResponseWriter, r *http.Request) error {
	page := linkPage{Token: token(r)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error { return page.find(tx, newsletter.Look) })
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "confirm", page)
}

func (s *Site) confirm(w http.ResponseWriter, r *http.Request) error {
	page := linkPage{Token: token(r)}
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return page.find(tx, newsletter.Confirm) })
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "confirmed", page)
}

// showStop does not show the address: who got the newsletter from a friend has
// this link too.
func (s *Site) showStop(w http.ResponseWriter, r *http.Request) error {
	page := linkPage{Token: token(r)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error { return page.find(tx, newsletter.LookUnsubscribe) })
	if err != nil {
		return err
	}
	if !page.Subscriber.Wanted() {
		return s.Show(w, r, http.StatusOK, "stopped", page)
	}
	return s.Show(w, r, http.StatusOK, "stop", page)
}

// stop reads no more of the form than who sends it: a mail program that writes it
// in a way of its own must unsubscribe too.
func (s *Site) stop(w http.ResponseWriter, r *http.Request) error {
	page, by := linkPage{Token: token(r)}, newsletter.Mail
	if r.PostFormValue("List-Unsubscribe") == "One-Click" {
		by = newsletter.OneClick
	}
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return page.find(tx, func(tx *sqldb.Tx, token secret.Token) (newsletter.Subscriber, error) {
			return newsletter.StopByToken(tx, token, by)
		})
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "stopped", page)
}
