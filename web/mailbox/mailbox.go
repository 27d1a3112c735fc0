// Package mailbox shows the mail of the demo, which goes nowhere else. It opens
// in the demo only: whoever reads other people's mail can take over their
// accounts.
//
//	/dev/mail        the letters, newest first
//	/dev/mail/ID     one letter, its text and its HTML part
//	/dev/mail.json   the letters that went out, for scripts
package mailbox

import (
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

//go:embed pages assets
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// ErrNoLetter is the answer to a number that no letter has (any more).
var ErrNoLetter = fault.New(fault.NotFound, "mailbox.no_letter")

// Site is the mail page of the demo.
type Site struct{ *kit.Site }

// New makes the door. It refuses a house that is no demo.
func New(house *kit.House) (*Site, error) {
	if !house.Demo {
		return nil, errors.New("the mail page opens in the demo only")
	}
	s, err := kit.New(house, "mailbox", files)
	if err != nil {
		return nil, err
	}
	return &Site{Site: s}, nil
}

// Routes is the site map of this door. The last address lies beside the door's
// own and not below it, as scripts expect it.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.list)
	m.Page("GET /{id}", s.letter)
	m.Page("GET .json", s.json)
}

// listMost is how many letters are shown; a demo that runs for weeks has many.
const listMost = 200

type listPage struct{ Letters []outbox.Letter }

func (s *Site) list(w http.ResponseWriter, r *http.Request) error {
	letters, err := s.recent(r)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "list", listPage{Letters: letters})
}

type letterPage struct {
	Letter outbox.Letter
	Text   []piece
	Sheet  string // the HTML part, for the srcdoc of a frame
}

func (s *Site) letter(w http.ResponseWriter, r *http.Request) error {
	var letter outbox.Letter
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		found, ok, err := outbox.Find(tx, r.PathValue("id"))
		if err == nil && !ok {
			err = ErrNoLetter
		}
		letter = found
		return err
	})
	if err != nil {
		return err
	}
	// Letters carry their style inside, as mail programs want it, and the frame
	// takes over the policy of this page. Scripts stay out by that policy, and by
	// the sandbox.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "+
		"img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'self'")
	return s.Show(w, r, http.StatusOK, "letter", letterPage{Letter: letter, Text: pieces(letter.Mail.Text), Sheet: sheet(letter.Mail.HTML)})
}

// sheet makes links in the letter open in the whole window: the pages they lead
// to refuse to be shown in a frame.
func sheet(html string) string {
	return strings.Replace(html, "<head>", `<head><base target="_top">`, 1)
}

// A piece of a plain text is a link when it begins as one, as in mail programs.
type piece struct{ Words, Link string }

func pieces(text string) (list []piece) {
	for text != "" {
		at := strings.Index(text, "http")
		if at < 0 || !strings.HasPrefix(text[at:], "http://") && !strings.HasPrefix(text[at:], "https://") {
			if at < 0 || at+4 >= len(text) {
				return append(list, piece{Words: text})
			}
			list = append(list, piece{Words: text[:at+4]})
			text = text[at+4:]
			continue
		}
		end := len(text)
		if n := strings.IndexAny(text[at:], " \t\r\n<>\""); n >= 0 {
			end = at + n
		}
		link := strings.TrimRight(text[at:end], ".,;:!?)")
		if at > 0 {
			list = append(list, piece{Words: text[:at]})
		}
		list = append(list, piece{Link: link})
		text = text[at+len(link):]
	}
	return list
}

// sent is one letter of mail.json.
type sent struct {
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	SentAt  time.Time `json:"sent_at"`
}

func (s *Site) json(w http.ResponseWriter, r *http.Request) error {
	letters, err := s.recent(r)
	if err != nil {
		return err
	}
	list := []sent{} // an empty list is [], not null
	for _, l := range letters {
		if l.State == outbox.Sent {
			list = append(list, sent{To: l.Mail.To, Subject: l.Mail.Subject, Text: l.Mail.Text, HTML: l.Mail.HTML, SentAt: l.SentAt})
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // so that a link can be copied from it
	return out.Encode(list)
}

func (s *Site) recent(r *http.Request) (letters []outbox.Letter, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		letters, err = outbox.Recent(tx, listMost)
		return err
	})
	return letters, err
}
