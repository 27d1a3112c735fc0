package registration_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/enrol"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

// says checks both parts of a letter. A part never shows an empty label, nor a
// number of cents or a date that nobody wrote out.
func says(t *testing.T, m outbox.Mail, parts ...string) {
	t.Helper()
	html := strings.NewReplacer("&#39;", "'", "&amp;", "&").Replace(m.HTML)
	for _, p := range parts {
		if !strings.Contains(m.Text, p) {
			t.Errorf("the text of %s lacks %q:\n%s", m.Kind, p, m.Text)
		}
		if !strings.Contains(html, p) {
			t.Errorf("the page of %s lacks %q:\n%s", m.Kind, p, html)
		}
	}
	for _, wrong := range []string{"<no value>", "%!", "januari 1 ", "January 1 ", "€\u00a00,00", "\n\n\n\n", "<br></p>"} {
		if strings.Contains(m.Text, wrong) || strings.Contains(html, wrong) {
			t.Errorf("%s says %q:\n%s\n%s", m.Kind, wrong, m.Text, html)
		}
	}
}

func silent(t *testing.T, m outbox.Mail, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(m.Text, p) || strings.Contains(m.HTML, p) {
			t.Errorf("%s says %q:\n%s", m.Kind, p, m.Text)
		}
	}
}

// TestTheContractIsConfirmedOnADurableMedium goes through what BW 6:230m and
// 6:230v ask of the letter.
func TestTheContractIsConfirmedOnADurableMedium(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		m := w.letter("registration.contract")
		if m.To != w.emma.Email || m.FromName != "Bind bibliotheken" || m.Headers["Reply-To"] != "hulp@bind.example" || m.Subject != "Je bent nu lid van Bind bibliotheken" {
			t.Errorf("to %s from %s, %v: %s", m.To, m.FromName, m.Headers, m.Subject)
		}
		b := w.bill(r.ID)
		says(t, m,
			b.Customer, "emma", "https://lezen.example/inloggen", // what you do with it
			"Digital only", "E-books en luisterboeken", // the main features
			"€\u00a045,00", "iDEAL | Wero", "maandag 23 november 2026 om 09.30 uur", // price and payment
			"23 november 2026", "30 november 2027", // the term
			"We verlengen het niet uit onszelf", // and its end
			"Abonnement beëindigen", "https://mijn.example/",
			"14 dagen", "tot en met", "7 december 2026", "Hier de overeenkomst herroepen", "https://mijn.example/herroepen", "Handtekening", // withdrawing, with the model form
			"Brink 1, 9401 HS Assen", "KvK 12345678", "hulp@bind.example", "0592 00 00 00", "https://bind.example/", "klacht", // who we are
			"https://mijn.example/bon/"+r.ID,
		)
		silent(t, m, "Korting", "gratis", "nieuwsbrief", "aan de balie")
	})
}

// TestWhatOneNeedsComesBeforeWhatTheLawAsks is for who reads it on a phone.
func TestWhatOneNeedsComesBeforeWhatTheLawAsks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member(w.emma, "0141", tester)
		m := w.letter("registration.contract")
		for part, text := range map[string]string{"text": m.Text, "page": m.HTML} {
			at := 0
			for _, next := range []string{"Je bent nu lid", "emma", "https://lezen.example/inloggen", "45,00", "30 november 2027", "14 dagen", "https://mijn.example/herroepen", "Groeten", "Eerder opzeggen", "KvK 12345678", "Handtekening"} {
				i := strings.Index(text[at:], next)
				if i < 0 {
					t.Fatalf("the %s has no %q after the others:\n%s", part, next, text)
				}
				at += i
			}
		}
	})
}

// TestTheContractTellsHowTheNewsletterStands: a mailbox that the login account
// proved needs no second letter, another does.
func TestTheContractTellsHowTheNewsletterStands(t *testing.T) {
	for name, c := range map[string]struct{ email, says, silent string }{
		"of the login account": {"", "Je krijgt ook de nieuwsbrief", "aparte mail"},
		"another":              {"tester@example.nl", "Daarover krijg je een aparte mail", "Je krijgt ook"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.member(w.emma, "0141", func(a enrol.Application) enrol.Application {
					a = tester(a)
					a.Newsletter = enrol.Yes
					if c.email != "" {
						a.Email = c.email
					}
					return a
				})
				m := w.letter("registration.contract")
				says(t, m, c.says)
				silent(t, m, c.silent)
				if asked := len(w.letters("newsletter.confirm")); asked != strings.Count(c.says, "aparte mail") {
					t.Errorf("%d letters ask to confirm", asked)
				}
			})
		})
	}
}

