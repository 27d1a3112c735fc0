package password

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
)

// HashWith makes a hash with other parameters than today's, for tests.
func HashWith(plain string, memory, passes uint32) string {
	salt := []byte("sixteen bytes ok")
	key := argon2.IDKey([]byte(plain), salt, passes, memory, 1, keyBytes)
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", memory, passes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(1, 8)
		c, err := l.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var served []int
		for i := range 8 {
			go func() {
				c, err := l.enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				served = append(served, i)
				mu.Unlock()
				c.leave()
			}()
			synctest.Wait() // this one stands in line before the next comes
		}
		if _, err := l.enter(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("the ninth in a line of eight: %v, want ErrBusy", err)
		}
		c.leave()
		synctest.Wait()
		if fmt.Sprint(served) != "[0 1 2 3 4 5 6 7]" {
			t.Errorf("served %v", served)
		}
		if l.free != 1 || l.waiting.Len() != 0 {
			t.Errorf("%d free, %d waiting when all have gone", l.free, l.waiting.Len())
		}
	})
}

func TestOneNetworkFillsHalfOfTheLineAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(1, 8)
		c, _ := l.enter(t.Context())
		flood := From(t.Context(), "198.51.100.9")
		served := 0
		var mu sync.Mutex
		come := func(ctx context.Context) {
			go func() {
				c, err := l.enter(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				served++
				mu.Unlock()
				c.leave()
			}()
			synctest.Wait()
		}
		for range 4 {
			come(flood)
		}
		if _, err := l.enter(flood); !errors.Is(err, ErrBusy) {
			t.Errorf("the fifth of one network: %v, want ErrBusy", err)
		}
		come(From(t.Context(), "192.0.2.7"))
		come(t.Context())
		c.leave()
		synctest.Wait()
		if served != 6 || len(l.from) != 0 {
			t.Errorf("%d served, %v still counted", served, l.from)
		}
		if c, err := l.enter(flood); err != nil {
			t.Errorf("afterwards: %v", err)
		} else {
			c.leave()
		}
	})
}

func TestWhoeverGivesUpLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(1, 2)
		c, _ := l.enter(t.Context())
		ctx, giveUp := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := l.enter(ctx); gone <- err }()
		synctest.Wait()
		served := make(chan struct{})
		go func() { c, _ := l.enter(t.Context()); close(served); c.leave() }()
		synctest.Wait()
		giveUp()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("gave up: %v", err)
		}
		if l.waiting.Len() != 1 {
			t.Errorf("%d in line, want the one who stayed", l.waiting.Len())
		}
		c.leave()
		<-served
	})
}

// The turn and the cancellation may come in the same moment; a counter must not
// get lost then.
func TestNoCounterIsLost(t *testing.T) {
	l := newLine(2, 64)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				if i%2 == 0 {
					go cancel()
				}
				if c, err := l.enter(ctx); err == nil {
					c.leave()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if l.free != 2 || l.waiting.Len() != 0 {
		t.Errorf("%d free, %d waiting, want 2 and 0", l.free, l.waiting.Len())
	}
}
