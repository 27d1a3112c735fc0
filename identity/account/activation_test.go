package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

func TestAnActivationLinkLives24HoursToTheSecond(t *testing.T) {
	for _, night := range []struct {
		name         string
		mailed       time.Time
		until, dutch string
	}{
		{"an ordinary night", time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC), "", "dinsdag 24 november 2026 om 14.05 uur"},
		{"the clocks go forward", time.Date(2026, 3, 28, 13, 5, 0, 0, time.UTC), "", "zondag 29 maart 2026 om 15.05 uur"},
		{"the clocks go back", time.Date(2026, 10, 24, 12, 5, 0, 0, time.UTC), "", "zondag 25 oktober 2026 om 13.05 uur"},
		{"into the doubled hour", time.Date(2026, 10, 24, 0, 30, 0, 0, time.UTC), "", "zondag 25 oktober 2026 om 02.30 uur (zomertijd)"},
	} {
		t.Run(night.name, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				h.at(night.mailed)
				_, until := h.open("25280000001233", "zoe@example.nl")
				if !until.Equal(night.mailed.Add(24 * time.Hour)) {
					t.Errorf("works until %v", until)
				}
				if text := h.mail("zoe@example.nl", "activation").Text; !strings.Contains(text, "tot "+night.dutch) {
					t.Errorf("the letter says:\n%s\nwant %q", text, night.dutch)
				}
				token := h.link("zoe@example.nl")
				h.at(night.mailed.Add(24*time.Hour - time.Second))
				if _, err := h.look(token); err != nil {
					t.Errorf("in its last second: %v", err)
				}
				h.at(night.mailed.Add(24 * time.Hour))
				_, err := h.look(token)
				h.want(err, account.ErrLinkExpired, "Look after 24 hours")
				h.want(h.confirm(token), account.ErrLinkExpired, "Confirm after 24 hours")
				h.want(h.activate(token, good), account.ErrLinkExpired, "Activate after 24 hours")
				h.at(night.mailed.Add(24*time.Hour - time.Second))
				h.want(h.confirm(token), nil, "Confirm in its last second")
				h.want(h.activate(token, good), nil, "Activate in its last second")
			})
		})
	}
}

func TestALinkSaysWhatItIsGoodForAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		for range 3 { // the mail scanner, the preview, the owner
			link, err := h.look(token)
			if err != nil || link.Confirmed || link.Account.Username != "25280000001233" || link.Account.Email != "zoe@example.nl" {
				t.Fatalf("Look = %+v, %v", link, err)
			}
		}
		for _, wrong := range []secret.Token{"", "x", token + "x", token[1:], secret.Token(strings.ToLower(string(token)))} {
			_, err := h.look(wrong)
			h.want(err, account.ErrLinkUnknown, "Look "+string(wrong))
		}
		h.want(h.activate(token, good), account.ErrConfirmFirst, "a password before the button")
		h.want(h.confirm(token), nil, "Confirm")
		if link, err := h.look(token); err != nil || !link.Confirmed {
			t.Errorf("after the button: %+v, %v", link, err)
		}
		h.want(h.activate(token, "te kort"), password.ErrShort, "a short password")
		h.want(h.activate(token, "25280000001233"), password.ErrPersonal, "the username as password")
		h.want(h.activate(token, "Bind bibliotheken 1"), password.ErrPersonal, "the library as password")
		h.want(h.activate(token, good), nil, "a good password after poor ones")
		_, err := h.look(token)
		h.want(err, account.ErrLinkUsed, "the same link again")
		h.want(h.activate(token, other), account.ErrLinkUsed, "another password by the same link")
		h.want(h.confirm(token), account.ErrLinkUsed, "Confirm again")
		if m := h.mail("zoe@example.nl", "activated"); !strings.Contains(m.Text, "https://lezen.test/") || !strings.Contains(m.Text, "25280000001233") {
			t.Errorf("the welcome: %+v", m)
		}
	})
}

// Closing the browser between the button and the password strands nobody: the
// link goes on for what is left of the 24 hours.
func TestWhoClosesTheBrowserComesBackByTheSameLink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, until := h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		h.pass(time.Hour)
		h.want(h.confirm(token), nil, "Confirm")
		h.at(until.Add(-time.Second))
		h.in(h.Expire)
		h.want(h.activate(token, good), nil, "23 hours later")
	})
}

func TestWhoConfirmsInTimeMayFinishThePassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, until := h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		last := until.Add(-time.Second)
		h.at(last)
		h.want(h.confirm(token), nil, "Confirm in the last second")
		h.pass(account.PasswordTime - time.Second)
		h.in(h.Expire)
		h.want(h.confirm(token), nil, "the button again, which gives no more time")
		if link, err := h.look(token); err != nil || !link.Account.Until.Equal(last.Add(account.PasswordTime)) {
			t.Errorf("Look = %+v, %v", link, err)
		}
		h.at(last.Add(account.PasswordTime))
		h.want(h.activate(token, good), account.ErrLinkExpired, "after that time")
		h.at(last.Add(account.PasswordTime - time.Second))
		h.want(h.activate(token, good), nil, "in the last second of that time")
	})
}

