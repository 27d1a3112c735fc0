package outbox

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/words"
)

// LetterSet is the letters of one room, in every language.
type LetterSet struct {
	letters map[string]letter // by "name.lang"
}

type letter struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// langs are the languages in which every letter must exist.
var langs = []words.Lang{words.NL, words.EN}

// frame is the sheet on which the HTML part of every letter is written. A letter
// file holds only what goes between its lines.
//
//go:embed frame.html
var frame string

// Letters loads mail/NAME.LANG.txt and mail/NAME.LANG.html from files. The text
// file has the subject on its first line, then an empty line, then the letter.
// A letter that lacks a part in one language is an error here, at the start of
// the program, and not on the day somebody wants to read it.
//
// A letter may write {{day .Born}}, {{moment .Until}} for dates in its language;
// an HTML part also {{button .Link "Account activeren"}} and {{subject}}.
func Letters(files fs.FS) (*LetterSet, error) {
	found, err := fs.Glob(files, "mail/*.*.*")
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, f := range found {
		name, _, _ := strings.Cut(path.Base(f), ".")
		names[name] = true
	}
	if len(names) == 0 {
		return nil, errors.New("outbox: no letters in mail/")
	}
	s := &LetterSet{letters: map[string]letter{}}
	var missing []error
	for name := range names {
		for _, lang := range langs {
			l, err := load(files, lang, name)
			if err != nil {
				missing = append(missing, err)
				continue
			}
			s.letters[name+"."+string(lang)] = l
		}
	}
	return s, errors.Join(missing...)
}

func load(files fs.FS, lang words.Lang, name string) (l letter, err error) {
	base := "mail/" + name + "." + string(lang)
	text, err := fs.ReadFile(files, base+".txt")
	if err != nil {
		return l, fmt.Errorf("outbox: letter %s: %w", name, err)
	}
	subject, body, ok := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n\n")
	if !ok || strings.TrimSpace(subject) == "" || strings.Contains(subject, "\n") {
		return l, fmt.Errorf("outbox: %s.txt needs a subject on line 1 and an empty line 2", base)
	}
	dates := map[string]any{
		"day":    func(d day.Day) string { return d.Long(lang) },
		"moment": func(t time.Time) string { return day.Moment(t, lang) },
	}
	l.text, err = texttemplate.New("text").Option("missingkey=error").Funcs(dates).Parse(body)
	if err != nil {
		return l, fmt.Errorf("outbox: %s.txt: %w", base, err)
	}
	if _, err = l.text.New("subject").Parse(subject); err != nil {
		return l, fmt.Errorf("outbox: %s.txt: %w", base, err)
	}

	html, err := fs.ReadFile(files, base+".html")
	if err != nil {
		return l, fmt.Errorf("outbox: letter %s: %w", name, err)
	}
	l.html, err = htmltemplate.New("frame").Option("missingkey=error").Funcs(dates).Funcs(htmltemplate.FuncMap{
		"lang":    func() words.Lang { return lang },
		"subject": func() string { return "" }, // replaced for each letter
		"button":  button,
	}).Parse(frame)
	if err == nil {
		_, err = l.html.New("letter").Parse(string(html))
	}
	if err != nil {
		return l, fmt.Errorf("outbox: %s.html: %w", base, err)
	}
	return l, nil
}

// Write fills in a letter. The caller adds To, Kind and what else the envelope needs.
func (s *LetterSet) Write(lang words.Lang, name string, data any) (Mail, error) {
	l, ok := s.letters[name+"."+string(lang)]
	if !ok {
		return Mail{}, fmt.Errorf("outbox: no letter %q in language %q", name, lang)
	}
	var subject, text, html bytes.Buffer
	if err := l.text.ExecuteTemplate(&subject, "subject", data); err != nil {
		return Mail{}, err
	}
	if err := l.text.Execute(&text, data); err != nil {
		return Mail{}, err
	}
	m := Mail{
		Lang:    lang,
		Subject: strings.Join(strings.Fields(subject.String()), " "), // a name with a line break must not end the header
		Text:    strings.TrimSpace(text.String()) + "\n",
	}
	sheet, err := l.html.Clone() // a template that has run takes no new functions
	if err != nil {
		return Mail{}, err
	}
	sheet.Funcs(htmltemplate.FuncMap{"subject": func() string { return m.Subject }})
	if err := sheet.Execute(&html, data); err != nil {
		return Mail{}, err
	}
	m.HTML = html.String()
	return m, nil
}

// buttonMark is a link that looks like a button in mail programs that know no
// style sheets. The address stands below it too: some readers cannot press.
var buttonMark = htmltemplate.Must(htmltemplate.New("button").Parse(
	`<p style="margin:24px 0"><a href="{{.Link}}" style="display:inline-block;background:#0b4f5c;color:#ffffff;` +
		`padding:12px 20px;border-radius:4px;text-decoration:none;font-weight:bold">{{.Label}}</a></p>` +
		`<p style="font-size:14px;color:#475569;word-break:break-all">{{.Link}}</p>`))

func button(link, label string) (htmltemplate.HTML, error) {
	var b bytes.Buffer
	err := buttonMark.Execute(&b, struct{ Link, Label string }{link, label})
	return htmltemplate.HTML(b.String()), err
}
