package manage

import (
	"net/http"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/task"
)

// mailMost is how many letters one page lists. Whoever has more than that has one
// trouble, and not so many.
const mailMost = 200

type mailPage struct {
	Library branch.Organisation
	Letters []lost
	Count   int
}

// lost is a letter that did not arrive.
type lost struct {
	outbox.Letter
	What   string // message key of what the letter is, "" when it has none
	Reason string // message key of what the code means, "" when there is no code
	Since  time.Time
	People []customer.Customer // whom it is about, of this library
	Task   string              // id of the task at the desk that is open, or ""
}

// mail is Mail die niet aankwam: given up, or sent and come back.
func (s *Site) mail(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	page := mailPage{Library: library}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Letters = nil
		if page.Count, err = outbox.CountLost(tx); err != nil {
			return err
		}
		list, err := outbox.Lost(tx, mailMost)
		if err != nil {
			return err
		}
		for _, l := range list {
			one, err := s.lost(tx, library, l)
			if err != nil {
				return err
			}
			page.Letters = append(page.Letters, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "mail", page)
}

func (s *Site) lost(tx *sqldb.Tx, library branch.Organisation, l outbox.Letter) (lost, error) {
	one := lost{Letter: l, Since: l.ReturnedAt}
	if one.Since.IsZero() {
		one.Since = l.SentAt
	}
	if key := "manage.letter." + l.Mail.Kind; s.Words.Has(key) {
		one.What = key
	}
	if one.ReturnCode == "" {
		one.ReturnCode = l.LastError
	}
	if one.ReturnCode != "" {
		one.Reason = enrol.MailReason(one.ReturnCode)
	}
	people, err := about(tx, l.Mail.About)
	if err != nil {
		return one, err
	}
	for _, who := range people {
		if who.OrganisationID != library.ID {
			continue
		}
		one.People = append(one.People, who)
		tasks, err := task.About(tx, enrol.MailTask(who.ID, l.ID))
		if err != nil {
			return one, err
		}
		for _, t := range tasks {
			if t.DoneAt.IsZero() {
				one.Task = t.ID
			}
		}
	}
	return one, nil
}

// about finds the customers that a letter is about. One who was erased is nobody.
func about(tx *sqldb.Tx, object string) ([]customer.Customer, error) {
	kind, id, _ := strings.Cut(object, ":")
	switch kind {
	case "account":
		return customer.FindByAccount(tx, id)
	case "customer":
		who, err := customer.Find(tx, id)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil, nil
		}
		return []customer.Customer{who}, err
	}
	return nil, nil
}