func TestSixteenActivationsOfOneLinkSetOnePassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		if won := sixteen(func() error { return h.confirm(token) }); won != 16 {
			t.Errorf("%d of 16 presses on the button went well; it may be pressed twice", won)
		}
		if won := sixteen(func() error { return h.activate(token, good) }); won != 1 {
			t.Errorf("%d got in with one link, want 1", won)
		}
		if h.mails() != 2 {
			t.Errorf("%d letters, want the link and one welcome", h.mails())
		}
	})
}

// A link is dead from the moment that a newer one was mailed, also when its
// owner is choosing a password at that moment.
func TestANewLinkKillsTheOldOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, first := h.open("25280000001233", "zoe@example.nl")
		old := h.link("zoe@example.nl")
		h.want(h.confirm(old), nil, "Confirm")
		h.pass(time.Hour)
		var until time.Time
		h.in(func(tx *sqldb.Tx) (err error) { until, err = h.Resend(tx, id, ""); return err })
		if !until.Equal(first.Add(time.Hour)) {
			t.Errorf("the 24 hours did not begin again: %v after %v", until, first)
		}
		_, err := h.look(old)
		h.want(err, account.ErrLinkReplaced, "the old link")
		h.want(h.activate(old, good), account.ErrLinkReplaced, "a password by the old link")
		fresh := h.link("zoe@example.nl")
		h.want(h.activate(fresh, good), account.ErrConfirmFirst, "the new link begins at the button")
		h.want(h.confirm(fresh), nil, "Confirm")
		h.want(h.activate(fresh, good), nil, "Activate")
		err = h.try(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, ""); return err })
		h.want(err, account.ErrActive, "a new link for an active account")
	})
}

