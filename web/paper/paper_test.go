package paper_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/words"
	"lidwoord/web/paper"
)

func say(t testing.TB, lang words.Lang) paper.Sentence {
	t.Helper()
	c, err := words.Load(paper.Words)
	if err != nil {
		t.Fatal(err)
	}
	return func(key string, args ...any) string { return c.Text(lang, key, args...) }
}

var bought = time.Date(2026, 11, 23, 9, 30, 0, 0, day.Amsterdam)

func bill() paper.Bill {
	return paper.Bill{
		Number: "K7QX-M2PD", At: bought,
		Library: paper.Library{Name: "Bind bibliotheken", Address: "Brink 1, 9401 HS Assen", Register: "KvK 12345678", Email: "hulp@bind.example", Phone: "0592 00 00 00", Site: "https://bind.example/"},
		Name:    "E.B. Tester", Address: []string{"Kruisstraat 41", "9468 BG Annen"}, Customer: "25280000000017",
		What: "Digital only", From: "2026-11-23", Through: "2027-11-30", Fee: 4500, Total: 4500,
		Moves: []paper.Move{{Kind: paper.PaidIn, Day: "2026-11-23", Method: "iDEAL | Wero", Cents: 4500}},
	}
}

func receipt(t testing.TB, b paper.Bill) []byte {
	t.Helper()
	pdf, err := paper.Receipt(words.NL, say(t, words.NL), b)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// read is the text of a sheet, one piece a line, as a reader's search box finds it.
func read(t testing.TB, lang words.Lang, b paper.Bill) string {
	t.Helper()
	pdf, err := paper.Plain(lang, say(t, lang), b)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, m := range regexp.MustCompile(`(?s)BT .*? \(((?:[^\\)]|\\.)*)\) ?Tj`).FindAllSubmatch(pdf, -1) {
		var units []uint16
		raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAllFunc(m[1], func(e []byte) []byte {
			if e[1] == 'r' {
				return []byte{'\r'}
			}
			return e[1:]
		})
		for i := 0; i+1 < len(raw); i += 2 {
			units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		text.WriteString(string(utf16.Decode(units)) + "\n")
	}
	return text.String()
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("the sheet lacks %q:\n%s", p, text)
		}
	}
}

