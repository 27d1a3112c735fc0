// Package migrations holds the schema of Lidwoord, one numbered step a file:
// NNNN_name.sql for both engines, or a pair NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql where they differ. Steps only go forward. The first two
// digits name the floor: 00 base, 01 library, 02 identity, 03 reading; numbers in
// between are free.
package migrations

import "embed"

//go:embed *.sql
var Files embed.FS
