package opds

import (
	"errors"

	"lidwoord/base/fault"
	"lidwoord/reading/loan"
)

// palace begins the problem types that apps of Palace (and before it Library
// Simplified) know and explain in words of their own.
const palace = "http://librarysimplified.org/terms/problem/"

// problemTypes are the refusals for which apps may do something by themselves.
var problemTypes = []struct {
	fault error
	typ   string
}{
	{loan.ErrManyEBooks, palace + "loan-limit-reached"},
	{loan.ErrManyAudiobooks, palace + "loan-limit-reached"},
	{loan.ErrNotYours, palace + "no-active-loan"},
	{loan.ErrTooEarly, palace + "cannot-renew-loan"},
	{loan.ErrExtended, palace + "cannot-renew-loan"},
	{loan.ErrEnded, palace + "expired-credentials"},
	{loan.ErrBlocked, palace + "credential-suspended"},
}

// problemType names what went wrong for a program: by the type that apps know, or
// by the key of our own sentence.
func problemType(err error) string {
	for _, known := range problemTypes {
		if errors.Is(err, known.fault) {
			return known.typ
		}
	}
	if list := fault.Of(err); len(list) > 0 && fault.KindOf(err) != fault.Internal {
		return "urn:lidwoord:problem:" + list[0].Key
	}
	return "about:blank"
}
