package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/queue"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
)

// post notes who was written to, and answers with what it is told to.
type post struct {
	mu     sync.Mutex
	took   map[string]int
	answer func(to string) error
}

func (p *post) Send(_ context.Context, m outbox.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.took == nil {
		p.took = map[string]int{}
	}
	p.took[m.To]++
	if p.answer != nil {
		return p.answer(m.To)
	}
	return nil
}

func letter(to string) outbox.Mail {
	return outbox.Mail{Kind: "test.letter", To: to, Subject: "Hallo", Lang: words.NL,
		Text: "https://example.org/link/geheim", HTML: "<p>geheim</p>", Headers: map[string]string{"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}}
}

func add(t *testing.T, db *sqldb.DB, mails ...outbox.Mail) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		for _, m := range mails {
			if err := outbox.Add(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, db *sqldb.DB, which func(*sqldb.Tx) ([]outbox.Letter, error)) (letters []outbox.Letter) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		letters, err = which(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

func recent(tx *sqldb.Tx) ([]outbox.Letter, error) { return outbox.Recent(tx, 10) }

func drain(t *testing.T, w *outbox.Worker) {
	t.Helper()
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func at(db *sqldb.DB, now time.Time) { db.Now = func() time.Time { return now } }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestALetterLeavesWithItsTransactionOrNotAtAll(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		undone := errors.New("undone")
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			if err := outbox.Add(tx, letter("a@example.org")); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		add(t, db, letter("b@example.org"))
		p := &post{}
		drain(t, &outbox.Worker{DB: db, Sender: p})
		if p.took["a@example.org"] != 0 || p.took["b@example.org"] != 1 {
			t.Errorf("sent %v, want one letter to b", p.took)
		}
	})
}

func TestTheTextIsSealedInTheTableAndErasedAfterSending(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		add(t, db, letter("zoe@example.org"))
		if s := onDisk(t, db); strings.Contains(s, "geheim") || strings.Contains(s, "zoe@") {
			t.Errorf("the table shows the letter: %s", s)
		}
		if l := list(t, db, recent)[0]; l.Mail.Text != letter("").Text || l.State != outbox.Queued || l.Mail.Headers["List-Unsubscribe-Post"] == "" {
			t.Errorf("a queued letter reads back as %+v", l)
		}
		drain(t, &outbox.Worker{DB: db, Sender: &post{}})
		if s := onDisk(t, db); s != "" {
			t.Errorf("after sending the table still holds %q", s)
		}
		l := list(t, db, recent)[0]
		if l.State != outbox.Sent || l.Mail.Text != "" || l.Mail.To != "" || l.Mail.Kind != "test.letter" || l.SentAt.IsZero() {
			t.Errorf("a sent letter reads back as %+v", l)
		}
	})
}

func onDisk(t *testing.T, db *sqldb.DB) (sealed string) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT sealed FROM outbox`, nil, &sealed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestTheDemoKeepsWhatItSent(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		add(t, db, letter("a@example.org"))
		at(db, noon.Add(time.Second))
		add(t, db, letter("b@example.org"))
		drain(t, &outbox.Worker{DB: db, Sender: outbox.Nowhere{}, Keep: true})
		l := list(t, db, recent)
		if len(l) != 2 || l[0].Mail.To != "b@example.org" || l[0].Mail.HTML == "" || l[0].State != outbox.Sent {
			t.Fatalf("the demo shows %+v, want both letters, newest first", l)
		}
		one := list(t, db, func(tx *sqldb.Tx) ([]outbox.Letter, error) {
			found, ok, err := outbox.Find(tx, l[1].ID)
			_, lost, _ := outbox.Find(tx, "nobody")
			if !ok || lost {
				t.Errorf("Find = %v for a letter and %v for none", ok, lost)
			}
			return []outbox.Letter{found}, err
		})
		if one[0].Mail.To != "a@example.org" {
			t.Errorf("Find = %+v", one[0])
		}
	})
}

func TestATemporaryRefusalIsTriedAgainWithGrowingPauses(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		add(t, db, letter("a@example.org"))
		p := &post{answer: func(string) error { return &outbox.Refusal{Code: "451 4.7.1"} }}
		w := &outbox.Worker{DB: db, Sender: p}
		now := noon
		for try := 1; try <= 4; try++ {
			drain(t, w)
			drain(t, w) // at once again: it is not due
			now = now.Add(outbox.PauseAfter(try) - time.Microsecond)
			at(db, now)
			drain(t, w)
			if p.took["a@example.org"] != try {
				t.Fatalf("%d tries before pause %d was over, want %d", p.took["a@example.org"], try, try)
			}
			now = now.Add(time.Microsecond)
			at(db, now)
		}
		if l := list(t, db, recent)[0]; l.State != outbox.Queued || l.LastError != "451 4.7.1" || l.Attempts != 4 {
			t.Errorf("letter is %+v", l)
		}
		p.answer = nil
		drain(t, w)
		if l := list(t, db, recent)[0]; l.State != outbox.Sent || l.LastError != "" {
			t.Errorf("letter is %+v, want sent", l)
		}
	})
}

func TestPausesGrowToAnHour(t *testing.T) {
	for attempts, want := range map[int]time.Duration{0: 30 * time.Second, 1: 30 * time.Second, 2: time.Minute,
		3: 2 * time.Minute, 7: 32 * time.Minute, 8: time.Hour, 9: time.Hour, 1000: time.Hour} {
		if got := outbox.PauseAfter(attempts); got != want {
			t.Errorf("after %d attempts %v, want %v", attempts, got, want)
		}
	}
}

func TestAPermanentRefusalIsTheEndAndKeepsOnlyTheAddress(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		add(t, db, letter("typo@example.org"), letter("ok@example.org"))
		p := &post{answer: func(to string) error {
			if to == "typo@example.org" {
				return &outbox.Refusal{Code: "550 5.1.1", Permanent: true}
			}
			return nil
		}}
		var log strings.Builder
		drain(t, &outbox.Worker{DB: db, Sender: p, Log: slog.New(slog.NewTextHandler(&log, nil))})
		dead := list(t, db, outbox.Dead)
		if len(dead) != 1 || dead[0].Mail.To != "typo@example.org" || dead[0].Mail.Subject != "Hallo" || dead[0].LastError != "550 5.1.1" {
			t.Fatalf("dead letters: %+v", dead)
		}
		if dead[0].Mail.Text != "" || dead[0].Mail.HTML != "" {
			t.Error("a dead letter kept its text")
		}
		if s := log.String(); !strings.Contains(s, "550 5.1.1") || strings.Contains(s, "example.org") || strings.Contains(s, "geheim") {
			t.Errorf("the log must name the code and nothing of the letter:\n%s", s)
		}
	})
}

func TestWeGiveUpAfterADay(t *testing.T) {
	for _, c := range []struct {
		name string
		wait time.Duration
		want string
	}{
		{"just before", outbox.GiveUpAfter - time.Microsecond, outbox.Queued},
		{"on the dot", outbox.GiveUpAfter, outbox.Gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
				at(db, noon)
				add(t, db, letter("a@example.org"))
				at(db, noon.Add(c.wait))
				drain(t, &outbox.Worker{DB: db, Sender: &post{answer: func(string) error { return errors.New("no route to a@example.org") }}})
				if l := list(t, db, recent)[0]; l.State != c.want || l.LastError != "unreachable" {
					t.Errorf("letter is %s (%s), want %s", l.State, l.LastError, c.want)
				}
			})
		})
	}
}

func TestALetterWhoseWorkerDiedIsSentWhenItsLeaseRunsOut(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		add(t, db, letter("a@example.org"))
		first := &post{}
		outbox.CrashAfterClaim(t.Context(), &outbox.Worker{DB: db, Sender: first})
		second := &post{}
		w := &outbox.Worker{DB: db, Sender: second}
		at(db, noon.Add(outbox.Lease-time.Microsecond))
		drain(t, w)
		if len(second.took) != 0 {
			t.Fatal("another worker took the letter within the lease")
		}
		at(db, noon.Add(outbox.Lease))
		drain(t, w)
		if second.took["a@example.org"] != 1 {
			t.Error("nobody sent the letter of the worker that died")
		}
	})
}

func TestAWorkerThatSleptPastItsLeaseChangesNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var late atomic.Bool
		db.Now = func() time.Time {
			if late.Load() {
				return noon.Add(outbox.Lease)
			}
			return noon
		}
		add(t, db, letter("a@example.org"))
		quick := &outbox.Worker{DB: db, Sender: &post{}, Log: slog.New(slog.DiscardHandler)}
		slow := &post{answer: func(string) error {
			if late.Swap(true) { // the same worker may win the letter again
				return nil
			}
			if err := quick.Drain(t.Context()); err != nil { // meanwhile another sends it
				t.Error(err)
			}
			return &outbox.Refusal{Code: "550 5.1.1", Permanent: true}
		}}
		drain(t, &outbox.Worker{DB: db, Sender: slow})
		if l := list(t, db, recent)[0]; l.State != outbox.Sent {
			t.Errorf("the late worker made the letter %s", l.State)
		}
	})
}

func TestEightWorkersSendFourHundredLettersOnceEach(t *testing.T) {
	const workers, letters = 8, 400
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var mails []outbox.Mail
		for i := range letters {
			mails = append(mails, letter(fmt.Sprintf("m%d@example.org", i)))
		}
		p := &post{}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				w := &outbox.Worker{DB: db, Sender: p, Log: slog.New(slog.DiscardHandler)}
				if err := w.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		add(t, db, mails...) // the commit rings the bell
		deadline := time.After(60 * time.Second)
		for done := 0; done < letters; {
			select {
			case <-deadline:
				t.Fatalf("%d of %d letters after a minute", done, letters)
			case <-time.After(20 * time.Millisecond):
			}
			p.mu.Lock()
			done = len(p.took)
			p.mu.Unlock()
		}
		stop()
		all.Wait() // a stopped worker has nothing in hand
		for to, n := range p.took {
			if n != 1 {
				t.Errorf("%s got %d letters", to, n)
			}
		}
		for _, l := range list(t, db, func(tx *sqldb.Tx) ([]outbox.Letter, error) { return outbox.Recent(tx, letters+1) }) {
			if l.State != outbox.Sent {
				t.Errorf("a letter is left %s", l.State)
			}
		}
	})
}

func TestTheCommitWakesTheWorker(t *testing.T) {
	db := sqldbtest.New(t)
	got := make(chan struct{})
	p := &post{answer: func(string) error { close(got); return nil }}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&outbox.Worker{DB: db, Sender: p, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
	}()
	time.Sleep(100 * time.Millisecond) // the worker has looked and waits
	add(t, db, letter("a@example.org"))
	select {
	case <-got:
	case <-time.After(queue.Poll / 2):
		t.Error("the worker slept on")
	}
	stop()
	<-ended
	if l := list(t, db, recent)[0]; l.State != outbox.Sent {
		t.Errorf("a stop left the letter in hand %s", l.State)
	}
}

func TestAForgedHeaderIsRefused(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for name, spoil := range map[string]func(*outbox.Mail){
			"line break in the address": func(m *outbox.Mail) { m.To = "a@example.org\r\nBcc: b@example.org" },
			"two addresses":             func(m *outbox.Mail) { m.To = "a@example.org, b@example.org" },
			"name with the address":     func(m *outbox.Mail) { m.To = "A <a@example.org>" },
			"no address":                func(m *outbox.Mail) { m.To = "" },
			"line break in the subject": func(m *outbox.Mail) { m.Subject = "Hi\nBcc: b@example.org" },
			"line break in the sender":  func(m *outbox.Mail) { m.FromName = "Bieb\r\nX: y" },
			"line break in a header":    func(m *outbox.Mail) { m.Headers = map[string]string{"X-A": "b\r\nc"} },
			"colon in a header's name":  func(m *outbox.Mail) { m.Headers = map[string]string{"X: y": "b"} },
			"no text":                   func(m *outbox.Mail) { m.Text = "" },
			"no subject":                func(m *outbox.Mail) { m.Subject = "" },
		} {
			m := letter("a@example.org")
			spoil(&m)
			if db.InTx(t.Context(), func(tx *sqldb.Tx) error { return outbox.Add(tx, m) }) == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		if l := list(t, db, recent); len(l) != 0 {
			t.Errorf("%d letters were queued", len(l))
		}
	})
}

func TestOldRowsAreSweptUpAndWaitingOnesStay(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		add(t, db, letter("a@example.org"))
		drain(t, &outbox.Worker{DB: db, Sender: outbox.Nowhere{}})
		add(t, db, letter("b@example.org"))
		at(db, noon.Add(outbox.RowLife))
		sweep(t, db, 2)
		at(db, noon.Add(outbox.RowLife+time.Microsecond))
		sweep(t, db, 1)
	})
}

func sweep(t *testing.T, db *sqldb.DB, want int) {
	t.Helper()
	if err := db.InTx(t.Context(), outbox.Sweep); err != nil {
		t.Fatal(err)
	}
	if l := list(t, db, recent); len(l) != want {
		t.Errorf("%d letters left, want %d", len(l), want)
	}
}

func TestALetterSealedWithAnotherKeyIsKeptForLater(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		add(t, db, letter("a@example.org"))
		right := db.Box
		db.Box = otherBox(t)
		p := &post{}
		drain(t, &outbox.Worker{DB: db, Sender: p})
		db.Box = right
		if l := list(t, db, recent)[0]; l.State != outbox.Queued || l.LastError != "unreadable" || len(p.took) != 0 {
			t.Errorf("letter is %+v", l)
		}
	})
}

func otherBox(t *testing.T) *secret.Box {
	t.Helper()
	key := make([]byte, secret.MasterLength)
	key[0] = 1
	box, err := secret.NewBox(key)
	if err != nil {
		t.Fatal(err)
	}
	return box
}
