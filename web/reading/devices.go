package reading

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/reading/device"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

const (
	// appNote stands before the name of an app in the note of a sign-in that lets it in.
	appNote = "leesapp "
	// appFresh is how long ago its reader may have signed in: an app stays in for months,
	// and a browser that somebody left open must not be enough for that.
	appFresh = 10 * time.Minute
	// shownLife is how long a new password can be seen, also after a reload or in the
	// other language.
	shownLife   = 10 * time.Minute
	shownCookie = "leesapp"
	appPurpose  = "reading new app"
	scopeRead   = "reading" // of an access token that is meant for us
)

// signOn asks the sign-on of this door for the apps of its readers.
type signOn struct{ site *Site }

var _ device.SignOn = signOn{}

func (s signOn) Refresh(ctx context.Context, refresh secret.Token) (device.Heard, error) {
	a, err := s.site.party.Refresh(ctx, refresh)
	if err != nil {
		return device.Heard{}, ofApps(err)
	}
	return s.site.heard(a)
}

func (s signOn) Introspect(ctx context.Context, access secret.Token) (device.Bearer, error) {
	told, err := s.site.party.Introspect(ctx, access)
	if err != nil {
		return device.Bearer{}, ofApps(err)
	}
	if !slices.Contains(told.Scopes, scopeRead) {
		return device.Bearer{}, device.ErrWrong
	}
	var c claims
	if err := told.Claims(&c); err != nil {
		return device.Bearer{}, err
	}
	return device.Bearer{Reader: loan.ReaderOf(s.site.DB.Box, told.Issuer, told.Subject), Rights: who{Memberships: c.Memberships}.rights(), App: told.Client, Expires: told.Expires}, nil
}

func (s signOn) Revoke(ctx context.Context, refresh secret.Token) error {
	return s.site.party.Revoke(ctx, refresh)
}

// ofApps says in the words of the apps why the sign-on said nothing.
func ofApps(err error) error {
	if party.ErrOver.Is(err) {
		return device.ErrEnded.Because(err)
	}
	return device.ErrAway.Because(err)
}

// heard reads what the sign-on says of a reader.
func (s *Site) heard(a party.Answer) (device.Heard, error) {
	var c claims
	if err := a.Claims(&c); err != nil {
		return device.Heard{}, err
	}
	return device.Heard{Reader: loan.ReaderOf(s.DB.Box, a.Issuer, a.Subject), Rights: who{Memberships: c.Memberships}.rights(), Refresh: a.Refresh}, nil
}

// appsPage lists the apps of a reader.
type appsPage struct {
	*kit.Form
	Apps []device.Device
	Full bool // no more may come
	Most int
}

func (s *Site) showApps(w http.ResponseWriter, r *http.Request, who who) error {
	if s.Cookie(r, shownCookie) != "" { // the password was seen
		s.SetCookie(w, shownCookie, "", -1)
	}
	return s.appsPage(w, r, who.Reader, kit.NewForm(), http.StatusOK)
}

func (s *Site) appsPage(w http.ResponseWriter, r *http.Request, reader loan.Reader, form *kit.Form, status int) error {
	page := appsPage{Form: form, Most: device.Most}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Apps, err = device.Of(tx, reader)
		return err
	})
	if err != nil {
		return err
	}
	works := 0
	for _, a := range page.Apps {
		if !a.Ended {
			works++
		}
	}
	page.Full = works >= device.Most
	return s.Show(w, r, status, "apps", page)
}

// askApp begins the sign-in that lets an app in: with it the sign-on says yes to being
// asked about this reader while they are not here.
func (s *Site) askApp(w http.ResponseWriter, r *http.Request, who who) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	name, err := device.CleanName(form.Raw("naam"))
	if err != nil {
		form.Take(atName(err))
		return s.appsPage(w, r, who.Reader, form, kit.Status(err))
	}
	return s.party.Begin(w, r, party.Step{To: s.Link("/leesapps"), Note: appNote + name, Scopes: []string{party.OfflineAccess}, Fresh: appFresh})
}

