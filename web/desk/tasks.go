package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/staff"
	"lidwoord/library/task"
	"lidwoord/web/kit"
)

const (
	// tasksMost is how many waiting tasks Taken lists, the oldest first.
	tasksMost = 100
	// tasksDoneMost is how many that are done stand below them.
	tasksDoneMost = 20
)

// errTaskMoney means that a task about money is closed by somebody who answers
// for it.
var errTaskMoney = fault.New(fault.Denied, "desk.task_money")

// bar is what the menu tells of the clerk's library.
type bar struct {
	Tasks int         // how many wait
	Money money.Cents // that waits with them
}

func (c counter) bar(tx *sqldb.Tx) (b bar, err error) {
	b.Tasks, b.Money, err = task.Count(tx, c.branch.OrganisationID)
	return b, err
}

// mayNotClose says why a clerk may not close a task; nil when they may. The room
// judges once more, in the write, who closes what they asked for.
func (c counter) mayNotClose(t task.Task) *fault.Error {
	switch {
	case t.AskedBy == c.worker.Actor() && !c.can(staff.Manage):
		return task.ErrOwn
	case t.Cents != 0 && !c.can(staff.HandleMoney):
		return errTaskMoney
	}
	return nil
}

// taskCard is one task as the desk shows it.
type taskCard struct {
	task.Task
	Lines     []taskLine
	Reference string            // of the payment at the provider, where no line tells it
	Customer  customer.Customer // whom it is about; empty where nobody knows
	WhyNot    *fault.Error      // this clerk may not close it; nil for who may
	Who       string            // the worker who closed it, "" for nobody
}

// taskLine is a fact with its value in words.
type taskLine struct{ Key, Value string }

// tasksPage is Taken: what waits for somebody of the library, at whichever branch.
type tasksPage struct {
	bar
	Cards []taskCard
	Done  []taskCard
}

// List tells that each card leads to a page of its own.
func (tasksPage) List() bool { return true }

func (s *Site) tasks(w http.ResponseWriter, r *http.Request, c counter) error {
	var page tasksPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		open, err := task.Open(tx, c.branch.OrganisationID, tasksMost)
		if err != nil {
			return err
		}
		if page.Cards, err = s.cards(tx, c, open); err != nil {
			return err
		}
		done, err := task.Closed(tx, c.branch.OrganisationID, tasksDoneMost)
		if err != nil {
			return err
		}
		page.Done, err = s.cards(tx, c, done)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "tasks", page)
}

func (s *Site) cards(tx *sqldb.Tx, c counter, list []task.Task) (cards []taskCard, err error) {
	who := colleagues{}
	for _, t := range list {
		card := taskCard{Task: t, WhyNot: c.mayNotClose(t)}
		for _, f := range t.Facts {
			if f.Value != "" {
				card.Lines = append(card.Lines, taskLine{f.Key, s.inWords(c, f.Value)})
			}
		}
		if card.Who, err = who.name(tx, t.DoneBy); err != nil {
			return nil, err
		}
		if err := card.find(tx, c); err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// inWords writes out a reason that was kept as a message key or a code.
func (s *Site) inWords(c counter, value string) string {
	for _, key := range []string{"desk.code." + value, value} {
		if !s.Words.Has(key) {
			continue
		}
		if text := s.say(c, key); !strings.Contains(text, "{") {
			return text
		}
		return s.say(c, "desk.code.other") // what its holes held was not kept
	}
	return value
}

// find looks up whom a task is about, and which payment.
func (card *taskCard) find(tx *sqldb.Tx, c counter) error {
	kind, id, _ := strings.Cut(card.Object, ":")
	id, _, _ = strings.Cut(id, "#")
	if kind == "refund" {
		back, err := payment.FindRefund(tx, id)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		kind, id = "payment", back.PaymentID
	}
	if kind == "payment" {
		p, err := payment.Find(tx, id)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if p.ProviderID != "" && !slices.ContainsFunc(card.Lines, func(l taskLine) bool { return strings.Contains(l.Value, p.ProviderID) }) {
			card.Reference = p.Provider + " " + p.ProviderID
		}
		order, err := registration.Find(tx, p.OrderID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		kind, id = "customer", order.CustomerID
	}
	if kind != "customer" || id == "" {
		return nil
	}
	who, err := c.find(tx, id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	card.Customer = who
	return nil
}

// taskPage is one task, and where a worker says what was done.
type taskPage struct {
	*kit.Form
	bar
	Cards []taskCard // the one
}

// List tells that the way on stands below the card.
func (taskPage) List() bool { return false }

func (s *Site) task(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.taskPage(w, r, c, http.StatusOK, s.keptForm(r, c, "desk.task_close"))
}

func (s *Site) taskPage(w http.ResponseWriter, r *http.Request, c counter, status int, form *kit.Form) error {
	page := taskPage{Form: form}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		t, err := task.Find(tx, c.branch.OrganisationID, r.PathValue("taak"))
		if err != nil {
			return err
		}
		page.Cards, err = s.cards(tx, c, []task.Task{t})
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, "task", page)
}

// closeTask is Afgehandeld. Of two clerks who press it one does; the other reads
// who was first.
func (s *Site) closeTask(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		t, err := task.Find(tx, c.branch.OrganisationID, r.PathValue("taak"))
		if err != nil {
			return err
		}
		if wrong := c.mayNotClose(t); t.DoneAt.IsZero() && wrong != nil {
			return wrong
		}
		finish := task.Close
		if c.can(staff.Manage) {
			finish = task.CloseAsManager
		}
		return finish(tx, t.OrganisationID, t.ID, c.worker.Actor(), form.Get("toelichting"))
	})
	if err != nil {
		if errors.Is(err, task.ErrDone) || errors.Is(err, task.ErrNote) {
			form.Take(err)
			return s.taskPage(w, r, c, kit.Status(err), form)
		}
		return err
	}
	s.SetFlash(w, "desk.task_closed")
	return s.Redirect(w, r, "/taken")
}

// colleagues are the names of workers by actor, each looked up once.
type colleagues map[string]string

// name is the worker's behind an actor, "" for who is none.
func (known colleagues) name(tx *sqldb.Tx, actor string) (string, error) {
	id, isStaff := strings.CutPrefix(actor, "staff:")
	if !isStaff {
		return "", nil
	}
	if _, found := known[actor]; !found {
		worker, err := staff.Find(tx, id)
		if err != nil && fault.KindOf(err) == fault.Internal {
			return "", err
		}
		known[actor] = worker.Name
	}
	return known[actor], nil
}
