package provision_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/provision"
)

// offer names two kinds of the northern libraries, and one of the southern.
func (h *house) offer() {
	h.t.Helper()
	for _, k := range []provision.Kind{
		{Organisation: "noord", Code: "jaar", NameNL: "Jaarabonnement", NameEN: "Yearly membership", Rights: []string{provision.Digital, provision.Physical}, Offered: true},
		{Organisation: "noord", Code: "basis", NameNL: "Basis", Rights: []string{provision.Physical}, Offered: true},
		{Organisation: "zuid", Code: "plus", NameNL: "Plus", Rights: []string{provision.Digital}, Offered: true},
	} {
		h.in(func(tx *sqldb.Tx) error { return provision.SaveKind(tx, "command", k) })
	}
}

func jaar(id string, first, last day.Day) provision.Membership {
	return provision.Membership{ID: id, Code: "jaar", First: first, Last: last}
}

func put(list ...provision.Membership) provision.Change {
	return provision.Change{Memberships: []provision.Edit{{Act: provision.Put, List: list}}}
}

func add(list ...provision.Membership) provision.Change {
	return provision.Change{Memberships: []provision.Edit{{Act: provision.Add, List: list}}}
}

// told is what the claim says of an account, in short.
func (h *house) told(accountID string, on day.Day) (list []string) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) error {
		held, err := provision.OfAccount(tx, accountID, on)
		list = nil
		for _, m := range held {
			list = append(list, fmt.Sprintf("%s %s %s %s %s", m.Kind.Organisation, m.Number, m.ID, strings.Join(m.Kind.Rights, "+"), m.State(on)))
		}
		return err
	})
	return list
}

func (h *house) same(got, want []string, what string) {
	h.t.Helper()
	if !slices.Equal(got, want) {
		h.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAMembershipOfAnotherSystemIsToldFromItsFirstDayToItsLast(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		n := newcomer("100200")
		n.Memberships = []provision.Membership{jaar("W1", "2026-11-24", "2026-12-31")}
		u, err := h.tryCreate(h.wise, n)
		if err != nil || !slices.Equal(u.Memberships, n.Memberships) {
			t.Fatalf("%+v %v", u, err)
		}
		for on, state := range map[day.Day]string{"2026-11-23": "upcoming", "2026-11-24": "running", "2026-12-31": "running", "2027-01-01": "ended"} {
			h.same(h.told(u.AccountID, on), []string{"noord 100200 W1 digital+physical " + state}, string(on))
		}
		u, err = h.amend(h.wise, provision.At{ID: u.ID}, add(jaar("W2", "2027-01-01", ""), jaar("W0", "2024-01-01", "2024-12-31")))
		if err != nil || len(u.Memberships) != 3 || u.Memberships[0].ID != "W0" {
			t.Fatalf("%+v %v", u, err)
		}
		h.same(h.told(u.AccountID, "2026-11-24"), []string{"noord 100200 W1 digital+physical running", "noord 100200 W2 digital+physical upcoming"}, "running and to come")
		u, err = h.amend(h.wise, provision.At{ID: u.ID}, provision.Change{Memberships: []provision.Edit{{Act: provision.Drop, Which: &provision.Filter{Op: "eq", Attribute: "value", Value: "W2"}}}})
		if err != nil {
			t.Fatal(err)
		}
		h.same(h.told(u.AccountID, "2027-02-01"), []string{"noord 100200 W1 digital+physical ended"}, "what ended last")
		if _, err = h.amend(h.wise, provision.At{ID: u.ID}, put()); err != nil {
			t.Fatal(err)
		}
		h.same(h.told(u.AccountID, "2026-11-24"), nil, "none left")
	})
}

