package signon

import (
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// SecretOverlap is how long the secret from before works beside a new one, when
// nobody says otherwise: a week gives whoever minds the other site a working day
// to put in the new one.
const SecretOverlap = 7 * 24 * time.Hour

// How a client says who it is.
const (
	BySecret  = "client_secret"   // in the header or in the form
	BySigning = "private_key_jwt" // RFC 7523
	ByNothing = "none"            // a public client: an app, or a script in a browser
)

// Listed is a client as the people who mind the house see it.
type Listed struct {
	Client            // without its secret
	Method  string    // BySecret, BySigning or ByNothing
	Changed time.Time // when its registration or its secret last changed
	// OldUntil is until when the secret from before works; zero when there is none.
	OldUntil time.Time
}

// Clients lists the clients, by id.
func (p *Provider) Clients(tx *sqldb.Tx) ([]Listed, error) {
	list, err := listClients(tx)
	for i := range list {
		if err == nil {
			err = fillAddresses(tx, &list[i].Client)
		}
	}
	return list, err
}

// Client finds one client, or says ErrNoClient.
func (p *Provider) Client(tx *sqldb.Tx, id string) (Listed, error) {
	if !sane(id) {
		return Listed{}, ErrNoClient.With(id)
	}
	l, found, err := listClient(tx, id)
	if err == nil && !found {
		err = ErrNoClient.With(id)
	}
	if err != nil {
		return Listed{}, err
	}
	return l, fillAddresses(tx, &l.Client)
}

func fillAddresses(tx *sqldb.Tx, c *Client) (err error) {
	for kind, into := range map[string]*[]string{"redirect": &c.Redirects, "logout": &c.Logouts, "origin": &c.Origins} {
		if *into, err = clientURIs(tx, c.ID, kind); err != nil {
			return err
		}
	}
	return nil
}

// SaveClient makes a client known or changes it, at the wish of actor. A client
// with the method BySecret keeps the secret that it has; the first is made here,
// and returned to be shown once. What it was given before stays.
func (p *Provider) SaveClient(tx *sqldb.Tx, actor string, l Listed) (made secret.Token, err error) {
	c := l.Client
	if c.Secret = ""; l.Method != BySigning {
		c.Keys = ""
	} else if c.Keys == "" {
		return "", ErrClientKeys
	}
	if c, err = p.checkClient(c); err != nil {
		return "", err
	}
	known, found, err := findClient(tx, c.ID)
	if err != nil {
		return "", err
	}
	var digest any
	switch {
	case l.Method != BySecret:
	case found && known.secretDigest != "":
		digest = known.secretDigest
	default:
		made = newToken()
		digest = made.Digest()
	}
	if err := keepClient(tx, c, digest); err != nil {
		return "", err
	}
	return made, audit.Record(tx, audit.Entry{Actor: actor, Act: "signon.client_saved", Object: "client:" + c.ID})
}

// AddClient is SaveClient for a client with a new id. Of many who take one id at
// the same time, one gets it.
func (p *Provider) AddClient(tx *sqldb.Tx, actor string, l Listed) (made secret.Token, err error) {
	if !sane(l.ID) {
		return "", ErrClientIncomplete
	}
	ok, err := claimClient(tx, l.ID)
	if err == nil && !ok {
		err = ErrClientTaken.With(l.ID)
	}
	if err != nil {
		return "", err
	}
	return p.SaveClient(tx, actor, l)
}

// HoldClient keeps a client from changing until the transaction ends, or says that
// it did change since it was seen. Whoever changes it after that knows what they
// change, and a form that is sent twice is done once.
func (p *Provider) HoldClient(tx *sqldb.Tx, id string, seen time.Time) error {
	if _, err := p.Client(tx, id); err != nil {
		return err
	}
	ok, err := holdClient(tx, id, seen)
	if err == nil && !ok {
		err = ErrClientChanged.With(id)
	}
	return err
}

// NewSecret gives a client another secret, to be shown once. The one that it had
// works on for overlap, so that the other site can change without being out.
func (p *Provider) NewSecret(tx *sqldb.Tx, actor, id string, overlap time.Duration) (secret.Token, error) {
	if !sane(id) {
		return "", ErrNoClient.With(id)
	}
	made := newToken()
	ok, err := turnSecret(tx, id, made.Digest(), tx.Now.Add(overlap))
	if err == nil && !ok {
		if _, err = p.Client(tx, id); err == nil {
			err = ErrNoSecret.With(id)
		}
	}
	if err != nil {
		return "", err
	}
	return made, audit.Record(tx, audit.Entry{Actor: actor, Act: "signon.client_secret", Object: "client:" + id})
}

// RemoveClient forgets a client with all that it was given.
func (p *Provider) RemoveClient(tx *sqldb.Tx, actor, id string) error {
	if !sane(id) {
		return ErrNoClient.With(id)
	}
	ok, err := deleteClient(tx, id)
	if err == nil && !ok {
		err = ErrNoClient.With(id)
	}
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "signon.client_removed", Object: "client:" + id})
}
