// Package pdok looks addresses up in the Locatieserver of PDOK, the Dutch
// register of addresses as a public service.
//
//	New       makes the book of a service address
//	Book.Find answers street and place of a postcode and house number
//
// It is a convenience: customer.LookUp waits two seconds at most, and whoever
// is not found types the street by hand. The server asks, not the browser, so
// that no visitor's address travels to a third party with an IP address beside it.
package pdok

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lidwoord/library/customer"
)

// Address is where the public service answers (version 3.1).
const Address = "https://api.pdok.nl/bzk/locatieserver/search/v3_1/"

// answerMost is more than ten addresses take, and bounds what a broken or
// hostile server can make us read.
const answerMost = 256 << 10

// Book asks the service.
type Book struct {
	base   string
	client *http.Client
}

var _ customer.AddressBook = (*Book)(nil)

// New makes the book of the service at base, Address when it is "".
func New(base string) (*Book, error) {
	if base == "" {
		base = Address
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("pdok: %q is no address of a service", base)
	}
	return &Book{base: strings.TrimSuffix(base, "/") + "/", client: &http.Client{
		Timeout: 5 * time.Second, // the caller is less patient; this ends what it left behind
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the service does not move house in mid-answer
		},
	}}, nil
}

// document is the part of an answer that we use. Letter and addition are there
// only when the address has them.
type document struct {
	Street   string `json:"straatnaam"`
	Place    string `json:"woonplaatsnaam"`
	Number   int    `json:"huisnummer"`
	Letter   string `json:"huisletter"`
	Addition string `json:"huisnummertoevoeging"`
}

// Find returns street and place. When the very addition is unknown, the house
// number decides: all additions of one number stand in one street.
func (b *Book) Find(ctx context.Context, postcode string, number int, addition string) (street, place string, found bool, err error) {
	q := url.Values{
		"fq":   {"type:adres", "postcode:" + postcode, "huisnummer:" + strconv.Itoa(number)},
		"fl":   {"straatnaam woonplaatsnaam huisnummer huisletter huisnummertoevoeging"},
		"rows": {"50"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"free?"+q.Encode(), nil)
	if err != nil {
		return "", "", false, err
	}
	r.Header.Set("Accept", "application/json")
	res, err := b.client.Do(r)
	if err != nil {
		return "", "", false, fmt.Errorf("pdok: %w", withoutAddress(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", "", false, fmt.Errorf("pdok: status %d", res.StatusCode)
	}
	list, err := read(res.Body)
	if err != nil || len(list) == 0 {
		return "", "", false, err
	}
	best := list[0]
	for _, d := range list {
		if strings.EqualFold(d.Letter+d.Addition, addition) {
			best = d
			break
		}
	}
	return best.Street, best.Place, true, nil
}

// withoutAddress takes the question out of an error: it holds where a customer
// lives, and errors are logged.
func withoutAddress(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// read takes an answer apart and passes over what is no whole address.
func read(body io.Reader) ([]document, error) {
	var answer struct {
		Response struct {
			Docs []document `json:"docs"`
		} `json:"response"`
	}
	if err := json.NewDecoder(io.LimitReader(body, answerMost)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("pdok: unreadable answer: %w", err)
	}
	var whole []document
	for _, d := range answer.Response.Docs {
		if d.Street != "" && d.Place != "" {
			whole = append(whole, d)
		}
	}
	return whole, nil
}
