package lidwoord_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/session"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/library/staff"
	"lidwoord/reading/loan"
	"lidwoord/web/desk"
	"lidwoord/web/entry"
	"lidwoord/web/login"
	"lidwoord/web/manage"
	"lidwoord/web/party"
	"lidwoord/web/reading"
)

// asvs are the requirements of levels 1 and 2 in the chapters V6, V7, V9 and V10
// of OWASP ASVS 5.0.0.
var asvs = map[string]string{
	"1": "6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 " +
		"9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5",
	"2": "6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3 6.8.1 6.8.2 6.8.3 6.8.4 " +
		"7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2 9.2.2 9.2.3 9.2.4 " +
		"10.1.1 10.1.2 10.2.1 10.2.2 10.3.1 10.3.2 10.3.3 10.3.4 10.4.6 10.4.7 10.4.8 10.4.9 10.4.10 10.4.11 " +
		"10.5.1 10.5.2 10.5.3 10.5.4 10.5.5 10.6.1 10.6.2 10.7.1 10.7.2 10.7.3",
}

// lives are the times that docs/asvs.md writes down.
var lives = map[string]time.Duration{
	"session.LifeMost": session.LifeMost, "desk.IdleMost": desk.IdleMost, "manage.IdleMost": manage.IdleMost, "reading.SessionIdle": reading.SessionIdle,
	"entry.StepLife": entry.StepLife, "entry.FreshTime": entry.FreshTime, "login.FreshFor": login.FreshFor, "party.Freshness": party.Freshness, "loan.ReadingRights": loan.ReadingRights,
	"account.ActivationLife": account.ActivationLife, "account.ResetLife": account.ResetLife, "account.EmailChangeLife": account.EmailChangeLife,
	"account.EmailUndoLife": account.EmailUndoLife, "account.CodeLife": account.CodeLife, "staff.TemporaryLife": staff.TemporaryLife,
	"factor.ChallengeLife": factor.ChallengeLife, "factor.OfferLife": factor.OfferLife,
	"signon.CodeLife": signon.CodeLife, "signon.PushedLife": signon.PushedLife, "signon.RequestLife": signon.RequestLife, "signon.IDTokenLife": signon.IDTokenLife,
	"signon.AccessTokenLife": signon.AccessTokenLife, "signon.PublicTokenLife": signon.PublicTokenLife, "signon.RefreshIdle": signon.RefreshIdle,
	"account.FactorUndoLife": account.FactorUndoLife, "account.RemovalWait": account.RemovalWait,
	"signon.LastingIdle": signon.LastingIdle, "signon.LastingLife": signon.LastingLife,
	"signon.RefreshLife": signon.RefreshLife, "signon.LogoutTokenLife": signon.LogoutTokenLife, "signon.AssertionLife": signon.AssertionLife,
}

