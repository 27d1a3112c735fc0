package kit

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"

	"lidwoord/base/words"
)

var fileTypes = map[string]string{".csv": "text/csv; charset=utf-8", ".json": "application/json; charset=utf-8", ".zip": "application/zip", ".pdf": "application/pdf"}

// AsFile says that the answer is a file to keep under this name, which must be plain,
// and that nobody on the way may keep it: it holds what is of one person or library.
func AsFile(h http.Header, name string) {
	h.Set("Content-Type", fileTypes[path.Ext(name)])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, name))
	h.Set("Cache-Control", "no-store")
}

// SendJSON sends a value as such a file.
func SendJSON(w http.ResponseWriter, name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	AsFile(w.Header(), name)
	_, err = w.Write(text)
	return err
}

// Elsewhere says what a file does not hold, and where that is. A file has the sentence
// only; a page leads there.
type Elsewhere struct {
	Text    string
	Address string // "" when it is nowhere
}

// Elsewhere says a sentence about what is at an address, which stands in it.
func (s *Site) Elsewhere(lang words.Lang, key, address string) Elsewhere {
	return Elsewhere{s.Words.Text(lang, key, address), address}
}

// MarshalText implements encoding.TextMarshaler.
func (e Elsewhere) MarshalText() ([]byte, error) { return []byte(e.Text), nil }

// Sheet sends rows as a file for a spreadsheet. Who keeps one should note it first.
func (s *Site) Sheet(w http.ResponseWriter, name string, rows [][]string) error {
	AsFile(w.Header(), name+".csv")
	out := csv.NewWriter(w)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, text := range row {
			safe[i] = sheetCell(text)
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// sheetCell keeps a spreadsheet from taking what somebody typed for a formula. It runs
// one that begins with a sign, and some look behind blanks.
func sheetCell(text string) string {
	if begins := strings.TrimLeft(text, " \n\u00a0"); begins != "" && strings.ContainsRune("=+-@\t\r", rune(begins[0])) {
		return "'" + text
	}
	return text
}