// Each organisation speaks of its own customers only, also of one person.
func TestSuspendingEndsTheMembershipsOfOneLinkAndTrueBringsThemBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		u := h.create(h.wise, "100200")
		h.wake("100200@post.example")
		if _, err := h.amend(h.wise, provision.At{ID: u.ID}, put(jaar("W1", "2026-01-01", ""))); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Second)
		var ask string
		h.in(func(tx *sqldb.Tx) (err error) { ask, err = h.Ask(tx, h.bica, "100200"); return err })
		code := h.mailed("100200@post.example", codePattern)
		var other provision.User
		h.in(func(tx *sqldb.Tx) (err error) {
			other, err = h.Link(tx, h.bica, provision.Proven{ExternalID: "Z9", AskID: ask, Code: code, Memberships: []provision.Membership{{ID: "W1", Code: "plus", First: "2026-02-01"}}})
			return err
		})
		both := []string{"noord 100200 W1 digital+physical running", "zuid Z9 W1 digital running"}
		h.same(h.told(u.AccountID, "2026-11-23"), both, "both")
		_, err := h.amend(h.bica, provision.At{ID: u.ID}, put())
		h.want(err, provision.ErrNoUser, "another organisation's user")
		_, err = h.amend(h.bica, provision.At{ID: other.ID}, add(jaar("W2", "2026-01-01", "")))
		h.want(err, provision.ErrKind, "another organisation's kind")

		if _, err := h.amend(h.wise, provision.At{ID: u.ID}, provision.Change{Active: ref(false)}); err != nil {
			t.Fatal(err)
		}
		h.same(h.told(u.AccountID, "2026-11-23"), []string{"noord 100200 W1 digital+physical suspended", both[1]}, "one suspended")
		if _, err := h.amend(h.wise, provision.At{ID: u.ID}, provision.Change{Active: ref(true)}); err != nil {
			t.Fatal(err)
		}
		h.same(h.told(u.AccountID, "2026-11-23"), both, "back again")
		if err := h.remove(h.bica, provision.At{ID: other.ID}); err != nil {
			t.Fatal(err)
		}
		h.same(h.told(u.AccountID, "2026-11-23"), both[:1], "one link less")
	})
}

func TestASyncThatSaysTheSameMembershipsChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		u := h.create(h.wise, "100200")
		h.pass(time.Second)
		b, a := jaar("B", "2026-01-01", "2026-12-31"), jaar("a", "2026-01-01", "")
		first, err := h.replace(h.wise, provision.At{ID: u.ID}, put(a, b))
		if err != nil || first.Version() == u.Version() {
			t.Fatalf("%+v %v", first, err)
		}
		for what, c := range map[string]provision.Change{"the same, turned round": put(b, a), "the same added": add(b), "without memberships": {ExternalID: ref("100200")}} {
			if again, err := h.replace(h.wise, provision.At{ID: u.ID}, c); err != nil || again.Version() != first.Version() {
				t.Errorf("%s: %+v %v", what, again, err)
			}
		}
		if page, err := h.find(h.wise, u.ID); err != nil || !slices.Equal(page.Memberships, []provision.Membership{b, a}) {
			t.Errorf("%+v %v", page, err)
		}
		var entries []audit.Entry
		h.in(func(tx *sqldb.Tx) (err error) { entries, err = audit.Of(tx, "account:"+u.AccountID, 1); return err })
		if entries[0].Act != "provision.change" || entries[0].Detail != "noord memberships" {
			t.Errorf("noted %+v", entries)
		}
	})
}