func TestAReceiptIsOneSheetThatSaysWhatItIs(t *testing.T) {
	pdf := receipt(t, bill())
	if !bytes.HasPrefix(pdf, []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(pdf), []byte("%%EOF")) {
		t.Fatalf("%.20q … %q", pdf, pdf[len(pdf)-10:])
	}
	if n := len(regexp.MustCompile(`/Type /Page\b[^s]`).FindAll(pdf, -1)); n != 1 {
		t.Errorf("%d sheets", n)
	}
	for _, part := range []string{"/Lang (nl)", "dejavusans", "/FontFile2", "/ToUnicode", "595.28 841.89", "D:20261123083000"} { // A4; by the clock of the bill
		if !bytes.Contains(pdf, []byte(part)) {
			t.Errorf("the file lacks %s", part)
		}
	}
	title := utf16.Encode([]rune("Bewijs van inschrijving K7QX-M2PD"))
	raw := []byte{0xfe, 0xff}
	for _, u := range title {
		raw = append(raw, byte(u>>8), byte(u))
	}
	if !bytes.Contains(pdf, raw) {
		t.Error("the file has no title")
	}
	if len(pdf) > 100_000 {
		t.Errorf("%d bytes: whole fonts, not the letters in use?", len(pdf))
	}
	if dir := os.Getenv("LIDWOORD_SCREENS"); dir != "" { // to look at it
		if err := os.WriteFile(filepath.Join(dir, "receipt.pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAReceiptSaysWhatWasBoughtOfWhom(t *testing.T) {
	text := read(t, words.NL, bill())
	wants(t, text, "Bewijs van inschrijving", "K7QX-M2PD", "23 november 2026", "25280000000017", "E.B. Tester", "Kruisstraat 41", "9468 BG Annen",
		"Bind bibliotheken", "Brink 1, 9401 HS Assen", "KvK 12345678", "hulp@bind.example", "0592 00 00 00", "https://bind.example/",
		"Digital only", "23 november 2026 tot en met 30 november 2027", "€\u00a045,00", "Betaald op 23 november 2026", "iDEAL | Wero", "\nBetaald\n")
	for _, not := range []string{"Korting", "paper.", "{0}", "btw", "BTW"} {
		if strings.Contains(text, not) {
			t.Errorf("the sheet says %q:\n%s", not, text)
		}
	}
	wants(t, read(t, words.EN, bill()), "Receipt", "23 November 2026 through 30 November 2027", "\nPaid\n")
}

func TestAReceiptSaysHowItStands(t *testing.T) {
	paid := paper.Move{Kind: paper.PaidIn, Day: "2026-11-23", Cents: 4500}
	for _, c := range []struct {
		change func(*paper.Bill)
		says   []string
	}{
		{func(b *paper.Bill) { b.Total, b.Discount, b.Moves = 0, 4500, nil }, []string{"\nGratis\n", "Korting", "-€\u00a045,00"}},
		{func(b *paper.Bill) { b.Moves = nil }, []string{"\nNog niet betaald\n"}},
		{func(b *paper.Bill) { b.Moves = []paper.Move{{Kind: paper.PaidIn, Day: "2026-11-23", Cents: 4499}} }, []string{"\nNog niet betaald\n"}},
		{func(b *paper.Bill) {
			b.Moves = []paper.Move{paid, {Kind: paper.ChargedBack, Day: "2026-12-01", Cents: 4500}}
		}, []string{"\nNog niet betaald\n", "Teruggehaald door je bank op 1 december 2026", "-€\u00a045,00"}},
		{func(b *paper.Bill) {
			b.Moves = []paper.Move{paid, {Kind: paper.TooMany, Day: "2026-11-24", Cents: 4500}, {Kind: paper.PaidBack, Day: "2026-11-25", Cents: 4500}}
		}, []string{"\nBetaald\n", "Dubbel betaald op 24 november 2026", "Terugbetaald op 25 november 2026"}},
		{func(b *paper.Bill) {
			b.Undone, b.Moves = "2026-11-26", []paper.Move{paid, {Kind: paper.Leaving, Day: "2026-11-26", Cents: 4500}}
		}, []string{"\nHerroepen op 26 november 2026\n", "Terugbetaling onderweg sinds 26 november 2026", "(€\u00a045,00)"}},
		{func(b *paper.Bill) {
			b.Moves = []paper.Move{paid, {Kind: paper.NotLeft, Day: "2026-11-26", Cents: 4500}}
		}, []string{"\nBetaald\n", "Terugbetaling niet gelukt op 26 november 2026"}},
	} {
		b := bill()
		c.change(&b)
		wants(t, read(t, words.NL, b), c.says...)
	}
}

func TestEveryNameOfALibraryInEuropeCanBePrinted(t *testing.T) {
	for _, name := range []string{"Żywiałowska", "Nguyễn Thị Hồng", "Şahin-Yıldız", "Ĳssel", "’t Hooft", "Þórðardóttir", "Ștefănescu", "Gül Öztürk", "Đặng", "Ελένη", "Юлія"} {
		b := bill()
		b.Name = name
		wants(t, read(t, words.NL, b), name)
	}
	b := bill()
	b.Name, b.What = "Zoe\u0308 😀 O'(Brien) \\", "漢字"
	wants(t, read(t, words.NL, b), "Zoë \ufffd O'(Brien) \\", "漢字")
}

func TestALongNameStaysOnTheSheet(t *testing.T) {
	b := bill()
	b.Name, b.Address = strings.Repeat("Van der Wilgenburg-", 9)+"Tester", []string{strings.Repeat("Burgemeesterslaan", 20), "9468 BG Annen"}
	b.Library.Name, b.What = strings.Repeat("Bibliotheken ", 12), strings.Repeat("Heel lang abonnement ", 12)
	wants(t, read(t, words.NL, b), "Tester", "Annen", "\nBetaald\n")
}

// TestNothingIsLost gives a bill more lines than a sheet has.
func TestNothingIsLost(t *testing.T) {
	b := bill()
	for i := range 40 {
		b.Moves = append(b.Moves, paper.Move{Kind: paper.TooMany, Day: "2026-11-24", Method: fmt.Sprintf("way %d.", i), Cents: money.Cents(10_000 + i)})
	}
	text := read(t, words.NL, b)
	for i := range 40 {
		wants(t, text, fmt.Sprintf("way %d.", i), money.Cents(10_000+i).String())
	}
	wants(t, text, "\nBetaald\n", "Bewaar dit bewijs")
}

func TestTheSameBillMakesTheSameFile(t *testing.T) {
	first := receipt(t, bill())
	var all sync.WaitGroup
	for range 16 { // at once: the fonts are shared
		all.Go(func() {
			again, err := paper.Receipt(words.NL, say(t, words.NL), bill())
			if err != nil || !bytes.Equal(first, again) {
				t.Errorf("%v, %d bytes and %d", err, len(first), len(again))
			}
		})
	}
	all.Wait()
	other := bill()
	other.Number = "AAAA-BBBB"
	if bytes.Equal(first, receipt(t, other)) {
		t.Error("another bill makes the same file")
	}
}

func BenchmarkReceipt(b *testing.B) {
	say := say(b, words.NL)
	for b.Loop() {
		if _, err := paper.Receipt(words.NL, say, bill()); err != nil {
			b.Fatal(err)
		}
	}
}
