package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/web/manage"
)

// What Beheer needs of the login account.

// websites fills the register of sites from the sign-on.
type websites struct{ provider *signon.Provider }

var _ manage.Websites = websites{}

func (s websites) List(tx *sqldb.Tx) ([]manage.Website, error) {
	listed, err := s.provider.Clients(tx)
	if err != nil {
		return nil, err
	}
	unheard, err := s.provider.Unheard(tx)
	if err != nil {
		return nil, err
	}
	missed, err := s.provider.Missed(tx)
	list := make([]manage.Website, len(listed))
	for i, l := range listed {
		list[i] = manage.Website{
			ID: l.ID, Name: l.Name, BuiltIn: builtIn(l.ID), Own: l.Own, Method: l.Method, Keys: l.Keys,
			Redirects: l.Redirects, Logouts: l.Logouts, Origins: l.Origins, SignedOut: l.SignedOut, Initiate: l.Initiate,
			Scopes: l.Scopes, Algorithm: l.Algorithm, Sector: l.Sector, PushedOnly: l.PushedOnly, Introspects: l.Introspects, Lasting: l.Lasting,
			Changed: l.Changed, OldUntil: l.OldUntil, KeysFailed: s.provider.KeysFailed(l.Client),
		}
		if at := slices.IndexFunc(unheard, func(u signon.Unheard) bool { return u.ClientID == l.ID }); at >= 0 {
			list[i].Unheard, list[i].UnheardSince = unheard[at].Waiting, unheard[at].Since
		}
		if at := slices.IndexFunc(missed, func(m signon.Missed) bool { return m.ClientID == l.ID }); at >= 0 {
			list[i].Missed, list[i].MissedLast = missed[at].Count, missed[at].Last
		}
	}
	return list, err
}

func (websites) Scopes() (list []manage.Scope) {
	for _, name := range signon.Scopes() {
		scope := manage.Scope{Name: name}
		if name == signon.ScopeOffline {
			scope.Hours = int(signon.RefreshLife.Hours())
		}
		list = append(list, scope)
	}
	return list
}

func listed(w manage.Website) signon.Listed {
	return signon.Listed{Method: w.Method, Client: signon.Client{
		ID: w.ID, Name: w.Name, Own: w.Own, Keys: w.Keys,
		Redirects: w.Redirects, Logouts: w.Logouts, Origins: w.Origins, SignedOut: w.SignedOut, Initiate: w.Initiate,
		Scopes: w.Scopes, Algorithm: w.Algorithm, Sector: w.Sector, PushedOnly: w.PushedOnly, Introspects: w.Introspects, Lasting: w.Lasting,
	}}
}

func (s websites) Check(w manage.Website) error {
	return wrongWith(w, s.provider.CheckClient(listed(w)))
}

func (s websites) Add(tx *sqldb.Tx, actor string, w manage.Website) (secret.Token, error) {
	if builtIn(w.ID) {
		return "", signon.ErrClientTaken.With(w.ID).At(manage.FieldID)
	}
	made, err := s.provider.AddClient(tx, actor, listed(w))
	return made, wrongWith(w, err)
}

func (s websites) Change(tx *sqldb.Tx, actor string, w manage.Website) (secret.Token, error) {
	if builtIn(w.ID) {
		return "", manage.ErrBuiltIn
	}
	if err := s.provider.HoldClient(tx, w.ID, w.Changed); err != nil {
		return "", err
	}
	made, err := s.provider.SaveClient(tx, actor, listed(w))
	return made, wrongWith(w, err)
}

func (s websites) NewSecret(tx *sqldb.Tx, actor string, w manage.Website, overlap time.Duration) (secret.Token, error) {
	if builtIn(w.ID) {
		return "", manage.ErrBuiltIn
	}
	if err := s.provider.HoldClient(tx, w.ID, w.Changed); err != nil {
		return "", err
	}
	return s.provider.NewSecret(tx, actor, w.ID, overlap)
}

func (s websites) Remove(tx *sqldb.Tx, actor, id string) error {
	if builtIn(id) {
		return manage.ErrBuiltIn
	}
	err := s.provider.RemoveClient(tx, actor, id)
	if errors.Is(err, signon.ErrNoClient) {
		err = manage.ErrNoSite
	}
	return err
}

