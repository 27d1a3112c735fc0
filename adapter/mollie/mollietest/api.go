package mollietest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lidwoord/base/money"
)

// amount is money in the notation of the API.
type amount struct {
	Currency string `json:"currency"`
	Value    string `json:"value"`
}

var valueShape = regexp.MustCompile(`^([0-9]{1,7})\.([0-9]{2})$`)

// cents reads an amount, 0 when it is not in order.
func (a amount) cents() money.Cents {
	m := valueShape.FindStringSubmatch(a.Value)
	if m == nil || a.Currency != "EUR" {
		return 0
	}
	n, _ := strconv.ParseInt(m[1]+m[2], 10, 64)
	return money.Cents(n)
}

func euros(c money.Cents) amount { return amount{"EUR", fmt.Sprintf("%d.%02d", c/100, c%100)} }

var locales = []string{"", "nl_NL", "nl_BE", "en_US", "en_GB", "de_DE", "fr_FR"}

// create is POST /v2/payments.
func (s *Server) create(a ask) (int, object) {
	var o struct {
		Amount      amount          `json:"amount"`
		Description string          `json:"description"`
		RedirectURL string          `json:"redirectUrl"`
		WebhookURL  string          `json:"webhookUrl"`
		Method      string          `json:"method"`
		Locale      string          `json:"locale"`
		Metadata    json.RawMessage `json:"metadata"`
	}
	if json.Unmarshal(a.body, &o) != nil {
		return http.StatusBadRequest, refused(http.StatusBadRequest, "This is no JSON of ours.", "")
	}
	wrong := ""
	switch {
	case o.Amount.cents() == 0:
		wrong = "amount"
	case o.Description == "" || utf8.RuneCountInString(o.Description) > 255:
		wrong = "description"
	case !address(o.RedirectURL):
		wrong = "redirectUrl"
	case o.WebhookURL != "" && !address(o.WebhookURL):
		wrong = "webhookUrl"
	case !slices.Contains(locales, o.Locale):
		wrong = "locale"
	case len(o.Metadata) > 1024:
		wrong = "metadata"
	}
	if wrong != "" {
		return http.StatusUnprocessableEntity, refused(http.StatusUnprocessableEntity, "This field is missing or wrong.", wrong)
	}
	var ours struct {
		Payment string `json:"payment"`
	}
	json.Unmarshal(o.Metadata, &ours) // a stranger's may be anything
	p := &entry{metadata: o.Metadata, Payment: Payment{
		ID: id("tr_"), Key: ours.Payment, Status: "open", Cents: o.Amount.cents(), Description: o.Description, Method: o.Method,
		Locale: o.Locale, RedirectURL: o.RedirectURL, WebhookURL: o.WebhookURL, CreatedAt: s.now(),
	}}
	s.payments[p.ID] = p
	s.order = append(s.order, p.ID)
	return http.StatusCreated, show(a, p)
}

