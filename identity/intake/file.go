package intake

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lidwoord/base/fault"
)

// The columns of a file. Username and email must be there, in any order; whatever
// else a file has is refused, because a column with a name of its own would be
// forgotten in silence.
const (
	colUsername = "username"
	colEmail    = "email"
	colHash     = "password_hash"
	colLanguage = "language"  // nl or en; empty is nl
	colNumber   = "number"    // of the customer who gets the account
	colActive   = "activated" // yes or no; empty is no
	colCreated  = "created"   // 2019-03-01, or an instant of RFC 3339; empty is now
)

var columns = []string{colUsername, colEmail, colHash, colLanguage, colNumber, colActive, colCreated}

var (
	// ErrEncoding: bytes that are no UTF-8. Its argument is the line.
	ErrEncoding = fault.New(fault.Invalid, "intake.encoding")
	// ErrUTF16: the other encoding in which spreadsheets save text.
	ErrUTF16 = fault.New(fault.Invalid, "intake.utf16")
	// ErrQuote: a quotation mark too many or too few; after it nothing is certain.
	// Its argument is the line.
	ErrQuote = fault.New(fault.Invalid, "intake.quote")
	// ErrColumn: a column that nobody knows, or twice the same; its argument is the name.
	ErrColumn = fault.New(fault.Invalid, "intake.column")
	// ErrNoColumn: a column that must be there; its argument is the name.
	ErrNoColumn = fault.New(fault.Invalid, "intake.no_column")
	// ErrEmpty: no rows.
	ErrEmpty = fault.New(fault.Invalid, "intake.empty")
	// ErrCells: a row with more or fewer cells than the header.
	ErrCells = fault.New(fault.Invalid, "intake.cells")
)

// File is a file of accounts that was read through once.
type File struct {
	Rows   int
	Digest string // of every byte, in hexadecimal

	from io.ReadSeeker
}

// Open reads a file through, so that one that cannot be read to its end changes
// nothing, and so that the rows are counted.
func Open(from io.ReadSeeker) (*File, error) {
	f := &File{from: from}
	digest := sha256.New()
	rows, err := f.rows(digest)
	if err != nil {
		return nil, err
	}
	for {
		_, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, ErrCells) {
			return nil, err
		}
		f.Rows++
	}
	if f.Rows == 0 {
		return nil, ErrEmpty
	}
	f.Digest = hex.EncodeToString(digest.Sum(nil))
	return f, nil
}

// rows begins at the first row.
func (f *File) rows(see io.Writer) (*rows, error) {
	if _, err := f.from.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := bufio.NewReader(io.TeeReader(f.from, see))
	start, err := r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) {
		return nil, ErrUTF16
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(start, mark) {
		r.Discard(len(mark))
		start = start[len(mark):]
	}
	header, _, _ := bytes.Cut(start, []byte("\n"))
	c := csv.NewReader(r)
	c.Comma = separator(header)
	rows := &rows{csv: c}
	names, err := rows.record()
	if errors.Is(err, io.EOF) {
		return nil, ErrEmpty
	}
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columns, name) || slices.Contains(rows.names, name) {
			return nil, ErrColumn.With(name)
		}
		rows.names = append(rows.names, name)
	}
	for _, must := range []string{colUsername, colEmail} {
		if !slices.Contains(rows.names, must) {
			return nil, ErrNoColumn.With(must)
		}
	}
	return rows, nil
}

// separator is what stands most between the names of the columns: a Dutch
// spreadsheet saves with semicolons, because its numbers have the comma.
func separator(header []byte) rune {
	best := ','
	for _, r := range ";\t" {
		if bytes.Count(header, []byte(string(r))) > bytes.Count(header, []byte(string(best))) {
			best = r
		}
	}
	return best
}

// rows reads one row after the other.
type rows struct {
	csv   *csv.Reader
	names []string
}

// row is one row as it stands in the file.
type row struct {
	line  int // where it begins; the header is line 1
	cells map[string]string
}

// next returns io.EOF after the last row. After ErrCells it can go on; row.line is
// right then too.
func (r *rows) next() (row, error) {
	record, err := r.record()
	if err != nil && !errors.Is(err, ErrCells) {
		return row{}, err
	}
	line, _ := r.csv.FieldPos(0)
	if err != nil {
		return row{line: line}, err
	}
	cells := make(map[string]string, len(record))
	for i, cell := range record {
		cells[r.names[i]] = strings.TrimSpace(cell)
	}
	return row{line, cells}, nil
}

func (r *rows) record() ([]string, error) {
	record, err := r.csv.Read()
	var bad *csv.ParseError
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		err = ErrCells
	case errors.As(err, &bad):
		return nil, ErrQuote.With(bad.StartLine).Because(fmt.Errorf("line %d, column %d", bad.Line, bad.Column))
	case err != nil:
		return nil, err
	}
	for i, cell := range record {
		if !utf8.ValidString(cell) {
			line, _ := r.csv.FieldPos(i)
			return nil, ErrEncoding.With(line)
		}
	}
	return record, err
}
