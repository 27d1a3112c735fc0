package enrol

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// DraftLife is how long a form that nobody touches is kept. It holds a
// person's data without that person being a customer, so not longer than a
// clerk may reasonably come back to it (AVG art. 5, storage limitation).
const DraftLife = 7 * 24 * time.Hour

// Draft is one form in the making. It belongs to one clerk at one branch;
// nobody else can tell that it exists.
type Draft struct {
	ID        string
	Version   int64 // counts every keeping; the last one wins
	App       Application
	Asked     bool      // the owner of an existing account was asked for the code
	Proved    string    // the username whose owner confirmed, "" for none
	UpdatedAt time.Time // kept last
	SavedAt   time.Time // zero until Opslaan
	Result    *Result   // after Opslaan

	askID     string
	accountID string
}

// OpenDraft returns the clerk's own draft, open or saved. An id that nobody has
// used yet is an empty form: looking at one writes nothing.
func OpenDraft(tx *sqldb.Tx, c Clerk, id string) (Draft, error) {
	d, err := ownDraft(tx, c, id)
	if !errors.Is(err, ErrDraft) || !secret.IsID(id) {
		return d, err
	}
	taken, err := draftExists(tx, id)
	if err == nil && taken {
		err = ErrDraft
	}
	if err != nil {
		return Draft{}, err
	}
	b, _, err := c.at(tx)
	return Draft{ID: id, App: Blank(b.Choices.Country), UpdatedAt: tx.Now}, err
}

// ownDraft finds a draft of the clerk's that was kept.
func ownDraft(tx *sqldb.Tx, c Clerk, id string) (Draft, error) {
	d, found, err := selectDraft(tx, c, id)
	if err == nil && (!found || d.UpdatedAt.Add(DraftLife).Before(tx.Now)) {
		err = ErrDraft
	}
	if err != nil {
		return Draft{}, err
	}
	return d, nil
}

// KeepDraft writes the form as it stands now, for the first time or again; the
// last one to write wins. The confirmation of an existing account falls when
// another username is typed.
func KeepDraft(tx *sqldb.Tx, c Clerk, id string, app Application) (Draft, error) {
	d, err := OpenDraft(tx, c, id)
	if err != nil {
		return Draft{}, err
	}
	if !d.SavedAt.IsZero() {
		return d, ErrSaved
	}
	if app.Username != d.App.Username {
		d.askID, d.accountID, d.Proved, d.Asked = "", "", "", false
	}
	d.App = app
	d.Version++
	d.UpdatedAt = tx.Now
	return d, d.write(tx, c)
}

func (d Draft) write(tx *sqldb.Tx, c Clerk) error {
	text, err := json.Marshal(d.App)
	if err != nil {
		return err
	}
	if d.Version == 1 {
		ok, err := insertDraft(tx, c, d.ID, string(text))
		if err == nil && !ok {
			err = ErrDraft
		}
		return err
	}
	ok, err := updateDraft(tx, c, d, string(text))
	if err == nil && !ok {
		err = ErrSaved
	}
	return err
}

// Drafts lists the clerk's open forms, the newest first.
func Drafts(tx *sqldb.Tx, c Clerk) ([]Draft, error) {
	return selectOpenDrafts(tx, c, tx.Now.Add(-DraftLife))
}

// DropDraft throws the clerk's own draft away. What was saved stays.
func DropDraft(tx *sqldb.Tx, c Clerk, id string) error {
	ok, err := deleteDraft(tx, c, id)
	if err == nil && !ok {
		err = ErrDraft
	}
	return err
}

// DropOldDrafts is the job that clears forms nobody came back to, and questions
// that nobody can answer any more.
func DropOldDrafts(tx *sqldb.Tx) error {
	before := tx.Now.Add(-DraftLife)
	if err := deleteLinkAsksBefore(tx, before); err != nil {
		return err
	}
	return deleteDraftsBefore(tx, before)
}

// ResultOf reads again what a saved draft led to.
func ResultOf(tx *sqldb.Tx, c Clerk, id string) (Result, error) {
	d, err := ownDraft(tx, c, id)
	if err != nil {
		return Result{}, err
	}
	if d.Result == nil {
		return Result{}, ErrDraft
	}
	return *d.Result, nil
}

// read fills a draft from its stored texts.
func (d *Draft) read(app, result string) error {
	if err := json.Unmarshal([]byte(app), &d.App); err != nil {
		return fmt.Errorf("draft %s: %w", d.ID, err)
	}
	d.Asked = d.askID != ""
	if result == "" {
		return nil
	}
	d.Result = new(Result)
	if err := json.Unmarshal([]byte(result), d.Result); err != nil {
		return fmt.Errorf("result of draft %s: %w", d.ID, err)
	}
	return nil
}
