package provision

import (
	"errors"
	"slices"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

// At names the user that is meant, and the versions of which it must be one; no
// versions take any.
type At struct {
	ID       string
	Versions []string
}

// Change is what a program wants otherwise; nil leaves it.
type Change struct {
	ExternalID *string
	Username   *string
	Email      *string
	Active     *bool
	Resend     bool // a new activation link, also when nothing else changes

	Memberships []Edit // done one after the other
}

// Replace makes a user as the organisation has them, as a nightly sync does with
// everybody. Nothing new changes and mails nothing.
func (p Provisioner) Replace(tx *sqldb.Tx, by Bearer, at At, c Change) (User, error) {
	u, err := p.at(tx, by, at)
	if err != nil {
		return User{}, err
	}
	if u.State == account.None { // a sync of everybody goes on
		u.PassedOver = passOver(u, &c)
	}
	c.Resend = false
	return p.change(tx, by, u, c)
}

// Amend changes what is named.
func (p Provisioner) Amend(tx *sqldb.Tx, by Bearer, at At, c Change) (User, error) {
	u, err := p.at(tx, by, at)
	if err != nil {
		return User{}, err
	}
	return p.change(tx, by, u, c)
}

// passOver leaves out of a change what is the owner's by now, and names it. Programs
// send an address in one breath with more that matters, such as a suspension, and
// that must not be lost because the owner chose another. The address is named also
// when it is the same: to say when it is not would answer who guesses it.
func passOver(u User, c *Change) (passed []string) {
	if c.Email != nil {
		passed = append(passed, "emails")
	}
	if c.Username != nil && !strings.EqualFold(*c.Username, u.Username) {
		passed = append(passed, "userName")
	}
	c.Email, c.Username = nil, nil
	return passed
}

// Remove ends the link. An account that waits is forgotten with it; an active one
// is its owner's and stays.
func (p Provisioner) Remove(tx *sqldb.Tx, by Bearer, at At) error {
	u, err := p.at(tx, by, at)
	if err != nil {
		return err
	}
	if won, err := deleteUser(tx, u); err != nil || !won {
		return orElse(err, ErrChanged)
	}
	if err := p.Accounts.Forget(tx, u.AccountID); err != nil {
		return err
	}
	return record(tx, by, u, "provision.remove", "")
}

// at finds a user at one of the versions that the program knows.
func (p Provisioner) at(tx *sqldb.Tx, by Bearer, at At) (User, error) {
	u, err := p.Find(tx, by, at.ID)
	if err == nil && len(at.Versions) > 0 && !slices.Contains(at.Versions, u.Version()) {
		err = ErrChanged
	}
	return u, err
}

func (p Provisioner) change(tx *sqldb.Tx, by Bearer, u User, c Change) (User, error) {
	if u.State == account.Active {
		u.PassedOver = passOver(u, &c)
	}
	if c.Email != nil && *c.Email == "" {
		return User{}, ErrEmailKept
	}
	next, changed := u, []string{}
	if c.ExternalID != nil && *c.ExternalID != u.ExternalID {
		if !readable(*c.ExternalID, LongestExternal) {
			return User{}, ErrExternal
		}
		next.ExternalID = *c.ExternalID
		changed = append(changed, "externalId")
	}
	if c.Active != nil && *c.Active != u.Active {
		next.Active = *c.Active
		changed = append(changed, "active")
	}
	mailed, err := p.mail(tx, u, c)
	if err != nil {
		return User{}, err
	}
	if mailed != "" {
		changed = append(changed, mailed)
	}
	if next.Memberships, err = edit(u.Memberships, c.Memberships); err != nil {
		return User{}, err
	}
	if !slices.Equal(next.Memberships, u.Memberships) {
		changed = append(changed, "memberships")
	}
	if len(changed) > 0 {
		won, err := updateUser(tx, next)
		switch {
		case sqldb.Duplicate(err):
			return User{}, ErrExternalTaken
		case err != nil || !won:
			return User{}, orElse(err, ErrChanged)
		}
		next.version, next.ChangedAt = u.version+1, tx.Now
		if err := keep(tx, u, u.Memberships, next.Memberships); err != nil {
			return User{}, err
		}
		if err := record(tx, by, u, "provision.change", strings.Join(changed, " ")); err != nil {
			return User{}, err
		}
	}
	if next, err = p.fill(tx, next); err != nil {
		return User{}, err
	}
	// Compared after the address: an account may be named after its address, and
	// then follows it.
	if c.Username != nil && !strings.EqualFold(*c.Username, next.Username) {
		return User{}, ErrUsernameFixed
	}
	return next, nil
}

// mail sends a new link where one is asked for, or where the address is another.
// It returns what was changed, or "".
func (p Provisioner) mail(tx *sqldb.Tx, u User, c Change) (what string, err error) {
	if c.Email == nil && !c.Resend {
		return "", nil
	}
	known, err := p.Accounts.State(tx, u.AccountID)
	if err != nil {
		return "", err
	}
	to := ""
	if c.Email != nil && !strings.EqualFold(strings.TrimSpace(*c.Email), known.Email) {
		to, what = *c.Email, "emails"
	} else if c.Resend {
		what = "resend"
	}
	if what == "" {
		return "", nil
	}
	if known.State == account.None {
		return "", ErrAccountGone
	}
	address := to
	if address == "" {
		address = known.Email
	}
	if err := p.countLetter(tx, address); err != nil {
		return "", err
	}
	_, err = p.Accounts.Resend(tx, u.AccountID, to)
	if errors.Is(err, account.ErrUsernameTaken) {
		err = ErrUsernameTaken
	}
	return what, err
}
