package signon

import (
	"fmt"
	"strings"

	"lidwoord/base/sqldb"
)

// PlanOfTokens is how PostgreSQL would find n living tokens with their grants.
func PlanOfTokens(tx *sqldb.Tx, n int) (string, error) {
	digests := make([]string, n)
	for i := range digests {
		digests[i] = fmt.Sprint("digest", i)
	}
	lines, err := sqldb.Many(tx, `EXPLAIN SELECT t.digest, g.scope FROM `+livingTokens(n)+` JOIN signon_grant g ON g.id = t.grant_id WHERE g.revoked_at IS NULL`,
		nowAnd(tx, digests), scanText)
	return strings.Join(lines, "\n"), err
}
