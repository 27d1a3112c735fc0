package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
)

// The one client that asks all providers, and how ours is made ready for it.

const (
	benchClient   = "bench"
	benchReturn   = "http://127.0.0.1:9/terug"
	benchScope    = "openid profile email"
	benchOffline  = benchScope + " offline_access"
	benchVerifier = "een-lange-rij-tekens-die-niemand-raadt-0123456789"
)

// provider is an OpenID provider, ours or a peer.
type provider struct {
	b                  *testing.B
	name, issuer       string
	clientID, password string
	introspect         string // where the discovery document does not say it
	pid, postmaster    int    // its process, and the one of its PostgreSQL
	browsers           []*http.Client
	// authorize is the address where browser i asks for a code; nil takes the one
	// of the discovery document.
	authorize func(i int) string
	// step answers, for a person who is known, a page that asks something; "" has
	// nothing to answer.
	step func(i int, at *url.URL) (to string)

	lines    []*line
	document struct {
		Authorize  string `json:"authorization_endpoint"`
		Token      string `json:"token_endpoint"`
		UserInfo   string `json:"userinfo_endpoint"`
		Introspect string `json:"introspection_endpoint"`
		Keys       string `json:"jwks_uri"`
	}
	held   []answered   // with a refresh token
	last   []answered   // whatever it was
	failed atomic.Int64 // answers that were none
}

// answered is what the token endpoint said.
type answered struct {
	Access        string `json:"access_token"`
	Refresh       string `json:"refresh_token"`
	code, request string
	body          []byte
}

func newBrowsers(n int) (list []*http.Client) {
	for range n {
		jar, _ := cookiejar.New(nil)
		list = append(list, &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 2},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	}
	return list
}

// begin reads what the provider says of itself, and lets each browser sign in.
func (p *provider) begin() {
	n := len(p.browsers)
	p.lines, p.held, p.last = make([]*line, n), make([]answered, n), make([]answered, n)
	if err := json.Unmarshal(p.get(0, p.issuer+signon.PathDiscovery, ""), &p.document); err != nil {
		p.b.Fatalf("%s: %v", p.name, err)
	}
	if p.document.Introspect == "" {
		p.document.Introspect = p.introspect
	}
	if p.authorize == nil {
		p.authorize = func(int) string { return p.document.Authorize }
	}
	for i := range p.browsers {
		p.redeem(i, p.code(i, benchOffline))
		if p.held[i] = p.last[i]; p.held[i].Refresh == "" {
			p.b.Fatalf("%s gives no refresh token: %s", p.name, p.held[i].body)
		}
	}
}

func (p *provider) get(i int, address, token string) []byte {
	at := parse(p.b, address)
	head := ""
	if token != "" {
		head = "Authorization: Bearer " + token + "\r\n"
	}
	return p.answer(i, at.Host, "GET "+at.RequestURI()+" HTTP/1.1\r\nHost: "+at.Host+"\r\n"+head+"\r\n")
}

func (p *provider) post(i int, address string, form url.Values) []byte {
	at, body := parse(p.b, address), form.Encode()
	return p.answer(i, at.Host, "POST "+at.RequestURI()+" HTTP/1.1\r\nHost: "+at.Host+"\r\nAuthorization: Basic "+
		base64.StdEncoding.EncodeToString([]byte(p.clientID+":"+p.password))+
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
}

func parse(b *testing.B, address string) *url.URL {
	at, err := url.Parse(address)
	if err != nil {
		b.Error(err)
		return &url.URL{}
	}
	return at
}

// answer sends a request of browser i over its own connection, and returns what is
// answered with 200, until the next call. It does no more than that: a client that
// works hard would hide how fast a server is.
func (p *provider) answer(i int, host, request string) []byte {
	l := p.lines[i]
	if l == nil || l.host != host {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			p.b.Error(err)
			return nil
		}
		p.b.Cleanup(func() { conn.Close() })
		l = &line{host: host, conn: conn, in: bufio.NewReader(conn)}
		p.lines[i] = l
	}
	status, err := l.ask(request)
	if err != nil {
		p.b.Error(err)
		return nil
	}
	if l.closes {
		p.lines[i] = nil
	}
	if status != "200" {
		if p.failed.Add(1) == 1 {
			p.b.Logf("%s answers %s: %.300s", p.name, status, l.body)
		}
		return nil
	}
	return l.body
}

// line is a connection that stays open.
type line struct {
	host   string
	conn   net.Conn
	in     *bufio.Reader
	body   []byte // of the last answer
	closes bool
}

// ask sends a request and reads its answer: one with a length, or in pieces.
func (l *line) ask(request string) (status string, err error) {
	if _, err := io.WriteString(l.conn, request); err != nil {
		return "", err
	}
	length, pieces := 0, false
	for first := true; ; first = false {
		text, err := l.in.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		text = bytes.TrimSpace(text)
		name, value, _ := bytes.Cut(text, []byte(": "))
		switch {
		case first && len(text) < 12:
			return "", fmt.Errorf("no answer: %q", text)
		case first:
			status = string(text[9:12])
		case string(name) == "Content-Length":
			length, err = strconv.Atoi(string(value))
		case string(name) == "Transfer-Encoding":
			pieces = true
		case string(name) == "Connection":
			l.closes = string(value) == "close"
		}
		if err != nil {
			return "", err
		}
		if len(text) == 0 {
			break
		}
	}
	l.body = l.body[:0]
	if !pieces {
		return status, l.take(length)
	}
	for {
		text, err := l.in.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 16, 31)
		if err != nil {
			return "", err
		}
		if err := l.take(int(size)); err != nil {
			return "", err
		}
		if _, err := l.in.Discard(len("\r\n")); err != nil || size == 0 {
			return status, err
		}
	}
}

