package scim

import (
	"time"

	"lidwoord/base/throttle"
)

// programPace counts the calls of one token. A nightly sync of 50,000 customers is
// done within half an hour; a program that runs wild leaves room for readers.
func programPace() *throttle.Pace { return throttle.NewPace(20*time.Millisecond, 1000) }

// strangerPace counts wrong tokens of one network. Nobody guesses 260 bits, but a
// library system with an old token tries its whole list with it: Retry-After tells
// it to rest.
func strangerPace() *throttle.Pace { return throttle.NewPace(time.Second, 60) }
