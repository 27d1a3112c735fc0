package account_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

func TestTheSubjectOfALetterNamesWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		for what, want := range map[string]string{
			account.EventAppAdded: "Je app met codes staat aan", account.EventAppReplaced: "Je app met codes is vervangen",
			account.EventAppRemoved: "Je app met codes is verwijderd", account.EventPasskeyAdded: "Er is een passkey toegevoegd",
			account.EventPasskeyRemoved: "Er is een passkey verwijderd", account.EventCodesRenewed: "Er zijn nieuwe herstelcodes gemaakt",
			account.EventRecovery: "Er is ingelogd met een herstelcode", account.EventFactorsUndone: "De nieuwe tweede stap is verwijderd",
		} {
			h.pass(time.Minute)
			h.event(zoe, what)
			m := h.mail("zoe@example.nl", "factor")
			if m.Subject != want || !strings.Contains(m.HTML, want+"</h1>") {
				t.Errorf("%s: %q", what, m.Subject)
			}
		}
	})
}

func TestAnAppThatWasReplacedWithoutTheOwnerIsTakenAwayByItsLetter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.pass(30 * 24 * time.Hour)
		h.withApp(zoe)
		h.event(zoe, account.EventAppReplaced)
		if m := h.mail("zoe@example.nl", "factor"); !strings.Contains(m.Text, "De codes van je oude app werken niet meer.") {
			t.Errorf("the letter:\n%s", m.Text)
		}
		h.pass(time.Minute) // letters of one instant have no order
		_, err := h.undoFactor(h.linkIn("zoe@example.nl", "factor"))
		h.want(err, nil, "the link in it")
		if h.means(zoe).App {
			t.Error("the new app is still there")
		}
		if m := h.mail("zoe@example.nl", "factor"); m.Subject != "De nieuwe tweede stap is verwijderd" || !strings.Contains(m.Text, "stel daarna zelf een tweede stap in") {
			t.Errorf("the letter afterwards: %s\n%s", m.Subject, m.Text)
		}
	})
}

func TestAccountsOfOneAddressAreToldApartBySinceWhen(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "familie@example.nl", good)
		h.pass(40 * 24 * time.Hour)
		h.active("sem.maas", "familie@example.nl", good)
		h.pass(time.Hour)
		h.active("noa.maas", "familie@example.nl", good)
		h.want(h.ForgotUsername(t.Context(), h.db, account.Forgotten{Typed: "familie@example.nl", Network: home}), nil, "asking")
		m := h.mail("familie@example.nl", "names")
		for _, want := range []string{"Bind bibliotheken, sinds 23 november 2026: zoe.maas", "sinds zaterdag 2 januari 2027 om 14.05 uur: sem.maas", "sinds zaterdag 2 januari 2027 om 15.05 uur: noa.maas"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("the letter lacks %q:\n%s", want, m.Text)
			}
		}
		if !strings.Contains(m.HTML, "Bind bibliotheken, sinds 23 november 2026") {
			t.Errorf("the HTML part:\n%s", m.HTML)
		}
	})
}

func TestAnAddressThatOthersUseIsNoNameToSignInWith(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.active("sem.maas", "familie@example.nl", good)
		h.want(h.move(zoe, "alleen@example.nl", false), nil, "an address of one's own")
		if m := h.mail("alleen@example.nl", "email"); strings.Contains(m.Text, "log in met je gebruikersnaam") {
			t.Errorf("nobody else has it:\n%s", m.Text)
		}
		h.want(h.move(zoe, "familie@example.nl", false), nil, "that of the family")
		m := h.mail("familie@example.nl", "email")
		for part, text := range map[string]string{"text": m.Text, "html": m.HTML} {
			if !strings.Contains(text, "log in met je gebruikersnaam") {
				t.Errorf("the %s part:\n%s", part, text)
			}
		}
		h.want(h.confirmEmail(h.linkIn("familie@example.nl", "email")), nil, "confirming it")
		h.want(h.enter("familie@example.nl", good), account.ErrSignIn, "an address of two")
		h.want(h.enter("zoe.maas", good), nil, "the name")
		old := h.mail("zoe@example.nl", "email_changed").Text
		if !strings.Contains(old, "f…@e….nl") || strings.Contains(old, "familie") {
			t.Errorf("the letter to the old address:\n%s", old)
		}
	})
}

func TestLettersComeInTheLanguageThatTheOwnerUses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe, sem := h.active("zoe.maas", "zoe@example.nl", good), h.active("sem.maas", "sem@example.nl", good)
		for _, lang := range []words.Lang{words.EN, words.EN, words.NL} {
			h.pass(time.Hour)
			h.in(func(tx *sqldb.Tx) error { return account.Speak(tx, zoe, lang) })
			h.want(h.forgot("zoe.maas"), nil, "asking")
			if m := h.mail("zoe@example.nl", "reset"); m.Lang != lang {
				t.Errorf("the letter is in %s, want %s", m.Lang, lang)
			}
		}
		if l := h.find(sem).Lang; l != words.NL {
			t.Errorf("somebody else's letters are in %s", l)
		}
	})
}

func TestTwoDevicesOfOneNameAreToldApartBySinceWhen(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		began := h.db.Now()
		var first secret.Token
		arrive := func(device secret.Token) (token secret.Token) {
			acc := h.find(zoe)
			h.in(func(tx *sqldb.Tx) (err error) { token, err = h.Arrive(tx, acc, device, firefox); return err })
			h.pass(time.Hour)
			return token
		}
		first = arrive("")
		arrive("")
		arrive(first)
		h.in(func(tx *sqldb.Tx) error {
			list, err := h.Devices(tx, zoe, first)
			if err != nil || len(list) != 2 || !list[0].This || !list[0].Since.Equal(began) || !list[1].Since.Equal(began.Add(time.Hour)) {
				t.Errorf("devices %+v, %v", list, err)
			}
			return nil
		})
	})
}
