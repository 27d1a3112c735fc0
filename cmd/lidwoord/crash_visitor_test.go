package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/adapter/mollie/mollietest"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/web/party"
)

// crowd is everybody who comes to enrol while the server dies and comes back.
type crowd struct {
	t        testing.TB
	house    *house // of this process: it has the database and the sentences, and serves nobody
	mollie   *mollietest.Server
	bank     string // address of the payment service
	at       string // address of the server
	web      *http.Client
	says     map[string]string // the sentences that a visitor goes by
	hash     string
	requests atomic.Int64
	cut      atomic.Int64

	mu    sync.Mutex
	came  []*joiner
	spare []*joiner
}

// joiner is one visitor with a browser that is signed in.
type joiner struct {
	*crowd
	account, username, email string
	surname, birth           string // nobody has the same
	postcode, house          string
	network                  string
	cookies                  string
	plan                     plan

	// What the server told.
	member    bool   // Je bent nu lid
	withdrawn bool   // Je overeenkomst is herroepen, or a receipt of a statement
	number    string // customer number
}

func newCrowd(t testing.TB, h *house, mollie *mollietest.Server, bank, at string) *crowd {
	t.Helper()
	sentences, err := allWords()
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{t: t, house: h, mollie: mollie, bank: bank, at: at, says: map[string]string{}}
	for _, key := range []string{"signup.now_member", "signup.is_member", "signup.was_member", "signup.waiting", "signup.surplus", "signup.over_failed", "signup.over_cancelled",
		"signup.over_expired", "mine.outcome_withdrawn", "mine.outcome_again", "mine.stated_title"} {
		c.says[key] = "<h1>" + sentences.Text(words.NL, key) + "</h1>"
	}
	c.web = &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4 * atOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(c.web.CloseIdleConnections)
	if c.hash, err = password.Hash(t.Context(), onlinePassword); err != nil {
		t.Fatal(err)
	}
	return c
}

// next is the next visitor. They come with a login account and signed in, as the
// run is about what happens after that; so their rows are written at once, all
// with the one hash that is dear to make and that nobody uses here.
func (c *crowd) next() *joiner {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spare) == 0 {
		err := c.house.db.InTx(c.t.Context(), func(tx *sqldb.Tx) error {
			c.spare = nil
			for range 8 * atOnce {
				j, err := c.settle(tx)
				if err != nil {
					return err
				}
				c.spare = append(c.spare, j)
			}
			return nil
		})
		if err != nil {
			c.t.Errorf("no visitors: %v", err)
			return &joiner{crowd: c, plan: func(*joiner) {}}
		}
	}
	j := c.spare[0]
	c.spare = c.spare[1:]
	c.came = append(c.came, j)
	return j
}

func (c *crowd) settle(tx *sqldb.Tx) (*joiner, error) {
	name := strings.ToLower(secret.NewID()[:12])
	j := &joiner{
		crowd: c, account: secret.NewID(), username: name, email: name + "@" + name + ".example", surname: surname(),
		birth:    fmt.Sprintf("%d-%d-%d", 1+rand.IntN(28), 1+rand.IntN(12), 1940+rand.IntN(60)),
		postcode: fmt.Sprintf("%04d XZ", 1000+rand.IntN(8999)), house: fmt.Sprint(1 + rand.IntN(999)),
		network: fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256)), plan: choosePlan(),
	}
	_, err := tx.Exec(`
		INSERT INTO account (id, username, username_key, email, lang, library, self_made, client_id, target, password, opened_at, confirmed_at, activated_at)
		VALUES ($1, $2, $2, $3, 'nl', 'Bind bibliotheken', TRUE, '', '', $4, $5, $5, $5)`, j.account, name, j.email, c.hash, tx.Now)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(party.Person{Account: j.account, Username: j.username, Email: j.email, EmailVerified: true})
	if err != nil {
		return nil, err
	}
	var cookies []string
	for _, door := range []string{"signup", "mine"} {
		token, _, err := session.Start(tx, session.Session{Door: door, Subject: j.account, Data: string(data), Idle: time.Hour})
		if err != nil {
			return nil, err
		}
		cookies = append(cookies, "lidwoord-"+door+"-sessie="+string(token))
	}
	j.cookies = strings.Join(cookies, "; ")
	return j, nil
}

