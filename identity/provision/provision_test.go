package provision_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
)

const good = "paarse fiets lacht hard"

// house is one database with its clock, and the programs of two organisations.
type house struct {
	provision.Provisioner
	t          testing.TB
	db         *sqldb.DB
	wise, bica provision.Bearer

	now atomic.Int64
}

func newHouse(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	accounts, err := account.New(account.Links{Activate: func(token secret.Token) string { return "https://inloggen.test/activeren/" + string(token) }})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Provisioner: provision.Provisioner{Accounts: accounts}, t: t, db: db}
	db.Now = func() time.Time { return time.UnixMicro(h.now.Load()) }
	h.now.Store(time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC).UnixMicro())
	h.wise, h.bica = h.bearer("noord", "Bibliotheken Noord"), h.bearer("zuid", "Bibliotheken Zuid")
	return h
}

// each runs a rule on both engines.
func each(t *testing.T, rule func(t *testing.T, h *house)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, newHouse(t, db)) })
}

func (h *house) pass(d time.Duration)              { h.now.Add(d.Microseconds()) }
func (h *house) try(f func(*sqldb.Tx) error) error { return h.db.InTx(h.t.Context(), f) }

func (h *house) in(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.try(f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) bearer(slug, name string) (b provision.Bearer) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) {
		if err := provision.SaveOrganisation(tx, slug, name); err != nil {
			return err
		}
		_, b, err = provision.Issue(tx, "command", provision.Order{Organisation: slug, Name: "Wise", Scopes: provision.Scopes, Life: provision.TokenLife})
		return err
	})
	return b
}

func newcomer(externalID string) provision.Newcomer {
	return provision.Newcomer{ExternalID: externalID, Email: externalID + "@post.example", Lang: words.NL}
}

func (h *house) tryCreate(by provision.Bearer, n provision.Newcomer) (u provision.User, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { u, err = h.Create(tx, by, n); return err })
	return u, err
}

func (h *house) create(by provision.Bearer, externalID string) provision.User {
	h.t.Helper()
	u, err := h.tryCreate(by, newcomer(externalID))
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

func (h *house) amend(by provision.Bearer, at provision.At, c provision.Change) (u provision.User, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { u, err = h.Amend(tx, by, at, c); return err })
	return u, err
}

func (h *house) replace(by provision.Bearer, at provision.At, c provision.Change) (u provision.User, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { u, err = h.Replace(tx, by, at, c); return err })
	return u, err
}

func (h *house) remove(by provision.Bearer, at provision.At) error {
	return h.try(func(tx *sqldb.Tx) error { return h.Remove(tx, by, at) })
}

func (h *house) find(by provision.Bearer, id string) (u provision.User, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { u, err = h.Find(tx, by, id); return err })
	return u, err
}

func (h *house) list(by provision.Bearer, filter string) (ids []string, err error) {
	q := provision.Query{Start: 1, Count: 10}
	if filter != "" {
		f, err := provision.ReadFilter(filter)
		if err != nil {
			return nil, err
		}
		q.Filter = &f
	}
	err = h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error {
		page, total, err := h.List(tx, by, q)
		for _, u := range page {
			ids = append(ids, u.ExternalID)
		}
		if err == nil && total != len(page) {
			h.t.Errorf("%s: %d in all, %d on the page", filter, total, len(page))
		}
		return err
	})
	return ids, err
}

// letters are all that were mailed, the newest first.
func (h *house) letters() (list []outbox.Letter) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) { list, err = outbox.Recent(tx, 2000); return err })
	return list
}

var (
	linkPattern = regexp.MustCompile(`https://inloggen\.test/activeren/(\S+)`)
	codePattern = regexp.MustCompile(`(?m)^([A-Z0-9]{4}-[A-Z0-9]{4})$`)
)

// mailed finds something in the newest letter to an address.
func (h *house) mailed(to string, what *regexp.Regexp) string {
	h.t.Helper()
	for _, l := range h.letters() {
		if m := what.FindStringSubmatch(l.Mail.Text); l.Mail.To == to && m != nil {
			return m[1]
		}
	}
	h.t.Fatalf("no such letter to %s", to)
	return ""
}

