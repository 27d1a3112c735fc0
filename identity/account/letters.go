package account

import (
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// letter is what the letters of this room may tell.
type letter struct {
	Username string
	Library  string
	Email    string
	Link     string    // one address, of the one thing to do
	Continue string    // in "activated" only: where the owner goes on, or ""
	Site     string    // the name of that site
	Register string    // in "known" and "deleted": the page to make another account at, or ""
	Help     string    // help page; the roof fills it, may be ""
	Code     string    // in "code" only
	Asker    string    // in "code" and the letters about a removal: the library that asks
	Phone    string    // in "removal_asked": the telephone of Asker, or ""
	Hours    int       // in "activation", "welcome", "reset" and "email": how long Link works
	Minutes  int       // in "code" only: how long Code works
	Until    time.Time // the exact moment at which Link or Code stops working; in "newdevice": of the sign-in; in "removal_asked": when it is done

	Sections  []section // in "reset" and "names": one for each account of the address
	Forgotten string    // the page "Wachtwoord vergeten?"
	Browser   string    // in "password", "factor", "guessed", "newdevice" and "removal_stopped": in words, or ""
	What      string    // in "factor": the event
	By        string    // in "removal_stopped": who did, one of stoppedBy…
	Left      int       // in "factor": recovery codes that are left
	Old       string    // in "username": the name it was
	Shared    bool      // in "email": others use the address too
	NewEmail  string    // in "email_changed": where letters go from now on, masked
	Days      int       // in "username": how long that rests; with an undo link: how long it works
}

// mailActivation mails the link: in the words of a library that made the account,
// or in those for who made it.
func (a *Accounts) mailActivation(tx *sqldb.Tx, acc Account, token secret.Token) error {
	name := "activation"
	if acc.SelfMade {
		name = "welcome"
	}
	return a.mail(tx, acc, name, acc.Library, letter{Link: a.links.Activate(token), Hours: int(ActivationLife.Hours()), Until: acc.Until})
}

func (a *Accounts) mailActivated(tx *sqldb.Tx, acc Account) error {
	way, err := a.Continue(tx, acc)
	if err != nil {
		return err
	}
	return a.mail(tx, acc, "activated", acc.Library, letter{Link: a.links.Reading, Continue: way.Address, Site: way.Name})
}

// mailKnown tells the owner of an account that there is one already.
func (a *Accounts) mailKnown(tx *sqldb.Tx, acc Account) error {
	way, err := a.Continue(tx, acc)
	if err != nil {
		return err
	}
	if way.Address == "" {
		way.Address = a.links.SignIn
	}
	return a.mail(tx, acc, "known", acc.Library, letter{Link: way.Address, Register: a.links.Register})
}

func (a *Accounts) mailCode(tx *sqldb.Tx, acc Account, asker string, code secret.Token, until time.Time) error {
	return a.mail(tx, acc, "code", asker, letter{Code: string(code), Asker: asker, Minutes: int(CodeLife.Minutes()), Until: until})
}

func (a *Accounts) mail(tx *sqldb.Tx, acc Account, name, from string, l letter) error {
	l.Username, l.Library, l.Email, l.Help = acc.Username, acc.Library, acc.Email, a.links.Help
	m, err := a.letters.Write(lang(string(acc.Lang)), name, l)
	if err != nil {
		return err
	}
	if acc.ID == "" {
		return throwAway(tx, m)
	}
	m.Kind, m.To, m.FromName, m.About = "account."+name, acc.Email, from, "account:"+acc.ID
	return outbox.Add(tx, m)
}

// throwAway does with a letter for nobody what the outbox does with any other: it
// is sealed and a row is written, which the next Expire sweeps.
func throwAway(tx *sqldb.Tx, m outbox.Mail) error {
	if _, err := seal(tx, []byte(m.Text+m.HTML)); err != nil {
		return err
	}
	return insertOwnLink(tx, newOwnToken().Digest(), ownLink{accountID: secret.NewID(), kind: linkReset}, tx.Now)
}

// lang reads a stored language; what we do not speak (any more) is Dutch.
func lang(stored string) words.Lang {
	l, _ := words.Read(stored)
	return l
}
