package enrol

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/staff"
	"lidwoord/library/task"
)

// FieldDocument is the form field of the document that somebody showed, and FieldWhy that
// of why a manager asks in spite of the owner's no.
const (
	FieldDocument = "document"
	FieldWhy      = "waarom"
)

// RemovalRest is how long nobody but a manager asks again after the owner said no.
const RemovalRest = 7 * 24 * time.Hour

// Bounds of a manager's reason, in characters: a sentence, and no story about a customer.
const (
	whyLeast = 10
	whyMost  = 200
)

// Documents are what a clerk may know somebody by before a second step is taken away:
// those of the Wet op de identificatieplicht (article 1). Only the kind is kept; a number
// or a copy is more than a library may ask.
var Documents = []string{"passport", "idcard", "licence", "permit"}

var (
	// ErrDocument means that the clerk did not say by what the customer was known.
	ErrDocument = fault.New(fault.Invalid, "enrol.document")
	// ErrWhy means that nobody will know next year why it was asked again.
	ErrWhy = fault.New(fault.Invalid, "enrol.removal_why").With(whyLeast, whyMost)
	// ErrRemovalOver means that there is nothing to stop (any more).
	ErrRemovalOver = fault.New(fault.Conflict, "enrol.removal_over")
)

// AskRemoval is Tweede stap weghalen: the customer lost every second step, and showed the
// clerk a document. It happens at due, unless somebody stops it.
func (o Office) AskRemoval(tx *sqldb.Tx, c Clerk, customerID, document string) (due time.Time, err error) {
	return o.askRemoval(tx, c, customerID, document, Removal{})
}

// InsistOnRemoval is AskRemoval although the owner said no lately. A manager does it and
// says why: the no may be that of whoever has the lost telephone.
func (o Office) InsistOnRemoval(tx *sqldb.Tx, c Clerk, customerID, document, why string) (due time.Time, err error) {
	worker, err := staff.Find(tx, c.StaffID)
	if err == nil {
		err = worker.May(staff.Manage, c.BranchID)
	}
	if err != nil {
		return due, err
	}
	why = strings.Join(strings.Fields(why), " ")
	if n := utf8.RuneCountInString(why); n < whyLeast || n > whyMost {
		return due, ErrWhy.At(FieldWhy)
	}
	if due, err = o.askRemoval(tx, c, customerID, document, Removal{Insists: true}); err != nil {
		return due, err
	}
	return due, audit.Record(tx, audit.Entry{Actor: c.actor(), Act: "enrol.removal_insisted", Object: "customer:" + customerID, Branch: c.BranchID, Detail: why})
}

func (o Office) askRemoval(tx *sqldb.Tx, c Clerk, customerID, document string, r Removal) (due time.Time, err error) {
	who, lib, err := o.customer(tx, c, customerID)
	switch {
	case err != nil:
		return due, err
	case who.Link.AccountID == "":
		return due, ErrNoLogin
	case !slices.Contains(Documents, document):
		return due, ErrDocument.At(FieldDocument)
	}
	r.Library, r.Phone, r.CustomerID, r.AskedBy = lib.Name, lib.Phone, who.ID, c.actor()
	due, err = o.Steps.AskRemoval(tx, who.Link.AccountID, r)
	if err != nil {
		return due, err
	}
	return due, audit.Record(tx, audit.Entry{Actor: c.actor(), Act: "enrol.removal_asked", Object: "customer:" + who.ID, Branch: c.BranchID, Detail: document})
}

// StopRemoval lets the customer keep the second step after all.
func (o Office) StopRemoval(tx *sqldb.Tx, c Clerk, customerID string) error {
	who, _, err := o.customer(tx, c, customerID)
	if err != nil {
		return err
	}
	if who.Link.AccountID == "" {
		return ErrRemovalOver
	}
	stopped, err := o.Steps.StopRemoval(tx, who.Link.AccountID, c.actor())
	if err == nil && !stopped {
		err = ErrRemovalOver
	}
	if err != nil {
		return err
	}
	return c.note(tx, "enrol.removal_stopped", who)
}

