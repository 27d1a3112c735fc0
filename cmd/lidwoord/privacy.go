package main

import (
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/outbox"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/library/branch"
	"lidwoord/library/ledger"
	"lidwoord/library/newsletter"
	"lidwoord/library/registration"
	"lidwoord/reading/loan"
	"lidwoord/web/reading"
	"lidwoord/web/start"
)

const (
	aDay  = 24 * time.Hour
	aYear = 365 * aDay
)

// keptFor is how long each room keeps things, for the page about privacy.
func keptFor() start.Figures {
	return start.Figures{
		FormDays: int(registration.Life / aDay), PayYears: ledger.KeepYears, ProofYears: int(newsletter.ProofLife / aYear),
		MailDays: int(outbox.RowLife / aDay), LookDays: int(audit.LookLife / aDay),
		WaitHours: int(account.ActivationLife / time.Hour), NameDays: int(account.NameRest / aDay), SignInDays: int(account.HistoryLife / aDay), SessionDays: int(session.LifeMost / aDay),
		BackMinutes: int(reading.Regret / time.Minute),
		LoanDays:    loan.KeepEnded, AppIdleDays: int(signon.LastingIdle / aDay), AppYears: int(signon.LastingLife / aYear),
	}
}

// whereToAsk is where a reader who may not borrow finds the library.
func (h *house) whereToAsk(tx *sqldb.Tx) (reading.Desk, error) {
	o, err := branch.FindOrganisation(tx, h.config.Library)
	return reading.Desk{Address: o.Address, Site: o.Site}, err
}

// controller is the library that answers for the data.
func (h *house) controller(tx *sqldb.Tx) (start.Controller, error) {
	o, err := branch.FindOrganisation(tx, h.config.Library)
	return start.Controller{Name: o.Name, Address: o.Address, Email: o.Email, Phone: o.Phone, Site: o.Site, Register: o.Register}, err
}
