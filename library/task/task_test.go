package task_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/task"
)

// room is two libraries and a clock that the test turns.
type room struct {
	*sqldb.DB
	t           *testing.T
	bind, other string
}

func each(t *testing.T, f func(*testing.T, *room)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r := &room{DB: db, t: t}
		r.at(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
		r.do(func(tx *sqldb.Tx) error {
			for slug, id := range map[string]*string{"bind": &r.bind, "ginder": &r.other} {
				o, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: slug, Name: slug})
				if err != nil {
					return err
				}
				*id = o.ID
			}
			return nil
		})
		f(t, r)
	})
}

func (r *room) at(t time.Time)       { r.Now = func() time.Time { return t } }
func (r *room) pass(d time.Duration) { r.at(r.Now().Add(d)) }

func (r *room) do(f func(*sqldb.Tx) error) {
	r.t.Helper()
	if err := r.InTx(r.t.Context(), f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) add(t task.Task) {
	r.t.Helper()
	if t.OrganisationID == "" {
		t.OrganisationID = r.bind
	}
	r.do(func(tx *sqldb.Tx) error { return task.Add(tx, t) })
}

func (r *room) close(id, note string) error {
	return r.InTx(r.t.Context(), func(tx *sqldb.Tx) error { return task.Close(tx, r.bind, id, "staff:anja", note) })
}

func (r *room) resolve(k task.Kind, object string) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) error { return task.Resolve(tx, k, object) })
}

// list reads one of the lists of the room.
func (r *room) list(f func(*sqldb.Tx, string, int) ([]task.Task, error)) (list []task.Task) {
	r.t.Helper()
	r.do(func(tx *sqldb.Tx) (err error) {
		list, err = f(tx, r.bind, 100)
		return err
	})
	return list
}

func (r *room) open() []task.Task   { r.t.Helper(); return r.list(task.Open) }
func (r *room) closed() []task.Task { r.t.Helper(); return r.list(task.Closed) }

// objects tells a list in short.
func objects(list []task.Task) string {
	var b strings.Builder
	for _, t := range list {
		b.WriteString(string(t.Kind) + " " + t.Object + "; ")
	}
	return b.String()
}

func TestWhatIsNoticedTwiceIsOneTask(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		one := task.Task{Kind: task.Surplus, Object: "payment:a"}
		r.add(one)
		r.add(one)
		r.add(task.Task{Kind: task.Surplus, Object: "payment:b"})
		r.add(task.Task{Kind: task.Chargeback, Object: "payment:a", Cents: 4500})
		if n := len(r.open()); n != 3 {
			t.Fatalf("%d tasks, want 3", n)
		}
		for _, w := range r.open() {
			if w.Kind == one.Kind && w.Object == one.Object {
				if err := r.close(w.ID, "Gebeld met de klant"); err != nil {
					t.Fatal(err)
				}
			}
		}
		r.add(one) // whoever closed it has seen it
		if n := len(r.open()); n != 2 {
			t.Errorf("%d wait, want 2", n)
		}
	})
}

func TestSixteenWhoNoticeAtOnceMakeOneTask(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				err := r.InTx(t.Context(), func(tx *sqldb.Tx) error {
					return task.Add(tx, task.Task{OrganisationID: r.bind, Kind: task.Stuck, Object: "payment:a", Cents: 4500})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(r.open()); n != 1 {
			t.Errorf("%d tasks", n)
		}
	})
}

func TestTheOldestWaitsAtTheTopAndOnlyAtItsOwnLibrary(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		count := func(wantN int, wantCents money.Cents) {
			t.Helper()
			r.do(func(tx *sqldb.Tx) error {
				n, cents, err := task.Count(tx, r.bind)
				if n != wantN || cents != wantCents {
					t.Errorf("%d wait with %v, want %d with %v", n, cents, wantN, wantCents)
				}
				return err
			})
		}
		count(0, 0)
		r.add(task.Task{Kind: task.RefundFailed, Object: "refund:a", Cents: 4500})
		r.pass(time.Minute)
		r.add(task.Task{Kind: task.LooksAlike, Object: "customer:b"})
		r.pass(time.Minute)
		r.add(task.Task{Kind: task.Stuck, Object: "payment:c", Cents: 1150})
		r.add(task.Task{Kind: task.Stuck, Object: "payment:d", Cents: 100, OrganisationID: r.other})
		if got := objects(r.open()); got != "refund_failed refund:a; looks_alike customer:b; stuck payment:c; " {
			t.Errorf("open: %s", got)
		}
		count(3, 5650)
		r.do(func(tx *sqldb.Tx) error {
			list, err := task.Open(tx, r.bind, 2)
			if objects(list) != "refund_failed refund:a; looks_alike customer:b; " {
				t.Errorf("the first two: %s", objects(list))
			}
			return err
		})
		ids := map[string]string{}
		for _, w := range r.open() {
			ids[w.Object] = w.ID
		}
		if err := r.close(ids["refund:a"], "Overgemaakt"); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Minute)
		r.resolve(task.Stuck, "payment:c")
		count(1, 0)
		if got := objects(r.closed()); got != "stuck payment:c; refund_failed refund:a; " {
			t.Errorf("closed: %s", got)
		}
		by := r.closed()
		if by[0].DoneBy != "job" || by[1].DoneBy != "staff:anja" || by[1].Note != "Overgemaakt" || by[1].DoneAt.IsZero() {
			t.Errorf("closed by %+v", by)
		}
	})
}

