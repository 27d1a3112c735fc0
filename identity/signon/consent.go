package signon

import (
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
)

// Consent is what a person lets the site of somebody else hear of them. A site of
// the library itself asks none: its purpose is the membership, and the privacy
// statement of the library covers it.
type Consent struct {
	ClientID   string
	ClientName string
	Scopes     []string // as Request.Asks names them, in the order of our list; openid is always in
	Given      time.Time
}

// Asks returns what the page about consent must name: the scopes of a request,
// and those that allow the single claims which it asks.
func (r Request) Asks() []string { return hears(withClaims(r.scope, r.claims), r.lasting) }

// offlineLasting stands for offline_access where it outlives the session, which a
// person must be able to tell from the other.
const offlineLasting = "offline_lasting"

func hears(scope string, lasting bool) []string {
	list := strings.Fields(scope)
	if i := slices.Index(list, ScopeOffline); i >= 0 && lasting {
		list[i] = offlineLasting
	}
	return list
}

// Consent lets the client of an open request hear what it asks, now and later. It
// does not answer the request: Grant does, and looks again.
func (p *Provider) Consent(tx *sqldb.Tx, requestID, accountID string) error {
	asked, err := p.Pending(tx, requestID)
	if err != nil {
		return err
	}
	before, _, err := findConsent(tx, accountID, asked.ClientID)
	if err != nil {
		return err
	}
	all := withClaims(before+" "+asked.scope, asked.claims)
	if err := putConsent(tx, accountID, asked.ClientID, all); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: "account:" + accountID, Act: "signon.consent_given", Object: "client:" + asked.ClientID})
}

// Consents lists what a person lets other sites hear, by the names of the sites.
func (p *Provider) Consents(tx *sqldb.Tx, accountID string) ([]Consent, error) {
	return listConsents(tx, accountID)
}

// WithdrawConsent takes back what a person lets a site hear, ends all that the
// site was given, and tells it that they signed out. To do it twice is no error.
func (p *Provider) WithdrawConsent(tx *sqldb.Tx, accountID, clientID string) error {
	if !sane(clientID) {
		return nil
	}
	ok, err := deleteConsent(tx, accountID, clientID)
	if err != nil || !ok {
		return err
	}
	if err := revokeGiven(tx, accountID, clientID); err != nil {
		return err
	}
	if err := tellOf(tx, func() ([]visit, error) { return takeVisitsAt(tx, accountID, clientID) }); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: "account:" + accountID, Act: "signon.consent_withdrawn", Object: "client:" + clientID})
}

// ForgetConsents drops what an account let other sites hear, when the account
// itself goes.
func (p *Provider) ForgetConsents(tx *sqldb.Tx, accountID string) error {
	return deleteConsents(tx, accountID)
}

// covers tells whether every scope of asked is among those of given.
func covers(given, asked string) bool {
	may := strings.Fields(given)
	return !slices.ContainsFunc(strings.Fields(asked), func(s string) bool { return !slices.Contains(may, s) })
}
