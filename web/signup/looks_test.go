package signup_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/membership"
	"lidwoord/library/registration"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// window is a browser's window at the door, in which somebody is signed in.
type window struct {
	*webtest.Page
	h    *house
	lang string
}

func (h *house) window(b *webtest.Browser, lang string) window {
	h.t.Helper()
	p := b.Person(h.t)
	p.Language(lang)
	for _, status := range []string{"404", "409", "422", "503"} {
		p.Forgive(status)
	}
	return window{p, h, lang}
}

// signIn gives the window the session of a visitor.
func (w window) signIn(v registration.Visitor) {
	w.h.t.Helper()
	w.h.mu.Lock()
	w.h.sits = v
	w.h.mu.Unlock()
	w.Visit(w.h.at + "/bind")
	webtest.Eval[chromedp.Void](w.Page, fmt.Sprintf("void (document.cookie = 'lidwoord-signup-sessie=%s; path=/')", w.h.session(v)))
}

// send sends the form of the page with these values: pairs of field and value.
func (w window) send(pairs ...string) {
	w.h.t.Helper()
	values, err := json.Marshal(pairs)
	if err != nil {
		w.h.t.Fatal(err)
	}
	webtest.Eval[chromedp.Void](w.Page, fmt.Sprintf(`(() => { const v = %s || [], form = document.querySelector('main form.lw-card');
		for (let i = 0; i < v.length; i += 2) form.elements[v[i]].value = v[i + 1] })()`, values))
	w.Press(w.say("Verder", "Continue"))
}

func (w window) say(nl, en string) string {
	if w.lang == "en" {
		return en
	}
	return nl
}

func (w window) look(path, name string) {
	w.h.t.Helper()
	if path != "" {
		w.Visit(w.h.at + path)
	}
	w.Look(name + "-" + w.lang)
}

// Every page, right and wrong, on a telephone and on a desk, in both languages.
func TestEveryPageLooksRight(t *testing.T) {
	for _, lang := range []string{"nl", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			h := build(t, sqldbtest.New(t))
			w := h.window(webtest.Start(t), lang)
			w.look("/bind", "01-home")
			w.look("/bind/0141", "02-choice")
			emma := h.visitor("emma")
			w.signIn(emma)
			w.look("/bind/0141", "03-choice-in")
			w.Press(w.say("Verder met inschrijven", "Continue signing up"))
			h.theForm(w)
			h.theCheck(w)
			h.theBank(w)
			h.others(w)
		})
	}
}

func (h *house) theForm(w window) {
	w.look("", "10-naam")
	w.send("achternaam", "", "voorletters", "1234")
	w.look("", "11-naam-wrong")
	w.send("achternaam", "Tester", "voorletters", "eb")
	w.look("", "12-birth")
	w.send("dag", "31", "maand", "2", "jaar", "1991")
	w.look("", "13-birth-wrong")
	w.send("dag", "4", "maand", "", "jaar", "1991")
	w.look("", "14-birth-month")
	w.send("dag", "1", "maand", "2", "jaar", "2015")
	w.look("", "15-parent")
	w.send()
	w.look("", "16-parent-wrong")
	w.send("ouder", "Eline Bakker", "ouderemail", "eline@bakker.example")
	w.Visit(h.at + form + "contact")
	w.look("", "17-contact-child")
	w.Visit(h.at + form + "geboortedatum")
	w.send("dag", "4", "maand", "1", "jaar", "1991")
	w.look("", "18-address")
	w.send()
	w.look("", "19-address-wrong")
	w.send("postcode", "1000 AA", "huisnummer", "999")
	w.look("", "20-address-unknown")
	w.send("straat", "")
	w.look("", "21-address-hand-wrong")
	w.send("postcode", "9468 BG", "huisnummer", "41", "straat", "Kruisstraat", "plaats", "Annen")
	w.look("", "22-contact")
	w.send("email", "geen adres")
	w.look("", "23-contact-wrong")
	w.send("email", "emma@gmial.com")
	w.look("", "24-contact-slip")
	w.send()
}

