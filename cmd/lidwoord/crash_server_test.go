package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// node is the server process. One goroutine starts and kills it.
type node struct {
	t           testing.TB
	program, at string
	config      string
	log         *os.File
	process     *exec.Cmd
	ended       chan struct{}
}

// freeAddress is an address that no connection takes while the server is down:
// below the ports that systems give to callers.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (n *node) start() {
	n.t.Helper()
	p := exec.Command(n.program, "serve", "-config", n.config)
	p.Env = append(os.Environ(), "LIDWOORD_LOG=warn")
	p.Stdout, p.Stderr, p.SysProcAttr = n.log, n.log, diesWithUs()
	if err := p.Start(); err != nil {
		n.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { p.Wait(); close(ended) }()
	n.t.Cleanup(func() { p.Process.Kill(); <-ended })
	n.process, n.ended = p, ended
}

// up waits until the server answers.
func (n *node) up() {
	n.t.Helper()
	asking := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for began := time.Now(); time.Since(began) < startTime; time.Sleep(2 * time.Millisecond) {
		select {
		case <-n.ended:
			n.fatal("the server stopped by itself")
		default:
		}
		if res, err := asking.Get("http://" + n.at + "/gezond"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	n.fatal("the server does not come up")
}

func (n *node) kill() {
	n.t.Helper()
	n.process.Process.Kill()
	<-n.ended
	if code := n.process.ProcessState.ExitCode(); code >= 0 {
		n.fatal(fmt.Sprintf("the server had stopped by itself, with %d", code))
	}
}

// stop asks the server to stop, as a system does that goes down.
func (n *node) stop() {
	n.t.Helper()
	n.process.Process.Signal(os.Interrupt)
	select {
	case <-n.ended:
		if code := n.process.ProcessState.ExitCode(); code != 0 {
			n.fatal(fmt.Sprintf("the server ended with %d", code))
		}
	case <-time.After(startTime):
		n.fatal("the server does not stop")
	}
}

func (n *node) fatal(what string) {
	n.t.Helper()
	text, _ := os.ReadFile(n.log.Name())
	n.t.Fatalf("%s:\n%s", what, text[max(0, len(text)-4000):])
}

// complaints are what the server itself calls an error.
func (n *node) complaints() {
	text, err := os.ReadFile(n.log.Name())
	if err != nil {
		n.t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
			if seen++; seen <= 10 {
				n.t.Errorf("the server said: %s", line)
			}
		}
	}
}