// WaitingRemoval finds the removal that waits at a customer's login account. Of another
// library's the customer's own does not learn which worker asked.
func (o Office) WaitingRemoval(tx *sqldb.Tx, c Clerk, customerID string) (r Removal, waits bool, err error) {
	who, lib, err := o.customer(tx, c, customerID)
	if err != nil || who.Link.AccountID == "" {
		return r, false, err
	}
	list, err := o.removals(tx, who, lib.Name)
	i := slices.IndexFunc(list, Removal.Waits)
	if err != nil || i < 0 {
		return r, false, err
	}
	return list[i], true, nil
}

// RemovalWait is how long after it was asked a removal is done, in whole hours.
func (o Office) RemovalWait() time.Duration { return o.Steps.RemovalWait() }

// KeptRemoval finds the last removal of a customer's login account, when its owner
// stopped that. The next clerk who is shown a document should know.
func (o Office) KeptRemoval(tx *sqldb.Tx, c Clerk, customerID string) (r Removal, kept bool, err error) {
	who, lib, err := o.customer(tx, c, customerID)
	if err != nil || who.Link.AccountID == "" {
		return r, false, err
	}
	list, err := o.removals(tx, who, lib.Name)
	for _, r := range list { // a wish that a desk took back itself says nothing
		if r.Kept() || r.Done {
			return r, r.Kept(), err
		}
	}
	return r, false, err
}

// Rests reports whether nobody but a manager may ask again yet.
func (r Removal) Rests(now time.Time) bool { return r.Kept() && now.Before(r.EndedAt.Add(RemovalRest)) }

// RemovalKept hears that the owner stopped what a desk asked for a customer. The document
// that was shown may have been false: somebody should look.
func (o Office) RemovalKept(tx *sqldb.Tx, r Removal) error {
	who, err := customer.Find(tx, r.CustomerID)
	if fault.KindOf(err) == fault.NotFound { // the customer was erased meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	if err := audit.Record(tx, audit.Entry{Actor: r.EndedBy, Act: "enrol.removal_kept", Object: "customer:" + who.ID}); err != nil {
		return err
	}
	clerk := ""
	worker, err := staff.Find(tx, strings.TrimPrefix(r.AskedBy, "staff:"))
	switch {
	case err == nil:
		clerk = worker.Name
	case fault.KindOf(err) != fault.NotFound:
		return err
	}
	return task.Add(tx, task.Task{OrganisationID: who.OrganisationID, Kind: task.RemovalKept, AskedBy: r.AskedBy,
		Object: fmt.Sprintf("customer:%s#%d", who.ID, r.AskedAt.UnixMicro()), Facts: []task.Fact{{Key: "task.fact.asked_by", Value: clerk}}})
}

// StillKnows reports whether an account is still linked to a customer, for whom its
// removal was asked.
func (o Office) StillKnows(tx *sqldb.Tx, accountID, customerID string) (bool, error) {
	who, err := customer.Find(tx, customerID)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && who.Link.AccountID == accountID, err
}

// letGoOf ends a removal that was asked for a customer, before the library lets go of the
// account: afterwards no desk would see it, or could stop it.
func (o Office) letGoOf(tx *sqldb.Tx, c Clerk, who customer.Customer) error {
	list, err := o.Steps.Removals(tx, who.Link.AccountID)
	if err != nil || !slices.ContainsFunc(list, func(r Removal) bool { return r.Waits() && r.CustomerID == who.ID }) {
		return err
	}
	if _, err := o.Steps.StopRemoval(tx, who.Link.AccountID, c.actor()); err != nil {
		return err
	}
	return c.note(tx, "enrol.removal_stopped", who)
}

// removals lists the removals of a customer's account as a library may see them.
func (o Office) removals(tx *sqldb.Tx, who customer.Customer, library string) ([]Removal, error) {
	list, err := o.Steps.Removals(tx, who.Link.AccountID)
	for i, r := range list {
		if r.Library != library {
			list[i].AskedBy = ""
		}
	}
	return list, err
}

// happened tells a removal in lines. Who of the staff stopped it is in the library's own log.
func (r Removal) happened() []Happened {
	list := []Happened{{At: r.AskedAt, What: "login.removal_asked", Actor: r.AskedBy}}
	switch {
	case r.Waits():
		return list
	case r.Done:
		return append(list, Happened{At: r.EndedAt, What: "login.removal_done"})
	case r.Kept():
		return append(list, Happened{At: r.EndedAt, What: "login.removal_kept"})
	}
	return append(list, Happened{At: r.EndedAt, What: "login.removal_stopped"})
}
