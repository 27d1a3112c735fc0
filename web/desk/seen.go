package desk

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
)

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
	return s.DB.InTx(ctx, func(tx *sqldb.Tx) error { return audit.RecordLook(tx, look) })
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
