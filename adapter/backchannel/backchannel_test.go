package backchannel

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
