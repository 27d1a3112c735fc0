package opds

import (
	"net/http"
	"strconv"
	"strings"

	"lidwoord/base/words"
	"lidwoord/web/kit"
)

// authType is the media type of the document that tells apps how to get in.
const authType = "application/opds-authentication+json"

// relAuth leads to that document.
const relAuth = "http://opds-spec.org/auth/document"

// authDocument is Authentication for OPDS 1.0.
type authDocument struct {
	ID             string `json:"id"`
	Title          string `json:"title"`
	Description    string `json:"description"`
	Links          []link `json:"links"`
	Authentication []flow `json:"authentication"`
	Refused        string `json:"urn:lidwoord:auth:refused,omitempty"` // why what an app brought is no good
	Problem        string `json:"urn:lidwoord:auth:problem,omitempty"` // the same for a program
}

// flow is one way in.
type flow struct {
	Type   string  `json:"type"`
	Labels *labels `json:"labels,omitempty"`
	Links  []link  `json:"links,omitempty"`

	// The flow with code and PKCE is in no published draft yet. These are the names
	// that Thorium reads.
	ClientID string `json:"client_id,omitempty"`
	Redirect string `json:"redirect_uri,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	Metadata string `json:"authorization_server,omitempty"`
	Scope    string `json:"scope,omitempty"`
}

type labels struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// auth answers the document itself, to everybody.
func (s *Site) auth(w http.ResponseWriter, r *request) error {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Vary", "Accept-Language")
	h.Set("Content-Language", string(r.lang))
	return answer(w, http.StatusOK, authType, s.authDocument(r.lang))
}

// challenge refuses who names no reader that we know, and says how to. Who brought
// something hears what is wrong with it, in the text that apps show with their form too;
// who brought nothing did nothing wrong.
func (s *Site) challenge(w http.ResponseWriter, r *request, err error) {
	h, d := w.Header(), s.authDocument(r.lang)
	bearer := `Bearer realm=` + strconv.Quote(plain(s.Brand.Name))
	if brought := r.Header.Get("Authorization"); brought != "" {
		d.Refused, d.Problem = s.sentence(err, r.lang), problemType(err)
		d.Description = d.Refused + " " + d.Description
		if scheme, _, _ := strings.Cut(brought, " "); strings.EqualFold(scheme, "Bearer") { // RFC 6750 section 3.1
			bearer += `, error="invalid_token", error_description=` + strconv.Quote(plain(d.Refused))
		}
	}
	h.Set("WWW-Authenticate", `Basic realm=`+strconv.Quote(plain(s.Brand.Name))+`, charset="UTF-8"`)
	if s.OAuth != nil {
		h.Add("WWW-Authenticate", bearer)
	}
	h["Link"] = s.way
	h.Set("Content-Language", string(r.lang))
	if err := answer(w, http.StatusUnauthorized, authType, d); err != nil {
		s.Log.DebugContext(r.Context(), "the app did not wait")
	}
}

// plain keeps what a header may hold.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}

func (s *Site) authDocument(lang words.Lang) authDocument {
	apps := kit.Absolute(s.Doors.Reading, "/leesapps")
	d := authDocument{
		ID: s.address("/auth"), Title: s.Words.Text(lang, "opds.title", s.Brand.Name), Description: s.Words.Text(lang, "opds.way_in", apps),
		Links: []link{
			{Rel: relShelf, Href: s.address("/v2/shelf"), Type: feedType},
			{Rel: "profile", Href: s.address("/v2/profile"), Type: profileType},
			{Rel: "start", Href: s.address("/v2/"), Type: feedType},
			{Rel: "register", Href: kit.Absolute(s.Doors.Signup, "/"), Type: "text/html"},
			{Rel: "help", Href: apps, Type: "text/html"},
		},
		Authentication: []flow{{Type: "http://opds-spec.org/auth/basic",
			Labels: &labels{s.Words.Text(lang, "opds.login"), s.Words.Text(lang, "opds.password")}}},
	}
	if s.Brand.Email != "" {
		d.Links = append(d.Links, link{Rel: "help", Href: "mailto:" + s.Brand.Email})
	}
	if o := s.OAuth; o != nil {
		d.Authentication = append(d.Authentication, flow{
			Type: "http://opds-spec.org/auth/oauth/authorization-code-pkce", ClientID: o.ClientID, Redirect: o.Redirect, Issuer: o.Issuer, Metadata: o.Metadata, Scope: o.Scope,
			Links: []link{
				{Rel: "authenticate", Href: o.Authorize, Type: "text/html"},
				{Rel: []string{"token", "http://opds-spec.org/auth/oauth/token"}, Href: o.Token, Type: "application/json"},
				{Rel: "refresh", Href: o.Token, Type: "application/json"},
			}})
	}
	return d
}
