package signon_test

import (
	"errors"
	"sync"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func TestAClientIsRegisteredWithSafeAddresses(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.p.Reaches = backchannelRule
		register := func(p *signon.Provider, change func(*signon.Client)) error {
			c := readingClient()
			change(&c)
			return db.InTx(t.Context(), func(tx *sqldb.Tx) error { return p.RegisterClient(tx, c) })
		}
		redirect := func(uri string) func(*signon.Client) {
			return func(c *signon.Client) { c.Redirects = []string{uri} }
		}
		for name, c := range map[string]struct {
			change func(*signon.Client)
			want   error
		}{
			"as it is":              {func(*signon.Client) {}, nil},
			"public":                {func(c *signon.Client) { c.Secret = "" }, nil},
			"on this machine":       {redirect("http://localhost:8080/x"), nil},
			"on this machine too":   {redirect("http://127.0.0.1:0/x"), nil},
			"and in six":            {redirect("http://[::1]:9/x"), nil},
			"an app":                {redirect("nl.bind.lezen:/terug"), nil},
			"without TLS":           {redirect("http://lezen.example/x"), signon.ErrClientAddress},
			"a script":              {redirect("javascript:alert(1)"), signon.ErrClientAddress},
			"a script with a dot":   {redirect("javascript.x:alert(1)"), signon.ErrClientAddress},
			"data with a dot":       {redirect("data.x:text/html,x"), signon.ErrClientAddress},
			"no domain":             {redirect("1.2:/terug"), signon.ErrClientAddress},
			"half a domain":         {redirect("nl.:/terug"), signon.ErrClientAddress},
			"any host":              {redirect("https://*.example/terug"), signon.ErrClientStar},
			"another rule":          {redirect("https://x;y/terug"), signon.ErrClientAddress},
			"a quoted host":         {redirect("https://'self'/terug"), signon.ErrClientAddress},
			"a hyphen in front":     {redirect("https://-x.example/terug"), signon.ErrClientAddress},
			"an empty label":        {redirect("https://x..example/terug"), signon.ErrClientAddress},
			"no port":               {redirect("https://x.example:/terug"), signon.ErrClientAddress},
			"a port too high":       {redirect("https://x.example:65536/terug"), signon.ErrClientAddress},
			"a host with a port":    {redirect("https://lezen-2.example:8443/terug"), nil},
			"a host by number":      {redirect("https://[2001:db8::1]/terug"), nil},
			"a fragment":            {redirect("https://lezen.example/#x"), signon.ErrClientAddress},
			"an empty fragment":     {redirect("https://lezen.example/#"), signon.ErrClientAddress},
			"a name in it":          {redirect("https://a@lezen.example/"), signon.ErrClientAddress},
			"a path only":           {redirect("/terug"), signon.ErrClientAddress},
			"no host":               {redirect("https:///terug"), signon.ErrClientAddress},
			"a line break":          {redirect("https://lezen.example/\nx"), signon.ErrClientAddress},
			"a bad sign-out":        {func(c *signon.Client) { c.Logouts = []string{"x"} }, signon.ErrClientAddress},
			"a bad way on":          {func(c *signon.Client) { c.Initiate = "http://lezen.example/inloggen" }, signon.ErrClientAddress},
			"an origin with a path": {func(c *signon.Client) { c.Origins = []string{"https://lezen.example/"} }, signon.ErrClientAddress},
			"any origin":            {func(c *signon.Client) { c.Origins = []string{"*"} }, signon.ErrClientStar},
			"sign-outs told inside": {func(c *signon.Client) { c.Own, c.SignedOut = false, "https://10.0.0.5/uit" }, signon.ErrClientInside},
			"to one of our own":     {func(c *signon.Client) { c.SignedOut = "https://10.0.0.5/uit" }, nil},
			"told outside":          {func(c *signon.Client) { c.Own, c.SignedOut = false, "https://lezen.example/uit" }, nil},
			"a short secret":        {func(c *signon.Client) { c.Secret = "1234567890123456789012345678901" }, signon.ErrClientSecret},
			"no name":               {func(c *signon.Client) { c.Name = "" }, signon.ErrClientIncomplete},
			"no id":                 {func(c *signon.Client) { c.ID = "" }, signon.ErrClientIncomplete},
			"no address":            {func(c *signon.Client) { c.Redirects = nil }, signon.ErrClientIncomplete},
			"no signature":          {func(c *signon.Client) { c.Algorithm = "none" }, signon.ErrClientAlgorithm},
			"an unknown scope":      {func(c *signon.Client) { c.Scopes = []string{"no-such-scope"} }, signon.ErrClientScope},
		} {
			if err := register(h.p, c.change); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		trial := &signon.Provider{Issuer: "http://10.0.0.5:8080/oidc", Box: db.Box}
		if err := register(trial, redirect("http://10.0.0.5:8080/bibliotheek/terug")); err != nil {
			t.Errorf("where the issuer has no TLS: %v", err)
		}
	})
}

func TestRegisteringAgainReplaces(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := readingClient()
		c.Redirects, c.Origins, c.Secret = []string{"https://nieuw.example/"}, nil, ""
		h.register(c)
		h.register(c)
		if _, err := h.begin(ask()); !errors.Is(err, signon.ErrWrongRedirect) {
			t.Errorf("the old address: %v", err)
		}
		a := ask()
		a.RedirectURI = "https://nieuw.example/"
		q := redeem(h.code(a))
		q.RedirectURI, q.Client.Secret = a.RedirectURI, ""
		if _, refusal := h.exchange(q); refusal != "" {
			t.Errorf("as a public client: %s", refusal)
		}
		h.do(func(tx *sqldb.Tx) error {
			known, err := h.p.KnownOrigin(tx, "https://lezen.example")
			if known {
				t.Error("the old origin is still known")
			}
			return err
		})
	})
}

func TestNodesRegisterTheirClientAtOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return h.p.RegisterClient(tx, readingClient()) })
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		h.mustBegin(ask())
	})
}

func TestOnlyRegisteredOriginsAreKnown(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for origin, want := range map[string]bool{
			"https://lezen.example": true, "https://lezen.example:443": false, "http://lezen.example": false,
			"https://evil.example": false, "null": false, "": false, "\x00": false,
		} {
			h.do(func(tx *sqldb.Tx) error {
				known, err := h.p.KnownOrigin(tx, origin)
				if known != want {
					t.Errorf("KnownOrigin(%q) = %v", origin, known)
				}
				return err
			})
		}
	})
}

// backchannelRule is what the adapter says of one address.
func backchannelRule(address string) error {
	if address == "https://10.0.0.5/uit" {
		return errors.New("inside")
	}
	return nil
}
