package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// BenchmarkTokenServer measures single sign-on over HTTP at the real program, a
// process of its own, from as many browsers at once as the name says, each with a
// person of its own.
// In turns with it run:
//
//   - a bare yardstick: the same rows written in as many commits, or the same keys
//     read, by a handler that answers the same bytes and knows no rule;
//   - a peer, when LIDWOORD_BENCH_DEX or LIDWOORD_BENCH_HYDRA names its program: on
//     the same PostgreSQL, with as many connections, asked by the same code.
//
// Each turn lasts turnTime, and of the turns the median counts.
func BenchmarkTokenServer(b *testing.B) {
	program := filepath.Join(b.TempDir(), "lidwoord")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, browsers := range []int{8, 64} {
		b.Run(fmt.Sprintf("sqlite/%d", browsers), func(b *testing.B) {
			benchTokens(b, program, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"), browsers, nil)
		})
		b.Run(fmt.Sprintf("postgres/%d", browsers), func(b *testing.B) {
			url := sqldbtest.PostgresURL(b)
			benchTokens(b, program, url, browsers, peers(b, browsers))
		})
	}
}

const (
	turnTime   = time.Second
	turnsLeast = 3
	codesAhead = 640 // spent in one turn
)

func benchTokens(b *testing.B, program, database string, browsers int, peers []*provider) {
	runtime.LockOSThread() // see diesWithUs
	defer runtime.UnlockOSThread()
	ours, db := lidwoord(b, program, database, browsers)
	for _, p := range append([]*provider{ours}, peers...) {
		p.postmaster = postmaster(b, db)
		p.begin()
	}
	for _, a := range acts {
		b.Run(a.name, func(b *testing.B) {
			var own measured
			var plain []float64
			theirs := make([]measured, len(peers))
			for b.Loop() {
				for range turnsLeast {
					own.add(a.turn(ours))
					if n := ours.failed.Load(); n > 0 {
						b.Fatalf("%d of our answers were none", n)
					}
					plain = append(plain, a.bareTurn(db, ours))
					for i, p := range peers {
						theirs[i].add(a.turn(p))
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(own.rate), a.name+"/s")
			b.ReportMetric(median(plain), "bare/s")
			b.ReportMetric(median(own.rate)/median(plain), "ratio")
			own.reportProcessor(b, "our")
			for i, p := range peers {
				b.ReportMetric(median(theirs[i].rate), p.name+"/s")
				b.ReportMetric(median(own.rate)/median(theirs[i].rate), "x-"+p.name)
				theirs[i].reportProcessor(b, p.name)
				if n := p.failed.Swap(0); n > 0 {
					b.ReportMetric(float64(n), p.name+"-failed")
				}
			}
		})
	}
}

// measured is what turns of a provider gave.
type measured struct {
	rate             []float64 // acts a second that went well
	server, postgres []float64 // processor time of an act, in microseconds
}

func (f *measured) add(t oneTurn) {
	f.rate = append(f.rate, t.rate)
	f.server, f.postgres = append(f.server, t.server), append(f.postgres, t.postgres)
}

type oneTurn struct{ rate, server, postgres float64 }

// reportProcessor tells what an act costs the processors, at the provider itself
// and at PostgreSQL. What others do on the machine, the load generator with them,
// hardly touches it.
func (f *measured) reportProcessor(b *testing.B, name string) {
	if s := median(f.server); s > 0 { // Linux
		b.ReportMetric(s, name+"-us")
		b.ReportMetric(median(f.postgres), name+"-postgres-us")
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// act is one kind of work. bare is the work without rules, called once for each
// of the commits that the act needs; with none it only reads.
type act struct {
	name    string
	do      func(p *provider, i int, code string)
	bare    func(tx *sqldb.Tx, w bareWork) error // nil touches no row
	commits int
	ahead   bool // it spends codes that were made before its turn
}

var acts = []act{
	{name: "flows", do: (*provider).flow, bare: bareFlow, commits: 3},
	{name: "exchanges", do: (*provider).redeem, bare: bareExchange, commits: 1, ahead: true},
	{name: "refreshes", do: (*provider).refresh, bare: bareRefresh, commits: 1},
	{name: "userinfos", do: (*provider).userinfo, bare: bareUserinfo},
	{name: "introspections", do: (*provider).introspection, bare: bareIntrospection},
	{name: "discoveries", do: (*provider).discovery},
	{name: "keysets", do: (*provider).keySet, bare: bareKeys},
}

// turn lets every browser do the act.
func (a act) turn(p *provider) oneTurn {
	codes := make([][]string, len(p.browsers))
	if a.ahead {
		var all sync.WaitGroup
		for i := range p.browsers {
			all.Go(func() {
				for range codesAhead / len(p.browsers) {
					codes[i] = append(codes[i], p.code(i, benchScope))
				}
			})
		}
		all.Wait()
	}
	before, server, postgres := p.failed.Load(), processor(p.pid), processorOfChildren(p.postmaster)
	n, took := inTurn(len(p.browsers), func(i int) (more bool) {
		code := ""
		if a.ahead {
			code, codes[i] = codes[i][0], codes[i][1:]
		}
		a.do(p, i, code)
		return !a.ahead || len(codes[i]) > 0
	})
	well := float64(n - (p.failed.Load() - before))
	each := float64(time.Second/ticksASecond) / float64(time.Microsecond) / well
	return oneTurn{well / took.Seconds(), each * float64(processor(p.pid)-server), each * float64(processorOfChildren(p.postmaster)-postgres)}
}

// postmaster is the process of which those of a PostgreSQL on this machine are
// children; 0 for another engine.
func postmaster(b *testing.B, db *sqldb.DB) (parent int) {
	if db.Engine != "postgres" {
		return 0
	}
	var pid int
	err := db.Look(b.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT pg_backend_pid()`, nil, &pid)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return parentOf(pid)
}

// processorOfChildren is the time that the children of a process had; see processor.
func processorOfChildren(parent int) (ticks int) {
	if parent == 0 {
		return 0
	}
	list, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range list {
		if pid, _ := strconv.Atoi(filepath.Base(dir)); parentOf(pid) == parent {
			ticks += processor(pid)
		}
	}
	return ticks
}

// inTurn calls f for every browser at once, again and again for turnTime or
// until there is no more to do.
func inTurn(browsers int, f func(i int) (more bool)) (n int64, took time.Duration) {
	start := time.Now()
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range browsers {
		all.Go(func() {
			for more := true; more && time.Since(start) < turnTime; {
				more = f(i)
				done.Add(1)
			}
		})
	}
	all.Wait()
	return done.Load(), time.Since(start)
}

// bareTurn is the turn of a server that does the rows of the act, on what p was
// answered last, and answers the same bytes.
func (a act) bareTurn(db *sqldb.DB, p *provider) float64 {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var work bareWork
		var i int
		if _, err := fmt.Sscanf(r.URL.RawQuery, "%d.%d", &i, &work.commit); err != nil {
			p.b.Error(err)
		}
		work.answered = p.last[i]
		in := db.InTx
		if a.commits == 0 {
			in = db.Look
		}
		if a.bare != nil {
			if err := in(r.Context(), func(tx *sqldb.Tx) error { return a.bare(tx, work) }); err != nil {
				p.b.Error(err)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(work.body)
	}))
	bare := &provider{b: p.b, name: "bare", lines: make([]*line, len(p.browsers))}
	n, took := inTurn(len(p.browsers), func(i int) bool {
		for commit := range max(1, a.commits) {
			bare.get(i, fmt.Sprintf("%s/?%d.%d", server.URL, i, commit), "")
		}
		return true
	})
	for _, l := range bare.lines {
		l.conn.Close()
	}
	server.Close()
	return float64(n) / took.Seconds()
}

// bareWork is what the bare work is done on.
type bareWork struct {
	answered
	commit int // of a flow: the request, its answer, the tokens
}

func bareFlow(tx *sqldb.Tx, w bareWork) error {
	const request = `client_id, redirect_uri, scope, state, nonce, challenge, prompt, lang, login_hint, target, created_at, expires_at`
	const grant = `client_id, account_id, username, email, session_id, acr, auth_time, scope, nonce, redirect_uri, challenge, code_expires_at, created_at, expires_at`
	switch w.commit {
	case 0:
		return one(tx.Exec(`INSERT INTO signon_request (id, `+request+`) SELECT $1, `+request+` FROM signon_request WHERE id = $2`, secret.NewID(), w.request))
	case 1:
		if err := one(tx.Exec(`UPDATE signon_request SET answered_at = $1 WHERE id = $2`, tx.Now, w.request)); err != nil {
			return err
		}
		return one(tx.Exec(`INSERT INTO signon_grant (id, code_digest, `+grant+`) SELECT $1, $1, `+grant+` FROM signon_grant WHERE code_digest = $2`,
			secret.NewID(), secret.Token(w.code).Digest()))
	}
	return bareExchange(tx, w)
}

func bareExchange(tx *sqldb.Tx, w bareWork) error {
	var grant string
	_, err := tx.One(`UPDATE signon_grant SET code_spent_at = $1 WHERE code_digest = $2 RETURNING id`, []any{tx.Now, secret.Token(w.code).Digest()}, &grant)
	if err != nil {
		return err
	}
	return bareToken(tx, grant)
}

func bareRefresh(tx *sqldb.Tx, w bareWork) error {
	var grant string
	_, err := tx.One(`UPDATE signon_token SET revoked_at = NULL WHERE digest = $1 RETURNING grant_id`, []any{secret.Token(w.Refresh).Digest()}, &grant)
	if err == nil {
		err = bareToken(tx, grant)
	}
	if err == nil {
		err = bareToken(tx, grant)
	}
	return err
}

func bareToken(tx *sqldb.Tx, grant string) error {
	return one(tx.Exec(`INSERT INTO signon_token (digest, grant_id, kind, created_at, expires_at) VALUES ($1, $2, 'access', $3, $3)`, secret.NewID(), grant, tx.Now))
}

func bareUserinfo(tx *sqldb.Tx, w bareWork) error {
	var grant string
	_, err := tx.One(`SELECT grant_id FROM signon_token WHERE digest = $1`, []any{secret.Token(w.Access).Digest()}, &grant)
	return err
}

func bareIntrospection(tx *sqldb.Tx, w bareWork) error {
	var name string
	if _, err := tx.One(`SELECT name FROM signon_client WHERE id = $1`, []any{benchClient}, &name); err != nil {
		return err
	}
	return bareUserinfo(tx, w)
}

func bareKeys(tx *sqldb.Tx, _ bareWork) error {
	_, err := sqldb.Many(tx, `SELECT public_key FROM signon_key`, nil, func(r sqldb.Row) (text string, err error) { return text, r.Scan(&text) })
	return err
}

// one is an error unless a statement touched one row.
func one(n int64, err error) error {
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows, want one", n)
	}
	return err
}
