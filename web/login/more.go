package login

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

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

// leads lets the forms of a page that entry shows lead to the site or the app that
// hears of it in the end.
func (s *Site) leads(tx *sqldb.Tx, w http.ResponseWriter, r *http.Request, data string) error {
	request := s.Cookie(r, moreCookie)
	if data != "" {
		request = readWay(data).asks()
	}
	return s.leadsTo(tx, w, request)
}

// leadsTo lets the forms of a page lead where the answer to a request goes, if that
// is open still.
func (s *Site) leadsTo(tx *sqldb.Tx, w http.ResponseWriter, request string) error {
	if request == "" {
		return nil
	}
	asked, err := s.Provider.Pending(tx, request)
	if errors.Is(err, signon.ErrRequestSpent) {
		return nil
	}
	if err == nil {
		leadsBack(w, asked)
	}
	return err
}

// leadsBack adds the place where the answer to a request goes, and no other: the origin of
// a website, the scheme that an app has of its own, and all of http for an app on this
// machine by its IPv6 number, for which a policy has no words.
func leadsBack(w http.ResponseWriter, asked signon.Request) {
	source := asked.ReturnsAt
	if source == "" || strings.Contains(asked.ReturnsTo, ":") {
		source = asked.ReturnsBy + ":"
	}
	kit.FormsReach(w, source)
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
		leadsBack(w, asked)
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
	return s.leave(w, r, to)
}
