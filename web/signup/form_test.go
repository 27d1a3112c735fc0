package signup_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/registration"
)

// formAt is the form of somebody who filled it in up to a page.
func (h *house) formAt(page string) (*browser, registration.Visitor) {
	h.t.Helper()
	v := h.visitor("emma")
	b := h.as(v)
	b.post("/bind/0141")
	steps := []struct {
		page  string
		pairs []string
	}{
		{"naam", []string{"achternaam", "Tester", "voorletters", "E.B."}},
		{"geboortedatum", []string{"dag", "4", "maand", "1", "jaar", "1991"}},
		{"adres", []string{"postcode", "9468BG", "huisnummer", "41"}},
		{"contact", []string{"email", "emma@voorbeeld.nl"}},
	}
	for _, s := range steps {
		if s.page == page {
			break
		}
		b.post(form+s.page, s.pairs...)
	}
	return b, v
}

func TestEachPageSaysWhatIsWrongAndLosesNothing(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, c := range []struct {
		page   string
		typed  []string
		nl, en string
		at     string // the field that the summary leads to
	}{
		{"naam", []string{"achternaam", "", "voorletters", "E.B.", "roepnaam", "Eva"}, "Vul je achternaam in.", "Enter your last name.", "achternaam"},
		{"naam", []string{"achternaam", "1234"}, "Een naam heeft minstens één letter.", "A name has at least one letter.", "achternaam"},
		{"naam", []string{"achternaam", "Tester", "voorletters", "12"}, "Voorletters zijn alleen letters en punten", "Initials are letters", "voorletters"},
		{"naam", []string{"achternaam", long}, "Dit is te lang.", "This is too long.", "achternaam"},
		{"geboortedatum", []string{"dag", "", "maand", "", "jaar", ""}, "Vul je geboortedatum in.", "Enter your date of birth.", "dag"},
		{"geboortedatum", []string{"dag", "31", "maand", "2", "jaar", "1991"}, "Deze datum bestaat niet.", "This date does not exist", "dag"},
		{"geboortedatum", []string{"dag", "", "maand", "1", "jaar", "1991"}, "Vul ook de dag in.", "Enter the day as well.", "dag"},
		{"geboortedatum", []string{"dag", "4", "maand", "", "jaar", "1991"}, "Vul ook de maand in.", "Enter the month as well.", "maand"},
		{"geboortedatum", []string{"dag", "4", "maand", "1", "jaar", ""}, "Vul ook het jaar in.", "Enter the year as well.", "jaar"},
		{"geboortedatum", []string{"dag", "4", "maand", "1", "jaar", "91"}, "Vul het jaar in met vier cijfers", "Enter the year in four digits", "jaar"},
		{"geboortedatum", []string{"dag", "4", "maand", "louwmaand", "jaar", "1991"}, "Vul een dag, een maand en een jaar in", "Enter a day, a month and a year", "dag"},
		{"geboortedatum", []string{"dag", "4-1", "maand", "-", "jaar", "19-1"}, "Vul een dag, een maand en een jaar in", "Enter a day, a month and a year", "dag"},
		{"geboortedatum", []string{"dag", "4", "maand", "1", "jaar", "2030"}, "De geboortedatum ligt in de toekomst.", "The date of birth lies in the future.", "dag"},
		{"geboortedatum", []string{"dag", "4", "maand", "1", "jaar", "1891"}, "Dan zou je ouder zijn dan 120 jaar.", "That would make you older than 120.", "dag"},
		{"adres", []string{"land", "NL", "postcode", "", "huisnummer", ""}, "Vul een postcode in", "Fill in a postcode", "postcode"},
		{"adres", []string{"land", "NL", "postcode", "9468 BG", "huisnummer", "nul"}, "Vul een huisnummer in", "Fill in a house number", "huisnummer"},
		{"adres", []string{"land", "BE", "postcode", "9468 BG", "huisnummer", "4", "straat", "Markt", "plaats", "Gent"}, "Vul een Belgische postcode in", "Fill in a Belgian postcode", "postcode"},
		{"adres", []string{"land", "NL", "postcode", "9468 BG", "huisnummer", "7", "straat", "", "plaats", "Annen"}, "Vul de straat in.", "Fill in the street.", "straat"},
		{"adres", []string{"land", "XX", "postcode", "1", "huisnummer", "7", "straat", "", "plaats", "Annen"}, "Vul de straat in.", "Fill in the street.", "straat"},
		{"contact", []string{"email", ""}, "Vul je e-mailadres in.", "Enter your e-mail address.", "email"},
		{"contact", []string{"email", "geen adres"}, "Vul een e-mailadres in", "Fill in an e-mail address", "email"},
	} {
		t.Run(c.page+" "+c.nl, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				b, _ := h.formAt(c.page)
				b.get(form+c.page).want(200).lacks("utrecht-alert--error", "<title>Fout:")
				typed := c.typed
				if typed[0] == "land" {
					typed = typed[2:] // a list, not an input
				}
				for i := 1; i < len(typed); i += 2 {
					if len(typed[i]) == 300 {
						typed = nil
						break
					}
				}
				nl := b.wrong(form+c.page, c.typed...).want(200, "Nog even nakijken", c.nl).holds(typed...)
				if !strings.HasPrefix(nl.title(), "Fout: ") || !strings.Contains(nl.body, `href="#f-`+c.at+`"`) {
					t.Errorf("title %q, or no link to %s: %s", nl.title(), c.at, nl.body)
				}
				b.lang = "en"
				en := b.wrong(form+c.page, c.typed...).want(200, c.en).holds(typed...)
				if !strings.HasPrefix(en.title(), "Error: ") {
					t.Errorf("title %q", en.title())
				}
				b.get(form + c.page).want(200) // and it is kept as it was typed
				b.get(check).leads(form + c.page)
			})
		})
	}
}

func TestADateIsReadAsPeopleWriteIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, emma := h.formAt("geboortedatum")
		for _, c := range [][3]string{{"4", "1", "1991"}, {"04", "01", "1991"}, {"4", "januari", "1991"}, {" 4 ", "jan", "1991"}, {"4", "January", "1991"}} {
			b.post(form+"geboortedatum", "dag", c[0], "maand", c[1], "jaar", c[2]).leads(form + "adres")
			if got := h.registration(emma).App.BirthDay(); got != "1991-01-04" {
				t.Errorf("%q is read as %s", c, got)
			}
			b.get(form+"geboortedatum").holds("dag", strings.TrimSpace(c[0]), "maand", c[1], "jaar", c[2])
		}
		b.post(form+"geboortedatum", "dag", "29", "maand", "2", "jaar", "2000").leads(form + "adres")
		b.wrong(form+"geboortedatum", "dag", "29", "maand", "2", "jaar", "1999").want(200, "Nog even nakijken")
	})
}

func TestAMembershipForOtherAgesIsSaidAtTheBirthDate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.formAt("geboortedatum")
		b.post("/bind/0091")
		p := b.wrong(form+"geboortedatum", "dag", "24", "maand", "11", "jaar", "2008").want(200, "Dit abonnement is er vanaf 18 jaar.", "Kies een ander abonnement")
		if !strings.Contains(p.body, `href="/inschrijven/bind"`) {
			t.Errorf("no way to another membership: %s", p.body)
		}
		b.post(form+"geboortedatum", "dag", "23", "maand", "11", "jaar", "2008").leads(form + "adres") // 18 today
	})
}

func TestAParentIsAskedForUnderSixteenOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, emma := h.formAt("geboortedatum")
		b.post(form+"geboortedatum", "dag", "24", "maand", "11", "jaar", "2010").leads(form + "ouder") // 16 tomorrow
		b.get(form+"ouder").want(200, "Wie is je ouder of verzorger?", "Je bent jonger dan 16 jaar")
		for lang, want := range map[string][2]string{"nl": {"Vul de naam van je ouder of verzorger in.", "Vul het e-mailadres van je ouder of verzorger in."},
			"en": {"Enter the name of your parent or guardian.", "Fill in the e-mail address"}} {
			b.lang = lang
			b.wrong(form+"ouder").want(200, want[:]...)
			b.wrong(form+"ouder", "ouder", "Eline Bakker").want(200, want[1]).holds("ouder", "Eline Bakker")
			b.wrong(form+"ouder", "ouderemail", "eline@bakker.example").want(200, want[0]).holds("ouderemail", "eline@bakker.example")
		}
		b.lang = "nl"
		b.wrong(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@bakker").want(200, "Vul een e-mailadres in")
		b.get(check).leads(form + "ouder")
		b.post(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@bakker.example").leads(form + "adres")
		b.post(form+"geboortedatum", "dag", "23", "maand", "11", "jaar", "2010").leads(form + "adres") // 16 today
		if h.registration(emma).App.BirthDay() != "2010-11-23" {
			t.Error("the birth date is not kept")
		}
	})
}

func TestABirthDateChangedFromTheCheckBringsTheParentAlong(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		b.get(check).want(200).lacks("Ouder of verzorger")
		p := b.get(form + "geboortedatum?wijzig=1").want(200)
		if !strings.Contains(p.body, `name="wijzig" value="1"`) || !strings.Contains(p.body, `href="/inschrijven/bind/aanvraag/controle"`) {
			t.Errorf("a change does not lead back: %s", p.body)
		}
		b.post(form+"geboortedatum", "wijzig", "1", "dag", "1", "maand", "2", "jaar", "2015").leads(form + "ouder")
		b.get(check).leads(form + "ouder")
		b.post(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@bakker.example")
		b.get(check).want(200, "Ouder of verzorger", "Eline Bakker", "eline@bakker.example", "€ 0,00", "Je hoeft niets te betalen", "Inschrijven").lacks("Bestellen en betalen", "geld terug")
		b.post(form+"geboortedatum", "wijzig", "1", "dag", "1", "maand", "3", "jaar", "2015").leads(check) // asked already
		b.post(form+"geboortedatum", "wijzig", "1", "dag", "4", "maand", "1", "jaar", "1991").leads(check)
		b.get(check).want(200, "€ 45,00").lacks("Eline Bakker")
	})
}

// The address of a parent with a slip in it stands on no page of an adult, who
// could not mend it.
func TestAnAdultHasNoParentOnTheForm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, emma := h.formAt("geboortedatum")
		b.post(form+"geboortedatum", "dag", "1", "maand", "2", "jaar", "2015").leads(form + "ouder")
		b.wrong(form+"ouder", "ouder", "Anna", "ouderemail", "anna@").want(200, "Nog even nakijken")
		b.wrong(form+"geboortedatum", "dag", "31", "maand", "2", "jaar", "1991").want(200, "Nog even nakijken")
		b.post(form+"geboortedatum", "dag", "1", "maand", "2", "jaar", "2015").leads(form + "ouder")
		b.get(form+"ouder").holds("ouder", "Anna", "ouderemail", "anna@")
		b.post(form+"geboortedatum", "dag", "4", "maand", "1", "jaar", "1991").leads(form + "adres")
		b.post(form+"adres", "land", "NL", "postcode", "9468BG", "huisnummer", "41")
		b.post(form+"contact", "email", "emma@voorbeeld.nl").leads(check)
		if app := h.registration(emma).App; app.Guardian+app.GuardianEmail != "" {
			t.Errorf("an adult's parent is kept: %+v", app)
		}
		b.order()
	})
}

func TestAStreetIsLookedUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, emma := h.formAt("adres")
		b.get(form+"adres").want(200, "Je straat en plaats zoeken we voor je op.", "Straat zelf invullen").lacks(`name="straat"`)
		b.post(form+"adres", "land", "NL", "postcode", " 9468  bg", "huisnummer", "41").leads(form + "contact")
		if app := h.registration(emma).App; app.Street != "Kruisstraat" || app.Place != "Annen" || app.Checked != app.AddressMark() {
			t.Errorf("the address is %+v", app)
		}
		// Another house: the old street does not stay.
		b.wrong(form+"adres", "land", "NL", "postcode", "1000 AA", "huisnummer", "9").want(200, "We vinden geen straat bij deze postcode en dit huisnummer.").
			holds("straat", "", "plaats", "", "postcode", "1000 AA", "huisnummer", "9").lacks("Nog even nakijken", "<title>Fout")
		b.post(form+"adres", "land", "NL", "postcode", "1000 AA", "huisnummer", "9", "straat", "Nieuwe weg", "plaats", "Nergens").leads(form + "contact")
		b.post(form+"contact", "email", "emma@voorbeeld.nl")
		b.get(check).want(200, "Nieuwe weg 9", "1000 AA Nergens", "We vonden dit adres niet in het adressenregister.")
		b.get(form+"adres").want(200).holds("straat", "Nieuwe weg", "plaats", "Nergens")
	})
}

func TestAStreetIsTypedWhereTheRegisterDoesNotAnswer(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.formAt("adres")
		h.book.silent = true
		b.wrong(form+"adres", "land", "NL", "postcode", "9468 BG", "huisnummer", "41").want(200, "We vinden geen straat").holds("straat", "")
		h.book.silent, h.book.hanging = false, true
		began := time.Now()
		b.wrong(form+"adres", "land", "NL", "postcode", "9468 BG", "huisnummer", "41").want(200, "We vinden geen straat")
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("a register that hangs kept the visitor for %s", took)
		}
		h.book.hanging = false

		// And by who rather does: nothing that was typed is lost by it.
		b.post(form+"adres", "land", "NL", "postcode", "9468 BG", "huisnummer", "41", "zelf", "1").leads(form + "adres?zelf=1")
		b.get(form+"adres?zelf=1").want(200).holds("postcode", "9468 BG", "huisnummer", "41", "straat", "Kruisstraat").lacks("We vinden geen straat")
		b.post(form+"adres", "wijzig", "1", "land", "NL", "postcode", "9468 BG", "zelf", "1").leads(form + "adres?wijzig=1&zelf=1")
	})
}

func TestAnAddressAbroadIsTyped(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.formAt("adres")
		p := b.wrong(form+"adres", "land", "BE", "postcode", "2800", "huisnummer", "4").want(200, "Buiten Nederland zoeken we de straat niet op.").holds("straat", "", "postcode", "2800")
		if !strings.Contains(p.body, `value="BE" selected`) {
			t.Error("the country is lost")
		}
		b.post(form+"adres", "land", "BE", "postcode", "2800", "huisnummer", "4", "straat", "Grote Markt", "plaats", "Mechelen").leads(form + "contact")
		b.post(form+"contact", "email", "emma@voorbeeld.nl").leads(check)
		b.get(check).want(200, "Grote Markt 4", "2800 Mechelen", "België")
	})
}

func TestTheNewsletterIsOffUntilSomebodySaysYes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, emma := h.formAt("contact")
		p := b.get(form+"contact").want(200, "Ja, ik wil de nieuwsbrief").holds("email", "emma@voorbeeld.nl")
		if strings.Contains(p.body, "checked") {
			t.Error("the box is ticked beforehand")
		}
		b.get(check).leads(form + "contact") // it was not seen yet, though nothing on it is wrong
		for typed, kept := range map[string]string{"": enrol.No, "ja": enrol.Yes, "misschien": enrol.No} {
			b.post(form+"contact", "email", "emma@voorbeeld.nl", "nieuwsbrief", typed).leads(check)
			if got := h.registration(emma).App.Newsletter; got != kept {
				t.Errorf("%q is kept as %q", typed, got)
			}
		}
		b.post(form+"contact", "email", "emma@voorbeeld.nl", "nieuwsbrief", "ja")
		b.get(check).want(200, "Nieuwsbrief Ja")

		// Somebody who turns out to be fifteen cannot say yes.
		b.post(form+"geboortedatum", "dag", "1", "maand", "2", "jaar", "2015")
		b.post(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@bakker.example")
		b.get(check).leads(form + "contact")
		b.get(form+"contact").want(200, "De nieuwsbrief is er voor mensen vanaf 16 jaar.").lacks(`name="nieuwsbrief"`)
		b.wrong(form+"contact", "email", "emma@voorbeeld.nl", "nieuwsbrief", "ja").want(200, "Iemand onder de 16 jaar kan de nieuwsbrief niet zelf aanvragen.")
		b.post(form+"contact", "email", "emma@voorbeeld.nl").leads(check)
		b.get(check).want(200, "Nieuwsbrief Nee")
	})
}

