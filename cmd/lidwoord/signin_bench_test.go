package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// BenchmarkSignInServer measures whole sign-ins at the real program, a process of
// its own: pages and forms over HTTP, at once from as many readers as the name
// says. Beside it, in turns, the same machine does bare argon2id and nothing else,
// one hash a core. It also measures what the server's memory grows by above idle,
// and how long somebody waits meanwhile who only opens a page.
func BenchmarkSignInServer(b *testing.B) {
	program := filepath.Join(b.TempDir(), "lidwoord")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	databases := map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "bench.db") },
		"postgres": func(t testing.TB) string { return sqldbtest.PostgresURL(t) },
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, readers := range []int{8, 64} {
			b.Run(fmt.Sprintf("%s/%d", engine, readers), func(b *testing.B) {
				benchSignIn(b, program, databases[engine](b), readers)
			})
		}
	}
}

const benchPassword = "paarse fiets lacht hard"

func benchSignIn(b *testing.B, program, database string, readers int) {
	runtime.LockOSThread() // see diesWithUs
	defer runtime.UnlockOSThread()
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
	bind, err := readLibrary(bindLibrary)
	if err != nil {
		b.Fatal(err)
	}
	hash, err := password.Hash(b.Context(), benchPassword)
	if err != nil {
		b.Fatal(err)
	}
	err = db.InTx(b.Context(), func(tx *sqldb.Tx) error {
		if _, err := bind.save(tx); err != nil {
			return err
		}
		return importReaders(tx, readers, hash)
	})
	if err != nil {
		b.Fatal(err)
	}
	db.Close()
	if n.log, err = os.Create(filepath.Join(b.TempDir(), "log")); err != nil {
		b.Fatal(err)
	}
	defer n.log.Close()
	n.start()
	n.up()
	defer n.kill()
	page := "http://" + n.at + "/inloggen/aanmelden"
	web := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{MaxIdleConnsPerHost: readers + 1}}
	open := func() time.Duration {
		start := time.Now()
		res, err := web.Get(page)
		if err != nil {
			b.Error(err)
			return 0
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		return time.Since(start)
	}
	visits := func(until func() bool) (waits []time.Duration) {
		for !until() {
			waits = append(waits, open())
			time.Sleep(5 * time.Millisecond)
		}
		return waits
	}
	signIn := func(i int) {
		res, err := web.PostForm(page, url.Values{"gebruikersnaam": {fmt.Sprint("lezer", i)}, "wachtwoord": {benchPassword}})
		if err != nil {
			b.Error(err)
			return
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusSeeOther {
			b.Errorf("sign-in is answered %d\n%.1000s", res.StatusCode, text)
		}
	}
	for range 200 { // warm, without a password: those would leave their memory behind
		open()
	}
	time.Sleep(time.Second)
	idle := memory(b, n.process.Process.Pid, "VmRSS")
	var whole, bare time.Duration
	var quiet, busy []time.Duration
	peak, bareTicks, wholeTicks := 0, 0, 0
	for range b.N {
		stop := time.Now().Add(time.Second)
		quiet = append(quiet, visits(func() bool { return time.Now().After(stop) })...)
		ticks := processor(os.Getpid())
		bare += bareHashes(64)
		bareTicks += processor(os.Getpid()) - ticks
		all := func() {
			var next atomic.Int64
			var waiting sync.WaitGroup
			for i := range readers {
				waiting.Go(func() {
					for next.Add(1) <= 64 {
						signIn(i)
					}
				})
			}
			waiting.Wait()
		}
		resetPeak(n.process.Process.Pid)
		ticks = processor(n.process.Process.Pid)
		start := time.Now()
		all()
		whole += time.Since(start)
		wholeTicks += processor(n.process.Process.Pid) - ticks
		// Once more with the visitor: whose pages are work too, and the more of it the
		// longer a busy machine takes.
		var done atomic.Bool
		var visitor sync.WaitGroup
		visitor.Go(func() { busy = append(busy, visits(done.Load)...) })
		all()
		done.Store(true)
		visitor.Wait()
		peak = max(peak, memory(b, n.process.Process.Pid, "VmHWM"))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.N*64)/whole.Seconds(), "signins/s")
	b.ReportMetric(float64(b.N*64)/bare.Seconds(), "argon2/s")
	b.ReportMetric(bare.Seconds()/whole.Seconds(), "ratio")
	if wholeTicks > 0 { // what others do on the machine does not touch this one
		b.ReportMetric(float64(bareTicks)/float64(wholeTicks), "processor-ratio")
	}
	b.ReportMetric(float64(idle)/1024, "idle-MiB")
	b.ReportMetric(float64(peak-idle)/1024, "MiB-above-idle")
	b.ReportMetric(float64(percentile(quiet, 99).Microseconds())/1000, "page-p99-ms-idle")
	b.ReportMetric(float64(percentile(busy, 99).Microseconds())/1000, "page-p99-ms-busy")
	b.ReportMetric(float64(percentile(busy, 50).Microseconds())/1000, "page-p50-ms-busy")
}

// bareHashes makes n hashes with our parameters, one at a time on each core.
func bareHashes(n int) time.Duration {
	salt := make([]byte, 16)
	start := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for int(next.Add(1)) <= n {
				argon2.IDKey([]byte(benchPassword), salt, password.Passes, password.Memory, password.Lanes, 32)
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

func percentile(list []time.Duration, p int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, len(list)*p/100)]
}

// memory reads a field of a process in KiB; elsewhere than on Linux it is 0.
func memory(b *testing.B, pid int, field string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// ticksASecond is the tick of Linux as programs see it.
const ticksASecond = 100

// processor is the time that a process had on all cores, in ticks; elsewhere than
// on Linux it is 0.
func processor(pid int) (ticks int) {
	stat := statOf(pid)
	if stat == nil {
		return 0
	}
	for _, field := range stat[11:13] {
		n, _ := strconv.Atoi(field)
		ticks += n
	}
	return ticks
}

// parentOf is the process that started another; 0 when it is not known.
func parentOf(pid int) (parent int) {
	if stat := statOf(pid); stat != nil {
		parent, _ = strconv.Atoi(stat[1])
	}
	return parent
}

// statOf is what Linux says of a process, after its name.
func statOf(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold blanks
	return strings.Fields(rest)
}

// resetPeak lets VmHWM begin anew.
func resetPeak(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) // Linux only; elsewhere there is no peak to read either
}
