package desk_test

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/staff"
)

func TestSteps1To11OfTheInstruction(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.get("/").want("Nieuwe klant toevoegen", "Snel inschrijven", "5280 Bibliotheek Annen · Anja de Boer", "Balie", "Klanten", "Financieel", "Statistiek").
			lacks("Catalogus", "Exemplaren", "Titels", "Reserveringen")
		d := p.newDraft()
		p.get(d).want("Klanttype", "Reguliere klant", "Klantnummer", "Voorletters", "Voorvoegsel", "Achternaam", "Roepnaam",
			"Geboortedatum (dd-mm-jjjj)", "Land", "Nederland", "Postcode", "Huisnummer", "Ok, Vervolg")
		if n := h.count("draft"); n != 0 {
			t.Fatalf("looking made %d drafts", n)
		}
		p.post(d, "klantnummer", "v", "doe", "enter").is(200, d).want("Systeemnummer laten genereren?", "Ja", "Nee")
		p.post(d, "klantnummer", "v", "doe", "systeemnummer-ja").is(200, d).want(`value="VVVVVVVVVVVV"`)
		p.post(d, tester...).is(200, "/gegevens").want("IBAN", "BIC", "Legitimatie gecontroleerd?", "Gebruik inlogaccount", "E-mail", "Nieuwsbrief",
			"4 januari 1991", "Kruisstraat 41", "adres gecontroleerd")
		p.post(d+"/gegevens", contact...).is(200, "/inlogaccount").want("Bestaand inlogaccount gebruiken", "Nieuw inlogaccount genereren",
			"De meeste nieuwe klanten")
		p.post(d+"/inlogaccount", "account", "nieuw").is(200, "/abonnement").want("0086 dBos supplement Gratis Vast", "0090 proefabonnement Gratis Tijd.",
			"0091 Maandabonnement € 11,50 /1 mnd Tijd.", "0141 Digital only € 45,00 /12 mnd Vast")
		a := p.post(d+"/abonnement", "abonnement", "0141").is(200, "/opbouw").want("Opbouw abonnementskosten. Klant wordt gegenereerd; vestiging 5280",
			"Naam E.B. Tester", "Leeftijd 35 jaar", "Tariefcode 0141", "Vervalmaand november 2027", "Rechten t/m 30 november 2027",
			"Abonnement € 45,00", "Korting € 0,00", "Saldo € 45,00", "Geldig t/m november 2027", "Opslaan")
		if n := h.count("customer"); n != 0 {
			t.Fatal("the Opbouw stands before saving, not after")
		}
		p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want("Genereren van inlogaccount gelukt", "Gebruikersnaam 25280",
			"E-mail eb.tester@example.nl", "dinsdag 24 november 2026 om 09.30 uur", "Klik binnen 24 uur", "Er wordt geen pas gemaakt", "Contant", "Pin", "Op rekening", "Volgende klant")
		p.get("/").want("Tester", "0141")
	})
}

func TestOpslaanThreeTimesSavesOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		done := p.enrol(tester, contact, "0141")
		d := strings.TrimSuffix(done.path, "/klaar")
		for range 2 {
			p.post(d+"/opbouw", "opbouw", "old").is(200, "/klaar").want("Genereren van inlogaccount gelukt", "Tester")
		}
		p.get(d+"/klaar").is(200, "/klaar").want("Genereren van inlogaccount gelukt")
		// Back to an earlier screen of a saved form: the result again.
		for _, path := range []string{d, d + "/gegevens", d + "/abonnement", d + "/opbouw"} {
			p.get(path).is(200, "/klaar")
			p.post(path, tester...).is(200, "/klaar")
		}
		if n := h.count("customer"); n != 1 {
			t.Fatalf("%d customers", n)
		}
	})
}

func TestOpslaanSixteenTimesAtOnceSavesOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := p.newDraft()
		p.post(d, tester...)
		p.post(d+"/gegevens", contact...)
		p.post(d+"/inlogaccount", "account", "nieuw")
		a := p.post(d+"/abonnement", "abonnement", "0141")
		digest := a.value("opbouw")
		var all sync.WaitGroup
		var names [16]string
		for i := range names {
			all.Go(func() { names[i] = p.post(d+"/opbouw", "opbouw", digest).path })
		}
		all.Wait()
		for _, at := range names {
			if at != d+"/klaar" {
				t.Errorf("one of sixteen went to %s", at)
			}
		}
		if n := h.count("customer"); n != 1 {
			t.Fatalf("%d customers", n)
		}
	})
}

func TestBackAndRefreshLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := p.newDraft()
		p.post(d, tester...)
		p.post(d+"/gegevens", contact...)
		p.get(d).want(`value="Tester"`, `value="VVVVVVVVVVVV"`)
		p.post(d, with(tester, "voorvoegsel", "van der")...).is(200, "/gegevens").want(`value="eb.tester@example.nl"`)
		p.get(d+"/opbouw").is(200, "/abonnement?nakijken").want("Kies een abonnement.") // who jumps ahead comes back
		p.get(d+"/verder").is(200, "/abonnement")
		p.get("/").want("E.B. van der Tester")
		h.clerk("anja").get(d).want(`value="Tester"`) // another browser, same clerk
	})
}

func TestADraftIsNobodyElses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		d := h.clerk("anja").newDraft()
		h.clerk("anja").post(d, tester...)
		bert := h.clerk("bert")
		for _, path := range []string{d, d + "/gegevens", d + "/opbouw", d + "/klaar", strings.Replace(d, "nieuw", "snel", 1)} {
			bert.get(path).is(404, path)
		}
		bert.post(d, tester...).is(404, d)
		bert.get("/").lacks("Tester")
		h.clerk("anja").get("/klant/nieuw/geen-id").is(404, "geen-id")
	})
}

func TestWhatIsTypedAfterTheSessionEndedIsKept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := p.newDraft()
		wie := p.get(d).value("wie")
		h.pass(31 * time.Minute)
		late := p.post(d, with(tester, "wie", wie)...).is(401, d).want("Je was te lang niet actief", "Wat je hebt getypt, is bewaard")
		carry, back := late.value("meegebracht"), late.value("naar")
		// A colleague who signs in at that browser does not get it.
		h.visitor().post("/aanmelden", "gebruikersnaam", "bert", "wachtwoord", pass, "vestiging", "5280", "naar", back, "meegebracht", carry).lacks("Tester").
			is(200, "/").want("De inschrijving die hier open stond, is van Anja de Boer.", "Je hebt geen inschrijving open staan.")
		h.clerk("anja").get(d).want(`value="Tester"`)
		p.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", pass, "vestiging", "5280", "naar", back, "meegebracht", carry).
			is(200, d).want(`value="Tester"`)
		// Of a form that its owner saved meanwhile, a colleague hears that nothing was kept.
		done := strings.TrimSuffix(p.enrol(tester, with(contact, "email", "twee@example.nl"), "0141").path, "/klaar")
		h.pass(31 * time.Minute)
		late = p.post(done, with(tester, "wie", wie)...).is(401, done)
		h.visitor().post("/aanmelden", "gebruikersnaam", "bert", "wachtwoord", pass, "vestiging", "5280", "meegebracht", late.value("meegebracht")).
			is(200, "/").want("was van Anja de Boer. Wat er het laatst is getypt, is niet bewaard.")
		// Who signed out hears no other reason.
		p = h.clerk("anja")
		p.post("/afmelden")
		p.post(done, with(tester, "wie", wie)...).is(401, done).want("Je bent uitgelogd. Log opnieuw in.").lacks("Je was te lang niet actief")
		// A page that is only looked at comes back after signing in.
		v := h.visitor()
		v.get(d).is(200, "/aanmelden?"+url.Values{"naar": {"/balie" + d}}.Encode())
		v.json("/concept/"+strings.TrimPrefix(d, "/klant/nieuw/"), tester...).is(401, "")
	})
}

func TestAButtonPressedTooLateLeadsBackToItsPage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		a := p.enrol(tester, contact, "0141")
		done := strings.TrimSuffix(a.path, "/klaar")
		at := "/klanten/" + h.customerID(a.field("25280"))
		person, reach := someone(1)
		d := p.newDraft()
		p.post(d, person...)
		p.post(d+"/gegevens", reach...)
		p.post(d+"/inlogaccount", "account", "nieuw")
		p.post(d+"/abonnement", "abonnement", "0141")
		h.pass(31 * time.Minute)
		for pressed, back := range map[string]string{
			d + "/opbouw":                 d + "/opbouw",
			done + "/betalen":             done + "/klaar",
			at + "/betalen":               at,
			at + "/inlogaccount/vergeten": at + "/inlogaccount/vergeten",
			"/concept/" + strings.TrimPrefix(d, "/klant/nieuw/") + "/weg": "/",
		} {
			late := h.visitor().post(pressed, "wijze", "pin", "bedrag", "45").is(401, pressed).want("Wat je net koos, is nog niet gedaan.")
			h.visitor().post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", pass, "vestiging", "5280", "naar", late.value("naar")).is(200, back)
		}
		if n := h.count("posting"); n != 1 {
			t.Fatalf("%d postings", n)
		}
	})
}

