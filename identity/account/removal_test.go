package account_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

const clerk = "staff:ANJA"

// withApp gives an account an app with codes and ten recovery codes.
func (h *house) withApp(id string) {
	h.t.Helper()
	owner := factor.Owner("account:" + id)
	h.in(func(tx *sqldb.Tx) error {
		o, err := factor.OfferApp(tx, owner, "Bind", "zoe")
		if err != nil {
			return err
		}
		code, err := factor.CodeAt(o.Key, tx.Now)
		if err == nil {
			err = factor.ConfirmApp(tx, owner, code)
		}
		if err == nil {
			_, err = factor.RenewRecovery(tx, owner)
		}
		return err
	})
}

func (h *house) means(id string) (s factor.State) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) { s, err = factor.StateOf(tx, factor.Owner("account:"+id)); return err })
	return s
}

func (h *house) askRemoval(id string) error {
	return h.try(func(tx *sqldb.Tx) error {
		_, err := h.AskRemoval(tx, account.Removal{AccountID: id, Library: "Verre bibliotheken", About: "ZOE", Phone: "0592 123456", AskedBy: clerk})
		return err
	})
}

// due does the job, and returns whose sessions it ended.
func (h *house) due() (ended []string) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) error {
		ended = nil
		return h.RemoveDue(tx, func(_ *sqldb.Tx, acc account.Account) error {
			ended = append(ended, acc.ID)
			return nil
		})
	})
	return ended
}

func (h *house) stop(id, by string) (stopped bool) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) { stopped, err = h.StopRemoval(tx, id, by, firefox); return err })
	return stopped
}

func (h *house) stopByLink(token secret.Token) error {
	return h.try(func(tx *sqldb.Tx) error { return h.StopRemovalByLink(tx, token, firefox) })
}

func (h *house) lookRemoval(token secret.Token) (r account.Removal, err error) {
	err = h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error { _, r, err = h.LookRemoval(tx, token); return err })
	return r, err
}

// happenings are the kinds in the history of an account, the newest first.
func (h *house) happenings(id string) (kinds []string) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) error {
		list, err := h.History(tx, id)
		kinds = nil
		for _, e := range list {
			kinds = append(kinds, e.Kind)
		}
		return err
	})
	return kinds
}

func TestALostSecondStepIsTakenAwayADayAfterTheDeskAsked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe, out := h.active("zoe.maas", "zoe@example.nl", good), h.active("zonder", "zonder@example.nl", good)
		h.want(h.askRemoval(zoe), account.ErrNoSecondStep, "without a second step")
		h.want(h.askRemoval("nobody"), account.ErrNoAccount, "an account that is no more")
		h.withApp(zoe)
		h.want(h.askRemoval(zoe), nil, "asking")
		h.want(h.askRemoval(zoe), account.ErrRemovalAsked, "asking twice")
		if m := h.mail("zoe@example.nl", "removal_asked"); !strings.Contains(m.Text, "Vandaag is aan de balie van Verre bibliotheken gevraagd") || !strings.Contains(m.Text, "Het nummer van Verre bibliotheken is 0592 123456.") || !strings.Contains(m.Text, "dinsdag 24 november 2026 om 14.05 uur") {
			t.Errorf("the letter does not say who asked, and when it happens:\n%s", m.Text)
		}
		h.pass(account.RemovalWait - time.Microsecond)
		if ended := h.due(); ended != nil || !h.means(zoe).App {
			t.Fatalf("before its time: %v", ended)
		}
		h.pass(time.Microsecond)
		if ended := h.due(); !slices.Equal(ended, []string{zoe}) {
			t.Fatalf("when due the sessions of %v ended", ended)
		}
		if s := h.means(zoe); s.Any() || s.Recovery != 0 {
			t.Errorf("left: %+v", s)
		}
		if ended := h.due(); ended != nil {
			t.Errorf("done twice: %v", ended)
		}
		h.want(h.enter("zoe.maas", good), nil, "the password works as ever")
		if m := h.mail("zoe@example.nl", "removal_done"); !strings.Contains(m.Text, "Stel daarna meteen weer een tweede stap in") || !strings.Contains(m.Text, "/aanmelden") {
			t.Errorf("the letter afterwards:\n%s", m.Text)
		}
		h.in(func(tx *sqldb.Tx) error {
			list, err := h.Removals(tx, zoe)
			if len(list) != 1 || !list[0].Done || list[0].Waits() || list[0].AskedBy != clerk || list[0].EndedBy != "job" {
				t.Errorf("what is told of it: %+v", list)
			}
			acts, err2 := audit.Of(tx, "account:"+zoe, 20)
			for _, want := range []string{"account.removal_asked", "account.removal_done", "factor.removed_all"} {
				if !slices.ContainsFunc(acts, func(e audit.Entry) bool { return e.Act == want }) {
					t.Errorf("the log lacks %s", want)
				}
			}
			return errFirst(err, err2)
		})
		if kinds := h.happenings(zoe); !slices.Contains(kinds, account.EventRemovalAsked) || !slices.Contains(kinds, account.EventRemovalDone) {
			t.Errorf("the history: %v", kinds)
		}
		h.pass(account.HistoryLife)
		h.in(h.Expire)
		h.in(func(tx *sqldb.Tx) error {
			if list, err := h.Removals(tx, zoe); err != nil || len(list) != 0 {
				t.Errorf("kept longer than the history: %+v, %v", list, err)
			}
			return nil
		})
		if kinds := h.happenings(out); slices.Contains(kinds, account.EventRemovalDone) {
			t.Error("somebody else lost a second step")
		}
	})
}

