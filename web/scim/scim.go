// Package scim is the door for library systems other than ours: SCIM 2.0 (RFC 7643
// and 7644) over HTTP. What the acts mean is in identity/provision.
//
//	GET              /v2/ServiceProviderConfig   what we do
//	GET              /v2/ResourceTypes           which resources there are
//	GET              /v2/Schemas                 and their attributes
//	GET POST         /v2/Users                   lists, creates or links
//	POST             /v2/Users/.search           lists, with the question in the body
//	GET PUT PATCH DELETE  /v2/Users/{id}         one user
//	GET              /v2/MembershipKinds         which kinds of membership the organisation offers
//	POST             /v2/Proofs                  mails the owner of an account a code
//	POST             /v2/Bulk, /v2/Me            say that they are not supported
//
// The first three and the last two are open; the others ask a bearer token, which
// the command "scim-token" makes. No endpoint takes a cookie, and no script of
// another site may read an answer.
package scim

import (
	"net/http"
	"net/url"
	"strings"

	"lidwoord/base/throttle"
	"lidwoord/identity/provision"
	"lidwoord/web/kit"
)

// Site is the door.
type Site struct {
	*kit.House
	Provisioner provision.Provisioner
	base        *url.URL
	programs    *throttle.Pace
	strangers   *throttle.Pace
}

// New makes the door.
func New(house *kit.House, p provision.Provisioner) *Site {
	return &Site{House: house, Provisioner: p, base: house.Doors.SCIM, programs: programPace(), strangers: strangerPace()}
}

// Handler is the whole door.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	at := func(path string, e endpoint) {
		mux.Handle(strings.TrimSuffix(s.base.Path, "/")+path, s.machine(e))
	}
	at("/v2/ServiceProviderConfig", endpoint{"GET": {open, s.config}})
	at("/v2/ResourceTypes", endpoint{"GET": {open, s.resourceTypes}})
	at("/v2/ResourceTypes/{id}", endpoint{"GET": {open, s.resourceType}})
	at("/v2/Schemas", endpoint{"GET": {open, s.schemas}})
	at("/v2/Schemas/{id}", endpoint{"GET": {open, s.schema}})
	at("/v2/Users", endpoint{"GET": {provision.Read, s.list}, "POST": {provision.Write, s.create}})
	at("/v2/Users/.search", endpoint{"POST": {provision.Read, s.search}})
	at("/v2/.search", endpoint{"POST": {provision.Read, s.search}})
	at("/v2/Users/{id}", endpoint{"GET": {provision.Read, s.get}, "PUT": {provision.Write, s.put},
		"PATCH": {provision.Write, s.patch}, "DELETE": {provision.Write, s.remove}})
	at("/v2/MembershipKinds", endpoint{"GET": {provision.Read, s.kinds}})
	at("/v2/MembershipKinds/{id}", endpoint{"GET": {provision.Read, s.kind}})
	at("/v2/Proofs", endpoint{"POST": {provision.Write, s.ask}})
	at("/v2/Bulk", endpoint{"POST": {open, unsupported}})
	at("/v2/Me", endpoint{"GET": {open, unsupported}, "POST": {open, unsupported}, "PUT": {open, unsupported}, "PATCH": {open, unsupported}, "DELETE": {open, unsupported}})
	at("/", endpoint{"": {open, nowhere}})
	return mux
}

// location is the full address of a resource.
func (s *Site) location(path string) string { return kit.Absolute(s.base, "/v2"+path) }

func unsupported(http.ResponseWriter, *request) error { return errUnsupported }

func nowhere(http.ResponseWriter, *request) error { return errNowhere }
