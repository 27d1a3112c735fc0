package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

const (
	// listToActivate is the value of "lijst" in the address for Te activeren.
	listToActivate = "te-activeren"
	// onlyHere is the value of "vestiging" there that leaves out other branches.
	onlyHere = "hier"
	// sentParam names, in that address, a customer who just got a link from the list.
	sentParam = "gestuurd"

	// toActivateMost is how many customers one page of Te activeren lists.
	toActivateMost = 50
	// sentMost is how many of them the address remembers.
	sentMost = 20
)

// place is where in Te activeren a clerk is at work. It stands in the address, so that
// whoever sends a link comes back to the same customers.
type place struct {
	Here bool     // only those of the clerk's own branch are meant
	Skip int      // how many stand on the pages before this one
	Sent []string // who just got a link from this list, the last one first
}

// placeIn reads the place of an address or a form. No is another page.
func placeIn(q url.Values) (p place, listed bool) {
	p.Here, p.Skip = q.Get("vestiging") == onlyHere, skipped(q.Get("na"))
	p.Sent = q[sentParam][:min(len(q[sentParam]), sentMost)]
	return p, q.Get("lijst") == listToActivate
}

// skipped reads how many customers stand on the pages before: a whole number of pages.
func skipped(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n / toActivateMost * toActivateMost
}

// Values are what a form or an address needs to come back.
func (p place) Values() url.Values {
	q := url.Values{"lijst": {listToActivate}}
	if p.Here {
		q.Set("vestiging", onlyHere)
	}
	if p.Skip > 0 {
		q.Set("na", strconv.Itoa(p.Skip))
	}
	if len(p.Sent) > 0 {
		q[sentParam] = p.Sent
	}
	return q
}

// Where is the same behind the question mark of an address.
func (p place) Where() string { return p.Values().Encode() }

// sentTo is the place after one more customer got a link.
func (p place) sentTo(id string) place {
	p.Sent = append([]string{id}, slices.DeleteFunc(slices.Clone(p.Sent), func(other string) bool { return other == id })...)
	return p
}

// First and Last are the places of the rows in the whole list.
func (p searchPage) First() int { return p.Skip + 1 }
func (p searchPage) Last() int  { return min(p.Skip+toActivateMost, p.Asleep) }

// Before and After are the addresses of the pages beside this one; "" for none.
func (p searchPage) Before() string {
	if p.Skip == 0 {
		return ""
	}
	return p.at(p.Skip - toActivateMost)
}

func (p searchPage) After() string {
	if p.Last() >= p.Asleep {
		return ""
	}
	return p.at(p.Skip + toActivateMost)
}

func (p searchPage) at(skip int) string {
	p.Skip = skip
	return "/klanten?" + p.Where()
}

// toActivate counts who has a login account that nobody activated, and lists
// them when that is the page.
func (p *searchPage) toActivate(tx *sqldb.Tx, s *Site, c counter) error {
	var want enrol.SleepersWanted
	if p.ToActivate {
		want.Skip, want.Most = p.Skip, toActivateMost
	}
	if p.ToActivate && p.Here {
		want.BranchID = c.branch.ID
	}
	list, all, err := s.Office.ToActivate(tx, c.clerk(), want)
	if err == nil && len(list) == 0 && want.Skip > 0 { // the last of that page was activated meanwhile
		p.Skip, want.Skip = 0, 0
		list, all, err = s.Office.ToActivate(tx, c.clerk(), want)
	}
	if err != nil {
		return err
	}
	p.Asleep, p.Rows = all, nil
	p.Branch, p.Resend, p.List = c.branch, c.can(staff.ForgetAccount), c.can(staff.SeeLooks)
	for _, who := range list {
		p.Rows = append(p.Rows, foundRow{Row: who.Row, Login: who.Login, Ended: who.Row.Ended(p.Today), Sent: slices.Contains(p.Sent, who.Row.ID)})
	}
	return p.sentFirst(tx, s, c)
}

