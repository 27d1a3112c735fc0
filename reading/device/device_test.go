package device_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/reading/device"
	"lidwoord/reading/loan"
)

var (
	noon   = time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)
	zoe    = loan.Reader("zoe")
	rights = loan.Rights{{Library: "Bind", Name: "Digital only", Rights: []string{"digital"}, ValidThrough: "2027-11-30"}}
)

// signOn is a sign-on of another make: each refresh token works once, and one that
// comes twice ends all.
type signOn struct {
	mu      sync.Mutex
	now     secret.Token
	spent   map[secret.Token]bool
	over    bool
	down    bool
	slow    time.Duration
	rights  loan.Rights
	reader  loan.Reader
	revoked []secret.Token

	refreshed, reused, asked atomic.Int32
}

func newSignOn() *signOn {
	return &signOn{now: "first", spent: map[secret.Token]bool{}, rights: rights, reader: zoe}
}

func (s *signOn) Refresh(ctx context.Context, refresh secret.Token) (device.Heard, error) {
	s.refreshed.Add(1)
	time.Sleep(s.slow)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		return device.Heard{}, device.ErrAway
	case s.spent[refresh]:
		s.reused.Add(1)
		s.over = true
		fallthrough
	case s.over || refresh != s.now:
		return device.Heard{}, device.ErrEnded
	}
	s.spent[s.now] = true
	s.now = secret.NewToken()
	return device.Heard{Reader: s.reader, Rights: s.rights, Refresh: s.now}, nil
}

func (s *signOn) Introspect(_ context.Context, access secret.Token) (device.Bearer, error) {
	s.asked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		return device.Bearer{}, device.ErrAway
	case access != "good":
		return device.Bearer{}, device.ErrEnded
	}
	return device.Bearer{Reader: s.reader, Rights: s.rights, App: "Thorium", Expires: noon.Add(15 * time.Minute)}, nil
}

func (s *signOn) Revoke(_ context.Context, refresh secret.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, refresh)
	return nil
}

// house is the room with a sign-on, at a time that stands still.
type house struct {
	*testing.T
	*device.Readers
	there *signOn
	after atomic.Int64
}

func open(t *testing.T, db *sqldb.DB) *house {
	h := &house{T: t, there: newSignOn()}
	db.Now = func() time.Time { return noon.Add(time.Duration(h.after.Load())) }
	h.Readers = device.New(db, h.there)
	return h
}

func (h *house) at(after time.Duration) { h.after.Store(int64(after)) }

func (h *house) make(name string) (d device.Device, password secret.Token, err error) {
	err = h.DB.InTx(h.Context(), func(tx *sqldb.Tx) error {
		d, password, err = device.Make(tx, device.Heard{Reader: zoe, Rights: rights, Refresh: h.there.now}, name)
		return err
	})
	return d, password, err
}

// let lets a device in that must be.
func (h *house) let(name string) (device.Device, secret.Token) {
	h.Helper()
	d, password, err := h.make(name)
	if err != nil {
		h.Fatal(err)
	}
	return d, password
}

func (h *house) list() (list []device.Device) {
	h.Helper()
	err := h.DB.Read(h.Context(), func(tx *sqldb.Tx) (err error) { list, err = device.Of(tx, zoe); return err })
	if err != nil {
		h.Fatal(err)
	}
	return list
}

func (h *house) enter(d device.Device, password secret.Token) device.Entered {
	h.Helper()
	in, err := h.Enter(h.Context(), d.Login, password, "192.0.2.1")
	if err != nil {
		h.Fatal(err)
	}
	return in
}

