package enrol

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/task"
)

// Happened is one line of the history of a customer's login account.
type Happened struct {
	At    time.Time
	What  string // act of the audit log, or a word of ours: "login.mailed", "login.confirmed", "login.activated"
	Actor string // who did it, as in the audit log; "" for the outside world
	Code  string // of a mail server, for a letter that did not arrive
}

// historyMost is how many acts on a customer are looked through.
const historyMost = 200

// loginActs are the acts on a customer that are about the login account. Those
// that another of them tells in fewer words are left out.
var loginActs = []string{"customer.linked", "customer.unlinked", "customer.account_left", "enrol.login_resent", "enrol.mail_returned", "enrol.removal_stopped"}

// History is what happened to a customer's login account, the newest first: what
// the library did, and what became of the account that is linked now.
func (o Office) History(tx *sqldb.Tx, customerID string) ([]Happened, error) {
	who, err := customer.Find(tx, customerID)
	if err != nil {
		return nil, err
	}
	acts, err := audit.Of(tx, "customer:"+who.ID, historyMost)
	if err != nil {
		return nil, err
	}
	var list []Happened
	for _, e := range acts {
		if !slices.Contains(loginActs, e.Act) {
			continue
		}
		h := Happened{At: e.At, What: e.Act, Actor: e.Actor}
		switch e.Act {
		case "customer.linked":
			h.What += "." + e.Detail // generated, existing
		case "enrol.mail_returned":
			h.Actor, h.Code = "", e.Detail
		}
		list = append(list, h)
	}
	if who.Link.AccountID != "" {
		story, err := o.Accounts.StoryOf(tx, who.Link.AccountID)
		if err != nil {
			return nil, err
		}
		list = append(list, story.happened()...)
		lib, err := branch.OrganisationByID(tx, who.OrganisationID)
		if err != nil {
			return nil, err
		}
		asked, err := o.removals(tx, who, lib.Name)
		if err != nil {
			return nil, err
		}
		for _, r := range asked {
			list = append(list, r.happened()...)
		}
		all := slices.Clone(list)
		list = slices.DeleteFunc(list, func(h Happened) bool { return h.What == "login.removal_stopped" && ours(all, h.At) })
	}
	slices.SortStableFunc(list, func(a, b Happened) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	return list, nil
}

// ours reports whether a removal was stopped at an instant by the library itself, whose
// log names the worker.
func ours(list []Happened, at time.Time) bool {
	return slices.ContainsFunc(list, func(h Happened) bool { return h.What == "enrol.removal_stopped" && h.At.Equal(at) })
}

// happened leaves out letters that came back: the library's own log has those,
// and keeps them longer.
func (s Story) happened() (list []Happened) {
	for what, at := range map[string]time.Time{"login.confirmed": s.ConfirmedAt, "login.activated": s.ActivatedAt} {
		if !at.IsZero() {
			list = append(list, Happened{At: at, What: what})
		}
	}
	for _, m := range s.Links {
		if !m.SentAt.IsZero() {
			list = append(list, Happened{At: m.SentAt, What: "login.mailed"})
		}
	}
	slices.SortFunc(list, func(a, b Happened) int { return strings.Compare(b.What, a.What) })
	return list
}

// Sleeper is a customer whose login account nobody has activated.
type Sleeper struct {
	customer.Row
	Login Login
}

// sleepersMost bounds what is asked of the outside world at once.
const sleepersMost = 5000

// SleepersWanted is which part of the list a clerk looks at.
type SleepersWanted struct {
	BranchID string // "" is every branch of the library
	Skip     int    // how many come before
	Most     int    // how many are listed; 0 only counts
}

// ToActivate lists the customers of the clerk's library whose generated login
// account waits for its owner, or expired not long ago: those of the clerk's own
// branch first, and of each the soonest to expire. all is how many there are in every
// part together.
func (o Office) ToActivate(tx *sqldb.Tx, c Clerk, want SleepersWanted) (list []Sleeper, all int, err error) {
	_, lib, err := c.at(tx)
	if err != nil {
		return nil, 0, err
	}
	asleep, err := o.Census.Sleeping(tx, sleepersMost)
	if err != nil {
		return nil, 0, err
	}
	found, err := customer.Holders(tx, lib.ID, want.BranchID, asleep)
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(found, func(a, b customer.Holder) int {
		return cmp.Compare(away(a.BranchID, c.BranchID), away(b.BranchID, c.BranchID))
	})
	from := min(max(want.Skip, 0), len(found))
	for _, h := range found[from:min(from+want.Most, len(found))] {
		who, err := customer.Find(tx, h.ID)
		if err != nil {
			return nil, 0, err
		}
		login, err := o.stateOf(tx, who)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, Sleeper{Row: who.Row(), Login: login})
	}
	return list, len(found), nil
}

// away ranks the branch of a customer for a clerk: their own is nearest.
func away(branchID, own string) int {
	if branchID == own {
		return 0
	}
	return 1
}

// AccountLeft hears that an account is no more because its owner deleted it.
// Every customer who was linked keeps number, membership and money; the desk may
// generate another account, or link one.
func (o Office) AccountLeft(tx *sqldb.Tx, accountID string) error {
	_, err := customer.Leave(tx, accountID)
	return err
}

// MailReturned hears of a letter that did not arrive. What it was about says
// whom to tell: every library that knows the account, or the customer's own. A
// letter to an account in use is its owner's to mend, and makes no task.
func (o Office) MailReturned(tx *sqldb.Tx, r outbox.Return) error {
	kind, id, _ := strings.Cut(r.About, ":")
	var known []customer.Customer
	var err error
	switch kind {
	case "account":
		known, err = customer.FindByAccount(tx, id)
	case "customer":
		known = make([]customer.Customer, 1)
		known[0], err = customer.Find(tx, id)
	}
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return nil // the customer was erased meanwhile
	}
	if err != nil {
		return err
	}
	for _, who := range known {
		err := audit.Record(tx, audit.Entry{Actor: "job", Act: "enrol.mail_returned", Object: "customer:" + who.ID, Detail: r.Code})
		if err != nil {
			return err
		}
		if kind == "account" {
			login, err := o.stateOf(tx, who)
			if err != nil {
				return err
			}
			if login.State != Waiting && login.State != Expired {
				continue
			}
		}
		err = task.Add(tx, task.Task{OrganisationID: who.OrganisationID, Kind: task.MailReturned, Object: MailTask(who.ID, r.LetterID),
			Facts: []task.Fact{{Key: "task.fact.reason", Value: MailReason(r.Code)}}})
		if err != nil {
			return err
		}
	}
	return nil
}

// MailTask is the object of the task about a letter that came back.
func MailTask(customerID, letterID string) string { return "customer:" + customerID + "#" + letterID }

// MailReason is the message key that tells in words what a mail server's code
// means (RFC 3463).
func MailReason(code string) string {
	_, finer, found := strings.Cut(code, " ") // "550 5.1.1"
	if !found {
		finer = code
	}
	class, detail, _ := strings.Cut(finer, ".")
	switch {
	case strings.HasPrefix(detail, "1."), class == "550" && !found:
		return "enrol.mail_address"
	case detail == "2.2":
		return "enrol.mail_full"
	case class == "4":
		return "enrol.mail_later"
	}
	return "enrol.mail_other"
}
