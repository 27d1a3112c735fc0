package mine

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/web/kit"
)

//go:embed export
var readouts embed.FS

// download hands out one file with everything, for machines and for people.
func (s *Site) download(w http.ResponseWriter, r *http.Request, v visitor) error {
	var all *export
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		var customers []customer.Customer
		if all, customers, err = s.gather(tx, v); err != nil {
			return err
		}
		for _, c := range customers {
			if err := audit.Record(tx, audit.Entry{Actor: v.actor(), Act: "mine.exported", Object: "customer:" + c.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	file, err := s.pack(all, v.lang)
	if err != nil {
		return err
	}
	kit.AsFile(w.Header(), fmt.Sprintf("mijn-gegevens-%s.zip", day.Of(all.MadeAt)))
	_, err = w.Write(file)
	return err
}

// missing says what is not in the file, why, and where to get it.
func (s *Site) missing(lang words.Lang) (list []string) {
	for _, m := range []struct {
		key  string
		args []any
	}{
		{"mine.x_not_account", []any{kit.Absolute(s.Doors.Login, "/")}},
		{"mine.x_not_reading", []any{kit.Absolute(s.Doors.Reading, "/mijn-boeken")}},
		{"mine.x_not_letters", nil},
	} {
		list = append(list, s.Words.Text(lang, m.key, m.args...))
	}
	return list
}

// pack makes the file.
func (s *Site) pack(all *export, lang words.Lang) ([]byte, error) {
	data := struct {
		*export
		Missing []string `json:"not_included"`
	}{all, s.missing(lang)}
	machine, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return nil, err
	}
	var person bytes.Buffer
	if err := s.readout.ExecuteTemplate(&person, "gegevens.html", readout{Lang: lang, Data: all, Missing: data.Missing, words: s.Words}); err != nil {
		return nil, err
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, half := range []struct {
		name    string
		content []byte
	}{{"gegevens.html", person.Bytes()}, {"gegevens.json", machine}} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: half.name, Method: zip.Deflate, Modified: all.MadeAt})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(half.content); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// readout is the export as a person reads it, in a file that needs no other.
type readout struct {
	Lang    words.Lang
	Data    *export
	Missing []string // what is not in the file
	words   *words.Catalogue
}

// chapter is what is said about one subject: things, each with labelled lines.
type chapter struct {
	Key   string
	Items [][]line
}

type line struct {
	Key   string // message key of the label
	Value any
}

func (o readout) T(key string, args ...any) string { return o.words.Text(o.Lang, key, args...) }

// Fields are the names of what was typed into a form, in order.
func (readout) Fields(f exportForm) []string { return slices.Sorted(maps.Keys(f.Fields)) }

// Write writes a value; "" is nothing to show.
func (o readout) Write(value any) string {
	switch v := value.(type) {
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return day.Moment(v, o.Lang)
	case bool:
		if v {
			return o.T("kit.yes")
		}
		return o.T("kit.no")
	case nil:
		return ""
	}
	return o.words.Write(o.Lang, value)
}

// code is the word for a code; one without a word is shown as it is.
func (o readout) code(kind, code string) string {
	if key := "mine.code." + kind + "." + code; code != "" && o.words.Has(key) {
		return o.T(key)
	}
	return code
}

// Chapters are what one library holds.
func (o readout) Chapters(e *exportShelf) []chapter {
	p := e.Person
	person := []line{{"mine.x_number", p.Number}, {"mine.x_branch", p.Branch}, {"mine.x_initials", p.Initials}, {"mine.x_prefix", p.Prefix},
		{"mine.x_last_name", p.LastName}, {"mine.x_first_name", p.FirstName}, {"mine.x_birth", p.Birth},
		{"mine.x_address", strings.TrimSpace(p.Street+" "+p.House) + ", " + strings.TrimSpace(p.Postcode+" "+p.Place) + ", " + o.T("country."+p.Country)},
		{"mine.x_address_checked", p.AddressChecked}, {"mine.x_email", p.Email}, {"mine.x_phone", p.Phone}, {"mine.x_lang", o.code("lang", p.Lang)},
		{"mine.x_iban", p.IBAN}, {"mine.x_bic", p.BIC}, {"mine.x_identity", p.IdentityChecked}, {"mine.x_identity_at", p.IdentityAt},
		{"mine.x_linked", p.LinkedAt}, {"mine.x_registered", p.RegisteredAt}, {"mine.x_changed", p.ChangedAt}}
	list := []chapter{{"mine.x_person", [][]line{person}}}
	if g := e.Guardian; g != nil {
		list = append(list, chapter{"mine.x_guardian", [][]line{{{"mine.x_name", g.Name}, {"mine.x_email", g.Email}}}})
	}
	list = append(list,
		chapter{"mine.x_numbers", each(e.Numbers, func(n exportNumber) []line {
			return []line{{"mine.x_number", n.Number}, {"mine.x_state", o.code("number", n.State)}, {"mine.x_given", n.GivenAt}, {"mine.x_ended", n.EndedAt}}
		})},
		chapter{"mine.x_memberships", each(e.Memberships, func(m exportMembership) []line {
			return []line{{"mine.x_membership", m.Code + " " + m.Name}, {"mine.x_digital", m.Digital}, {"mine.x_physical", m.Physical}, {"mine.x_first_day", m.FirstDay},
				{"mine.x_valid_through", m.ValidThrough}, {"mine.x_last_day", m.LastDay}, {"mine.x_reason", o.code("end", m.EndReason)}, {"mine.x_started", m.StartedAt}}
		})},
		chapter{"mine.x_contracts", each(e.Contracts, o.contract)},
		chapter{"mine.x_account", append(each(e.Postings, func(p exportPosting) []line {
			return []line{{"mine.x_when", p.At}, {"mine.x_what", o.code("posting", p.Kind)}, {"mine.x_amount", money.Cents(p.Cents)}, {"mine.x_about", p.Text},
				{"mine.x_method", o.code("method", p.Method)}}
		}), []line{{"mine.x_balance", money.Cents(e.Balance)}})},
		chapter{"mine.x_newsletter", each(e.Newsletter, func(c exportSaid) []line {
			return []line{{"mine.x_when", c.At}, {"mine.x_what", o.code("news", c.Act)}, {"mine.x_email", c.Address}, {"mine.x_channel", o.code("channel", c.Channel)},
				{"mine.x_text", c.TextShown}, {"mine.x_text_version", c.TextVersion}}
		})},
		chapter{"mine.x_requests", each(e.Requests, func(t exportRequest) []line {
			lines := []line{{"mine.x_what", o.T("task.kind." + t.Kind)}, {"mine.x_when", t.OpenedAt}, {"mine.x_done", t.DoneAt}, {"mine.x_note", t.Note}}
			for _, f := range t.Facts {
				lines = append(lines, line{f.Key, f.Value})
			}
			return lines
		})},
		chapter{"mine.x_remarks", each(e.Remarks, func(r exportRemark) []line { return []line{{"mine.x_when", r.At}, {"mine.x_note", r.Text}} })},
		chapter{"mine.x_log", each(e.Log, func(a exportAct) []line {
			return []line{{"mine.x_when", a.At}, {"mine.x_what", o.code("act", a.Act)}, {"mine.x_detail", a.Detail}}
		})})
	return list
}

// contract is an order with each payment and each repayment on a line.
func (o readout) contract(c exportContract) []line {
	lines := []line{{"mine.x_membership", c.Membership}, {"mine.x_price", money.Cents(c.PriceCents)}, {"mine.x_begun", c.BegunAt}, {"mine.x_ordered", c.OrderedAt},
		{"mine.x_made", c.MadeAt}, {"mine.x_conditions", c.TextVersion}, {"mine.x_withdraw_until", c.WithdrawUntil}, {"mine.x_withdrawn", c.WithdrawnAt}}
	told := func(cents int64, parts ...string) string {
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
		return money.Cents(cents).String() + " · " + strings.Join(parts, " · ")
	}
	for _, p := range c.Payments {
		lines = append(lines, line{"mine.x_payment", told(p.Cents, o.code("payment", p.State), o.Write(p.BegunAt), p.Method, p.Provider, p.ProviderID)})
		if p.ChargedBackCents > 0 {
			lines = append(lines, line{"mine.x_charged_back", money.Cents(p.ChargedBackCents)})
		}
		for _, f := range p.Refunds {
			lines = append(lines, line{"mine.x_refund", told(f.Cents, o.code("refund", f.State), o.Write(f.WantedAt))})
		}
	}
	return lines
}