func TestAnAppComesInByItsOwnPassword(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("  KOReader op\tmijn e-reader ")
		if len(password) != 19 || strings.Count(string(password), "-") != 3 || strings.ToLower(string(password)) != string(password) || len(d.Login) != 9 {
			t.Fatalf("%q and %q", d.Login, string(password))
		}
		for _, typed := range []secret.Token{password, secret.Token(strings.ToUpper(string(password))), secret.Token(strings.ReplaceAll(string(password), "-", "")), " " + password + " "} {
			in, err := h.Enter(t.Context(), strings.ToUpper(d.Login), typed, "192.0.2.1")
			if err != nil || in.Reader != zoe || in.App != "KOReader op mijn e-reader" {
				t.Errorf("%q: %+v %v", string(typed), in, err)
			}
		}
		other, otherPassword := h.let("Telefoon")
		for name, c := range map[string]struct {
			login    string
			password secret.Token
		}{
			"of another device":  {d.Login, otherPassword},
			"without":            {d.Login, ""},
			"too short":          {d.Login, password[:18]},
			"of nobody":          {"3333-3333", password},
			"without a name":     {"", password},
			"with a name as ten": {strings.Repeat(other.Login, 100), password},
		} {
			if _, err := h.Enter(t.Context(), c.login, c.password, "192.0.2.1"); !errors.Is(err, device.ErrWrong) && !errors.Is(err, device.ErrNoAppName) {
				t.Errorf("%s: %v", name, err)
			}
		}
		list := h.list()
		if len(list) != 2 || list[0].MadeOn != "2026-11-23" || list[0].UsedOn != "2026-11-23" || list[1].UsedOn != "" {
			t.Errorf("%+v", list)
		}
		if h.there.refreshed.Load() != 0 {
			t.Error("the sign-on was asked though nobody wanted to know")
		}
	})
}

// Whoever has the table has neither a password nor a person.
func TestTheTableTellsNoPasswordAndNoPerson(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		if _, err := h.enter(d, password).Rights(t.Context(), time.Nanosecond); err != nil {
			t.Fatal(err)
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			rows, err := sqldb.Many(tx, `SELECT reader, name, login, digest, made_on, used_on, sealed FROM device`, nil, func(r sqldb.Row) (line string, err error) {
				var p [7]string
				err = r.Scan(&p[0], &p[1], &p[2], &p[3], &p[4], &p[5], &p[6])
				return strings.Join(p[:], " "), err
			})
			for _, line := range rows {
				for _, hidden := range []string{string(password), strings.ReplaceAll(string(password), "-", ""), password.Digest(), "Bind", "2027", "refresh", string(h.there.now)} {
					if strings.Contains(line, hidden) {
						t.Errorf("the row %q holds %q", line, hidden)
					}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestGuessesSlowDownAndHoldUpNobodyElse(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		other, otherPassword := h.let("Telefoon")
		slow := 0
		for range 12 {
			if _, err := h.Enter(t.Context(), d.Login, "3333-3333-3333-3333", "192.0.2.1"); errors.Is(err, throttle.ErrSlow) {
				slow++
			}
		}
		if slow != 1 {
			t.Errorf("%d of twelve guesses were told to wait, want the last", slow)
		}
		h.enter(d, password) // the right one does not wait for somebody else's guesses
		h.enter(other, otherPassword)
		if _, err := h.Enter(t.Context(), d.Login, "3333-3333-3333-3333", "192.0.2.1"); !errors.Is(err, throttle.ErrSlow) {
			t.Errorf("a guess after the right password came in: %v", err)
		}
		// One network that tries many names.
		slow = 0
		for i := range 60 {
			if _, err := h.Enter(t.Context(), secret.NewLetters(2), password, "192.0.2.2"); errors.Is(err, throttle.ErrSlow) {
				slow++
			} else if !errors.Is(err, device.ErrWrong) {
				t.Fatal(i, err)
			}
		}
		if slow == 0 {
			t.Error("sixty names from one network and none had to wait")
		}
		if _, err := h.Enter(t.Context(), other.Login, otherPassword, "192.0.2.2"); err != nil {
			t.Errorf("an app beside it: %v", err)
		}
	})
}

// Whoever types a card number or an address of mail does so in an app that tries on
// and on. What they typed is counted by itself: another who makes the same mistake
// elsewhere, with a name that nobody tried yet, is told what is wrong.
func TestANameThatNoAppHasHoldsUpNoOther(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		try := func(name, network string) error {
			_, err := h.Enter(t.Context(), name, "geheim", network)
			return err
		}
		for range 12 {
			_ = try("20001234567", "192.0.2.1")
		}
		if err := try("20001234567", "198.51.100.1"); !errors.Is(err, throttle.ErrSlow) {
			t.Errorf("a name that was tried twelve times: %v", err)
		}
		for _, name := range []string{"20007654321", "zoe@example.nl", "6xhc-cfjq", "É", strings.Repeat("x", 5000) + "y"} {
			if err := try(name, "203.0.113.1"); errors.Is(err, throttle.ErrSlow) {
				t.Errorf("%.20q must wait for somebody else's mistake", name)
			}
		}
		// A name of another form than ours is a mistake of its own.
		for name, want := range map[string]error{"20007654321": device.ErrNoAppName, "zoe@example.nl": device.ErrNoAppName, "6xhc-cfjq": device.ErrWrong, "6XHC CFJQ": device.ErrWrong} {
			if err := try(name, "203.0.113.2"); !errors.Is(err, want) {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}

func TestSixteenMakesAtNineMakeOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for i := range device.Most - 1 {
			h.let(fmt.Sprint("app ", i))
		}
		var made atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if _, _, err := h.make("nog een"); err == nil {
					made.Add(1)
				} else if !errors.Is(err, device.ErrMany) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 || len(h.list()) != device.Most {
			t.Errorf("%d made, %d there", made.Load(), len(h.list()))
		}
	})
}

func TestOfSixteenRequestsOneAsksTheSignOn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		elsewhere := device.New(db, h.there) // another process
		h.there.slow = 100 * time.Millisecond
		h.there.rights = loan.Rights{{Library: "Bind", Name: "Verlengd", Rights: []string{"digital"}}}
		for round := 1; round <= 3; round++ {
			h.at(time.Duration(round) * 16 * time.Minute)
			var all sync.WaitGroup
			for i := range 16 {
				all.Go(func() {
					readers := h.Readers
					if i%2 == 1 {
						readers = elsewhere
					}
					in, err := readers.Enter(t.Context(), d.Login, password, "192.0.2.1")
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := in.Rights(t.Context(), loan.ReadingRights); err != nil || len(got) != 1 || got[0].Name != "Verlengd" {
						t.Errorf("%v %v", got, err)
					}
				})
			}
			all.Wait()
			if n := h.there.refreshed.Load(); n != int32(round) || h.there.reused.Load() != 0 {
				t.Errorf("round %d: asked %d times, %d with a spent token", round, n, h.there.reused.Load())
			}
		}
		if h.list()[0].Ended {
			t.Error("the device ended")
		}
	})
}

