package manage

import (
	"fmt"
	"net/http"
	"strconv"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/newsletter"
	"lidwoord/web/kit"
)

type newsPage struct {
	Library branch.Organisation
	Count   newsletter.Counts
}

// news is Nieuwsbrief: how many want it, and the button for the file.
func (s *Site) news(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	page := newsPage{Library: library}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Count, err = newsletter.Count(tx, library.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "news", page)
}

// newsFile hands out the addresses as they are read, so that a whole province
// takes no more memory than a village. It notes that before the first line
// leaves: nobody gets the file without a trace.
func (s *Site) newsFile(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	var today day.Day
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		today = day.Of(tx.Now)
		count, err := newsletter.Count(tx, library.ID)
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: "staff:" + kit.VisitOf(r).Session.Subject, Act: "newsletter.exported", Object: "organisation:" + library.ID, Detail: strconv.Itoa(count.Confirmed)})
	})
	if err != nil {
		return err
	}
	kit.AsFile(w.Header(), fmt.Sprintf("nieuwsbrief-%s-%s.csv", library.Slug, today))
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error { return newsletter.WriteCSV(w, s.News.Export(tx, library.ID)) })
	if err != nil {
		// Lines have left: only a broken connection tells the browser that some are missing.
		s.Log.ErrorContext(r.Context(), "the newsletter's file broke off", "id", kit.VisitOf(r).ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
