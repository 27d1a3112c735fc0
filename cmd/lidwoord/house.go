package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"lidwoord/adapter/backchannel"
	"lidwoord/adapter/testbank"
	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/intake"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/staff"
	"lidwoord/library/task"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/copy"
	"lidwoord/reading/device"
	"lidwoord/reading/index"
	"lidwoord/reading/ingest"
	"lidwoord/reading/loan"
	"lidwoord/web/desk"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
	"lidwoord/web/login"
	"lidwoord/web/mailbox"
	"lidwoord/web/manage"
	"lidwoord/web/mine"
	"lidwoord/web/news"
	"lidwoord/web/opds"
	"lidwoord/web/paper"
	"lidwoord/web/party"
	"lidwoord/web/reading"
	"lidwoord/web/signup"
	"lidwoord/web/start"
	webtestbank "lidwoord/web/testbank"
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
	news     *newsletter.Subscribers
	desk     *registration.Office // Inschrijven on the web
	cashier  *payment.Cashier
	bank     *testbank.Bank // of the demo
	stacks   catalogue.Stacks
	titles   *index.Index         // the catalogue in memory
	loans    *loan.Memory         // what is asked of loans over and over
	book     customer.AddressBook // nil looks nothing up
	start    *start.Site
	reading  *reading.Site // its apps have a door of their own
	login    *login.Site
	handler  http.Handler
	mail     *outbox.Worker
	farewell *signon.LogoutWorker // tells sites that somebody signed out
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
		doors.Mailbox, doors.Bank = nil, nil
	}
	sentences, err := allWords()
	if err != nil {
		return nil, err
	}
	h := &house{config: c, db: db, log: log, doors: doors, stacks: catalogue.Stacks{Dir: c.Titles}}
	h.accounts, err = account.New(account.Links{
		Activate: func(t secret.Token) string { return kit.Absolute(doors.Login, "/activeren/"+string(t)) },
		SignIn:   kit.Absolute(doors.Login, "/aanmelden"),
		Register: kit.Absolute(doors.Login, "/nieuw"),
		Reading:  doors.Reading.String(),
		Help:     kit.Absolute(doors.Login, "/hulp"),

		Reset:     func(t secret.Token) string { return kit.Absolute(doors.Login, "/wachtwoord/"+string(t)) },
		Email:     func(t secret.Token) string { return kit.Absolute(doors.Login, "/email/"+string(t)) },
		Undo:      func(t secret.Token) string { return kit.Absolute(doors.Login, "/email-terug/"+string(t)) },
		Factor:    func(t secret.Token) string { return kit.Absolute(doors.Login, "/tweede-stap-weg/"+string(t)) },
		Keep:      func(t secret.Token) string { return kit.Absolute(doors.Login, "/tweede-stap-blijft/"+string(t)) },
		Forgotten: kit.Absolute(doors.Login, "/wachtwoord-vergeten"),

		Left: h.accountLeft,
		Knows: func(tx *sqldb.Tx, r account.Removal) (bool, error) {
			return h.office.StillKnows(tx, r.AccountID, r.About)
		},
		Kept: func(tx *sqldb.Tx, r account.Removal) error { return h.office.RemovalKept(tx, removalOf(r)) },
		Continue: func(tx *sqldb.Tx, clientID, target, username string) (string, string, bool, error) {
			return h.provider.Continue(tx, clientID, target, username)
		},
	})
	if err != nil {
		return nil, err
	}
	h.provider = &signon.Provider{Issuer: doors.OIDC.String(), Box: db.Box, Memberships: memberships{}, Reaches: backchannel.Outside}
	sites := backchannel.New()
	if c.demo {
		sites, h.provider.Reaches = backchannel.NewForDemo(), nil
	}
	h.provider.Fetcher = sites
	h.farewell = &signon.LogoutWorker{DB: db, Provider: h.provider, Sender: sites, Log: log}
	h.news, err = newsletter.New(newsletter.Links{
		Confirm:     func(t secret.Token) string { return kit.Absolute(doors.News, "/bevestigen/"+string(t)) },
		Unsubscribe: func(t secret.Token) string { return kit.Absolute(doors.News, "/afmelden/"+string(t)) },
	})
	if err != nil {
		return nil, err
	}
	port := loginAccounts{h.accounts, func(t secret.Token) string { return kit.Absolute(doors.Login, "/koppelen/"+string(t)) }}
	h.office = enrol.Office{Accounts: port, Census: port, Owners: port, Steps: port, News: h.news}
	if err := h.openTill(); err != nil {
		return nil, err
	}
	if err := h.registerClients(ctx); err != nil {
		return nil, err
	}
	if err := h.openDoors(ctx, &kit.House{DB: db, Words: sentences, Doors: doors, Demo: c.demo, Log: log,
		Brand: kit.Brand{Name: c.Brand.Name, Site: c.Brand.Site, Email: c.Brand.Email, Phone: c.Brand.Phone}}); err != nil {
		return nil, err
	}
	h.jobs = []job.Periodic{
		{Name: "account.expire", Every: time.Minute, Do: h.accounts.Expire},
		{Name: "enrol.old_drafts", Every: time.Hour, Do: enrol.DropOldDrafts},
		{Name: "registration.old_forms", Every: time.Hour, Do: registration.DropOld},
		{Name: "newsletter.tend", Every: time.Minute, Do: h.news.Tend},
		{Name: "signon.expire", Every: 10 * time.Minute, Do: h.provider.Expire},
		{Name: "signon.keys", Every: 24 * time.Hour, Do: h.provider.TendKeys},
		{Name: "loan.sweep", Every: time.Hour, Do: loan.Sweep},
		{Name: "loan.fold", Every: 24 * time.Hour, Do: loan.Fold},
		{Name: "device.sweep", Every: 24 * time.Hour, Do: device.Sweep},
		{Name: "audit.sweep", Every: 24 * time.Hour, Do: audit.Sweep},
		{Name: "session.sweep", Every: 10 * time.Minute, Do: session.Sweep},
		{Name: "factor.sweep", Every: 10 * time.Minute, Do: factor.Sweep},
		{Name: "throttle.sweep", Every: 10 * time.Minute, Do: throttle.Sweep},
		{Name: "outbox.sweep", Every: time.Hour, Do: outbox.Sweep},
	}
	h.jobs = append(h.jobs, h.login.Jobs()...)
	if h.bank != nil {
		h.jobs = append(h.jobs, h.bank.Jobs()...)
	}
	return h, nil
}