func TestASlipInTheAddressIsAskedAbout(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.formAt("contact")
		p := b.wrong(form+"contact", "email", "emma@gmial.com").want(200, "Bedoel je emma@gmail.com?", "Is het toch goed? Kies dan Verder.").holds("email", "emma@gmial.com", "bedoeld", "emma@gmial.com")
		if p.lacks("Nog even nakijken"); strings.HasPrefix(p.title(), "Fout") { // a question, no fault
			t.Errorf("title %q", p.title())
		}
		b.wrong(form+"contact", "email", "emma@hotmial.com", "bedoeld", "emma@gmial.com").want(200, "Bedoel je emma@hotmail.com?") // another slip
		b.post(form+"contact", "email", "emma@gmial.com", "bedoeld", "emma@gmial.com").leads(check)
		b.get(check).want(200, "Bedoel je emma@gmail.com?", "Bestellen en betalen")
		b.wrong(form+"contact", "wijzig", "1", "email", "emma@gmial.com").want(200, "Bedoel je emma@gmail.com?")
		b.post(form+"contact", "wijzig", "1", "email", "emma@gmail.com").leads(check)
		b.get(check).want(200).lacks("Bedoel je")

		// The parent's is asked about as well.
		b.post(form+"geboortedatum", "wijzig", "1", "dag", "1", "maand", "2", "jaar", "2015").leads(form + "ouder")
		b.wrong(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@gmial.com").want(200, "Bedoel je eline@gmail.com?").holds("bedoeld", "eline@gmial.com")
		b.post(form+"ouder", "ouder", "Eline Bakker", "ouderemail", "eline@gmial.com", "bedoeld", "eline@gmial.com").leads(form + "adres")
		b.get(check).want(200, "Bedoel je eline@gmail.com?")
	})
}

// An address at which the mail of the login account arrived has no slip in it.
func TestTheAddressOfTheLoginAccountIsNotAskedAbout(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.visitor("emma")
		v.Email = "emma@gmial.com"
		b := h.as(v).fill("Tester", "4-1-1991")
		b.post(form+"contact", "email", "emma@gmial.com").leads(check)
		b.get(check).want(200).lacks("Bedoel je")
	})
}

func TestAChangeLeadsBackToTheCheck(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		p := b.get(check)
		for name, typed := range map[string][]string{
			"naam": {"achternaam", "Anders"}, "geboortedatum": {"dag", "5", "maand", "1", "jaar", "1991"},
			"adres": {"land", "NL", "postcode", "9468 BG", "huisnummer", "41"}, "contact": {"email", "anders@voorbeeld.nl"},
		} {
			if !strings.Contains(p.body, `href="/inschrijven/bind/aanvraag/`+name+`?wijzig=1"`) {
				t.Errorf("no way to change %s", name)
			}
			b.post(form+name, append(typed, "wijzig", "1")...).leads(check)
			b.wrong(form+name, "wijzig", "1", "achternaam", "", "email", "x", "dag", "x", "postcode", "x").want(200, "Nog even nakijken")
			b.post(form+name, append(typed, "wijzig", "1")...).leads(check)
		}
		b.get(check).want(200, "Anders", "5 januari 1991", "anders@voorbeeld.nl")
	})
}