func TestWhatIsNoMembershipIsRefusedAndNothingIsDone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		u, err := h.amend(h.wise, provision.At{ID: h.create(h.wise, "100200").ID}, put(jaar("W1", "2026-01-01", "")))
		if err != nil {
			t.Fatal(err)
		}
		many := make([]provision.Membership, provision.MostMemberships+1)
		for i := range many {
			many[i] = jaar(fmt.Sprint(i), "2026-01-01", "")
		}
		w1 := &provision.Filter{Op: "eq", Attribute: "value", Value: "W1"}
		set := func(which *provision.Filter, p provision.Part) provision.Change {
			return provision.Change{Memberships: []provision.Edit{{Act: provision.Set, Which: which, Part: p}}}
		}
		for name, c := range map[string]struct {
			change provision.Change
			want   *fault.Error
			id     string
		}{
			"no id":              {put(jaar("", "2026-01-01", "")), provision.ErrMembership, ""},
			"an id with NUL":     {put(jaar("W\x00", "2026-01-01", "")), provision.ErrMembership, ""},
			"an id twice":        {put(jaar("W", "2026-01-01", ""), jaar("W", "2026-02-01", "")), provision.ErrTwice, ""},
			"no first day":       {put(jaar("W", "", "")), provision.ErrDay, ""},
			"no day":             {put(jaar("W", "2026-02-30", "")), provision.ErrDay, ""},
			"a Dutch day":        {put(jaar("W", "1-2-2026", "")), provision.ErrDay, ""},
			"a day with a clock": {put(jaar("W", "2026-01-01", "2026-12-31T00:00:00Z")), provision.ErrDay, ""},
			"ends first":         {put(jaar("W", "2026-01-02", "2026-01-01")), provision.ErrDays, ""},
			"an unknown kind":    {put(provision.Membership{ID: "W", Code: "goud", First: "2026-01-01"}), provision.ErrKind, "W"},
			"too many":           {put(many...), provision.ErrManyMemberships, ""},
			"too many in all":    {add(many[:provision.MostMemberships]...), provision.ErrManyMemberships, ""},
			"one that is not":    {set(&provision.Filter{Op: "eq", Attribute: "value", Value: "W2"}, provision.Part{Last: ref(day.Day("2026-12-31"))}), provision.ErrNoneMeant, ""},
			"another id":         {set(w1, provision.Part{ID: ref("W2")}), provision.ErrMembershipID, ""},
			"another kind":       {set(w1, provision.Part{Code: ref("goud")}), provision.ErrKind, "W1"},
			"no start":           {set(w1, provision.Part{First: ref(day.Day(""))}), provision.ErrDay, ""},
		} {
			_, err := h.amend(h.wise, provision.At{ID: u.ID}, c.change)
			h.want(err, c.want, name)
			if errors.Is(err, provision.ErrKind) && !slices.Equal(fault.Of(err)[0].Args, []any{c.id, "goud", "basis, jaar"}) {
				t.Errorf("%s: says %v", name, fault.Of(err)[0].Args)
			}
		}
		if now, err := h.find(h.wise, u.ID); err != nil || now.Version() != u.Version() {
			t.Errorf("%+v %v", now, err)
		}
		n := newcomer("100201")
		n.Memberships = []provision.Membership{{ID: "W", Code: "goud", First: "2026-01-01"}}
		_, err = h.tryCreate(h.wise, n)
		h.want(err, provision.ErrKind, "a newcomer")
		if len(h.letters()) != 1 {
			t.Errorf("%d letters", len(h.letters()))
		}
	})
}

