package oidc

import (
	"encoding/base64"
	"net/url"
	"testing"
)

// FuzzBasic holds that what a client encodes is what we read, and that nothing
// else in the header is taken for a client.
func FuzzBasic(f *testing.F) {
	for _, seed := range []string{"", "Basic", "Basic x", "basic cmVhZGluZzpzZWNyZXQ=", "Basic OnNlY3JldA==", "Basic JTpzZWNyZXQ=", "Bearer x"} {
		f.Add(seed, "reading room", "a: secret+%")
	}
	f.Fuzz(func(t *testing.T, header, id, key string) {
		if got, ok := readBasic(header); ok && got.ID == "" {
			t.Errorf("%q names nobody", header)
		}
		if id == "" {
			return
		}
		header = "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(key)))
		got, ok := readBasic(header)
		if !ok || got.ID != id || string(got.Secret) != key {
			t.Errorf("%q and %q are read as %q, %v", id, key, got.ID, ok)
		}
	})
}
