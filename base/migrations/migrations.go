// Package migrations holds the schema of Lidwoord, one numbered step a file:
// NNNN_name.sql for both engines, or a pair NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql where they differ. Steps only go forward, in
// the order of their names: who adds one takes the next number, whatever room it is
// for. (The first thirty-one are in blocks: 0001 base, 0010 library, 0020 identity,
// 0030 reading.) Two steps may share a number when two people took it at once.
package migrations

import "embed"

//go:embed *.sql
var Files embed.FS
