package signon

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lidwoord/base/bell"
	"lidwoord/base/queue"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// How sign-outs reach the sites that want to hear of them (OpenID Connect
// Back-Channel Logout 1.0). Each is queued in the transaction that ends the
// session and told at once; a site that is away is tried for a day, because its
// session of somebody who signed out on a shared computer is open meanwhile.
const (
	logoutHands      = 32               // sites that are told at the same time
	logoutLimit      = 5 * time.Second  // how long a site may take to answer
	logoutLease      = 30 * time.Second // a worker that died gives up its hold
	logoutFirstPause = 2 * time.Second  // doubles after each try
	logoutLongPause  = time.Hour
	logoutGiveUp     = 24 * time.Hour

	// LogoutTokenLife is how long a logout token may be presented as fresh; the
	// standard's section 2.4 recommends two minutes at most.
	LogoutTokenLife = 2 * time.Minute

	// visitMemory is how long we know at which sites a session was: no session
	// lives longer (base/session.LifeMost), and neither do those of the sites that
	// asked us.
	visitMemory = 30 * 24 * time.Hour
)

// LogoutSender hands a logout token to a site. own tells a site of the library
// itself, which may live on a network of its own.
type LogoutSender interface {
	Send(ctx context.Context, address, token string, own bool) error
}

// LogoutWorker tells sites that somebody signed out. Any number may work on one
// database.
type LogoutWorker struct {
	DB       *sqldb.DB
	Provider *Provider
	Sender   LogoutSender
	Log      *slog.Logger
}

// visit is a session that a client knows.
type visit struct{ sessionID, clientID, accountID string }

// logout is a row of signon_logout.
type logout struct {
	visit
	id, claim string
	attempts  int
	queuedAt  time.Time
}

// farewells wakes the workers of this process when a sign-out is committed.
var farewells = bell.New()

// tellOf queues a sign-out for every visit that take gives.
func tellOf(tx *sqldb.Tx, take func() ([]visit, error)) error {
	visits, err := take()
	if err != nil || len(visits) == 0 {
		return err
	}
	for _, v := range visits {
		if err := insertLogout(tx, secret.NewID(), v); err != nil {
			return err
		}
	}
	tx.After(farewells.Ring)
	return nil
}

// Unheard are the sign-outs that a site did not hear yet, for whoever minds the house.
type Unheard struct {
	ClientID string
	Waiting  int
	Since    time.Time // of the oldest
}

// Unheard lists the sites that do not hear of sign-outs now. What was given up after a
// day is Missed.
func (p *Provider) Unheard(tx *sqldb.Tx) ([]Unheard, error) { return unheardLogouts(tx) }

// Missed are the sign-outs that a site will never hear: it was away for a day. Its
// sessions of those people end when it ends them itself.
type Missed struct {
	ClientID string
	Count    int
	Last     time.Time // when the last was given up
}

// Missed lists the sites that missed sign-outs and did not hear another since.
func (p *Provider) Missed(tx *sqldb.Tx) ([]Missed, error) { return missedLogouts(tx) }

// Run tells sites of sign-outs until ctx ends.
func (w *LogoutWorker) Run(ctx context.Context) { w.queue().Run(ctx) }

// Drain tells all that is due now and returns when the last site answered.
func (w *LogoutWorker) Drain(ctx context.Context) error { return w.queue().Drain(ctx) }

func (w *LogoutWorker) queue() *queue.Worker {
	return &queue.Worker{What: "sign-outs", Hands: logoutHands, Bell: farewells, Now: w.DB.Now, Log: w.Log,
		Due: func(ctx context.Context) (ids []string, err error) {
			err = w.DB.Read(ctx, func(tx *sqldb.Tx) error { ids, err = dueLogouts(tx, 64); return err })
			return ids, err
		},
		Claim: func(ctx context.Context, id string) (func(context.Context), error) {
			f, ok, err := w.claim(ctx, id)
			if err != nil || !ok {
				return nil, err
			}
			return func(ctx context.Context) { w.tell(ctx, f) }, nil
		}}
}

// farewell is a sign-out in hand.
type farewell struct {
	logout
	client client
	key    signingKey
	claims logoutClaims
}

// logoutClaims are the claims of a logout token; section 2.4. There is no nonce,
// so that it is never taken for an ID token, nor an ID token for it.
type logoutClaims struct {
	Issuer   string              `json:"iss"`
	Subject  string              `json:"sub"`
	Audience string              `json:"aud"`
	IssuedAt int64               `json:"iat"`
	Expires  int64               `json:"exp"`
	ID       string              `json:"jti"`
	Session  string              `json:"sid"`
	Events   map[string]struct{} `json:"events"`
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

func (w *LogoutWorker) claim(ctx context.Context, id string) (f farewell, ok bool, err error) {
	claim := secret.NewID()
	err = w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if f.logout, ok, err = claimLogout(tx, id, claim, tx.Now.Add(logoutLease)); err != nil || !ok {
			return err
		}
		var found bool
		if f.client, found, err = findClient(tx, f.clientID); err != nil {
			return err
		}
		if ok = found && f.client.logout != ""; !ok { // it does not want to hear it any longer
			return deleteLogout(tx, f.logout)
		}
		f.claims = logoutClaims{
			Issuer: w.Provider.Issuer, Subject: w.Provider.subject(f.accountID, f.client.sector), Audience: f.clientID,
			IssuedAt: tx.Now.Unix(), Expires: tx.Now.Add(LogoutTokenLife).Unix(), ID: secret.NewID(),
			Session: f.sessionID, Events: map[string]struct{}{logoutEvent: {}},
		}
		f.key, err = w.Provider.signingKey(tx, f.client.algorithm)
		return err
	})
	return f, ok, err
}

// tell hands one sign-out to its site and writes down what came of it.
func (w *LogoutWorker) tell(ctx context.Context, f farewell) {
	log := w.Log.With("client", f.clientID, "attempt", f.attempts)
	token, err := f.key.sign(logoutTokenType, f.claims)
	if err == nil {
		limited, done := context.WithTimeout(ctx, logoutLimit)
		err = w.Sender.Send(limited, f.client.logout, token, f.client.own)
		done()
	}
	told := err
	noted, done := context.WithTimeout(context.WithoutCancel(ctx), logoutLimit)
	defer done()
	var again time.Time // zero when this was the end of it
	err = w.DB.InTx(noted, func(tx *sqldb.Tx) error {
		again = time.Time{}
		switch {
		case told == nil:
			if err := forgiveMissed(tx, f.clientID); err != nil {
				return err
			}
			return deleteLogout(tx, f.logout)
		case !tx.Now.Before(f.queuedAt.Add(logoutGiveUp)):
			if err := missLogout(tx, f.clientID); err != nil {
				return err
			}
			return deleteLogout(tx, f.logout)
		}
		again = tx.Now.Add(queue.PauseAfter(f.attempts, logoutFirstPause, logoutLongPause))
		return deferLogout(tx, f.logout, again)
	})
	switch {
	case err != nil:
		log.ErrorContext(ctx, "cannot write down that a site heard of a sign-out; it hears it twice", "err", errors.Join(err, told))
	case told == nil:
		log.InfoContext(ctx, "sign-out told")
	case again.IsZero():
		log.ErrorContext(ctx, "sign-out given up: the site did not hear it", "err", told)
	default:
		log.WarnContext(ctx, "sign-out not heard; it is told again", "err", told, "again", again)
	}
}
