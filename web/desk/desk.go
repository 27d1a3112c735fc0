// Package desk is the front door of the people at the counter: the seed's Balie.
//
//	signin.go         Inloggen at a branch, with a second step for who has one; late.go keeps
//	                  a form that arrives after the session ended, and colleague.go
//	                  leaves a colleague's enrolment to that colleague
//	home.go           Balie: start page, search box, open drafts
//	wizard.go         Klant → Nieuwe klant toevoegen, one address for each step
//	steps.go          what each step of it reads, shows and leads to
//	existing.go       Bestaand inlogaccount gebruiken
//	quick.go          Snel inschrijven: the same fields on one screen
//	parts.go          what the script asks while the clerk types
//	result.go         Genereren van inlogaccount gelukt
//	pay.go            contant, pin, op rekening;  undo.go  Betaling terugdraaien
//	customers.go      search and customer page
//	login_account.go  Opnieuw sturen, Vergeet inlogaccount, E-mail wijzigen
//	to_activate.go    Te activeren, and what is done from that list
//	second_step.go    Tweede stap weghalen, for who lost every one
//	link.go           Bestaand inlogaccount koppelen, answered on the owner's telephone
//	seen.go           Wie heeft dit gezien of gewijzigd
//	online.go         what a customer bought on the web;  Herroepen on the customer's word
//	tasks.go          Taken: what waits for somebody of the library
//	money.go          Financieel;  statistics.go  Statistiek
//
// Every page works without the script. The script adds the question about the
// system number, look-ups while typing, and drafts that keep themselves.
package desk

import (
	"embed"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/registration"
	"lidwoord/library/staff"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

//go:embed pages layout assets
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// IdleMost is how long a desk may stand unused before the clerk has to sign in
// again. Customers stand on the other side of it; drafts survive.
const IdleMost = 30 * time.Minute

// Site is the desk.
type Site struct {
	*kit.Site
	Office       enrol.Office
	Book         customer.AddressBook // nil is no look-up
	Organisation string               // slug of the library whose desk this is

	// Registrations undoes contracts that were made on the web. The roof fills it
	// after New.
	Registrations *registration.Office

	// Lending tells what rights open in the Online Bibliotheek, which is another wing's.
	// The roof fills it after New; nil tells nothing.
	Lending Lending

	entry *entry.Desk // the second step of who has one
}

// New makes the desk of one library.
func New(house *kit.House, office enrol.Office, book customer.AddressBook, organisation string) (*Site, error) {
	s, err := kit.New(house, "desk", files, entry.Pages)
	if err != nil {
		return nil, err
	}
	s.SignInPath = "/aanmelden"
	s.Idle = IdleMost
	s.Nav = []kit.NavItem{
		{Key: "desk.nav_desk", Path: "/"}, {Key: "desk.nav_customers", Path: "/klanten"},
		{Key: "desk.nav_money", Path: "/financieel"}, {Key: "desk.nav_tasks", Path: "/taken"},
		{Key: "desk.nav_statistics", Path: "/statistiek"},
	}
	site := &Site{Site: s, Office: office, Book: book, Organisation: organisation}
	return site, site.joinEntry()
}

// Routes is the site map of the desk.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /aanmelden", s.showSignIn)
	m.Page("POST /aanmelden", s.signIn)
	m.Page("POST /afmelden", s.signOut)
	s.entry.Routes(m)
	m.Page("GET /", s.at(staff.SeeCustomers, s.home))

	m.Page("GET /klant/nieuw", s.at(staff.Enrol, s.fresh("/klant/nieuw/%s")))
	m.Page("GET /klant/snel", s.at(staff.Enrol, s.fresh("/klant/snel/%s")))
	m.Page("GET /klant/nieuw/{draft}/verder", s.at(staff.Enrol, s.resume))
	for _, step := range steps {
		m.Page("GET /klant/nieuw/{draft}"+step.path, s.at(staff.Enrol, s.show(step)))
		m.Page("POST /klant/nieuw/{draft}"+step.path, s.at(staff.Enrol, s.take(step)))
	}
	m.Page("GET /klant/nieuw/{draft}/code", s.at(staff.Enrol, s.showCode))
	m.Page("POST /klant/nieuw/{draft}/code", s.at(staff.Enrol, s.proveOwner))
	m.Page("GET /klant/nieuw/{draft}/code/stand", s.at(staff.Enrol, s.codeStand))
	m.Page("GET /klant/nieuw/{draft}/opbouw", s.at(staff.Enrol, s.showBuildUp))
	m.Page("POST /klant/nieuw/{draft}/opbouw", s.at(staff.Enrol, s.save))
	m.Page("GET /klant/nieuw/{draft}/klaar", s.at(staff.Enrol, s.showResult))
	m.Page("POST /klant/nieuw/{draft}/betalen", s.at(staff.TakePayment, s.payResult))
	m.Page("GET /klant/snel/{draft}", s.at(staff.Enrol, s.showQuick))
	m.Page("POST /klant/snel/{draft}", s.at(staff.Enrol, s.quick))
	m.Page("POST /concept/{draft}", s.at(staff.Enrol, s.keep))
	m.Page("POST /concept/{draft}/weg", s.at(staff.Enrol, s.drop))

	// For the script. They are asked by POST, since each carries the form so far.
	m.Page("POST /deel/nummer", s.at(staff.Enrol, s.partNumber))
	m.Page("POST /deel/datum", s.at(staff.Enrol, s.partBirth))
	m.Page("POST /deel/adres", s.at(staff.Enrol, s.partAddress))
	m.Page("POST /deel/bank", s.at(staff.Enrol, s.partBank))
	m.Page("POST /deel/email", s.at(staff.Enrol, s.partEmail))
	m.Page("POST /deel/dubbel", s.at(staff.Enrol, s.partDuplicates))
	m.Page("POST /deel/opbouw", s.at(staff.Enrol, s.partBuildUp))

	m.Page("GET /klanten", s.at(staff.SeeCustomers, s.customers))
	m.Page("POST /lijsten/te-activeren", s.at(staff.SeeLooks, s.toActivateList))
	m.Page("GET /klanten/{id}", s.at(staff.SeeCustomers, s.customer))
	m.Page("POST /klanten/{id}/betalen", s.at(staff.TakePayment, s.payCustomer))
	m.Page("GET /klanten/{id}/betalingen/{betaling}/terugdraaien", s.at(staff.TakePayment, s.askUndo))
	m.Page("POST /klanten/{id}/betalingen/{betaling}/terugdraaien", s.at(staff.TakePayment, s.undo))
	m.Page("POST /klanten/{id}/inlogaccount/opnieuw-sturen", s.at(staff.ForgetAccount, s.resend))
	m.Page("GET /klanten/{id}/inlogaccount/vergeten", s.at(staff.ForgetAccount, s.askForget))
	m.Page("POST /klanten/{id}/inlogaccount/vergeten", s.at(staff.ForgetAccount, s.forget))
	m.Page("POST /klanten/{id}/inlogaccount/genereren", s.at(staff.ForgetAccount, s.generate))
	m.Page("GET /klanten/{id}/inlogaccount/vernieuwen", s.at(staff.ForgetAccount, s.askRenew))
	m.Page("POST /klanten/{id}/inlogaccount/vernieuwen", s.at(staff.ForgetAccount, s.renew))
	m.Page("GET /klanten/{id}/inlogaccount/koppelen", s.at(staff.ForgetAccount, s.showLink))
	m.Page("POST /klanten/{id}/inlogaccount/koppelen", s.at(staff.ForgetAccount, s.link))
	m.Page("GET /klanten/{id}/inlogaccount/koppelen/stand", s.at(staff.ForgetAccount, s.linkStand))
	m.Page("GET /klanten/{id}/inlogaccount/tweede-stap", s.at(staff.ForgetAccount, s.askRemoval))
	m.Page("POST /klanten/{id}/inlogaccount/tweede-stap", s.at(staff.ForgetAccount, s.remove))
	m.Page("POST /klanten/{id}/inlogaccount/tweede-stap/stoppen", s.at(staff.ForgetAccount, s.stopRemoval))
	m.Page("GET /klanten/{id}/inzage", s.at(staff.SeeLooks, s.seen))
	m.Page("POST /klanten/{id}/nieuwsbrief/uit", s.at(staff.ChangeCustomers, s.stopNews))
	m.Page("GET /klanten/{id}/email", s.at(staff.ChangeCustomers, s.showEmail))
	m.Page("POST /klanten/{id}/email", s.at(staff.ChangeCustomers, s.changeEmail))

	// What a customer says at the desk counts: any clear statement does (BW 6:230o).
	m.Page("GET /klanten/{id}/herroepen/{inschrijving}", s.at(staff.ChangeCustomers, s.askWithdraw))
	m.Page("POST /klanten/{id}/herroepen/{inschrijving}", s.at(staff.ChangeCustomers, s.withdraw))

	m.Page("GET /taken", s.at(staff.HandleTasks, s.tasks))
	m.Page("GET /taken/{taak}", s.at(staff.HandleTasks, s.task))
	m.Page("POST /taken/{taak}", s.at(staff.HandleTasks, s.closeTask))

	// Whoever stands at a desk counts its till; the books of the organisation
	// are another matter. Statistics name nobody.
	m.Page("GET /financieel", s.at(staff.TakePayment, s.money))
	m.Page("GET /statistiek", s.at(staff.SeeCustomers, s.statistics))
}