// surname is one that nobody else has.
func surname() string {
	name := make([]byte, 10)
	for i := range name {
		name[i] = "abcdefghijklmnoprstuvwz"[rand.IntN(23)]
	}
	return strings.ToUpper(string(name[:1])) + string(name[1:])
}

// count fills in what the crowd and the payment service saw.
func (c *crowd) count(f *figures) {
	f.requests, f.cut, f.came = int(c.requests.Load()), int(c.cut.Load()), len(c.came)
	for _, call := range c.mollie.Calls() {
		f.sent++
		if call.Status == http.StatusOK {
			f.heard++
		}
	}
}

// answer is what a browser got.
type answer struct {
	status int
	to     string // where it is sent on
	body   string
}

// says reports whether the page has a heading.
func (a answer) says(c *crowd, keys ...string) bool {
	for _, key := range keys {
		if strings.Contains(a.body, c.says[key]) {
			return true
		}
	}
	return false
}

// patience is how long a visitor tries.
const patience = time.Minute

// ask sends a request, and again when the line breaks: whoever sees no page
// presses the button once more. Nobody knows whether the first was heard.
func (j *joiner) ask(method, address string, form url.Values) (a answer) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10*time.Millisecond + rand.N(40*time.Millisecond)) {
		r, err := http.NewRequestWithContext(j.t.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			j.t.Error(err)
			return a
		}
		r.Header.Set("X-Forwarded-For", j.network)
		if strings.HasPrefix(address, j.at) {
			r.Header.Set("Cookie", j.cookies)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			j.requests.Add(1)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := j.web.Do(r)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(res.Body)
			res.Body.Close()
			a = answer{res.StatusCode, res.Header.Get("Location"), string(body)}
		}
		if err == nil {
			if a.status == http.StatusInternalServerError {
				j.t.Errorf("%s %s is answered 500", method, address)
			}
			if a.to != "" {
				if base, err := url.Parse(address); err == nil {
					if to, err := base.Parse(a.to); err == nil {
						a.to = to.String()
					}
				}
			}
			return a
		}
		if j.t.Context().Err() != nil { // the test ended early
			runtime.Goexit()
		}
		j.cut.Add(1)
	}
	j.t.Errorf("%s %s was never answered", method, address)
	return a
}

func (j *joiner) page(path string) string { return j.at + "/inschrijven/bind" + path }

func (j *joiner) get(address string) answer { return j.ask(http.MethodGet, address, nil) }

func (j *joiner) post(address string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return j.ask(http.MethodPost, address, form)
}

// fill fills the form in, page by page.
func (j *joiner) fill(code string) {
	j.step("/"+code, "")
	j.step("/aanvraag/naam", "voorletters", "E.B.", "achternaam", j.surname)
	date := strings.Split(j.birth, "-")
	j.step("/aanvraag/geboortedatum", "dag", date[0], "maand", date[1], "jaar", date[2])
	if date[2] > "2011" {
		j.step("/aanvraag/ouder", "ouder", "Anna "+j.surname, "ouderemail", "ouder."+j.email)
	}
	j.step("/aanvraag/adres", "land", "NL", "postcode", j.postcode, "huisnummer", j.house,
		"straat", "Kruisstraat", "plaats", []string{"Annen", "Assen", "Emmen", "Zwolle"}[rand.IntN(4)])
	j.step("/aanvraag/contact", "email", j.email)
}

func (j *joiner) step(path string, pairs ...string) (to string) {
	a := j.post(j.page(path), pairs...)
	if a.status != http.StatusSeeOther {
		j.t.Errorf("%s of the form is answered %d:\n%.2000s", path, a.status, a.body)
	}
	return a.to
}

var digestOnPage = regexp.MustCompile(`name="gezien" value="([^"]*)"`)

