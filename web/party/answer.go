package party

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/base/secret"
)

// AccessDenied is the Problem of a visitor who stopped signing in.
const AccessDenied = "access_denied"

// Answer is what the sign-on says to a step. Either Problem or Subject is filled.
type Answer struct {
	Step    Step
	Problem string // error code of the sign-on (RFC 6749 section 4.1.2.1), "" when it says who
	Issuer  string // the sign-on that gave the subject its name
	Subject string
	Session string       // the session there (the claim sid), whose end ends ours; "" when it does not say
	Hint    string       // the ID token, sealed; kept only to name the session when signing out
	Refresh secret.Token // of a step with the scope offline_access; "" when it may not have one
	token   *oidc.IDToken
}

// Claims reads what else the sign-on said of the subject.
func (a Answer) Claims(into any) error {
	if a.token == nil {
		return ErrRefused
	}
	if err := a.token.Claims(into); err != nil {
		return ErrRefused.Because(err)
	}
	return nil
}

// Answer takes the answer of the sign-on to a step of this browser. It fails with
// ErrStepUnknown, ErrRefused or ErrSignOnDown, and an answer works once; the step is
// known with the latter two.
func (p *Party) Answer(w http.ResponseWriter, r *http.Request) (Answer, error) {
	st, err := p.take(w, r)
	if err != nil {
		return Answer{}, err
	}
	provider, more, err := p.ready(r.Context())
	if err != nil {
		return Answer{Step: st}, err
	}
	q := r.URL.Query()
	// The answer must say that it comes from the provider we asked: without this a
	// second, hostile provider could get hold of our codes (RFC 9207).
	if iss := q.Get("iss"); iss != p.Issuer && (iss != "" || more.Names) {
		return Answer{Step: st}, ErrRefused
	}
	if problem := q.Get("error"); problem != "" {
		return Answer{Step: st, Problem: problem}, nil
	}
	a, err := p.redeem(r.Context(), provider, st, q.Get("code"))
	a.Step = st // also of an answer in vain: a silent question leads on all the same
	return a, err
}

// redeem exchanges the code and believes only what is signed, for us, and an
// answer to this very question.
func (p *Party) redeem(ctx context.Context, provider *oidc.Provider, st Step, code string) (Answer, error) {
	ctx, cancel := context.WithTimeout(withClient(ctx), patience)
	defer cancel()
	token, err := p.config(provider).Exchange(ctx, code, oauth2.VerifierOption(st.Verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) && answered.Response.StatusCode < http.StatusInternalServerError {
			return Answer{}, ErrRefused.Because(err)
		}
		return Answer{}, ErrSignOnDown.Because(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.site.DB.Now}).Verify(ctx, raw)
	if err != nil {
		return Answer{}, ErrRefused.Because(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(st.Nonce)) != 1 {
		return Answer{}, ErrRefused
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return Answer{}, ErrRefused.Because(err)
		}
	}
	var there struct {
		Session string `json:"sid"`
	}
	if err := id.Claims(&there); err != nil || len(there.Session) > sidMost {
		return Answer{}, ErrRefused.Because(err)
	}
	hint, err := p.site.DB.Box.Seal(p.hintPurpose(), []byte(raw))
	return Answer{Step: st, Issuer: id.Issuer, Subject: id.Subject, Session: there.Session, Hint: hint, Refresh: secret.Token(token.RefreshToken), token: id}, err
}
