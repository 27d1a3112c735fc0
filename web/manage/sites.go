package manage

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/web/kit"
)

// What may be wrong with a website. ErrBuiltIn and ErrOrigin are for the roof.
var (
	ErrNoSite      = fault.New(fault.NotFound, "manage.site_unknown")
	ErrBuiltIn     = fault.New(fault.Denied, "manage.site_built_in")
	ErrOrigin      = fault.New(fault.Invalid, "manage.site_origin_wrong")
	errSiteName    = fault.New(fault.Invalid, "manage.site_name_wrong")
	errSiteID      = fault.New(fault.Invalid, "manage.site_id_wrong")
	errSiteBack    = fault.New(fault.Invalid, "manage.site_back_wrong")
	errNamesake    = fault.New(fault.Invalid, "manage.site_namesake")
	errSiteKeys    = fault.New(fault.Invalid, "manage.site_keys_wrong")
	errSiteGroup   = fault.New(fault.Invalid, "manage.site_group_wrong")
	errSiteMethod  = fault.New(fault.Invalid, "manage.site_method_wrong")
	errSiteSector  = fault.New(fault.Invalid, "manage.site_sector_sure")
	errSiteOverlap = fault.New(fault.Invalid, "manage.site_overlap_wrong")
)

// How we may sign what a website gets.
const (
	es256 = "ES256"
	rs256 = "RS256"
)

// longestSiteName is what fits above the form where people sign in.
const longestSiteName = 100

