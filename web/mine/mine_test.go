package mine_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
)

func TestWhoIsNotSignedInSeesWhatCanBeDone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.stranger()
		b.get("/?taal=nl").want(t, 200, "<h1>Mijn Menu", `href="/mijn/inloggen"`, `href="/mijn/herroepen">Hier de overeenkomst herroepen`, "Nog geen lid?", `/inschrijven/bind"`).
			lacks(t, "Uitloggen", "Abonnement beëindigen")
		b.get("/?taal=en").want(t, 200, "<h1>My Menu", "Withdraw from the contract here", "Not a member yet?")
	})
}

// pages are the addresses about a customer, a contract and a membership.
func pages(customerID, registrationID, membershipID string) []string {
	return []string{"GET /adres/" + customerID, "POST /adres/" + customerID, "GET /email/" + customerID, "POST /email/" + customerID, "POST /nieuwsbrief/" + customerID,
		"GET /wissen/" + customerID, "POST /wissen/" + customerID, "GET /bon/" + registrationID, "GET /bon/" + registrationID + ".pdf",
		"GET /opzeggen/" + membershipID, "POST /opzeggen/" + membershipID, "GET /herroepen/" + registrationID, "POST /herroepen/" + registrationID}
}

// form fills in every form of this door, so that only who presses it is wrong.
var form = url.Values{"land": {"NL"}, "postcode": {"9461 BH"}, "huisnummer": {"7"}, "email": {"dief@voorbeeld.nl"}, "wil": {"ja"}, "versie": {newsletter.TextVersion}, "taal": {"nl"}}

func TestWhoIsNotSignedInIsAskedToSignIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.join(h.visitor("zoe"), h.bind, nil)
		before := h.customer(zoe.CustomerID)
		b := h.stranger()
		b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, p := range append(pages(zoe.CustomerID, zoe.ID, zoe.MembershipID), "POST /download") {
			method, path, _ := strings.Cut(p, " ")
			answer := b.do(method, path, form)
			back := "/mijn/inloggen?naar=" + url.QueryEscape("/mijn"+path)
			if method == "GET" && (answer.StatusCode != 303 || answer.Header.Get("Location") != back) || method == "POST" && answer.StatusCode != 401 {
				t.Errorf("%s: %d to %s, want a way to sign in", p, answer.StatusCode, answer.Header.Get("Location"))
			}
		}
		if after := h.customer(zoe.CustomerID); after != before {
			t.Errorf("from %+v\nto %+v", before, after)
		}
	})
}

func TestWhatIsSomebodyElsesIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe, bram := h.visitor("zoe"), h.visitor("bram")
		hers := h.join(zoe, h.bind, nil)
		h.join(bram, h.bind, url.Values{"geboortedatum": {"5-2-1980"}, "huisnummer": {"43"}})
		before, letters := h.customer(hers.CustomerID), h.count("outbox")
		b := h.as(bram)
		for _, p := range append(pages(hers.CustomerID, hers.ID, hers.MembershipID), pages("NIEMAND", "NIEMAND", "NIEMAND")...) {
			method, path, _ := strings.Cut(p, " ")
			b.do(method, path, form).want(t, 404).lacks(t, "Zoe", "Kruisstraat 41")
		}
		b.get("").want(t, 200, "Bram").lacks(t, "Zoe")
		if after := h.customer(hers.CustomerID); after != before || h.count("outbox") != letters || h.count("task") != 0 || !h.found(hers.ID).WithdrawnAt.IsZero() {
			t.Errorf("somebody else changed %+v\nto %+v", before, after)
		}
		// The library may let go of an account; what was its owner's is no longer.
		h.do(func(tx *sqldb.Tx) error {
			return customer.ClearLink(tx, hers.CustomerID, customer.By{Actor: "staff:1"})
		})
		b = h.as(zoe)
		b.get("").want(t, 200, "nog geen lidmaatschap").lacks(t, "Kruisstraat")
		for _, p := range pages(hers.CustomerID, hers.ID, hers.MembershipID) {
			method, path, _ := strings.Cut(p, " ")
			b.do(method, path, form).want(t, 404)
		}
	})
}

