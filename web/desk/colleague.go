package desk

import (
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/library/staff"
	"lidwoord/web/entry"
)

// leaveToColleague keeps the enrolment of a colleague whose session ended at this desk,
// when somebody else signs in there: in the colleague's own drafts, where nobody else
// sees it. Whoever signs in hears whose it was, and goes to the start page, since an
// empty form in its place would look as if all of it were gone.
func (s *Site) leaveToColleague(tx *sqldb.Tx, sealed string, c counter, in *entry.Admission) error {
	it, mine := s.unseal(sealed, c)
	if mine || it.Draft == "" || it.Staff == "" || s.DB.Now().Sub(it.At) >= carryLife {
		return nil
	}
	who, err := staff.Find(tx, it.Staff)
	if fault.KindOf(err) == fault.NotFound || err == nil && who.OrganisationID != c.branch.OrganisationID {
		return nil
	}
	if err != nil {
		return err
	}
	said := "desk.colleague_kept"
	theirs := enrol.Clerk{StaffID: who.ID, BranchID: c.branch.ID, Lang: c.lang}
	d, err := enrol.OpenDraft(tx, theirs, it.Draft)
	if err == nil {
		d.App.Fill(it.Step, it.Values)
		_, err = enrol.KeepDraft(tx, theirs, it.Draft, d.App)
	}
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		said = "desk.colleague_lost" // saved meanwhile, or of another branch
	}
	in.To = s.Link("/")
	in.Keep = func(w http.ResponseWriter) { s.SetFlash(w, said, who.Name) }
	return nil
}
