package newsletter_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/newsletter"
)

// room is a library with a newsletter, on a Monday morning.
type room struct {
	*sqldb.DB
	t    testing.TB
	subs *newsletter.Subscribers
	lib  string // id of the library
	now  atomic.Int64
}

func each(t *testing.T, rule func(*testing.T, *room)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, open(t, db)) })
}

func open(t testing.TB, db *sqldb.DB) *room {
	t.Helper()
	r := &room{DB: db, t: t}
	r.now.Store(time.Date(2026, 11, 23, 10, 0, 0, 123000, time.UTC).UnixMicro())
	db.Now = func() time.Time { return time.UnixMicro(r.now.Load()).UTC() }
	var err error
	r.subs, err = newsletter.New(newsletter.Links{
		Confirm:     func(t secret.Token) string { return "https://lid.example/nieuwsbrief/bevestigen/" + string(t) },
		Unsubscribe: func(t secret.Token) string { return "https://lid.example/nieuwsbrief/afmelden/" + string(t) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.lib = r.library("bind", "Bind bibliotheken")
	return r
}

func (r *room) library(slug, name string) (id string) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) error {
		o, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: slug, Name: name})
		id = o.ID
		return err
	})
	return id
}

func (r *room) pass(wait time.Duration) { r.now.Add(wait.Microseconds()) }

func (r *room) try(f func(*sqldb.Tx) error) error { return r.InTx(r.t.Context(), f) }

func (r *room) do(f func(*sqldb.Tx) error) {
	r.t.Helper()
	if err := r.try(f); err != nil {
		r.t.Fatal(err)
	}
}

// member is zoe at the desk, who says yes.
func (r *room) member() newsletter.Asking {
	return newsletter.Asking{
		OrganisationID: r.lib, CustomerID: "zoe", Age: 35, Address: "Zoe@example.nl", Lang: words.NL,
		TextVersion: newsletter.TextVersion, TextShown: newsletter.Text(words.NL), Channel: newsletter.Desk, StaffID: "anna", BranchID: "annen",
	}
}

// anybody is no member, on the web.
func (r *room) anybody(address string) newsletter.Asking {
	return newsletter.Asking{
		OrganisationID: r.lib, Address: address, Lang: words.NL, TextVersion: newsletter.TextVersion, TextShown: newsletter.TextForAnybody(words.NL),
		Channel: newsletter.Web, Network: "192.0.2.7",
	}
}

func (r *room) ask(a newsletter.Asking) error {
	return r.try(func(tx *sqldb.Tx) error { return r.subs.Ask(tx, a) })
}

func (r *room) asks(a newsletter.Asking) {
	r.t.Helper()
	if err := r.ask(a); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) letters() (list []outbox.Letter) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) (err error) { list, err = outbox.Recent(tx, 100); return err })
	return list
}

var linkForm = regexp.MustCompile(`bevestigen/([A-Z0-9]+)`)

// link is the token in the newest letter, as its owner gets it.
func (r *room) link() secret.Token {
	r.t.Helper()
	all := r.letters()
	if len(all) == 0 {
		r.t.Fatal("no letter")
	}
	return secret.Token(linkForm.FindStringSubmatch(all[0].Mail.Text)[1])
}

func (r *room) confirm(token secret.Token) error {
	return r.try(func(tx *sqldb.Tx) error { _, err := newsletter.Confirm(tx, token); return err })
}

func (r *room) state(customerID string) (s newsletter.Subscriber) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) (err error) { s, err = newsletter.State(tx, customerID); return err })
	return s
}

func (r *room) history(customerID string) (all []newsletter.Consent) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) (err error) { all, err = newsletter.History(tx, customerID); return err })
	return all
}

func (r *room) count() (c newsletter.Counts) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) (err error) { c, err = newsletter.Count(tx, r.lib); return err })
	return c
}

// recipients is the whole export.
func (r *room) recipients() (list []newsletter.Recipient) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) error {
		list = nil
		for one, err := range r.subs.Export(tx, r.lib) {
			if err != nil {
				return err
			}
			list = append(list, one)
		}
		return nil
	})
	return list
}

func (r *room) rows(table string) (n int) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) error { _, err := tx.One(`SELECT COUNT(*) FROM `+table, nil, &n); return err })
	return n
}

func TestSilenceIsNo(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		if s := r.state("zoe"); s.Wanted() || s.Standing != newsletter.Nothing {
			t.Errorf("nobody asked for it: %+v", s)
		}
		// A customer without an id is nobody, not everybody who is no member.
		r.asks(r.anybody("piet@example.nl"))
		if s := r.state(""); s.Wanted() || len(r.history("")) != 0 {
			t.Errorf("state of nobody %+v", s)
		}
	})
}