func TestTheOverviewShowsWhatALibraryHolds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.visitor("zoe")
		b := h.as(v)
		b.get("").want(t, 200, "nog geen lidmaatschap", `/inschrijven/bind"`, "Uitloggen", "Je bent ingelogd als zoe").lacks(t, "Abonnement beëindigen", "Ga verder met inschrijven")
		r := h.join(v, h.bind, nil)
		number := h.customer(r.CustomerID).Number
		b.get("").want(t, 200, "Bind bibliotheken", "Digital only", "Geldig tot en met 30 november 2027", number, `/lezen/inloggen"`, "E.B. Zoe (Eva)", "4 januari 1991", "Kruisstraat 41", "9468 BG Annen", "zoe@voorbeeld.nl",
			"Online betaald", "€ 45,00", "/mijn/bon/"+r.ID, "Nu stoppen en € 45,00 terug", "Dit kan tot en met 7 december 2026", "/mijn/herroepen/"+r.ID, "Stoppen aan het eind", "Je krijgt geen geld terug", "/mijn/opzeggen/"+r.MembershipID, "/mijn/wissen/"+r.CustomerID, `action="/mijn/download"`,
			`href="http://`+strings.TrimPrefix(strings.TrimSuffix(h.at, "/mijn"), "http://")+`/inloggen/"`).lacks(t, "staat nog", "krijgt nog", "wijzig je daar")
		b.get("/?taal=en").want(t, 200, "Valid through 30 November 2027", "Paid online", "End membership")

		// The second library of the same account is a card of its own.
		other := h.join(v, h.ver, nil)
		b.get("?taal=nl").want(t, 200, "Bind bibliotheken", "Verre bibliotheken", "/mijn/adres/"+r.CustomerID, "/mijn/adres/"+other.CustomerID)

		// After the cooling-off period the link is gone; after the last day so is the way to read.
		h.clock(time.Date(2026, 12, 8, 0, 0, 0, 0, day.Amsterdam))
		h.as(v).get("").want(t, 200, "Abonnement beëindigen").lacks(t, "/mijn/herroepen/"+r.ID)
		h.clock(time.Date(2027, 11, 30, 23, 59, 0, 0, day.Amsterdam))
		h.as(v).get("").want(t, 200, `/lezen/inloggen"`)
		h.clock(time.Date(2027, 12, 1, 0, 0, 0, 0, day.Amsterdam))
		h.as(v).get("").want(t, 200, "Je was lid tot en met 30 november 2027", "Word weer lid", `/inschrijven/ver"`).lacks(t, "/mijn/opzeggen/", "/lezen/inloggen")
	})
}

func TestAnUnfinishedRegistrationCanBeGoneOnWith(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.visitor("zoe")
		h.do(func(tx *sqldb.Tx) error { return begin(tx, v, h.bind) })
		h.as(v).get("").want(t, 200, "Ga verder met inschrijven", `/inschrijven/bind"`)
	})
}

func TestAMoveIsLookedUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/adres/" + r.CustomerID
		b.get(at).want(t, 200, `value="9468 BG"`, `value="41"`, "Straat") // typed by hand at enrolling, so to be seen
		saved := b.post(at, "land", "NL", "postcode", "9461bh", "huisnummer", "7", "straat", "Kruisstraat", "plaats", "Annen").want(t, 200, "Je nieuwe adres is opgeslagen", "Brink 7", "9461 BH Gieten")
		if to := saved.Request.URL; to.Path != "/mijn/" || to.Fragment != "" { // the message stands at the top
			t.Errorf("saving leads to %s", to)
		}
		if a := h.customer(r.CustomerID).Address; !a.Checked || a.Street != "Brink" {
			t.Errorf("kept %+v", a)
		}
		b.get(at).want(t, 200, "zoeken we voor je op").lacks(t, `name="straat"`)

		// The book does not know the house: by hand, and once typed it is kept.
		b.post(at, "land", "NL", "postcode", "9461 BH", "huisnummer", "9").want(t, 422, "Het adresboek kent dit adres niet", "Vul de straat in", `name="zelf" value="ja"`)
		b.post(at, "land", "NL", "postcode", "9461 BH", "huisnummer", "9", "zelf", "ja", "straat", "Brink", "plaats", "Gieten").want(t, 200, "Brink 9")
		if a := h.customer(r.CustomerID).Address; a.Checked || a.Number != 9 {
			t.Errorf("kept %+v", a)
		}
		// The same street again, with the book silent: what was meant stays meant.
		h.book.silent = true
		b.post(at, "land", "NL", "postcode", "9461 BH", "huisnummer", "11", "straat", "Brink", "plaats", "Gieten").want(t, 422, "Het adresboek antwoordt niet")
		b.post(at, "land", "NL", "postcode", "9461 BH", "huisnummer", "11", "zelf", "ja", "straat", "Brink", "plaats", "Gieten").want(t, 200, "Brink 11")
		// Nothing changed is no reason to ask anything.
		b.post(at, "land", "NL", "postcode", "9461 BH", "huisnummer", "11").want(t, 200, "Brink 11")
		h.book.silent = false

		b.post(at, "land", "NL", "postcode", "94", "huisnummer", "9").want(t, 422, "Vul een postcode in", `value="94"`)
		b.post(at, "land", "NL", "postcode", "9461 BH").want(t, 422, "Vul een huisnummer in")
		b.post(at, "land", "BE", "postcode", "2000", "huisnummer", "3").want(t, 422, "Buiten Nederland zoeken we geen adressen op", "Vul de straat in", "Vul de plaats in")
		b.post(at, "land", "BE", "postcode", "2000", "huisnummer", "3", "toevoeging", "bus 2", "zelf", "ja", "straat", "Meir", "plaats", "Antwerpen").want(t, 200, "Meir 3 bus 2", "België")

		if acts := h.acts(r.CustomerID, "customer.changed"); len(acts) != 4 || acts[0].Actor != "account:"+r.AccountID {
			t.Errorf("the log holds %+v", acts)
		}
	})
}

func TestTheLibrarysAddressForMailIsNotTheAccounts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/email/" + r.CustomerID
		b.get(at).want(t, 200, `value="zoe@voorbeeld.nl"`, "Je inlogaccount heeft een eigen e-mailadres: zoe@voorbeeld.nl")
		b.post(at, "email", "").want(t, 422, "Vul een e-mailadres in")
		b.post(at, "email", "zoe").want(t, 422, "Vul een e-mailadres in", `value="zoe"`)
		b.post(at, "email", "zoe@gmial.com").want(t, 422, "Bedoel je zoe@gmail.com?", `name="bedoeld" value="zoe@gmial.com"`)
		b.post(at, "email", "zoe@gmial.com", "bedoeld", "zoe@gmial.com").want(t, 200, "Je nieuwe e-mailadres is opgeslagen", "zoe@gmial.com")
		b.post(at, "email", "eva@voorbeeld.nl").want(t, 200, "eva@voorbeeld.nl")
		b.get(at).want(t, 200, "eigen e-mailadres: zoe@voorbeeld.nl")
		// The address that we knew hears of it, once; one to and fro fills nobody's mailbox.
		if n := len(h.letters("registration.email_changed", "zoe@voorbeeld.nl")); n != 1 {
			t.Errorf("%d letters to the old address, want one", n)
		}
		if n := len(h.letters("registration.email_changed", "zoe@gmial.com")); n != 0 {
			t.Errorf("%d letters to the address between, want none", n)
		}
	})
}

func TestTheNewsletterIsSwitchedOnWithItsWordsAndOffWithout(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/nieuwsbrief/" + r.CustomerID
		b.get("").want(t, 200, "Je krijgt geen nieuwsbrief", newsletter.Text(words.NL), "Zet de nieuwsbrief aan")
		b.post(at, "wil", "ja", "versie", "1999-01", "taal", "nl").want(t, 409, "is veranderd")
		// The sign-on vouches for this address, so that no letter has to ask.
		b.post(at, "wil", "ja", "versie", newsletter.TextVersion, "taal", "nl").want(t, 200, "Je krijgt nu de nieuwsbrief op zoe@voorbeeld.nl", "Je krijgt de nieuwsbrief op zoe@voorbeeld.nl").lacks(t, newsletter.Text(words.NL), "Bevestig nog")
		b.post(at, "wil", "nee", "adres", "zoe@voorbeeld.nl").want(t, 200, "De nieuwsbrief staat uit", "Je krijgt geen nieuwsbrief")
		b.get("/nieuwsbrief/"+r.CustomerID+"?taal=en").want(t, 200, newsletter.Text(words.EN))

		// Another address is asked by letter; the old one is stopped by itself.
		b.post(at, "wil", "ja", "versie", newsletter.TextVersion, "taal", "en")
		b.post("/email/"+r.CustomerID, "email", "eva@voorbeeld.nl")
		b.get("/?taal=nl").want(t, 200, "Je krijgt de nieuwsbrief op zoe@voorbeeld.nl", "Wil je de nieuwsbrief op eva@voorbeeld.nl?")
		b.post(at, "wil", "ja", "versie", newsletter.TextVersion, "taal", "nl").want(t, 200, "Bevestig nog je nieuwsbrief: open de mail die we naar eva@voorbeeld.nl sturen", "Kijk in de mail van eva@voorbeeld.nl", "Je krijgt de nieuwsbrief op zoe@voorbeeld.nl").lacks(t, "Je krijgt nu de nieuwsbrief")
		if n := len(h.letters("newsletter.confirm", "eva@voorbeeld.nl")); n != 1 {
			t.Errorf("%d letters ask to confirm, want one", n)
		}
		b.post(at, "wil", "nee", "adres", "zoe@voorbeeld.nl").want(t, 200, "eva@voorbeeld.nl").lacks(t, "Je krijgt de nieuwsbrief op zoe")
		h.do(func(tx *sqldb.Tx) error {
			said, err := newsletter.History(tx, r.CustomerID)
			if first := said[0]; first.TextShown != newsletter.Text(words.NL) || first.Channel != newsletter.Web {
				t.Errorf("the proof holds %+v", first)
			}
			return err
		})
	})
}