func TestWhatPeopleAreNamedInIsSealed(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		fact := task.Fact{Key: "task.fact.name", Value: "Zoë Żywiałowska"}
		r.add(task.Task{Kind: task.Withdrawal, Object: "withdrawal:a", Facts: []task.Fact{fact}})
		if got := r.open(); len(got[0].Facts) != 1 || got[0].Facts[0] != fact {
			t.Errorf("facts %+v", got[0].Facts)
		}
		r.do(func(tx *sqldb.Tx) error {
			var sealed string
			_, err := tx.One(`SELECT sealed FROM task`, nil, &sealed)
			if sealed == "" || strings.Contains(sealed, "Zoë") || strings.Contains(sealed, "task.") {
				t.Errorf("the table says %q", sealed)
			}
			about, err2 := task.About(tx, "withdrawal:a")
			if len(about) != 1 || about[0].Facts[0] != fact {
				t.Errorf("about it: %+v", about)
			}
			return errors.Join(err, err2)
		})
		box := r.Box
		r.Box = nil
		err := r.InTx(t.Context(), func(tx *sqldb.Tx) error {
			return task.Add(tx, task.Task{OrganisationID: r.bind, Kind: task.Withdrawal, Object: "withdrawal:b", Facts: []task.Fact{fact}})
		})
		if r.Box = box; err == nil || len(r.open()) != 1 {
			t.Errorf("without a box: %v", err)
		}
	})
}

func TestClosingSaysInASentenceWhatWasDone(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.add(task.Task{Kind: task.Erasure, Object: "customer:a"})
		id := r.open()[0].ID
		for note, want := range map[string]error{
			"": task.ErrNote, "gewi": task.ErrNote, "  a    b  ": task.ErrNote, strings.Repeat("é", 501): task.ErrNote,
		} {
			err := r.close(id, note)
			if !errors.Is(err, want) || fault.Of(err)[0].Field != "toelichting" {
				t.Errorf("%.20q: %v", note, err)
			}
		}
		r.do(func(tx *sqldb.Tx) error {
			if err := task.Close(tx, r.other, id, "staff:anja", "Van een ander"); !errors.Is(err, task.ErrUnknown) {
				t.Errorf("a task of another library: %v", err)
			}
			if _, err := task.Find(tx, r.other, id); !errors.Is(err, task.ErrUnknown) {
				t.Errorf("another library finds it: %v", err)
			}
			if err := task.Close(tx, r.bind, "geen", "staff:anja", "Is er niet"); !errors.Is(err, task.ErrUnknown) {
				t.Errorf("a task that is not there: %v", err)
			}
			return nil
		})
		if err := r.close(id, " Gewist\n  op verzoek "); err != nil {
			t.Fatal(err)
		}
		r.do(func(tx *sqldb.Tx) error {
			done, err := task.Find(tx, r.bind, id)
			if done.Note != "Gewist op verzoek" || !done.DoneAt.Equal(r.Now()) || done.DoneBy != "staff:anja" {
				t.Errorf("closed %+v", done)
			}
			log, err2 := audit.Of(tx, "task:"+id, 10)
			if len(log) != 1 || log[0].Act != "task.closed" || log[0].Actor != "staff:anja" || log[0].Detail != "" {
				t.Errorf("log %+v", log)
			}
			return errors.Join(err, err2)
		})
		for _, n := range []int{5, 500} {
			r.add(task.Task{Kind: task.Erasure, Object: "customer:" + strings.Repeat("b", n)})
			if err := r.close(r.open()[0].ID, strings.Repeat("é", n)); err != nil {
				t.Errorf("%d characters: %v", n, err)
			}
		}
	})
}