// accountLeft lets go of an account that its owner deleted, wherever its id is
// kept. A library system that made it over SCIM keeps its own number and sees that
// nothing is left.
func (h *house) accountLeft(tx *sqldb.Tx, accountID string) error {
	owner := "account:" + accountID
	if err := factor.RemoveAll(tx, factor.Owner(owner), owner); err != nil {
		return err
	}
	if err := h.provider.ForgetConsents(tx, accountID); err != nil {
		return err
	}
	return h.office.AccountLeft(tx, accountID)
}

// allWords loads the sentences of every room and door.
func allWords() (*words.Catalogue, error) {
	sentences, err := words.Load(day.Words, password.Words, throttle.Words, factor.Words, entry.Words,
		branch.Words, staff.Words, customer.Words, membership.Words, ledger.Words, newsletter.Words, task.Words, payment.Words, enrol.Words, registration.Words,
		account.Words, intake.Words, provision.Words, signon.Words, catalogue.Words, ingest.Words, loan.Words, device.Words, copy.Words,
		kit.Words, party.Words, paper.Words, start.Words, desk.Words, login.Words, reading.Words, mine.Words, signup.Words, news.Words, manage.Words,
		opds.Words,
		mailbox.Words, webtestbank.Words)
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

// Names of our own doors at the provider.
const (
	readingClient = "online-bibliotheek"
	signupClient  = "inschrijven"
	mineClient    = "mijn-menu"
)

// Reader apps have one name and one address for all, which OPDS gives them (draft of
// Authentication for OPDS). Being public, they ask each person's consent.
const (
	appsClient   = "http://opds-spec.org/auth/client"
	appsRedirect = "opds://authorize/"
)

// builtIn tells our own doors from websites that a manager or a command connected.
func builtIn(client string) bool {
	return slices.Contains([]string{readingClient, signupClient, mineClient, appsClient}, client)
}

// clientSecret belongs to the master key, so that every node has the same one and
// none is written down.
func (h *house) clientSecret(client string) secret.Token {
	return secret.Token(base64.RawURLEncoding.EncodeToString(h.db.Box.Derive("client " + client)))
}

// registerClients makes our doors relying parties like any other. Inschrijven and
// Mijn Menu are the library's own and know people by the id of their account; the
// Online Bibliotheek is told no more than any platform would be.
func (h *house) registerClients(ctx context.Context) error {
	ours := []signon.Client{
		{ID: readingClient, Name: "Online Bibliotheek", Scopes: []string{signon.ScopeProfile, signon.ScopeMemberships, signon.ScopeOffline},
			Lasting: true, Introspects: true}, // the apps of its readers, by password and by token
		{ID: signupClient, Name: h.config.Brand.Name, Scopes: []string{signon.ScopeProfile, signon.ScopeEmail}},
		{ID: mineClient, Name: h.config.Brand.Name, Scopes: []string{signon.ScopeProfile, signon.ScopeEmail}},
	}
	for i, door := range []*url.URL{h.doors.Reading, h.doors.Signup, h.doors.Mine} {
		c := &ours[i]
		c.Secret = h.clientSecret(c.ID)
		c.Own, c.SignedOut = true, kit.Absolute(door, party.HearPath)
		c.Redirects, c.Logouts = []string{kit.Absolute(door, "/terug")}, []string{kit.Absolute(door, "/")}
		c.Scopes = append([]string{signon.ScopeOpenID}, c.Scopes...)
	}
	ours[1].Initiate = kit.Absolute(h.doors.Signup, "/inloggen")
	ours = append(ours, signon.Client{ID: appsClient, Name: "Leesapp", Redirects: []string{appsRedirect}, Sector: "leesapps", Lasting: true,
		Scopes: []string{signon.ScopeOpenID, signon.ScopeReading, signon.ScopeOffline}})
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
		for _, c := range ours {
			if err := h.provider.RegisterClient(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// party is how a door of the library signs people in.
func (h *house) party(client string) party.Settings {
	return party.Settings{ClientID: client, ClientSecret: string(h.clientSecret(client)), Scopes: []string{signon.ScopeProfile, signon.ScopeEmail}}
}
