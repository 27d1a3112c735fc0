package account

import (
	"context"

	"lidwoord/base/sqldb"
)

// ForgotUsername mails every username of an e-mail address in one letter, each with
// what it is for, for families share addresses. It answers alike whether the
// address has an account, as ForgotPassword does.
func (a *Accounts) ForgotUsername(ctx context.Context, db *sqldb.DB, f Forgotten) error {
	email, err := readEmail(f.Typed)
	if err != nil {
		return err
	}
	f.Typed = email
	return a.forgot(ctx, db, f, a.mailNames)
}

func (a *Accounts) mailNames(tx *sqldb.Tx, group []Account) error {
	var parts []section
	for _, acc := range group {
		parts = append(parts, section{Username: acc.Username, Library: acc.Library, Active: acc.Active()})
	}
	return a.mail(tx, group[0], "names", group[0].Library, letter{Sections: parts, Link: a.links.SignIn, Forgotten: a.links.Forgotten})
}