func TestRightsAreAsFreshAsTheCallerWants(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		in := h.enter(d, password)
		ask := func(atMost time.Duration) loan.Rights {
			t.Helper()
			got, err := in.Rights(t.Context(), atMost)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		h.at(loan.ReadingRights - time.Second)
		if ask(loan.ReadingRights); h.there.refreshed.Load() != 0 {
			t.Error("fresh rights were asked anew")
		}
		h.there.rights = nil // the membership ended at the desk
		if got := ask(loan.LendingRights); len(got) != 0 || h.there.refreshed.Load() != 1 {
			t.Errorf("lending with %v", got)
		}
		if got := ask(loan.ReadingRights); len(got) != 0 || h.there.refreshed.Load() != 1 {
			t.Errorf("what was heard for lending does not do for reading: %v", got)
		}
	})
}

func TestASignOnThatIsAwayStopsLendingAndADayLaterReading(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		in := h.enter(d, password)
		h.there.down = true
		h.at(24*time.Hour - time.Second)
		if got, err := in.Rights(t.Context(), loan.ReadingRights); err != nil || len(got) != 1 {
			t.Errorf("reading on: %v %v", got, err)
		}
		if _, err := in.Rights(t.Context(), loan.LendingRights); !errors.Is(err, device.ErrAway) {
			t.Errorf("lending: %v", err)
		}
		if n := h.there.refreshed.Load(); n != 1 {
			t.Errorf("asked %d times; it should be left in peace", n)
		}
		h.at(24 * time.Hour)
		if _, err := in.Rights(t.Context(), loan.ReadingRights); !errors.Is(err, device.ErrAway) {
			t.Errorf("a day later: %v", err)
		}
		h.there.down = false
		h.at(24*time.Hour + 10*time.Second)
		if _, err := in.Rights(t.Context(), loan.LendingRights); err != nil {
			t.Errorf("back again: %v", err)
		}
		if h.there.reused.Load() != 0 {
			t.Error("a spent token came again")
		}
	})
}