// wake walks the owner's way.
func (h *house) wake(email string) {
	h.t.Helper()
	token := secret.Token(h.mailed(email, linkPattern))
	h.in(func(tx *sqldb.Tx) error { _, err := h.Accounts.Confirm(tx, token); return err })
	if _, err := h.Accounts.Activate(h.t.Context(), h.db, token, good, nil); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) want(err, want error, what string) {
	h.t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		h.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func errorArgs(err error) []any { return fault.Of(err)[0].Args }

func ref[T any](v T) *T { return &v }

// sixteen does one thing sixteen times at once and counts who succeeded.
func sixteen(f func() error) (won int, others []error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			err := f()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else {
				others = append(others, err)
			}
		})
	}
	all.Wait()
	return won, others
}

func TestACustomerOfAnotherSystemGetsAnAccountAndALetter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		if u.State != account.Waiting || u.Username != "100200" || u.Email != "100200@post.example" || !u.Active || !u.Until.Equal(u.CreatedAt.Add(account.ActivationLife)) {
			t.Errorf("created %+v", u)
		}
		letter := h.letters()[0].Mail
		if letter.To != u.Email || letter.FromName != "Bibliotheken Noord" || !strings.Contains(letter.Text, "Bibliotheken Noord") {
			t.Errorf("the letter is %+v", letter)
		}
		h.wake(u.Email)
		u, err := h.find(h.wise, u.ID)
		if err != nil || u.State != account.Active || u.Email != "" || u.Username != "100200" {
			t.Errorf("active: %+v, %v", u, err)
		}
		h.in(func(tx *sqldb.Tx) error {
			linked, err := provision.Of(tx, u.AccountID)
			if len(linked) != 1 || linked[0].Library != "Bibliotheken Noord" || !linked[0].Active {
				t.Errorf("the owner sees %+v", linked)
			}
			acts, _ := audit.Of(tx, "account:"+u.AccountID, 10)
			if !slices.ContainsFunc(acts, func(e audit.Entry) bool { return e.Act == "provision.open" && e.Actor == "scim:"+h.wise.ID }) {
				t.Errorf("the log holds %+v", acts)
			}
			return err
		})
	})
}

func TestOfSixteenWithOneExternalIDOneOpens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var n atomic.Int32
		won, others := sixteen(func() error {
			c := newcomer("100200")
			c.Username = fmt.Sprint("anders", n.Add(1)) // the username is no help
			_, err := h.tryCreate(h.wise, c)
			return err
		})
		if won != 1 || len(h.letters()) != 1 {
			t.Errorf("%d opened, %d letters", won, len(h.letters()))
		}
		for _, err := range others {
			h.want(err, provision.ErrExternalTaken, "the others")
		}
	})
}

func TestOfSixteenWithOneUsernameOneOpens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var n atomic.Int32
		won, others := sixteen(func() error {
			c := newcomer(fmt.Sprint(100200 + n.Add(1)))
			c.Username = "zoe.maas"
			_, err := h.tryCreate(h.wise, c)
			return err
		})
		if won != 1 || len(h.letters()) != 1 {
			t.Errorf("%d opened, %d letters", won, len(h.letters()))
		}
		for _, err := range others {
			h.want(err, provision.ErrUsernameTaken, "the others")
		}
	})
}

func TestOfSixteenChangesOfOneVersionOneCounts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		at := provision.At{ID: u.ID, Versions: []string{u.Version()}}
		var n atomic.Int32
		won, others := sixteen(func() error {
			_, err := h.amend(h.wise, at, provision.Change{ExternalID: ref(fmt.Sprint("nieuw", n.Add(1)))})
			return err
		})
		if won != 1 {
			t.Errorf("%d changed", won)
		}
		for _, err := range others {
			h.want(err, provision.ErrChanged, "the others")
		}
	})
}

