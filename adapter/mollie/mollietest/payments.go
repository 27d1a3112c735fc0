package mollietest

import (
	"encoding/json"
	"slices"
	"time"

	"lidwoord/base/money"
)

// Payment is one payment as a test sees it.
type Payment struct {
	ID          string
	Key         string // metadata.payment: the library's name for it
	Status      string // in Mollie's word
	Cents       money.Cents
	Description string
	Method      string // as asked for, and then as paid
	Locale      string
	RedirectURL string
	WebhookURL  string
	CreatedAt   time.Time
	PaidAt      time.Time // zero unless paid
	ChargedBack money.Cents
	Refunds     []Refund // oldest first
}

// Refund is money on its way back, or there.
type Refund struct {
	ID          string
	Key         string // metadata.refund: the library's name for it, "" for one that was made here
	Status      string // in Mollie's word
	Cents       money.Cents
	Description string
	CreatedAt   time.Time
}

// Money is what moved for one payment.
type Money struct {
	Key         string      // metadata.payment
	Paid        money.Cents // by the payer
	Refunded    money.Cents // given back, or on its way
	ChargedBack money.Cents // taken back by the payer's bank
}

// entry is a payment with the metadata as it came.
type entry struct {
	Payment
	metadata json.RawMessage
}

// gone says whether the money of a refund has left the library.
func (r Refund) gone() bool { return r.Status != "failed" && r.Status != "canceled" }

func (p Payment) refunded() (sum money.Cents) {
	for _, r := range p.Refunds {
		if r.gone() {
			sum += r.Cents
		}
	}
	return sum
}

// live says whether a payer may still end it.
func (p Payment) live() bool {
	return p.Status == "open" || p.Status == "pending" || p.Status == "authorized"
}

// Payments shows all payments, oldest first.
func (s *Server) Payments() []Payment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Payment
	for _, id := range s.order {
		p := s.payments[id].Payment
		p.Refunds = slices.Clone(p.Refunds)
		list = append(list, p)
	}
	return list
}

// Money tells by payment what moved. Whoever keeps books of the same payments
// must come to the same.
func (s *Server) Money() map[string]Money {
	all := map[string]Money{}
	for _, p := range s.Payments() {
		m := Money{Key: p.Key, Refunded: p.refunded(), ChargedBack: p.ChargedBack}
		if p.Status == "paid" {
			m.Paid = p.Cents
		}
		all[p.ID] = m
	}
	return all
}

// Pay lets the payer pay, also one whose payment had ended without money: that
// happens. It reports false for a payment that was paid, or that there is not.
func (s *Server) Pay(id string) bool {
	return s.become(id, "paid", func(p *entry) bool { return p.Status != "paid" })
}

// Fail lets a live payment fail.
func (s *Server) Fail(id string) bool { return s.become(id, "failed", alive) }

// Cancel lets the payer give up a live payment.
func (s *Server) Cancel(id string) bool { return s.become(id, "canceled", alive) }

// Expire lets a live payment run out of time.
func (s *Server) Expire(id string) bool { return s.become(id, "expired", alive) }

// SetStatus gives a payment any status, also one that no documentation knows.
func (s *Server) SetStatus(id, status string) bool {
	return s.become(id, status, func(*entry) bool { return true })
}

func alive(p *entry) bool { return p.live() }

// become changes a payment that may change, and sends the message about it.
func (s *Server) become(id, status string, may func(*entry) bool) bool {
	return s.change(id, func(p *entry) bool {
		if !may(p) {
			return false
		}
		p.Status = status
		if status == "paid" {
			p.PaidAt = s.now()
			if p.Method == "" {
				p.Method = "ideal"
			}
		}
		return true
	})
}

// change does something to a payment under the lock. Mollie is silent about a
// payment that is only open or pending.
func (s *Server) change(id string, do func(*entry) bool) bool {
	s.mu.Lock()
	p, ok := s.payments[id]
	if ok = ok && do(p); !ok {
		s.mu.Unlock()
		return false
	}
	to, silent := p.WebhookURL, p.Status == "open" || p.Status == "pending"
	s.mu.Unlock()
	if !silent {
		s.post.tell(to, id)
	}
	return true
}

// FinishRefunds lets all money that is on its way arrive.
func (s *Server) FinishRefunds() {
	for _, p := range s.Payments() {
		for _, r := range p.Refunds {
			if r.gone() && r.Status != "refunded" {
				s.SetRefundStatus(r.ID, "refunded")
			}
		}
	}
}

// FailRefund lets the money of a refund come back, as from a closed account.
func (s *Server) FailRefund(refund string) bool { return s.SetRefundStatus(refund, "failed") }

// SetRefundStatus gives a refund any status.
func (s *Server) SetRefundStatus(refund, status string) bool {
	for _, p := range s.Payments() {
		if i := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.ID == refund }); i >= 0 {
			return s.change(p.ID, func(p *entry) bool {
				p.Refunds[i].Status = status
				return true
			})
		}
	}
	return false
}

// RefundThere pays back on Mollie's own pages: the library hears of it by a
// message only. It returns the id of the refund, "" when there is not so much.
func (s *Server) RefundThere(id string, cents money.Cents) (refund string) {
	s.change(id, func(p *entry) bool {
		if p.Status != "paid" || cents <= 0 || cents > p.Cents-p.refunded() {
			return false
		}
		refund = s.addRefund(p, Refund{Cents: cents})
		return true
	})
	return refund
}

// ChargeBack lets the payer's bank take money back.
func (s *Server) ChargeBack(id string, cents money.Cents) bool {
	return s.change(id, func(p *entry) bool {
		if p.Status != "paid" || cents <= 0 || cents > p.Cents-p.ChargedBack {
			return false
		}
		p.ChargedBack += cents
		return true
	})
}

// addRefund books a refund. The lock is held.
func (s *Server) addRefund(p *entry, r Refund) string {
	r.ID, r.Status, r.CreatedAt = id("re_"), "pending", s.now()
	p.Refunds = append(p.Refunds, r)
	return r.ID
}