func TestADeviceEndsWithTheReadersSignInAndSaysWhy(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		in := h.enter(d, password)
		h.there.over = true
		h.at(time.Hour)
		for range 2 {
			if _, err := in.Rights(t.Context(), loan.ReadingRights); !errors.Is(err, device.ErrEnded) {
				t.Errorf("%v", err)
			}
		}
		if _, err := h.Enter(t.Context(), d.Login, password, "192.0.2.1"); !errors.Is(err, device.ErrEnded) {
			t.Errorf("coming again: %v", err)
		}
		if list := h.list(); len(list) != 1 || !list[0].Ended || h.there.refreshed.Load() != 1 {
			t.Errorf("%+v", list)
		}
		for range device.Most { // it takes no place
			h.let("nieuw")
		}
		sweep := func() int {
			if err := db.InTx(t.Context(), device.Sweep); err != nil {
				t.Fatal(err)
			}
			return len(h.list())
		}
		h.at(30 * 24 * time.Hour)
		if n := sweep(); n != device.Most+1 {
			t.Errorf("%d left after thirty days", n)
		}
		h.at(31 * 24 * time.Hour)
		if n := sweep(); n != device.Most {
			t.Errorf("%d left a day later", n)
		}
	})
}

func TestAnAnswerAboutSomebodyElseEndsADevice(t *testing.T) {
	h := open(t, sqldbtest.New(t))
	in := h.enter(h.let("E-reader"))
	h.there.reader = "ada"
	h.at(time.Hour)
	if got, err := in.Rights(t.Context(), loan.ReadingRights); !errors.Is(err, device.ErrEnded) {
		t.Errorf("%v %v", got, err)
	}
}

// Behind one address a whole school reads. Only bad tokens slow it down, and one that
// was good a while ago is let in even then.
func TestASchoolOfGoodTokensIsLetIn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		r := device.New(db, everyone{h.there})
		by := func(token string) error {
			_, err := r.ByBearer(t.Context(), secret.Token(token), "192.0.2.1")
			return err
		}
		for n := range 90 {
			if err := by(fmt.Sprint("good", n)); err != nil {
				t.Fatalf("good token %d: %v", n+1, err)
			}
		}
		for n := range 60 {
			if err := by(fmt.Sprint("bad", n)); !errors.Is(err, device.ErrToken) {
				t.Fatalf("bad token %d: %v", n+1, err)
			}
		}
		if err := by("bad"); !errors.Is(err, throttle.ErrSlow) {
			t.Errorf("a guess too many: %v", err)
		}
		h.at(2 * time.Second) // no longer believed without asking
		if err := by("good1"); err != nil {
			t.Errorf("a token that was good: %v", err)
		}
	})
}

// everyone is a sign-on to which most tokens are good.
type everyone struct{ *signOn }

func (e everyone) Introspect(_ context.Context, access secret.Token) (device.Bearer, error) {
	if strings.HasPrefix(string(access), "bad") {
		return device.Bearer{}, device.ErrEnded
	}
	return device.Bearer{Reader: loan.Reader(access), Rights: rights}, nil
}

// The token that was spent is lost with whoever asked, so a program that ends waits
// until the answer is written down.
func TestAProgramThatEndsWaitsForWhatWasAsked(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		in := h.enter(d, password)
		h.at(time.Hour)
		h.there.slow = 300 * time.Millisecond
		ctx, hangUp := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer hangUp()
		if _, err := in.Rights(ctx, loan.ReadingRights); err == nil {
			t.Fatal("it was heard before it was said")
		}
		h.Wait()
		h.there.slow = 0
		if _, err := in.Rights(t.Context(), loan.ReadingRights); err != nil || h.there.refreshed.Load() != 1 {
			t.Errorf("asked %d times, %v", h.there.refreshed.Load(), err)
		}
	})
}

func TestAWithdrawnDeviceIsOutAtOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		d, password := h.let("E-reader")
		in := h.enter(d, password)
		if err := h.Withdraw(t.Context(), "ada", d.ID); !errors.Is(err, device.ErrNoDevice) {
			t.Fatal(err)
		}
		h.enter(d, password) // nobody takes back what is somebody else's
		if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return device.Rename(tx, "ada", d.ID, "mijn") }); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("renamed by somebody else: %v", err)
		}
		for range 2 {
			if err := h.Withdraw(t.Context(), zoe, d.ID); err != nil && !errors.Is(err, device.ErrNoDevice) {
				t.Fatal(err)
			}
		}
		if _, err := h.Enter(t.Context(), d.Login, password, "192.0.2.1"); !errors.Is(err, device.ErrWrong) {
			t.Errorf("%v", err)
		}
		if len(h.there.revoked) != 1 || h.there.revoked[0] != "first" || len(h.list()) != 0 {
			t.Errorf("revoked %d", len(h.there.revoked))
		}
		h.at(time.Hour)
		if _, err := in.Rights(t.Context(), loan.ReadingRights); err == nil {
			t.Error("a request that was under way has rights")
		}
		// Withdrawn while the sign-on is being asked: what came of it is ended as well.
		d, password = h.let("Telefoon")
		h.there.slow = 200 * time.Millisecond
		in = h.enter(d, password)
		h.at(2 * time.Hour)
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := in.Rights(t.Context(), loan.ReadingRights); err == nil {
				t.Error("a device that was withdrawn has rights")
			}
		})
		time.Sleep(50 * time.Millisecond)
		if err := h.Withdraw(t.Context(), zoe, d.ID); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		if n := len(h.there.revoked); n != 3 {
			t.Errorf("%d tokens revoked, want the old and the new one", n-1)
		}
	})
}

// An app that hangs up, as they do when a reader turns the page, loses no answer.
func TestAnAnswerIsKeptThoughNobodyWaitsForIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		in := h.enter(h.let("E-reader"))
		h.there.slow = 100 * time.Millisecond
		h.at(time.Hour)
		ctx, hangUp := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer hangUp()
		if _, err := in.Rights(ctx, loan.ReadingRights); err == nil {
			t.Error("an answer before it was there")
		}
		if _, err := in.Rights(t.Context(), loan.ReadingRights); err != nil {
			t.Error(err)
		}
		if h.there.refreshed.Load() != 1 || h.there.reused.Load() != 0 {
			t.Errorf("asked %d times, %d with a spent token", h.there.refreshed.Load(), h.there.reused.Load())
		}
	})
}

func TestATokenOfTheSignOnIsAskedAboutOnceAMinute(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		by := func(token secret.Token) (device.Entered, error) { return h.ByBearer(t.Context(), token, "192.0.2.1") }
		for range 5 {
			in, err := by("good")
			if err != nil || in.Reader != zoe || in.App != "Thorium" {
				t.Fatalf("%+v %v", in, err)
			}
			if got, err := in.Rights(t.Context(), loan.ReadingRights); err != nil || len(got) != 1 {
				t.Fatalf("%v %v", got, err)
			}
		}
		if n := h.there.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		in, _ := by("good")
		h.at(10 * time.Second)
		if in.Rights(t.Context(), loan.LendingRights); h.there.asked.Load() != 2 {
			t.Error("lending by what was heard ten seconds ago")
		}
		h.at(70 * time.Second)
		h.there.down = true
		if _, err := by("good"); !errors.Is(err, device.ErrAway) {
			t.Errorf("sign-on away: %v", err)
		}
		h.there.down = false
		for _, token := range []secret.Token{"", "bad", secret.Token(strings.Repeat("x", 5000))} {
			if _, err := by(token); !errors.Is(err, device.ErrToken) {
				t.Errorf("%.10q: %v", string(token), err)
			}
		}
		slow := false
		for i := range 80 {
			_, err := by(secret.Token(fmt.Sprint("guess", i)))
			slow = slow || errors.Is(err, throttle.ErrSlow)
		}
		if !slow {
			t.Error("eighty unknown tokens and the sign-on was asked about each")
		}
	})
}

func FuzzCleanName(f *testing.F) {
	for _, name := range []string{"KOReader", " a\tb\n", "\xff", strings.Repeat("é", 61), "\u2028x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := device.CleanName(typed)
		if err == nil && (name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > device.NameMost || strings.ContainsAny(name, "\n\r\x00")) {
			t.Errorf("%q became %q", typed, name)
		}
		if again, err2 := device.CleanName(name); err == nil && (again != name || err2 != nil) {
			t.Errorf("%q became %q", name, again)
		}
	})
}