func TestAYesIsKeptWithItsProofAndCountsOnceTheOwnerConfirms(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		asked := r.Now()
		r.asks(r.member())
		s := r.state("zoe")
		if !s.Wanted() || !s.Waits() || s.Address != "Zoe@example.nl" || s.CustomerID != "zoe" || !s.AskedAt.Equal(asked) || !s.ConfirmedAt.IsZero() {
			t.Errorf("after asking %+v", s)
		}
		if got := r.recipients(); len(got) != 0 {
			t.Errorf("exported before confirming: %v", got)
		}
		token := r.link()
		r.pass(time.Hour)
		r.do(func(tx *sqldb.Tx) error {
			looked, err := newsletter.Look(tx, token)
			if looked.ID != s.ID {
				t.Errorf("the link is about %+v", looked)
			}
			return err
		})
		if s := r.state("zoe"); !s.Waits() {
			t.Error("looking at the link confirmed it")
		}
		if err := r.confirm(token); err != nil {
			t.Fatal(err)
		}
		if s := r.state("zoe"); s.Standing != newsletter.Confirmed || !s.ConfirmedAt.Equal(asked.Add(time.Hour)) {
			t.Errorf("after confirming %+v", s)
		}
		want := []newsletter.Consent{
			{CustomerID: "zoe", Act: newsletter.Asked, Address: "Zoe@example.nl", TextVersion: newsletter.TextVersion, TextShown: newsletter.Text(words.NL),
				Channel: newsletter.Desk, StaffID: "anna", BranchID: "annen", At: asked},
			{Act: newsletter.Confirmed, Address: "Zoe@example.nl", Channel: newsletter.Mail, At: asked.Add(time.Hour)},
		}
		if got := r.history("zoe"); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("proof %+v\nwant  %+v", got, want)
		}
		r.asks(r.member())
		if len(r.history("zoe")) != 2 || len(r.letters()) != 1 {
			t.Error("the same yes again left a trace")
		}
	})
}

func TestAnAddressThatTheSignOnKnowsNeedsNoLetter(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		known := r.member()
		known.Channel, known.StaffID, known.BranchID, known.Confirmed = newsletter.Web, "", "", true
		r.asks(known)
		r.asks(known)
		said := r.history("zoe")
		if s := r.state("zoe"); s.Standing != newsletter.Confirmed || len(r.letters()) != 0 {
			t.Errorf("%+v, %d letters", s, len(r.letters()))
		}
		if len(said) != 2 || said[0].Act != newsletter.Asked || said[1].Act != newsletter.Confirmed || said[1].Channel != newsletter.SignOn {
			t.Errorf("proof %+v", said)
		}
	})
}

// A stranger asked for the mailbox before its owner became a member.
func TestAnAddressThatTheSignOnKnowsConfirmsAWaitingMailbox(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.asks(r.anybody("zoe@example.nl"))
		known := r.member()
		known.Confirmed = true
		r.asks(known)
		if s := r.state("zoe"); s.Standing != newsletter.Confirmed || s.CustomerID != "zoe" {
			t.Errorf("%+v", s)
		}
		if err := r.confirm(r.link()); !errors.Is(err, newsletter.ErrLink) {
			t.Errorf("the link of before: %v", err)
		}
	})
}

func TestALinkWorksForSevenDaysAndOnce(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.asks(r.anybody("piet@example.nl"))
		token := r.link()
		r.pass(newsletter.LinkLife)
		if err := r.confirm(token); !errors.Is(err, newsletter.ErrLink) {
			t.Errorf("after seven days: %v", err)
		}
		r.pass(-time.Microsecond)
		if err := r.confirm(token); err != nil {
			t.Errorf("just before: %v", err)
		}
		for name, spent := range map[string]secret.Token{"used": token, "unknown": secret.NewToken(), "empty": ""} {
			if err := r.confirm(spent); !errors.Is(err, newsletter.ErrLink) {
				t.Errorf("%s: %v", name, err)
			}
			if err := r.try(func(tx *sqldb.Tx) error { _, err := newsletter.Look(tx, spent); return err }); !errors.Is(err, newsletter.ErrLink) {
				t.Errorf("looking at %s: %v", name, err)
			}
		}
	})
}

func TestTheNewestLetterCounts(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.asks(r.anybody("piet@example.nl"))
		old := r.link()
		r.pass(10 * time.Minute)
		r.asks(r.anybody("piet@example.nl"))
		if err := r.confirm(old); !errors.Is(err, newsletter.ErrLink) {
			t.Errorf("the older link: %v", err)
		}
		if err := r.confirm(r.link()); err != nil {
			t.Errorf("the newer link: %v", err)
		}
	})
}

