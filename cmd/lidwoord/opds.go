package main

import (
	"context"
	"net/http"

	"lidwoord/base/secret"
	"lidwoord/identity/signon"
	"lidwoord/reading/device"
	"lidwoord/reading/index"
	"lidwoord/web/kit"
	"lidwoord/web/opds"
)

// opds is the door for reader apps. Who comes in there, and the copy that they take
// along, are those of the Online Bibliotheek in a browser.
func (h *house) opds(common *kit.House, titles *index.Index) http.Handler {
	issuer := h.doors.OIDC.String()
	return opds.New(common, opds.Settings{Index: titles, Loans: h.loans, Stacks: h.stacks, Readers: readersOfApps{h.reading.Apps}, Cover: h.stacks.OpenCover, Copy: h.reading.SendCopy,
		OAuth: &opds.OAuth{Issuer: issuer, Metadata: issuer + signon.PathDiscovery, Authorize: issuer + signon.PathAuthorize, Token: issuer + signon.PathToken,
			ClientID: appsClient, Redirect: appsRedirect, Scope: "openid " + signon.ScopeReading + " " + signon.ScopeOffline},
	}).Handler()
}

// readersOfApps finds the readers behind apps for their door.
type readersOfApps struct{ *device.Readers }

var _ opds.Readers = readersOfApps{}

func (r readersOfApps) ByPassword(ctx context.Context, name string, password secret.Token, network string) (opds.Reader, error) {
	in, err := r.Enter(ctx, name, password, network)
	return opds.Reader{ID: in.Reader, Rights: in.Rights}, err
}

func (r readersOfApps) ByToken(ctx context.Context, token secret.Token, network string) (opds.Reader, error) {
	in, err := r.ByBearer(ctx, token, network)
	return opds.Reader{ID: in.Reader, Rights: in.Rights}, err
}
