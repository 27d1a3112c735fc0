package outbox_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/outbox"
	"lidwoord/base/words"
)

func room(files map[string]string) fstest.MapFS {
	fs := fstest.MapFS{
		"mail/welcome.nl.txt":  {Data: []byte("Welkom bij {{.Library}}\n\nDag {{.Name}},\nUiterlijk {{moment .Until}}.\nGeboren {{day .Born}}\n{{.Link}}\n")},
		"mail/welcome.en.txt":  {Data: []byte("Welcome to {{.Library}}\n\nHello {{.Name}}, until {{moment .Until}}\n")},
		"mail/welcome.nl.html": {Data: []byte(`<h1>Dag {{.Name}}</h1>{{button .Link "Account activeren"}}`)},
		"mail/welcome.en.html": {Data: []byte(`<h1>Hello {{.Name}}</h1>{{button .Link "Activate account"}}`)},
	}
	for name, text := range files {
		if text == "" {
			delete(fs, name)
		} else {
			fs[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return fs
}

type guest struct {
	Library, Name, Link string
	Until               time.Time
	Born                day.Day
}

var zoe = guest{Library: "Bind\r\nBcc: x@example.org", Name: `Zoë <script>`, Link: "https://example.org/a?x=1&y=2",
	Until: time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC), Born: "1991-01-04"}

func TestALetterIsFilledInForItsReader(t *testing.T) {
	set, err := outbox.Letters(room(nil))
	if err != nil {
		t.Fatal(err)
	}
	m, err := set.Write(words.NL, "welcome", zoe)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Welkom bij Bind Bcc: x@example.org" {
		t.Errorf("a name with a line break made the subject %q", m.Subject)
	}
	want := "Dag Zoë <script>,\nUiterlijk " + day.Moment(zoe.Until, words.NL) + ".\nGeboren 4 januari 1991\nhttps://example.org/a?x=1&y=2\n"
	if m.Text != want {
		t.Errorf("text is %q, want %q", m.Text, want)
	}
	for _, part := range []string{`<html lang="nl">`, "<title>Welkom bij Bind Bcc: x@example.org</title>",
		"Dag Zoë &lt;script&gt;", `href="https://example.org/a?x=1&amp;y=2"`, ">Account activeren</a>"} {
		if !strings.Contains(m.HTML, part) {
			t.Errorf("the HTML part lacks %q:\n%s", part, m.HTML)
		}
	}
	again, err := set.Write(words.NL, "welcome", guest{Name: "Bo", Library: "B"})
	if err != nil || again.Subject != "Welkom bij B" || !strings.Contains(again.HTML, "<title>Welkom bij B</title>") {
		t.Errorf("a second letter: %q %v", again.Subject, err)
	}
	if en, err := set.Write(words.EN, "welcome", zoe); err != nil || !strings.Contains(en.HTML, `lang="en"`) || en.Lang != words.EN {
		t.Errorf("English letter: %v\n%s", err, en.HTML)
	}
}

func TestAButtonNeverCarriesScript(t *testing.T) {
	set, err := outbox.Letters(room(nil))
	if err != nil {
		t.Fatal(err)
	}
	m, err := set.Write(words.NL, "welcome", guest{Link: "javascript:alert(1)"})
	if err != nil || strings.Contains(m.HTML, `href="javascript:`) {
		t.Errorf("%v\n%s", err, m.HTML)
	}
}

func TestAnIncompleteLetterIsRefusedAtTheStart(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no English text":      {"mail/welcome.en.txt": ""},
		"no Dutch HTML":        {"mail/welcome.nl.html": ""},
		"no subject":           {"mail/welcome.nl.txt": "\n\nDag"},
		"no empty second line": {"mail/welcome.nl.txt": "Welkom\nDag"},
		"broken template":      {"mail/welcome.en.html": "{{.Name"},
		"unknown function":     {"mail/welcome.en.txt": "Hi\n\n{{shout .Name}}"},
	} {
		if _, err := outbox.Letters(room(files)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := outbox.Letters(fstest.MapFS{}); err == nil {
		t.Error("a room without letters: accepted")
	}
}

func TestAnUnknownLetterOrFieldIsAnError(t *testing.T) {
	set, err := outbox.Letters(room(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Write("fy", "welcome", zoe); err == nil {
		t.Error("a language that we do not speak: accepted")
	}
	if _, err := set.Write(words.NL, "goodbye", zoe); err == nil {
		t.Error("a letter that is not there: accepted")
	}
	if _, err := set.Write(words.NL, "welcome", struct{ Name string }{}); err == nil {
		t.Error("data without the fields of the letter: accepted")
	}
}
