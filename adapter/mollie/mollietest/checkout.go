package mollietest

import (
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed checkout.html
var checkoutText string

var checkoutPage = template.Must(template.New("checkout").Parse(checkoutText))

// showCheckout is GET /checkout/{id}: the page on which the payer says how it went.
func (s *Server) showCheckout(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	checkoutPage.Execute(w, struct {
		Payment
		Euros string
		Open  bool
	}{p, p.Cents.String(), p.live()})
}

// pressCheckout is POST /checkout/{id} with the word of a button. A payment that
// ended stays as it is: the payer goes back to the library whatever they press.
func (s *Server) pressCheckout(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("id"))
	act, known := map[string]func(string) bool{
		"betaald": s.payOpen, "mislukt": s.Fail, "geannuleerd": s.Cancel, "verlopen": s.Expire,
	}[r.PostFormValue("outcome")]
	switch {
	case !ok:
		http.NotFound(w, r)
		return
	case !known:
		http.Error(w, "outcome: betaald, mislukt, geannuleerd, verlopen", http.StatusBadRequest)
		return
	}
	act(p.ID)
	http.Redirect(w, r, p.RedirectURL, http.StatusSeeOther)
}

// payOpen is Pay for somebody at the page, where a payment that ended cannot be
// paid any more.
func (s *Server) payOpen(id string) bool { return s.become(id, "paid", alive) }

func (s *Server) find(id string) (Payment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.payments[id]
	if !ok {
		return Payment{}, false
	}
	return p.Payment, true
}
