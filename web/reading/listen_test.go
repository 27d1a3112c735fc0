package reading

import (
	"math"
	"testing"

	"lidwoord/reading/catalogue"
)

func TestChaptersInsideATrackComeInOrder(t *testing.T) {
	m := &catalogue.Manifest{
		Order: []catalogue.Part{{Href: "a.m4b", Duration: 600}, {Href: "b.mp3"}},
		Chapters: []catalogue.Entry{{Title: "Twee", Href: "a.m4b#t=65.5"}, {Title: "Een", Href: "a.m4b"}, {Title: "Drie", Href: "a.m4b#t=npt:120,180"},
			{Title: "Voorbij het eind", Href: "a.m4b#t=900"}, {Title: "Elders", Href: "weg.mp3"}, {Title: "Raar", Href: "a.m4b#xyz"}, {Title: "B", Href: "b.mp3"}},
	}
	cues := cuesOf(m)
	if got := cues["a.m4b"]; len(got) != 3 || got[0].Title != "Een" || got[1].At != 65.5 || got[2].At != 120 {
		t.Errorf("chapters of the track: %+v", got)
	}
	if len(cues["b.mp3"]) != 1 || len(cues) != 2 {
		t.Errorf("chapters: %+v", cues)
	}
}

func FuzzSeconds(f *testing.F) {
	for _, s := range []string{"", "t=12.5", "t=npt:3,9", "t=-1", "t=NaN", "t=1e999", "t=,5", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, fragment string) {
		if at, ok := seconds(fragment); ok && !(at >= 0 && !math.IsInf(at, 0)) {
			t.Errorf("%q is at %v", fragment, at)
		}
	})
}
