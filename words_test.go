package lidwoord_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lidwoord/base/words"
)

var (
	argument   = regexp.MustCompile(`\{(\d+)`)
	action     = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	saidOnPage = regexp.MustCompile(`\.(?:T|Html) "([^"]+)"`)
	saidInGo   = regexp.MustCompile(`(?:fault\.New\(\s*(?:fault\.)?\w+|\.SetFlash\(\w+|\.Words\.Text\([\w.]+),\s*"([^"]+)"`)
	key        = regexp.MustCompile(`"(?:[a-z]+=)?([a-z]+\.[\w.-]*\w)"`)
	keyStart   = regexp.MustCompile(`"(?:[a-z]+=)?([a-z]+\.(?:[\w.-]*[._-])?)(?:%|")`)
)

// files walks over all files of ours with one of these endings.
func files(t *testing.T, see func(path, text string), endings ...string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path = filepath.ToSlash(path)
		if d.IsDir() {
			if path != "." && strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "var", "web/dist"}, path) {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(path, e) }) {
			return nil
		}
		text, err := os.ReadFile(path)
		see(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sentences reads the words files of one language: file → key → sentence.
func sentences(t *testing.T, lang words.Lang) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	files(t, func(path, text string) {
		list, err := words.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[path] = list
	}, "words."+string(lang)+".txt")
	return all
}

func arguments(sentence string) (list []string) {
	for _, m := range argument.FindAllStringSubmatch(sentence, -1) {
		list = append(list, m[1])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestBothLanguagesSayTheSame keeps an English sentence off a Dutch page, and a
// number from getting lost in translation.
func TestBothLanguagesSayTheSame(t *testing.T) {
	english, first := sentences(t, words.EN), map[string]string{}
	for path, nl := range sentences(t, words.NL) {
		twin := strings.Replace(path, ".nl.txt", ".en.txt", 1)
		en := english[twin]
		for key, dutch := range nl {
			if other, twice := first[key]; twice {
				t.Errorf("%s and %s both have %s", other, path, key)
			}
			first[key] = path
			if _, ok := en[key]; !ok {
				t.Errorf("%s lacks %s", twin, key)
			} else if a, b := arguments(dutch), arguments(en[key]); !slices.Equal(a, b) {
				t.Errorf("%s: %s has arguments %v in Dutch and %v in English", twin, key, a, b)
			}
		}
		for key := range en {
			if _, ok := nl[key]; !ok {
				t.Errorf("%s lacks %s", path, key)
			}
		}
	}
}

// TestEverySentenceThatIsAskedForExists keeps a reader from meeting a bare key.
func TestEverySentenceThatIsAskedForExists(t *testing.T) {
	all, rooms := map[string]bool{}, map[string]bool{} // rooms: the first parts of keys
	for _, list := range sentences(t, words.NL) {
		for key := range list {
			room, _, _ := strings.Cut(key, ".")
			all[key], rooms[room] = true, true
		}
	}
	need := func(path, key string) {
		if strings.HasSuffix(key, "_") || strings.HasSuffix(key, ".") { // the beginning of some
			if slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(k string) bool { return strings.HasPrefix(k, key) }) {
				return
			}
		}
		if !all[key] && !strings.Contains(key, "%") {
			t.Errorf("%s asks for %s, which no words file has", path, key)
		}
	}
	sources(t, func(path, text string) {
		for _, m := range saidInGo.FindAllStringSubmatch(text, -1) {
			need(path, m[1])
		}
	})
	files(t, func(path, text string) {
		for _, a := range action.FindAllString(text, -1) {
			for _, m := range saidOnPage.FindAllStringSubmatch(a, -1) {
				need(path, m[1])
			}
			for _, m := range key.FindAllStringSubmatch(a, -1) { // labels of fields: "desk.name", "hint=desk.name_hint"
				if room, rest, _ := strings.Cut(m[1], "."); rooms[room] && !slices.Contains([]string{"css", "js", "svg"}, rest) {
					need(path, m[1])
				}
			}
		}
	}, ".html")
}

// TestNoSentenceIsLeftOver keeps the words files as short as what people read.
func TestNoSentenceIsLeftOver(t *testing.T) {
	used := map[string]bool{}
	var built []string // beginnings of keys that are put together: "kit.door_%s", "country."
	note := func(_, text string) {
		for _, m := range key.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
		for _, m := range keyStart.FindAllStringSubmatch(text, -1) {
			built = append(built, m[1])
		}
	}
	sources(t, note)
	files(t, note, ".html")
	for path, list := range sentences(t, words.NL) {
		for key := range list {
			if !used[key] && !slices.ContainsFunc(built, func(b string) bool { return strings.HasPrefix(key, b) }) {
				t.Errorf("%s: nobody uses %s", path, key)
			}
		}
	}
}

// TestTheRoofLoadsAllWords finds a room whose sentences would show as keys.
func TestTheRoofLoadsAllWords(t *testing.T) {
	var roof strings.Builder
	sources(t, func(path, text string) {
		if strings.HasPrefix(path, "cmd/lidwoord/") {
			roof.WriteString(text)
		}
	})
	for path := range sentences(t, words.NL) {
		room := filepath.Base(filepath.Dir(path))
		if !regexp.MustCompile(`\b\w*` + room + `\.Words\b`).MatchString(roof.String()) {
			t.Errorf("cmd/lidwoord does not load the words of %s", filepath.Dir(path))
		}
	}
}

// TestNothingIsLoadedFromAnotherHost keeps readers' visits between them and
// their library: no page, style, script or letter fetches from elsewhere. The
// browser tests watch the same on the wire.
func TestNothingIsLoadedFromAnotherHost(t *testing.T) {
	loads := regexp.MustCompile(`(?i)(?:\b(?:src|srcset|poster|action|formaction|data|xlink:href|background)\s*=\s*["']?\s*|<link\b[^>]*\bhref\s*=\s*["']?|url\(\s*["']?|@import\s+["']|` +
		`\b(?:import|from)\s*\(?\s*["']|\b(?:fetch|sendBeacon|importScripts|open|Worker|EventSource|WebSocket)\(\s*["'])(?:https?:|wss?:)?//[^\s"')]+`)
	files(t, func(path, text string) {
		for _, found := range loads.FindAllString(text, -1) {
			t.Errorf("%s loads from another host: %.100s", path, found)
		}
	}, ".html", ".xhtml", ".css", ".js", ".mjs", ".svg")
}
