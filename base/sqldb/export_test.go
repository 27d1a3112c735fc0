package sqldb

import "time"

const JourneysMost = journeysMost

// WaitFor waits until n questions wait for the next journeys.
func WaitFor[K comparable, V any](g *Gather[K, V], n int) {
	for {
		waiting := 0
		g.mu.Lock()
		for _, j := range g.waiting {
			waiting += j.waits
		}
		g.mu.Unlock()
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