func (h *house) theCheck(w window) {
	w.look("", "30-check-slip")
	w.look(form+"contact?wijzig=1", "31-contact-slip")
	w.send("email", "emma@voorbeeld.nl")
	w.look("", "32-check")
	h.change("0141", func(d *membership.Definition) { d.Price = 4750 })
	w.Press(w.say("Bestellen en betalen", "Order and pay"))
	w.look("", "33-check-changed")
	h.change("0141", func(d *membership.Definition) { d.Price, d.MinAge = 4500, 40 })
	w.look(check, "34-check-not-this")
	h.change("0141", func(d *membership.Definition) { d.MinAge = 0 })
	h.cashier.Use = ""
	w.Visit(h.at + check)
	w.Press(w.say("Bestellen en betalen", "Order and pay"))
	w.look("", "35-check-not-now")
	h.cashier.Use = "testbank"
	h.line.set(true, false)
	w.Press(w.say("Bestellen en betalen", "Order and pay"))
	w.look("", "36-check-silent")
	h.line.set(false, false)
	w.look(check, "37-ordered")
	w.look("/bind/0091", "38-choice-other")
	w.look("/bind", "39-home-current")
}

func (h *house) theBank(w window) {
	w.Visit(h.at + check)
	w.Press(w.say("Verder met betalen", "Continue to payment"))
	id := h.payments()[0].ID
	back := "/bind/betaling/" + id
	w.look(back, "40-waiting")
	h.pays(id, "failed")
	w.look(back, "41-failed")
	h.pays(id, "paid_after_all")
	w.look(back, "42-paid")
	w.look("/bind/aanvraag/lid", "43-member")
	h.pass(2 * time.Hour)
	w.look("/bind/aanvraag/lid", "43-member-already")
	w.Want(w.say("Je was al lid", "You were already a member"))
	w.look("/bind/0141", "43-choice-member")
	w.look(back, "43-paid-later")
	w.look("/bind", "44-home-member")
	stranger := h.window(webtest.Start(h.t), w.lang)
	stranger.look(back, "45-paid-stranger")
	h.withdraws(id)
	w.look(back, "46-withdrawn")
	w.look("/bind/bestaatniet", "47-missing")
}

func (h *house) others(w window) {
	pim := h.visitor("pim")
	h.as(pim).fill("Bakker", "1-2-2015")
	w.signIn(pim)
	w.look(check, "50-check-child")
	w.Press(w.say("Inschrijven", "Join"))
	w.look("", "51-member-child")
	twin := h.visitor("twin")
	h.as(twin).fill("Bakker", "1-2-2015")
	w.signIn(twin)
	w.Visit(h.at + check)
	w.Press(w.say("Inschrijven", "Join"))
	w.look("", "52-check-known")
	h.do(func(tx *sqldb.Tx) error {
		_, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ver", Name: "Verre bibliotheken"})
		return err
	})
	w.look("/", "53-libraries")
	w.look("/ver", "54-no-branch")
}

// The button Back of the browser always shows a page, never the question whether
// to send a form once more.
func TestBackAlwaysShowsAPage(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	w := h.window(webtest.Start(t), "nl")
	w.signIn(h.visitor("emma"))
	w.Visit(h.at + "/bind/0141")
	w.Press("Verder met inschrijven")
	w.send("achternaam", "")
	w.Want("Nog even nakijken")
	w.send("achternaam", "12")
	w.Want("Een naam heeft minstens één letter.")
	w.send("achternaam", "Tester")
	w.send("dag", "31", "maand", "2", "jaar", "1991")
	w.Want("Deze datum bestaat niet.")
	w.Back()
	w.Want("Wanneer ben je geboren?")
	w.Back()
	w.Want("Hoe heet je?")
	if got := w.Value("Achternaam"); got != "Tester" {
		t.Errorf("the name is %q", got)
	}
	w.Back()
	w.Want("Hoe heet je?")
	w.send("achternaam", "Tester") // the browser brings back what was typed on that visit
	w.send("dag", "4", "maand", "1", "jaar", "1991")
	w.send("postcode", "9468 BG", "huisnummer", "41")
	w.Want("We vonden dit adres: Kruisstraat 41, 9468 BG Annen.")
	w.send()
	h.change("0141", func(d *membership.Definition) { d.Price = 4750 })
	w.Press("Bestellen en betalen")
	w.Want("De kosten of de duur zijn veranderd", "€ 47,50")
	w.Back()
	w.Want("Controleer je gegevens")
	w.Lacks("De kosten of de duur zijn veranderd")
}
