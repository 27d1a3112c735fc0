package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

const bounceID = "MFRGGZDFMZTWQ2LKNNWG23TPOB"

func returns(t testing.TB) *outbox.Returns {
	t.Helper()
	box, err := secret.NewBox(make([]byte, secret.MasterLength))
	if err != nil {
		t.Fatal(err)
	}
	r, err := outbox.NewReturns("bounce@lid.example.nl", box)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// report writes a notice in the form of RFC 3464 as a mail server does. status
// holds the groups of its middle part.
func report(headers, status, returned string) string {
	return headers + "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"grens\"\n\n" +
		"--grens\nContent-Type: text/plain; charset=utf-8\n\nIt did not arrive. Message-ID: <not@this.one>\n\n" +
		"--grens\nContent-Type: message/delivery-status\n\n" + status + "\n\n" +
		"--grens\nContent-Type: text/rfc822-headers\n\n" + returned + "\n--grens--\n"
}

// notices are what the mail servers of the world write, TO standing for the
// address of the letter and ID for its Message-ID.
var notices = map[string]struct {
	message string
	code    string // "" tells of no letter that came back
	hard    bool
}{
	"Postfix": {report("Return-Path: <>\nDelivered-To: TO\nFrom: MAILER-DAEMON@mx.example.org (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\nTo: TO\nAuto-Submitted: auto-replied\n",
		"Reporting-MTA: dns; mx.example.org\nX-Postfix-Queue-ID: 4F2\nArrival-Date: Mon, 23 Nov 2026 09:30:00 +0100\n\nFinal-Recipient: rfc822; zoe@voorbeeld.nl\nOriginal-Recipient: rfc822;zoe@voorbeeld.nl\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mail.voorbeeld.nl\nDiagnostic-Code: smtp; 550 5.1.1 <zoe@voorbeeld.nl>: Recipient address rejected",
		"Message-Id: ID\nSubject: Je inlogaccount"), "5.1.1", true},
	"Exim": {strings.ReplaceAll(report("Return-path: <>\nEnvelope-to: TO\nFrom: Mail Delivery System <Mailer-Daemon@mx.example.org>\nAuto-Submitted: auto-replied\nX-Failed-Recipients: zoe@voorbeeld.nl\nSubject: Mail delivery failed: returning message to sender\n",
		"Reporting-MTA: dns; mx.example.org\n\nAction: failed\nFinal-Recipient: rfc822;zoe@voorbeeld.nl\nStatus: 5.0.0\nRemote-MTA: dns; mail.voorbeeld.nl\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox is full",
		"Message-ID: ID"), "\n", "\r\n"), "5.2.2", true},
	"Exchange": {report("From: Microsoft Outlook <postmaster@voorbeeld.nl>\nTo: <TO>\nSubject: Niet te bezorgen\nContent-Language: nl-NL\n",
		"Reporting-MTA: dns;AM0PR01.prod.outlook.com\nReceived-From-MTA: dns;mx.example.org\nArrival-Date: Mon, 23 Nov 2026 08:30:00 +0000\n\nFinal-Recipient: rfc822;zoe@voorbeeld.nl\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound",
		"Message-ID: ID"), "5.1.10", true},
	"Gmail, after days": {report("Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: TO\nSubject: Delivery Status Notification (Failure)\n",
		"Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; zoe@voorbeeld.nl\nAction: failed\nStatus: 4.4.1\nDiagnostic-Code: smtp; The recipient server did not accept our requests to connect.",
		"Message-ID: ID"), "4.4.1", false},
	"two recipients without a line between": {report("From: postmaster@voorbeeld.nl\nTo: TO\n",
		"Reporting-MTA: dns; a\nFinal-Recipient: rfc822; a@b.nl\nAction: delivered\nStatus: 2.0.0\nFinal-Recipient: rfc822; c@d.nl\nAction: failed\nStatus: 5.7.1", "Message-ID: ID"), "5.7.1", true},
	"no more than the letter's own number": {report("From: postmaster@voorbeeld.nl\nTo: bounce@lid.example.nl\n",
		"Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; c@d.nl\nAction: failed\nStatus: 5.1.1", "Message-ID: ID"), "5.1.1", true},
	"in base64, in a part of a part": {"From: postmaster@voorbeeld.nl\nTo: TO\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/report; boundary=y\n\n" +
		"--y\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nUmVwb3J0aW5nLU1UQTogZG5zOyBhCgpGaW5hbC1SZWNpcGllbnQ6IHJmYzgyMjsgYUBiLm5sCkFj\ndGlvbjogZmFpbGVkClN0YXR1czogNS4yLjEK\n--y--\n--x--\n", "5.2.1", true},
	"qmail, text only":                {"Return-Path: <>\nDelivered-To: TO\nFrom: MAILER-DAEMON@mx.example.org\nTo: TO\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.org.\n\n<zoe@voorbeeld.nl>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no mailbox here by that name\nGiving up.\n\n--- Below this line is a copy of the message.\n\nMessage-ID: ID\nSubject: x\n", "550", true},
	"a delay":                         {report("From: MAILER-DAEMON@mx.example.org\nTo: TO\nSubject: Delayed Mail (still being retried)\n", "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; a@b.nl\nAction: delayed\nStatus: 4.4.1", "Message-ID: ID"), "", false},
	"a receipt":                       {report("From: MAILER-DAEMON@mx.example.org\nTo: TO\n", "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; a@b.nl\nAction: relayed\nStatus: 2.1.9", "Message-ID: ID"), "", false},
	"an absence note":                 {"From: Zoë <zoe@voorbeeld.nl>\nTo: TO\nSubject: Afwezig\nAuto-Submitted: auto-replied\n\nIk ben er niet tot 5.1.1 of bel 550 12 34.\n", "", false},
	"a person who quotes the letter":  {"From: zoe@voorbeeld.nl\nTo: TO\nSubject: Re: Je inlogaccount\n\n> Message-ID: ID\nIk kreeg 550 van jullie.\n", "", false},
	"no message at all":               {"niets", "", false},
	"a boundary that is never closed": {"From: postmaster@a.nl\nTo: TO\nContent-Type: multipart/report; boundary=q\n\n--q\nContent-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1", "5.1.1", true},
}

func TestNoticesOfManyMailServersAreRead(t *testing.T) {
	r := returns(t)
	for name, n := range notices {
		t.Run(name, func(t *testing.T) {
			message := strings.NewReplacer("TO", r.Address(bounceID), "ID", "<"+r.Mark(bounceID)+"@lid.example.nl>").Replace(n.message)
			message = strings.ReplaceAll(message, "Message-<"+r.Mark(bounceID)+"@lid.example.nl>", "Message-ID") // the header's own name
			got, err := outbox.ReadBounce(strings.NewReader(message))
			if n.code == "" {
				if !errors.Is(err, outbox.ErrNoBounce) {
					t.Fatalf("%+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Code != n.code || got.Hard != n.hard {
				t.Errorf("%+v, %v; want %s, hard %v", got, err, n.code, n.hard)
			}
			if id, ok := r.LetterOf(got); !ok || id != bounceID {
				t.Errorf("it is about letter %q, from %q", id, got.Addresses)
			}
		})
	}
}

func TestNobodyElseCanSayThatALetterCameBack(t *testing.T) {
	r := returns(t)
	mark := r.Mark(bounceID)
	for what, address := range map[string]string{
		"without a signature": "bounce+" + bounceID + "@lid.example.nl",
		"another signature":   "bounce+" + strings.ToLower(bounceID) + ".aaaaaaaaaaaaaaaa@lid.example.nl",
		"another letter":      "bounce+" + strings.Replace(mark, "m", "n", 1) + "@lid.example.nl",
		"cut off":             "bounce+" + mark[:len(mark)-1] + "@lid.example.nl",
		"nothing":             "",
	} {
		if id, ok := r.Letter(address); ok {
			t.Errorf("%s: taken for letter %s", what, id)
		}
	}
	for _, address := range []string{r.Address(bounceID), strings.ToUpper(r.Address(bounceID)), "<" + mark + "@elsewhere.example>"} {
		if id, ok := r.Letter(address); !ok || id != bounceID {
			t.Errorf("%s: not known again", address)
		}
	}
	if local, _, _ := strings.Cut(r.Address(bounceID), "@"); len(local) > 64 {
		t.Errorf("%s is %d long before the @", local, len(local))
	}
	box, _ := secret.NewBox(make([]byte, secret.MasterLength))
	for _, bad := range []string{"", "bounce", "Bounce <bounce@lid.example.nl>", "bounce+x@lid.example.nl", "a-name-that-is-much-too-long@lid.example.nl"} {
		if _, err := outbox.NewReturns(bad, box); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestALetterComesBackOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		m := letter("zoe@example.org")
		m.About = "account:zoe"
		add(t, db, m)
		var sent outbox.Letter
		look := func() (l outbox.Letter) {
			t.Helper()
			err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				list, err := outbox.About(tx, "account:zoe", 5)
				if err == nil && len(list) == 1 {
					l = list[0]
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		bounce := func(id string) (r outbox.Return, ok bool) {
			err := db.InTx(context.Background(), func(tx *sqldb.Tx) (err error) {
				r, ok, err = outbox.Bounce(tx, id, "5.1.1", true)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return r, ok
		}
		sent = look()
		if _, ok := bounce(sent.ID); ok {
			t.Error("a letter came back that never left")
		}
		if err := (&outbox.Worker{DB: db, Sender: &post{}}).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		var won atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if r, ok := bounce(sent.ID); ok {
					won.Add(1)
					if r.About != "account:zoe" || r.Kind != "test.letter" || r.LetterID != sent.ID {
						t.Errorf("%+v", r)
					}
				}
			})
		}
		all.Wait()
		if l := look(); won.Load() != 1 || l.ReturnedAt.IsZero() || l.ReturnCode != "5.1.1" || !l.Hard || l.State != outbox.Sent {
			t.Errorf("%d noted it; %+v", won.Load(), l)
		}
		if _, ok := bounce(secret.NewID()); ok {
			t.Error("an unknown letter came back")
		}
	})
}

func TestWhoWroteALetterHearsThatItIsRefused(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bad, good := letter("weg@example.org"), letter("zoe@example.org")
		bad.About, good.About = "account:weg", "account:zoe"
		add(t, db, bad, good)
		var heard []outbox.Return
		var lock sync.Mutex
		w := &outbox.Worker{DB: db, Sender: &post{answer: func(to string) error {
			if to == "weg@example.org" {
				return &outbox.Refusal{Code: "550 5.1.1", Permanent: true}
			}
			return nil
		}}, Returned: func(_ *sqldb.Tx, r outbox.Return) error {
			lock.Lock()
			defer lock.Unlock()
			heard = append(heard, r)
			return nil
		}}
		if err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(heard) != 1 || heard[0].About != "account:weg" || heard[0].Code != "550 5.1.1" || !heard[0].Hard {
			t.Errorf("%+v", heard)
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			dead, err := outbox.Dead(tx)
			if err == nil && (len(dead) != 1 || dead[0].ReturnedAt.IsZero() || dead[0].Mail.About != "account:weg") {
				err = fmt.Errorf("dead letters %+v", dead)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// FuzzReadBounce reads anything at all: it finds a code of the proper shape or
// refuses, and nothing in a message makes a mark.
func FuzzReadBounce(f *testing.F) {
	for _, n := range notices {
		f.Add(n.message)
	}
	r := returns(f)
	f.Fuzz(func(t *testing.T, message string) {
		n, err := outbox.ReadBounce(strings.NewReader(message))
		if err != nil {
			return
		}
		if n.Code == "" || n.Code[0] != '4' && n.Code[0] != '5' || len(n.Code) > 9 {
			t.Errorf("code %q", n.Code)
		}
		if id, ok := r.LetterOf(n); ok {
			t.Errorf("letter %q out of nothing", id)
		}
	})
}