func TestSixteenNewLinksLeaveOneThatWorks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open("25280000001233", "zoe@example.nl")
		sixteen(func() error {
			return h.try(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, ""); return err })
		})
		var living int
		h.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(*) FROM account_link WHERE replaced_at IS NULL`, nil, &living)
			return err
		})
		if living != 1 {
			t.Errorf("%d links live, want 1", living)
		}
	})
}

func TestAWaitingAccountMovesToAnotherAddress(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open("25280000001233", "zeo@example.nl")
		wrong := h.link("zeo@example.nl")
		h.in(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, "zoe@example.nl"); return err })
		_, err := h.look(wrong)
		h.want(err, account.ErrLinkReplaced, "the link at the wrong address")
		link, err := h.look(h.link("zoe@example.nl"))
		if err != nil || link.Account.Email != "zoe@example.nl" {
			t.Errorf("the new link: %+v, %v", link, err)
		}
		for _, bad := range []string{"zoe", "zoe@", "@example.nl", "zoe@example", "a@b.nl, c@d.nl", "Zoë <zoe@example.nl>", "zoe@example.nl\nBcc: x@example.nl", "zoe maas@example.nl", strings.Repeat("a", 65) + "@example.nl", "zoe@" + strings.Repeat("a.", 130) + "nl"} {
			err := h.try(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, bad); return err })
			h.want(err, account.ErrEmail, "Resend to "+bad)
		}
		if s := h.state(id); s.Email != "zoe@example.nl" {
			t.Errorf("a refused address was taken: %+v", s)
		}
	})
}

func TestAnExpiredAccountIsDeletedAndItsLinkOffersANewOne(t *testing.T) {
	for _, c := range []struct {
		name string
		job  bool
	}{{"before the job came", false}, {"after the job came", true}} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				id, _ := h.open("25280000001233", "zoe@example.nl")
				old := h.link("zoe@example.nl")
				h.want(h.try(func(tx *sqldb.Tx) error { _, err := h.ResendByLink(tx, old); return err }), account.ErrLinkWorks, "a new link while the old one works")
				h.pass(24 * time.Hour)
				if c.job {
					h.in(h.Expire)
					h.in(h.Expire) // twice is no harm
				}
				_, err := h.look(old)
				h.want(err, account.ErrLinkExpired, "Look")
				if won := sixteen(func() error {
					return h.try(func(tx *sqldb.Tx) error { _, err := h.ResendByLink(tx, old); return err })
				}); won != 1 || h.mails() != 2 {
					t.Errorf("%d new links and %d letters for sixteen presses, want 1 and 2", won, h.mails())
				}
				_, err = h.look(old)
				h.want(err, account.ErrLinkReplaced, "the old link afterwards")
				if s := h.state(id); s.State != account.Waiting {
					t.Errorf("the library's link to the account: %+v, want waiting under the same id", s)
				}
				fresh := h.link("zoe@example.nl")
				h.want(h.confirm(fresh), nil, "Confirm")
				h.want(h.activate(fresh, good), nil, "Activate")
				if s := h.state(id); s.State != account.Active {
					t.Errorf("in the end: %+v", s)
				}
			})
		})
	}
}

func TestTheDeskSendsAnExpiredAccountANewLink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open("25280000001233", "zeo@example.nl")
		h.pass(48 * time.Hour)
		h.in(h.Expire)
		h.in(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, "zoe@example.nl"); return err })
		if s := h.state(id); s.State != account.Waiting || s.Email != "zoe@example.nl" {
			t.Errorf("%+v", s)
		}
		err := h.try(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, "nobody", ""); return err })
		h.want(err, account.ErrNoAccount, "Resend to nobody")
	})
}

// The name of an account that is over is free, and whoever takes it ends what
// the old link could do.
func TestTheNameOfAnExpiredAccountIsFree(t *testing.T) {
	rule := func(job bool) func(*testing.T, *house) {
		return func(t *testing.T, h *house) {
			id, _ := h.open("25280000001233", "zoe@example.nl")
			old := h.link("zoe@example.nl")
			h.pass(24 * time.Hour)
			if job {
				h.in(h.Expire)
			}
			next, _ := h.open("25280000001233", "nieuw@example.nl")
			if next == id {
				t.Error("two accounts with one id")
			}
			_, err := h.look(old)
			h.want(err, account.ErrLinkUnknown, "the old link")
			err = h.try(func(tx *sqldb.Tx) error { _, err := h.ResendByLink(tx, old); return err })
			h.want(err, account.ErrLinkUnknown, "a new link by the old one")
			if s := h.state(id); s.State != account.None {
				t.Errorf("the old account: %+v", s)
			}
			if s := h.state(next); s.State != account.Waiting || s.Email != "nieuw@example.nl" {
				t.Errorf("the new account: %+v", s)
			}
		}
	}
	t.Run("before the job came", func(t *testing.T) { each(t, rule(false)) })
	t.Run("after the job came", func(t *testing.T) { each(t, rule(true)) })
}

func TestTheJobLeavesWhatIsActiveOrWaits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		active := h.active("25280000001233", "zoe@example.nl", good)
		used := h.link("zoe@example.nl")
		h.pass(365 * 24 * time.Hour)
		waiting, _ := h.open("25280000001241", "piet@example.nl")
		h.in(h.Expire)
		if s := h.state(active); s.State != account.Active {
			t.Errorf("active: %+v", s)
		}
		if s := h.state(waiting); s.State != account.Waiting {
			t.Errorf("waiting: %+v", s)
		}
		_, err := h.look(used)
		h.want(err, account.ErrLinkUnknown, "a used link a year later is swept up")
	})
}

func TestTheLettersAreWholeInBothLanguages(t *testing.T) {
	for _, lang := range words.Langs {
		t.Run(string(lang), func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				var until time.Time
				h.in(func(tx *sqldb.Tx) (err error) {
					_, until, err = h.Open(tx, account.Opening{Username: "Zoë.Maas", Email: "zoe@example.nl", Lang: lang, LibraryName: "Bind & Co <bibliotheken>"})
					return err
				})
				m := h.mail("zoe@example.nl", "activation")
				if m.FromName != "Bind & Co <bibliotheken>" || m.Lang != lang {
					t.Errorf("envelope: %+v", m)
				}
				for part, text := range map[string]string{"text": m.Text, "html": m.HTML} {
					for _, want := range []string{"Zoë.Maas", day.Moment(until, lang), "https://inloggen.test/activeren/"} {
						if !strings.Contains(text, want) {
							t.Errorf("%s part lacks %q", part, want)
						}
					}
				}
				if strings.Contains(m.HTML, "<bibliotheken>") {
					t.Error("the name of the library is taken for HTML")
				}
				if n := strings.Count(m.Text, "https://"); n != 1 {
					t.Errorf("%d links in the letter, want one", n)
				}
				token := h.link("zoe@example.nl")
				h.want(h.confirm(token), nil, "Confirm")
				h.want(h.activate(token, good), nil, "Activate")
				if m := h.mail("zoe@example.nl", "activated"); m.Lang != lang || strings.Contains(m.Text+m.HTML, good) {
					t.Errorf("welcome: %+v", m)
				}
			})
		})
	}
}

func TestASessionThatCannotStartUndoesTheActivation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		h.want(h.confirm(token), nil, "Confirm")
		broken := errors.New("broken")
		_, err := h.Activate(t.Context(), h.db, token, good, func(*sqldb.Tx, account.Account) error { return broken })
		h.want(err, broken, "Activate")
		if s := h.state(id); s.State != account.Waiting {
			t.Errorf("%+v", s)
		}
		h.want(h.activate(token, good), nil, "Activate again")
	})
}