// counter is one clerk at one branch during one request.
type counter struct {
	worker staff.Worker
	branch branch.Branch
	lang   words.Lang
}

func (c counter) clerk() enrol.Clerk {
	return enrol.Clerk{StaffID: c.worker.ID, BranchID: c.branch.ID, Lang: c.lang}
}

// can reports whether the clerk may do something here.
func (c counter) can(act staff.Act) bool { return c.worker.Can(act, c.branch.ID) }

// handler is a kit.Handler that knows who is at the counter.
type handler func(http.ResponseWriter, *http.Request, counter) error

// at lets a clerk through who may do act at the branch of the session. Worker
// and branch are read anew each time: who left this morning is out now. Whatever
// stands below a customer shows that customer, so the look is noted here, for every
// page at once.
func (s *Site) at(act staff.Act, h handler) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		visit := kit.VisitOf(r)
		if visit.Session == nil {
			return s.signInFirst(w, r)
		}
		c := counter{lang: visit.Lang}
		code, _, _ := strings.Cut(visit.Session.Data, " ")
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			if c.worker, err = staff.Find(tx, visit.Session.Subject); err != nil {
				return err
			}
			c.branch, err = branch.ByCode(tx, c.worker.OrganisationID, code)
			return err
		})
		switch {
		case err != nil && fault.KindOf(err) == fault.NotFound, err == nil && !c.worker.WorksAt(c.branch.ID):
			s.ClearSession(w)
			return s.signInFirst(w, r)
		case err != nil:
			return err
		}
		may := c.worker.May(act, c.branch.ID)
		if r.PathValue(customerPart) != "" {
			return s.atCustomer(w, r, c, may, h)
		}
		if may != nil {
			return may
		}
		return h(w, r, c)
	}
}
