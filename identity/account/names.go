package account

import (
	"context"

	"lidwoord/base/day"
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
		parts = append(parts, section{Username: acc.Username, Library: acc.Library, Active: acc.Active(), Since: acc.OpenedAt})
	}
	tellApart(parts)
	return a.mail(tx, group[0], "names", group[0].Library, letter{Sections: parts, Link: a.links.SignIn, Forgotten: a.links.Forgotten})
}

// tellApart lets those of one library and one day be told by the minute. A family knows
// who joined when; to anybody else it says next to nothing.
func tellApart(parts []section) {
	for i, p := range parts {
		for j, q := range parts {
			if i != j && p.Library == q.Library && day.Of(p.Since) == day.Of(q.Since) {
				parts[i].Minute = true
			}
		}
	}
}

// Day is when the account was made.
func (s section) Day() day.Day { return day.Of(s.Since) }