func TestALetterGreetsByTheFirstName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", func(a enrol.Application) enrol.Application {
			a = tester(a)
			a.GivenName = "Sem"
			return a
		})
		w.do(func(tx *sqldb.Tx) error {
			if _, err := w.office.Cancel(tx, w.lib, r.CustomerID, r.MembershipID, words.NL); err != nil {
				return err
			}
			_, err := w.office.Withdraw(tx, w.lib, r, "account:x", words.NL)
			return err
		})
		w.settleRefunds()
		for _, kind := range []string{"contract", "cancelled", "withdrawal", "repaid"} {
			says(t, w.letter("registration."+kind), "Hallo Sem,")
		}
	})
}

func TestAFreeMembershipIsConfirmedWithoutMoney(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member(w.emma, "0090", func(a enrol.Application) enrol.Application {
			a = tester(a)
			a.Newsletter, a.Lang = enrol.Yes, string(words.EN)
			return a
		})
		m := w.letter("registration.contract")
		if m.Lang != words.EN {
			t.Errorf("in %s", m.Lang)
		}
		says(t, m, "Trial membership", "free", "newsletter", "at the desk")
		silent(t, m, "€", "Paid", "money back", "separate e-mail")
	})
}

func TestALibraryThatTellsLittleLeavesNoHoles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.do(func(tx *sqldb.Tx) (err error) {
			w.lib, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"})
			return err
		})
		w.member(w.emma, "0141", tester)
		m := w.letter("registration.contract")
		says(t, m, "Heb je een vraag of een klacht? Kom naar de balie.")
		silent(t, m, "E-mail:", "Telefoon:", "Website:", "KvK")
		if len(m.Headers) != 0 {
			t.Errorf("headers %v", m.Headers)
		}
	})
}

func TestTheParentOfAChildIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", child)
		m := w.letter("registration.guardian")
		if m.To != "anna@example.nl" {
			t.Errorf("to %s", m.To)
		}
		says(t, m, "Hallo Anna Tester", "L. Tester", "Digital only", "gratis", "30 november 2027", "7 december 2026", w.bill(r.ID).Customer, "https://mijn.example/herroepen", "hulp@bind.example")
		silent(t, m, "€")
		m = w.letter("registration.contract")
		says(t, m, "Hallo L. Tester", "gratis", "Hier de overeenkomst herroepen", "met een brief of een mail")
		silent(t, m, "Modelformulier", "Handtekening")
	})
}

func TestMoneyWithoutUseIsExplained(t *testing.T) {
	for _, c := range []struct {
		name    string
		between func(*world, registration.Registration)
		says    string
		again   bool
	}{
		{"somebody else became this member meanwhile", func(w *world, _ registration.Registration) {
			w.member(w.visitor("other", "other@example.nl"), "0141", tester)
		}, "De bibliotheek kijkt ernaar", true},
		{"the order costs something else", func(w *world, r registration.Registration) {
			w.do(func(tx *sqldb.Tx) error {
				if err := w.office.Stop(tx, r); err != nil {
					return err
				}
				r.App.Membership = "0091"
				_, err := registration.Keep(tx, r, r.App)
				return err
			})
		}, "was veranderd", true},
		{"the form was thrown away", func(w *world, r registration.Registration) {
			w.do(func(tx *sqldb.Tx) error {
				if err := w.office.Stop(tx, r); err != nil {
					return err
				}
				return registration.Drop(tx, r)
			})
		}, "was er niet meer", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.complete(w.emma, "0141", tester)
				res, err := w.order(w.emma)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.cashier.Checkout(t.Context(), res.PaymentID); err != nil {
					t.Fatal(err)
				}
				c.between(w, w.found(res.Registration.ID))
				w.bank.pay(res.PaymentID, w.Now())
				if _, err := w.cashier.Look(t.Context(), res.PaymentID); err != nil {
					t.Fatal(err)
				}
				m := w.letter("registration.surplus")
				if m.To != w.emma.Email {
					t.Errorf("to %s", m.To)
				}
				says(t, m, c.says, "€\u00a045,00", "vanzelf terug", "https://lid.example/inschrijven/bind")
				silent(t, m, "registration.")
			})
		})
	}
}

func TestAWithdrawalGetsAReceiptAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		number := w.bill(r.ID).Customer
		declare := func(s registration.Statement) outbox.Mail {
			t.Helper()
			w.pass(2 * time.Hour)
			w.do(func(tx *sqldb.Tx) error {
				_, err := w.office.Declare(tx, w.lib, s, "192.0.2.0", words.NL)
				return err
			})
			return w.letters("registration.withdrawal")[0]
		}
		mine := registration.Statement{Number: number, Name: "Tester", Email: w.emma.Email}
		for _, c := range []struct {
			what      string
			statement registration.Statement
			says      []string
		}{
			{"a stranger's", registration.Statement{Number: "123", Name: "Niemand", Email: "niemand@example.nl"}, []string{"geen overeenkomst vinden", "binnen 14 dagen", "123", "Niemand", "niemand@example.nl"}},
			{"the first", mine, []string{"ongedaan gemaakt", "Digital only", "€\u00a045,00", "binnen 14 dagen", number, "Tester", w.emma.Email}},
			{"the second", mine, []string{"was al herroepen", number}},
		} {
			m := declare(c.statement)
			if m.To != c.statement.Email {
				t.Errorf("%s: to %s", c.what, m.To)
			}
			says(t, m, append(c.says, day.Moment(w.Now(), words.NL))...)
		}
		w.settleRefunds()
		says(t, w.letter("registration.repaid"), "€\u00a045,00", "iDEAL | Wero")
	})
}

func TestAWithdrawalTooLateIsToldHowToCancel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.at(r.WithdrawUntil.AddDays(1).Start())
		w.do(func(tx *sqldb.Tx) error {
			_, err := w.office.Withdraw(tx, w.lib, r, "account:x", words.NL)
			return err
		})
		m := w.letter("registration.withdrawal")
		says(t, m, "7 december 2026", "loopt daarom door", "Abonnement beëindigen", "https://mijn.example/")
		silent(t, m, "€", "ongedaan")
	})
}

func TestCancellingIsConfirmed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.pass(30 * 24 * time.Hour)
		for range 2 { // asked again it is confirmed once
			w.do(func(tx *sqldb.Tx) error {
				_, err := w.office.Cancel(tx, w.lib, r.CustomerID, r.MembershipID, words.NL)
				return err
			})
		}
		says(t, w.letter("registration.cancelled"), "Digital only", "30 november 2027", "Je betaalt niets meer")
	})
}

func TestAMemberHearsThatTheirNameWasTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		stranger := w.visitor("stranger", "stranger@example.nl")
		double := w.complete(stranger, "0141", tester)
		if _, err := w.order(stranger); err == nil {
			t.Fatal("a second member of the same name, birth date and house was taken in")
		}
		for range 16 {
			w.do(func(tx *sqldb.Tx) error { return w.office.TellKnown(tx, double) })
		}
		list := w.letters("registration.known")
		if len(list) < 1 || len(list) > 2 {
			t.Fatalf("a stranger who went on sent %d letters", len(list))
		}
		m := list[0]
		if m.To != w.emma.Email {
			t.Errorf("to %s", m.To)
		}
		says(t, m, "E.B. Tester", w.bill(r.ID).Customer, "emma", "https://lezen.example/inloggen", "wachtwoord", "hoef je niets te doen")
		silent(t, m, "stranger")
	})
}

func TestEveryLetterSpeaksBothLanguages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i, lang := range words.Langs {
			w.pass(time.Minute) // so that the newest letter is this one's
			v := w.visitor("v"+string(lang), "v"+string(lang)+"@example.nl")
			v.Lang = lang
			w.complete(v, "0141", func(a enrol.Application) enrol.Application {
				a = tester(a)
				a.Surname = "Tester" + string(rune('a'+i)) + "enzo"
				return a
			})
			res, err := w.order(v)
			if err != nil {
				t.Fatal(err)
			}
			if p := w.pay(res.PaymentID); p.State != payment.Paid {
				t.Fatal(p.State)
			}
			r := w.found(res.Registration.ID)
			if r.State != registration.Member {
				t.Fatalf("%s: %s", lang, r.State)
			}
			w.pass(time.Minute)
			w.do(func(tx *sqldb.Tx) error {
				if _, err := w.office.Cancel(tx, w.lib, r.CustomerID, r.MembershipID, lang); err != nil {
					return err
				}
				_, err := w.office.Withdraw(tx, w.lib, r, "account:x", lang)
				return err
			})
			for _, kind := range []string{"contract", "cancelled", "withdrawal"} {
				if m := w.letters("registration." + kind)[0]; m.Lang != lang || m.To != v.Email {
					t.Errorf("%s in %s to %s", kind, m.Lang, m.To)
				} else {
					says(t, m, "Digital only")
				}
			}
		}
	})
}
