package main

import (
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"time"
)

// walk is the whole visit.
func (j *joiner) walk() { j.plan(j) }

// plan is what a visitor does.
type plan func(*joiner)

// plans and how many in a hundred follow each.
var plans = []struct {
	share int
	do    plan
}{
	{46, paysAtOnce}, {14, paysAtTheSecondTry}, {10, paysAndLeaves}, {6, paysLater}, {8, paysTwice}, {6, stopsAndPaysBoth}, {3, leaves}, {5, triesForFree}, {2, isAChild},
}

func choosePlan() plan {
	n := rand.IntN(100)
	for _, p := range plans {
		if n -= p.share; n < 0 {
			return p.do
		}
	}
	return paysAtOnce
}

func paysAtOnce(j *joiner) {
	j.fill("0141")
	j.land(j.pay(j.order(), "betaald"))
}

func paysAtTheSecondTry(j *joiner) {
	j.fill("0141")
	j.land(j.pay(j.order(), []string{"mislukt", "geannuleerd", "verlopen"}[rand.IntN(3)]))
	j.land(j.pay(j.order(), "betaald"))
}

// paysAndLeaves closes the browser at the bank.
func paysAndLeaves(j *joiner) {
	j.fill("0091")
	j.pay(j.order(), "betaald")
}

// paysLater comes back without having paid, and goes on then.
func paysLater(j *joiner) {
	j.fill("0141")
	checkout := j.order()
	j.get(j.page("/aanvraag/controle"))
	time.Sleep(rand.N(500 * time.Millisecond))
	if again := j.order(); again != checkout {
		j.t.Errorf("an order that was left led to %s and then to %s", checkout, again)
	}
	j.land(j.pay(checkout, "betaald"))
}

// paysTwice pays a second time what had expired, and the first comes in after all.
func paysTwice(j *joiner) {
	j.fill("0141")
	first := j.order()
	j.land(j.pay(first, "verlopen"))
	second := j.order()
	late := func() { j.mollie.Pay(path.Base(first)) }
	if rand.IntN(2) == 0 {
		go late()
	} else {
		defer late()
	}
	j.land(j.pay(second, "betaald"))
}

// stopsAndPaysBoth gives a payment up whose page is open in another tab.
func stopsAndPaysBoth(j *joiner) {
	j.fill("0141")
	first := j.order()
	j.post(j.page("/aanvraag/stop"))
	second := j.order()
	var tabs sync.WaitGroup
	if strings.HasPrefix(first, j.bank) && rand.IntN(2) == 0 {
		tabs.Go(func() { j.post(first, "outcome", "betaald") })
	}
	j.land(j.pay(second, "betaald"))
	tabs.Wait()
}

func leaves(j *joiner) {
	j.fill("0141")
	if rand.IntN(2) == 0 {
		j.order()
	}
}

func triesForFree(j *joiner) {
	j.fill("0090")
	j.land(j.order())
}

func isAChild(j *joiner) {
	j.birth = "1-2-2016"
	j.fill("0141")
	j.land(j.order())
}
