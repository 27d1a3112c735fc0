package kit

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
)

// Sheet sends rows as a file for a spreadsheet. Who keeps one should note it first.
func (s *Site) Sheet(w http.ResponseWriter, name string, rows [][]string) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.csv"`, name))
	w.Header().Set("Cache-Control", "no-store")
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
