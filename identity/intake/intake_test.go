package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/outbox"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/account"
	"lidwoord/identity/intake"
)

// Hashes of "paarse fiets", as other systems made them.
const (
	fiets  = "paarse fiets"
	bcrypt = "$2b$05$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS"
	quick  = "$sha256$salt-first$em91dA$N/CAy2QqjPalD/USnsuVA31T4PjXDqRu5d6IoHkhgDA"
	pbkdf2 = "$pbkdf2-sha256$1000$em91dCBlbiBwZXBlcg$1QaFqfJhUmc.os7wxQj7S3K9bDIdIpDm2arIGLXYnIM"
)

var today = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

type world struct {
	t  testing.TB
	db *sqldb.DB
	in intake.Intake
}

func each(t *testing.T, rule func(t *testing.T, w *world)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		db.Now = func() time.Time { return today }
		rule(t, &world{t, db, intake.Intake{DB: db, Library: "Bind bibliotheken", Say: error.Error}})
	})
}

// of reads a file.
func (w *world) of(text string) intake.Intake {
	w.t.Helper()
	f, err := intake.Open(strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	in := w.in
	in.File = f
	return in
}

func (w *world) run(text string) intake.Tally {
	w.t.Helper()
	tally, err := w.of(text).Run(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return tally
}

func (w *world) do(f func(*sqldb.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) signIn(username, plain, network string) (account.Account, error) {
	return account.SignIn(w.t.Context(), w.db, account.Attempt{Username: username, Password: plain, Network: network}, nil)
}

func (w *world) one(query string, args ...any) (text string) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error { _, err := tx.One(query, args, &text); return err })
	return text
}

// many is a file of n accounts with one hash.
func many(n int, hash string) string {
	var b strings.Builder
	b.WriteString("username,email,password_hash,activated,created\n")
	for i := range n {
		fmt.Fprintf(&b, "lezer%06d,lezer%d@example.nl,%q,yes,2019-03-01\n", i, i, hash)
	}
	return b.String()
}

func TestEverybodySignsInWithTheOldPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tally := w.run("\ufeffUsername;E" + "mail;password_hash;language;activated;created\r\n" +
			"Zoe.Maas;zoe@Example.NL;" + bcrypt + ";en;yes;2019-03-01\r\n" +
			"25280000001233;piet@example.nl;" + quick + ";nl;ja;2019-03-01T12:00:00+01:00\r\n" +
			"\"Jan de \"\"Vries\"\"\";jan@example.nl;" + pbkdf2 + ";;yes;\r\n" +
			"JAN@example.nl;jan@example.nl;;;yes;\r\n" +
			"wacht;wacht@example.nl;" + bcrypt + ";;no;\r\n")
		if want := (intake.Tally{Total: 5, Done: 5, Taken: 5, Waiting: 1, Unhashed: 1}); tally != want {
			t.Errorf("tally %+v, want %+v", tally, want)
		}
		for i, name := range []string{"zoe.maas", "25280000001233", `jan de "vries"`} {
			if _, err := w.signIn(name, "groene fiets", "elsewhere"); !errors.Is(err, account.ErrSignIn) {
				t.Errorf("%s with a wrong password: %v", name, err)
			}
			acc, err := w.signIn(name, fiets, "home")
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if i == 0 && (acc.Username != "Zoe.Maas" || acc.Email != "zoe@example.nl" || acc.Lang != "en" || acc.Library != "Bind bibliotheken" ||
				!acc.ConfirmedAt.Equal(time.Date(2019, 2, 28, 23, 0, 0, 0, time.UTC))) {
				t.Errorf("the account is %+v", acc)
			}
			if hash := w.one(`SELECT password FROM account WHERE id = $1`, acc.ID); !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("%s signed in and keeps %.20s", name, hash)
			}
			if _, err := w.signIn(name, fiets, "home"); err != nil {
				t.Errorf("%s again: %v", name, err)
			}
			w.do(func(tx *sqldb.Tx) error {
				log, err := audit.Of(tx, "account:"+acc.ID, 10)
				if len(log) != 1 || log[0].Act != "account.import" {
					t.Errorf("the log of %s is %+v", name, log)
				}
				return err
			})
		}
		for _, name := range []string{"jan@example.nl", "wacht"} {
			if _, err := w.signIn(name, fiets, "home"); !errors.Is(err, account.ErrSignIn) {
				t.Errorf("%s, who has no password: %v", name, err)
			}
		}
		w.do(func(tx *sqldb.Tx) error {
			letters, err := outbox.Recent(tx, 10)
			if len(letters) != 0 {
				t.Errorf("%d letters were sent", len(letters))
			}
			return err
		})
	})
}

