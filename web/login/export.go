package login

import (
	"fmt"
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// export is everything that is kept of a login account (AVG art. 15 and 20): a page shows
// it, and a file holds it. Its types are written out, so that a new field elsewhere leaves the house by decision and not
// by accident. No secret is in it, nor what could be tried against one.
type export struct {
	About       []string              `json:"about"` // in the reader's language
	MadeAt      time.Time             `json:"made_at"`
	Account     exportAccount         `json:"login_account"`
	Second      exportSecond          `json:"second_step"`
	Sessions    []exportSession       `json:"sessions"`
	Browsers    []exportBrowser       `json:"known_browsers"`
	History     []exportEvent         `json:"history"`
	HistoryDays int                   `json:"history_kept_days"`
	Websites    []exportWebsite       `json:"websites_with_access"`
	Memberships []signon.Membership   `json:"memberships"`
	Libraries   []exportLinkedLibrary `json:"linked_libraries"`
	Missing     []kit.Elsewhere       `json:"not_included"`
}

type exportAccount struct {
	Username    string    `json:"username"`
	Email       string    `json:"email"`
	Lang        string    `json:"language"`
	Library     string    `json:"opened_by_library,omitempty"`
	SelfMade    bool      `json:"made_by_yourself"`
	OpenedAt    time.Time `json:"opened_at"`
	ConfirmedAt time.Time `json:"address_confirmed_at,omitzero"`
	ActivatedAt time.Time `json:"activated_at,omitzero"`
	SignedInAt  time.Time `json:"last_signed_in_at,omitzero"`
}

type exportSecond struct {
	App      bool            `json:"app_with_codes"`
	AppSince time.Time       `json:"app_since,omitzero"`
	AppUsed  time.Time       `json:"app_last_used_at,omitzero"`
	Recovery int             `json:"recovery_codes_left"`
	Passkeys []exportPasskey `json:"passkeys"`
}

type exportPasskey struct {
	Name string    `json:"name"`
	Made time.Time `json:"made_at"`
	Used time.Time `json:"last_used_at,omitzero"`
}

type exportSession struct {
	Browser string    `json:"browser"` // as it calls itself
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"last_used_at"`
	Until   time.Time `json:"until"`
	This    bool      `json:"this_one"`
}

type exportBrowser struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since,omitzero"`
	Seen  time.Time `json:"last_used_at"`
}

type exportEvent struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Words   string    `json:"in_words"`
	Browser string    `json:"browser,omitempty"`
	Times   int       `json:"times"`
}

type exportWebsite struct {
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	Hears  []string  `json:"hears"`
	Client string    `json:"id"`
}

type exportLinkedLibrary struct {
	Library string    `json:"library"`
	Since   time.Time `json:"since"`
	Active  bool      `json:"active"`
}

// dataPage shows the same.
type dataPage struct {
	hearing
	export
}

// Plain is what a browser calls itself, in words.
func (dataPage) Plain(browser string) string { return plainDevice(browser) }

// Word is what a code says: a right of a membership, what a website hears, the language
// of mails. One that we do not know stands as it came.
func (dataPage) Word(v kit.View, kind, code string, args ...any) string {
	if key := "login." + kind + "_" + code; v.Site.Words.Has(key) {
		return v.T(key, args...)
	}
	return code
}

// showData shows the owner of an account what is kept of it.
func (s *Site) showData(w http.ResponseWriter, r *http.Request) error {
	all, err := s.readAll(r)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "data", dataPage{export: all})
}

// takeData hands the owner the file.
func (s *Site) takeData(w http.ResponseWriter, r *http.Request) error {
	all, err := s.readAll(r)
	if err != nil {
		return err
	}
	return kit.SendJSON(w, fmt.Sprintf("inlogaccount-%s.json", day.Of(all.MadeAt)), all)
}

func (s *Site) readAll(r *http.Request) (all export, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = s.gather(tx, r)
		return err
	})
	return all, err
}

func (s *Site) gather(tx *sqldb.Tx, r *http.Request) (export, error) {
	live, lang := kit.VisitOf(r).Session, kit.VisitOf(r).Lang
	say := func(key string, args ...any) string { return s.Words.Text(lang, key, args...) }
	all := export{MadeAt: tx.Now.UTC(), About: []string{say("login.x_about")}, HistoryDays: int(account.HistoryLife.Hours() / 24),
		Missing: []kit.Elsewhere{{Text: say("login.x_secrets")}, s.Elsewhere(lang, "login.x_library", kit.Absolute(s.Doors.Mine, "/")), s.Elsewhere(lang, "login.x_reading", kit.Absolute(s.Doors.Reading, "/mijn-boeken/gegevens"))},
		Second:  exportSecond{Passkeys: []exportPasskey{}}, Sessions: []exportSession{}, Browsers: []exportBrowser{}, History: []exportEvent{},
		Websites: []exportWebsite{}, Memberships: []signon.Membership{}, Libraries: []exportLinkedLibrary{}}
	a, err := s.Accounts.Find(tx, live.Subject)
	if err != nil {
		return all, err
	}
	all.Account = exportAccount{a.Username, a.Email, string(a.Lang), a.Library, a.SelfMade, a.OpenedAt, a.ConfirmedAt, a.ActivatedAt, a.SignedInAt}
	has, err := factor.StateOf(tx, ownerOf(a.ID))
	if err != nil {
		return all, err
	}
	all.Second.App, all.Second.AppSince, all.Second.AppUsed, all.Second.Recovery = has.App, has.AppSince, has.AppUsed, has.Recovery
	for _, p := range has.Passkeys {
		all.Second.Passkeys = append(all.Second.Passkeys, exportPasskey{p.Name, p.Created, p.Used})
	}
	open, err := session.List(tx, s.Name, a.ID)
	if err != nil {
		return all, err
	}
	for _, o := range open {
		all.Sessions = append(all.Sessions, exportSession{o.Device, o.AuthAt, o.SeenAt, o.Expires, o.ID == live.ID})
	}
	browsers, err := s.Accounts.Devices(tx, a.ID, secret.Token(s.Cookie(r, deviceCookie)))
	if err != nil {
		return all, err
	}
	for _, b := range browsers {
		all.Browsers = append(all.Browsers, exportBrowser{b.Name, b.Since, b.SeenAt})
	}
	events, err := s.Accounts.History(tx, a.ID)
	if err != nil {
		return all, err
	}
	for _, e := range events {
		all.History = append(all.History, exportEvent{e.At, e.Kind, say("login.event_"+e.Kind, e.Times), e.Device, e.Times})
	}
	return all, s.gatherOthers(tx, a.ID, &all)
}

// gatherOthers adds who else knows the account: websites and libraries.
func (s *Site) gatherOthers(tx *sqldb.Tx, accountID string, all *export) error {
	consents, err := s.Provider.Consents(tx, accountID)
	if err != nil {
		return err
	}
	for _, c := range consents {
		all.Websites = append(all.Websites, exportWebsite{c.ClientName, c.Given, c.Scopes, c.ClientID})
	}
	if s.Provider.Memberships != nil {
		memberships, err := s.Provider.Memberships.Of(tx, accountID)
		if err != nil {
			return err
		}
		all.Memberships = append(all.Memberships, memberships...)
	}
	linked, err := provision.Of(tx, accountID)
	for _, l := range linked {
		all.Libraries = append(all.Libraries, exportLinkedLibrary{l.Library, l.Since, l.Active})
	}
	return err
}
