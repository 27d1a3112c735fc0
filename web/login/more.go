package login

import (
	"net/http"
	"net/url"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// moreCookie keeps the request of a site that asks a second step while its reader sets
// one up.
const moreCookie = "verder"

// onward leads who set up a second step back to the site that asked for it.
func (s *Site) onward(r *http.Request) string {
	request := s.Cookie(r, moreCookie)
	if request == "" {
		return ""
	}
	return "/aanmelden?" + url.Values{"verzoek": {request}}.Encode()
}

type morePage struct {
	*kit.Form
	Request string
	Client  string
}

// moreAddress is the page of a site that wants more than a password.
func (s *Site) moreAddress(request string) string {
	return s.Link("/tweede-stap") + "?" + url.Values{"verzoek": {request}}.Encode()
}

// showMore asks the second step of who has one, and says to who has none what to do.
func (s *Site) showMore(w http.ResponseWriter, r *http.Request) error {
	live := *kit.VisitOf(r).Session
	page := morePage{Form: kit.NewForm(), Request: r.URL.Query().Get("verzoek")}
	var step secret.Token
	to := ""
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		step, to = "", ""
		asked, err := s.Provider.Pending(tx, page.Request)
		if err != nil {
			return err
		}
		page.Client = asked.ClientName
		if acrOf(live) == signon.ACRMFA {
			to = s.askAgain(page.Request)
			return nil
		}
		has, err := mustStep(tx, live.Subject)
		switch {
		case err != nil || !has:
			return err
		case tx.Now.Sub(live.AuthAt) >= FreshFor: // the password first
			to = s.askAgain(page.Request) + "&" + againParam + "=ja"
			return nil
		}
		step, err = s.entry.Wait(tx, r, entry.Proof{Subject: live.Subject, Data: way{Request: page.Request, More: true}.text()})
		return err
	})
	switch {
	case err != nil:
		return s.overConsent(w, r, err)
	case step != "":
		return s.entry.ToStep(w, r, step)
	case to != "":
		return see(w, r, to)
	}
	return s.Show(w, r, http.StatusOK, "more", page)
}

// againParam asks the sign-in page for the password, of who is in already.
const againParam = "opnieuw"

func (s *Site) askAgain(request string) string {
	return s.Link("/aanmelden") + "?" + url.Values{"verzoek": {request}}.Encode()
}

// chooseMore leads to setting a second step up, or back to the site without.
func (s *Site) chooseMore(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	request := form.Get("verzoek")
	if form.Is("antwoord", "ja") {
		s.SetCookie(w, moreCookie, request, signon.RequestLife)
		return s.Redirect(w, r, "/beveiliging/app")
	}
	var to string
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		to, err = s.Provider.Refuse(tx, request, signon.UnmetAuthenticationRequirements)
		return err
	})
	if err != nil {
		return s.overConsent(w, r, err)
	}
	s.SetCookie(w, moreCookie, "", -1)
	return see(w, r, to)
}
