package loan

import (
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// insertLoan lends unless the reader has the title or as many of its kind as may
// be. The count and the insert are one statement in a serializable transaction,
// and one title is held once by a unique index: a race has one winner.
func insertLoan(tx *sqldb.Tx, l Loan, reader Reader, limit int) (lent bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO loan (id, title_id, kind, reader, lent_at, due_at, progress)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), 0
		WHERE (SELECT COUNT(*) FROM loan WHERE reader = $4 AND kind = $3 AND ended_at IS NULL) < CAST($7 AS BIGINT)
		ON CONFLICT (reader, title_id) WHERE ended_at IS NULL DO NOTHING`,
		l.ID, l.Title.ID, string(l.Title.Kind), string(reader), l.LentAt, l.DueAt, limit)
	return n > 0, err
}

// extendLoan extends the loan as it was read: not one that was extended since.
func extendLoan(tx *sqldb.Tx, l Loan, due time.Time) (int64, error) {
	return tx.Exec(`
		UPDATE loan SET due_at = $1, extended = extended + 1
		WHERE id = $2 AND ended_at IS NULL AND due_at = $3 AND due_at > $4`,
		due, l.ID, l.DueAt, tx.Now)
}

// What ends a loan also forgets its reader and the place in the book.
func endLoan(tx *sqldb.Tx, reader Reader, titleID string) error {
	_, err := tx.Exec(`
		UPDATE loan SET ended_at = $1, reader = NULL, place = NULL, placed_at = NULL, progress = 0
		WHERE reader = $2 AND title_id = $3 AND ended_at IS NULL`,
		tx.Now, string(reader), titleID)
	return err
}

func endOverdue(tx *sqldb.Tx, reader Reader) error {
	_, err := tx.Exec(`
		UPDATE loan SET ended_at = due_at, reader = NULL, place = NULL, placed_at = NULL, progress = 0
		WHERE reader = $1 AND ended_at IS NULL AND due_at <= $2`,
		string(reader), tx.Now)
	return err
}

func endAllOverdue(tx *sqldb.Tx) error {
	_, err := tx.Exec(`
		UPDATE loan SET ended_at = due_at, reader = NULL, place = NULL, placed_at = NULL, progress = 0
		WHERE ended_at IS NULL AND due_at <= $1`,
		tx.Now)
	return err
}

const loanColumns = `id, title_id, lent_at, due_at, extended, progress`

func scanLoan(r sqldb.Row) (Loan, error) {
	var l Loan
	err := r.Scan(&l.ID, &l.Title.ID, sqldb.Instant(&l.LentAt), sqldb.Instant(&l.DueAt), &l.Extended, &l.Progress)
	return l, err
}

func loanOf(tx *sqldb.Tx, reader Reader, titleID string) (Loan, bool, error) {
	list, err := sqldb.Many(tx, `
		SELECT `+loanColumns+` FROM loan
		WHERE reader = $1 AND title_id = $2 AND ended_at IS NULL AND due_at > $3`,
		[]any{string(reader), titleID, tx.Now}, scanLoan)
	if err != nil || len(list) == 0 {
		return Loan{}, false, err
	}
	l := list[0]
	l.Title, err = catalogue.Find(tx, titleID)
	return l, err == nil, err
}

func loansOf(tx *sqldb.Tx, reader Reader) ([]Loan, error) {
	list, err := sqldb.Many(tx, `
		SELECT `+loanColumns+` FROM loan
		WHERE reader = $1 AND ended_at IS NULL AND due_at > $2
		ORDER BY due_at, lent_at, id`,
		[]any{string(reader), tx.Now}, scanLoan)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, l := range list {
		ids[i] = l.Title.ID
	}
	titles, err := catalogue.FindAll(tx, ids)
	for i, l := range list {
		list[i].Title = titles[l.Title.ID]
	}
	return list, err
}

func termsOf(tx *sqldb.Tx) (Terms, error) {
	terms := Terms{}
	_, err := sqldb.Many(tx, `SELECT right_name, ebooks, audiobooks, days, extensions, extend_days, extend_from, youth FROM lending_rule`, nil,
		func(row sqldb.Row) (right string, err error) {
			var r Rules
			err = row.Scan(&right, &r.EBooks, &r.Audiobooks, &r.Days, &r.Extensions, &r.ExtendDays, &r.ExtendFrom, &r.Youth)
			terms[right] = r
			return right, err
		})
	return terms, err
}

func putTerm(tx *sqldb.Tx, right string, r Rules) error {
	_, err := tx.Exec(`
		INSERT INTO lending_rule (right_name, ebooks, audiobooks, days, extensions, extend_days, extend_from, youth)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (right_name) DO UPDATE SET
			ebooks = excluded.ebooks, audiobooks = excluded.audiobooks, days = excluded.days, extensions = excluded.extensions,
			extend_days = excluded.extend_days, extend_from = excluded.extend_from, youth = excluded.youth`,
		right, r.EBooks, r.Audiobooks, r.Days, r.Extensions, r.ExtendDays, r.ExtendFrom, r.Youth)
	return err
}

// setPlace keeps a place unless a newer one was read.
func setPlace(tx *sqldb.Tx, reader Reader, titleID string, p Place, text string) (int64, error) {
	return tx.Exec(`
		UPDATE loan SET place = $1, placed_at = $2, progress = $3
		WHERE reader = $4 AND title_id = $5 AND ended_at IS NULL AND due_at > $6 AND (placed_at IS NULL OR placed_at <= $2)`,
		text, p.At, int(p.Total*1000), string(reader), titleID, tx.Now)
}

func placeOf(tx *sqldb.Tx, reader Reader, titleID string) (text string, at time.Time, found bool, err error) {
	found, err = tx.One(`
		SELECT place, placed_at FROM loan
		WHERE reader = $1 AND title_id = $2 AND ended_at IS NULL AND due_at > $3 AND place IS NOT NULL`,
		[]any{string(reader), titleID, tx.Now}, &text, sqldb.Instant(&at))
	return text, at, found, err
}

// openedLoan finds a loan with of its title only the version: what a player asks
// for every piece of sound.
func openedLoan(tx *sqldb.Tx, reader Reader, titleID string) (l Loan, found bool, err error) {
	l.Title.ID = titleID
	found, err = tx.One(`
		SELECT l.id, l.lent_at, l.due_at, l.extended, l.progress, t.version FROM loan l JOIN title t ON t.id = l.title_id
		WHERE l.reader = $1 AND l.title_id = $2 AND l.ended_at IS NULL AND l.due_at > $3`,
		[]any{string(reader), titleID, tx.Now}, &l.ID, sqldb.Instant(&l.LentAt), sqldb.Instant(&l.DueAt), &l.Extended, &l.Progress, &l.Title.Version)
	return l, found, err
}

// insertBookmark puts a bookmark in a loan that runs, unless there is one in that
// place or there are as many as may be.
func insertBookmark(tx *sqldb.Tx, reader Reader, titleID string, b Bookmark) (int64, error) {
	return tx.Exec(`
		INSERT INTO bookmark (id, loan_id, href, fragment, total, chapter, words, made_at)
		SELECT CAST($1 AS TEXT), l.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT)
		FROM loan l
		WHERE l.reader = $8 AND l.title_id = $9 AND l.ended_at IS NULL AND l.due_at > $7
			AND (SELECT COUNT(*) FROM bookmark WHERE loan_id = l.id) < CAST($10 AS BIGINT)
		ON CONFLICT (loan_id, href, fragment) DO NOTHING`,
		b.ID, b.Href, b.Fragment, int64(b.Total*1e6), b.Chapter, b.Words, tx.Now, string(reader), titleID, MaxBookmarks)
}

const bookmarkColumns = `b.id, b.href, b.fragment, b.total, b.chapter, b.words, b.made_at`

func scanBookmark(r sqldb.Row) (Bookmark, error) {
	var b Bookmark
	var millionths int64
	err := r.Scan(&b.ID, &b.Href, &b.Fragment, &millionths, &b.Chapter, &b.Words, sqldb.Instant(&b.MadeAt))
	b.Total = float64(millionths) / 1e6
	return b, err
}

func bookmarksOf(tx *sqldb.Tx, reader Reader, titleID string) ([]Bookmark, error) {
	return sqldb.Many(tx, `
		SELECT `+bookmarkColumns+` FROM bookmark b JOIN loan l ON l.id = b.loan_id
		WHERE l.reader = $1 AND l.title_id = $2 AND l.ended_at IS NULL AND l.due_at > $3
		ORDER BY b.total, b.made_at, b.id`,
		[]any{string(reader), titleID, tx.Now}, scanBookmark)
}

func bookmarkAt(tx *sqldb.Tx, reader Reader, titleID string, p Place) (Bookmark, bool, error) {
	list, err := sqldb.Many(tx, `
		SELECT `+bookmarkColumns+` FROM bookmark b JOIN loan l ON l.id = b.loan_id
		WHERE l.reader = $1 AND l.title_id = $2 AND l.ended_at IS NULL AND l.due_at > $3 AND b.href = $4 AND b.fragment = $5`,
		[]any{string(reader), titleID, tx.Now, p.Href, p.Fragment}, scanBookmark)
	if err != nil || len(list) == 0 {
		return Bookmark{}, false, err
	}
	return list[0], true, nil
}

func deleteBookmark(tx *sqldb.Tx, reader Reader, titleID, id string) error {
	_, err := tx.Exec(`
		DELETE FROM bookmark
		WHERE id = $1 AND loan_id IN (SELECT id FROM loan WHERE reader = $2 AND title_id = $3 AND ended_at IS NULL)`,
		id, string(reader), titleID)
	return err
}

// What ends a loan first takes its bookmarks.
func deleteBookmarks(tx *sqldb.Tx, reader Reader, titleID string) error {
	_, err := tx.Exec(`
		DELETE FROM bookmark
		WHERE loan_id IN (SELECT id FROM loan WHERE reader = $1 AND title_id = $2 AND ended_at IS NULL)`,
		string(reader), titleID)
	return err
}

func deleteOverdueBookmarks(tx *sqldb.Tx, reader Reader) error {
	_, err := tx.Exec(`
		DELETE FROM bookmark
		WHERE loan_id IN (SELECT id FROM loan WHERE reader = $1 AND ended_at IS NULL AND due_at <= $2)`,
		string(reader), tx.Now)
	return err
}

func deleteAllOverdueBookmarks(tx *sqldb.Tx) error {
	_, err := tx.Exec(`
		DELETE FROM bookmark
		WHERE loan_id IN (SELECT id FROM loan WHERE ended_at IS NULL AND due_at <= $1)`,
		tx.Now)
	return err
}
