package desk

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/web/kit"
)

// customerPart is the part of an address that names a customer: "/klanten/{id}/…".
const customerPart = "id"

// actRefused is the act of a clerk who asked for something about a customer in vain.
const actRefused = "desk.refused"

// atCustomer answers at a page or a button of a customer, and keeps that the clerk saw
// the customer. A button that did nothing, because the clerk may not or because it
// cannot be, is kept as well: who tried is asked when something turns out to be wrong.
func (s *Site) atCustomer(w http.ResponseWriter, r *http.Request, c counter, may error, h handler) error {
	id, answer, err := r.PathValue(customerPart), &statusOf{ResponseWriter: w}, may
	if may == nil {
		if err := s.noteLook(r.Context(), c, id); err != nil {
			return err
		}
		err = h(answer, r, c)
	}
	if err != nil {
		answer.status = kit.Status(err)
	}
	if r.Method == http.MethodPost && (answer.status == http.StatusForbidden || answer.status == http.StatusConflict) {
		if err := s.noteRefusal(r.Context(), c, id, r.Pattern); err != nil {
			return err
		}
	}
	return err
}

// statusOf remembers the status of an answer.
type statusOf struct {
	http.ResponseWriter
	status int
}

func (a *statusOf) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is below.
func (a *statusOf) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// noteLook notes that the clerk sees a customer, before the page is shown. Most
// times the clerk has seen the same customer in this hour, and nothing is written.
func (s *Site) noteLook(ctx context.Context, c counter, customerID string) error {
	look := audit.Look{Actor: c.worker.Actor(), Object: "customer:" + customerID, Branch: c.branch.ID}
	var noted bool
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		noted, err = audit.Looked(tx, look)
		return err
	})
	if err != nil || noted {
		return err
	}
	return s.ofOurs(ctx, c, customerID, func(tx *sqldb.Tx) error { return audit.RecordLook(tx, look) })
}

// noteRefusal keeps which button it was: the last word of its address.
func (s *Site) noteRefusal(ctx context.Context, c counter, customerID, pattern string) error {
	return s.ofOurs(ctx, c, customerID, func(tx *sqldb.Tx) error {
		return audit.Record(tx, audit.Entry{Actor: c.worker.Actor(), Act: actRefused, Object: "customer:" + customerID, Branch: c.branch.ID, Detail: path.Base(pattern)})
	})
}

// ofOurs does something with the log of a customer of the clerk's own library. Of
// anybody else there is no such page, and nothing to keep.
func (s *Site) ofOurs(ctx context.Context, c counter, customerID string, do func(*sqldb.Tx) error) error {
	err := s.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := c.find(tx, customerID); err != nil {
			return err
		}
		return do(tx)
	})
	if errors.Is(err, customer.ErrUnknown) {
		return nil
	}
	return err
}

// seenMost is how many lines the page shows of each: of looks, and of acts.
const seenMost = 200

// seenPage is Wie heeft dit gezien of gewijzigd. Only who answers for the books
// or for the workers may see it, as it tells of colleagues.
type seenPage struct {
	bar
	Customer customer.Customer
	Lines    []seenLine // the newest first
	Days     int        // how long looks are kept
}

// seenLine is one look or one act.
type seenLine struct {
	logLine
	Branch string // code and name of the branch, "" for none
}

func (s *Site) seen(w http.ResponseWriter, r *http.Request, c counter) error {
	page := seenPage{Days: int(audit.LookLife / (24 * time.Hour))}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, err = c.find(tx, r.PathValue("id")); err != nil {
			return err
		}
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		page.Lines, err = s.seenLines(tx, c, page.Customer.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "seen", page)
}

func (s *Site) seenLines(tx *sqldb.Tx, c counter, customerID string) (lines []seenLine, err error) {
	who := colleagues{}
	looks, err := audit.Looks(tx, "customer:"+customerID, seenMost)
	if err != nil {
		return nil, err
	}
	acts, err := audit.Of(tx, "customer:"+customerID, seenMost)
	if err != nil {
		return nil, err
	}
	for _, l := range looks {
		acts = append(acts, audit.Entry{At: l.At, Actor: l.Actor, Act: "desk.looked", Branch: l.Branch})
	}
	slices.SortStableFunc(acts, func(a, b audit.Entry) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	branches, err := branch.List(tx, c.branch.OrganisationID)
	if err != nil {
		return nil, err
	}
	for _, e := range acts {
		line := seenLine{logLine: s.logLine(e)}
		if line.Who, err = who.name(tx, e.Actor); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(branches, func(b branch.Branch) bool { return b.ID == e.Branch }); i >= 0 {
			line.Branch = branches[i].Code + " " + branches[i].Name
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// logLine finds the words for an act.
func (s *Site) logLine(e audit.Entry) logLine {
	line := logLine{Entry: e, Key: "desk.act.other", Online: strings.HasPrefix(e.Actor, "account:")}
	for _, key := range []string{"desk.act." + e.Act, "desk.act." + e.Act + "." + e.Detail} {
		if s.Words.Has(key) {
			line.Key = key
		}
	}
	return line
}