// sentFirst keeps the customer who got a link just now in sight. With a whole day ahead
// again they stand behind everybody else, perhaps on another page.
func (p *searchPage) sentFirst(tx *sqldb.Tx, s *Site, c counter) error {
	if !p.ToActivate || len(p.Sent) == 0 {
		return nil
	}
	id := p.Sent[0]
	who, err := c.find(tx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	login, err := s.Office.LoginState(tx, id)
	if err != nil || login.State != enrol.Waiting {
		return err
	}
	p.Rows = slices.DeleteFunc(p.Rows, func(r foundRow) bool { return r.Row.ID == id })
	p.Rows = slices.Insert(p.Rows, 0, foundRow{Row: who.Row(), Login: login, Ended: who.Row().Ended(p.Today), Sent: true})
	return nil
}

// listMost is more than a library ever has asleep at once.
const listMost = 5000

// toActivateList is Te activeren as a file, for who answers for the books or for the
// workers. That it left is noted first.
func (s *Site) toActivateList(w http.ResponseWriter, r *http.Request, c counter) error {
	rows := [][]string{{s.say(c, "desk.number"), s.say(c, "desk.name"), s.say(c, "desk.login"), s.say(c, "desk.link_until")}}
	var today day.Day
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		rows, today = rows[:1], day.Of(tx.Now)
		list, _, err := s.Office.ToActivate(tx, c.clerk(), enrol.SleepersWanted{Most: listMost})
		if err != nil {
			return err
		}
		for _, it := range list {
			until := ""
			if !it.Login.Until.IsZero() {
				until = day.Moment(it.Login.Until, c.lang)
			}
			rows = append(rows, []string{it.Number, it.ListName, s.say(c, it.Login.State.Key()), until})
		}
		return audit.Record(tx, audit.Entry{Actor: c.worker.Actor(), Act: "enrol.sleepers_exported", Object: "organisation:" + c.branch.OrganisationID, Branch: c.branch.ID, Detail: strconv.Itoa(len(list))})
	})
	if err != nil {
		return err
	}
	return s.Sheet(w, "te-activeren-"+string(today), rows)
}

// renewPage is Nieuw inlogaccount for who let the first one expire.
type renewPage struct {
	*kit.Form
	Customer customer.Customer
	Login    enrol.Login
	Renumber bool
	Place    url.Values // of the list from which the clerk comes; nil for none
}

func (s *Site) askRenew(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.renewPage(w, r, c, http.StatusOK, kit.NewForm())
}

func (s *Site) renewPage(w http.ResponseWriter, r *http.Request, c counter, status int, form *kit.Form) error {
	page := renewPage{Form: form}
	q := r.URL.Query()
	if status != http.StatusOK {
		q = form.Values
	}
	if at, listed := placeIn(q); listed {
		page.Place = at.Values()
	}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, err = c.find(tx, r.PathValue("id")); err != nil {
			return err
		}
		if page.Login, err = s.Office.LoginState(tx, page.Customer.ID); err != nil {
			return err
		}
		page.Renumber, err = s.Office.Renumbers(tx, page.Customer.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "renew", page)
}

// Expired reports whether there is something to renew.
func (p renewPage) Expired() bool { return p.Login.State == enrol.Expired }

// renew is Vergeet inlogaccount and Nieuw inlogaccount genereren in one.
func (s *Site) renew(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	var flash told
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		before, err := c.find(tx, id)
		if err != nil {
			return err
		}
		login, err := s.Office.Renew(tx, c.clerk(), id)
		flash = generated(login, before)
		return err
	})
	if err != nil {
		if form.Take(err) {
			return s.renewPage(w, r, c, kit.Status(err), form)
		}
		return err
	}
	s.SetFlash(w, flash.key, flash.args...)
	return s.backFrom(w, r, form, id)
}

// backFrom goes back to where a button about a login account stood: in the list, or on
// the page of the customer.
func (s *Site) backFrom(w http.ResponseWriter, r *http.Request, form *kit.Form, id string) error {
	if at, listed := placeIn(form.Values); listed {
		return s.Redirect(w, r, "/klanten?%s", at.sentTo(id).Where())
	}
	return s.Redirect(w, r, "/klanten/%s#inlogaccount", id)
}
