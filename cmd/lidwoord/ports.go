package main

import (
	"errors"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
)

// Here the wings meet. Each of them declares what it needs; this file is the
// only place that knows who answers.

// loginAccounts fills the library's need for login accounts from the identity
// wing. A provider far away would stand here too, queueing a job in tx.
type loginAccounts struct {
	accounts   *account.Accounts
	answerPage func(secret.Token) string // where an owner answers a library's question
}

var (
	_ enrol.LoginAccounts = loginAccounts{}
	_ enrol.AccountOwners = loginAccounts{}
	_ enrol.LoginCensus   = loginAccounts{}
	_ enrol.SecondSteps   = loginAccounts{}
)

func (l loginAccounts) Open(tx *sqldb.Tx, o enrol.Opening) (string, time.Time, error) {
	id, until, err := l.accounts.Open(tx, account.Opening{Username: o.Username, Email: o.Email, Lang: o.Lang, LibraryName: o.LibraryName})
	if errors.Is(err, account.ErrUsernameTaken) {
		err = enrol.ErrUsernameTaken
	}
	return id, until, err
}

func (l loginAccounts) Resend(tx *sqldb.Tx, accountID, newEmail string) (time.Time, error) {
	until, err := l.accounts.Resend(tx, accountID, newEmail)
	switch {
	case errors.Is(err, account.ErrActive):
		err = enrol.ErrAccountAwake
	case errors.Is(err, account.ErrNoAccount):
		err = enrol.ErrAccountGone
	}
	return until, err
}

var loginStates = map[account.State]enrol.State{
	account.None: enrol.Gone, account.Waiting: enrol.Waiting, account.Active: enrol.Active, account.Expired: enrol.Expired,
}

func (l loginAccounts) State(tx *sqldb.Tx, accountID string) (enrol.Login, error) {
	st, err := l.accounts.State(tx, accountID)
	return enrol.Login{State: loginStates[st.State], Username: st.Username, Email: st.Email, Until: st.Until}, err
}

func (l loginAccounts) Count(tx *sqldb.Tx, accountIDs []string) (map[enrol.State]int, error) {
	states, err := l.accounts.Count(tx, accountIDs)
	counts := map[enrol.State]int{}
	for state, n := range states {
		counts[loginStates[state]] += n
	}
	return counts, err
}

func (l loginAccounts) Forget(tx *sqldb.Tx, accountID string) error {
	return l.accounts.Forget(tx, accountID)
}

func (l loginAccounts) Sleeping(tx *sqldb.Tx, limit int) ([]string, error) {
	return l.accounts.Sleeping(tx, limit)
}

func (l loginAccounts) StoryOf(tx *sqldb.Tx, accountID string) (enrol.Story, error) {
	s, err := l.accounts.StoryOf(tx, accountID)
	story := enrol.Story{ConfirmedAt: s.ConfirmedAt, ActivatedAt: s.ActivatedAt}
	for _, m := range s.Links {
		story.Links = append(story.Links, enrol.LinkMail(m))
	}
	return story, err
}

func (l loginAccounts) Named(tx *sqldb.Tx, username string) (string, error) {
	return l.accounts.Holder(tx, username)
}

func (loginAccounts) SecondStep(tx *sqldb.Tx, accountID string) (since time.Time, err error) {
	has, err := factor.StateOf(tx, factor.Owner("account:"+accountID))
	if has.App {
		since = has.AppSince
	}
	if len(has.Passkeys) > 0 && (since.IsZero() || has.Passkeys[0].Created.Before(since)) { // the oldest stands first
		since = has.Passkeys[0].Created
	}
	return since, err
}

func (l loginAccounts) AskRemoval(tx *sqldb.Tx, accountID string, r enrol.Removal) (time.Time, error) {
	due, err := l.accounts.AskRemoval(tx, account.Removal{AccountID: accountID, Library: r.Library, About: r.CustomerID, Phone: r.Phone, AskedBy: r.AskedBy, Insists: r.Insists})
	switch {
	case errors.Is(err, account.ErrRemovalAsked):
		err = enrol.ErrRemovalAsked
	case errors.Is(err, account.ErrRemovalRests):
		err = enrol.ErrRemovalRests
	case errors.Is(err, account.ErrNoSecondStep):
		err = enrol.ErrNoSecondStep
	case errors.Is(err, account.ErrNoAccount):
		err = enrol.ErrAccountGone
	}
	return due, err
}

