package signon_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func TestAStrangerIsNeverSentAnywhere(t *testing.T) {
	cases := map[string]struct {
		change func(*signon.AuthorizeParams)
		want   error
	}{
		"an unknown client":          {func(a *signon.AuthorizeParams) { a.ClientID = "evil" }, signon.ErrUnknownClient},
		"no client":                  {func(a *signon.AuthorizeParams) { a.ClientID = "" }, signon.ErrUnknownClient},
		"a client with NUL":          {func(a *signon.AuthorizeParams) { a.ClientID = "read\x00ing" }, signon.ErrUnknownClient},
		"a client of broken UTF-8":   {func(a *signon.AuthorizeParams) { a.ClientID = "\xff" }, signon.ErrUnknownClient},
		"no address":                 {func(a *signon.AuthorizeParams) { a.RedirectURI = "" }, signon.ErrWrongRedirect},
		"another address":            {func(a *signon.AuthorizeParams) { a.RedirectURI = "https://evil.example/" }, signon.ErrWrongRedirect},
		"a slash more":               {func(a *signon.AuthorizeParams) { a.RedirectURI += "/" }, signon.ErrWrongRedirect},
		"a query more":               {func(a *signon.AuthorizeParams) { a.RedirectURI += "?x=1" }, signon.ErrWrongRedirect},
		"a way up":                   {func(a *signon.AuthorizeParams) { a.RedirectURI += "/../terug" }, signon.ErrWrongRedirect},
		"capitals":                   {func(a *signon.AuthorizeParams) { a.RedirectURI = strings.ToUpper(callback) }, signon.ErrWrongRedirect},
		"another client's sign-out":  {func(a *signon.AuthorizeParams) { a.RedirectURI = "https://lezen.example/uit" }, signon.ErrWrongRedirect},
		"a name before an at sign":   {func(a *signon.AuthorizeParams) { a.RedirectURI = "https://lezen.example@evil.example/terug" }, signon.ErrWrongRedirect},
		"a fragment after the right": {func(a *signon.AuthorizeParams) { a.RedirectURI = callback + "#x" }, signon.ErrWrongRedirect},
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for name, c := range cases {
			a := ask()
			c.change(&a)
			if _, err := h.begin(a); !errors.Is(err, c.want) {
				t.Errorf("%s: Begin = %v, want %v", name, err, c.want)
			}
		}
	})
}

func TestAnAppOnItsOwnMachineChoosesItsPort(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := readingClient()
		c.Redirects = []string{"http://127.0.0.1/terug", "http://[::1]:8080/terug?kant=2", "http://localhost/terug", "https://127.0.0.1/veilig"}
		h.register(c)
		for uri, good := range map[string]bool{
			"http://127.0.0.1/terug": true, "http://127.0.0.1:1024/terug": true, "http://127.0.0.1:65535/terug": true,
			"http://[::1]:9/terug?kant=2": true, "http://[::1]/terug?kant=2": true, "http://localhost/terug": true, "https://127.0.0.1/veilig": true,
			"http://127.0.0.1:65536/terug": false, "http://127.0.0.1:/terug": false, "http://127.0.0.1:080/terug": false, "http://127.0.0.1:9/anders": false,
			"http://127.0.0.1:9/terug?x": false, "http://127.0.0.1:9": false, "http://127.0.0.1:9/terug#x": false, "http://[::1]:9/terug": false,
			"http://localhost:9/terug": false, "https://127.0.0.1:9/veilig": false, "https://127.0.0.1:9/terug": false, "http://127.0.0.2:9/terug": false,
			"http://127.0.0.1:9@evil.example/terug": false, "http://127.0.0.1@evil.example/terug": false, "http://127.0.0.1.evil.example/terug": false,
			"HTTP://127.0.0.1:9/terug": false, "http://2130706433:9/terug": false,
		} {
			a := ask()
			a.RedirectURI = uri
			if _, err := h.begin(a); (err == nil) != good || !good && !errors.Is(err, signon.ErrWrongRedirect) {
				t.Errorf("%s: Begin = %v", uri, err)
			}
		}
		a := ask()
		a.RedirectURI = "http://127.0.0.1:5000/terug"
		code := h.code(a)
		wrong, right := redeem(code), redeem(code)
		wrong.RedirectURI, right.RedirectURI = "http://127.0.0.1:5001/terug", a.RedirectURI
		if _, refusal := h.exchange(wrong); refusal != "invalid_grant" {
			t.Errorf("the code goes with another port: %q", refusal)
		}
		if _, refusal := h.exchange(right); refusal != "" {
			t.Errorf("the code does not go with its own port: %q", refusal)
		}
	})
}

