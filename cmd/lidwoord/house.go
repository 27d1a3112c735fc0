package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/desk"
	"lidwoord/web/kit"
	"lidwoord/web/login"
	"lidwoord/web/mailbox"
	"lidwoord/web/manage"
	"lidwoord/web/mine"
	"lidwoord/web/oidc"
	"lidwoord/web/reading"
	"lidwoord/web/signup"
	"lidwoord/web/start"
)

// house is everything joined: the three wings, their doors, the workers.
type house struct {
	config   Config
	db       *sqldb.DB
	log      *slog.Logger
	doors    kit.Doors
	accounts *account.Accounts
	provider *signon.Provider
	office   enrol.Office
	stacks   catalogue.Stacks
	book     customer.AddressBook // nil looks nothing up
	start    *start.Site
	handler  http.Handler
	mail     *outbox.Worker
	jobs     []job.Periodic
}

// build joins the house. It is the one place where a wing is given what it
// needs from another.
func build(ctx context.Context, c Config, db *sqldb.DB, log *slog.Logger) (*house, error) {
	doors, err := c.doors()
	if err != nil {
		return nil, err
	}
	if !c.demo {
		doors.Mailbox = nil
	}
	sentences, err := allWords()
	if err != nil {
		return nil, err
	}
	h := &house{config: c, db: db, log: log, doors: doors, stacks: catalogue.Stacks{Dir: c.Titles}}
	h.accounts, err = account.New(account.Links{
		Activate: func(t secret.Token) string { return kit.Absolute(doors.Login, "/activeren/"+string(t)) },
		Reading:  doors.Reading.String(),
		Help:     kit.Absolute(doors.Login, "/hulp"),
	})
	if err != nil {
		return nil, err
	}
	h.provider = &signon.Provider{Issuer: doors.OIDC.String(), Box: db.Box, Memberships: memberships{}}
	port := loginAccounts{h.accounts}
	h.office = enrol.Office{Accounts: port, Census: port, Owners: port}
	if err := h.registerReading(ctx); err != nil {
		return nil, err
	}
	if err := h.openDoors(ctx, &kit.House{DB: db, Words: sentences, Doors: doors, Demo: c.demo, Log: log,
		Brand: kit.Brand{Name: c.Brand.Name, Site: c.Brand.Site, Email: c.Brand.Email, Phone: c.Brand.Phone}}); err != nil {
		return nil, err
	}
	h.jobs = []job.Periodic{
		{Name: "account.expire", Every: time.Minute, Do: h.accounts.Expire},
		{Name: "enrol.old_drafts", Every: time.Hour, Do: enrol.DropOldDrafts},
		{Name: "signon.expire", Every: 10 * time.Minute, Do: h.provider.Expire},
		{Name: "signon.keys", Every: 24 * time.Hour, Do: h.provider.TendKeys},
		{Name: "loan.sweep", Every: time.Hour, Do: loan.Sweep},
		{Name: "session.sweep", Every: 10 * time.Minute, Do: session.Sweep},
		{Name: "throttle.sweep", Every: 10 * time.Minute, Do: throttle.Sweep},
		{Name: "outbox.sweep", Every: time.Hour, Do: outbox.Sweep},
	}
	return h, nil
}

// allWords loads the sentences of every room and door.
func allWords() (*words.Catalogue, error) {
	sentences, err := words.Load(day.Words, password.Words, throttle.Words,
		branch.Words, staff.Words, customer.Words, membership.Words, ledger.Words, newsletter.Words, enrol.Words,
		account.Words, signon.Words, catalogue.Words, loan.Words,
		kit.Words, start.Words, desk.Words, login.Words, oidc.Words, reading.Words, mine.Words, signup.Words, manage.Words, mailbox.Words)
	if err != nil {
		return nil, err
	}
	sentences.Format(moments)
	return sentences, nil
}

// moments writes an instant in a sentence by the Dutch clock. The catalogue
// itself knows no time zone.
func moments(lang words.Lang, arg any) (string, bool) {
	t, ok := arg.(time.Time)
	if !ok {
		return "", false
	}
	return day.Moment(t, lang), true
}

// readingClient is the name under which the Online Bibliotheek knows itself at
// the provider.
const readingClient = "online-bibliotheek"

// readingSecret belongs to the master key, so that every node has the same one
// and none is written down.
func (h *house) readingSecret() secret.Token {
	return secret.Token(base64.RawURLEncoding.EncodeToString(h.db.Box.Derive("client " + readingClient)))
}

// registerReading makes the Online Bibliotheek a relying party like any other.
func (h *house) registerReading(ctx context.Context) error {
	return h.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := h.provider.TendKeys(tx); err != nil {
			return err
		}
		if err := h.provider.TryKeys(tx); errors.Is(err, secret.ErrSealed) {
			return fmt.Errorf("%s is not the key with which this database was sealed; put back the right one, as without it nobody can sign in to read and no waiting mail can leave",
				h.config.KeyFile)
		} else if err != nil {
			return err
		}
		return h.provider.RegisterClient(tx, signon.Client{
			ID: readingClient, Name: "Online Bibliotheek", Secret: h.readingSecret(),
			Redirects: []string{kit.Absolute(h.doors.Reading, "/terug")},
			Logouts:   []string{kit.Absolute(h.doors.Reading, "/")},
			Scopes:    []string{signon.ScopeOpenID, signon.ScopeProfile, signon.ScopeMemberships},
		})
	})
}