func TestWhatCannotBeCreated(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.create(h.wise, "100200")
		for name, c := range map[string]struct {
			change func(*provision.Newcomer)
			want   error
		}{
			"no id":             {func(n *provision.Newcomer) { n.ExternalID = "" }, provision.ErrExternal},
			"a long id":         {func(n *provision.Newcomer) { n.ExternalID = strings.Repeat("é", provision.LongestExternal+1) }, provision.ErrExternal},
			"a NUL":             {func(n *provision.Newcomer) { n.ExternalID = "100\x00" }, provision.ErrExternal},
			"broken text":       {func(n *provision.Newcomer) { n.ExternalID = "100\xff" }, provision.ErrExternal},
			"a blank":           {func(n *provision.Newcomer) { n.ExternalID = "100 " }, provision.ErrExternal},
			"no address":        {func(n *provision.Newcomer) { n.Email = "" }, account.ErrEmail},
			"a short name":      {func(n *provision.Newcomer) { n.Username = "zoe" }, account.ErrUsernameLength},
			"suspended":         {func(n *provision.Newcomer) { n.Suspended = true }, provision.ErrSuspendedAtStart},
			"an external again": {func(n *provision.Newcomer) { n.ExternalID = "100200" }, provision.ErrExternalTaken},
			"a username again":  {func(n *provision.Newcomer) { n.Username = "100200" }, provision.ErrUsernameTaken},
		} {
			n := newcomer("300400")
			c.change(&n)
			_, err := h.tryCreate(h.wise, n)
			h.want(err, c.want, name)
		}
		if len(h.letters()) != 1 {
			t.Errorf("%d letters, want the first only", len(h.letters()))
		}
		n := newcomer("")
		n.Username, n.Email = "alleen.naam", "naam@post.example"
		if u, err := h.tryCreate(h.wise, n); err != nil || u.ExternalID != "alleen.naam" {
			t.Errorf("a name only: %+v, %v", u, err)
		}
	})
}

func TestAnOrganisationSeesItsOwnUsersOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		_, err := h.find(h.bica, u.ID)
		h.want(err, provision.ErrNoUser, "find")
		_, err = h.amend(h.bica, provision.At{ID: u.ID}, provision.Change{Active: ref(false)})
		h.want(err, provision.ErrNoUser, "amend")
		_, err = h.replace(h.bica, provision.At{ID: u.ID}, provision.Change{})
		h.want(err, provision.ErrNoUser, "replace")
		h.want(h.remove(h.bica, provision.At{ID: u.ID}), provision.ErrNoUser, "remove")
		for _, filter := range []string{"", `externalId eq "100200"`, `userName eq "100200"`, `not (id eq "x")`, fmt.Sprintf(`id eq "x" or id eq %q`, u.ID)} {
			if ids, err := h.list(h.bica, filter); err != nil || len(ids) != 0 {
				t.Errorf("%s: %v, %v", filter, ids, err)
			}
		}
		_, err = h.find(h.wise, "%00\x00")
		h.want(err, provision.ErrNoUser, "nonsense")
		n := newcomer("100200") // the same number at another library is another customer
		n.Username = "zuid.100200"
		if _, err := h.tryCreate(h.bica, n); err != nil {
			t.Error(err)
		}
	})
}

func TestWhileItWaitsTheAddressIsCorrectedAndALinkSentAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		old := h.mailed("100200@post.example", linkPattern)
		at := provision.At{ID: u.ID}
		u, err := h.amend(h.wise, at, provision.Change{Email: ref("goed@post.example"), Resend: true})
		if err != nil || u.Email != "goed@post.example" || len(h.letters()) != 2 {
			t.Fatalf("%+v, %v, %d letters", u, err, len(h.letters()))
		}
		h.in(func(tx *sqldb.Tx) error {
			_, err := h.Accounts.Look(tx, secret.Token(old))
			h.want(err, account.ErrLinkReplaced, "the old link")
			return nil
		})
		_, err = h.amend(h.wise, at, provision.Change{Email: ref("geen adres")})
		h.want(err, account.ErrEmail, "no address")
		_, err = h.amend(h.wise, at, provision.Change{Username: ref("anders")})
		h.want(err, provision.ErrUsernameFixed, "another name")

		h.pass(account.ActivationLife)
		if u, err = h.find(h.wise, u.ID); err != nil || u.State != account.Expired || u.Email != "" {
			t.Errorf("a day later: %+v, %v", u, err)
		}
		h.in(h.Accounts.Expire)
		if ids, err := h.list(h.wise, `userName eq "100200"`); err != nil || len(ids) != 1 {
			t.Errorf("an expired account is not found by its name: %v, %v", ids, err)
		}
		u, err = h.amend(h.wise, at, provision.Change{Resend: true})
		if err != nil || u.State != account.Waiting || u.Email != "goed@post.example" {
			t.Errorf("sent again: %+v, %v", u, err)
		}
		h.wake("goed@post.example")
		_, err = h.amend(h.wise, at, provision.Change{Resend: true})
		h.want(err, account.ErrActive, "a link for an active account")
	})
}