func TestABadRequestGoesBackToItsClient(t *testing.T) {
	cases := map[string]struct {
		change func(*signon.AuthorizeParams)
		want   string
	}{
		"no response type":     {func(a *signon.AuthorizeParams) { a.ResponseType = "" }, "invalid_request"},
		"the implicit flow":    {func(a *signon.AuthorizeParams) { a.ResponseType = "id_token" }, "unsupported_response_type"},
		"a fragment":           {func(a *signon.AuthorizeParams) { a.ResponseMode = "fragment" }, "invalid_request"},
		"no PKCE":              {func(a *signon.AuthorizeParams) { a.Challenge, a.Method = "", "" }, "invalid_request"},
		"plain PKCE":           {func(a *signon.AuthorizeParams) { a.Method = "plain" }, "invalid_request"},
		"PKCE without method":  {func(a *signon.AuthorizeParams) { a.Method = "" }, "invalid_request"},
		"a short challenge":    {func(a *signon.AuthorizeParams) { a.Challenge = a.Challenge[1:] }, "invalid_request"},
		"a padded challenge":   {func(a *signon.AuthorizeParams) { a.Challenge += "=" }, "invalid_request"},
		"no openid":            {func(a *signon.AuthorizeParams) { a.Scope = "profile" }, "invalid_scope"},
		"a request object":     {func(a *signon.AuthorizeParams) { a.Request = "eyJ" }, "request_not_supported"},
		"a request address":    {func(a *signon.AuthorizeParams) { a.RequestURI = "https://x.example" }, "request_uri_not_supported"},
		"none with login":      {func(a *signon.AuthorizeParams) { a.Prompt = "none login" }, "invalid_request"},
		"an unknown prompt":    {func(a *signon.AuthorizeParams) { a.Prompt = "dance" }, "invalid_request"},
		"create with none":     {func(a *signon.AuthorizeParams) { a.Prompt = "create none" }, "invalid_request"},
		"create with another":  {func(a *signon.AuthorizeParams) { a.Prompt = "select_account create" }, "invalid_request"},
		"none with consent":    {func(a *signon.AuthorizeParams) { a.Prompt = "none consent" }, "invalid_request"},
		"a negative age":       {func(a *signon.AuthorizeParams) { a.MaxAge = "-1" }, "invalid_request"},
		"an age of letters":    {func(a *signon.AuthorizeParams) { a.MaxAge = "old" }, "invalid_request"},
		"a nonce with NUL":     {func(a *signon.AuthorizeParams) { a.Nonce = "\x00" }, "invalid_request"},
		"a nonce of 2001":      {func(a *signon.AuthorizeParams) { a.Nonce = strings.Repeat("n", 2001) }, "invalid_request"},
		"broken UTF-8 as hint": {func(a *signon.AuthorizeParams) { a.LoginHint = "\xff" }, "invalid_request"},
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for name, c := range cases {
			a := ask()
			c.change(&a)
			_, err := h.begin(a)
			v := sentBack(t, err)
			if v.Get("error") != c.want || v.Get("state") != "s&1" || v.Get("iss") != issuer || v.Get("error_description") == "" {
				t.Errorf("%s: sent back %v, want %s", name, v, c.want)
			}
		}
	})
}

func TestAParameterThatCameTwiceIsRefused(t *testing.T) {
	good := url.Values{
		"client_id": {reading}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"s"}, "code_challenge": {ask().Challenge}, "code_challenge_method": {"S256"},
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		if _, err := h.begin(signon.ReadAuthorize(good)); err != nil {
			t.Fatal(err)
		}
		for name, shown := range map[string]error{
			"client_id": signon.ErrUnknownClient, "redirect_uri": signon.ErrWrongRedirect,
			"scope": nil, "state": nil, "target_link_uri": nil, "something_else": nil,
		} {
			v := url.Values{}
			for k := range good {
				v.Set(k, good.Get(k))
			}
			v.Add(name, v.Get(name))
			v.Add(name, "other")
			_, err := h.begin(signon.ReadAuthorize(v))
			if shown != nil {
				if !errors.Is(err, shown) {
					t.Errorf("%s twice: %v, want %v", name, err, shown)
				}
				continue
			}
			back := sentBack(t, err)
			if back.Get("error") != "invalid_request" || name == "state" && back.Has("state") {
				t.Errorf("%s twice: sent back %v", name, back)
			}
		}
	})
}

func TestAStateThatCannotBeAnsweredIsNotEchoed(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		a := ask()
		a.State = "é\n"
		_, err := open(t, db).begin(a)
		if v := sentBack(t, err); v.Get("error") != "invalid_request" || v.Has("state") {
			t.Errorf("sent back %v", v)
		}
	})
}

