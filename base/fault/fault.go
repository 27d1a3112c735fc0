// Package fault says what went wrong in words that a person may read.
//
// An [Error] has a kind (what the caller can do about it) and a message key;
// the sentence behind the key stands in the words files, in each language.
// Everything that is not an Error is ours to fix: the visitor sees only a
// reference number.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is what the caller can do about it.
type Kind int

const (
	Internal    Kind = iota // our fault; the person sees a reference number only
	Invalid                 // correct the form and try again
	NotFound                // there is no such thing, or not for you
	Conflict                // somebody was first, or it is taken
	Gone                    // it was valid once
	Denied                  // you may not
	SignIn                  // sign in first
	Slow                    // too many tries; wait
	Unavailable             // try again later
	TooLarge                // more than we take
)

// Error is a failure with a message key for the person and a cause for us.
type Error struct {
	Kind  Kind
	Key   string // message key, such as "account.link_spent"
	Args  []any  // what the sentence fills in for {0}, {1} …
	Field string // the form field it is about, "" when it is about the whole
	Cause error  // for the log only
}

func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Key
	}
	return fmt.Sprintf("%s: %v", e.Key, e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

// Is matches every copy of the same failure, whatever its field or arguments.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Key == e.Key
}

// New makes a failure that a person may read about.
func New(k Kind, key string) *Error { return &Error{Kind: k, Key: key} }

// With returns a copy that fills in the sentence.
func (e *Error) With(args ...any) *Error {
	c := *e
	c.Args = args
	return &c
}

// At returns a copy that names the form field it is about.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Because returns a copy that remembers its cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// List is several failures of one form, in the order of its fields.
type List []*Error

func (l List) Error() string {
	var keys []string
	for _, e := range l {
		keys = append(keys, e.Field+": "+e.Error())
	}
	return strings.Join(keys, "; ")
}

// Is lets errors.Is look for one failure in the list.
func (l List) Is(target error) bool {
	for _, e := range l {
		if e.Is(target) {
			return true
		}
	}
	return false
}

// Err returns the list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Add puts err under a field; nil is passed over. An err that is not for a
// person keeps its own nature: Add then panics, because to show it would be a
// mistake of ours.
func (l *List) Add(field string, err error) {
	if err == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		panic(fmt.Sprintf("fault: %v has no sentence for a person", err))
	}
	*l = append(*l, e.At(field))
}

// Of returns every failure in err, so that one way shows one or many.
func Of(err error) List {
	var l List
	if errors.As(err, &l) {
		return l
	}
	var e *Error
	if errors.As(err, &e) {
		return List{e}
	}
	return nil
}

// KindOf returns the kind of err, and Internal for a stranger.
func KindOf(err error) Kind {
	var e *Error
	var l List
	switch {
	case errors.As(err, &l) && len(l) > 0:
		return Invalid
	case errors.As(err, &e):
		return e.Kind
	}
	return Internal
}
