package paper

import (
	"bytes"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"golang.org/x/text/unicode/norm"

	"lidwoord/base/words"
)

// The sheet, in millimetres.
const (
	left    = 22.0
	right   = 188.0
	top     = 18.0
	bottom  = 20.0 // kept free; a bill that is longer goes on on a second sheet
	address = 52.0 // so that it stands in the window of an envelope
	body    = 92.0 // where the text begins
	column  = 38.0 // of the amounts
)

// colour is red, green and blue; the house's own, as in its style sheet.
type colour [3]int

var (
	ink   = colour{0x17, 0x26, 0x2b}
	soft  = colour{0x4a, 0x5b, 0x61}
	line  = colour{0xd5, 0xdc, 0xdc}
	brand = colour{0x0b, 0x4f, 0x5c}
	gold  = colour{0xff, 0xb4, 0x5c}
	good  = colour{0x1b, 0x6b, 0x3a}
)

// row is one line of a table.
type row struct {
	text   string
	small  string // below text, "" for none
	amount string
	strong bool
}

// sheet is a PDF that is being written from top to bottom.
type sheet struct {
	pdf *fpdf.Fpdf
}

// newSheet opens a sheet. Its dates are the bill's: a clock of its own would make
// another file each time.
func newSheet(lang words.Lang, title, author string, at time.Time) sheet {
	p := fpdf.New("P", "mm", "A4", "")
	p.SetCatalogSort(true)
	p.SetCreationDate(at.UTC())
	p.SetModificationDate(at.UTC())
	p.SetProducer("Lidwoord", true)
	p.SetTitle(printable(title), true)
	p.SetAuthor(printable(author), true)
	p.SetLang(string(lang))
	p.AddUTF8FontFromBytes("dejavusans", "", dejavusans.TTF)
	p.AddUTF8FontFromBytes("dejavusans", "B", dejavusansbold.TTF)
	p.SetMargins(left, top, 210-right)
	p.SetAutoPageBreak(true, bottom)
	p.SetCellMargin(0)
	p.AddPage()
	return sheet{p}
}

// printable is text as the font can write it: letters with their accents in one
// piece, and a mark for what has no place in it, such as a smiley.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff {
			return '\ufffd'
		}
		return r
	}, norm.NFC.String(text))
}

func (s sheet) pen(style string, size float64, c colour) {
	s.pdf.SetFont("dejavusans", style, size)
	s.pdf.SetTextColor(c[0], c[1], c[2])
}

// write puts text at x in a column of some width, and moves the pen below it.
func (s sheet) write(x, width, height float64, text, align string) {
	s.pdf.SetX(x)
	s.pdf.MultiCell(width, height, printable(text), "", align, false)
}

// head is who sends it: the logo with the name, and the library in law.
func (s sheet) head(l Library) {
	s.logo(left, top, 11)
	s.pdf.SetXY(left, top+1.5)
	s.pen("B", 15, brand)
	s.write(left+15, 78, 7, l.Name, "L")
	s.pdf.SetY(top)
	s.pen("", 8, soft)
	for _, text := range []string{l.Address, l.Register, l.Email, l.Phone, l.Site} {
		if text != "" {
			s.write(right-70, 70, 4.4, text, "R")
		}
	}
}

// logo is the book of the house, in a square of some size.
func (s sheet) logo(x, y, size float64) {
	p, u := s.pdf, size/32
	at := func(dx, dy float64) (float64, float64) { return x + dx*u, y + dy*u }
	p.SetFillColor(brand[0], brand[1], brand[2])
	p.RoundedRect(x, y, size, size, 7*u, "1234", "F")
	p.SetDrawColor(0xff, 0xff, 0xff)
	p.SetLineWidth(2 * u)
	for _, side := range []float64{-1, 1} {
		spineX, headY := at(16, 12)
		p.MoveTo(spineX, headY)
		curve := func(ax, ay, bx, by, cx, cy float64) {
			ax, ay = at(16+side*ax, ay)
			bx, by = at(16+side*bx, by)
			cx, cy = at(16+side*cx, cy)
			p.CurveBezierCubicTo(ax, ay, bx, by, cx, cy)
		}
		curve(2.6, 10.1, 5.6, 9.4, 9.5, 9.5)
		cornerX, cornerY := at(16+side*9.5, 22.5)
		p.LineTo(cornerX, cornerY)
		curve(5.6, 22.4, 2.6, 23.1, 0, 25)
		p.LineTo(spineX, headY)
		p.DrawPath("D")
	}
	p.SetFillColor(gold[0], gold[1], gold[2])
	sunX, sunY := at(16, 7)
	p.Circle(sunX, sunY, 2.3*u, "F")
}