func TestAChildNeedsAParentForTheNewsletter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("kim"), h.bind, url.Values{"geboortedatum": {"24-11-2010"}, "ouder": {"Anna"}, "ouderemail": {"anna@voorbeeld.nl"}})
		b := h.as(visitorOf(h, r))
		at := "/nieuwsbrief/" + r.CustomerID
		b.get("").want(t, 200, "jonger dan 16 jaar").lacks(t, "Zet de nieuwsbrief")
		b.post(at, "wil", "ja", "versie", newsletter.TextVersion, "taal", "nl").want(t, 422, "onder de 16 jaar")
		h.pass(24 * time.Hour) // sixteen now
		h.as(visitorOf(h, r)).get("").want(t, 200, "Zet de nieuwsbrief aan")
	})
}

func TestAChildHearsNothingOfMoney(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("kim"), h.bind, url.Values{"geboortedatum": {"1-2-2016"}, "ouder": {"Anna"}, "ouderemail": {"anna@voorbeeld.nl"}})
		b := h.as(visitorOf(h, r))
		b.get("").want(t, 200, "Je hoeft niets te betalen: het is gratis", "<h4>Nu stoppen</h4>", "Stoppen aan het eind").lacks(t, "nog niets", "geld terug")
		b.get("/opzeggen/"+r.MembershipID).want(t, 200, "<h2>Nu stoppen</h2>", "Abonnement beëindigen").lacks(t, "geld terug")
		b.post("/herroepen/" + r.ID)
		b.get("").want(t, 200, "Er zijn geen betalingen").lacks(t, "gratis")
	})
}

func TestTheLoginAccountIsChangedAtItsOwnDoor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		for _, page := range []page{b.get(""), b.get("/wissen/" + r.CustomerID), b.get("/email/" + r.CustomerID)} {
			page.want(t, 200, "Naar je inlogaccount</a>").lacks(t, "Vraag het aan je bibliotheek")
		}
	})
}

func TestAMembershipIsEndedInTwoClicks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/opzeggen/" + r.MembershipID
		b.get("").want(t, 200, `href="/mijn`+at+`">Abonnement beëindigen`)
		b.get(at).want(t, 200, "loopt door tot en met 30 november 2027", "Nu stoppen en € 45,00 terug", "Dit kan tot en met 7 december 2026", "/mijn/herroepen/"+r.ID, "<button").inOrder(t, "Hier de overeenkomst herroepen", ">Abonnement beëindigen</button>")
		b.post(at).want(t, 200, "Je abonnement is opgezegd", "De laatste dag is 30 november 2027", "zoe@voorbeeld.nl").lacks(t, "<button class=\"utrecht")
		b.post(at).want(t, 200, "Je abonnement is opgezegd")
		b.get("").want(t, 200, ">Stopt<", "Je bent nog lid tot en met 30 november 2027", `/lezen/inloggen"`).lacks(t, at)
		if n := len(h.letters("registration.cancelled", "zoe@voorbeeld.nl")); n != 1 {
			t.Errorf("%d letters confirm, want one", n)
		}
		h.clock(time.Date(2027, 12, 1, 9, 0, 0, 0, day.Amsterdam))
		b = h.as(visitorOf(h, r))
		b.get(at).want(t, 200, "al voorbij")
		b.post(at).want(t, 409)
	})
}

func TestAMembershipMadeAtTheDeskIsEndedOnlineToo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		h.clock(time.Date(2027, 12, 1, 9, 0, 0, 0, day.Amsterdam))
		var m membership.Membership
		h.do(func(tx *sqldb.Tx) (err error) {
			c, err := customer.Find(tx, r.CustomerID)
			if err != nil {
				return err
			}
			d, err := membership.Definitions(tx, c.OrganisationID)
			if err != nil {
				return err
			}
			m, err = membership.Start(tx, membership.Beginning{CustomerID: c.ID, Definition: d[1], BranchID: c.BranchID, Start: day.Of(tx.Now), StaffID: "1"})
			return err
		})
		b := h.as(visitorOf(h, r))
		b.get("").want(t, 200, "/mijn/opzeggen/"+m.ID, "Eerdere abonnementen").lacks(t, "/mijn/herroepen/")
		b.get("/opzeggen/"+r.MembershipID).want(t, 404) // the old one cannot be ended again
		b.post("/opzeggen/"+m.ID).want(t, 200, "Je abonnement is opgezegd")
	})
}

// acts are what the log says was done to a customer, newest first.
func (h *house) acts(customerID, act string) (list []audit.Entry) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		all, err := audit.Of(tx, "customer:"+customerID, 100)
		list = nil
		for _, e := range all {
			if e.Act == act {
				list = append(list, e)
			}
		}
		return err
	})
	return list
}
