package newsletter_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/newsletter"
)

// subscribed is a confirmed mailbox of nobody's.
func (r *room) subscribed(address string) newsletter.Recipient {
	r.t.Helper()
	a := r.anybody(address)
	a.Network, a.Confirmed = "", true
	r.asks(a)
	for _, one := range r.recipients() {
		if one.Address == address {
			return one
		}
	}
	r.t.Fatal("not exported")
	return newsletter.Recipient{}
}

func (r *room) stop(token secret.Token) error {
	return r.try(func(tx *sqldb.Tx) error { _, err := newsletter.StopByToken(tx, token, newsletter.OneClick); return err })
}

func tokenOf(link string) secret.Token {
	return secret.Token(link[strings.LastIndexByte(link, '/')+1:])
}

func TestOneLinkUnsubscribesForYearsAndAsOftenAsOneLikes(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		link := r.subscribed("piet@example.nl").Unsubscribe
		r.pass(4 * 365 * 24 * time.Hour)
		for range 3 {
			if err := r.stop(tokenOf(link)); err != nil {
				t.Fatal(err)
			}
		}
		if c := r.count(); c != (newsletter.Counts{Stopped: 1}) || r.rows("newsletter_consent") != 3 {
			t.Errorf("%+v, %d lines", c, r.rows("newsletter_consent"))
		}
		// Who subscribes again is stopped by the newsletters of before, too.
		if again := r.subscribed("piet@example.nl").Unsubscribe; again != link {
			t.Errorf("the link changed from %s to %s", link, again)
		}
		if err := r.stop(tokenOf(link)); err != nil || r.count().Confirmed != 0 {
			t.Errorf("%v, %+v", err, r.count())
		}
	})
}

func TestALinkThatWeDidNotMakeStopsNobody(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		good := tokenOf(r.subscribed("piet@example.nl").Unsubscribe)
		other := tokenOf(r.subscribed("eva@example.nl").Unsubscribe)
		for name, token := range map[string]secret.Token{
			"empty": "", "short": good[:20], "seal of another": good[:26] + other[26:], "small letters": secret.Token(strings.ToLower(string(good))),
			"too long": good + "A", "no seal": good[:26], "other": secret.NewToken() + secret.NewToken(),
		} {
			if err := r.stop(token); !errors.Is(err, newsletter.ErrUnsubscribe) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if c := r.count(); c.Confirmed != 2 {
			t.Errorf("%+v", c)
		}
	})
}

func TestSixteenUnsubscribeAndItIsNotedOnce(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		token := tokenOf(r.subscribed("piet@example.nl").Unsubscribe)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := r.stop(token); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := r.rows("newsletter_consent"); n != 3 {
			t.Errorf("%d lines: asked, confirmed and stopped are three", n)
		}
	})
}

func TestANewsletterCarriesItsOneClickHeaders(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		known := r.member()
		known.Confirmed = true
		r.asks(known)
		r.do(func(tx *sqldb.Tx) error {
			sub, err := newsletter.State(tx, "zoe")
			if err != nil {
				return err
			}
			h := r.subs.Headers(tx, sub)
			link := strings.Trim(h["List-Unsubscribe"], "<>")
			u, err := url.Parse(link)
			if h["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || "<"+link+">" != h["List-Unsubscribe"] || err != nil || u.Scheme != "https" {
				t.Errorf("headers %v", h)
			}
			if _, err := newsletter.StopByToken(tx, tokenOf(link), newsletter.OneClick); err != nil {
				return err
			}
			sub, err = newsletter.State(tx, "zoe")
			if sub.Standing != newsletter.Stopped {
				t.Errorf("after the click %+v", sub)
			}
			return err
		})
		if said := r.history("zoe"); len(said) != 3 || said[2].Channel != newsletter.OneClick {
			t.Errorf("proof %+v", said)
		}
	})
}

func FuzzUnsubscribeToken(f *testing.F) {
	box, err := secret.NewBox(make([]byte, secret.MasterLength))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("")
	f.Add("é")
	f.Fuzz(func(t *testing.T, text string) {
		if id, ours := newsletter.ReadToken(box, secret.Token(text)); ours {
			t.Errorf("%q passes for our word about %q", text, id)
		}
	})
}
