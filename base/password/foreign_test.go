package password_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lidwoord/base/password"
)

// fiets are hashes of one password, made by other programs than ours: crypt(3)
// of glibc, OpenSSL, and the test values of the argon2 reference code.
const fiets = "paarse fiets"

var foreign = []struct{ what, hash, plain string }{
	{"bcrypt 2b", "$2b$05$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS", fiets},
	{"bcrypt 2y", "$2y$05$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS", fiets},
	{"bcrypt 2a", "$2a$05$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS", fiets},
	{"PBKDF2 SHA-1", "$pbkdf2$1000$em91dCBlbiBwZXBlcg$1kUiXfBBcG4PtVNkD81LqFwc.64", fiets},
	{"PBKDF2 SHA-1, named", "$pbkdf2-sha1$i=1000$em91dCBlbiBwZXBlcg==$1kUiXfBBcG4PtVNkD81LqFwc+64=", fiets},
	{"PBKDF2 SHA-256", "$pbkdf2-sha256$i=1000,l=32$em91dCBlbiBwZXBlcg$1QaFqfJhUmc+os7wxQj7S3K9bDIdIpDm2arIGLXYnIM", fiets},
	{"PBKDF2 SHA-256, full stops", "$pbkdf2-sha256$1000$em91dCBlbiBwZXBlcg$1QaFqfJhUmc.os7wxQj7S3K9bDIdIpDm2arIGLXYnIM", fiets},
	{"PBKDF2 SHA-512", "$pbkdf2-sha512$i=1000$em91dCBlbiBwZXBlcg$9DgnKC28CG9zSiix4HlOrNDZ0e+LfJQBkDdfEczu8lsBOPAzBHow1Teg4kA+hF+SWZbOn7hdFYLpJuOvzQmEAQ", fiets},
	{"Django", "pbkdf2_sha256$1000$zoutenpeper1$KPJnHpRe0m/AY5T0cdp3EiXJMPiPyo9oMQAIopTgjfE=", fiets},
	{"argon2i", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
	{"argon2id", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	{"SHA-256, salt first", "$sha256$salt-first$em91dA$N/CAy2QqjPalD/USnsuVA31T4PjXDqRu5d6IoHkhgDA", fiets},
	{"SHA-256, hexadecimal", "$sha256$salt-first$em91dA==$37f080cb642a8cf6a50ff5129ecb95037d53e0f8d70ea46ee5de88a079218030", fiets},
	{"SHA-256, salt last", "$sha256$salt-last$em91dA$vlh95Oywu6myXk/9Ja/nujKEEqWFqU9j42ThQMV4RGE=", fiets},
	{"SHA-256 of a directory", "{SSHA256}vlh95Oywu6myXk/9Ja/nujKEEqWFqU9j42ThQMV4RGF6b3V0", fiets},
}

func TestAHashOfAnotherSystemOpensForItsPasswordAndAsksToBeMadeAgain(t *testing.T) {
	for _, c := range foreign {
		kept, err := password.Import(t.Context(), c.hash)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if ok, rehash, err := password.Verify(t.Context(), kept, c.plain); !ok || !rehash || err != nil {
			t.Errorf("%s: Verify = %v, %v, %v, want right and rehash", c.what, ok, rehash, err)
		}
		if ok, rehash, err := password.Verify(t.Context(), kept, c.plain+"x"); ok || rehash || err != nil {
			t.Errorf("%s, wrong: Verify = %v, %v, %v", c.what, ok, rehash, err)
		}
		shape, err := password.Shape(kept)
		if err != nil {
			t.Errorf("%s: Shape: %v", c.what, err)
		}
		if ok, _, err := password.Verify(t.Context(), shape, c.plain); ok || err != nil {
			t.Errorf("%s: its shape %s opens: %v, %v", c.what, shape, ok, err)
		}
	}
}

// Whoever steals the table must not find a quick hash in it.
func TestAQuickHashIsNeverStored(t *testing.T) {
	for _, c := range foreign {
		kept, err := password.Import(t.Context(), c.hash)
		quick := strings.Contains(c.what, "SHA-256") && !strings.HasPrefix(c.what, "PBKDF2")
		if err != nil || quick != strings.HasPrefix(kept, "$argon2id-sha256$") {
			t.Errorf("%s is kept as %.20s…, %v", c.what, kept, err)
		}
		if quick {
			if _, _, err := password.Verify(t.Context(), c.hash, c.plain); err == nil {
				t.Errorf("%s: Verify takes the quick hash itself", c.what)
			}
			if digest := c.hash[strings.LastIndexAny(c.hash, "$}")+1:]; strings.Contains(kept, digest) {
				t.Errorf("%s: the quick digest stands in %s", c.what, kept)
			}
		}
	}
}

func TestBcryptLooksAtSeventyTwoBytesAndOurHashAtAll(t *testing.T) {
	const old = "$2b$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q" // of 72 times x
	long := strings.Repeat("x", 80)
	if ok, rehash, err := password.Verify(t.Context(), old, long); !ok || !rehash || err != nil {
		t.Errorf("as the other system did: %v, %v, %v", ok, rehash, err)
	}
	if ok, _, _ := password.Verify(t.Context(), old, long[:71]); ok {
		t.Error("71 bytes open it")
	}
	ours, err := password.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, _ := password.Verify(t.Context(), ours, long[:72]); ok {
		t.Error("our hash stops at 72 bytes")
	}
}

func TestWhatIsUnknownDamagedOrTooDearIsRefusedWithItsReason(t *testing.T) {
	salt, key := "c2FsdHNhbHQ", "a2V5a2V5a2V5a2V5a2V5a2V5"
	for hash, want := range map[string]error{
		"":                                 password.ErrHashUnknown,
		"geheim":                           password.ErrHashUnknown,
		"5f4dcc3b5aa765d61d8327deb882cf99": password.ErrHashUnknown,
		"$2x$10$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS": password.ErrHashUnknown,
		"{SSHA}vlh95Oywu6myXk":                                                                  password.ErrHashUnknown,
		"$argon2d$v=19$m=19456,t=2,p=1$" + salt + "$" + key:                                     password.ErrHashUnknown,
		"$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key:                                    password.ErrHashUnknown,
		"$pbkdf2-md5$i=1000$" + salt + "$" + key:                                                password.ErrHashUnknown,
		"$pbkdf2_sha256$1000$saltsalt$" + key:                                                   password.ErrHashUnknown,
		"pbkdf2-sha256$1000$" + salt + "$" + key:                                                password.ErrHashUnknown,
		"$2b$03$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS":                          password.ErrHashDamaged,
		"$2b$10$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesa":                           password.ErrHashDamaged,
		"$2b$10$abcdefghijklmnopqrst\u00e9.tbvpCGxSm0OjnosOXVVK0menJdesaS":                      password.ErrHashDamaged,
		"$2b$+9$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS":                          password.ErrHashDamaged,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt:                                                password.ErrHashDamaged,
		"$argon2id$v=19$m=19456,t=2,p=1,x=2$" + salt + "$" + key:                                password.ErrHashDamaged,
		"$argon2id$v=19$m=19456,t=2,p=1$c2Fs$" + key:                                            password.ErrHashDamaged,
		"$pbkdf2-sha256$i=1000$" + salt + "$c2Fs":                                               password.ErrHashDamaged,
		"$pbkdf2-sha256$i=1000,l=99$" + salt + "$" + key:                                        password.ErrHashDamaged,
		"$pbkdf2-sha256$i=-1$" + salt + "$" + key:                                               password.ErrHashDamaged,
		"$pbkdf2-sha256$i=0$" + salt + "$" + key:                                                password.ErrHashDamaged,
		"$pbkdf2-sha256$i=1000$YQ$" + key:                                                       password.ErrHashDamaged,
		"$sha256$salt-first$$N/CAy2QqjPalD/USnsuVA31T4PjXDqRu5d6IoHkhgDA":                       password.ErrHashDamaged,
		"$sha256$twice$em91dA$N/CAy2QqjPalD/USnsuVA31T4PjXDqRu5d6IoHkhgDA":                      password.ErrHashDamaged,
		"$sha256$salt-first$em91dA$N/CAy2QqjPalD":                                               password.ErrHashDamaged,
		"{SSHA256}vlh95Oywu6myXk":                                                               password.ErrHashDamaged,
		"$argon2id-sha256$salt-first$em91dA$argon2id":                                           password.ErrHashDamaged,
		"$2b$14$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS":                          password.ErrHashDear,
		"$2b$31$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS":                          password.ErrHashDear,
		"$argon2id$v=19$m=1048576,t=1,p=1$" + salt + "$" + key:                                  password.ErrHashDear,
		"$argon2id$v=19$m=131072,t=5,p=1$" + salt + "$" + key:                                   password.ErrHashDear,
		"$argon2id$v=19$m=19456,t=4294967295,p=1$" + salt + "$" + key:                           password.ErrHashDear,
		"$argon2i$v=19$m=19456,t=2,p=64$" + salt + "$" + key:                                    password.ErrHashDear,
		"$pbkdf2-sha256$i=2000001$" + salt + "$" + key:                                          password.ErrHashDear,
		"$pbkdf2-sha512$i=1099511627776$" + salt + "$" + key:                                    password.ErrHashDear,
		"$pbkdf2-sha1$i=700000$" + salt + "$" + strings.Repeat(key, 5)[:4*20]:                   password.ErrHashDear, // three blocks or more
		"$pbkdf2-sha256$i=99999999999999999999999999$" + salt + "$" + key:                       password.ErrHashDamaged,
		"$argon2id-sha256$salt-first$em91dA$argon2i$v=19$m=1048576,t=1,p=1$" + salt + "$" + key: password.ErrHashDamaged,
	} {
		if err := password.Examine(hash); !errors.Is(err, want) {
			t.Errorf("Examine(%s) = %v, want %v", hash, err, want)
		}
		if kept, err := password.Import(t.Context(), hash); !errors.Is(err, want) {
			t.Errorf("Import(%s) = %s, %v, want %v", hash, kept, err, want)
		}
	}
}

// A stranger must not see in the time which names come from another system.
func TestEveryWrongAnswerComesAtTheSameMoment(t *testing.T) {
	t.Cleanup(func() { password.Pace(0) })
	synctest.Test(t, func(t *testing.T) { // where only waiting takes time
		password.Pace(400 * time.Millisecond)
		for what, hash := range map[string]string{"unknown": "", "foreign": foreign[0].hash, "ours": password.HashWith(fiets, password.Memory, password.Passes)} {
			start := time.Now()
			if ok, _, err := password.Verify(t.Context(), hash, "groene fiets"); ok || err != nil {
				t.Errorf("%s: %v, %v", what, ok, err)
			}
			if took := time.Since(start); took != 400*time.Millisecond {
				t.Errorf("%s: wrong after %v", what, took)
			}
			start = time.Now()
			if ok, _, _ := password.Verify(t.Context(), hash, fiets); ok && time.Since(start) != 0 {
				t.Errorf("%s: a right answer waits %v", what, time.Since(start))
			}
		}
	})
}

// FuzzExamine reads what stands in a file that somebody else made. What it takes,
// Verify must be able to check, at a cost that its own text tells.
func FuzzExamine(f *testing.F) {
	for _, c := range foreign {
		f.Add(c.hash)
		f.Add(c.hash[:len(c.hash)/2])
	}
	f.Add(fmt.Sprintf("$argon2id$v=19$m=%d,t=2,p=0$$", 1<<32))
	f.Fuzz(func(t *testing.T, hash string) {
		if password.Examine(hash) != nil {
			return
		}
		kept, err := password.Import(t.Context(), hash)
		if err != nil {
			t.Fatalf("Examine took %q, Import did not: %v", hash, err)
		}
		shape, err := password.Shape(kept)
		if err != nil {
			t.Fatalf("%q has no shape: %v", hash, err)
		}
		if again, err := password.Shape(shape); err != nil || again != shape {
			t.Errorf("the shape of %q is %q, and of that %q, %v", hash, shape, again, err)
		}
	})
}