// order presses Bestellen en betalen, sometimes three times at once, and returns
// where it leads. All presses lead to the same page.
func (j *joiner) order() (to string) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(rand.N(100 * time.Millisecond)) {
		check := j.get(j.page("/aanvraag/controle"))
		if check.status == http.StatusSeeOther {
			return j.page("/aanvraag/lid") // a member by now: an earlier payment came in
		}
		digest := ""
		if m := digestOnPage.FindStringSubmatch(check.body); m != nil {
			digest = m[1]
		}
		answers := make([]answer, 1)
		if rand.IntN(4) == 0 {
			answers = make([]answer, 3)
		}
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = j.post(j.page("/aanvraag/controle"), "gezien", digest) })
		}
		all.Wait()
		for _, a := range answers {
			switch {
			case a.status != http.StatusSeeOther, a.to == j.page("/aanvraag/controle"): // something stands in the way: press again
			case to == "":
				to = a.to
			case to != a.to && strings.HasPrefix(to, j.bank) && strings.HasPrefix(a.to, j.bank):
				j.t.Errorf("one order led to two payments, %s and %s", to, a.to)
			}
		}
		if to != "" {
			return to
		}
	}
	j.t.Error("an order came to nothing")
	return ""
}

// pay chooses on the page of the payment service, and returns where that leads.
// It returns "" when the order did not lead there.
func (j *joiner) pay(checkout, outcome string) (back string) {
	if !strings.HasPrefix(checkout, j.bank) {
		j.land(checkout)
		return ""
	}
	if a := j.get(checkout); a.status != http.StatusOK {
		j.t.Errorf("the page to pay on is answered %d", a.status)
	}
	return j.post(checkout, "outcome", outcome).to
}

// land opens the page to which a registration led, and looks again until it tells.
func (j *joiner) land(address string) {
	if address == "" {
		return
	}
	for began := time.Now(); time.Since(began) < patience/4; time.Sleep(30*time.Millisecond + rand.N(60*time.Millisecond)) {
		a := j.get(address)
		switch {
		case a.status == http.StatusSeeOther:
			address = a.to
		case a.status != http.StatusOK:
			j.t.Errorf("the page after paying is answered %d:\n%.1000s", a.status, a.body)
			return
		case a.says(j.crowd, "signup.now_member"):
			j.member = true
			j.thinkAgain(a)
			return
		case a.says(j.crowd, "signup.surplus", "signup.over_failed", "signup.over_cancelled", "signup.over_expired", "signup.is_member", "signup.was_member"):
			return
		case !a.says(j.crowd, "signup.waiting"):
			j.t.Errorf("the page after paying says something else:\n%.2000s", a.body)
			return
		}
	} // the browser is closed; the library finds out by itself
}

var (
	withdrawOnPage = regexp.MustCompile(`/mijn/herroepen/([A-Z2-7]+)`)
	numberOnPage   = regexp.MustCompile(`signup-number">(\d+)<`)
)

// thinkAgain withdraws from some of the contracts, signed in or by a statement.
func (j *joiner) thinkAgain(a answer) {
	contract, number := withdrawOnPage.FindStringSubmatch(a.body), numberOnPage.FindStringSubmatch(a.body)
	if contract == nil || number == nil {
		j.t.Errorf("a new member is not told how to withdraw:\n%.3000s", a.body)
		return
	}
	j.number = number[1]
	if rand.IntN(6) > 0 {
		return
	}
	if rand.IntN(3) > 0 {
		a = j.post(j.at + "/mijn/herroepen/" + contract[1])
		j.withdrawn = a.status == http.StatusOK && a.says(j.crowd, "mine.outcome_withdrawn", "mine.outcome_again")
	} else {
		a = j.post(j.at+"/mijn/herroepen/bevestigen", "klantnummer", j.number, "naam", "E.B. "+j.surname, "email", j.email)
		j.withdrawn = a.status == http.StatusOK && a.says(j.crowd, "mine.stated_title")
	}
	if !j.withdrawn {
		j.t.Errorf("a withdrawal is answered %d:\n%.2000s", a.status, a.body)
	}
}
