package login

import (
	"errors"
	"net/http"
	"net/url"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// signOutPage asks whether to sign out, at the wish of a website perhaps.
type signOutPage struct {
	*kit.Form        // what is wrong with that wish
	Website   string // its id, "" for none
	Name      string
	ReturnTo  string // as it asked, without the state
	State     string
}

// signOutFaults are what the door "oidc" may say of a wish.
var signOutFaults = map[string]error{"bewijs": signon.ErrBadHint, "adres": signon.ErrWrongRedirect, "website": signon.ErrNoHint}

// leaving is where a website wants somebody who signs out here. Anybody can make such
// a link, so it is judged each time and the page has one button.
func (s *Site) leaving(r *http.Request, wish url.Values) (page signOutPage, to string, err error) {
	page = signOutPage{Form: kit.NewForm(), Website: wish.Get("website"), ReturnTo: wish.Get("terug"), State: wish.Get("state")}
	if page.Website == "" && page.ReturnTo == "" {
		return page, "", nil
	}
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		out, err := s.Provider.EndSession(tx, signon.EndSessionParams{ClientID: page.Website, ReturnTo: page.ReturnTo, State: page.State})
		if err != nil {
			return err
		}
		to = out.ReturnTo
		known, err := s.Provider.Client(tx, page.Website)
		if errors.Is(err, signon.ErrNoClient) {
			err = signon.ErrWrongRedirect
		}
		page.Name = known.Name
		return err
	})
	return page, to, err
}

// showSignOut asks. A browser that is out already goes on to the website that wanted
// it out; of one that is in, only the button goes there.
func (s *Site) showSignOut(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	page, to, err := s.leaving(r, q)
	if known := signOutFaults[q.Get("fout")]; known != nil {
		err = known
	}
	switch {
	case err != nil && page.Take(err):
		page.Website = ""
		return s.Show(w, r, kit.Status(err), "signout", page)
	case err != nil:
		return err
	case to != "" && kit.VisitOf(r).Session == nil:
		return see(w, r, to)
	}
	return s.Show(w, r, http.StatusOK, "signout", page)
}

// signOut ends the session, and leads back to the website that asked.
func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	_, to, err := s.leaving(r, form.Values)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return err
	}
	if live := kit.VisitOf(r).Session; live != nil {
		if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.end(tx, live.ID) }); err != nil {
			return err
		}
	}
	s.ClearSession(w)
	if err == nil && to != "" {
		return s.leave(w, r, to)
	}
	return s.Redirect(w, r, "/afmelden")
}