func TestWhatTheDeskWarnsOf(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.json("/deel/email", "email", "eva@gmial.com").want("Bedoel je eva@gmail.com?", `"ok":false`)
		p.json("/deel/email", "email", "eva@example.nl").want(`"ok":true`)
		p.json("/deel/email", "email", "eva@gmail").want("Vul een e-mailadres in")
		d := p.newDraft()
		p.post(d, tester...)
		p.post(d+"/gegevens", with(contact, "email", "eva@gmial.com")...).is(200, "/inlogaccount").want("Klopt dit adres? Bedoel je eva@gmail.com?")
		// Without a login account Digital only is money for nothing.
		p.post(d+"/gegevens", with(contact, "inlogaccount", "nee", "email", "")...).is(200, "/abonnement")
		a := p.post(d+"/abonnement", "abonnement", "0141").want("zonder inlogaccount kan de klant niets met dit abonnement")
		a = p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want("Klant ingeschreven", "Zonder inlogaccount kan de klant nog geen e-books lenen.")
		p.get("/klanten/"+h.customerID(a.field("25280"))).want("Vul eerst een e-mailadres in.", "E-mailadres invullen")
		// An older debt is not a surprise on the receipt.
		id := h.customerID(a.field("25280"))
		h.do(func(tx *sqldb.Tx) error {
			_, err := membership.End(tx, id, "own_wish", membership.AtOnce(tx))
			return err
		})
		d = p.newDraft()
		p.post(d, with(tester, "klantnummer", a.field("25280"), "opnieuw", "ja")...).is(200, "/gegevens")
		p.post(d+"/gegevens", contact...)
		p.post(d+"/inlogaccount", "account", "nieuw")
		a = p.post(d+"/abonnement", "abonnement", "0141")
		p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want("Te betalen € 90,00", "Daarvan stond € 45,00 al open.")
	})
}

func TestSignInTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.visitor()
		v.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", "nee", "vestiging", "5280").is(422, "/aanmelden").want("Je gebruikersnaam of wachtwoord klopt niet.").lacks("nee nee")
		v.post("/aanmelden", "gebruikersnaam", "niemand", "wachtwoord", "nee", "vestiging", "5280").is(422, "/aanmelden").want("Je gebruikersnaam of wachtwoord klopt niet.")
		v.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", pass, "vestiging", "").is(422, "/aanmelden").want("Kies de vestiging waar je werkt.")
		p := h.clerk("anja")
		p.post("/afmelden").is(200, "/aanmelden").want("Je bent uitgelogd.").want(`<option value="5280" selected>`)
		p.get("/").is(200, "/aanmelden?naar=%2Fbalie%2F")
	})
}

func TestAWorkerWhoLeftIsOutAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("bert")
		h.do(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE worker SET active = FALSE WHERE id = $1`, h.workers["bert"].ID)
			return err
		})
		p.get("/").is(200, "/aanmelden?naar=%2Fbalie%2F")
	})
}

func TestNumbersAtTheField(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.json("/deel/nummer", "klantnummer", "v").want(`"VVVVVVVVVVVV"`)
		number := p.enrol(tester, contact, "0141").field("25280")
		p.json("/deel/nummer", "klantnummer", number).want("Dit nummer is in gebruik (Tester, E.B.).", `"ok":false`, "Open deze klant")
		p.json("/deel/nummer", "klantnummer", "123").want("14 cijfers")
		free := h.freeNumber(number)
		p.json("/deel/nummer", "klantnummer", free).want(`"ok":true`, free)
		// A scanner's Enter without the script: the number is looked at and the rest goes on.
		d := p.newDraft()
		p.post(d, "klantnummer", free, "land", "NL", "doe", "enter").is(200, d).want(`value="` + free + `"`).lacks("Nog even nakijken")
		p.post(d, "klantnummer", number, "land", "NL", "doe", "enter").is(422, d).want("Dit nummer is in gebruik.", "is van Tester, E.B., geboren op 4 januari 1991", "Open deze klant").lacks("Vul een achternaam in.")
		person, reach := someone(1)
		p.enrol(with(person, "klantnummer", free), reach, "0141").want("Gebruikersnaam " + free)
	})
}

func TestAFormerCustomersNumberOffersReRegistration(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		number := p.enrol(tester, contact, "0141").field("25280")
		id := h.customerID(number)
		h.do(func(tx *sqldb.Tx) error {
			_, err := membership.End(tx, id, "own_wish", membership.AtOnce(tx))
			return err
		})
		p.json("/deel/nummer", "klantnummer", number).want(`"form":true`)
		d := p.newDraft()
		p.post(d, "klantnummer", number, "land", "NL", "doe", "enter").is(200, d).want("Dit nummer is van een oud-klant", "Tester, E.B., geboren op", "Opnieuw inschrijven").lacks("Nog even nakijken")
		p.post(d, with(tester, "klantnummer", number)...).is(422, d).want("Dit nummer is van een oud-klant (Tester, E.B.).", "Opnieuw inschrijven")
		d = p.newDraft()
		p.post(d, "klantnummer", number, "land", "NL", "doe", "opnieuw:"+id).is(200, d).want(`value="Tester"`, `value="04-01-1991"`, `value="Kruisstraat"`, `name="opnieuw" value="ja"`)
		p.post(d, with(tester, "klantnummer", number, "opnieuw", "ja")...).is(200, "/gegevens").want(`value="eb.tester@example.nl"`)
		p.post(d+"/gegevens", contact...)
		p.post(d+"/inlogaccount", "account", "nieuw")
		a := p.post(d+"/abonnement", "abonnement", "0141").is(200, "/opbouw")
		p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want(number, "De oude gegevens van deze klant zijn bijgewerkt.")
		if n := h.count("customer"); n != 1 {
			t.Fatalf("%d customers", n)
		}
	})
}

func TestDatesAddressesAndBanksWhileTyping(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		for _, text := range []string{"4-1-1991", "04/01/1991", "4 januari 1991", "04011991"} {
			p.json("/deel/datum", "geboortedatum", text).want("4 januari 1991 (35 jaar)")
		}
		p.json("/deel/datum", "geboortedatum", "31-2-1991").want(`"ok":false`)
		p.json("/deel/datum", "geboortedatum", "1-6-2015").want("young")
		p.json("/deel/adres", "postcode", "9468bg", "huisnummer", "41").want("Kruisstraat", "Annen", `"ok":true`)
		p.json("/deel/adres", "postcode", "9468bg", "huisnummer", "42").want(`"ok":false`, "kent dit adres niet")
		h.book.silent = true
		p.json("/deel/adres", "postcode", "9468bg", "huisnummer", "41").want(`"ok":false`, "antwoordt niet")
		p.json("/deel/bank", "iban", "nl91abna0417164300").want("NL91 ABNA 0417 1643 00", "ABNANL2A", "Dit IBAN klopt.")
		p.json("/deel/bank", "iban", "nl91abna0417164301").want(`"ok":false`)
		// Typed by hand when the address book is silent, and marked.
		d := p.newDraft()
		p.post(d, tester...).is(422, d).want("Het adresboek vindt dit adres niet.")
		p.post(d, with(tester, "postcode", "9468 B")...).is(422, d).want("Vul een postcode in").lacks("Vul de straat in.", "Het adresboek")
		p.post(d, with(tester, "straat", "Kruisstraat")...).is(422, d).want("Vul de plaats in.").lacks("Het adresboek")
		p.post(d, with(tester, "straat", "Kruisstraat", "plaats", "Annen")...).is(200, "/gegevens").want("adres niet gecontroleerd")
		h.book.silent = false
		p.post(d, with(tester, "straat", "Kruisstraat", "plaats", "Annen")...).is(200, "/gegevens").want("adres gecontroleerd")
	})
}

func TestAnAddressBookThatHangsDoesNotStopTheQueue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.book.hanging = true
		p, start := h.clerk("anja"), time.Now()
		d := p.newDraft()
		p.post(d, tester...).is(422, d).want("Het adresboek vindt dit adres niet.", `value="Tester"`)
		if took := time.Since(start); took > customer.AddressPatience+2*time.Second {
			t.Fatalf("the desk waited %v", took)
		}
		p.post(d, with(tester, "straat", "Kruisstraat", "plaats", "Annen")...).is(200, "/gegevens").want("adres niet gecontroleerd")
	})
}

func TestWhoIsKnownAlready(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		p.json("/deel/dubbel", tester...).want("1 klant lijkt", "Tester, E.B.", "achternaam, voorletters, geboortedatum", "Open deze klant")
		p.json("/deel/dubbel", "achternaam", "Iemand").want("Nee, geen klant die hierop lijkt.")
		d := p.newDraft()
		a := p.post(d, tester...).is(422, d).want("is al klant met nummer", "Waarom is dit iemand anders?", "Open deze klant")
		p.post(d, with(tester, "reden", "tweeling", "gezien", a.value("gezien"))...).is(200, "/gegevens")
		number := strings.Fields(a.text[strings.Index(a.text, "25280"):])[0]
		number = strings.Trim(number, ",.")
		p.post(d, with(tester, "doe", "open:"+h.customerID(number))...).is(200, "/klanten/"+h.customerID(number)).want("Tester, E.B.")
		p.get(d).want(`value="Tester"`) // looking did not cost the form
	})
}

// townAddress is where an owner answers: another one for each question.
var townAddress = regexp.MustCompile(`town\.example/\w+`)

func TestAnExistingAccountIsConfirmedByItsOwner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.do(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`INSERT INTO town_account VALUES ('a1', 'eva91', 'eva@example.nl', TRUE, 0)`)
			return err
		})
		p := h.clerk("anja")
		var pages []string
		for _, name := range []string{"bestaatniet", "eva91"} {
			d := p.newDraft()
			p.post(d, tester...)
			p.post(d+"/gegevens", contact...)
			p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "").is(200, "/code").want("met de eigen telefoon", "Begin opnieuw").lacks("Code uit de mail")
			a := p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", name).is(200, "/code").want("Als dit inlogaccount bestaat, is er een code gemaild", "Kijk de gebruikersnaam na")
			pages = append(pages, townAddress.ReplaceAllString(strings.ReplaceAll(a.text, name, "…"), "…"))
			p.post(d+"/code", "code", "fout").is(422, "/code").want("Laat de klant de code nog een keer voorlezen. Je kunt het nog 4 keer proberen.")
			p.get(d+"/opbouw").is(200, "/code") // nothing goes on without the owner
			p.post(d+"/code", "doe", "nieuwe-code").is(200, "/code").want("is er een nieuwe code gemaild")
			if name == "eva91" {
				p.post(d+"/code", "code", "code-eva91").is(200, "/abonnement").want("De klant heeft het inlogaccount bevestigd.")
				a := p.post(d+"/abonnement", "abonnement", "0141").is(200, "/opbouw")
				p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want("Inlogaccount gekoppeld", "eva91").lacks("24 uur")
			}
		}
		if pages[0] != pages[1] {
			t.Errorf("the page tells an account that exists from one that does not:\n%s\n%s", pages[0], pages[1])
		}
	})
}

func TestACostThatChangedIsShownAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := p.newDraft()
		p.post(d, tester...)
		p.post(d+"/gegevens", contact...)
		p.post(d+"/inlogaccount", "account", "nieuw")
		a := p.post(d+"/abonnement", "abonnement", "0141")
		h.do(func(tx *sqldb.Tx) error {
			def, err := membership.FindDefinition(tx, h.lib.ID, "0141")
			if err != nil {
				return err
			}
			def.Price = 4700
			return membership.SaveDefinition(tx, def)
		})
		b := p.post(d+"/opbouw", "opbouw", a.value("opbouw")).want("De kosten zijn veranderd", "€ 47,00")
		if b.status != 409 && b.status != 422 {
			t.Fatalf("status %d", b.status)
		}
		p.post(d+"/opbouw", "opbouw", b.value("opbouw")).is(200, "/klaar").want("Te betalen € 47,00")
	})
}

func TestUnder18NothingIsPaid(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := p.newDraft()
		p.post(d, with(tester, "geboortedatum", "24-11-2008", "ouder", "M. Tester")...).is(200, "/gegevens")
		p.post(d+"/gegevens", contact...)
		p.post(d+"/inlogaccount", "account", "nieuw").want("gratis: jonger dan 18")
		a := p.post(d+"/abonnement", "abonnement", "0141").want("Saldo € 0,00", "Leeftijd 17 jaar")
		p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want("Er staat niets open.")
	})
}

func TestTheQuickPath(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		q := p.get("/klant/snel").want("Snel inschrijven", "0141 Digital only").path
		all := with(with(tester, contact...), "abonnement", "0141", "klantnummer", "v", "doe", "enter")
		p.post(q, "klantnummer", "v", "land", "NL", "taal", "nl", "inlogaccount", "ja", "doe", "enter").is(200, q).want(`value="VVVVVVVVVVVV"`).lacks("Systeemnummer laten genereren?")
		p.post(q, with(all, "email", "")...).is(422, q).want("Vul het e-mailadres van de klant in", `value="Tester"`)
		p.json("/deel/opbouw", all...).want("Saldo € 45,00").lacks("Opslaan")
		a := p.post(q, all...).is(200, q).want("Opbouw abonnementskosten", "Saldo € 45,00", `id="opslaan"`)
		done := p.post(q, with(all, "doe", "opslaan", "opbouw", a.value("opbouw"))...).is(200, "/klaar?snel=1").want("Genereren van inlogaccount gelukt")
		p.post(q, with(all, "doe", "opslaan", "opbouw", "x")...).is(200, done.path)
		p.get(q).is(200, "/klaar")
		if n := h.count("customer"); n != 1 {
			t.Fatalf("%d customers", n)
		}
		// A cost that is no longer true is shown once more before anything is saved.
		q = p.get("/klant/snel").path
		person, reach := someone(4)
		all = with(with(person, reach...), "abonnement", "0141")
		p.post(q, all...).is(200, q)
		p.post(q, with(all, "doe", "opslaan", "opbouw", "old")...).is(422, q).want("De kosten zijn veranderd", `id="opslaan"`)
	})
}

func TestADraftKeepsItselfAndCanBeDropped(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := p.newDraft()
		id := strings.TrimPrefix(d, "/klant/nieuw/")
		p.json("/concept/"+id, "stap", "person", "achternaam", "Half", "land", "NL").want("Concept bewaard om 09.30")
		p.get(d).want(`value="Half"`)
		p.get("/").want("Half", "Weggooien")
		p.post("/concept/"+id+"/weg").is(200, "/").want("De inschrijving is weggegooid.", "Je hebt geen inschrijving open staan.")
	})
}

func TestEveryPageInBothLanguages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, lang := range []string{"nl", "en"} {
			h.visitor().speaking(lang).get("/aanmelden").is(200, "/aanmelden").whole(h)
			p := h.clerk("anja").speaking(lang)
			i := map[string]int{"nl": 5, "en": 6}[lang]
			person, reach := someone(i)
			d := p.newDraft()
			p.post(d, "klantnummer", "v").whole(h)
			p.post(d, "achternaam", "1").is(422, d).whole(h)
			p.post(d, person...).whole(h)
			p.post(d+"/gegevens", "iban", "x").is(422, "/gegevens").whole(h)
			p.post(d+"/gegevens", reach...).whole(h)
			p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "x").whole(h)
			p.post(d+"/inlogaccount", "account", "nieuw").whole(h)
			a := p.post(d+"/abonnement", "abonnement", "0141").whole(h)
			number := p.post(d+"/opbouw", "opbouw", a.value("opbouw")).whole(h).field("25280")
			at := "/klanten/" + h.customerID(number)
			for _, path := range []string{"/", "/klanten", "/klanten?q=klant", "/klanten?q=xyzzy", at, at + "/email", at + "/inlogaccount/vergeten", "/financieel", "/statistiek", "/klant/snel", "/nergens"} {
				p.get(path).whole(h)
			}
			undo := undoLink.FindString(p.post(d+"/betalen", "wijze", "pin", "bedrag", "45").whole(h).body)
			p.get(undo).is(200, undo).whole(h)
			p.post(undo).is(422, undo).whole(h)
			p.get("/financieel").whole(h)
		}
	})
}

func TestStatisticsCountAndNameNobody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.get("/statistiek").want("Er zijn in deze tijd nog geen inschrijvingen.")
		p.enrol(tester, contact, "0141")
		p.get("/statistiek").want("1 inschrijving in twaalf maanden", "november 2026 1", "0141 Digital only 1", "5280 Bibliotheek Annen 1", "wacht op activatie 1").lacks("Tester")
	})
}

func TestWhoChoosesAnotherBranchHearsWhereTheyWork(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.do(func(tx *sqldb.Tx) error {
			anja := h.workers["anja"]
			anja.Posts = []staff.Post{{Role: staff.Desk, BranchID: h.annen.ID}}
			_, _, err := staff.Save(tx, anja)
			return err
		})
		h.clerk("anja")
		p := h.visitor()
		p.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", pass, "vestiging", "5281").is(422, "/aanmelden").want("bij deze vestiging heb je geen rol", "5280 Bibliotheek Annen")
		p.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", "groene fiets", "vestiging", "5281").is(422, "/aanmelden").lacks("geen rol")
	})
}
