// Package migrations holds the schema of Lidwoord, one numbered step a file:
// NNNN_name.sql for both engines, or a pair NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql where they differ. Steps only go forward.
package migrations

import "embed"

//go:embed *.sql
var Files embed.FS