// Two tabs with two pages of one form: neither undoes what the other did.
func TestTwoTabsDoNotUndoEachOther(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		done := make(chan bool)
		for _, send := range []func(){
			func() { b.post(form+"naam", "achternaam", "Anders") },
			func() { b.post(form+"geboortedatum", "dag", "5", "maand", "1", "jaar", "1991") },
			func() { b.post(form+"contact", "email", "anders@voorbeeld.nl") },
		} {
			go func() { send(); done <- true }()
		}
		for range 3 {
			<-done
		}
		if app := h.registration(emma).App; app.Surname != "Anders" || app.BirthDay() != "1991-01-05" || app.Email != "anders@voorbeeld.nl" || app.Street != "Kruisstraat" {
			t.Errorf("the form is %+v", app)
		}
	})
}

// What a browser never sends.
func TestAFormThatNobodyTypedIsRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, emma := h.formAt("naam")
		b.post(form+"naam", "achternaam", "a\x00b").want(422)
		b.post(form+"naam", "achternaam", "\xff").want(422)
		b.post(form+"naam", "achternaam", strings.Repeat("a", 300<<10)).want(413)
		b.wrong(form+"naam", "achternaam", strings.Repeat("a", 5000)).want(200, "Nog even nakijken")
		if n := len(h.registration(emma).App.Surname); n > enrol.FieldMost {
			t.Errorf("%d letters of a name are kept", n)
		}
		// Fields of other pages and of the desk stay out of reach.
		b.post(form+"naam", "achternaam", "Tester", "email", "a@b.nl", "abonnement", "0086", "klantnummer", "25280000000017", "opnieuw", "ja", "adresklopt", "x", "reden", "zomaar", "gezien", "x").leads(form + "geboortedatum")
		app := h.registration(emma).App
		if app.Email != "emma@voorbeeld.nl" || app.Membership != "0141" || app.Number == "25280000000017" || app.Again == enrol.Yes || app.Checked != "" || app.Reason != "" || app.Seen != "" {
			t.Errorf("the form is %+v", app)
		}
		if p := b.send("POST", form+"naam", nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://elders.example"); p.status != 403 {
			t.Errorf("a form of another site: %d", p.status)
		}
	})
}

func TestAFormerMemberFindsTheFormFilledIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		h.pays(h.as(emma).fill("Tester", "4-1-1991").order(), "paid")
		h.pass(400 * 24 * time.Hour)
		b := h.as(emma)
		b.get("/bind").want(200, "Kies Digital only").lacks("Je bent lid")
		b.post("/bind/0141").leads(form + "contact") // all is known but whether they want the newsletter
		b.get(form+"naam").holds("achternaam", "Tester")
		b.wrong(form+"geboortedatum", "dag", "5", "maand", "1", "jaar", "1991").want(200, "Met dit inlogaccount was iemand met een andere geboortedatum lid.")
		b.post(form+"geboortedatum", "dag", "4", "maand", "1", "jaar", "1991").leads(form + "adres")
		b.post(form+"contact", "email", "tester@voorbeeld.nl").leads(check)
		b.get(check).want(200, "Bestellen en betalen")
	})
}

// A definition that left the list while the form was open.
func TestAMembershipThatIsNoLongerSoldLeadsToTheOthers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		h.change("0141", func(d *membership.Definition) { d.Online = false })
		b.get(check).leads(form + "geboortedatum")
		p := b.get(form+"geboortedatum").want(200, "Dit abonnement kun je hier niet kiezen.", "Kies een ander abonnement").holds("dag", "4", "maand", "1", "jaar", "1991")
		if !strings.Contains(p.body, `href="/inschrijven/bind"`) {
			t.Errorf("no way to the others: %s", p.body)
		}
		b.post("/bind/0090").leads(check)
		b.get(check).want(200, "proefabonnement", "€ 0,00")
	})
}