// TestEveryRequirementOfASVSHasItsRow holds docs/asvs.md to the standard and to
// the code: each requirement has one row of its level, each test that it names
// exists, what is not met is in the list of deviations, and the times are true.
func TestEveryRequirementOfASVSHasItsRow(t *testing.T) {
	text, err := os.ReadFile("docs/asvs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "## Open deviations")
	after, _, _ = strings.Cut(after, "\n## ")
	deviations := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([\d., ]+) \|`).FindAllStringSubmatch(after, -1) {
		for _, number := range strings.Split(m[1], ", ") {
			deviations[number] = true
		}
	}
	tests, told := testNames(t), map[string]bool{}
	rows := map[string]string{} // number: level
	row := regexp.MustCompile(`^\| (\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| (yes|partly|no|n/a)\b[^|]*\| ([^|]*)\|$`)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		m := row.FindStringSubmatch(line)
		if m == nil {
			if regexp.MustCompile(`^\| \d+\.\d+\.\d+ \| \d `).MatchString(line) {
				t.Errorf("a row that cannot be read: %s", line)
			}
			readLives(t, line, told)
			continue
		}
		number, level, answer := m[1], m[2], m[4]
		if rows[number] != "" {
			t.Errorf("%s has two rows", number)
		}
		rows[number] = level
		if deviates := level != "3" && (answer == "partly" || answer == "no"); deviates != deviations[number] {
			t.Errorf("%s says %q; in the list of deviations: %v", number, answer, deviations[number])
		}
	}
	for level, numbers := range asvs {
		for _, number := range strings.Fields(numbers) {
			if rows[number] != level {
				t.Errorf("%s of level %s has a row of level %q", number, level, rows[number])
			}
			delete(rows, number)
		}
	}
	for number, level := range rows {
		if level != "3" {
			t.Errorf("%s is in no list of level %s", number, level)
		}
	}
	for _, m := range regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1) {
		if !tests[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
	}
	for name := range lives {
		if !told[name] {
			t.Errorf("%s is not written down", name)
		}
	}
}

// readLives compares the times of a row with those of the program.
func readLives(t *testing.T, line string, told map[string]bool) {
	t.Helper()
	cells := strings.Split(line, "|")
	if len(cells) != 5 {
		return
	}
	names := regexp.MustCompile("`([a-z]+\\.[A-Z][A-Za-z]+)`").FindAllStringSubmatch(cells[3], -1)
	said := regexp.MustCompile(`(\d+) (second|minute|hour|day)`).FindAllStringSubmatch(cells[2], -1)
	for i, m := range names {
		if len(said) == 0 {
			continue
		}
		want, known := lives[m[1]]
		if !known {
			t.Errorf("the list of times in this test lacks %s, of the row %s", m[1], strings.TrimSpace(line))
			continue
		}
		if i >= len(said) { // one time for all of them
			i = len(said) - 1
		}
		n, _ := strconv.Atoi(said[i][1])
		unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[said[i][2]]
		told[m[1]] = true
		if got := time.Duration(n) * unit; got != want {
			t.Errorf("%s is %s in the program, and %s in %s", m[1], want, got, strings.TrimSpace(line))
		}
	}
}

// testNames are all tests and fuzz targets of the house.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	each(t, ".", "_test.go", func(path string) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				names[f.Name.Name] = true
			}
		}
	})
	return names
}

// each visits the files of ours below a folder whose names end alike.
func each(t *testing.T, folder, ending string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"node_modules", "var", ".git"}, d.Name()):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, ending):
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A password may be pasted and kept by the browser, and is hidden while it is
// typed (OWASP ASVS 6.2.6 and 6.2.7).
func TestPasswordFieldsHideAndMayBePastedInto(t *testing.T) {
	field := regexp.MustCompile(`\.Input \S+ "(wachtwoord|wachtwoord-nu|huidig|nieuw|herhaal)"[^)}]*`)
	input := regexp.MustCompile(`<input [^>]*name="(wachtwoord|wachtwoord-nu|huidig|nieuw|herhaal)"[^>]*`)
	found := 0
	each(t, "web", ".html", func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(field.FindAllString(string(text), -1), input.FindAllString(string(text), -1)...) {
			found++
			if !strings.Contains(f, `type=password`) && !strings.Contains(f, `type="password"`) {
				t.Errorf("%s shows what is typed in %s", path, f)
			}
			if !regexp.MustCompile(`autocomplete="?(current|new)-password`).MatchString(f) || strings.Contains(f, "maxlength") {
				t.Errorf("%s: a browser cannot fill in %s", path, f)
			}
		}
		if strings.Contains(string(text), "onpaste") {
			t.Errorf("%s minds what is pasted", path)
		}
	})
	if found < 8 {
		t.Errorf("%d password fields, want those of all doors", found)
	}
	each(t, "web", ".js", func(path string) {
		if text, err := os.ReadFile(path); err != nil || strings.HasPrefix(path, "web/dist") {
			return
		} else if strings.Contains(string(text), "paste") {
			t.Errorf("%s minds what is pasted", path)
		}
	})
}

// Every page of a door where one is signed in has the button to sign out (OWASP
// ASVS 7.4.4): the frame of all pages asks for it, and each door draws it.
func TestEveryDoorShowsTheWayOut(t *testing.T) {
	frame, err := os.ReadFile("web/kit/layout/base.html")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(frame), `{{block "session" .}}`) {
		t.Error("the frame of all pages has no room for the button")
	}
	for _, door := range []string{"desk", "login", "manage", "mine", "reading", "signup"} {
		drawn := false
		each(t, filepath.Join("web", door, "layout"), ".html", func(path string) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			drawn = drawn || regexp.MustCompile(`method="post" action="\{\{\.Link "/(afmelden|uitloggen)"\}\}"`).Match(text)
		})
		if !drawn {
			t.Errorf("%s draws no button to sign out", door)
		}
	}
}

// Secrets come from crypto/rand (OWASP ASVS 6.5.3, 7.2.3). The other generator is
// for pauses, which nobody need guess, and for titles that tests make up.
func TestNoSecretComesFromAGeneratorForGames(t *testing.T) {
	pauses := []string{"base/queue/queue.go", "base/sqldb/sqldb.go", "reading/index/indextest/indextest.go"}
	sources(t, func(path, text string) {
		if strings.Contains(text, `"math/rand`) && !slices.Contains(pauses, path) {
			t.Errorf("%s imports math/rand", path)
		}
	})
}
