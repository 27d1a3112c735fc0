// Package secret makes random tokens, the digests by which they are kept, and
// the box in which the few secrets are sealed that must be read again.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// Token is a secret that goes to a person and is never stored.
type Token string

// NewToken returns 130 bits of randomness in letters that survive a mail client.
func NewToken() Token { return Token(rand.Text()) }

// codeLetters leaves out what people confuse when they read a code aloud or
// type it over: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V, and the vowels that make words.
const codeLetters = "34679CDFGHJKMNPQRTWXY"

// CodeLength is the number of letters of a code: 21^8 is 35 bits, enough with
// five tries and a quarter of an hour.
const CodeLength = 8

// NewCode returns a short secret to be typed over, such as "7K4M-X9TD".
func NewCode() Token { return Token(NewLetters(CodeLength / groupLength)) }

// groupLength is how many letters a person reads in one look.
const groupLength = 4

// NewLetters returns so many groups of four random letters to be typed over, joined
// by hyphens. Each letter is 4.39 bits.
func NewLetters(groups int) string {
	var b strings.Builder
	one := make([]byte, 1)
	for n := 0; n < groups*groupLength; {
		rand.Read(one)
		// 252 is the largest multiple of 21 in a byte: no letter is likelier.
		if one[0] >= 252 {
			continue
		}
		if n > 0 && n%groupLength == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetters[int(one[0])%len(codeLetters)])
		n++
	}
	return b.String()
}

// ReadCode brings a code that a person typed back to the form that was mailed:
// small letters, blanks and a forgotten hyphen are forgiven.
func ReadCode(typed string) Token { return Token(ReadLetters(typed, CodeLength/groupLength)) }

// ReadLetters brings letters that a person typed back to the form in which NewLetters
// made them; "" when they are not so many groups.
func ReadLetters(typed string, groups int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToUpper(typed) {
		if !strings.ContainsRune(codeLetters, r) {
			continue
		}
		if n > 0 && n%groupLength == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
		if n++; n > groups*groupLength {
			return ""
		}
	}
	if n != groups*groupLength {
		return ""
	}
	return b.String()
}

// Digest is what the database holds instead of the token.
func (t Token) Digest() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}

// LogValue keeps the token out of every log line.
func (Token) LogValue() slog.Value { return slog.StringValue("[secret]") }

// NewID returns a fresh record identifier of 26 letters.
func NewID() string { return rand.Text() }

// IsID reports whether text has the shape of what NewID returns.
func IsID(text string) bool {
	if len(text) != 26 {
		return false
	}
	for _, r := range text {
		if (r < 'A' || r > 'Z') && (r < '2' || r > '7') {
			return false
		}
	}
	return true
}

// MasterLength is the number of bytes of the master key.
const MasterLength = 32

// Box seals what must be read again later: signing keys, queued mail. Each
// purpose has a key of its own, so that one sealed thing never passes for
// another.
type Box struct {
	master  []byte
	ciphers sync.Map // purpose → cipher.AEAD: making one costs more than opening a cookie
}

// NewBox makes the box of a master key of MasterLength bytes.
func NewBox(master []byte) (*Box, error) {
	if len(master) != MasterLength {
		return nil, fmt.Errorf("secret: the master key has %d bytes, want %d", len(master), MasterLength)
	}
	return &Box{master: master}, nil
}

// Derive returns 32 bytes that belong to purpose, always the same.
func (b *Box) Derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, b.master, nil, "lidwoord "+purpose, 32)
	if err != nil {
		panic(err) // only for absurd lengths
	}
	return key
}

// Seal encrypts plain with AES-256-GCM under the key of purpose.
func (b *Box) Seal(purpose string, plain []byte) (string, error) {
	gcm, err := b.gcm(purpose)
	if err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(gcm.Seal(nil, nil, plain, []byte(purpose))), nil
}

// Open decrypts what Seal made for the same purpose.
func (b *Box) Open(purpose, sealed string) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, err
	}
	gcm, err := b.gcm(purpose)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nil, raw, []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// ErrSealed is what Open says of text that another master key sealed.
var ErrSealed = errors.New("secret: sealed with another key, or damaged")

// gcm is the cipher of a purpose. Purposes are names in the program, so there are few.
func (b *Box) gcm(purpose string) (cipher.AEAD, error) {
	if made, ok := b.ciphers.Load(purpose); ok {
		return made.(cipher.AEAD), nil
	}
	block, err := aes.NewCipher(b.Derive(purpose))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err == nil {
		b.ciphers.Store(purpose, gcm)
	}
	return gcm, err
}
