package intake_test

import (
	"errors"
	"strings"
	"testing"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/intake"
)

func TestAFileThatCannotBeReadToItsEndChangesNothing(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       error
		argument   any
	}{
		{"nothing", "", intake.ErrEmpty, nil},
		{"a header only", "username,email\n", intake.ErrEmpty, nil},
		{"no address", "username,activated\nzoe,yes\n", intake.ErrNoColumn, "email"},
		{"a strange column", "username,email,password\n", intake.ErrColumn, "password"},
		{"a column twice", "username,email,Email\n", intake.ErrColumn, "email"},
		{"Latin-1", "username,email\nan.na,a@example.nl\nzo\xeb.maas,zoe@example.nl\n", intake.ErrEncoding, 3},
		{"Latin-1 in the header", "username,email,ge\xebffend\n", intake.ErrEncoding, 1},
		{"UTF-16", "\xff\xfeu\x00s\x00", intake.ErrUTF16, nil},
		{"UTF-16, the other way", "\xfe\xff\x00u\x00s", intake.ErrUTF16, nil},
		{"a quote without its end", "username,email\nan.na,a@example.nl\n\"zoe,zoe@example.nl\nja.n,j@example.nl\n", intake.ErrQuote, 3},
		{"a quote inside", "username,email\nzoe \"x\" maas,zoe@example.nl\n", intake.ErrQuote, 2},
	} {
		_, err := intake.Open(strings.NewReader(c.text))
		var f *fault.Error
		if !errors.Is(err, c.want) || !errors.As(err, &f) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		} else if c.argument != nil && (len(f.Args) != 1 || f.Args[0] != c.argument) {
			t.Errorf("%s: says %v, want %v", c.what, f.Args, c.argument)
		}
	}
}

func TestRowsAreCountedWhateverTheSeparator(t *testing.T) {
	for _, text := range []string{
		"username,email\nzoe,zoe@example.nl\npiet,piet@example.nl\n",
		"\ufeffusername;email\r\nzoe;zoe@example.nl\r\n\r\npiet;piet@example.nl",
		"email\tusername\nzoe@example.nl\t\"zoe\nmaas\"\npiet@example.nl\tpiet\tx\n",
	} {
		if f, err := intake.Open(strings.NewReader(text)); err != nil || f.Rows != 2 || len(f.Digest) != 64 {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
}

// FuzzFile reads files of others. Whatever one holds, every row of it is either
// taken, here already or refused, and a trial says the same.
func FuzzFile(f *testing.F) {
	f.Add([]byte("username,email,password_hash\nzoe,zoe@example.nl,$2b$05$x\n"))
	f.Add([]byte("\ufeffusername;email\r\n\"a\nb\";c@d.nl\r\n"))
	f.Add([]byte("email\tusername\tlanguage\na@example.nl\tab\tnl\nb@example.nl\tab\ten\n"))
	f.Add([]byte("username,email\nzo\xeb,zoe@example.nl\n"))
	db := sqldbtest.New(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := intake.Open(strings.NewReader(string(text)))
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v has no sentence", text, err)
			}
			return
		}
		tally, remarks, err := intake.Intake{DB: db, File: file, Library: "Bind", Say: error.Error}.Try(t.Context())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if tally.Done != file.Rows || tally.Taken+tally.Present+tally.Refused != tally.Done || len(remarks) != tally.Refused {
			t.Errorf("%q: %d rows, %+v, %d remarks", text, file.Rows, tally, len(remarks))
		}
	})
}