func TestSixteenPressTheButtonAndItConfirmsOnce(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.asks(r.member())
		token := r.link()
		var won atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				switch err := r.confirm(token); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, newsletter.ErrLink):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || len(r.history("zoe")) != 2 {
			t.Errorf("%d confirmed, %d lines", won.Load(), len(r.history("zoe")))
		}
	})
}

func TestSixteenClicksAskOnce(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := r.ask(r.member()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(r.history("zoe")) != 1 || len(r.letters()) != 1 || r.rows("subscriber") != 1 {
			t.Errorf("%d lines, %d letters, %d mailboxes", len(r.history("zoe")), len(r.letters()), r.rows("subscriber"))
		}
	})
}

func TestAYesWithoutProofIsNone(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		for name, c := range map[string]struct {
			spoil func(*newsletter.Asking)
			want  error
		}{
			"no address":  {func(a *newsletter.Asking) { a.Address = " " }, newsletter.ErrAddress},
			"bad address": {func(a *newsletter.Asking) { a.Address = "zoe" }, customer.ErrEmail},
			"no text":     {func(a *newsletter.Asking) { a.TextShown = "" }, newsletter.ErrProof},
			"no version":  {func(a *newsletter.Asking) { a.TextVersion = "" }, newsletter.ErrProof},
			"at 15":       {func(a *newsletter.Asking) { a.Age = 15 }, newsletter.ErrParent},
		} {
			said := r.member()
			c.spoil(&said)
			if err := r.ask(said); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := r.rows("subscriber"); n != 0 {
			t.Errorf("%d mailboxes", n)
		}
		old := r.member()
		old.Age = newsletter.ConsentAge
		r.asks(old)
	})
}

// Whoever types an address on the web sees the same, whatever we know of it.
func TestAskingTellsNobodyWhoSubscribes(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.asks(r.anybody("piet@example.nl"))
		if err := r.confirm(r.link()); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Hour)
		if err := r.ask(r.anybody("PIET@example.nl")); err != nil {
			t.Errorf("a confirmed mailbox: %v", err)
		}
		if err := r.ask(r.anybody("new@example.nl")); err != nil {
			t.Errorf("a new one: %v", err)
		}
		if n := len(r.letters()); n != 2 {
			t.Errorf("%d letters: a confirmed mailbox gets no other", n)
		}
		if n := r.rows("newsletter_consent"); n != 3 {
			t.Errorf("%d lines", n)
		}
	})
}

func TestNobodyFillsAMailboxThroughUs(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		for i := range 24 * 12 { // a day long, every five minutes, from ever another network
			a := r.anybody("piet@example.nl")
			a.Network = "192.0.2." + string(rune('0'+i%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i/100))
			r.asks(a)
			r.pass(5 * time.Minute)
		}
		if n := len(r.letters()); n < 4 || n > 8 {
			t.Errorf("%d letters in a day", n)
		}
		if lines := r.rows("newsletter_consent"); lines != len(r.letters()) {
			t.Errorf("%d lines for %d letters", lines, len(r.letters()))
		}
	})
}

func TestNobodyWritesToTheWholeTownThroughUs(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		refused := 0
		for i := range 40 {
			err := r.ask(r.anybody("p" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.nl"))
			if errors.Is(err, throttle.ErrSlow) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if n := len(r.letters()); n > 21 || refused != 40-n {
			t.Errorf("%d letters, %d refused", n, refused)
		}
		desk := r.member() // the desk is no stranger
		r.asks(desk)
	})
}

func TestAFamilySharesAMailbox(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		mother, father := r.member(), r.member()
		father.CustomerID, father.Address = "tom", "zoe@EXAMPLE.nl"
		r.asks(mother)
		r.asks(father)
		if n := r.rows("subscriber"); n != 1 || len(r.letters()) != 1 {
			t.Fatalf("%d mailboxes, %d letters", n, len(r.letters()))
		}
		if err := r.confirm(r.link()); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"zoe", "tom"} {
			if s := r.state(who); s.Standing != newsletter.Confirmed || s.CustomerID != "zoe" {
				t.Errorf("%s: %+v", who, s)
			}
			said := r.history(who)
			if len(said) != 2 || said[0].CustomerID != who {
				t.Errorf("the proof of %s is %+v", who, said)
			}
		}
		r.do(func(tx *sqldb.Tx) error {
			return newsletter.OptOut(tx, newsletter.Consent{CustomerID: "tom", Channel: newsletter.Web})
		})
		if s := r.state("zoe"); s.Wanted() {
			t.Error("stopped for one of two")
		}
	})
}

