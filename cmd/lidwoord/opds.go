package main

import (
	"net/http"

	"lidwoord/reading/index"
	"lidwoord/web/kit"
	"lidwoord/web/opds"
)

// opds is the door for reader apps.
func (h *house) opds(common *kit.House) http.Handler {
	return opds.New(common, opds.Settings{Index: index.New(h.db, index.Settings{Log: h.log}), Stacks: h.stacks}).Handler()
}