// wrongWith puts what the sign-on says of a site at the field that it is about.
func wrongWith(w manage.Website, err error) error {
	var list fault.List
	for _, e := range fault.Of(err) {
		switch {
		case errors.Is(e, signon.ErrClientInside):
			list = append(list, e.At(manage.FieldSignedOut))
		case errors.Is(e, signon.ErrClientAddress), errors.Is(e, signon.ErrClientStar):
			list = append(list, addressWrong(w, e))
		case errors.Is(e, signon.ErrClientKeys), errors.Is(e, signon.ErrKeysInside):
			list = append(list, e.At(manage.FieldKeys))
		case errors.Is(e, signon.ErrClientTaken):
			list = append(list, e.At(manage.FieldID))
		default:
			return err
		}
	}
	if len(list) == 0 {
		return err
	}
	return list
}

func addressWrong(w manage.Website, e *fault.Error) *fault.Error {
	uri, _ := e.Args[0].(string)
	for _, it := range []struct {
		field string
		uris  []string
	}{
		{manage.FieldRedirects, w.Redirects}, {manage.FieldLogouts, w.Logouts}, {manage.FieldSignedOut, []string{w.SignedOut}}, {manage.FieldInitiate, []string{w.Initiate}}, {manage.FieldKeys, []string{w.Keys}},
	} {
		if slices.Contains(it.uris, uri) {
			return e.At(it.field)
		}
	}
	if errors.Is(e, signon.ErrClientStar) {
		return e.At(manage.FieldOrigins)
	}
	return manage.ErrOrigin.With(uri).At(manage.FieldOrigins)
}

// systems fills the tokens of other library systems from the provisioning.
type systems struct{}

var _ manage.Systems = systems{}

func system(b provision.Bearer) manage.System {
	return manage.System{ID: b.ID, Name: b.Name, Organisation: b.Organisation, Library: b.Library, Scopes: b.Scopes,
		Created: b.CreatedAt, Expires: b.ExpiresAt, Revoked: b.RevokedAt, UsedOn: b.UsedOn}
}

func (systems) List(tx *sqldb.Tx) ([]manage.System, error) {
	bearers, err := provision.Bearers(tx)
	list := make([]manage.System, len(bearers))
	for i, b := range bearers {
		list[i] = system(b)
		if list[i].Maker, err = maker(tx, b.ID); err != nil {
			return nil, err
		}
	}
	return list, err
}

// maker is who made a token: the oldest act on it.
func maker(tx *sqldb.Tx, tokenID string) (actor string, err error) {
	acts, err := audit.Of(tx, "scim:"+tokenID, actsOnToken)
	for _, e := range acts {
		if e.Act == "provision.issue" {
			actor = e.Actor
		}
	}
	return actor, err
}

// actsOnToken is more than ever happens to one: it is made, and revoked.
const actsOnToken = 10

func (systems) Issue(tx *sqldb.Tx, actor string, wish manage.System, days int) (secret.Token, manage.System, error) {
	if err := knowOrganisation(tx, wish.Organisation, wish.Library); err != nil {
		return "", manage.System{}, systemWrong(err, manage.FieldLibrary)
	}
	longest := int(provision.LongestLife.Hours() / 24)
	token, b, err := provision.Issue(tx, actor, provision.Order{Organisation: wish.Organisation, Name: wish.Name, Scopes: wish.Scopes,
		Life: time.Duration(min(max(days, 0), longest+1)) * 24 * time.Hour}) // a huge number would turn negative
	return token, system(b), systemWrong(err, manage.FieldProgram)
}

// systemWrong puts what is wrong at its field; names is where a bad name stands.
func systemWrong(err error, names string) error {
	for _, it := range []struct {
		fault *fault.Error
		field string
	}{
		{provision.ErrSlug, manage.FieldOrganisation}, {provision.ErrNoOrganisation, manage.FieldLibrary}, {provision.ErrName, names},
		{provision.ErrScope, manage.FieldScopes}, {provision.ErrLife, manage.FieldDays},
	} {
		if errors.Is(err, it.fault) {
			at := it.fault.At(it.field)
			at.Kind = fault.Invalid
			return at
		}
	}
	return err
}

func (systems) Revoke(tx *sqldb.Tx, actor, id string) error {
	err := provision.Revoke(tx, actor, id)
	if errors.Is(err, provision.ErrNoToken) {
		err = manage.ErrNoSystem
	}
	return err
}

