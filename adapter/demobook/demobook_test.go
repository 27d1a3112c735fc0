package demobook

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lidwoord/library/customer"
)

var _ customer.AddressBook = (*Book)(nil)

func open(t *testing.T) *Book {
	t.Helper()
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheAddressOfTheSeedIsKnown(t *testing.T) {
	got, err := customer.LookUp(t.Context(), open(t), customer.Address{Country: "NL", Postcode: "9468 bg", Number: 41})
	if err != nil || got.Line() != "Kruisstraat 41" || got.PlaceLine() != "9468 BG Annen" || !got.Checked {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAHouseThatIsNotInTheBookIsNotFound(t *testing.T) {
	for _, a := range []customer.Address{
		{Country: "NL", Postcode: "9468BG", Number: 100}, {Country: "NL", Postcode: "1000AA", Number: 1}, {Country: "DE", Postcode: "9468BG", Number: 41},
	} {
		if got, err := customer.LookUp(t.Context(), open(t), a); !errors.Is(err, customer.ErrAddressUnknown) || got.Checked {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestAnOutageIsSoft(t *testing.T) {
	b := open(t)
	a := customer.Address{Country: "NL", Postcode: "9468BG", Number: 41}
	b.Outage = func(context.Context) error { return errors.New("503") }
	if _, err := customer.LookUp(t.Context(), b, a); !errors.Is(err, customer.ErrAddressSilent) {
		t.Errorf("down: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		b.Outage = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		before := time.Now()
		if _, err := customer.LookUp(t.Context(), b, a); !errors.Is(err, customer.ErrAddressSilent) {
			t.Errorf("hanging: %v", err)
		}
		if waited := time.Since(before); waited != customer.AddressPatience {
			t.Errorf("waited %s, want %s", waited, customer.AddressPatience)
		}
	})
}

func TestABrokenFileIsNotTaken(t *testing.T) {
	for _, text := range []string{"9468BG;1-2;x", "9468BG;a-2;x;y", "9468BG;1;x;y"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