// to is whom it is to.
func (s sheet) to(b Bill) {
	s.pdf.SetY(address)
	s.pen("", 10.5, ink)
	for _, text := range append([]string{b.Name}, b.Address...) {
		s.write(left, 100, 5.6, text, "L")
	}
	s.pdf.SetY(max(body, s.pdf.GetY()+8))
}

func (s sheet) heading(text string) {
	s.pen("B", 17, ink)
	s.write(left, right-left, 9, text, "L")
	s.pdf.Ln(3)
}

// facts are labels with what they say.
func (s sheet) facts(list [][2]string) {
	for _, f := range list {
		y := s.pdf.GetY()
		s.pen("", 9.5, soft)
		s.write(left, 40, 5.6, f[0], "L")
		s.pdf.SetY(y)
		s.pen("", 9.5, ink)
		s.write(left+42, right-left-42, 5.6, f[1], "L")
	}
	s.pdf.Ln(7)
}

// table is a heading with rows below it; without rows there is none.
func (s sheet) table(what, amount string, rows []row) {
	if len(rows) == 0 {
		return
	}
	wide := right - left - column
	y := s.pdf.GetY()
	s.pen("B", 9.5, brand)
	s.write(left, wide, 6, what, "L")
	s.pdf.SetY(y)
	s.write(right-column, column, 6, amount, "R")
	s.rule(brand, .5)
	for _, r := range rows {
		style := ""
		if r.strong {
			style = "B"
		}
		s.pdf.Ln(1.8)
		y, page := s.pdf.GetY(), s.pdf.PageNo()
		s.pen(style, 10, ink)
		s.write(left, wide, 5.4, r.text, "L")
		if s.pdf.PageNo() > page { // the row began a new sheet
			y = s.pdf.GetY() - 5.4
		}
		end := s.pdf.GetY()
		s.pdf.SetY(y)
		s.write(right-column, column, 5.4, r.amount, "R")
		s.pdf.SetY(end)
		if r.small != "" {
			s.pen("", 8.5, soft)
			s.write(left, wide, 4.6, r.small, "L")
		}
		s.pdf.Ln(1.2)
		s.rule(line, .2)
	}
	s.pdf.Ln(8)
}

// rule draws a line across the sheet under the pen.
func (s sheet) rule(c colour, thick float64) {
	s.pdf.SetDrawColor(c[0], c[1], c[2])
	s.pdf.SetLineWidth(thick)
	s.pdf.Line(left, s.pdf.GetY(), right, s.pdf.GetY())
}

// stamp says in a word how the bill stands.
func (s sheet) stamp(text string, well bool) {
	c := soft
	if well {
		c = good
	}
	s.pen("B", 12, c)
	text = printable(text)
	y, width := s.pdf.GetY(), s.pdf.GetStringWidth(text)+10
	s.pdf.SetDrawColor(c[0], c[1], c[2])
	s.pdf.SetLineWidth(.6)
	s.pdf.RoundedRect(left, y, width, 10, 1.5, "1234", "D")
	s.pdf.SetXY(left, y)
	s.pdf.CellFormat(width, 10, text, "", 1, "CM", false, 0, "")
	s.pdf.Ln(8)
}

func (s sheet) note(text string) {
	s.pen("", 8.5, soft)
	s.write(left, right-left, 4.6, text, "L")
}

func (s sheet) bytes() ([]byte, error) {
	var b bytes.Buffer
	err := s.pdf.Output(&b)
	return b.Bytes(), err
}