func (systems) Kinds(tx *sqldb.Tx) ([]manage.Kind, error) {
	kinds, err := provision.Kinds(tx, "")
	if err != nil {
		return nil, err
	}
	names, err := provision.Organisations(tx)
	list := make([]manage.Kind, len(kinds))
	for i, k := range kinds {
		list[i] = manage.Kind{Organisation: k.Organisation, Library: names[k.Organisation], Code: k.Code, NameNL: k.NameNL, NameEN: k.NameEN, Rights: k.Rights, Offered: k.Offered}
	}
	return list, err
}

func (systems) Libraries(tx *sqldb.Tx) ([]manage.Library, error) {
	names, err := provision.Organisations(tx)
	var list []manage.Library
	for slug, name := range names {
		list = append(list, manage.Library{Organisation: slug, Name: name})
	}
	slices.SortFunc(list, func(a, b manage.Library) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Organisation, b.Organisation))
	})
	return list, err
}

func (systems) AddKind(tx *sqldb.Tx, actor string, k manage.Kind) error {
	return kindWrong(provision.AddKind(tx, actor, kindOf(k)))
}

func (systems) SaveKind(tx *sqldb.Tx, actor string, k manage.Kind) error {
	return kindWrong(provision.SaveKind(tx, actor, kindOf(k)))
}

func kindOf(k manage.Kind) provision.Kind {
	return provision.Kind{Organisation: k.Organisation, Code: k.Code, NameNL: k.NameNL, NameEN: k.NameEN, Rights: k.Rights, Offered: k.Offered}
}

// kindWrong puts what is wrong with a kind at its field.
func kindWrong(err error) error {
	switch {
	case errors.Is(err, provision.ErrKindKnown):
		return fault.Of(err)[0].At(manage.FieldCode)
	case errors.Is(err, provision.ErrNoOrganisation):
		return manage.ErrNoLibrary.At(manage.FieldOrganisation)
	case errors.Is(err, provision.ErrKindCode):
		return provision.ErrKindCode.At(manage.FieldCode)
	case errors.Is(err, provision.ErrName):
		return provision.ErrName.At(manage.FieldNameNL)
	case errors.Is(err, provision.ErrRight):
		return provision.ErrRight.At(manage.FieldRights)
	}
	return err
}

// readers fills the counts of signing in, and ends it for everybody.
type readers struct {
	provider *signon.Provider
	accounts *account.Accounts
}

var _ manage.Readers = readers{}

func (r readers) Count(tx *sqldb.Tx) (manage.Counts, error) {
	c, err := r.accounts.TakeCensus(tx)
	if err != nil {
		return manage.Counts{}, err
	}
	stepped, err := factor.Count(tx, "account:")
	return manage.Counts{Waiting: c.Waiting, Active: c.Active, Expired: c.Expired, Stepped: stepped, Day: manage.Tally(c.Day), Week: manage.Tally(c.Week)}, err
}

// SignOutAll ends the sessions first, as they give all the rest. What was given until
// they were over ends after that; other sites hear it from the back-channel. Once
// begun it goes on, also when the browser that asked leaves. It is noted before the
// first session ends.
func (r readers) SignOutAll(ctx context.Context, db *sqldb.DB, actor string) (ended int, err error) {
	ctx = context.WithoutCancel(ctx)
	var by time.Time
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		by = tx.Now
		return audit.Record(tx, audit.Entry{Actor: actor, Act: "signon.everybody_out", Object: "signon"})
	})
	if err != nil {
		return 0, err
	}
	err = stepwise(ctx, db, func(tx *sqldb.Tx, after string) (next string, err error) {
		n, next, err := session.EndSignedOn(tx, "login", by, after)
		tx.After(func() { ended += n })
		return next, err
	})
	if err != nil {
		return ended, err
	}
	by = db.Now()
	for _, act := range []func(*sqldb.Tx, time.Time, string) (string, error){r.provider.RevokeSome, r.provider.LeaveSome} {
		err := stepwise(ctx, db, func(tx *sqldb.Tx, after string) (string, error) { return act(tx, by, after) })
		if err != nil {
			return ended, err
		}
	}
	return ended, nil
}

// stepwise does an act some at a time, each in a transaction, until it is done.
func stepwise(ctx context.Context, db *sqldb.DB, act func(tx *sqldb.Tx, after string) (next string, err error)) error {
	for after := ""; ; {
		var next string
		err := db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			next, err = act(tx, after)
			return err
		})
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}
