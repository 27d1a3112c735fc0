package opds_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// Apps that we did not write.

const modules = "../../node_modules"

// needs skips a test where something is missing; the whole test may miss nothing.
func needs(t *testing.T, what string, there bool) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing", what)
	default:
		t.Skipf("not tested: %s is missing; scripts/test says how to get it", what)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// TestFoliateReadsOurFeeds lets the parser of Foliate read the old form, in a page of
// another site.
func TestFoliateReadsOurFeeds(t *testing.T) {
	needs(t, "foliate-js", exists(filepath.Join(modules, "foliate-js/opds.js")))
	browser := webtest.Start(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		mux := http.NewServeMux()
		file := func(path, name string) {
			mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				http.ServeFile(w, r, name)
			})
		}
		file("/opds.js", filepath.Join(modules, "foliate-js/opds.js"))
		file("/foliate.mjs", "testdata/foliate.mjs")
		mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `<!doctype html><title>app</title><link rel="icon" href="data:,"><script>door = %q; title = %q; authorization = %q</script><script type="module" src="/foliate.mjs"></script>`,
				h.URL+"/opds", h.ids[pluis], "Basic "+base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
		})
		app := httptest.NewServer(mux)
		defer app.Close()
		page := browser.Person(t)
		page.Visit(app.URL + "/")
		if got := webtest.Eval[string](page, "window.result"); !strings.HasPrefix(got, "read") {
			t.Error(got)
		}
	})
}

// thoriumModules names a folder in which npm installed r2-opds-js and r2-shared-js.
// They are no dependency of ours: they bring a hundred packages, some of which
// nobody keeps any longer.
const thoriumModules = "LIDWOORD_R2_OPDS"

// TestThoriumReadsOurFeeds lets the parser of Thorium browse, borrow and give back.
func TestThoriumReadsOurFeeds(t *testing.T) {
	if os.Getenv(thoriumModules) == "" {
		t.Skip("not tested: " + thoriumModules + " names no folder with r2-opds-js")
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		out, err := exec.CommandContext(t.Context(), "node", "testdata/thorium.mjs", h.URL+"/opds", name, password).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "read by Thorium's parser") {
			t.Errorf("%v\n%.1500s", err, out)
		}
	})
}
