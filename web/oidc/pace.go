package oidc

import (
	"maps"
	"net/netip"
	"sync"
	"time"

	"lidwoord/base/throttle"
)

// How fast one network may begin requests. Each is a row for half an hour, also
// when nobody signs in: without a bound one machine fills a disk by asking. A
// school has one address for a thousand readers, whose browsers ask again every
// quarter of an hour; that is one in a second.
const (
	paceEvery = 50 * time.Millisecond
	paceBurst = 600
)

// paceMost is how many networks are remembered before those that rest are
// forgotten.
const paceMost = 10_000

// pace counts in memory: it guards this node, and a counter in the database would
// cost what it saves.
type pace struct {
	mu   sync.Mutex
	full map[string]time.Time // when a network that stops now has its whole burst again
}

// take counts one request, or says that the network must wait.
func (p *pace) take(remoteAddr string, now time.Time) error {
	if fromHere(remoteAddr) {
		return nil
	}
	network := throttle.Network(remoteAddr)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full == nil {
		p.full = map[string]time.Time{}
	}
	if len(p.full) >= paceMost {
		maps.DeleteFunc(p.full, func(_ string, at time.Time) bool { return !at.After(now) })
	}
	at := p.full[network]
	if at.Before(now) {
		at = now
	}
	at = at.Add(paceEvery)
	if wait := at.Sub(now) - paceBurst*paceEvery; wait > 0 {
		return throttle.ErrSlow.With(int((wait + time.Second - 1) / time.Second))
	}
	p.full[network] = at
	return nil
}

// fromHere is a visitor on this very machine: a test, or a proxy that the
// configuration does not name, behind which everybody would be one network.
func fromHere(remoteAddr string) bool {
	at, err := netip.ParseAddrPort(remoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback()
}
