package reading

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lidwoord/reading/catalogue"
)

// listenPage is an audiobook: a list of tracks that play by themselves in any
// browser, made into one player by the script.
type listenPage struct {
	opened
	ending
	Tracks []track
	Save   string // address to which the place is sent
	Marks  string // address of the bookmarks
}

// track is one file of an audiobook.
type track struct {
	Number   int
	Title    string
	Href     string
	Sound    string // address of the sound
	Type     string
	Length   float64 // seconds
	Text     string  // the written words, "" when there are none
	Here     bool    // where the listener was
	Chapters []cue   // those that begin inside it, when it is more than one
}

// cue is a chapter inside a track.
type cue struct {
	Title string
	At    float64 // seconds from the start of the track
}

// Clock is the length as "1:05".
func (t track) Clock() string { return clock(t.Length) }

// Clock is where the chapter begins as "1:05".
func (c cue) Clock() string { return clock(c.At) }

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
	page := listenPage{opened: o, ending: s.ending(o.Loan, "/luisteren/%s"), Save: s.Link("/plaats/%s", o.Title.ID), Marks: s.Link("/bladwijzers/%s", o.Title.ID)}
	here, cues := o.number(), cuesOf(o.Manifest)
	for i, p := range o.straight() {
		t := track{Number: i + 1, Title: p.Title, Href: p.Href, Type: p.Type, Length: p.Duration, Here: i+1 == here,
			Sound: s.Link("/boek/%s/", o.Title.ID) + escapePath(p.Href)}
		if c := cues[p.Href]; len(c) > 1 || len(c) == 1 && c[0].At > 0 {
			t.Chapters = c
		}
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

// cuesOf lists the chapters inside each track, from its start to its end.
func cuesOf(m *catalogue.Manifest) map[string][]cue {
	cues := map[string][]cue{}
	for _, e := range m.Chapters {
		href, fragment, _ := strings.Cut(e.Href, "#")
		if p, ok := m.Part(href); ok && e.Title != "" {
			if at, ok := seconds(fragment); ok && (p.Duration <= 0 || at < p.Duration) {
				cues[href] = append(cues[href], cue{e.Title, at})
			}
		}
	}
	for _, list := range cues {
		slices.SortStableFunc(list, func(a, b cue) int { return cmp.Compare(a.At, b.At) })
	}
	return cues
}

// seconds reads a media fragment: "t=12.5", also with an end behind a comma. None
// is the start.
func seconds(fragment string) (at float64, ok bool) {
	if fragment == "" {
		return 0, true
	}
	text, ok := strings.CutPrefix(fragment, "t=")
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "npt:"), ",")
	at, err := strconv.ParseFloat(text, 64)
	return at, ok && err == nil && at >= 0 && !math.IsInf(at, 0)
}
