package account_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

func TestCountingAgreesWithLookingAtEach(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var ids []string
		for range 3 { // expired, and the job was here
			id, _ := h.open(fmt.Sprint("gone-", len(ids)), "gone@example.nl")
			ids = append(ids, id)
		}
		h.pass(24 * time.Hour)
		h.in(h.Expire)
		id, _ := h.open("overdue", "overdue@example.nl") // expired, and the job is late
		ids = append(ids, id, h.active("active", "active@example.nl", good))
		h.pass(24 * time.Hour)
		id, _ = h.open("waiting", "waiting@example.nl")
		ids = append(ids, id)
		for range 600 { // never were, and more than one statement takes
			ids = append(ids, secret.NewID())
		}
		h.in(func(tx *sqldb.Tx) error {
			want := map[account.State]int{}
			for _, id := range ids {
				status, err := h.State(tx, id)
				if err != nil {
					return err
				}
				want[status.State]++
			}
			got, err := h.Count(tx, ids)
			if !maps.Equal(got, want) || want[account.Expired] != 4 || want[account.Active] != 1 || want[account.Waiting] != 1 {
				t.Errorf("counted %v, looked at %v", got, want)
			}
			return err
		})
	})
}
