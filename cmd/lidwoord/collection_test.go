package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A publisher wants a title back today, and the manager has no shell.
func TestAManagerTakesATitleOutOfLending(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		const name = "De laatste bus naar Zweeloo"
		b, id := h.boss(t), h.titleID(t, name)
		reader := newSurfer(t)
		reader.enter(h.at+"/bibliotheek/inloggen", h.login(t, "start.reader"), demoReaderPw)
		reader.read(reader.PostForm(h.at+"/bibliotheek/titel/"+id+"/lenen", nil))

		_, body := b.see("/uitlenen/titels")
		b.wants(body, "We lenen alle titels uit", "Er is nog geen titel die vaak genoeg is geleend")
		if strings.Contains(body, name) {
			t.Error("a title with one loan is told to be wanted")
		}
		for _, text := range []string{"laatste zweeloo", id, h.at + "/bibliotheek/titel/" + id} {
			_, body = b.see("/uitlenen/titels?zoek=" + url.QueryEscape(text))
			b.wants(body, "1 titel gevonden", name, "te leen")
		}
		_, body = b.see("/uitlenen/titels?zoek=bestaatniet")
		b.wants(body, "We vinden geen titel")
		_, body = b.see("/uitlenen/titels/" + id)
		b.wants(body, "Niet meer uitlenen", "leest verder tot de einddatum", "houdt die")
		if status, _ := b.see("/uitlenen/titels/NERGENS"); status != http.StatusNotFound {
			t.Errorf("a title that is not there: %d", status)
		}
		status, body := b.send("/uitlenen/titels/"+id+"/stoppen", nil)
		if b.wants(body, "Schrijf in één regel waarom"); status != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", status)
		}
		if status, _ := b.send("/uitlenen/titels/"+id+"/weggooien", nil); status != http.StatusNotFound {
			t.Errorf("an act that is none: %d", status)
		}

		// Sixteen clicks at once withdraw it once.
		var done atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				status, body := b.send("/uitlenen/titels/"+id+"/stoppen", url.Values{"reden": {"De uitgever wil de titel terug"}})
				switch {
				case status == http.StatusOK && strings.Contains(body, "De uitgever wil de titel terug"):
					done.Add(1)
				case status != http.StatusConflict || !strings.Contains(body, "Deze titel wordt al niet meer uitgeleend."):
					t.Errorf("%d", status)
				}
			})
		}
		all.Wait()
		if acts := b.noted("title:" + id); done.Load() != 1 || !slices.Equal(acts, []string{"catalogue.withdraw"}) {
			t.Errorf("%d did it, noted %v", done.Load(), acts)
		}
		_, body = b.see("/uitlenen/titels")
		b.wants(body, name, "niet meer uitgeleend")

		_, body = reader.read(reader.Get(h.at + "/bibliotheek/mijn-boeken"))
		if !strings.Contains(body, name) {
			t.Error("who has it lost it")
		}
		other := newSurfer(t)
		other.enter(h.at+"/bibliotheek/inloggen", h.login(t, "start.youth"), demoReaderPw)
		if _, body = other.read(other.PostForm(h.at+"/bibliotheek/titel/"+id+"/lenen", nil)); strings.Contains(body, "Geleend tot") {
			t.Error("it is lent still")
		}
		_, body = b.send("/uitlenen/titels/"+id+"/uitlenen", nil)
		b.wants(body, name+" wordt weer uitgeleend.", "Wie deed wat", "Marieke")
		if status, body = b.send("/uitlenen/titels/"+id+"/uitlenen", nil); status != http.StatusConflict {
			t.Errorf("twice: %d", status)
		}
		_, body = b.see("/uitlenen/titels/" + id + "?taal=en")
		b.wants(body, "Stop lending", "lent again")
	})
}
