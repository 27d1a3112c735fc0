package testbank

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// open makes a bank that keeps a log to read.
func open(t *testing.T) (*Bank, *bytes.Buffer) {
	t.Helper()
	b, err := New(sqldbtest.New(t), &url.URL{Scheme: "http", Host: "127.0.0.1"}, true)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&lines, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return b, &lines
}

func TestWhatIsOnThisMachineIsKnownByItsName(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:8080/haak": true, "http://localhost/haak": true, "https://lid.localhost/haak": true, "http://[::1]:8080/": true,
		"http://lid.example/": false, "http://localhost.example/": false, "http://192.168.1.2/": false, "http://169.254.169.254/": false,
		"http://0.0.0.0/": false, "http://127.0.0.1@lid.example/": false, "ftp://localhost/": false, "//localhost/": false, "": false, "%": false,
	} {
		if local(address) != want {
			t.Errorf("%q: local %v, want %v", address, !want, want)
		}
	}
}

func TestTheBankReachesThisMachineOnlyWhateverAnAddressSays(t *testing.T) {
	b, _ := open(t)
	for _, address := range []string{"http://192.0.2.1/haak", "http://0.0.0.0:9/haak"} {
		if err := b.call("tb_1", address); err == nil || !strings.Contains(err.Error(), "this machine only") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAShopThatDoesNotHearIsLoggedWithoutItsAddress(t *testing.T) {
	b, lines := open(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer broken.Close()
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/", http.StatusTemporaryRedirect)
	}))
	defer moved.Close()
	for _, shop := range []string{"http://" + silent.Addr().String(), broken.URL, moved.URL} {
		lines.Reset()
		err := b.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			b.tell(tx, "tb_1", shop+"/haak/geheim")
			return nil
		})
		b.Wait()
		if err != nil || !strings.Contains(lines.String(), "payment=tb_1") || strings.Contains(lines.String(), "geheim") {
			t.Errorf("%v; the log says %s", err, lines)
		}
	}
}
