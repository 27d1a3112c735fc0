package mollie

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"lidwoord/library/payment"
)

const (
	// answerMost is more than the longest page of refunds takes, and bounds what
	// a broken server can make us read.
	answerMost = 1 << 20
	// pagesMost times 250 refunds of one payment are more than there can be.
	pagesMost = 20
)

var (
	errTooLong = errors.New("mollie: the answer is too long")
	errTooMany = errors.New("mollie: the list of refunds has no end")
	errAway    = errors.New("mollie: the list of refunds goes on at another address")
)

// statusError is an answer that is no success.
type statusError struct {
	status int
	field  string // the field of ours that Mollie did not like, "" when it named none
}

func (e statusError) Error() string {
	switch {
	case e.ourKey():
		return fmt.Sprintf("mollie: status %d: Mollie does not take the key in the configuration", e.status)
	case e.field != "":
		return fmt.Sprintf("mollie: status %d about the field %s", e.status, e.field)
	}
	return fmt.Sprintf("mollie: status %d", e.status)
}

// ourKey says whether the key is wrong or may not do this. That is for the
// administrator to mend, and no order fails for good by it.
func (e statusError) ourKey() bool {
	return e.status == http.StatusUnauthorized || e.status == http.StatusForbidden
}

// Unwrap tells what will not get better by trying again.
func (e statusError) Unwrap() error {
	switch e.status {
	case http.StatusNotFound:
		return payment.ErrUnknown
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return nil
	}
	if e.status < 400 || e.status > 499 || e.ourKey() {
		return nil
	}
	return payment.ErrRefused
}

// lostError is a call without a whole answer. Nobody knows whether it was heard.
type lostError struct{ cause error }

func (e lostError) Error() string { return "mollie: no answer: " + e.cause.Error() }
func (e lostError) Unwrap() error { return e.cause }

// passing says whether a moment may mend it: the line broke, Mollie is down for
// a while (503), or the same call is still under way over there (409).
func passing(err error) bool {
	if s, ok := errors.AsType[statusError](err); ok {
		return s.status == http.StatusServiceUnavailable || s.status == http.StatusConflict
	}
	_, lost := errors.AsType[lostError](err)
	return lost
}

// again calls ask, and calls it again after a growing pause when a moment may
// mend it, until the pauses or the time of ctx are used up.
func (p *Provider) again(ctx context.Context, ask func() error) error {
	for n := 0; ; n++ {
		err := ask()
		if err == nil || !passing(err) || n == len(p.pauses) {
			return err
		}
		pause := time.NewTimer(p.pauses[n])
		select {
		case <-ctx.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
	}
}

// refunds lists all refunds of a payment, oldest first.
func (p *Provider) refunds(ctx context.Context, id string) ([]payment.Refunded, error) {
	var all []refundAnswer
	next := p.base.String() + "/payments/" + id + "/refunds?limit=250"
	for range pagesMost {
		answer, err := p.get(ctx, next)
		if err != nil {
			return nil, err
		}
		var page []refundAnswer
		if page, next, err = readPage(answer); err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return oldestFirst(all)
		}
		if !p.ours(next) {
			return nil, errAway
		}
	}
	return nil, errTooMany // half a list is worse than none: the refund may be on the other half
}

// ours says whether an address is of the service that has our key anyway.
func (p *Provider) ours(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == p.base.Scheme && u.Host == p.base.Host && u.User == nil && strings.HasPrefix(u.Path, p.base.Path+"/")
}

func (p *Provider) get(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return p.call(r)
}

func (p *Provider) post(ctx context.Context, path, key string, content any) ([]byte, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base.String()+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	return p.call(r)
}

// call asks once and returns the body of a success.
func (p *Provider) call(r *http.Request) ([]byte, error) {
	r.Header.Set("Authorization", "Bearer "+string(p.key))
	r.Header.Set("Accept", "application/hal+json")
	r.Header.Set("User-Agent", "Lidwoord")
	res, err := p.client.Do(r)
	if err != nil {
		return nil, lostError{withoutAddress(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerMost+1))
	switch {
	case err != nil:
		return nil, lostError{err}
	case len(body) > answerMost:
		return nil, errTooLong
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return nil, statusError{status: res.StatusCode, field: field(body)}
	}
	return body, nil
}

var fieldShape = regexp.MustCompile(`^[A-Za-z]{1,30}(\.[A-Za-z]{1,30})?$`)

// field reads from a refusal which field of ours was not liked. The sentence
// beside it is not read: it may repeat what we sent.
func field(body []byte) string {
	var problem struct {
		Field string `json:"field"`
	}
	if json.Unmarshal(body, &problem) != nil || !fieldShape.MatchString(problem.Field) {
		return ""
	}
	return problem.Field
}

// withoutAddress takes the address out of an error: the log names a payment by
// our own id.
func withoutAddress(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
