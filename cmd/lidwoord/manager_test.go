package main

import (
	"testing"

	"lidwoord/web/webtest"
)

// A newcomer has no app for the manager of the demo: the first page shows its code.
func TestTheManagerOfTheDemoComesInWithTheCodeOfTheFirstPage(t *testing.T) {
	b := webtest.Start(t)
	eachEngine(t, func(t *testing.T, h *running) {
		var err error
		if h.start.Logins, err = demoLogins(t.Context(), h.db); err != nil {
			t.Fatal(err)
		}
		for range 2 { // as a second start does
			if err := h.demoCode(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		boss := b.Person(t)
		boss.Visit(h.at)
		boss.Look("start-code")
		code := webtest.Eval[string](boss, "document.getElementById('democode').innerText")
		boss.Press("Beheer")
		boss.Fill("Gebruikersnaam", demoBoss)
		boss.Fill("Wachtwoord", demoBossPw)
		boss.Press("Inloggen")
		boss.Want("Nog één stap")
		boss.Fill("Code", code)
		boss.Press("Inloggen")
		boss.Want("Klantnummers")
		boss.Press("Medewerkers")
		boss.Want("Anja de Boer", "Marieke Jansen", "tweede stap aan")
	})
}
