package copy

import (
	"archive/zip"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
)

// A mark is the number of a loan and its signature, 42 letters. It stands in the
// package file, as an id in the page that everybody sees, and as blanks and tabs behind
// the last tag of every chapter. The first two survive a program that makes another
// kind of e-book of it, the last whoever throws the page away.
const (
	numberLength = 26
	signLength   = 16 // 80 bits: nobody finds one by trying
	markLength   = numberLength + signLength
	markProperty = "lidwoord:mark"
	markID       = "exemplaar-"
	letters      = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // RFC 4648, each five bits
)

func markOf(box *secret.Box, number string) string { return number + signature(box, number) }

func signature(box *secret.Box, number string) string {
	mac := hmac.New(sha256.New, box.Derive("mark of a copy"))
	mac.Write([]byte(number))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:signLength]
}

// blanks writes a mark so that nobody sees it: five blanks or tabs a letter.
func blanks(mark string) []byte {
	b := []byte{'\n'}
	for _, r := range mark {
		n := strings.IndexRune(letters, r)
		for bit := 4; bit >= 0; bit-- {
			b = append(b, " \t"[n>>bit&1])
		}
	}
	return append(b, '\n')
}

// inBlanks finds the marks in a text: stretches of just so many blanks and tabs.
func inBlanks(text []byte) (marks []string) {
	for len(text) > 0 {
		begin := bytes.IndexAny(text, " \t")
		if begin < 0 {
			break
		}
		text = text[begin:]
		end := 0
		for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
			end++
		}
		if end == markLength*5 {
			marks = append(marks, unblank(text[:end]))
		}
		text = text[end:]
	}
	return marks
}

// unblank reads what blanks wrote.
func unblank(b []byte) string {
	var mark strings.Builder
	for i := 0; i+5 <= len(b); i += 5 {
		n := 0
		for _, c := range b[i : i+5] {
			n <<= 1
			if c == '\t' {
				n |= 1
			}
		}
		mark.WriteByte(letters[n])
	}
	return mark.String()
}

// Mark is what a file says of the loan from which it comes.
type Mark struct {
	Number  string // of the loan
	Genuine bool   // we wrote it; otherwise somebody wants us to think so
	Places  int    // how often it stands in the file
}

// Bounds of a file that somebody shows us, which may be made to hurt.
const (
	readFiles = 20_000
	readMost  = 256 << 20 // bytes of all files together
	readOne   = 32 << 20
)

// ErrNotAZip means that a file cannot be looked into.
var ErrNotAZip = fault.New(fault.Invalid, "copy.not_a_zip")

var (
	inPackage = regexp.MustCompile(regexp.QuoteMeta(markProperty) + `["'][^>]*>\s*([A-Z2-7]{42})\s*<`)
	inPage    = regexp.MustCompile(`["'#]` + markID + `([A-Z2-7]{42})["']`)
)

// ReadMark finds the marks in an EPUB of the given size, the one that stands there most
// first. A file that is none of ours has none.
func ReadMark(box *secret.Box, r io.ReaderAt, size int64) ([]Mark, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, ErrNotAZip.Because(err)
	}
	places, left := map[string]int{}, int64(readMost)
	for _, f := range z.File[:min(len(z.File), readFiles)] {
		switch strings.ToLower(path.Ext(f.Name)) {
		case ".xhtml", ".html", ".htm", ".xml", ".opf", ".svg", ".ncx":
		default:
			continue
		}
		in, err := f.Open()
		if err != nil {
			continue // of a file that is broken in one place the others tell
		}
		var text bytes.Buffer
		n, _ := io.Copy(&text, io.LimitReader(in, min(readOne, left)))
		in.Close()
		if left -= n; left <= 0 {
			break
		}
		for _, written := range []*regexp.Regexp{inPackage, inPage} {
			for _, found := range written.FindAllSubmatch(text.Bytes(), -1) {
				places[string(found[1])]++
			}
		}
		for _, mark := range inBlanks(text.Bytes()) {
			places[mark]++
		}
	}
	var list []Mark
	for mark, n := range places {
		number := mark[:numberLength]
		list = append(list, Mark{Number: number, Genuine: hmac.Equal([]byte(mark[numberLength:]), []byte(signature(box, number))), Places: n})
	}
	slices.SortFunc(list, func(a, b Mark) int {
		if a.Places != b.Places {
			return b.Places - a.Places
		}
		return strings.Compare(a.Number, b.Number)
	})
	return list, nil
}
