package mollie

import "net/url"

// ReadWebhook reads the form that Mollie posts when something changed: one
// field, the name of the payment. It carries no state and no signature, so it
// proves nothing. Whoever gets it fetches the payment with Outcome, and answers
// a stranger's payment as any other.
func ReadWebhook(form url.Values) (id string, ok bool) {
	ids := form["id"]
	if len(ids) != 1 || !paymentShape.MatchString(ids[0]) {
		return "", false
	}
	return ids[0], true
}
