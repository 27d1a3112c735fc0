package loan

import (
	"cmp"
	"slices"
	"time"

	"lidwoord/base/day"
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

// forget is what a loan loses when it ends: its reader, and the place in the book.
const forget = `reader = NULL, place = NULL, placed_at = NULL, progress = 0`

func endLoan(tx *sqldb.Tx, reader Reader, titleID string) (int64, error) {
	return tx.Exec(`
		UPDATE loan SET ended_at = $1, `+forget+`
		WHERE reader = $2 AND title_id = $3 AND ended_at IS NULL`,
		day.Of(tx.Now).Start(), string(reader), titleID)
}

func endOverdue(tx *sqldb.Tx, reader Reader) error {
	_, err := tx.Exec(`
		UPDATE loan SET ended_at = due_at, `+forget+`
		WHERE reader = $1 AND ended_at IS NULL AND due_at <= $2`,
		string(reader), tx.Now)
	return err
}

func endAllOverdue(tx *sqldb.Tx) error {
	_, err := tx.Exec(`
		UPDATE loan SET ended_at = due_at, `+forget+`
		WHERE ended_at IS NULL AND due_at <= $1`,
		tx.Now)
	return err
}

// countOf is how many titles of a kind a reader has.
func countOf(tx *sqldb.Tx, reader Reader, k catalogue.Kind) (n int, err error) {
	_, err = tx.One(`
		SELECT COUNT(*) FROM loan
		WHERE reader = $1 AND kind = $2 AND ended_at IS NULL AND due_at > $3`,
		[]any{string(reader), string(k), tx.Now}, &n)
	return n, err
}

const loanColumns = `id, title_id, lent_at, due_at, extended, progress`

// bareLoanOf finds a loan without its title, but with the place and the number of
// bookmarks in it, bareLoansIn those in many hands; bareLoansOf all loans of a reader,
// bareLoansOfAll those of many.
func bareLoanOf(tx *sqldb.Tx, reader Reader, titleID string) (l Loan, found bool, err error) {
	h := hand{reader, titleID}
	all, err := bareLoansIn(tx, []hand{h})
	l, found = all[h]
	return l, found, err
}

func bareLoansIn(tx *sqldb.Tx, hands []hand) (map[hand]Loan, error) {
	args := make([]any, 1+2*len(hands))
	args[0] = tx.Now
	for i, h := range hands {
		args[1+i], args[1+len(hands)+i] = string(h.reader), h.title
	}
	all := make(map[hand]Loan, len(hands))
	_, err := sqldb.Many(tx, `
		SELECT reader, `+loanColumns+`, place, placed_at, (SELECT COUNT(*) FROM bookmark b WHERE b.loan_id = loan.id) FROM loan
		WHERE due_at > $1 AND ended_at IS NULL AND reader IN `+sqldb.In(2, len(hands))+` AND title_id IN `+sqldb.In(2+len(hands), len(hands)),
		args, func(r sqldb.Row) (h hand, err error) { // of the one reader also what only the other asked for
			var l Loan
			var place *string
			err = r.Scan(&h.reader, &l.ID, &h.title, sqldb.Instant(&l.LentAt), sqldb.Instant(&l.DueAt), &l.Extended, &l.Progress, &place, sqldb.Instant(&l.placedAt), &l.Bookmarks)
			if place != nil {
				l.place = *place
			}
			l.Title.ID = h.title
			all[h] = l
			return h, err
		})
	return all, err
}

func bareLoansOf(tx *sqldb.Tx, reader Reader) ([]Loan, error) {
	all, err := bareLoansOfAll(tx, []Reader{reader})
	list := make([]Loan, len(all[reader]))
	for i, b := range all[reader] {
		list[i] = b.loan(catalogue.Title{ID: b.title})
	}
	return list, err
}

// bare is a loan in a shelf without its title, which is much larger.
type bare struct {
	reader, id, title  string
	lent, due          time.Time
	extended, progress int
}

func (b bare) loan(t catalogue.Title) Loan {
	return Loan{ID: b.id, Title: t, LentAt: b.lent, DueAt: b.due, Extended: b.extended, Progress: b.progress}
}

func bareLoansOfAll(tx *sqldb.Tx, readers []Reader) (map[Reader][]bare, error) {
	args := []any{tx.Now}
	for _, r := range readers {
		args = append(args, string(r))
	}
	list, err := sqldb.Many(tx, `
		SELECT reader, `+loanColumns+` FROM loan
		WHERE due_at > $1 AND ended_at IS NULL AND reader IN `+sqldb.In(2, len(readers)),
		args, func(r sqldb.Row) (b bare, err error) {
			return b, r.Scan(&b.reader, &b.id, &b.title, sqldb.Instant(&b.lent), sqldb.Instant(&b.due), &b.extended, &b.progress)
		})
	slices.SortFunc(list, func(a, b bare) int { // a database takes longer to sort the few of one reader
		return cmp.Or(cmp.Compare(a.reader, b.reader), a.due.Compare(b.due), cmp.Compare(a.id, b.id))
	})
	all := make(map[Reader][]bare, len(readers))
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(b bare) bool { return b.reader != list[0].reader })
		if n < 0 {
			n = len(list)
		}
		all[Reader(list[0].reader)], list = list[:n], list[n:]
	}
	return all, err
}

