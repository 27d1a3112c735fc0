package customer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/words"
)

var (
	ErrEmail = fault.New(fault.Invalid, "customer.email")
	ErrPhone = fault.New(fault.Invalid, "customer.phone")
)

// Clean normalises everything a person typed and returns all faults at once, as
// a fault.List in the order of the form.
func (p Person) Clean(today day.Day) (Person, error) {
	var wrong fault.List
	var err error
	p.Initials, err = NormaliseInitials(p.Initials)
	wrong.Add(FieldInitials, err)
	p.Prefix, err = cleanName(p.Prefix)
	wrong.Add(FieldPrefix, err)
	p.LastName, err = cleanName(p.LastName)
	if err == nil && p.LastName == "" {
		err = ErrLastName
	}
	wrong.Add(FieldLastName, err)
	if prefix, rest := SplitPrefix(p.LastName); p.Prefix == "" {
		p.Prefix, p.LastName = prefix, rest
	} else if prefix != "" && Fold(prefix) == Fold(p.Prefix) {
		p.LastName = rest // typed in both fields
	}
	p.FirstName, err = cleanName(p.FirstName)
	wrong.Add(FieldFirstName, err)
	wrong.Add(FieldBirth, CheckBirth(p.Birth, today))
	p.Address, err = p.Address.Clean()
	wrong = append(wrong, fault.Of(err)...)
	p.Email, err = CleanEmail(p.Email)
	wrong.Add(FieldEmail, err)
	p.Phone, err = cleanPhone(p.Phone)
	wrong.Add(FieldPhone, err)
	p.Lang, _ = words.Read(string(p.Lang)) // Dutch for what we do not speak
	return p, wrong.Err()
}

// EmailMost is the most characters of an address that mail can carry (RFC 5321:
// a path of 256 with its brackets).
const EmailMost = 254

// CleanEmail checks the shape of an e-mail address; "" is none. Only a mail that
// arrives proves more. The part before the @ keeps its capitals, since only its
// own server may say that they are the same; the domain is written small.
func CleanEmail(text string) (string, error) {
	text = norm.NFC.String(strings.TrimSpace(text))
	if text == "" {
		return "", nil
	}
	fail := ErrEmail.At(FieldEmail)
	at := strings.LastIndexByte(text, '@')
	if at < 1 || len(text) > EmailMost || at > 64 {
		return text, fail
	}
	local, domain := text[:at], strings.ToLower(text[at+1:])
	for _, r := range local {
		// Quoted forms are legal, never seen, and a door for header tricks.
		ok := r > 0x7f && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) ||
			r <= 0x7f && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r))
		if !ok {
			return text, fail
		}
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return text, fail
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return text, fail
		}
		for _, r := range label {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-' {
				return text, fail
			}
		}
	}
	top := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(top, "0123456789") == "" { // an address of numbers is a machine, not a mailbox
		return text, fail
	}
	return local + "@" + domain, nil
}

// foldEmail is the search column of an address: nobody remembers capitals.
func foldEmail(email string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
}

// cleanPhone takes a number as people write it: +31 6 12345678, 0592-123456.
func cleanPhone(text string) (string, error) {
	text, err := cleanText(text, 25)
	if err != nil || text == "" {
		return text, err
	}
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0:
		case !strings.ContainsRune(" -()./", r):
			return text, ErrPhone
		}
	}
	if digits < 6 || digits > 15 { // ITU E.164: at most fifteen
		return text, ErrPhone
	}
	return text, nil
}