// atName names the field of a name that will not do.
func atName(err error) error {
	if device.ErrName.Is(err) {
		return device.ErrName.At("naam")
	}
	return err
}

// shown is a new app with its password, on its way to the page that shows it.
type shown struct {
	Reader   loan.Reader  `json:"reader"`
	Name     string       `json:"name"`
	Login    string       `json:"login"`
	Password secret.Token `json:"password"`
	At       time.Time    `json:"at"`
}

// letIn makes the app for which its reader has just signed in.
func (s *Site) letIn(w http.ResponseWriter, r *http.Request, a party.Answer, name string) error {
	heard, err := s.heard(a)
	if err != nil {
		return err
	}
	var d device.Device
	var password secret.Token
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		d, password, err = device.Make(tx, heard, name)
		return err
	})
	if fault.KindOf(err) == fault.Conflict { // as many as may be: what the sign-on gave is of no use
		if heard.Refresh != "" {
			_ = s.party.Revoke(context.WithoutCancel(r.Context()), heard.Refresh)
		}
		form := kit.NewForm()
		form.Take(err)
		return s.appsPage(w, r, heard.Reader, form, kit.Status(err))
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(shown{heard.Reader, d.Name, d.Login, password, s.DB.Now()})
	if err != nil {
		return err
	}
	sealed, err := s.DB.Box.Seal(appPurpose, text)
	if err != nil {
		return err
	}
	s.SetCookie(w, shownCookie, sealed, shownLife)
	return s.Redirect(w, r, "/leesapps/nieuw")
}

// newAppPage shows what to type into an app, this once.
type newAppPage struct {
	shown
	Catalogue string // address for the app
	QR        template.HTML
}

// Secret is the password as a page shows it.
func (p newAppPage) Secret() string { return string(p.Password) }

func (s *Site) showNewApp(w http.ResponseWriter, r *http.Request, who who) error {
	page := newAppPage{Catalogue: s.Catalogue}
	text, err := s.DB.Box.Open(appPurpose, s.Cookie(r, shownCookie))
	if err != nil || json.Unmarshal(text, &page.shown) != nil || page.Reader != who.Reader || s.DB.Now().Sub(page.At) >= shownLife {
		return s.Redirect(w, r, "/leesapps")
	}
	page.QR, err = kit.QR(s.Catalogue, s.Words.Text(kit.VisitOf(r).Lang, "reading.app_qr"))
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "newapp", page)
}

// appPage is one app, to be renamed or taken back.
type appPage struct {
	*kit.Form
	App device.Device
}

func (s *Site) showApp(w http.ResponseWriter, r *http.Request, who who) error {
	return s.appPage(w, r, who, nil, http.StatusOK)
}

func (s *Site) appPage(w http.ResponseWriter, r *http.Request, who who, form *kit.Form, status int) error {
	var app device.Device
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		app, err = device.Find(tx, who.Reader, r.PathValue("app"))
		return err
	})
	if err != nil {
		return err
	}
	if form == nil {
		form = kit.NewForm()
		form.Set("naam", app.Name)
	}
	return s.Show(w, r, status, "app", appPage{form, app})
}

func (s *Site) renameApp(w http.ResponseWriter, r *http.Request, who who) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return device.Rename(tx, who.Reader, r.PathValue("app"), form.Raw("naam"))
	})
	if form.Take(atName(err)) {
		return s.appPage(w, r, who, form, kit.Status(err))
	}
	if err != nil {
		return err
	}
	s.SetFlash(w, "reading.app_renamed")
	return s.Redirect(w, r, "/leesapps")
}

func (s *Site) withdrawApp(w http.ResponseWriter, r *http.Request, who who) error {
	if err := s.Apps.Withdraw(r.Context(), who.Reader, r.PathValue("app")); err != nil {
		return err
	}
	s.SetFlash(w, "reading.app_withdrawn")
	return s.Redirect(w, r, "/leesapps")
}
