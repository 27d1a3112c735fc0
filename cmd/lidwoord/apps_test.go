package main

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/reading/copy"
	"lidwoord/reading/device"
	"lidwoord/reading/loan"
	"lidwoord/web/webtest"
)

// app is a reader app that was let in.
type app struct {
	h        *running
	login    string
	password secret.Token
}

// app makes an app password in the browser of a reader.
func (h *running) app(t *testing.T, reader *webtest.Page, name string) app {
	t.Helper()
	reader.Visit(h.at + "/bibliotheek/leesapps")
	reader.Fill("Hoe noem je deze app?", name)
	reader.Press("Maak een app-wachtwoord")
	reader.Want("Typ dit in de app", h.at+"/opds")
	said := func(id string) string {
		return webtest.Eval[string](reader, `document.getElementById("`+id+`").textContent`)
	}
	a := app{h, said("inlognaam"), secret.Token(said("wachtwoord"))}
	reader.Press("Klaar")
	reader.Want(name)
	return a
}

func (a app) enter(ctx context.Context) (device.Entered, error) {
	return a.h.reading.Apps.Enter(ctx, a.login, a.password, "192.0.2.1")
}

// borrow does what the door of the apps does.
func (a app) borrow(ctx context.Context, title string) (l loan.Loan, err error) {
	in, err := a.enter(ctx)
	if err != nil {
		return l, err
	}
	rights, err := in.Rights(ctx, loan.LendingRights)
	if err != nil {
		return l, err
	}
	err = a.h.db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		l, err = loan.Borrow(tx, in.Reader, rights, title)
		return err
	})
	return l, err
}

// titleID is the id of the title with a name.
func (h *running) titleID(t *testing.T, name string) (id string) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT id FROM title WHERE name = $1`, []any{name}, &id)
		return err
	})
	if err != nil || id == "" {
		t.Fatalf("no title %s: %v", name, err)
	}
	return id
}

// The three wings together: an app password is made with the login account, borrows by
// the membership at the desk, and ends when either does.
func TestAnAppBorrowsByTheMembershipAtTheDeskAndEndsWithTheReader(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser, ctx := webtest.Start(t), t.Context()
		reader := h.read(t, browser, h.login(t, "start.reader"), demoReaderPw)
		keeps, lost := h.app(t, reader, "KOReader op mijn e-reader"), h.app(t, reader, "Oude telefoon")
		title := h.titleID(t, "Onder de es")
		l, err := keeps.borrow(ctx, title)
		if err != nil {
			t.Fatal(err)
		}
		// The same reader in the browser, the same loan, the same copy.
		reader.Visit(h.at + "/bibliotheek/mijn-boeken")
		reader.Want("Onder de es")
		file := filepath.Join(t.TempDir(), "copy.epub")
		h.fetch(t, reader, "/bibliotheek/titel/"+title+"/epub", file)
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, _ := f.Stat()
		if marks, err := copy.ReadMark(h.db.Box, f, info.Size()); err != nil || len(marks) != 1 || !marks[0].Genuine || marks[0].Number != l.ID {
			t.Errorf("%+v %v, want loan %s", marks, err, l.ID)
		}

		// Sixteen requests after an hour ask the sign-on once, which takes none for a thief.
		h.pass(time.Hour)
		before := h.refreshes(t)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if in, err := keeps.enter(ctx); err != nil {
					t.Error(err)
				} else if rights, err := in.Rights(ctx, loan.ReadingRights); err != nil || len(rights) == 0 {
					t.Errorf("%v %v", rights, err)
				}
			})
		}
		all.Wait()
		if n := h.refreshes(t) - before; n != 1 {
			t.Errorf("sixteen requests spent %d refresh tokens", n)
		}

		// Signing out of the browser leaves apps alone.
		reader.Press("Uitloggen")
		reader.Want("Inloggen")
		h.pass(time.Minute)
		if _, err := keeps.borrow(ctx, h.titleID(t, "Pluis en de maan")); err != nil {
			t.Errorf("after signing out: %v", err)
		}
		// One is taken back.
		h.enter(reader, h.login(t, "start.reader"), demoReaderPw)
		reader.Visit(h.at + "/bibliotheek/leesapps")
		reader.Press("Wijzigen of intrekken Oude telefoon")
		reader.Press("Intrekken")
		reader.Want("De app is ingetrokken")
		if _, err := lost.enter(ctx); !errors.Is(err, device.ErrWrong) {
			t.Errorf("an app that was taken back: %v", err)
		}

		// The membership is over at the desk: no new loans within ten seconds.
		err = h.db.InTx(ctx, func(tx *sqldb.Tx) error {
			found, err := customer.Search(tx, h.organisation(tx), lieke, 1)
			if err == nil {
				_, err = membership.End(tx, found.Rows[0].ID, "moved", membership.AtOnce(tx))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.pass(loan.LendingRights)
		if _, err := keeps.borrow(ctx, h.titleID(t, "The Night Librarian")); !errors.Is(err, loan.ErrEnded) && !errors.Is(err, loan.ErrBlocked) && !errors.Is(err, loan.ErrNoMembership) {
			t.Errorf("borrowing without a membership: %v", err)
		}

		// A new password, as after a theft, ends the apps.
		reader.Visit(h.at + "/inloggen/wachtwoord")
		reader.Fill("Je wachtwoord van nu", demoReaderPw)
		reader.Fill("Kies een wachtwoord", "zeven kano's in de mist")
		reader.Press("Wachtwoord opslaan")
		h.pass(loan.LendingRights)
		in, err := keeps.enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Rights(ctx, loan.LendingRights); !errors.Is(err, device.ErrEnded) {
			t.Errorf("after a new password: %v", err)
		}
		reader.Visit(h.at + "/bibliotheek/leesapps")
		reader.Want("Werkt niet meer")
	})
}

// refreshes counts the refresh tokens that were spent.
func (h *running) refreshes(t *testing.T) (n int) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM signon_token WHERE kind = 'refresh' AND spent_at IS NOT NULL`, nil, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fetch downloads an address with the cookies of a reader's browser.
func (h *running) fetch(t *testing.T, reader *webtest.Page, path, file string) {
	t.Helper()
	text := webtest.Eval[string](reader, `fetch("`+path+`").then(r => r.arrayBuffer()).then(b => { let s = ""; for (const c of new Uint8Array(b)) s += String.fromCharCode(c); return btoa(s) })`)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