func TestAKindThatIsOfferedNoMoreStaysWithWhoHasIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		u, err := h.amend(h.wise, provision.At{ID: h.create(h.wise, "100200").ID}, put(jaar("W1", "2026-01-01", "")))
		if err != nil {
			t.Fatal(err)
		}
		kind := provision.Kind{Organisation: "noord", Code: "jaar", NameNL: "Jaar oud", Rights: []string{provision.Digital}}
		h.in(func(tx *sqldb.Tx) error { return provision.SaveKind(tx, "staff:1", kind) })
		h.same(h.told(u.AccountID, "2026-11-23"), []string{"noord 100200 W1 digital running"}, "other rights")
		if _, err := h.amend(h.wise, provision.At{ID: u.ID}, put(jaar("W1", "2026-01-01", "2026-12-31"))); err != nil {
			t.Errorf("other days: %v", err)
		}
		_, err = h.amend(h.wise, provision.At{ID: u.ID}, add(jaar("W2", "2027-01-01", "")))
		h.want(err, provision.ErrWithdrawn, "one more")
		if !slices.Equal(errorArgs(err), []any{"W2", "jaar", "basis"}) {
			t.Errorf("says %v", errorArgs(err))
		}

		lone := h.bearer("oost", "Bibliotheken Oost")
		_, err = h.amend(lone, provision.At{ID: h.create(lone, "E100").ID}, add(jaar("W2", "2027-01-01", "")))
		h.want(err, provision.ErrNoKinds, "an organisation without kinds")
		for name, c := range map[string]struct {
			kind provision.Kind
			want *fault.Error
		}{
			"no organisation": {provision.Kind{Organisation: "west", Code: "jaar", NameNL: "Jaar"}, provision.ErrNoOrganisation},
			"no code":         {provision.Kind{Organisation: "noord", NameNL: "Jaar"}, provision.ErrKindCode},
			"no name":         {provision.Kind{Organisation: "noord", Code: "jaar"}, provision.ErrName},
			"no right":        {provision.Kind{Organisation: "noord", Code: "jaar", NameNL: "Jaar", Rights: []string{"alles"}}, provision.ErrRight},
		} {
			h.want(h.try(func(tx *sqldb.Tx) error { return provision.SaveKind(tx, "command", c.kind) }), c.want, name)
		}
		h.in(func(tx *sqldb.Tx) error {
			of, err := provision.Kinds(tx, "noord")
			if err == nil && (len(of) != 2 || of[1].Name(words.EN) != "Jaar oud" || of[1].Offered || of[0].Name(words.NL) != "Basis") {
				t.Errorf("%+v", of)
			}
			return err
		})
		h.in(func(tx *sqldb.Tx) error {
			all, err := provision.Kinds(tx, "")
			if err == nil && len(all) != 3 {
				t.Errorf("%+v", all)
			}
			return err
		})
	})
}

func TestOfSixteenMembershipsAddedAtOnceAsManyAreKeptAsMayBe(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		u := h.create(h.wise, "100200")
		var n atomic.Int64
		won, others := sixteen(func() error {
			_, err := h.amend(h.wise, provision.At{ID: u.ID}, add(jaar(fmt.Sprint(n.Add(1)), "2026-01-01", "")))
			return err
		})
		for _, err := range others {
			h.want(err, provision.ErrManyMemberships, "one too many")
		}
		now, err := h.find(h.wise, u.ID)
		if err != nil || won != provision.MostMemberships || len(now.Memberships) != won {
			t.Errorf("%d won, %d kept, %v", won, len(now.Memberships), err)
		}
		same := now.Memberships[0].ID
		version := now.Version()
		won, others = sixteen(func() error {
			_, err := h.amend(h.wise, provision.At{ID: u.ID, Versions: []string{version}}, provision.Change{Memberships: []provision.Edit{
				{Act: provision.Drop, Which: &provision.Filter{Op: "eq", Attribute: "value", Value: same}}}})
			return err
		})
		for _, err := range others {
			h.want(err, provision.ErrChanged, "at a version that is gone")
		}
		if won != 1 {
			t.Errorf("%d dropped it", won)
		}
	})
}

func TestAKindMayGiveTheYouthCollection(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.offer()
		h.in(func(tx *sqldb.Tx) error {
			k := provision.Kind{Organisation: "noord", Code: "jeugd", NameNL: "Jeugd", Rights: []string{provision.DigitalYouth, provision.Physical}, Offered: true}
			return provision.SaveKind(tx, "command", k)
		})
		n := newcomer("100300")
		n.Memberships = []provision.Membership{{ID: "J1", Code: "jeugd", First: "2026-01-01"}}
		u, err := h.tryCreate(h.wise, n)
		if err != nil {
			t.Fatal(err)
		}
		h.same(h.told(u.AccountID, "2026-11-24"), []string{"noord 100300 J1 digital-youth+physical running"}, "a youth kind")
		h.in(func(tx *sqldb.Tx) error {
			if err := provision.SaveKind(tx, "command", provision.Kind{Organisation: "noord", Code: "x", NameNL: "X", Rights: []string{"digitaal-jeugd"}}); !errors.Is(err, provision.ErrRight) {
				t.Errorf("a right that is not there: %v", err)
			}
			return nil
		})
	})
}
