package throttle

import "embed"

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS
