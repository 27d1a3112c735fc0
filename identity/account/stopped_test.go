package account_test

import (
	"slices"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

// The letter that a removal was stopped says who did, and asks for a new password only
// of whom it could help.
func TestTheLetterSaysWhoStoppedARemoval(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const alarm, step, owner = "deed iemand zich misschien voor als jou", "Was jij het niet die inlogde?", "Was jij het niet die dit tegenhield?"
		for i, it := range []struct {
			stop  func(id string) (bool, error)
			has   string
			lacks []string
		}{
			{func(id string) (bool, error) { return h.stop(id, clerk), nil }, "Een medewerker van de bibliotheek heeft dat gestopt.", []string{alarm, step, owner}},
			{func(id string) (bool, error) { return h.stop(id, "account:"+id), nil }, "met de link in onze mail of vanuit je inlogaccount", []string{step}},
			{func(id string) (stopped bool, err error) {
				h.in(func(tx *sqldb.Tx) error {
					stopped, err = h.StopRemovalByStep(tx, id, "Firefox op Windows")
					return err
				})
				return stopped, err
			}, "Je logde in met je tweede stap (Firefox op Windows).", []string{owner, "Ga dan nog een keer naar de balie"}},
		} {
			name := "zoe" + string(rune('a'+i))
			id := h.active(name, name+"@example.nl", good)
			h.withApp(id)
			h.want(h.askRemoval(id), nil, "asking")
			if stopped, err := it.stop(id); err != nil || !stopped {
				t.Fatalf("stopping: %v, %v", stopped, err)
			}
			m := h.mail(name+"@example.nl", "removal_stopped")
			for _, text := range []string{m.Text, m.HTML} {
				if !strings.Contains(text, it.has) {
					t.Errorf("the letter lacks %q:\n%s", it.has, text)
				}
				for _, lacks := range it.lacks {
					if strings.Contains(text, lacks) {
						t.Errorf("the letter says %q:\n%s", lacks, text)
					}
				}
			}
		}
	})
}

func TestTheOwnerHearsThatALibraryLinkedTheAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.in(func(tx *sqldb.Tx) error { return h.Linked(tx, zoe, "Verre bibliotheken") })
		m := h.mail("zoe@example.nl", "linked")
		for _, text := range []string{m.Text, m.HTML} {
			for _, want := range []string{"Verre bibliotheken is gekoppeld", "zoe.maas", "Heb jij dit niet bevestigd?", "https://inloggen.test/"} {
				if !strings.Contains(text, want) {
					t.Errorf("the letter lacks %q:\n%s", want, text)
				}
			}
		}
		if kinds := h.happenings(zoe); !slices.Contains(kinds, account.EventLinked) {
			t.Errorf("the history says %q", kinds)
		}
	})
}
