package main

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// Programs of others that do the same work. They are no part of this repository:
// an environment variable says where one stands.
const (
	benchDex   = "LIDWOORD_BENCH_DEX"
	benchHydra = "LIDWOORD_BENCH_HYDRA"
)

func peers(b *testing.B, browsers int) (list []*provider) {
	for _, peer := range []struct {
		name, variable string
		open           func(b *testing.B, program string, database *url.URL, browsers int) *provider
	}{{"dex", benchDex, dex}, {"hydra", benchHydra, hydra}} {
		program := os.Getenv(peer.variable)
		if program == "" {
			fmt.Fprintf(os.Stderr, "not measured beside %s: %s does not say where it is\n", peer.name, peer.variable)
			continue
		}
		list = append(list, peer.open(b, program, newDatabase(b), browsers))
	}
	return list
}

// newDatabase makes an empty database on the test PostgreSQL; a peer chooses no
// schema of its own.
func newDatabase(b *testing.B) *url.URL {
	at, err := url.Parse(os.Getenv(sqldbtest.Postgres))
	if err != nil {
		b.Fatal(err)
	}
	admin, err := sql.Open("pgx", at.String())
	if err != nil {
		b.Fatal(err)
	}
	name := "bench_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		admin.Close()
	})
	at.Path = "/" + name
	return at
}

// startPeer starts a program and waits until its discovery document is there.
func startPeer(b *testing.B, p *provider, command *exec.Cmd) {
	log, err := os.Create(filepath.Join(b.TempDir(), p.name+".log"))
	if err != nil {
		b.Fatal(err)
	}
	command.Stdout, command.Stderr, command.SysProcAttr = log, log, diesWithUs()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { command.Process.Kill(); command.Wait(); log.Close() })
	p.pid = command.Process.Pid
	for began := time.Now(); time.Since(began) < startTime; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get(p.issuer + "/.well-known/openid-configuration"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	text, _ := os.ReadFile(log.Name())
	b.Fatalf("%s does not come up\n%.3000s", p.name, text)
}

// dex serves Dex. Its people come from connectors that ask nothing, one for each
// browser: as quick as a session that is alive, and no two share a row.
func dex(b *testing.B, program string, database *url.URL, browsers int) *provider {
	at := freeAddress(b)
	p := &provider{b: b, name: "dex", issuer: "http://" + at + "/dex", clientID: benchClient, password: rand.Text(), browsers: newBrowsers(browsers)}
	p.authorize = func(i int) string { return fmt.Sprintf("%s/auth/mock%d", p.issuer, i) }
	p.introspect = p.issuer + "/token/introspect"
	password, _ := database.User.Password()
	var port int
	fmt.Sscan(database.Port(), &port)
	type m = map[string]any
	var connectors []m
	for i := range browsers {
		connectors = append(connectors, m{"type": "mockCallback", "id": fmt.Sprint("mock", i), "name": fmt.Sprint("mock", i)})
	}
	text, err := json.Marshal(m{ // YAML reads JSON
		"issuer": p.issuer, "web": m{"http": at}, "logger": m{"level": "error"}, "oauth2": m{"skipApprovalScreen": true}, "connectors": connectors,
		"storage": m{"type": "postgres", "config": m{"host": database.Hostname(), "port": port, "user": database.User.Username(), "password": password,
			"database": strings.TrimPrefix(database.Path, "/"), "ssl": m{"mode": "disable"}, "maxOpenConns": sqldb.MaxConnections, "maxIdleConns": sqldb.MaxConnections}},
		"staticClients": []m{{"id": p.clientID, "secret": p.password, "name": "Bench", "redirectURIs": []string{benchReturn}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	config := filepath.Join(b.TempDir(), "dex.yaml")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		b.Fatal(err)
	}
	startPeer(b, p, exec.Command(program, "serve", config))
	return p
}

// hydra serves Ory Hydra, which knows no people: for each browser we say at once
// who is there and what the client may hear, as a page of its owner would.
func hydra(b *testing.B, program string, database *url.URL, browsers int) *provider {
	at, admin := freeAddress(b), freeAddress(b)
	p := &provider{b: b, name: "hydra", issuer: "http://" + at, clientID: benchClient, password: rand.Text(), browsers: newBrowsers(browsers)}
	p.introspect = "http://" + admin + "/admin/oauth2/introspect"
	_, port, _ := strings.Cut(at, ":")
	_, adminPort, _ := strings.Cut(admin, ":")
	dsn := *database
	dsn.RawQuery = fmt.Sprintf("sslmode=disable&max_conns=%d&max_idle_conns=%d", sqldb.MaxConnections, sqldb.MaxConnections)
	env := append(os.Environ(), "DSN="+dsn.String(), "SECRETS_SYSTEM="+rand.Text()+rand.Text(), "LOG_LEVEL=error", "LOG_LEAK_SENSITIVE_VALUES=false",
		"URLS_SELF_ISSUER="+p.issuer, "URLS_LOGIN="+p.issuer+"/ons/inloggen", "URLS_CONSENT="+p.issuer+"/ons/toestemming",
		"SERVE_PUBLIC_HOST=127.0.0.1", "SERVE_PUBLIC_PORT="+port, "SERVE_ADMIN_HOST=127.0.0.1", "SERVE_ADMIN_PORT="+adminPort,
		"SERVE_ADMIN_REQUEST_LOG_DISABLE_FOR_HEALTH=true", "SQA_OPT_OUT=true")
	migrate := exec.Command(program, "migrate", "sql", "-e", "--yes")
	migrate.Env = env
	if out, err := migrate.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%.3000s", err, out)
	}
	serve := exec.Command(program, "serve", "all", "--dev")
	serve.Env = env
	startPeer(b, p, serve)
	agent := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: browsers}}
	ask := func(method, address string, v any) (to string) {
		text, _ := json.Marshal(v)
		r, err := http.NewRequest(method, "http://"+admin+"/admin"+address, bytes.NewReader(text))
		if err != nil {
			b.Error(err)
			return ""
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := agent.Do(r)
		if err != nil {
			b.Error(err)
			return ""
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode >= 300 {
			b.Errorf("hydra answers %d: %.500s", res.StatusCode, body)
		}
		var answer struct {
			To string `json:"redirect_to"`
		}
		json.Unmarshal(body, &answer)
		return answer.To
	}
	type m = map[string]any
	ask("POST", "/clients", m{"client_id": p.clientID, "client_secret": p.password, "redirect_uris": []string{benchReturn}, "scope": benchOffline,
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "token_endpoint_auth_method": "client_secret_basic"})
	p.step = func(i int, at *url.URL) string {
		if c := at.Query().Get("login_challenge"); c != "" {
			return ask("PUT", "/oauth2/auth/requests/login/accept?login_challenge="+url.QueryEscape(c), m{"subject": fmt.Sprint("lezer", i), "remember": true, "remember_for": 3600})
		}
		if c := at.Query().Get("consent_challenge"); c != "" {
			return ask("PUT", "/oauth2/auth/requests/consent/accept?consent_challenge="+url.QueryEscape(c),
				m{"grant_scope": strings.Fields(benchOffline), "remember": true, "remember_for": 3600})
		}
		return ""
	}
	return p
}
