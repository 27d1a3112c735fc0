package lidwoord_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors is the house from the ground up: a package imports only from floors
// below its own. A folder with a slash at its end stands for all packages in it.
var floors = [][]string{
	{"base/fault", "base/bell", "base/secret", "base/money", "base/words", "base/migrations", "samples"},
	{"base/day", "base/password", "base/queue"},
	{"base/sqldb"},
	{"base/sqldb/sqldbtest", "base/outbox", "base/job", "base/audit", "base/session", "base/throttle"},
	{"base/factor"},
	{"library/branch", "identity/account", "reading/catalogue", "reading/markup"},
	{"library/staff", "library/customer", "library/ledger", "library/task", "identity/signon", "identity/provision", "identity/intake", "reading/loan", "reading/ingest"},
	{"library/membership", "library/newsletter", "library/payment", "reading/device", "reading/copy"},
	{"library/enrol", "reading/index"},
	{"library/registration", "reading/index/indextest"},
	{"library/enrol/enroltest", "adapter/"},
	{"web", "web/kit", "web/webtest"},
	{"web/party", "web/paper", "web/entry"},
	{"web/"},
	{"cmd/lidwoord"},
}

// doors names the wing that each door shows. A door shows no other.
var doors = map[string]string{"web/desk": "library/", "web/signup": "library/", "web/mine": "library/", "web/manage": "library/", "web/news": "library/",
	"web/login": "identity/", "web/oidc": "identity/", "web/scim": "identity/", "web/reading": "reading/", "web/opds": "reading/", "web/start": "", "web/mailbox": "", "web/testbank": "", "web/kit": "", "web/party": "", "web/paper": "", "web/webtest": "", "web/entry": ""}

// modules names the only packages in which a module of somebody else may be
// used. A module that is not here may be used nowhere.
var modules = map[string][]string{
	"github.com/jackc/pgx/v5":        {"base/sqldb", "base/sqldb/sqldbtest"},
	"modernc.org/sqlite":             {"base/sqldb"},
	"github.com/go-jose/go-jose/v4":  {"identity/signon"},
	"github.com/coreos/go-oidc/v3":   {"web/party"},
	"golang.org/x/oauth2":            {"web/party"},
	"github.com/wneessen/go-mail":    {"adapter/smtp"},
	"github.com/emersion/go-msgauth": {"adapter/smtp"},
	"codeberg.org/go-pdf/fpdf":       {"web/paper"},
	"github.com/go-fonts/dejavu":     {"web/paper"},
	"github.com/chromedp/":           {"web/webtest"},
	"github.com/BurntSushi/toml":     {"cmd/lidwoord"},
	"rsc.io/qr":                      {"web/kit"},
	"golang.org/x/crypto/argon2":     {"base/password"},
	"golang.org/x/crypto/bcrypt":     {"base/password"}, // hashes of other systems
	"golang.org/x/net/html":          {"reading/markup", "reading/ingest"},
	"golang.org/x/image/webp":        {"reading/ingest"},                                     // covers
	"golang.org/x/sys/unix":          {"reading/catalogue"},                                  // two folders change places in one moment
	"golang.org/x/text/":             {"base/", "library/", "identity/", "reading/", "web/"}, // Unicode normal forms, to fold names

	"github.com/go-webauthn/webauthn":    {"base/factor"},
	"github.com/descope/virtualwebauthn": {"base/factor"}, // its tests

	"github.com/trustelem/zxcvbn/frequency": {"base/password"}, // passwords that leaked

	"github.com/santhosh-tekuri/jsonschema/v6": {"web/opds"}, // its tests
}

var support = []string{"base/sqldb/sqldbtest", "web/webtest", "adapter/mollie/mollietest", "reading/index/indextest"} // for tests; the program never imports them

func within(p string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return p == f || strings.HasSuffix(f, "/") && strings.HasPrefix(p, f) })
}

// mayUse says whether a package may use a module of somebody else.
func mayUse(here, imp string) bool {
	for module, where := range modules {
		if strings.HasPrefix(imp+"/", strings.TrimSuffix(module, "/")+"/") && within(here, where) {
			return true
		}
	}
	return false
}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	floor := func(p string) int { return slices.IndexFunc(floors, func(f []string) bool { return within(p, f) }) }
	wing := regexp.MustCompile(`^(library|identity|reading)/`)
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(strings.ReplaceAll(line, "lidwoord/", "")) // without the name of our own module
		here, rooms := f[0], 0
		if here == "lidwoord" { // this test
			continue
		}
		shows, door := doors[here]
		if floor(here) < 0 || strings.HasPrefix(here, "web/") && !door {
			t.Errorf("%s has no floor; give it one", here)
		}
		for _, imp := range f[1:] {
			there, ours := floor(imp), wing.FindString(here)
			theirs := wing.FindString(imp)
			if theirs != "" {
				rooms++
			}
			switch stranger, _, _ := strings.Cut(imp, "/"); {
			case there < 0 && strings.Contains(stranger, ".") && !mayUse(here, imp):
				t.Errorf("%s imports %s, which it may not", here, imp)
			case there >= 0 && there >= floor(here), slices.Contains(support, imp):
				t.Errorf("%s (floor %d) imports %s (floor %d)", here, floor(here), imp, there)
			case ours != "" && theirs != "" && ours != theirs:
				t.Errorf("%s imports %s of another wing; wings meet at the roof", here, imp)
			case door && (theirs != "" && theirs != shows || strings.HasPrefix(imp, "adapter/")):
				t.Errorf("%s imports %s; a door shows one wing, and no adapter", here, imp)
			}
		}
		if strings.HasPrefix(here, "adapter/") && rooms > 1 {
			t.Errorf("%s fills the ports of %d rooms, want one", here, rooms)
		}
	}
}

// TestEveryFloorHasItsRooms finds a room that moved out and left its name here.
func TestEveryFloorHasItsRooms(t *testing.T) {
	for _, rooms := range append(slices.Clone(floors), support, slices.Collect(maps.Keys(doors))) {
		for _, room := range rooms {
			if files, err := filepath.Glob(strings.TrimSuffix(room, "/") + "/*"); err != nil || len(files) == 0 {
				t.Errorf("there is no %s", room)
			}
		}
	}
}
