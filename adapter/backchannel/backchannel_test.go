package backchannel

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestATokenIsPostedAndAYesIsHeard(t *testing.T) {
	for status, want := range map[int]error{200: nil, 204: nil, 302: ErrRefused, 400: ErrRefused, 503: ErrRefused} {
		var got, kind string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("a redirect was followed")
			}
			got, kind = r.PostFormValue("logout_token"), r.Header.Get("Content-Type")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		if err := NewForDemo().Send(t.Context(), server.URL+"/hear", "a.b.c", false); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
		if got != "a.b.c" || kind != "application/x-www-form-urlencoded" {
			t.Errorf("posted %q as %q", got, kind)
		}
		server.Close()
	}
}

func TestASiteOfSomebodyElseSendsUsNotInside(t *testing.T) {
	called := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	s := New()
	if err := s.Send(t.Context(), server.URL, "x", false); !errors.Is(err, ErrInside) {
		t.Errorf("to this machine: %v", err)
	}
	if err := s.Send(t.Context(), "https://localhost:1/", "x", false); !errors.Is(err, ErrInside) {
		t.Errorf("by a name of this machine: %v", err)
	}
	if err := s.Send(t.Context(), "http://site.example/", "x", false); !errors.Is(err, ErrNoTLS) {
		t.Errorf("without TLS: %v", err)
	}
	if called {
		t.Error("a site of somebody else made us call this machine")
	}
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer plain.Close()
	if err := s.Send(t.Context(), plain.URL, "x", true); err != nil || !called {
		t.Errorf("to a site of the library itself: %v", err)
	}
}

func TestKeysAreFetchedWithTheSameCare(t *testing.T) {
	called, size := 0, 100
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called++
		switch r.URL.Path {
		case "/elders":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/weg":
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Write(make([]byte, size))
		}
	})
	plain, sealed := httptest.NewServer(page), httptest.NewTLSServer(page)
	defer plain.Close()
	defer sealed.Close()
	s := New()
	for address, want := range map[string]error{sealed.URL: ErrInside, "https://localhost:1/": ErrInside, plain.URL: ErrNoTLS, "http://site.example/": ErrNoTLS} {
		if _, err := s.Keys(t.Context(), address, false); !errors.Is(err, want) {
			t.Errorf("%s, of somebody else: %v, want %v", address, err, want)
		}
	}
	if called != 0 {
		t.Error("somebody else made us call this machine")
	}
	if _, err := s.Keys(t.Context(), "http://site.example/", true); !errors.Is(err, ErrNoTLS) {
		t.Errorf("of the library itself, without TLS: %v", err)
	}
	if text, err := s.Keys(t.Context(), plain.URL, true); err != nil || len(text) != size {
		t.Errorf("of the library itself, on this machine: %v", err)
	}
	if text, err := NewForDemo().Keys(t.Context(), plain.URL, false); err != nil || len(text) != size {
		t.Errorf("in the demo: %v", err)
	}
	for path, want := range map[string]error{"/elders": ErrRefused, "/weg": ErrRefused} {
		if _, err := s.Keys(t.Context(), plain.URL+path, true); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	size = keysMost + 1
	if _, err := s.Keys(t.Context(), plain.URL, true); !errors.Is(err, ErrLarge) {
		t.Errorf("too large: %v", err)
	}
	sealed.Close()
	if _, err := s.Keys(t.Context(), "https://127.0.0.1:1/?sleutel=geheim", true); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("an error tells the address: %v", err)
	}
}

func TestASilentSiteIsNotWaitedFor(t *testing.T) {
	wait := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-wait }))
	defer server.Close()
	defer close(wait)
	ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	if err := NewForDemo().Send(ctx, server.URL, "x", false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestInsideIsEveryNetworkThatIsNotTheInternet(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": false, "2a00:1450:400e::1": false, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true,
		"192.168.1.1": true, "169.254.169.254": true, "fe80::1%eth0": true, "fd00::1": true, "0.0.0.0": true, "::": true, "100.64.0.1": true,
		"224.0.0.1": true, "255.255.255.255": true, "::ffff:10.0.0.1": true, "::ffff:8.8.8.8": false, "64:ff9b::a00:1": true, "2002:a00:1::": true,
	} {
		if got := inside(netip.MustParseAddr(text)); got != want {
			t.Errorf("inside(%s) = %v", text, got)
		}
	}
}

func TestAnAddressInsideIsKnownBeforeItIsCalled(t *testing.T) {
	for address, want := range map[string]error{
		"https://site.example/uit": nil, "https://203.0.113.9:8443/uit": nil, "http://site.example/uit": ErrNoTLS,
		"https://localhost/uit": ErrInside, "https://LOCALHOST./uit": ErrInside, "https://a.localhost/uit": ErrInside, "https://127.0.0.1/uit": ErrInside,
		"https://[::1]:8443/uit": ErrInside, "https://10.1.2.3/uit": ErrInside, "https://169.254.169.254/": ErrInside, "https://[::ffff:10.0.0.1]/": ErrInside,
	} {
		if err := Outside(address); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
}