func errFirst(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestTheOwnerStopsARemovalByTheLinkOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.want(h.askRemoval(zoe), nil, "asking")
		token := h.linkIn("zoe@example.nl", "removal_asked")
		for range 2 { // looking changes nothing
			if r, err := h.lookRemoval(token); err != nil || r.Library != "Verre bibliotheken" {
				t.Fatalf("LookRemoval: %+v, %v", r, err)
			}
		}
		if won := sixteen(func() error { return h.stopByLink(token) }); won != 1 {
			t.Errorf("%d of sixteen stopped it", won)
		}
		_, err := h.lookRemoval(token)
		h.want(err, account.ErrRemovalOver, "looking at a link that was used")
		if n := h.lettersOf("removal_stopped"); n != 1 {
			t.Errorf("%d letters that it was stopped", n)
		}
		h.pass(account.RemovalWait)
		if ended := h.due(); ended != nil || !h.means(zoe).App {
			t.Error("what was stopped was done")
		}

		// A week later it may be asked again; the old link does nothing to the new one.
		h.pass(account.RemovalRest)
		h.want(h.askRemoval(zoe), nil, "asking again")
		h.want(h.stopByLink(token), account.ErrRemovalNewer, "the old link")
		_, err = h.lookRemoval(token)
		h.want(err, account.ErrRemovalNewer, "looking at the old link")
		if !h.stop(zoe, clerk) || h.stop(zoe, clerk) {
			t.Error("the desk stops it once")
		}
		h.want(h.stopByLink(h.linkIn("zoe@example.nl", "removal_asked")), account.ErrRemovalOver, "the link after the desk")
	})
}

func TestAnAddressThatCanStillBeUndoneHearsOfARemovalToo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.want(h.move(zoe, "vreemde@example.nl", false), nil, "another address")
		h.want(h.confirmEmail(h.linkIn("vreemde@example.nl", "email")), nil, "confirming it")
		h.want(h.askRemoval(zoe), nil, "asking")
		if n := h.lettersOf("removal_asked"); n != 2 {
			t.Errorf("%d letters, want one to each address", n)
		}
		h.want(h.stopByLink(h.linkIn("zoe@example.nl", "removal_asked")), nil, "stopping it from the old address")
		h.pass(max(account.EmailUndoLife, account.RemovalRest))
		h.want(h.askRemoval(zoe), nil, "asking a week later")
		if n := h.lettersOf("removal_asked"); n != 3 {
			t.Errorf("%d letters: the old address has nothing to say after a week", n)
		}
	})
}

func TestOfSixteenWishesToRemoveOneWaits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		if won := sixteen(func() error { return h.askRemoval(zoe) }); won != 1 {
			t.Errorf("%d of sixteen were taken", won)
		}
		if n := h.lettersOf("removal_asked"); n != 1 {
			t.Errorf("%d letters", n)
		}
	})
}

func TestStoppingAndDoingAtOnceEndInOneOfThem(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.want(h.askRemoval(zoe), nil, "asking")
		h.pass(account.RemovalWait)
		var stopped, done atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				if i%2 == 0 {
					if h.stop(zoe, clerk) {
						stopped.Add(1)
					}
					return
				}
				done.Add(int32(len(h.due())))
			})
		}
		all.Wait()
		if stopped.Load()+done.Load() != 1 {
			t.Errorf("stopped %d times and done %d times", stopped.Load(), done.Load())
		}
		if kept := h.means(zoe).App; kept != (stopped.Load() == 1) {
			t.Errorf("stopped %d times, and the app is there: %v", stopped.Load(), kept)
		}
	})
}