func TestOfSixteenWhoCloseATaskOneDoes(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.add(task.Task{Kind: task.Chargeback, Object: "payment:a", Cents: 4500})
		id := r.open()[0].ID
		var won, late atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				switch err := r.close(id, "Klant gebeld"); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, task.ErrDone):
					late.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || late.Load() != 15 {
			t.Errorf("%d closed it, %d heard that it was done", won.Load(), late.Load())
		}
		r.do(func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, "task:"+id, 100)
			if len(log) != 1 {
				t.Errorf("%d lines in the log", len(log))
			}
			return err
		})
	})
}

// Who asked for something hears of it that it may have been a fraud. Sixteen tries of
// theirs close nothing, whatever comes between; a colleague does, or who manages.
func TestWhoAskedForSomethingDoesNotCloseTheTaskAboutIt(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.add(task.Task{Kind: task.RemovalKept, Object: "customer:a#1", AskedBy: "staff:anja"})
		first := r.open()[0]
		if first.AskedBy != "staff:anja" {
			t.Fatalf("asked by %q", first.AskedBy)
		}
		closes := func(f func(*sqldb.Tx, string, string, string, string) error, id, actor string) error {
			return r.InTx(t.Context(), func(tx *sqldb.Tx) error { return f(tx, r.bind, id, actor, "Klant gebeld") })
		}
		var all sync.WaitGroup
		var won atomic.Int32
		for i := range 16 {
			all.Go(func() {
				if i == 8 {
					if err := closes(task.Close, first.ID, "staff:bert"); err != nil {
						t.Errorf("a colleague: %v", err)
					}
				} else if err := closes(task.Close, first.ID, "staff:anja"); !errors.Is(err, task.ErrOwn) && !errors.Is(err, task.ErrDone) {
					t.Errorf("who asked: %v", err)
					won.Add(1)
				}
			})
		}
		all.Wait()
		if done := r.closed(); won.Load() != 0 || len(done) != 1 || done[0].DoneBy != "staff:bert" {
			t.Errorf("closed: %+v", done)
		}
		if err := closes(task.Close, first.ID, "staff:anja"); !errors.Is(err, task.ErrDone) {
			t.Errorf("of what a colleague closed: %v", err)
		}
		r.add(task.Task{Kind: task.RemovalKept, Object: "customer:a#2", AskedBy: "staff:anja"})
		second := r.open()[0].ID
		if err := closes(task.Close, second, "staff:anja"); !errors.Is(err, task.ErrOwn) {
			t.Errorf("who asked: %v", err)
		}
		if err := closes(task.CloseAsManager, second, "staff:anja"); err != nil {
			t.Errorf("a manager who asked: %v", err)
		}
	})
}

// A refund that failed, left after all, and then came back is money that waits
// for somebody again.
func TestWhatCameRightByItselfAndWentWrongAgainWaitsAgain(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		failed := task.Task{Kind: task.RefundFailed, Object: "refund:a", Cents: 4500, Facts: []task.Fact{{Key: "task.fact.reason", Value: "eerst"}}}
		r.resolve(task.RefundFailed, "refund:a") // there need not be one
		r.add(failed)
		r.pass(time.Hour)
		r.resolve(task.RefundFailed, "refund:a")
		if n := len(r.open()); n != 0 {
			t.Fatalf("%d wait", n)
		}
		r.pass(time.Hour)
		failed.Cents, failed.Facts = 1150, []task.Fact{{Key: "task.fact.reason", Value: "later"}}
		r.add(failed)
		again := r.open()
		if len(again) != 1 || again[0].Cents != 1150 || again[0].Facts[0].Value != "later" || !again[0].OpenedAt.Equal(r.Now()) || !again[0].DoneAt.IsZero() || again[0].DoneBy != "" {
			t.Fatalf("waits again: %+v", again)
		}
		if err := r.close(again[0].ID, "Zelf overgemaakt"); err != nil {
			t.Fatal(err)
		}
		r.resolve(task.RefundFailed, "refund:a") // what a worker closed stays as the worker left it
		r.add(failed)
		if done := r.closed(); len(done) != 1 || done[0].DoneBy != "staff:anja" || done[0].Note != "Zelf overgemaakt" {
			t.Errorf("closed %+v", done)
		}
	})
}

func TestEveryKindHasItsSentences(t *testing.T) {
	text, err := task.Words.ReadFile("words.nl.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range task.Kinds {
		for _, key := range []string{"\ntask.kind." + string(k) + " = ", "\ntask.todo." + string(k) + " = "} {
			if !strings.Contains(string(text), key) {
				t.Errorf("no sentence for%s", key)
			}
		}
	}
}