func loanOf(tx *sqldb.Tx, reader Reader, titleID string) (Loan, bool, error) {
	l, found, err := bareLoanOf(tx, reader, titleID)
	if err != nil || !found {
		return l, false, err
	}
	l.Title, err = catalogue.Find(tx, titleID)
	return l, err == nil, err
}

func loansOf(tx *sqldb.Tx, reader Reader) ([]Loan, error) {
	list, err := bareLoansOf(tx, reader)
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

// lentSince counts the loans of each title that began on or after an instant.
func lentSince(tx *sqldb.Tx, since time.Time) (map[string]int, error) {
	counts := map[string]int{}
	_, err := sqldb.Many(tx, `SELECT title_id, COUNT(*) FROM loan WHERE lent_at >= $1 GROUP BY title_id`, []any{since},
		func(row sqldb.Row) (id string, err error) {
			var n int
			err = row.Scan(&id, &n)
			counts[id] = n
			return id, err
		})
	return counts, err
}

// lentBetween counts the loans that began in a span, by day. They are counted before
// their titles are looked at: all that is needed of a
// million loans stands in one index.
func lentBetween(tx *sqldb.Tx, from, until time.Time) ([]tally, error) {
	return sqldb.Many(tx, `
		SELECT l.lent_at, t.kind, t.youth, CAST(SUM(l.n) AS BIGINT)
		FROM (SELECT lent_at, title_id, COUNT(*) AS n FROM loan WHERE lent_at >= $1 AND lent_at < $2 GROUP BY lent_at, title_id) l
		JOIN title t ON t.id = l.title_id
		GROUP BY l.lent_at, t.kind, t.youth`,
		[]any{from, until}, scanTally)
}

// lentMost lists the titles that were lent Least times or more in a span.
func lentMost(tx *sqldb.Tx, from, until time.Time, limit int) ([]string, error) {
	return sqldb.Many(tx, `
		SELECT title_id FROM loan
		WHERE lent_at >= $1 AND lent_at < $2
		GROUP BY title_id HAVING COUNT(*) >= CAST($3 AS BIGINT)
		ORDER BY COUNT(*) DESC, title_id LIMIT $4`,
		[]any{from, until, Least, limit}, func(row sqldb.Row) (id string, err error) { return id, row.Scan(&id) })
}

// endedBefore counts the ended loans that began before an instant, by day.
func endedBefore(tx *sqldb.Tx, before time.Time) ([]tally, error) {
	return sqldb.Many(tx, `
		SELECT l.lent_at, t.kind, t.youth, CAST(SUM(l.n) AS BIGINT)
		FROM (SELECT lent_at, title_id, COUNT(*) AS n FROM loan WHERE lent_at < $1 AND ended_at IS NOT NULL GROUP BY lent_at, title_id) l
		JOIN title t ON t.id = l.title_id
		GROUP BY l.lent_at, t.kind, t.youth`,
		[]any{before}, scanTally)
}

func scanTally(row sqldb.Row) (c tally, err error) {
	var on time.Time
	err = row.Scan(sqldb.Instant(&on), &c.kind, &c.youth, &c.n)
	c.month = monthOf(day.Of(on))
	return c, err
}

func deleteEndedBefore(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM loan WHERE lent_at < $1 AND ended_at IS NOT NULL`, before)
	return err
}

func addTally(tx *sqldb.Tx, c tally) error {
	_, err := tx.Exec(`
		INSERT INTO loan_count (month, kind, youth, n)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (month, kind, youth) DO UPDATE SET n = loan_count.n + excluded.n`,
		string(c.month), string(c.kind), c.youth, c.n)
	return err
}

func talliesBetween(tx *sqldb.Tx, from, until day.Day) ([]tally, error) {
	return sqldb.Many(tx, `SELECT month, kind, youth, n FROM loan_count WHERE month >= $1 AND month < $2`,
		[]any{string(from), string(until)}, func(row sqldb.Row) (c tally, err error) {
			return c, row.Scan(&c.month, &c.kind, &c.youth, &c.n)
		})
}

// setPlace keeps a place unless a newer one was read.
func setPlace(tx *sqldb.Tx, reader Reader, titleID string, p Place, text string) (int64, error) {
	return tx.Exec(`
		UPDATE loan SET place = $1, placed_at = $2, progress = $3
		WHERE reader = $4 AND title_id = $5 AND ended_at IS NULL AND due_at > $6 AND (placed_at IS NULL OR placed_at <= $2)`,
		text, p.At, int(p.Total*1000), string(reader), titleID, tx.Now)
}

// setFirstPlace keeps a place in a loan that has none.
func setFirstPlace(tx *sqldb.Tx, reader Reader, titleID string, p Place, text string) (int64, error) {
	return tx.Exec(`
		UPDATE loan SET place = $1, placed_at = $2, progress = $3
		WHERE reader = $4 AND title_id = $5 AND ended_at IS NULL AND due_at > $6 AND place IS NULL`,
		text, p.At, int(p.Total*1000), string(reader), titleID, tx.Now)
}

func placeOf(tx *sqldb.Tx, reader Reader, titleID string) (text string, at time.Time, found bool, err error) {
	found, err = tx.One(`
		SELECT place, placed_at FROM loan
		WHERE reader = $1 AND title_id = $2 AND ended_at IS NULL AND due_at > $3 AND place IS NOT NULL`,
		[]any{string(reader), titleID, tx.Now}, &text, sqldb.Instant(&at))
	return text, at, found, err
}

// insertBookmark puts a bookmark in a loan that runs, unless there is one in that
// place or there are as many as may be.
func insertBookmark(tx *sqldb.Tx, reader Reader, titleID string, b Bookmark) (int64, error) {
	return tx.Exec(`
		INSERT INTO bookmark (id, loan_id, href, fragment, total, chapter, words)
		SELECT CAST($1 AS TEXT), l.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT)
		FROM loan l
		WHERE l.reader = $8 AND l.title_id = $9 AND l.ended_at IS NULL AND l.due_at > $7
			AND (SELECT COUNT(*) FROM bookmark WHERE loan_id = l.id) < CAST($10 AS BIGINT)
		ON CONFLICT (loan_id, href, fragment) DO NOTHING`,
		b.ID, b.Href, b.Fragment, int64(b.Total*1e6), b.Chapter, b.Words, tx.Now, string(reader), titleID, MaxBookmarks)
}

const bookmarkColumns = `b.id, b.href, b.fragment, b.total, b.chapter, b.words`

func scanBookmark(r sqldb.Row) (Bookmark, error) {
	var b Bookmark
	var millionths int64
	err := r.Scan(&b.ID, &b.Href, &b.Fragment, &millionths, &b.Chapter, &b.Words)
	b.Total = float64(millionths) / 1e6
	return b, err
}

func bookmarksOf(tx *sqldb.Tx, reader Reader, titleID string) ([]Bookmark, error) {
	return sqldb.Many(tx, `
		SELECT `+bookmarkColumns+` FROM bookmark b JOIN loan l ON l.id = b.loan_id
		WHERE l.reader = $1 AND l.title_id = $2 AND l.ended_at IS NULL AND l.due_at > $3
		ORDER BY b.total, b.id`,
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
