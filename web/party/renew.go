package party

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
)

// OfflineAccess is the scope that gives a refresh token: what the sign-on then says
// without a browser (OpenID Connect Core section 11).
const OfflineAccess = "offline_access"

// ErrOver means that the sign-on does not know the person by this token any longer:
// they signed out everywhere, have another password, or took their leave.
var ErrOver = fault.New(fault.SignIn, "party.over")

// saidMost bounds an answer of the sign-on that is not a token.
const saidMost = 1 << 20

// Refresh spends a refresh token. The answer says who the person is and what they may
// now, and holds the token for the next time; whoever loses that has lost the person.
// It fails with ErrOver, ErrRefused or ErrSignOnDown.
//
// It waits for as long as the context does. To give up early would be to lose an
// answer that may be on its way.
func (p *Party) Refresh(ctx context.Context, refresh secret.Token) (Answer, error) {
	provider, _, err := p.ready(ctx)
	if err != nil {
		return Answer{}, err
	}
	ctx = oidc.ClientContext(ctx, &http.Client{})
	config := p.config(provider)
	// Without this a refusal is tried again in another style, and a token that was just
	// spent is shown twice.
	config.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	token, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: string(refresh)}).Token()
	if err != nil {
		return Answer{}, whyNot(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.site.DB.Now}).Verify(ctx, raw)
	if err != nil {
		return Answer{}, ErrRefused.Because(err)
	}
	// Without a new one the old one goes on (RFC 6749 section 6); oauth2 has seen to it.
	return Answer{Issuer: id.Issuer, Subject: id.Subject, Refresh: secret.Token(token.RefreshToken), token: id}, nil
}

// whyNot tells a refusal that is the end from one that another try may mend.
func whyNot(err error) error {
	var answered *oauth2.RetrieveError
	switch {
	case errors.As(err, &answered) && answered.ErrorCode == "invalid_grant":
		return ErrOver.Because(err)
	case errors.As(err, &answered) && answered.Response.StatusCode < http.StatusInternalServerError && answered.Response.StatusCode != http.StatusTooManyRequests:
		return ErrRefused.Because(err)
	}
	return ErrSignOnDown.Because(err)
}

// Told is what the sign-on says of an access token that an app brought (RFC 7662).
type Told struct {
	Issuer  string
	Subject string // as we know the person
	Client  string // the app
	Scopes  []string
	Expires time.Time // zero when it does not say
	all     []byte
}

// Claims reads what else was said.
func (t Told) Claims(into any) error {
	if err := json.Unmarshal(t.all, into); err != nil {
		return ErrRefused.Because(err)
	}
	return nil
}

// Introspect asks what an access token is worth that was made for an app of somebody
// else. It fails with ErrOver when that is nothing, and ErrSignOnDown, also when the
// sign-on does not tell.
func (p *Party) Introspect(ctx context.Context, access secret.Token) (Told, error) {
	_, more, err := p.ready(ctx)
	if err != nil {
		return Told{}, err
	}
	text, err := p.call(ctx, more.Introspection, url.Values{"token": {string(access)}, "token_type_hint": {"access_token"}})
	if err != nil {
		return Told{}, err
	}
	var said struct {
		Active  bool   `json:"active"`
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
		Client  string `json:"client_id"`
		Scope   string `json:"scope"`
		Expires int64  `json:"exp"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return Told{}, ErrSignOnDown.Because(err)
	}
	if !said.Active || said.Subject == "" || said.Issuer != "" && said.Issuer != p.Issuer {
		return Told{}, ErrOver
	}
	t := Told{Issuer: p.Issuer, Subject: said.Subject, Client: said.Client, Scopes: strings.Fields(said.Scope), all: text}
	if said.Expires > 0 {
		t.Expires = time.Unix(said.Expires, 0)
	}
	return t, nil
}

// Revoke ends a refresh token at the sign-on with all that came of it (RFC 7009).
func (p *Party) Revoke(ctx context.Context, refresh secret.Token) error {
	_, more, err := p.ready(ctx)
	if err != nil {
		return err
	}
	_, err = p.call(ctx, more.Revocation, url.Values{"token": {string(refresh)}, "token_type_hint": {"refresh_token"}})
	return err
}

// call posts a form to an endpoint of the sign-on as ourselves.
func (p *Party) call(ctx context.Context, endpoint string, form url.Values) ([]byte, error) {
	if endpoint == "" {
		return nil, ErrSignOnDown.Because(errors.New("the sign-on has no such endpoint"))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(p.ClientSecret)) // RFC 6749 section 2.3.1
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, ErrSignOnDown.Because(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, saidMost))
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, ErrSignOnDown.Because(errors.Join(err, errors.New(res.Status)))
	}
	return text, nil
}