func TestAnActiveAccountIsItsOwners(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		h.wake(u.Email)
		at := provision.At{ID: u.ID}
		letters := len(h.letters())
		// The address is named also when it is the same: else a program could guess it.
		for _, c := range []struct {
			asked  provision.Change
			passed []string
		}{
			{provision.Change{Email: ref("dief@post.example"), Username: ref("dief")}, []string{"emails", "userName"}},
			{provision.Change{Email: ref("100200@post.example"), Username: ref("100200")}, []string{"emails"}},
			{provision.Change{Username: ref("100200")}, nil},
		} {
			for name, act := range map[string]func(provision.Bearer, provision.At, provision.Change) (provision.User, error){"amend": h.amend, "replace": h.replace} {
				for _, on := range []bool{false, true} { // what goes with it is done
					c.asked.Active = &on
					got, err := act(h.wise, at, c.asked)
					if err != nil || got.Active != on || got.Username != "100200" || !slices.Equal(got.PassedOver, c.passed) || len(h.letters()) != letters {
						t.Errorf("%s %v: %+v, %v", name, c.passed, got, err)
					}
				}
			}
		}
		u, err := h.replace(h.wise, at, provision.Change{ExternalID: ref("100200"), Username: ref("oude.naam"), Email: ref("oud@post.example"), Active: ref(true)})
		if err != nil || u.Username != "100200" || len(h.letters()) != letters {
			t.Errorf("a sync of what the owner changed: %+v, %v", u, err)
		}
		if u, err = h.amend(h.wise, at, provision.Change{Active: ref(false)}); err != nil || u.Active || u.State != account.Active {
			t.Errorf("suspended: %+v, %v", u, err)
		}
		h.in(func(tx *sqldb.Tx) error {
			linked, err := provision.Of(tx, u.AccountID)
			if len(linked) != 1 || linked[0].Active {
				t.Errorf("the owner sees %+v", linked)
			}
			return err
		})
		if err := h.remove(h.wise, at); err != nil {
			t.Fatal(err)
		}
		h.in(func(tx *sqldb.Tx) error { _, err := h.Accounts.Find(tx, u.AccountID); return err })
	})
}

func TestRemovingForgetsWhoWaits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		link := secret.Token(h.mailed(u.Email, linkPattern))
		h.want(h.remove(h.wise, provision.At{ID: u.ID, Versions: []string{"anders"}}), provision.ErrChanged, "another version")
		if won, _ := sixteen(func() error { return h.remove(h.wise, provision.At{ID: u.ID}) }); won != 1 {
			t.Errorf("%d removed one user", won)
		}
		h.in(func(tx *sqldb.Tx) error {
			_, err := h.Accounts.Look(tx, link)
			h.want(err, account.ErrLinkUnknown, "the link")
			return nil
		})
		h.create(h.wise, "100200") // both names are free again
	})
}

func TestAnAccountThatIsGoneIsMadeAnew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		h.pass(account.ActivationLife)
		h.in(h.Accounts.Expire)
		h.pass(account.ExpiredMemory)
		h.in(h.Accounts.Expire)
		at := provision.At{ID: u.ID}
		u, err := h.find(h.wise, u.ID)
		if err != nil || u.State != account.None || u.Username != "" {
			t.Errorf("a month later: %+v, %v", u, err)
		}
		_, err = h.amend(h.wise, at, provision.Change{Resend: true})
		h.want(err, provision.ErrAccountGone, "resend")
		if _, err = h.replace(h.wise, at, provision.Change{Username: ref("100200"), Email: ref("100200@post.example")}); err != nil {
			t.Errorf("a sync stops on it: %v", err)
		}
		if err := h.remove(h.wise, at); err != nil {
			t.Fatal(err)
		}
		h.create(h.wise, "100200")
	})
}

