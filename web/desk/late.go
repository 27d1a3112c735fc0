package desk

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// carried is a form that came after the session had ended.
type carried struct {
	Draft  string // of an enrolment; "" for a form that is on one page
	Path   string // the page to return to
	Staff  string // who had the form, as the page itself says
	Step   enrol.Step
	Values url.Values
	At     time.Time // when it came
}

const (
	carryPurpose = "desk.carry"
	keptParam    = "bewaard" // a sealed carried, in the address of the page that shows it again
)

// carryLife is how long a form may wait for its clerk: until tomorrow's first shift. What
// was typed about a customer should not lie about in an address for longer.
const carryLife = 24 * time.Hour

// A browser shows by workedCookie who worked in it last, sealed. It opens nothing, and
// outlives the session: only of that worker is a form kept that came afterwards. Without it
// anybody could have a form filled in by us for a worker whose id they know.
const (
	workedCookie  = "gewerkt"
	workedPurpose = "desk.worked"
)

// worked makes the cookie for who comes in.
func (s *Site) worked(workerID string) (string, error) {
	return s.DB.Box.Seal(workedPurpose, []byte(workerID))
}

// workedHere reports whether a worker had the last session of this browser.
func (s *Site) workedHere(r *http.Request, workerID string) bool {
	text, err := s.DB.Box.Open(workedPurpose, s.Cookie(r, workedCookie))
	return err == nil && workerID != "" && string(text) == workerID
}

// carryMost is how long a form of one page may be, sealed: it travels in an address, and
// servers in between take 8 KB. The longest, the note at a task, stays under half of it.
const carryMost = 6 << 10

// signInFirst sends a visitor without a session to the sign-in page. What a
// clerk had typed travels along, sealed: into an enrolment it is kept as a draft as soon
// as the same clerk is back, and any other form is shown again as it was. A session that
// ends in the middle of a form costs nothing.
func (s *Site) signInFirst(w http.ResponseWriter, r *http.Request) error {
	draft := r.PathValue("draft")
	if r.Method == http.MethodGet || wantsJSON(r) {
		return kit.ErrSignIn
	}
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := signInPage{Form: kit.NewForm(), Over: true}
	page.Set("vestiging", s.Cookie(r, branchCookie))
	it := carried{Path: r.URL.Path, Staff: form.Get("wie"), Values: form.Values, At: s.DB.Now()}
	var known bool
	if it.Step, known = stepOf(s.Link(""), r.URL.Path, draft); known {
		it.Draft = draft
	} else {
		it.Path, it.Values = s.Link("%s", comeBack(strings.TrimPrefix(r.URL.Path, s.Link("")), r.URL.RawQuery)), filledIn(form.Values)
		page.Undone = true
	}
	page.Back = it.Path
	if s.workedHere(r, it.Staff) && (known || len(it.Values) > 0) {
		if page.Carry, err = s.seal(it); err != nil {
			return err
		}
	}
	return s.signInPage(w, r, http.StatusUnauthorized, page)
}

// seal returns "" for a form of one page that is too long.
func (s *Site) seal(it carried) (string, error) {
	text, err := json.Marshal(it)
	if err != nil {
		return "", err
	}
	sealed, err := s.DB.Box.Seal(carryPurpose, text)
	if it.Draft == "" && len(sealed) > carryMost {
		sealed = ""
	}
	return sealed, err
}

// untyped are fields that a page fills in itself, or that serve once: neither comes back.
var untyped = []string{"wie", "doe", "opdracht", "opbouw", enrol.FieldCode}

// filledIn is what a clerk typed or chose in a form.
func filledIn(values url.Values) url.Values {
	kept := url.Values{}
	for name, list := range values {
		if slices.Contains(untyped, name) || strings.Contains(name, "wachtwoord") || strings.Join(list, "") == "" {
			continue
		}
		kept[name] = list
	}
	return kept
}

// elsewhere are the buttons that stand on another page than their own address; what
// comes behind it is where on the page.
var elsewhere = map[string]string{
	"betalen": "#betalen", "opnieuw-sturen": "#inlogaccount", "genereren": "#inlogaccount", "stoppen": "#inlogaccount", "uit": "",
}

// comeBack is the page with the button that was pressed too late. The button is
// not pressed again on the clerk's behalf: it may have been somebody else's hand.
func comeBack(path, query string) string {
	part := strings.Split(strings.TrimPrefix(path, "/"), "/")
	last := part[len(part)-1]
	switch {
	case len(part) > 2 && part[0] == "klanten":
		if where, other := elsewhere[last]; other {
			return "/klanten/" + part[1] + where
		}
		return path
	case len(part) == 4 && part[1] == "nieuw" && last == "betalen":
		if query != "" {
			query = "?" + query
		}
		return "/klant/nieuw/" + part[2] + "/klaar" + query
	case len(part) == 4 && part[1] == "nieuw", len(part) == 2 && part[0] == "taken":
		return path // Opslaan, the code of an existing account, or a task
	}
	return "/"
}

// stepOf tells which fields a posted page of a draft holds.
func stepOf(base, path, draft string) (enrol.Step, bool) {
	if draft == "" {
		return 0, false
	}
	if path == base+"/klant/snel/"+draft {
		return enrol.AllSteps, true
	}
	for _, step := range steps {
		if path == base+"/klant/nieuw/"+draft+step.path {
			return step.number, true
		}
	}
	return 0, false
}

// unpack keeps a carried form and returns the page to go on with: of the draft that it
// was meant for, or one that shows it again. A form that is not this clerk's is dropped in
// silence.
func (s *Site) unpack(tx *sqldb.Tx, sealed string, c counter) (path string, err error) {
	it, ok := s.unseal(sealed, c)
	if !ok {
		return "", nil
	}
	if it.Draft == "" {
		return withKept(it.Path, sealed), nil
	}
	d, err := enrol.OpenDraft(tx, c.clerk(), it.Draft)
	if err == nil {
		d.App.Fill(it.Step, it.Values)
		_, err = enrol.KeepDraft(tx, c.clerk(), it.Draft, d.App)
	}
	switch {
	case err == nil:
		return it.Path, nil
	case fault.KindOf(err) == fault.Internal:
		return "", err
	}
	return "", nil
}

// unseal opens what a clerk had typed today. Nobody else's opens.
func (s *Site) unseal(sealed string, c counter) (it carried, ok bool) {
	if sealed == "" {
		return it, false
	}
	text, err := s.DB.Box.Open(carryPurpose, sealed)
	if err != nil || json.Unmarshal(text, &it) != nil {
		return it, false
	}
	return it, it.Staff == c.worker.ID && s.DB.Now().Sub(it.At) < carryLife
}

// withKept puts a sealed form into the address of its page.
func withKept(page, sealed string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	q := u.Query()
	q.Set(keptParam, sealed)
	u.RawQuery = q.Encode()
	return u.String()
}

// keptForm is the form of a page as its clerk had filled it in when the session ended, or
// an empty one. It is sealed, so that a link from elsewhere fills in nothing.
//
// button is the word of the button that was pressed too late, for the notice in the form.
func (s *Site) keptForm(r *http.Request, c counter, button string) *kit.Form {
	it, ok := s.unseal(r.URL.Query().Get(keptParam), c)
	if !ok || it.Draft != "" {
		return kit.NewForm()
	}
	if page, err := url.Parse(it.Path); err != nil || page.Path != r.URL.Path {
		return kit.NewForm()
	}
	it.Values.Set(keptParam, button)
	return &kit.Form{Values: it.Values}
}