func (loginAccounts) RemovalWait() time.Duration { return account.RemovalWait }

func (l loginAccounts) StopRemoval(tx *sqldb.Tx, accountID, actor string) (bool, error) {
	return l.accounts.StopRemoval(tx, accountID, actor, "")
}

func (l loginAccounts) Removals(tx *sqldb.Tx, accountID string) (list []enrol.Removal, err error) {
	asked, err := l.accounts.Removals(tx, accountID)
	for _, r := range asked {
		list = append(list, removalOf(r))
	}
	return list, err
}

// removalOf is a removal as the library knows it.
func removalOf(r account.Removal) enrol.Removal {
	return enrol.Removal{Library: r.Library, CustomerID: r.About, AskedBy: r.AskedBy, AskedAt: r.AskedAt, DueAt: r.DueAt,
		EndedAt: r.EndedAt, EndedBy: r.EndedBy, Done: r.Done}
}

func (l loginAccounts) Linked(tx *sqldb.Tx, accountID, library string) error {
	return l.accounts.Linked(tx, accountID, library)
}

func (l loginAccounts) Ask(tx *sqldb.Tx, q enrol.Question) (string, error) {
	return l.accounts.AskOnTheSpot(tx, account.Question{Username: q.Username, Library: q.LibraryName, About: q.About})
}

func (l loginAccounts) Page(tx *sqldb.Tx, askID string) string {
	return l.answerPage(account.AnswerToken(tx, askID))
}

func (l loginAccounts) Answered(tx *sqldb.Tx, askID string) (enrol.Answer, error) {
	a, err := l.accounts.Answered(tx, askID)
	return enrol.Answer(a), err
}

func (l loginAccounts) TakeAnswer(tx *sqldb.Tx, askID string) (accountID, username string, err error) {
	return l.accounts.TakeAnswer(tx, askID)
}

func (l loginAccounts) Prove(tx *sqldb.Tx, askID, code string) (accountID, username string, err error) {
	return l.accounts.Prove(tx, askID, code)
}

// memberships tells the sign-on what the holder of an account may use: by our own
// administration, and by the library systems that keep one elsewhere.
type memberships struct{}

var _ signon.Memberships = memberships{}

func (memberships) Of(tx *sqldb.Tx, accountID string) ([]signon.Membership, error) {
	held, err := membership.OfAccount(tx, accountID)
	if err != nil {
		return nil, err
	}
	today := day.Of(tx.Now)
	var list []signon.Membership
	for _, h := range held {
		list = append(list, signon.Membership{
			Organisation: h.OrganisationSlug, OrganisationName: h.OrganisationName, Number: h.Number,
			Code: h.Code, Name: h.Name(words.NL), Rights: h.Rights.Names(),
			ValidFrom: h.FirstDay, ValidThrough: h.LastDay, State: ownStates[h.State(today)],
		})
	}
	elsewhere, err := provision.OfAccount(tx, accountID, today)
	for _, h := range elsewhere {
		list = append(list, signon.Membership{
			Organisation: h.Kind.Organisation, OrganisationName: h.Library, Number: h.Number,
			Code: h.Code, Name: h.Kind.Name(words.NL), Rights: h.Kind.Rights,
			ValidFrom: h.First, ValidThrough: h.Last, State: elsewhereStates[h.State(today)],
		})
	}
	return list, err
}

// The states in the words of the claim.
var (
	ownStates = map[membership.State]string{
		membership.Active: signon.Active, membership.Coming: signon.Upcoming, membership.Ended: signon.Ended}
	elsewhereStates = map[provision.State]string{
		provision.Running: signon.Active, provision.Upcoming: signon.Upcoming, provision.Ended: signon.Ended, provision.Suspended: signon.Suspended}
)