func TestAnExistingAccountIsLinkedByItsOwnersCodeOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		h.wake(u.Email)
		ask := func(by provision.Bearer, name string) (id string) {
			h.in(func(tx *sqldb.Tx) (err error) { id, err = h.Ask(tx, by, name); return err })
			return id
		}
		link := func(by provision.Bearer, external, askID, code string) (u provision.User, wrong error) {
			h.in(func(tx *sqldb.Tx) error {
				u, wrong = h.Link(tx, by, provision.Proven{ExternalID: external, AskID: askID, Code: code})
				return nil // the try counts
			})
			return u, wrong
		}
		letters := len(h.letters())
		if id := ask(h.bica, "iemand.anders"); !secret.IsID(id) || len(h.letters()) != letters {
			t.Errorf("asking after nobody answers %q and mails", id)
		}
		id := ask(h.bica, "100200")
		code := h.mailed("100200@post.example", codePattern)
		for range account.CodeTries - 1 {
			_, err := link(h.bica, "Z1", id, "3333-3333")
			h.want(err, account.ErrCode, "a wrong code")
		}
		_, err := link(h.bica, "Z1", "nonsense\x00", code)
		h.want(err, account.ErrCode, "a wrong question")
		second, err := link(h.bica, "Z1", id, code)
		if err != nil || second.AccountID != u.AccountID || second.State != account.Active || second.Username != "100200" {
			t.Fatalf("linked: %+v, %v", second, err)
		}
		_, err = link(h.bica, "Z2", id, code)
		h.want(err, account.ErrCode, "a spent code")

		h.pass(time.Hour)
		id = ask(h.bica, "100200")
		code = h.mailed("100200@post.example", codePattern)
		err = h.try(func(tx *sqldb.Tx) error {
			_, err := h.Link(tx, h.bica, provision.Proven{ExternalID: "Z2", AskID: id, Code: code})
			return err
		})
		h.want(err, provision.ErrLinked, "a second customer with the account")

		if err := h.remove(h.wise, provision.At{ID: u.ID}); err != nil {
			t.Fatal(err)
		}
		if second, err = h.find(h.bica, second.ID); err != nil || second.State != account.Active {
			t.Errorf("the other library lost it too: %+v, %v", second, err)
		}
		_, err = link(h.bica, "Z3", ask(h.bica, "100200"), "")
		h.want(err, account.ErrCode, "no code")
	})
}

func TestOfSixteenWithOneCodeOneLinks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.wake(h.create(h.wise, "100200").Email)
		var ask string
		h.in(func(tx *sqldb.Tx) (err error) { ask, err = h.Ask(tx, h.bica, "100200"); return err })
		code := h.mailed("100200@post.example", codePattern)
		var n atomic.Int32
		won, _ := sixteen(func() (wrong error) {
			external := fmt.Sprint("Z", n.Add(1))
			err := h.try(func(tx *sqldb.Tx) error {
				_, wrong = h.Link(tx, h.bica, provision.Proven{ExternalID: external, AskID: ask, Code: code})
				return nil
			})
			return errors.Join(wrong, err)
		})
		if ids, err := h.list(h.bica, ""); won != 1 || len(ids) != 1 || err != nil {
			t.Errorf("%d linked, the list holds %v, %v", won, ids, err)
		}
	})
}

