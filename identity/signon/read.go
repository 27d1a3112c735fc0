package signon

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AuthorizeParams is an authorize request as it came in. Read it with
// ReadAuthorize, which sees what was said twice.
type AuthorizeParams struct {
	ClientID     string
	RedirectURI  string
	ResponseType string
	ResponseMode string
	Scope        string
	State        string
	Nonce        string
	Challenge    string // code_challenge
	Method       string // code_challenge_method
	Prompt       string
	MaxAge       string // seconds; "" asks nothing
	UILocales    string
	LoginHint    string
	Target       string // target_link_uri: our own use of a name of OpenID Connect Core section 4
	ACRValues    string
	Claims       string
	IDTokenHint  string // the person who is meant; the ID token may be expired
	Request      string // request objects we do not take
	RequestURI   string // of a request that was pushed ahead

	repeated []string // parameters that came more than once
}

// ReadAuthorize reads the query or the form of an authorize request. An empty
// parameter is one that was not sent (RFC 6749 section 3.1).
func ReadAuthorize(v url.Values) AuthorizeParams {
	a := AuthorizeParams{
		ClientID:     v.Get("client_id"),
		RedirectURI:  v.Get("redirect_uri"),
		ResponseType: v.Get("response_type"),
		ResponseMode: v.Get("response_mode"),
		Scope:        v.Get("scope"),
		State:        v.Get("state"),
		Nonce:        v.Get("nonce"),
		Challenge:    v.Get("code_challenge"),
		Method:       v.Get("code_challenge_method"),
		Prompt:       v.Get("prompt"),
		MaxAge:       v.Get("max_age"),
		UILocales:    v.Get("ui_locales"),
		LoginHint:    v.Get("login_hint"),
		Target:       v.Get("target_link_uri"),
		ACRValues:    v.Get("acr_values"),
		Claims:       v.Get("claims"),
		IDTokenHint:  v.Get("id_token_hint"),
		Request:      v.Get("request"),
		RequestURI:   v.Get("request_uri"),
	}
	for name, values := range v {
		if len(values) > 1 {
			a.repeated = append(a.repeated, name)
		}
	}
	slices.Sort(a.repeated)
	return a
}

// readRequest checks all that may be answered to the client.
func readRequest(a AuthorizeParams, now time.Time) (request, *Problem) {
	invalid := func(why string) (request, *Problem) {
		return request{}, &Problem{Code: InvalidRequest, Description: why}
	}
	for _, text := range []string{a.ResponseType, a.ResponseMode, a.Scope, a.Nonce, a.Challenge, a.Method, a.Prompt, a.MaxAge, a.UILocales, a.LoginHint, a.ACRValues} {
		if text != "" && !sane(text) {
			return invalid("A parameter is too long or is not plain text.")
		}
	}
	switch {
	case len(a.repeated) > 0:
		return invalid("A parameter came more than once.")
	case a.State != "" && !stateOK(a.State):
		return invalid("state is too long or has letters outside ASCII.")
	case a.Request != "":
		return request{}, &Problem{Code: RequestNotSupported, Description: "Request objects are not supported."}
	case a.RequestURI != "":
		return request{}, &Problem{Code: RequestURINotSupported, Description: "Request objects are not supported."}
	case a.ResponseType == "":
		return invalid("response_type is missing.")
	case a.ResponseType != "code":
		return request{}, &Problem{Code: UnsupportedResponseType, Description: "Only response_type=code is supported."}
	case a.ResponseMode != "" && a.ResponseMode != "query":
		return invalid("Only response_mode=query is supported.")
	case !slices.Contains(strings.Fields(a.Scope), ScopeOpenID):
		return request{}, &Problem{Code: InvalidScope, Description: "The scope openid is missing."}
	case a.Challenge == "" || a.Method != "S256":
		return invalid("PKCE is required: send code_challenge with code_challenge_method=S256.")
	case !challengeOK(a.Challenge):
		return invalid("code_challenge is not a SHA-256 in base64url.")
	}
	r := request{
		redirectURI: a.RedirectURI, scope: a.Scope, state: a.State, nonce: a.Nonce,
		challenge: a.Challenge, lang: Language(a.UILocales), loginHint: a.LoginHint,
	}
	var problem *Problem
	if r.wish, problem = readWish(a.ACRValues, a.Claims); problem != nil {
		return request{}, problem
	}
	if problem := r.readPrompt(a.Prompt, now); problem != nil {
		return request{}, problem
	}
	if problem := r.readMaxAge(a.MaxAge, now); problem != nil {
		return request{}, problem
	}
	return r, nil
}

// readPrompt reads how much the person may be troubled. select_account is
// answered with a fresh sign-in, where another account can be chosen. With
// consent the page about it is shown also to who gave it before.
// With create the person makes an account first (OpenID Initiating User
// Registration section 4); what login adds to it is that whoever has an account
// after all signs in anew.
func (r *request) readPrompt(text string, now time.Time) *Problem {
	wishes := strings.Fields(text)
	for _, wish := range wishes {
		switch wish {
		case PromptNone:
			if len(wishes) > 1 {
				return &Problem{Code: InvalidRequest, Description: "prompt=none goes with nothing else."}
			}
			r.prompt = PromptNone
		case PromptLogin, promptSelect:
			r.freshSince = now
			if r.prompt == "" {
				r.prompt = PromptLogin
			}
		case PromptCreate:
			if slices.ContainsFunc(wishes, func(other string) bool { return other != PromptCreate && other != PromptLogin }) {
				return &Problem{Code: InvalidRequest, Description: "prompt=create goes with login only."}
			}
			r.prompt = PromptCreate
		case PromptConsent:
			r.asksConsent = true
		default:
			return &Problem{Code: InvalidRequest, Description: "prompt has an unknown value."}
		}
	}
	return nil
}

func (r *request) readMaxAge(text string, now time.Time) *Problem {
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return &Problem{Code: InvalidRequest, Description: "max_age is not a number of seconds."}
	}
	since := now.Add(-time.Duration(seconds) * time.Second)
	if since.After(r.freshSince) {
		r.freshSince = since
	}
	return nil
}
