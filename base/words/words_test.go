package words

import (
	"testing"
	"testing/fstest"
)

func catalogue(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Load(fstest.MapFS{
		"words.nl.txt": {Data: []byte("# wachten\na.wait = Wacht {0} {0|seconde|seconden}, {1}.\na.plain = Klaar")},
		"words.en.txt": {Data: []byte("a.wait = Wait {0} {0|second|seconds}, {1}.\na.plain = Done")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASentenceFillsInItsArguments(t *testing.T) {
	c := catalogue(t)
	for _, w := range []struct {
		lang Lang
		n    int
		want string
	}{{NL, 1, "Wacht 1 seconde, Zoë."}, {NL, 5, "Wacht 5 seconden, Zoë."}, {EN, 1, "Wait 1 second, Zoë."}} {
		if got := c.Text(w.lang, "a.wait", w.n, "Zoë"); got != w.want {
			t.Errorf("%s: %q, want %q", w.lang, got, w.want)
		}
	}
	if got := c.Text(NL, "a.wait"); got != "Wacht {0} {0|seconde|seconden}, {1}." {
		t.Errorf("missing arguments: %q", got)
	}
	if got := c.Text(EN, "no.such"); got != "no.such" {
		t.Errorf("missing sentence: %q", got)
	}
}

func TestAnArgumentCannotOpenAHole(t *testing.T) {
	if got := catalogue(t).Text(NL, "a.wait", "{1}", "Zoë"); got != "Wacht {1} seconden, Zoë." {
		t.Errorf("got %q", got)
	}
}

func TestABadLineIsRefused(t *testing.T) {
	for _, text := range []string{"a.b", "= x", "a = 1\na = 2", "a ="} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestTheBrowsersLanguageIsFollowedWhenWeSpeakIt(t *testing.T) {
	for header, want := range map[string]Lang{"": NL, "en-GB,en;q=0.9,nl;q=0.8": EN, "de,fr": NL, "fr,en": EN, "nl-NL": NL} {
		if got := Accepted(header); got != want {
			t.Errorf("%q = %s, want %s", header, got, want)
		}
	}
}