func TestTheLoginDoorSeesWhatWasAsked(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		a := ask()
		a.Prompt, a.MaxAge, a.UILocales, a.LoginHint = "none", "600", "fy nl-NL en", "28000000000017"
		r := h.pending(h.mustBegin(a))
		if r.ClientName != "Online Bibliotheek" || r.Prompt != signon.PromptNone || r.Lang != "nl" || r.LoginHint != a.LoginHint ||
			!r.FreshSince.Equal(noon.Add(-10*time.Minute)) || !r.Expires.Equal(noon.Add(30*time.Minute)) {
			t.Errorf("Pending = %+v", r)
		}
		if r.NeedsSignIn(noon.Add(-10*time.Minute)) || !r.NeedsSignIn(noon.Add(-10*time.Minute-time.Microsecond)) {
			t.Error("max_age=600 wants a sign-in of the last ten minutes")
		}
		a.Prompt, a.MaxAge, a.UILocales = "", "", "de"
		if r := h.pending(h.mustBegin(a)); r.Lang != "" || r.NeedsSignIn(noon.Add(-1000*time.Hour)) {
			t.Errorf("Pending = %+v", r)
		}
	})
}

func (h house) pending(id string) (r signon.Request) {
	h.Helper()
	err := h.db.Read(h.Context(), func(tx *sqldb.Tx) (err error) {
		r, err = h.p.Pending(tx, id)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func TestARequestLivesHalfAnHour(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for wait, want := range map[time.Duration]error{
			30*time.Minute - time.Microsecond: nil,
			30 * time.Minute:                  signon.ErrRequestSpent,
		} {
			h.at(0)
			id := h.mustBegin(ask())
			h.at(wait)
			if _, err := h.grant(id, zoe()); !errors.Is(err, want) {
				t.Errorf("after %v: Grant = %v, want %v", wait, err, want)
			}
		}
	})
}

func TestARequestIsAnsweredOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		refuse := func(id string) (address string, err error) {
			err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				address, err = h.p.Refuse(tx, id, signon.LoginRequired)
				return err
			})
			return address, err
		}
		granted, refused := h.mustBegin(ask()), h.mustBegin(ask())
		if _, err := h.grant(granted, zoe()); err != nil {
			t.Fatal(err)
		}
		address, err := refuse(refused)
		if v := query(t, address); err != nil || v.Get("error") != "login_required" || v.Get("error_description") == "" || v.Get("state") != "s&1" || v.Get("iss") != issuer {
			t.Errorf("Refuse = %s, %v", address, err)
		}
		for _, id := range []string{granted, refused, "unknown", "", "\x00"} {
			if _, err := h.grant(id, zoe()); !errors.Is(err, signon.ErrRequestSpent) {
				t.Errorf("Grant(%q) = %v, want ErrRequestSpent", id, err)
			}
			if _, err := refuse(id); !errors.Is(err, signon.ErrRequestSpent) {
				t.Errorf("Refuse(%q) = %v, want ErrRequestSpent", id, err)
			}
		}
	})
}

func TestAnOldSignInDoesNotDoWhereAFreshOneIsAsked(t *testing.T) {
	cases := []struct {
		name, prompt, maxAge string
		signedIn             time.Duration // from noon, when the request came
		want                 error
	}{
		{"prompt=login, signed in before", "login", "", -time.Microsecond, signon.ErrSignInAgain},
		{"prompt=login, signed in since", "login", "", 0, nil},
		{"select_account, signed in before", "select_account", "", -time.Hour, signon.ErrSignInAgain},
		{"max_age=0, signed in before", "", "0", -time.Second, signon.ErrSignInAgain},
		{"max_age=60, a minute ago", "", "60", -time.Minute, nil},
		{"max_age=60, longer ago", "", "60", -time.Minute - time.Microsecond, signon.ErrSignInAgain},
		{"prompt=login beats max_age", "login", "60", -time.Second, signon.ErrSignInAgain},
		{"prompt=create, signed in before", "create", "", -time.Hour, nil},
		{"prompt=login create, signed in before", "login create", "", -time.Hour, signon.ErrSignInAgain},
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for _, c := range cases {
			a := ask()
			a.Prompt, a.MaxAge = c.prompt, c.maxAge
			id := h.mustBegin(a)
			s := zoe()
			s.AuthTime = noon.Add(c.signedIn)
			if _, err := h.grant(id, s); !errors.Is(err, c.want) {
				t.Errorf("%s: Grant = %v, want %v", c.name, err, c.want)
			}
			s.AuthTime = noon.Add(time.Minute)
			if _, err := h.grant(id, s); c.want != nil && err != nil {
				t.Errorf("%s, after signing in again: %v", c.name, err)
			}
		}
	})
}

func TestTheCodeGoesBehindTheQueryOfTheAddress(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		a := ask()
		a.RedirectURI = "https://lezen.example/app?kant=2"
		address, err := h.grant(h.mustBegin(a), zoe())
		v := query(t, address)
		if err != nil || !strings.HasPrefix(address, a.RedirectURI+"&") || v.Get("kant") != "2" || v.Get("state") != "s&1" || v.Get("iss") != issuer || len(v.Get("code")) < 43 {
			t.Errorf("Grant = %s, %v", address, err)
		}
	})
}