func (l *line) take(n int) error {
	at := len(l.body)
	l.body = slices.Grow(l.body, n)[:at+n]
	_, err := io.ReadFull(l.in, l.body[at:])
	return err
}

// code walks browser i to the provider and back.
func (p *provider) code(i int, scope string) string {
	sum := sha256.Sum256([]byte(benchVerifier))
	address := p.authorize(i) + "?" + url.Values{
		"response_type": {"code"}, "client_id": {p.clientID}, "redirect_uri": {benchReturn}, "scope": {scope},
		"state": {"een-twee-drie"}, "nonce": {"vier-vijf-zes"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()
	const stepsMost = 12
	for range stepsMost {
		res, err := p.browsers[i].Get(address)
		if err != nil {
			p.b.Error(err)
			return ""
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		to, err := res.Location()
		if err != nil {
			if p.failed.Add(1) == 1 {
				p.b.Logf("%s answers %d on the way to a code\n%.500s", p.name, res.StatusCode, body)
			}
			return ""
		}
		if address = to.String(); strings.HasPrefix(address, benchReturn) {
			return to.Query().Get("code")
		}
		if request := to.Query().Get("verzoek"); request != "" {
			p.last[i].request = request
		}
		if p.step != nil {
			if next := p.step(i, to); next != "" {
				address = next
			}
		}
	}
	p.b.Errorf("%s sends the browser round", p.name)
	return ""
}

func (p *provider) flow(i int, _ string) {
	if code := p.code(i, benchScope); code != "" {
		p.redeem(i, code)
	}
}

func (p *provider) redeem(i int, code string) {
	body := p.post(i, p.document.Token, url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {benchReturn}, "code_verifier": {benchVerifier}})
	p.keep(i, answered{code: code, request: p.last[i].request, body: body})
}

func (p *provider) refresh(i int, _ string) {
	was := p.held[i]
	body := p.post(i, p.document.Token, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {was.Refresh}})
	if p.keep(i, answered{Refresh: was.Refresh, body: body}) {
		p.held[i] = p.last[i]
	}
}

func (p *provider) keep(i int, a answered) bool {
	if a.body == nil {
		return false
	}
	if err := json.Unmarshal(a.body, &a); err != nil || a.Access == "" {
		p.b.Errorf("%s gives no tokens: %.300s", p.name, a.body)
		return false
	}
	p.last[i] = a
	return true
}

func (p *provider) userinfo(i int, _ string) {
	p.note(i, p.get(i, p.document.UserInfo, p.held[i].Access))
}

func (p *provider) introspection(i int, _ string) {
	p.note(i, p.post(i, p.document.Introspect, url.Values{"token": {p.held[i].Access}}))
}

func (p *provider) discovery(i int, _ string) { p.note(i, p.get(i, p.issuer+signon.PathDiscovery, "")) }

func (p *provider) keySet(i int, _ string) { p.note(i, p.get(i, p.document.Keys, "")) }

// note keeps an answer that is not about tokens.
func (p *provider) note(i int, body []byte) {
	p.last[i] = p.held[i]
	p.last[i].body = body
}

// lidwoord starts the real program on a database, with a client and a person who
// is signed in for each browser.
func lidwoord(b *testing.B, program, database string, browsers int) (*provider, *sqldb.DB) {
	n := &node{t: b, program: program, at: freeAddress(b)}
	n.config = library(b, database, n.at, "127.0.0.1:1")
	c, err := readConfig("bench", []string{"-config", n.config}, nil)
	if err != nil {
		b.Fatal(err)
	}
	db, err := openDatabase(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	bind, err := readLibrary(bindLibrary)
	if err != nil {
		b.Fatal(err)
	}
	hash, err := password.Hash(b.Context(), benchPassword)
	if err != nil {
		b.Fatal(err)
	}
	p := &provider{b: b, name: "lidwoord", issuer: "http://" + n.at + "/oidc", clientID: benchClient, browsers: newBrowsers(browsers)}
	err = db.InTx(b.Context(), func(tx *sqldb.Tx) error {
		if _, err := bind.save(tx); err != nil {
			return err
		}
		if err := importReaders(tx, browsers, hash); err != nil {
			return err
		}
		made, err := (&signon.Provider{Issuer: p.issuer, Box: db.Box}).SaveClient(tx, "bench", signon.Listed{Method: signon.BySecret, Client: signon.Client{
			ID: benchClient, Name: "Bench", Own: true, Redirects: []string{benchReturn}, Scopes: strings.Fields(benchOffline + " memberships")}})
		p.password = string(made)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	if n.log, err = os.Create(filepath.Join(b.TempDir(), "log")); err != nil {
		b.Fatal(err)
	}
	n.start()
	n.up()
	p.pid = n.process.Process.Pid
	for i := range p.browsers {
		res, err := p.browsers[i].PostForm("http://"+n.at+"/inloggen/aanmelden", url.Values{"gebruikersnaam": {fmt.Sprint("lezer", i)}, "wachtwoord": {benchPassword}})
		if err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusSeeOther {
			b.Fatalf("sign-in is answered %d", res.StatusCode)
		}
	}
	return p, db
}

func importReaders(tx *sqldb.Tx, n int, hash string) error {
	for i := range n {
		a := account.Imported{Username: fmt.Sprint("lezer", i), Email: fmt.Sprintf("lezer%d@example.nl", i), Lang: words.NL, Password: hash, Confirmed: true, OpenedAt: tx.Now}
		key, err := a.Read()
		if err != nil {
			return err
		}
		if _, err := account.Import(tx, a, key); err != nil {
			return err
		}
	}
	return nil
}
