package oidc

import (
	"net/netip"
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

// take counts one request, or says that the network must wait.
func (s *Site) take(remoteAddr string) error {
	if fromHere(remoteAddr) {
		return nil
	}
	return s.pace.Take(throttle.Network(remoteAddr), s.DB.Now())
}

// fromHere is a visitor on this very machine: a test, or a proxy that the
// configuration does not name, behind which everybody would be one network.
func fromHere(remoteAddr string) bool {
	at, err := netip.ParseAddrPort(remoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback()
}