func TestAnAccountThatWaitsKeepsItsNameForAMonth(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		accounts, err := account.New(account.Links{Activate: func(s secret.Token) string { return "https://inloggen.test/" + string(s) }})
		if err != nil {
			t.Fatal(err)
		}
		w.run("username,email\nzoe.maas,zoe@example.nl\n")
		id := w.one(`SELECT id FROM account`)
		state := func() (st account.Status) {
			w.do(func(tx *sqldb.Tx) (err error) { st, err = accounts.State(tx, id); return err })
			return st
		}
		if st := state(); st.State != account.Waiting || !st.Until.Equal(today.Add(account.ImportedLife)) {
			t.Errorf("after the import: %+v", st)
		}
		w.do(func(tx *sqldb.Tx) error { _, err := accounts.Resend(tx, id, ""); return err })
		if st := state(); !st.Until.Equal(today.Add(account.ActivationLife)) {
			t.Errorf("after a letter: %+v", st)
		}
	})
}

func TestARunThatWasKilledGoesOnWhereItWas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		text := many(1400, bcrypt) + "x,kort@example.nl,,yes,\n"
		ctx, kill := context.WithCancel(t.Context())
		in := w.of(text)
		in.Moved = func(tally intake.Tally) {
			if tally.Done == 500 {
				kill()
			}
		}
		tally, err := in.Run(ctx)
		if !errors.Is(err, context.Canceled) || tally.Done != 500 {
			t.Fatalf("killed: %+v, %v", tally, err)
		}
		want := intake.Tally{Total: 1401, Done: 1401, Taken: 1400, Refused: 1}
		for _, earlier := range []int{500, 1401} { // after the kill, and once more
			want.Earlier = earlier
			if tally := w.run(text); tally != want {
				t.Errorf("after %d: %+v, want %+v", earlier, tally, want)
			}
		}
		if n := w.one(`SELECT COUNT(*) FROM account`); n != "1400" {
			t.Errorf("%s accounts", n)
		}
		remarks, err := w.of(text).Remarks(t.Context())
		if err != nil || len(remarks) != 1 || remarks[0] != (intake.Remark{Line: 1402, Code: "account.imported_name", Reason: "account.imported_name"}) {
			t.Errorf("remarks %+v, %v", remarks, err)
		}
	})
}

func TestAFileThatWasCorrectedAddsWhatWasMissing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		text := "username,email,activated\nzoe.maas,zoe@example.nl,yes\npiet.maas,geen adres,yes\n"
		if tally := w.run(text); tally.Taken != 1 || tally.Refused != 1 {
			t.Errorf("first: %+v", tally)
		}
		tally := w.run(strings.Replace(text, "geen adres", "piet@example.nl", 1))
		if want := (intake.Tally{Total: 2, Done: 2, Taken: 1, Unhashed: 1, Present: 1}); tally != want {
			t.Errorf("corrected: %+v, want %+v", tally, want)
		}
		// What its owner deleted does not come back by the same file.
		w.do(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`DELETE FROM account WHERE username_key = 'zoe.maas'`)
			return err
		})
		w.run(text)
		if n := w.one(`SELECT COUNT(*) FROM account`); n != "1" {
			t.Errorf("%s accounts after a deletion and the first file again", n)
		}
	})
}

func TestWhatIsRefusedIsReportedWithItsLineAndReason(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run("username,email\nhave.name,first@example.nl\n")
		text := `username,email,password_hash,language,activated,created
have.name,other@example.nl,,,yes,
"two
lines",two@example.nl,,,yes,
zoe@example.nl,piet@example.nl,,,yes,
Ѕоня,sonja@example.nl,,,yes,
good.name,not an address,,,yes,
good.name,good@example.nl,plain text,,yes,
better,better@example.nl,$2b$16$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS,,yes,
BETTER,third@example.nl,,,yes,
five.5,five@example.nl,,de,yes,
six.6,six@example.nl,,,maybe,
seven7,seven@example.nl,,,yes,2030-01-01
eight8,eight@example.nl,,,yes,1-13-2019
nine.9,nine@example.nl,,yes,
have.name,FIRST@example.nl,,,yes,
two  blanks,blanks@example.nl,,,yes,
no.address, ,,,yes,
`
		want := map[int]string{2: "account.imported_taken", 3: "account.imported_name", 5: "account.imported_at", 6: "account.imported_name",
			7: "account.email", 8: "password.hash_unknown", 9: "password.hash_dear", 10: "intake.repeated", 11: "intake.language",
			12: "intake.activated", 13: "intake.created", 14: "intake.created", 15: "intake.cells", 16: "intake.repeated",
			17: "account.imported_blanks", 18: "account.imported_no_email"}
		_, tried, err := w.of(text).Try(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := w.one(`SELECT COUNT(*) FROM account`); n != "1" {
			t.Errorf("a trial left %s accounts", n)
		}
		tally := w.run(text)
		if tally.Refused != len(want) || tally.Taken != 0 {
			t.Errorf("tally %+v, want %d refused", tally, len(want))
		}
		remarks, err := w.of(text).Remarks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(tried) != fmt.Sprint(remarks) {
			t.Errorf("a trial says %v, the run %v", tried, remarks)
		}
		for _, r := range remarks {
			if want[r.Line] != r.Reason || r.Taken {
				t.Errorf("line %d: %+v, want %s", r.Line, r, want[r.Line])
			}
			delete(want, r.Line)
		}
		if len(want) > 0 {
			t.Errorf("nothing is said about %v", want)
		}
	})
}