func TestWhoMindsASecondStepMeanwhileStopsTheRemoval(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		for what, stops := range map[string]bool{
			account.EventPasskeyAdded: true, account.EventAppRemoved: true, account.EventCodesRenewed: true,
			account.EventGuessed: false, account.EventFactorsUndone: false,
		} {
			h.pass(account.RemovalRest)
			h.want(h.askRemoval(zoe), nil, "asking")
			h.event(zoe, what)
			if waits := h.stop(zoe, clerk); waits == stops {
				t.Errorf("after %s it waits: %v", what, waits)
			}
		}
	})
}

// A no of the owner slows the desk down: who came with a false document comes again.
func TestAfterTheOwnersNoNobodyAsksForAWeekUnlessAManagerInsists(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.want(h.askRemoval(zoe), nil, "asking")
		h.stop(zoe, clerk)
		if h.kept.Load() != 0 {
			t.Error("the library hears of its own no")
		}
		h.want(h.askRemoval(zoe), nil, "asking after the desk took it back")
		h.stop(zoe, "account:"+zoe)
		if h.kept.Load() != 1 {
			t.Errorf("the library heard %d times of the owner's no", h.kept.Load())
		}
		h.want(h.askRemoval(zoe), account.ErrRemovalRests, "asking after the owner's no")
		h.pass(account.RemovalRest - time.Microsecond)
		h.want(h.askRemoval(zoe), account.ErrRemovalRests, "in the last microsecond of the week")
		h.want(h.try(func(tx *sqldb.Tx) error {
			_, err := h.AskRemoval(tx, account.Removal{AccountID: zoe, Library: "Verre bibliotheken", AskedBy: clerk, Insists: true})
			return err
		}), nil, "a manager insists")
		h.stop(zoe, clerk)
		h.pass(time.Microsecond)
		h.want(h.askRemoval(zoe), nil, "a week later")
	})
}

func TestADeskThatAsksAndStopsInARowFillsNoMailbox(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		for range 15 {
			if err := h.askRemoval(zoe); err != nil {
				h.want(err, account.ErrManyRemovals, "asking too often")
			}
			h.stop(zoe, clerk)
		}
		if n := h.lettersOf("removal_asked"); n < 3 || n > 4 {
			t.Errorf("%d letters", n)
		}
	})
}

// Nobody at a desk would see it any more, or could stop it.
func TestARemovalEndsWhenTheLibraryLetGoOfTheAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.want(h.askRemoval(zoe), nil, "asking")
		h.unlinked.Store(true)
		h.pass(account.RemovalWait)
		if ended := h.due(); ended != nil || !h.means(zoe).App {
			t.Errorf("done for a customer who is gone: %v", ended)
		}
		if n := h.lettersOf("removal_stopped"); n != 1 {
			t.Errorf("%d letters that the second step stays", n)
		}
		h.unlinked.Store(false)
		h.due()
		if !h.means(zoe).App {
			t.Error("done after all")
		}
	})
}

func TestADeletedAccountWaitsForNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.want(h.askRemoval(zoe), nil, "asking")
		h.want(h.Delete(t.Context(), h.db, zoe, account.Attempt{Password: good, Network: home}, nil), nil, "deleting")
		h.pass(account.RemovalWait)
		if ended := h.due(); ended != nil {
			t.Errorf("done all the same: %v", ended)
		}
	})
}

func TestTheLettersAboutARemovalAreWholeInBothLanguages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, lang := range words.Langs {
			to := string(lang) + "@example.nl"
			id := h.active("zoe."+string(lang), to, good)
			h.in(func(tx *sqldb.Tx) error {
				_, err := tx.Exec(`UPDATE account SET lang = $1 WHERE id = $2`, string(lang), id)
				return err
			})
			h.withApp(id)
			h.want(h.askRemoval(id), nil, "asking")
			h.stop(id, clerk)
			h.want(h.askRemoval(id), nil, "asking again")
			h.pass(account.RemovalWait)
			h.due()
			for _, kind := range []string{"removal_asked", "removal_stopped", "removal_done"} {
				m := h.mail(to, kind)
				for part, text := range map[string]string{"text": m.Text, "html": m.HTML} {
					for _, want := range []string{"zoe." + string(lang), "Verre bibliotheken", "https://inloggen.test/"} {
						if !strings.Contains(text, want) {
							t.Errorf("%s %s, %s part lacks %q", lang, kind, part, want)
						}
					}
				}
				if m.Lang != lang {
					t.Errorf("%s to %s is in %s", kind, to, m.Lang)
				}
			}
		}
	})
}
