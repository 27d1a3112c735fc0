package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

// rowsMost is how many customers a search shows: more than fit on a screen means
// that the clerk should ask for one more thing.
const rowsMost = 30

// searchPage is Klanten.
type searchPage struct {
	bar
	Query string
	Rows  []foundRow
	More  bool
	Most  int
	Today day.Day
	Enrol bool

	Misread bool // a number with a slip in it

	ToActivate bool // the list shows Te activeren
	Asleep     int  // how many customers that is
	place           // where in it
	Branch     branch.Branch
	Resend     bool // the clerk may send a link again
	List       bool // the clerk may take the list along
}

// foundRow is one customer that was found, with the state of the login account.
type foundRow struct {
	customer.Row
	Login enrol.Login
	Ended bool
	Sent  bool // a link, lately, from this list
}

func (s *Site) customers(w http.ResponseWriter, r *http.Request, c counter) error {
	page := searchPage{Query: strings.TrimSpace(strings.ToValidUTF8(r.URL.Query().Get("q"), "")), Most: rowsMost, Enrol: c.can(staff.Enrol)}
	page.place, page.ToActivate = placeIn(r.URL.Query())
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		page.Today = day.Of(tx.Now)
		var err error
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		if page.ToActivate || page.Query == "" {
			return page.toActivate(tx, s, c)
		}
		found, err := customer.Search(tx, c.branch.OrganisationID, page.Query, rowsMost)
		if err != nil {
			return err
		}
		page.More, page.Rows = found.More, nil
		named, err := s.Office.Named(tx, c.clerk(), page.Query)
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if len(named) == 0 || row.ID != named[0].ID {
				named = append(named, row)
			}
		}
		for _, row := range named {
			login, err := s.Office.LoginState(tx, row.ID)
			if err != nil {
				return err
			}
			page.Rows = append(page.Rows, foundRow{Row: row, Login: login, Ended: row.Ended(page.Today)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	// A scanned card means one customer.
	number, err := customer.ReadNumber(page.Query)
	if err == nil && len(page.Rows) == 1 && page.Rows[0].Number == number {
		return s.Redirect(w, r, "/klanten/%s", page.Rows[0].ID)
	}
	page.Misread = errors.Is(err, customer.ErrNumberCheck) && len(page.Rows) == 0
	return s.Show(w, r, http.StatusOK, "customers", page)
}

// find returns a customer of the clerk's own library; of another there is nobody.
func (c counter) find(tx *sqldb.Tx, id string) (customer.Customer, error) {
	who, err := customer.Find(tx, id)
	if err == nil && who.OrganisationID != c.branch.OrganisationID {
		err = customer.ErrUnknown
	}
	return who, err
}

// customerPage is all that the desk shows of one customer.
type customerPage struct {
	*kit.Form
	bar
	Customer    customer.Customer
	Branch      branch.Branch // the customer's own
	Age         int
	Today       day.Day
	Memberships []membership.Membership // newest first
	Rights      membership.Rights       // today
	EBooks      *LendingRules           // what these lend in the Online Bibliotheek, nil for nothing
	Login       enrol.Login
	Differs     bool // the account has another address than the library writes to
	Pay         payForm
	Lines       []accountLine
	Contracts   []contract // made on the web, the newest first
	News        newsletter.Subscriber
	Guardian    string
	Overrides   []customer.Overridden
	Log         []logLine
	Story       []happened // of the login account
	StepSince   time.Time  // of the second step at the login account, zero for none
	Removal     *removal   // of it, that waits; nil for none
	Kept        *kept      // the owner's no to the last one; nil for none
	Renumber    bool       // a new login account gives the customer another number
	Bank        string     // masked
	May         struct{ Forget, Change, Pay, Looks bool }

	RemovalHours int // from when a removal is asked until it is done
}

// Running is the membership that counts today, nil for none.
func (p customerPage) Running() *membership.Membership {
	for i := range p.Memberships {
		if p.Memberships[i].State(p.Today) == membership.Active {
			return &p.Memberships[i]
		}
	}
	return nil
}

// SecondStep reports whether the login account has one.
func (p customerPage) SecondStep() bool { return !p.StepSince.IsZero() }

// Undo reports whether a line can be undone, so that the list stands open.
func (p customerPage) Undo() bool {
	return slices.ContainsFunc(p.Lines, func(l accountLine) bool { return l.Undo })
}

// Tries reports whether there are online payments to show.
func (p customerPage) Tries() bool {
	return slices.ContainsFunc(p.Contracts, func(c contract) bool { return len(c.Payments) > 0 })
}

// On is the day of an instant, for a sentence.
func (customerPage) On(t time.Time) day.Day { return day.Of(t) }

// Settled is the day on which a refund left or failed, and until then on which
// it was asked for.
func (customerPage) Settled(f payment.Refund) day.Day {
	if f.SettledAt.IsZero() {
		return day.Of(f.WantedAt)
	}
	return day.Of(f.SettledAt)
}

// DayOf writes the day of an instant.
func (customerPage) DayOf(t time.Time) string { return day.Of(t).Short() }

// logLine is one act of the history, without what was in the fields.
type logLine struct {
	audit.Entry
	Key    string // message key of the act
	Who    string // the worker's name, "" for the system
	Online bool   // by the customer, on the web
}

// historyMost is how many acts the page shows.
const historyMost = 40

func (s *Site) customer(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.customerPage(w, r, c, http.StatusOK, s.keptForm(r, c, "desk.pay_button"))
}

func (s *Site) customerPage(w http.ResponseWriter, r *http.Request, c counter, status int, form *kit.Form) error {
	page := customerPage{Form: form, RemovalHours: s.removalHours()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, err = c.find(tx, r.PathValue("id")); err != nil {
			return err
		}
		return page.fill(tx, s, r, c)
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "customer", page)
}

func (p *customerPage) fill(tx *sqldb.Tx, s *Site, r *http.Request, c counter) (err error) {
	who := p.Customer
	p.Today = day.Of(tx.Now)
	if p.bar, err = c.bar(tx); err != nil {
		return err
	}
	if who.Birth != "" {
		p.Age = who.Birth.Age(p.Today)
	}
	p.Bank = customer.MaskIBAN(who.IBAN)
	p.May.Forget, p.May.Change, p.May.Pay = c.can(staff.ForgetAccount), c.can(staff.ChangeCustomers), c.can(staff.TakePayment)
	p.May.Looks = c.can(staff.SeeLooks)
	if p.Branch, err = branch.Find(tx, who.BranchID); err != nil {
		return err
	}
	if p.Memberships, err = membership.Of(tx, who.ID); err != nil {
		return err
	}
	if p.Rights, err = membership.RightsOf(tx, who.ID, p.Today); err != nil {
		return err
	}
	if p.EBooks, err = s.ebooks(tx, p.Rights.Names()); err != nil {
		return err
	}
	if p.Login, err = s.Office.LoginState(tx, who.ID); err != nil {
		return err
	}
	p.Differs = enrol.Differs(p.Login, who.Email)
	switch p.Login.State {
	case enrol.Active, enrol.Linked:
		if p.StepSince, err = s.Office.SecondStep(tx, who.ID); err == nil {
			p.Removal, err = s.removalOf(tx, c, who.ID)
		}
		if err == nil {
			p.Kept, err = s.keptOf(tx, c, who.ID)
		}
	case enrol.None, enrol.Left:
		p.Renumber, err = s.Office.Renumbers(tx, who.ID)
	}
	if err != nil {
		return err
	}
	if p.Pay, err = payFormOf(tx, r, c, who.ID, ""); err != nil {
		return err
	}
	p.Pay.Action, p.Pay.Command = "/klanten/"+who.ID+"/betalen", secret.NewID()
	if p.Lines, err = linesOf(tx, c, who.ID); err != nil {
		return err
	}
	if p.Contracts, err = s.contractsOf(tx, c, who.ID); err != nil {
		return err
	}
	p.Pay.GoingBack = goingBack(p.Contracts)
	if p.News, err = newsletter.State(tx, who.ID); err != nil {
		return err
	}
	if p.Guardian, _, err = enrol.GuardianOf(tx, who.ID); err != nil {
		return err
	}
	if p.Overrides, err = customer.Overrides(tx, who.ID); err != nil {
		return err
	}
	if err := p.loginStory(tx, s, c); err != nil {
		return err
	}
	return p.history(tx, s)
}

// happened is one line of the history of a login account.
type happened struct {
	enrol.Happened
	Key string // message key of what happened
	Who string // the worker's name, "" for somebody else
	Why string // of a letter that did not arrive, in words
}

// loginStory tells what happened to the login account, and since when it works.
func (p *customerPage) loginStory(tx *sqldb.Tx, s *Site, c counter) error {
	list, err := s.Office.History(tx, p.Customer.ID)
	if err != nil {
		return err
	}
	who := colleagues{}
	p.Story = nil
	for _, h := range list {
		line := happened{Happened: h, Key: "desk.story." + h.What}
		if line.Who, err = who.name(tx, h.Actor); err != nil {
			return err
		}
		if h.Code != "" {
			line.Why = s.say(c, enrol.MailReason(h.Code))
		}
		p.Story = append(p.Story, line)
		if h.What == "login.activated" && p.Login.State == enrol.Active {
			p.Login.Since = h.At
		}
	}
	return nil
}

// history names the acts and who did them.
func (p *customerPage) history(tx *sqldb.Tx, s *Site) error {
	list, err := audit.Of(tx, "customer:"+p.Customer.ID, historyMost)
	if err != nil {
		return err
	}
	who := colleagues{}
	p.Log = nil
	for _, e := range list {
		if e.Act == actRefused {
			continue // nothing happened
		}
		line := s.logLine(e)
		if line.Who, err = who.name(tx, e.Actor); err != nil {
			return err
		}
		p.Log = append(p.Log, line)
	}
	return nil
}

// stopNews is Nieuwsbrief uitzetten: as easy as saying yes was, without a
// reason (Telecommunicatiewet art. 11.7).
func (s *Site) stopNews(w http.ResponseWriter, r *http.Request, c counter) error {
	id := r.PathValue("id")
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if _, err := c.find(tx, id); err != nil {
			return err
		}
		err := newsletter.OptOut(tx, newsletter.Consent{CustomerID: id, Channel: newsletter.Desk, StaffID: c.worker.ID, BranchID: c.branch.ID})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: c.worker.Actor(), Act: "desk.newsletter_off", Object: "customer:" + id, Branch: c.branch.ID})
	})
	if err != nil {
		return err
	}
	s.SetFlash(w, "desk.newsletter_off")
	return s.Redirect(w, r, "/klanten/%s", id)
}