func TestAnAccountIsLinkedToItsCustomer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		linked := map[string]string{}
		w.in.Link = func(tx *sqldb.Tx, number, accountID string) error {
			linked[number] = accountID
			if number != "25280000001233" {
				return intake.ErrNoCustomer
			}
			return nil
		}
		text := "username,email,number,activated\nzoe.maas,zoe@example.nl,25280000001233,yes\npiet.maas,piet@example.nl,999,yes\n"
		if tally := w.run(text); tally.Taken != 2 || tally.Linked != 1 {
			t.Errorf("tally %+v", tally)
		}
		if id := w.one(`SELECT id FROM account WHERE username_key = 'zoe.maas'`); linked["25280000001233"] != id {
			t.Errorf("linked %v, want %s", linked, id)
		}
		remarks, err := w.of(text).Remarks(t.Context())
		if err != nil || len(remarks) != 1 || remarks[0] != (intake.Remark{Line: 3, Taken: true, Code: "intake.no_customer", Reason: "intake.no_customer"}) {
			t.Errorf("remarks %+v, %v", remarks, err)
		}
	})
}

func TestSixteenCommandsAtOnceTakeEachAccountOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		text := many(700, bcrypt)
		var done atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			in := w.of(text)
			all.Go(func() {
				tally, err := in.Run(t.Context())
				switch {
				case err == nil && tally.Done == 700:
					done.Add(1)
				case !errors.Is(err, intake.ErrElsewhere):
					t.Error(tally, err)
				}
			})
		}
		all.Wait()
		if done.Load() == 0 {
			t.Error("nobody came to the end")
		}
		if tally, want := w.run(text), (intake.Tally{Total: 700, Done: 700, Taken: 700, Earlier: 700}); tally != want {
			t.Errorf("tally %+v, want %+v", tally, want)
		}
	})
}

// A family, or an impatient finger: all come in, and the hash is made again once.
func TestSixteenFirstSignInsAtOnceMakeOneNewHash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run("username,email,password_hash,activated\nzoe.maas,zoe@example.nl," + bcrypt + ",yes\n")
		var mu sync.Mutex
		hashes := map[string]bool{}
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				_, err := account.SignIn(t.Context(), w.db, account.Attempt{Username: "zoe.maas", Password: fiets, Network: fmt.Sprint("net", i)},
					func(tx *sqldb.Tx, acc account.Account) error {
						var hash string
						_, err := tx.One(`SELECT password FROM account WHERE id = $1`, []any{acc.ID}, &hash)
						mu.Lock()
						defer mu.Unlock()
						hashes[hash] = true
						return err
					})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		now := w.one(`SELECT password FROM account`)
		if ok, rehash, err := password.Verify(t.Context(), now, fiets); !ok || rehash || err != nil {
			t.Errorf("the hash now: %v, %v, %v", ok, rehash, err)
		}
		if !hashes[now] {
			t.Error("the hash changed after the last sign-in")
		}
		if w.db.Engine == "sqlite" && len(hashes) != 1 { // PostgreSQL may run a transaction that loses
			t.Errorf("%d new hashes were stored", len(hashes))
		}
	})
}

func TestTheShapesOfForeignHashesAreKnown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run(many(3, bcrypt))
		w.run("username,email,password_hash,activated\na.b.c,a@example.nl," + pbkdf2 + ",yes\nd.e.f,d@example.nl," + quick + ",yes\n")
		w.do(func(tx *sqldb.Tx) error {
			list, err := intake.Shapes(tx)
			if len(list) != 3 || strings.Contains(strings.Join(list, " "), "abcdefg") {
				t.Errorf("shapes %q", list)
			}
			return err
		})
	})
}
