package loan

import (
	"strings"
	"unicode/utf8"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Bookmark is a place that a reader wants to find again. It lies with the loan and
// goes with it.
type Bookmark struct {
	ID       string
	Href     string  // the part
	Fragment string  // a CFI in a book, "t=67.5" in a track
	Total    float64 // how far in the whole, from 0 to 1
	Chapter  string  // as the table of contents names it
	Words    string  // the first ones on the page
}

// MaxBookmarks is how many there may be in one loan. Nobody finds anything back
// among more, and a script gone wild fills no disk.
const MaxBookmarks = 200

// maxLabel bounds the chapter and the words of a bookmark, in letters.
const maxLabel = 120

// ErrManyBookmarks means that one has to go first.
var ErrManyBookmarks = fault.New(fault.Conflict, "loan.many_bookmarks")

// AddBookmark puts a bookmark. Putting it twice in one place is as good as once.
func AddBookmark(tx *sqldb.Tx, reader Reader, titleID string, b Bookmark) (Bookmark, error) {
	place := Place{Href: b.Href, Fragment: b.Fragment, Total: b.Total}
	if err := place.check(); err != nil {
		return b, err
	}
	b.ID, b.Chapter, b.Words = secret.NewID(), label(b.Chapter), label(b.Words)
	n, err := insertBookmark(tx, reader, titleID, b)
	if err != nil || n > 0 {
		return b, err
	}
	// Not put: it is there, or there are too many, or the loan is over.
	if has, found, err := bookmarkAt(tx, reader, titleID, place); err != nil || found {
		return has, err
	}
	if _, err := Held(tx, reader, titleID); err != nil {
		return b, err
	}
	return b, ErrManyBookmarks.With(MaxBookmarks)
}

// Bookmarks lists the bookmarks in a title from its first page to its last.
func Bookmarks(tx *sqldb.Tx, reader Reader, titleID string) ([]Bookmark, error) {
	return bookmarksOf(tx, reader, titleID)
}

// RemoveBookmark takes a bookmark away. One that is gone already is as good.
func RemoveBookmark(tx *sqldb.Tx, reader Reader, titleID, id string) error {
	return deleteBookmark(tx, reader, titleID, id)
}

// label makes one short line of what a browser says a chapter is called.
func label(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
	if utf8.RuneCountInString(s) > maxLabel {
		s = string([]rune(s)[:maxLabel-1]) + "…"
	}
	return s
}
