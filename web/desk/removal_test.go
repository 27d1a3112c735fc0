package desk_test

import (
	"testing"
	"time"
)

// What the clerk reads out is there once it was asked, and the ways that are not open any
// more are not offered.
func TestWhatToSayWhenASecondStepIsTakenAway(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const offer = "Telefoon, herstelcodes en passkeys kwijt"
		p := h.clerk("anja")
		at, _ := h.twoSteps(p)
		p.get(at).want("Tweede stap: aan sinds 2 maart 2026", offer, "niet meer bij de mail van dit inlogaccount").lacks("Zeg tegen de klant")
		p.post(at+"/inlogaccount/tweede-stap", "document", "passport").is(200, at).
			want("Zeg tegen de klant", "Log in na dinsdag 24 november 2026 om 09.30 uur, met alleen uw gebruikersnaam en wachtwoord. U hoeft daarvoor niet terug te komen.").lacks(offer).whole(h)
		h.pass(time.Minute)
		bert := h.clerk("bert")
		bert.post(at+"/inlogaccount/tweede-stap/stoppen").is(200, at).want("Geschiedenis van het inlogaccount maandag 23 november 2026 om 09.31 uur Weghalen van de tweede stap gestopt · Bert de Boer")

		// Who has no second step is not offered to lose it.
		h.stranger("zonderstap")
		without := "/klanten/" + h.accountless(p, 4)
		p.post(without+"/inlogaccount/koppelen", "doe", "nieuwe-code", "gebruikersnaam", "zonderstap")
		p.post(without+"/inlogaccount/koppelen", "code", "code-zonderstap").is(200, without).want("Kan de klant niet inloggen?").lacks(offer)
	})
}
