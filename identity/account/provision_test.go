package account_test

import (
	"slices"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

func TestProvisioningFindsAccountsThatLiveAndThatAreRemembered(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		active := h.active("25280000001241", "piet@example.nl", good)
		expired, _ := h.open("25280000001233", "zoe@example.nl")
		h.pass(24 * time.Hour)
		h.in(h.Expire)
		waiting, _ := h.open("Wacht.Even", "zoe@EXAMPLE.nl")
		h.in(func(tx *sqldb.Tx) error {
			for name, want := range map[string]string{"25280000001241": active, "25280000001233": expired, "wacht.EVEN": waiting, "niemand": ""} {
				if id, ok, err := h.Named(tx, name); err != nil || id != want || ok != (want != "") {
					t.Errorf("Named(%q) = %q, %v, %v", name, id, ok, err)
				}
			}
			for email, want := range map[string][]string{"zoe@example.nl": {waiting}, "piet@example.nl": nil, "x@example.nl": nil} {
				if ids, err := h.WaitingAt(tx, email); err != nil || !slices.Equal(ids, want) {
					t.Errorf("WaitingAt(%q) = %v, %v", email, ids, err)
				}
			}
			_, err := h.WaitingAt(tx, "geen adres")
			h.want(err, account.ErrEmail, "no address")
			ids := []string{active, expired, waiting, "nobody"}
			states, err := h.States(tx, ids)
			if err != nil {
				return err
			}
			for _, id := range ids { // one by one and all at once are the same
				if one, err := h.State(tx, id); err != nil || one != states[id] {
					t.Errorf("State(%s) = %+v, %v; States says %+v", id, one, err, states[id])
				}
			}
			none, err := h.States(tx, nil)
			if len(none) != 0 {
				t.Errorf("States of nobody: %v", none)
			}
			return err
		})
	})
}
