package fault

import (
	"errors"
	"fmt"
	"testing"
)

var errTaken = New(Conflict, "test.taken")

func TestACopyIsStillTheSameFailure(t *testing.T) {
	err := fmt.Errorf("saving: %w", errTaken.At("name").With("zoe").Because(errors.New("disk")))
	if !errors.Is(err, errTaken) || KindOf(err) != Conflict {
		t.Errorf("%v is no longer %v", err, errTaken)
	}
	if errTaken.Field != "" || errTaken.Args != nil {
		t.Error("the copy changed the original")
	}
}

func TestAStrangerIsInternal(t *testing.T) {
	if KindOf(errors.New("disk full")) != Internal {
		t.Error("an unknown error must never be shown to a visitor")
	}
}

func TestAListOfFieldsIsInvalidAndAnEmptyOneIsNoError(t *testing.T) {
	var l List
	l.Add("a", nil)
	if l.Err() != nil {
		t.Error("an empty list is an error")
	}
	l.Add("email", errTaken)
	if KindOf(l.Err()) != Invalid || !errors.Is(l.Err(), errTaken) || l[0].Field != "email" {
		t.Errorf("got %v", l)
	}
}
