package enrol

import (
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
)

// FieldDocument is the form field of the document that somebody showed.
const FieldDocument = "document"

// Documents are what a clerk may know somebody by before a second step is taken away:
// those of the Wet op de identificatieplicht (article 1). Only the kind is kept; a number
// or a copy is more than a library may ask.
var Documents = []string{"passport", "idcard", "licence", "permit"}

var (
	// ErrDocument means that the clerk did not say by what the customer was known.
	ErrDocument = fault.New(fault.Invalid, "enrol.document")
	// ErrRemovalOver means that there is nothing to stop (any more).
	ErrRemovalOver = fault.New(fault.Conflict, "enrol.removal_over")
)

// AskRemoval is Tweede stap weghalen: the customer lost every second step, and showed the
// clerk a document. It happens at due, unless somebody stops it.
func (o Office) AskRemoval(tx *sqldb.Tx, c Clerk, customerID, document string) (due time.Time, err error) {
	who, lib, err := o.customer(tx, c, customerID)
	switch {
	case err != nil:
		return due, err
	case who.Link.AccountID == "":
		return due, ErrNoLogin
	case !slices.Contains(Documents, document):
		return due, ErrDocument.At(FieldDocument)
	}
	due, err = o.Steps.AskRemoval(tx, who.Link.AccountID, Removal{Library: lib.Name, Phone: lib.Phone, AskedBy: c.actor()})
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
	case strings.HasPrefix(r.EndedBy, "account:"): // its owner, or a sign-in
		return append(list, Happened{At: r.EndedAt, What: "login.removal_kept"})
	}
	return append(list, Happened{At: r.EndedAt, What: "login.removal_stopped"})
}
