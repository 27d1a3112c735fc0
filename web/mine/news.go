package mine

import (
	"net/http"
	"slices"
	"strings"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/newsletter"
	"lidwoord/web/kit"
)

// newsCard is how a customer stands with the newsletter.
type newsCard struct {
	Boxes   []newsletter.Subscriber // that get or await it
	Address string                  // that may be added, "" for none
	NoEmail bool                    // the library knows no address at all
	Parent  bool                    // too young to say yes alone
	Text    string                  // what is consented to, word for word
	Version string
}

func newsOf(tx *sqldb.Tx, v visitor, who customer.Customer) (newsCard, error) {
	n := newsCard{Text: newsletter.Text(v.lang), Version: newsletter.TextVersion, NoEmail: who.Email == "", Parent: newsletter.MayConsent(ageOf(tx, who)) != nil}
	all, err := newsletter.Mailboxes(tx, who.ID)
	if err != nil {
		return n, err
	}
	for _, box := range all {
		if box.Wanted() {
			n.Boxes = append(n.Boxes, box)
		}
	}
	gets := func(b newsletter.Subscriber) bool { return strings.EqualFold(b.Address, who.Email) }
	if !n.NoEmail && !n.Parent && !slices.ContainsFunc(n.Boxes, gets) {
		n.Address = who.Email
	}
	return n, nil
}

// ageOf is how old a customer is today; who came without a birth date (by an
// import) counts as a child, which only the newsletter asks.
func ageOf(tx *sqldb.Tx, who customer.Customer) int {
	if who.Birth == "" {
		return 0
	}
	return who.Birth.Age(day.Of(tx.Now))
}

// errText means that the sentence that was agreed to is no longer the one.
var errText = fault.New(fault.Conflict, "mine.news_changed")

func (s *Site) news(w http.ResponseWriter, r *http.Request, v visitor) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	said, to := "mine.news_stopped", "" // what the next page says, and of which address
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		who, err := v.customer(tx, r.PathValue("customer"))
		if err != nil {
			return err
		}
		if !form.Is("wil", "ja") {
			return s.stopNews(tx, v, who, form.Get("adres"))
		}
		// The consent is to the words that stood on the page.
		lang, known := words.Read(form.Get("taal"))
		if !known || form.Get("versie") != newsletter.TextVersion {
			return errText
		}
		if err := s.askNews(tx, v, who, lang, throttle.Network(r.RemoteAddr)); err != nil {
			return err
		}
		said, to = "mine.news_started", who.Email
		now, err := newsOf(tx, v, who)
		if slices.ContainsFunc(now.Boxes, func(b newsletter.Subscriber) bool { return b.Waits() && strings.EqualFold(b.Address, to) }) {
			said = "mine.news_asked"
		}
		return err
	})
	if err != nil {
		return err
	}
	s.SetFlash(w, said, to)
	return s.Redirect(w, r, "/")
}

// askNews says yes for the address that the library writes to. When the sign-on
// says that this very address was confirmed, no letter has to ask it again.
func (s *Site) askNews(tx *sqldb.Tx, v visitor, who customer.Customer, lang words.Lang, network string) error {
	ask := newsletter.Asking{
		OrganisationID: who.OrganisationID, CustomerID: who.ID, Age: ageOf(tx, who), Address: who.Email, Lang: lang,
		TextVersion: newsletter.TextVersion, TextShown: newsletter.Text(lang), Channel: newsletter.Web, Network: network,
		Confirmed: v.EmailVerified && strings.EqualFold(v.Email, who.Email),
	}
	if ask.Confirmed {
		ask.Network = ""
	}
	if err := s.Registrations.Enrol.News.Ask(tx, ask); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: v.actor(), Act: "mine.newsletter_on", Object: "customer:" + who.ID})
}

// stopNews is a no, as easy as the yes and without a reason (Telecommunicatiewet
// art. 11.7).
func (s *Site) stopNews(tx *sqldb.Tx, v visitor, who customer.Customer, address string) error {
	if err := newsletter.OptOut(tx, newsletter.Consent{CustomerID: who.ID, Address: address, Channel: newsletter.Web}); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: v.actor(), Act: "mine.newsletter_off", Object: "customer:" + who.ID})
}
