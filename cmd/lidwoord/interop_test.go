package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
)

// Relying parties that we did not write, against the whole program.

// needs skips a test where a program is missing; the whole test may miss nothing.
func needs(t *testing.T, what string, there bool) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing", what)
	default:
		t.Skipf("not tested: %s is missing; scripts/test says how to get it", what)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func (h *running) connect(t *testing.T, l signon.Listed) (made secret.Token) {
	t.Helper()
	err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
		made, err = h.provider.SaveClient(tx, "test", l)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// jwk is a key as JSON Web Keys are written.
type jwk map[string]string

func number(n *big.Int, size int) string {
	return base64.RawURLEncoding.EncodeToString(n.FillBytes(make([]byte, size)))
}

// twoKeys are the private keys of a client that signs, and the set of public ones.
func twoKeys(t *testing.T) (private map[string]jwk, public string) {
	t.Helper()
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := e.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	ec := jwk{"kty": "EC", "crv": "P-256", "kid": "ec", "x": b64(point[1:33]), "y": b64(point[33:])}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs := jwk{"kty": "RSA", "kid": "rsa", "n": number(r.N, 256), "e": b64(big.NewInt(int64(r.E)).Bytes())}
	text, err := json.Marshal(map[string]any{"keys": []jwk{ec, rs}})
	if err != nil {
		t.Fatal(err)
	}
	ecPrivate := jwk{"d": b64(scalar)}
	for k, v := range ec {
		ecPrivate[k] = v
	}
	rsPrivate := jwk{"d": number(r.D, 256), "p": number(r.Primes[0], 128), "q": number(r.Primes[1], 128),
		"dp": number(r.Precomputed.Dp, 128), "dq": number(r.Precomputed.Dq, 128), "qi": number(r.Precomputed.Qinv, 128)}
	for k, v := range rs {
		rsPrivate[k] = v
	}
	return map[string]jwk{"ES256": ecPrivate, "RS256": rsPrivate, "PS256": rsPrivate}, string(text)
}

func TestOpenIDClientOfNodeSignsIn(t *testing.T) {
	node, err := exec.LookPath("node")
	root := filepath.Join("..", "..")
	needs(t, "node, or openid-client (npm ci)", err == nil && exists(filepath.Join(root, "node_modules", "openid-client")))
	h := serveDemo(t, "sqlite")
	const redirect, logout = "https://vreemd.example/terug", "https://vreemd.example/uit"
	private, public := twoKeys(t)
	shown := h.connect(t, signon.Listed{Method: signon.BySecret, Client: signon.Client{ID: "vreemd", Name: "Vreemde Boeken", Redirects: []string{redirect}, Logouts: []string{logout},
		Scopes: []string{"profile", "email", "offline_access"}, Sector: "vreemd.example"}})
	h.connect(t, signon.Listed{Method: signon.BySigning, Client: signon.Client{ID: "tekent", Name: "Tekenaar", Keys: public, PushedOnly: true, Redirects: []string{redirect},
		Scopes: []string{"email"}, Algorithm: signon.RS256}})
	input, err := json.Marshal(map[string]any{
		"issuer": h.at + "/oidc", "username": h.login(t, "start.reader"), "password": demoReaderPw, "redirect": redirect, "logout": logout,
		"secret": map[string]string{"id": "vreemd", "value": string(shown)}, "signing": "tekent", "keys": private,
	})
	if err != nil {
		t.Fatal(err)
	}
	walk := exec.CommandContext(t.Context(), node, filepath.Join(root, "web", "oidc", "testdata", "interop.mjs"))
	walk.Stdin = bytes.NewReader(input)
	if out, err := walk.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Where Debian keeps Apache and its modules.
const (
	apacheProgram = "/usr/sbin/apache2"
	apacheModules = "/usr/lib/apache2/modules"
)

// apache serves one page behind mod_auth_openidc, and returns its address.
func apache(t *testing.T, port, configuration string) {
	t.Helper()
	dir := t.TempDir()
	os.Chmod(filepath.Dir(dir), 0o755) // Apache gives up being root
	if err := os.MkdirAll(filepath.Join(dir, "www", "geheim"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "www", "geheim", "index.html"), []byte("achter slot"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "apache.conf")
	write(t, file, fmt.Sprintf(`ServerRoot %[1]s
ServerName 127.0.0.1
Listen 127.0.0.1:%[2]s
PidFile %[1]s/pid
ErrorLog %[1]s/error.log
Mutex file:%[1]s
User www-data
Group www-data
LoadModule mpm_event_module %[3]s/mod_mpm_event.so
LoadModule authn_core_module %[3]s/mod_authn_core.so
LoadModule authz_core_module %[3]s/mod_authz_core.so
LoadModule authz_user_module %[3]s/mod_authz_user.so
LoadModule dir_module %[3]s/mod_dir.so
LoadModule auth_openidc_module %[3]s/mod_auth_openidc.so
DocumentRoot %[1]s/www
%[4]s
<Location /geheim>
AuthType openid-connect
Require valid-user
</Location>
`, dir, port, apacheModules, configuration))
	server := exec.Command(apacheProgram, "-f", file, "-DFOREGROUND")
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		server.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("Apache: %s%s", said.String(), text)
		}
	})
	eventually(t, "Apache listens", func() bool {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
}

func TestModAuthOpenidcOfApacheSignsInAndOut(t *testing.T) {
	needs(t, "apache2 with libapache2-mod-auth-openidc", exists(apacheProgram) && exists(apacheModules+"/mod_auth_openidc.so"))
	h := serveDemo(t, "sqlite")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	at := "http://127.0.0.1:" + port
	back := at + "/geheim/terug"
	shown := h.connect(t, signon.Listed{Method: signon.BySecret, Client: signon.Client{ID: "apache", Name: "Apache", Own: true, Redirects: []string{back}, Logouts: []string{at + "/"},
		Scopes: []string{"profile", "email", "offline_access"}, Algorithm: signon.RS256, SignedOut: back + "?logout=backchannel"}})
	apache(t, port, fmt.Sprintf(`OIDCProviderMetadataURL %s/oidc/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret %s
OIDCRedirectURI %s
OIDCCryptoPassphrase %s
OIDCScope "openid profile email offline_access"
OIDCPKCEMethod S256
OIDCInfoHook access_token id_token userinfo refresh_token session`, h.at, string(shown), back, string(secret.NewToken())))

	person, username := newSurfer(t), h.login(t, "start.reader")
	where, body := person.enter(at+"/geheim/", username, demoReaderPw)
	if where.String() != at+"/geheim/" || body != "achter slot" {
		t.Fatalf("signed in at %s: %.500s", where, body)
	}
	type knows struct {
		Access  string                              `json:"access_token"`
		Refresh string                              `json:"refresh_token"`
		User    struct{ Preferred_username string } `json:"userinfo"`
		ID      struct{ Sub, Acr, Sid string }      `json:"id_token"`
	}
	info := func() (k knows) {
		t.Helper()
		_, text := person.read(person.Get(back + "?info=json"))
		if err := json.Unmarshal([]byte(text), &k); err != nil {
			t.Fatalf("%v in %.300s", err, text)
		}
		return k
	}
	first := info()
	if first.User.Preferred_username != username || first.ID.Sid == "" || first.ID.Acr != signon.ACRPassword || first.Refresh == "" {
		t.Errorf("Apache knows %+v", first)
	}
	person.read(person.Get(back + "?" + url.Values{"refresh": {at + "/geheim/"}, "access_token": {first.Access}}.Encode()))
	if second := info(); second.Access == first.Access || second.Refresh == first.Refresh || second.Access == "" {
		t.Error("Apache did not refresh its tokens")
	}

	// Out at the login account, and Apache hears it without the browser.
	person.read(person.PostForm(h.at+"/inloggen/afmelden", nil))
	eventually(t, "Apache hears of the sign-out", func() bool {
		where, body := person.read(person.Get(at + "/geheim/"))
		return body != "achter slot" && strings.HasSuffix(where.Path, "/aanmelden")
	})

	// And out at Apache is out here.
	person.enter(at+"/geheim/", username, demoReaderPw)
	person.read(person.Get(back + "?" + url.Values{"logout": {at + "/"}}.Encode()))
	if in := h.in(t); len(in) != 0 {
		t.Errorf("after signing out at Apache: in at %v", in)
	}
}