func TestAFilterFindsWhatItsOrganisationSees(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.create(h.wise, "aaaa1")
		h.pass(time.Second)
		b := h.create(h.wise, "bbbb1")
		h.pass(time.Second)
		h.create(h.wise, "cccc1")
		h.wake(b.Email)
		if _, err := h.amend(h.wise, provision.At{ID: a.ID}, provision.Change{Active: ref(false)}); err != nil {
			t.Fatal(err)
		}
		for filter, want := range map[string]string{
			``:                                         "aaaa1 bbbb1 cccc1",
			`externalId eq "aaaa1"`:                    "aaaa1",
			`externalId eq "AAAA1"`:                    "",
			`USERNAME eq "AAAA1"`:                      "aaaa1",
			`userName ne "aaaa1"`:                      "bbbb1 cccc1",
			`userName eq "niemand"`:                    "",
			`not (userName eq "niemand")`:              "aaaa1 bbbb1 cccc1",
			`id eq "` + b.ID + `"`:                     "bbbb1",
			`active eq false`:                          "aaaa1",
			`active eq "True" and userName eq "bbbb1"`: "bbbb1",
			`emails.value eq "aaaa1@POST.example"`:     "aaaa1",
			`emails[value eq "cccc1@post.example"]`:    "cccc1",
			`emails[type eq "work"].value eq "cccc1@post.example"`:                                             "cccc1",
			`emails[primary eq true].value ne "cccc1@post.example"`:                                            "aaaa1 bbbb1",
			`emails[type eq "work" and value eq "aaaa1@post.example"]`:                                         "aaaa1",
			`emails eq "bbbb1@post.example"`:                                                                   "", // active: the address is its owner's
			`emails.value eq "geen adres"`:                                                                     "",
			`not (emails.value eq "aaaa1@post.example")`:                                                       "bbbb1 cccc1",
			`externalId eq "aaaa1" or (userName eq "bbbb1" and active eq true) or externalId eq "' OR 1=1 --"`: "aaaa1 bbbb1",
			`urn:ietf:params:scim:schemas:core:2.0:User:externalId eq "cccc1"`:                                 "cccc1",
		} {
			if ids, err := h.list(h.wise, filter); err != nil || strings.Join(ids, " ") != want {
				t.Errorf("%s finds %v, %v; want %s", filter, ids, err, want)
			}
		}
		for _, filter := range []string{`userName sw "a"`, `userName co "a"`, `userName pr`, `displayName eq "a"`, `meta.lastModified gt "2026-01-01T00:00:00Z"`,
			`userName eq 5`, `active eq "ja"`, `externalId eq "\u0000"`, `emails[type eq "work"]`, `emails[type eq "work" or value eq "a"]`,
			`emails[value eq "a" and value eq "b"]`, `emails[value eq "a"].value eq "b"`, `emails[type sw "w"].value eq "b"`, `emails[type eq "work"].type eq "b"`} {
			_, err := h.list(h.wise, filter)
			h.want(err, provision.ErrUnfiltered, filter)
		}
	})
}

func TestPagesFollowTheOrderInWhichUsersCame(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for i := range 7 {
			h.create(h.wise, fmt.Sprint("klant", i))
			h.pass(time.Second)
		}
		for _, c := range []struct {
			start, count int
			want         string
		}{{1, 3, "klant0 klant1 klant2"}, {4, 3, "klant3 klant4 klant5"}, {7, 3, "klant6"}, {8, 3, ""}, {1, 0, ""}, {1, -1, ""}, {-5, 1, "klant0"}, {1 << 40, 3, ""}} {
			err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
				page, total, err := h.List(tx, h.wise, provision.Query{Start: c.start, Count: c.count})
				var got []string
				for _, u := range page {
					got = append(got, u.ExternalID)
				}
				if total != 7 || strings.Join(got, " ") != c.want {
					t.Errorf("from %d, %d: %v of %d; want %s", c.start, c.count, got, total, c.want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestANightlySyncOfTheSameChangesAndMailsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const customers = 500
		ids, versions := make([]string, customers), make([]string, customers)
		for i := range customers {
			u := h.create(h.wise, fmt.Sprint(200000+i))
			ids[i], versions[i] = u.ID, u.Version()
		}
		for night := range 2 {
			h.pass(time.Minute)
			for i, id := range ids {
				name := fmt.Sprint(200000 + i)
				u, err := h.replace(h.wise, provision.At{ID: id}, provision.Change{ExternalID: &name, Username: &name, Email: ref(name + "@post.example"), Active: ref(true)})
				if err != nil || u.Version() != versions[i] {
					t.Fatalf("night %d, %s: %+v, %v", night, name, u, err)
				}
			}
		}
		var mails int
		h.in(func(tx *sqldb.Tx) error {
			list, err := outbox.Recent(tx, 2*customers)
			mails = len(list)
			return err
		})
		if mails != customers {
			t.Errorf("%d letters, want %d", mails, customers)
		}
	})
}

func TestAProgramInALoopFillsNoMailbox(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.create(h.wise, "100200")
		var err error
		for range 100 {
			if _, err = h.amend(h.wise, provision.At{ID: u.ID}, provision.Change{Resend: true}); err != nil {
				break
			}
		}
		h.want(err, throttle.ErrSlow, "a hundred times at once")
		if n := len(h.letters()); n > 12 {
			t.Errorf("%d letters", n)
		}
		h.pass(5 * time.Minute)
		if _, err = h.amend(h.wise, provision.At{ID: u.ID}, provision.Change{Resend: true}); err != nil {
			t.Errorf("five minutes later: %v", err)
		}
	})
}
