package party

import (
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode"

	"lidwoord/web/kit"
)

func at(t testing.TB, door string, set Settings) *Party {
	t.Helper()
	parse := func(address string) *url.URL {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	return New(&kit.Site{Name: "signup", Base: parse(door), House: &kit.House{
		Doors: kit.Doors{OIDC: parse("https://inlog.example/oidc"), Login: parse("https://inlog.example/inloggen")}}}, set)
}

// FuzzWanted tries to get a visitor out of the door with a link that starts a
// sign-in, whoever says that it is from.
func FuzzWanted(f *testing.F) {
	for _, to := range []string{"", "/", "/inschrijven/gegevens?a=b", "https://lid.example/inschrijven/gegevens", "https://lid.example//evil.example/", "https://lid.example@evil.example/",
		"https://lid.example/inschrijven/..%2f..%2fbalie", "https://lid.example/inschrijven/%5Cevil.example", "//evil.example", `/\evil.example`, "https:lid.example", "javascript:alert(1)",
		"https://lid.example:443/", "https://lid.example/inschrijvenx", "https://LID.example/inschrijven?x#y", "/inschrijven/./..//evil.example/"} {
		f.Add("https://inlog.example/oidc", to, to, "zoe")
		f.Add("https://evil.example", to, to, "z\x00e")
	}
	doors := []*Party{at(f, "https://lid.example/inschrijven", Settings{}), at(f, "https://lid.example/inschrijven/", Settings{}), at(f, "https://lid.example", Settings{})}
	f.Fuzz(func(t *testing.T, iss, target, naar, hint string) {
		for _, p := range doors {
			st := p.wanted(url.Values{"iss": {iss}, "target_link_uri": {target}, "naar": {naar}, "login_hint": {hint}})
			base := strings.TrimSuffix(p.site.Base.Path, "/")
			to, err := p.site.Base.Parse(st.To) // as a browser reads a redirect
			if err != nil {
				t.Fatalf("%q leads to %q: %v", target+naar, st.To, err)
			}
			if clean := path.Clean(to.Path); to.Scheme != "https" || to.Host != "lid.example" || to.User != nil || clean != base && !strings.HasPrefix(clean, base+"/") {
				t.Errorf("%q or %q leads to %s", target, naar, to)
			}
			if strings.Contains(st.To, `\`) || strings.HasPrefix(st.To, "//") || strings.ContainsFunc(st.To, unicode.IsControl) {
				t.Errorf("a browser may read %q in its own way", st.To)
			}
			if iss != p.Issuer && st.LoginHint != "" || len(st.LoginHint) > hintMost || strings.ContainsFunc(st.LoginHint, unicode.IsControl) {
				t.Errorf("passes on %q", st.LoginHint)
			}
		}
	})
}

func TestFormsMayLeadOverTheSignOn(t *testing.T) {
	for door, want := range map[string]string{"https://lid.example/inschrijven": "'self' https://inlog.example", "https://inlog.example/inschrijven": "'self'"} {
		p := at(t, door, Settings{})
		if got := p.site.FormAction; got != want || p.site.SignInPath != "/inloggen" {
			t.Errorf("%s: form-action %q, want %q", door, got, want)
		}
	}
	elsewhere := at(t, "https://lid.example/inschrijven", Settings{Issuer: "https://id.example/realm"})
	if want := "'self' https://id.example https://inlog.example"; elsewhere.site.FormAction != want {
		t.Errorf("form-action %q, want %q", elsewhere.site.FormAction, want)
	}
}

func TestASignOnThatCannotMakeAccountsIsNotAskedTo(t *testing.T) {
	for _, c := range []struct {
		prompts []string
		want    bool
	}{{nil, true}, {[]string{"none", "login"}, false}, {[]string{"none", "create"}, true}} {
		if got := (metadata{Prompts: c.prompts}).creates(); got != c.want {
			t.Errorf("%v: %v, want %v", c.prompts, got, c.want)
		}
	}
}
