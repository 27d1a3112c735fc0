package reading

import (
	"fmt"
	"net/http"
	"strings"

	"lidwoord/reading/catalogue"
)

// listenPage is an audiobook: a list of tracks that play by themselves in any
// browser, made into one player by the script.
type listenPage struct {
	opened
	Tracks []track
	Save   string
}

// track is one part of an audiobook.
type track struct {
	Number int
	Title  string
	Href   string
	Sound  string // address of the sound
	Type   string
	Length float64 // seconds
	Text   string  // the written words, "" when there are none
	Here   bool    // where the listener was
}

// Clock is the length as "1:05".
func (t track) Clock() string { return clock(t.Length) }

// At is the place in the track where the listener was, in seconds.
func (p listenPage) At() string {
	at, _ := strings.CutPrefix(p.Place.Fragment, "t=")
	return at
}

// Total is the length of the whole as "2:24".
func (p listenPage) Total() string { return clock(p.Title.Duration.Seconds()) }

func clock(seconds float64) string {
	n := int(seconds + .5)
	if n >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

func (s *Site) listen(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return s.notHeld(w, r, err)
	}
	if o.Title.Kind != catalogue.Audiobook {
		return s.Redirect(w, r, "/lezen/%s", o.Title.ID)
	}
	page := listenPage{opened: o, Save: s.Link("/plaats/%s", o.Title.ID)}
	here := o.number()
	for i, p := range o.straight() {
		t := track{Number: i + 1, Title: p.Title, Href: p.Href, Type: p.Type, Length: p.Duration, Here: i+1 == here,
			Sound: s.Link("/boek/%s/", o.Title.ID) + escapePath(p.Href)}
		if words, ok := o.Manifest.Part(p.Text); ok {
			text, err := s.Stacks.Read(o.Title, words)
			if err != nil {
				return err
			}
			t.Text = string(text)
		}
		page.Tracks = append(page.Tracks, t)
	}
	return s.Show(w, r, http.StatusOK, "listen", page)
}