func address(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// fetch is GET /v2/payments/{id}.
func (s *Server) fetch(a ask) (int, object) {
	p, ok := s.payments[a.PathValue("id")]
	if !ok {
		return unknown()
	}
	answer := show(a, p)
	if strings.Contains(a.URL.Query().Get("embed"), "refunds") {
		var list []object
		for _, r := range slices.Backward(p.Refunds) {
			list = append(list, showRefund(a, p, r))
		}
		if list != nil {
			answer["_embedded"] = object{"refunds": list}
		}
	}
	return http.StatusOK, answer
}

func unknown() (int, object) {
	return http.StatusNotFound, refused(http.StatusNotFound, "There is no such payment.", "")
}

// show writes a payment. Names and accounts in it are what a client must not
// pass on, so there are some.
func show(a ask, p *entry) object {
	self := a.host() + "/v2/payments/" + p.ID
	links := object{"self": object{"href": self, "type": "application/hal+json"}}
	o := object{
		"resource": "payment", "id": p.ID, "mode": "test", "createdAt": p.CreatedAt.Format(time.RFC3339), "amount": euros(p.Cents),
		"description": p.Description, "method": nil, "metadata": p.metadata, "status": p.Status, "isCancelable": false,
		"profileId": "pfl_mollietest", "sequenceType": "oneoff", "redirectUrl": p.RedirectURL, "webhookUrl": p.WebhookURL,
		"details": nil, "_links": links,
	}
	if p.Method != "" {
		o["method"] = p.Method
	}
	if p.live() {
		o["expiresAt"] = p.CreatedAt.Add(15 * time.Minute).Format(time.RFC3339)
		links["checkout"] = object{"href": a.host() + "/checkout/" + p.ID, "type": "text/html"}
	}
	if p.Status == "paid" {
		o["paidAt"] = p.PaidAt.Format(time.RFC3339)
		o["amountRefunded"], o["amountRemaining"] = euros(p.refunded()), euros(p.Cents-p.refunded())
		o["details"] = object{"consumerName": "E. B. Tester", "consumerAccount": "NL91ABNA0417164300", "consumerBic": "ABNANL2A"}
	}
	if p.ChargedBack > 0 {
		o["amountChargedBack"] = euros(p.ChargedBack)
	}
	if len(p.Refunds) > 0 {
		links["refunds"] = object{"href": self + "/refunds", "type": "application/hal+json"}
	}
	return o
}

// refund is POST /v2/payments/{id}/refunds.
func (s *Server) refund(a ask) (int, object) {
	p, ok := s.payments[a.PathValue("id")]
	if !ok {
		return unknown()
	}
	var o struct {
		Amount      amount          `json:"amount"`
		Description string          `json:"description"`
		Metadata    json.RawMessage `json:"metadata"`
	}
	if json.Unmarshal(a.body, &o) != nil {
		return http.StatusBadRequest, refused(http.StatusBadRequest, "This is no JSON of ours.", "")
	}
	cents := o.Amount.cents()
	switch {
	case cents == 0 || p.Status != "paid" || cents > p.Cents-p.refunded():
		return http.StatusUnprocessableEntity, refused(http.StatusUnprocessableEntity, "This much cannot be refunded.", "amount.value")
	case utf8.RuneCountInString(o.Description) > 255:
		return http.StatusUnprocessableEntity, refused(http.StatusUnprocessableEntity, "This field is wrong.", "description")
	case slices.ContainsFunc(p.Refunds, func(r Refund) bool { return r.Cents == cents && s.now().Sub(r.CreatedAt) < RefundGuard }):
		return http.StatusConflict, refused(http.StatusConflict, "This repeats a refund of the last hour.", "")
	}
	var ours struct {
		Refund string `json:"refund"`
	}
	json.Unmarshal(o.Metadata, &ours)
	s.addRefund(p, Refund{Key: ours.Refund, Cents: cents, Description: o.Description})
	return http.StatusCreated, showRefund(a, p, p.Refunds[len(p.Refunds)-1])
}

// listRefunds is GET /v2/payments/{id}/refunds: the newest first, in pages.
func (s *Server) listRefunds(a ask) (int, object) {
	p, ok := s.payments[a.PathValue("id")]
	if !ok {
		return unknown()
	}
	most, err := strconv.Atoi(a.URL.Query().Get("limit"))
	if err != nil || most < 1 {
		most = 50
	}
	most = min(most, s.page)
	rest := slices.Clone(p.Refunds)
	slices.Reverse(rest)
	if from := a.URL.Query().Get("from"); from != "" {
		i := slices.IndexFunc(rest, func(r Refund) bool { return r.ID == from })
		if i < 0 {
			return http.StatusBadRequest, refused(http.StatusBadRequest, "There is no such refund.", "from")
		}
		rest = rest[i:]
	}
	var next any
	if len(rest) > most {
		next = object{"href": fmt.Sprintf("%s%s?from=%s&limit=%d", a.host(), a.URL.Path, rest[most].ID, most), "type": "application/hal+json"}
		rest = rest[:most]
	}
	list := []object{}
	for _, r := range rest {
		list = append(list, showRefund(a, p, r))
	}
	return http.StatusOK, object{"count": len(list), "_embedded": object{"refunds": list}, "_links": object{"next": next, "previous": nil}}
}

func showRefund(a ask, p *entry, r Refund) object {
	o := object{
		"resource": "refund", "id": r.ID, "mode": "test", "createdAt": r.CreatedAt.Format(time.RFC3339), "amount": euros(r.Cents),
		"description": r.Description, "metadata": nil, "paymentId": p.ID, "status": r.Status,
		"_links": object{"payment": object{"href": a.host() + "/v2/payments/" + p.ID, "type": "application/hal+json"}},
	}
	if r.Key != "" {
		o["metadata"] = object{"refund": r.Key}
	}
	return o
}