func TestANoIsKeptTooAndAYesAfterItIsANewOne(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		no := func() {
			r.do(func(tx *sqldb.Tx) error {
				return newsletter.OptOut(tx, newsletter.Consent{CustomerID: "zoe", Channel: newsletter.Desk, StaffID: "anna", BranchID: "annen"})
			})
		}
		no()
		if len(r.history("zoe")) != 0 {
			t.Error("a no before any yes was kept")
		}
		r.asks(r.member())
		token := r.link()
		no()
		no()
		all := r.history("zoe")
		if len(all) != 2 || all[1].Act != newsletter.Stopped || all[1].Address != "Zoe@example.nl" || all[1].StaffID != "anna" {
			t.Errorf("history %+v", all)
		}
		if err := r.confirm(token); !errors.Is(err, newsletter.ErrLink) {
			t.Errorf("the link of before the no: %v", err)
		}
		r.pass(time.Hour)
		r.asks(r.member())
		if s := r.state("zoe"); !s.Waits() || len(r.history("zoe")) != 3 || len(r.letters()) != 2 {
			t.Errorf("after a new yes: %+v, %d lines, %d letters", s, len(r.history("zoe")), len(r.letters()))
		}
		if err := r.confirm(r.link()); err != nil {
			t.Error(err)
		}
	})
}

func TestConsentDoesNotMoveHouse(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		old, moved := r.member(), r.member()
		old.Confirmed, moved.Confirmed, moved.Address = true, true, "zoe@nieuw.example"
		r.asks(old)
		r.pass(time.Hour)
		r.asks(moved)
		var boxes []newsletter.Subscriber
		r.do(func(tx *sqldb.Tx) (err error) { boxes, err = newsletter.Mailboxes(tx, "zoe"); return err })
		if len(boxes) != 2 || boxes[0].Address != "zoe@nieuw.example" || !boxes[1].Wanted() {
			t.Fatalf("mailboxes %+v", boxes)
		}
		r.do(func(tx *sqldb.Tx) error {
			return newsletter.OptOut(tx, newsletter.Consent{CustomerID: "zoe", Address: "zoe@nieuw.example", Channel: newsletter.Web})
		})
		if s := r.state("zoe"); s.Address != "Zoe@example.nl" || !s.Wanted() {
			t.Errorf("the other mailbox is %+v", s)
		}
	})
}

func TestALibraryHasItsOwnSubscribers(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		there := r.anybody("piet@example.nl")
		there.OrganisationID = r.library("ver", "Verre bibliotheken")
		r.asks(r.anybody("piet@example.nl"))
		if err := r.confirm(r.link()); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Hour)
		r.asks(there)
		if l := r.letters()[0]; l.Mail.FromName != "Verre bibliotheken" {
			t.Errorf("the letter is from %q", l.Mail.FromName)
		}
		if c := r.count(); c != (newsletter.Counts{Confirmed: 1}) {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestTheLetterTellsWhatItIsAboutInBothLanguages(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		for lang, want := range map[words.Lang][]string{
			words.NL: {"Bevestig dat je de nieuwsbrief van Bind bibliotheken wilt", "7 dagen", "30 november 2026", "Heb je niets aangevraagd?"},
			words.EN: {"Confirm that you want the newsletter of Bind bibliotheken", "7 days", "30 November 2026", "Did you not ask for anything?"},
		} {
			a := r.anybody(string(lang) + "@example.nl")
			a.Lang = lang
			r.asks(a)
			m := r.letters()[0].Mail
			for _, s := range want {
				if !strings.Contains(m.Subject+m.Text, s) || !strings.Contains(m.Subject+m.HTML, s) {
					t.Errorf("%s: no %q in\n%s\n%s\n%s", lang, s, m.Subject, m.Text, m.HTML)
				}
			}
			if m.Kind != "newsletter.confirm" || m.To != a.Address || m.FromName != "Bind bibliotheken" || m.Lang != lang || !strings.Contains(m.HTML, "bevestigen/"+string(r.link())) {
				t.Errorf("letter %+v", m)
			}
			r.pass(time.Microsecond) // the newest letter is the first
		}
	})
}

func TestTheTextIsTheSentenceOnTheForm(t *testing.T) {
	if got := newsletter.Text(""); got != newsletter.Text(words.NL) || !strings.HasPrefix(got, "Ja, ik wil") {
		t.Errorf("Text() = %q", got)
	}
	if got := newsletter.Text(words.EN); !strings.HasPrefix(got, "Yes, I want") {
		t.Errorf("Text(EN) = %q", got)
	}
	for lang, age := range map[words.Lang]string{words.NL: "Ik ben 16 jaar of ouder", words.EN: "I am 16 years old or older"} {
		if got := newsletter.TextForAnybody(lang); !strings.Contains(got, age) {
			t.Errorf("TextForAnybody(%s) = %q states no age", lang, got)
		}
	}
	if newsletter.ConsentAge != 16 {
		t.Error("the sentence for anybody states another age than the rule")
	}
}
