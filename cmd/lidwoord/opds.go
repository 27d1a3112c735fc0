package main

import (
	"net/http"

	"lidwoord/reading/index"
	"lidwoord/web/kit"
	"lidwoord/web/opds"
)

// opds is the door for reader apps.
func (h *house) opds(common *kit.House, titles *index.Index) http.Handler {
	return opds.New(common, opds.Settings{Index: titles, Stacks: h.stacks}).Handler()
}