// siteID is what we give out. A command may have given others.
var siteID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,63}$`)

type sitesPage struct {
	Sites []Website
	Now   time.Time
}

// Deaf are the websites that do not hear of sign-outs: what wants attention stands
// above the list.
func (p sitesPage) Deaf() []Website {
	return those(p.Sites, func(w Website) bool { return w.Unheard > 0 || w.Missed > 0 })
}

// Keyless are the websites whose keys cannot be fetched.
func (p sitesPage) Keyless() []Website {
	return those(p.Sites, func(w Website) bool { return !w.KeysFailed.IsZero() })
}

// sites is Websites die aansluiten.
func (s *Site) sites(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	page := sitesPage{Now: s.DB.Now()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Sites, err = s.Websites.List(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "sites", page)
}

// siteOf finds the website of the address.
func (s *Site) siteOf(r *http.Request) (Website, error) {
	var list []Website
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.Websites.List(tx)
		return err
	})
	if err != nil {
		return Website{}, err
	}
	i := slices.IndexFunc(list, func(w Website) bool { return w.ID == r.PathValue("id") })
	if i < 0 {
		return Website{}, ErrNoSite
	}
	return list[i], nil
}

// sitePage is the form of a new website, and the page of one that is known.
type sitePage struct {
	*kit.Form
	Known    Website // with an empty id when new
	Scopes   []scopeOption
	Renaming bool // every reader would be a new one to the website: asks first
	Namesake bool // readers may take it for another: asks first
	Trial    bool // without https, and so takes what a real installation refuses
	Now      time.Time
}

// option is a box to tick; What is the message key beside it.
type option struct {
	Value, What string
	Chosen      bool
}

// scopeOption is one whose sentence may tell a number of hours.
type scopeOption struct {
	option
	Hours int
}

func options(chosen []string, list ...option) []option {
	for i := range list {
		list[i].Chosen = slices.Contains(chosen, list[i].Value)
	}
	return list
}

func (s *Site) newSite(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, kept := s.keptForm(r)
	if !kept {
		form = formOf(Website{Method: BySecret})
		form.Set("kennen", knownAlone)
	}
	return s.sitePage(w, r, http.StatusOK, sitePage{Form: form})
}

func (s *Site) sitePage(w http.ResponseWriter, r *http.Request, status int, page sitePage) error {
	page.Now, page.Trial = s.DB.Now(), strings.HasPrefix(s.Issuer, "http://")
	for _, scope := range s.Websites.Scopes() {
		chosen := slices.Contains(page.Values["gegevens"], scope.Name)
		page.Scopes = append(page.Scopes, scopeOption{option{scope.Name, "manage.scope_" + scope.Name, chosen}, scope.Hours})
	}
	return s.Show(w, r, status, "site", page)
}

func (s *Site) site(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	known, err := s.siteOf(r)
	if err != nil {
		return err
	}
	if known.BuiltIn {
		return s.connection(w, r, known, "")
	}
	form, kept := s.keptForm(r)
	if !kept {
		form = formOf(known)
	}
	return s.sitePage(w, r, http.StatusOK, sitePage{Form: form, Known: known})
}

// By which name a website knows a reader: one of its own, one that it shares with
// a group of websites, or the id of the account.
const (
	knownAlone    = "eigen"
	knownTogether = "samen"
	knownByID     = "nummer"
)

func formOf(w Website) *kit.Form {
	f := kit.NewForm()
	ticks := map[string]bool{"vooraf": w.PushedOnly, "navraag": w.Introspects}
	for name, value := range map[string]string{
		"naam": w.Name, FieldID: w.ID, "wie": "ander", "methode": w.Method, FieldKeys: w.Keys, "algoritme": "es",
		FieldRedirects: strings.Join(w.Redirects, "\n"), FieldLogouts: strings.Join(w.Logouts, "\n"), FieldOrigins: strings.Join(w.Origins, "\n"),
		FieldSignedOut: w.SignedOut, FieldInitiate: w.Initiate, "versie": strconv.FormatInt(w.Changed.UnixMicro(), 10),
	} {
		f.Set(name, value)
	}
	if w.Own {
		f.Set("wie", "eigen")
	}
	if w.Algorithm == rs256 {
		f.Set("algoritme", "rs")
	}
	for name, on := range ticks {
		if on {
			f.Set(name, "ja")
		}
	}
	f.Values["gegevens"] = w.Scopes
	switch w.Sector {
	case "":
		f.Set("kennen", knownByID)
	case w.ID:
		f.Set("kennen", knownAlone)
	default:
		f.Set("kennen", knownTogether)
		f.Set("groep", w.Sector)
	}
	return f
}

// lines reads a field with one address a line.
func lines(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}

// read reads the form of a website. What only the register can judge, such as an
// address, it judges itself.
func (w Website) read(form *kit.Form) (Website, error) {
	var wrong fault.List
	fresh := w.ID == ""
	w.Name, w.Own = form.Get("naam"), form.Is("wie", "eigen")
	if w.Name == "" || len([]rune(w.Name)) > longestSiteName {
		wrong.Add("naam", errSiteName.With(longestSiteName))
	}
	if fresh {
		if w.ID = form.Get(FieldID); !siteID.MatchString(w.ID) || w.ID == "nieuw" {
			wrong.Add(FieldID, errSiteID)
		}
	}
	w.Redirects, w.Logouts, w.Origins = lines(form.Raw(FieldRedirects)), lines(form.Raw(FieldLogouts)), lines(form.Raw(FieldOrigins))
	if len(w.Redirects) == 0 {
		wrong.Add(FieldRedirects, errSiteBack)
	}
	w.SignedOut, w.Initiate = form.Get(FieldSignedOut), form.Get(FieldInitiate)
	w.Scopes = form.Values["gegevens"]
	switch form.Get("kennen") {
	case knownAlone:
		w.Sector = w.ID
	case knownTogether:
		if w.Sector = form.Get("groep"); w.Sector == "" || len(w.Sector) > longestSiteName {
			wrong.Add("groep", errSiteGroup.With(longestSiteName))
		}
	default:
		w.Sector = ""
	}
	w.Method, w.Algorithm = form.Get("methode"), es256
	if form.Is("algoritme", "rs") {
		w.Algorithm = rs256
	}
	if !slices.Contains([]string{BySecret, BySigning, ByNothing}, w.Method) {
		wrong.Add("methode", errSiteMethod)
	}
	if w.Keys = form.Get(FieldKeys); w.Keys == "" && w.Method == BySigning {
		wrong.Add(FieldKeys, errSiteKeys)
	}
	w.PushedOnly, w.Introspects = form.Is("vooraf", "ja"), form.Is("navraag", "ja")
	w.Changed = seen(form)
	return w, wrong.Err()
}

// judge reads the form, and lets the register judge what it can at the same time:
// who fills in a long form sees all that is wrong with it at once.
func (s *Site) judge(known Website, form *kit.Form) (Website, error) {
	w, err := known.read(form)
	return w, append(fault.List(fault.Of(err)), fault.Of(s.Websites.Check(w))...).Err()
}

// seen is the state of a website that a form was made from.
func seen(form *kit.Form) time.Time {
	n, _ := strconv.ParseInt(form.Get("versie"), 10, 64)
	return time.UnixMicro(n).UTC()
}

// addSite makes a website known, and shows what its administrator needs.
func (s *Site) addSite(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	var made secret.Token
	page := sitePage{Form: form}
	site, err := s.judge(Website{}, form)
	if err == nil {
		page.Namesake, err = s.askNamesake(r, site, form)
	}
	if err == nil {
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			made, err = s.Websites.Add(tx, actor(r), site)
			return err
		})
	}
	if err != nil {
		if form.Take(err) {
			return s.sitePage(w, r, kit.Status(err), page)
		}
		return err
	}
	return s.connection(w, r, site, made)
}

func (s *Site) changeSite(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	known, err := s.siteOf(r)
	if err != nil {
		return err
	}
	if known.BuiltIn {
		return ErrBuiltIn
	}
	var made secret.Token
	changed, err := s.judge(known, form)
	// Who saw another state than this one hears that when it is saved.
	page := sitePage{Form: form, Known: known, Renaming: changed.Sector != known.Sector && changed.Changed.Equal(known.Changed)}
	if err == nil && page.Renaming && !form.Is("zeker", "ja") {
		err = errSiteSector.At("zeker")
	}
	if err == nil && (changed.Name != known.Name || changed.Own != known.Own) {
		page.Namesake, err = s.askNamesake(r, changed, form)
	}
	if err == nil {
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			made, err = s.Websites.Change(tx, actor(r), changed)
			return err
		})
	}
	if err != nil {
		if form.Take(err) {
			return s.sitePage(w, r, kit.Status(err), page)
		}
		return err
	}
	if made != "" { // it had no secret before
		return s.connection(w, r, changed, made)
	}
	s.SetFlash(w, "manage.site_saved", changed.Name)
	return s.Redirect(w, r, "/websites")
}

// askNamesake reports whether a website of somebody else has a name that readers take
// for another: that of a website that is known, or one with the name of the library or
// of a website of its own in it. Who saves it says that it is right.
func (s *Site) askNamesake(r *http.Request, w Website, form *kit.Form) (asks bool, err error) {
	if w.Own {
		return false, nil
	}
	var list []Website
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.Websites.List(tx)
		return err
	})
	if err != nil {
		return false, err
	}
	list = append(list, Website{Name: s.Brand.Name, Own: true})
	name := letters(w.Name)
	for _, other := range list {
		theirs := letters(other.Name)
		if other.ID == w.ID || theirs == "" || name != theirs && !((other.Own || other.BuiltIn) && strings.Contains(name, theirs)) {
			continue
		}
		if form.Is("naamgenoot", "ja") {
			return true, nil
		}
		return true, errNamesake.With(other.Name).At("naamgenoot")
	}
	return false, nil
}

// letters is a name as people hear it: without capitals, blanks and signs.
func letters(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}

type siteActPage struct {
	*kit.Form
	Known Website
}

// What may be done to a website, by the last word of the address.
const (
	siteData   = "gegevens"
	siteSecret = "geheim"
	siteRemove = "verwijderen"
)

func (s *Site) askSiteAct(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	known, err := s.siteOf(r)
	if err != nil {
		return err
	}
	form := formOf(known)
	switch deed := r.PathValue("daad"); {
	case deed == siteData:
		return s.connection(w, r, known, "")
	case known.BuiltIn:
		return ErrBuiltIn
	case deed == siteSecret && known.Method == BySecret:
		return s.Show(w, r, http.StatusOK, "sitesecret", siteActPage{form, known})
	case deed == siteRemove:
		return s.Show(w, r, http.StatusOK, "siteremove", siteActPage{form, known})
	}
	return kit.ErrNoPage
}

// overlaps are how long the secret from before may work on.
var overlaps = map[string]time.Duration{"week": 7 * 24 * time.Hour, "dag": 24 * time.Hour, "niet": 0}

func (s *Site) siteAct(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	known, err := s.siteOf(r)
	if err != nil {
		return err
	}
	switch r.PathValue("daad") {
	case siteSecret:
		return s.newSecret(w, r, known, form)
	case siteRemove:
		return s.removeSite(w, r, known)
	}
	return kit.ErrNoPage
}

func (s *Site) newSecret(w http.ResponseWriter, r *http.Request, known Website, form *kit.Form) error {
	overlap, ok := overlaps[form.Get("overlap")]
	if !ok {
		form.Take(errSiteOverlap.At("overlap"))
		return s.Show(w, r, http.StatusUnprocessableEntity, "sitesecret", siteActPage{form, known})
	}
	known.Changed = seen(form)
	var made secret.Token
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		made, err = s.Websites.NewSecret(tx, actor(r), known, overlap)
		return err
	})
	if err != nil {
		if form.Take(err) {
			return s.Show(w, r, kit.Status(err), "sitesecret", siteActPage{form, known})
		}
		return err
	}
	return s.connection(w, r, known, made)
}

func (s *Site) removeSite(w http.ResponseWriter, r *http.Request, known Website) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.Websites.Remove(tx, actor(r), known.ID) })
	if err != nil {
		return err
	}
	s.SetFlash(w, "manage.site_removed", known.Name)
	return s.Redirect(w, r, "/websites")
}
