package lidwoord_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	statement = regexp.MustCompile("(?s)[`\"]\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\\s.*?[`\"]")

	// oneEngine are words that only one engine knows, or reads in its own way:
	// docs/decisions/0001 tells why there is one text.
	oneEngine = regexp.MustCompile(`(?i)::|\bnow\(|\bany\s*\(|\bfor (update|share)\b|\bilike\b|\blike\b|\blower\(|\bupper\(|\bjson|\bserial\b|\bidentity\b|autoincrement|` +
		`\bpragma\b|select \*|\bcollate\b|insert or |\breplace into\b|\bcurrent_(date|time|timestamp)\b|\bdate\(|\bstrftime\b|\binterval\b|\bifnull\b|\bglob\b|\browid\b|= [01]\b\s+(and|or)`)

	// castSum is the one way to add up: PostgreSQL makes a numeric of the sum of
	// whole numbers, which arrives as text.
	castSum = regexp.MustCompile(`(?i)cast\(\s*(coalesce\(\s*)?sum\(`)
)

// sources walks over our own Go files, tests not included.
func sources(t *testing.T, see func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "var") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		see(filepath.ToSlash(path), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSQLStaysInTheStore keeps SQL in the store files, and in the words that
// SQLite and PostgreSQL share.
func TestSQLStaysInTheStore(t *testing.T) {
	sources(t, func(path, text string) {
		if strings.HasPrefix(path, "base/sqldb/") { // the one place that knows the engines
			return
		}
		for _, s := range statement.FindAllString(text, -1) {
			if filepath.Base(path) != "store.go" {
				t.Errorf("%s: SQL outside a store: %.60s", path, s)
			}
			if w := oneEngine.FindString(s); w != "" {
				t.Errorf("%s: %q is not the same in both engines: %.200s", path, w, s)
			}
			if strings.Count(strings.ToLower(s), "sum(") > len(castSum.FindAllString(s, -1)) {
				t.Errorf("%s: write CAST(SUM(…) AS BIGINT): %.200s", path, s)
			}
		}
	})
}

// TestSchemaUsesSharedTypes keeps the migrations to the types of both engines.
func TestSchemaUsesSharedTypes(t *testing.T) {
	other := regexp.MustCompile(`(?i)\b(timestamptz?|datetime|varchar|integer|int|real|double precision|numeric|uuid|jsonb?|bytea|blob|serial|strict|without rowid)\b`)
	comment := regexp.MustCompile(`(?m)--.*$`)
	files, err := filepath.Glob("base/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations:", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for create := range strings.SplitSeq(comment.ReplaceAllString(string(text), ""), ";") {
			if body := strings.TrimSpace(create); strings.HasPrefix(strings.ToUpper(body), "CREATE TABLE") {
				if w := other.FindString(body); w != "" {
					t.Errorf("%s: type %q; columns are TEXT, BIGINT or BOOLEAN: %.60s", file, w, body)
				}
			}
		}
	}
}

// TestTheClockIsReadInOnePlace keeps every rule testable at its edge.
func TestTheClockIsReadInOnePlace(t *testing.T) {
	clock := regexp.MustCompile(`\btime\.(Now|Since|Until)\(`)
	sources(t, func(path, text string) {
		if strings.HasPrefix(path, "base/sqldb/") || strings.HasPrefix(path, "cmd/") || strings.HasPrefix(path, "web/webtest/") {
			return
		}
		if w := clock.FindString(text); w != "" {
			t.Errorf("%s reads the clock by itself (%s); take tx.Now, or db.Now()", path, w)
		}
	})
}
