package device

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
)

// A refresh token works once, and one that comes twice is taken for stolen: all that
// the reader let in would end. So of all requests of an app, on every node, one asks
// and the others wait for what it hears.
const (
	// patience is how long a request waits for an answer.
	patience = 6 * time.Second
	// lease is how long the one who asks may take. It asks on when its request is over:
	// an answer that nobody writes down is a device that is lost.
	lease = 40 * time.Second
	// asking is how long the sign-on may take.
	asking = 30 * time.Second
	// rest is how long a sign-on that was not there is left in peace.
	rest = 10 * time.Second
	// glance is how often a request looks whether another has the answer.
	glance = 50 * time.Millisecond
)

// known is what is kept, sealed, of what the sign-on said.
type known struct {
	Refresh secret.Token `json:"refresh"`
	Rights  loan.Rights  `json:"rights"`
	At      time.Time    `json:"at"`
}

const sealPurpose = "app of a reader"

func seal(box *secret.Box, k known) (string, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	return box.Seal(sealPurpose, text)
}

func unseal(box *secret.Box, kept string) (k known, err error) {
	text, err := box.Open(sealPurpose, kept)
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	return k, err
}

// rightsOf returns what a device's reader may, and leaves in d what was heard for it.
func (r *Readers) rightsOf(ctx context.Context, d *Device, atMost time.Duration) (loan.Rights, error) {
	for looked := time.Duration(0); ; looked += glance {
		if d.Ended {
			return nil, ErrEnded
		}
		k, err := unseal(r.DB.Box, d.kept)
		if err != nil {
			return nil, err
		}
		if r.DB.Now().Sub(k.At) < atMost {
			return k.Rights, nil
		}
		state, err := r.ask(ctx, *d, k)
		if err == nil && state == waiting && looked < patience {
			err = pause(ctx)
		} else if err == nil && state != answered {
			if atMost >= loan.ReadingRights && r.DB.Now().Sub(k.At) < awayRights {
				return k.Rights, nil
			}
			err = ErrAway
		}
		if err != nil {
			return nil, err
		}
		if *d, err = r.again(ctx, *d); err != nil {
			return nil, err
		}
	}
}

// state is what came of an attempt to ask.
type state int

const (
	answered state = iota // there is news
	waiting               // another is asking
	resting               // the sign-on was not there, lately or now
)

// ask asks the sign-on, unless somebody else does.
func (r *Readers) ask(ctx context.Context, d Device, k known) (state, error) {
	var mine lent
	err := r.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		mine, err = takeLease(tx, d, tx.Now.Add(lease))
		return err
	})
	switch {
	case err != nil:
		return waiting, err
	case mine.resting:
		return resting, nil
	case !mine.won:
		return waiting, nil
	}
	done := make(chan error, 1)
	r.asking.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), asking)
		defer cancel()
		heard, err := r.SignOn.Refresh(ctx, k.Refresh)
		done <- r.settle(context.WithoutCancel(ctx), d, heard, err)
	})
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		if ErrAway.Is(err) {
			return resting, nil
		}
		return answered, err
	case <-timer.C:
		return resting, nil
	case <-ctx.Done():
		return waiting, ctx.Err()
	}
}

// settle writes down what the sign-on said, or why it said nothing.
func (r *Readers) settle(ctx context.Context, d Device, heard Heard, failed error) error {
	if failed == nil && heard.Reader != d.Reader { // the sign-on mixes people up, or was changed for another
		failed = ErrEnded
	}
	switch {
	case failed == nil:
		kept, err := seal(r.DB.Box, known{heard.Refresh, heard.Rights, r.DB.Now()})
		if err != nil {
			return err
		}
		var there bool
		if err := r.DB.InTx(ctx, func(tx *sqldb.Tx) error { there, err = keep(tx, d, kept); return err }); err != nil {
			return err
		}
		if !there { // withdrawn meanwhile
			_ = r.SignOn.Revoke(ctx, heard.Refresh)
		}
		return nil
	case errors.Is(failed, ErrEnded):
		return r.DB.InTx(ctx, func(tx *sqldb.Tx) error { return endDevice(tx, d, day.Of(tx.Now)) })
	}
	err := r.DB.InTx(ctx, func(tx *sqldb.Tx) error { return letRest(tx, d, tx.Now.Add(rest)) })
	if err == nil {
		err = ErrAway.Because(failed)
	}
	return err
}

// again reads a device as it is now.
func (r *Readers) again(ctx context.Context, d Device) (Device, error) {
	err := r.DB.Look(ctx, func(tx *sqldb.Tx) (err error) {
		d, _, err = deviceByLogin(tx, d.Login)
		return err
	})
	switch {
	case err != nil:
		return d, err
	case d.ID == "":
		return d, ErrWrong
	case d.Ended:
		return d, ErrEnded
	}
	return d, nil
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(glance)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
