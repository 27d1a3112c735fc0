package reading

import (
	"fmt"
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/reading/device"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// export is everything that the Online Bibliotheek keeps of a reader (AVG art. 15 and
// 20): a page shows it, and a file holds it. Its types are written out, so that a new field elsewhere leaves the house by
// decision and not by accident. Passwords of apps are in it nowhere: we do not know them.
type export struct {
	About       []string           `json:"about"` // in the reader's language, as is Missing
	MadeAt      time.Time          `json:"made_at"`
	Name        string             `json:"username"` // as the sign-on told it for this visit
	Loans       []exportLoan       `json:"loans"`
	Apps        []exportApp        `json:"apps"`
	Memberships []exportMembership `json:"memberships"` // as the sign-on told them
	Missing     []kit.Elsewhere    `json:"not_included"`
}

type exportLoan struct {
	ID        string           `json:"id"` // also in the mark of a copy
	Title     string           `json:"title"`
	Author    string           `json:"author"`
	Kind      string           `json:"kind"`
	ISBN      string           `json:"isbn,omitempty"`
	FirstDay  day.Day          `json:"first_day"`
	LastDay   day.Day          `json:"last_day"`
	Extended  int              `json:"times_extended"`
	Place     *exportPlace     `json:"place,omitempty"`
	Bookmarks []exportBookmark `json:"bookmarks"`
}

type exportPlace struct {
	Part    string    `json:"part"`
	In      string    `json:"in_part,omitempty"`
	Percent float64   `json:"percent"`
	ReadAt  time.Time `json:"read_at"`
}

type exportBookmark struct {
	Chapter string  `json:"chapter,omitempty"`
	Words   string  `json:"first_words,omitempty"`
	Part    string  `json:"part"`
	In      string  `json:"in_part,omitempty"`
	Percent float64 `json:"percent"`
}

type exportApp struct {
	Name   string  `json:"name"`
	Login  string  `json:"login_name"`
	MadeOn day.Day `json:"made_on"`
	UsedOn day.Day `json:"last_used_on,omitempty"`
	Ended  bool    `json:"ended"`
}

type exportMembership struct {
	Library      string   `json:"library"`
	Name         string   `json:"name"`
	Rights       []string `json:"rights"`
	ValidFrom    day.Day  `json:"valid_from,omitempty"`
	ValidThrough day.Day  `json:"valid_through,omitempty"`
}

// Right is what a right of a membership gives, in words; one that we do not know stands
// as it came.
func (export) Right(v kit.View, right string) string {
	if key := "reading.right_" + right; v.Site.Words.Has(key) {
		return v.T(key)
	}
	return right
}

// percent of a part of one, with one figure behind the point.
func percent(part float64) float64 { return float64(int(part*1000+.5)) / 10 }

// showData shows a reader what is kept. It is written down nowhere that they looked, or
// took the file: that would be one more thing that we know of them.
func (s *Site) showData(w http.ResponseWriter, r *http.Request, who who) error {
	all, err := s.gather(r, who)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "data", all)
}

// takeData hands a reader the file.
func (s *Site) takeData(w http.ResponseWriter, r *http.Request, who who) error {
	all, err := s.gather(r, who)
	if err != nil {
		return err
	}
	return kit.SendJSON(w, fmt.Sprintf("online-bibliotheek-%s.json", day.Of(all.MadeAt)), all)
}

func (s *Site) gather(r *http.Request, who who) (export, error) {
	lang := kit.VisitOf(r).Lang
	say := func(key string, args ...any) string { return s.Words.Text(lang, key, args...) }
	all := export{Name: who.Name, About: []string{say("reading.x_about"), say("reading.x_key")}, Memberships: []exportMembership{},
		Missing: []kit.Elsewhere{{Text: say("reading.x_over")}, {Text: say("reading.x_browser")}, {Text: say("reading.x_waits")}, {Text: say("reading.x_regret", int(Regret/time.Minute))},
			s.Elsewhere(lang, "reading.x_account", kit.Absolute(s.Doors.Login, "/gegevens")), s.Elsewhere(lang, "reading.x_library", kit.Absolute(s.Doors.Mine, "/"))}}
	for _, m := range who.Memberships {
		all.Memberships = append(all.Memberships, exportMembership{m.Library, m.Name, m.Rights, m.ValidFrom, m.ValidThrough})
	}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		all.MadeAt, all.Loans, all.Apps = tx.Now.UTC(), []exportLoan{}, []exportApp{}
		loans, err := loan.Shelf(tx, who.Reader)
		if err != nil {
			return err
		}
		for _, l := range loans {
			one, err := exportOf(tx, who.Reader, l)
			if err != nil {
				return err
			}
			all.Loans = append(all.Loans, one)
		}
		apps, err := device.Of(tx, who.Reader)
		for _, a := range apps {
			all.Apps = append(all.Apps, exportApp{a.Name, a.Login, a.MadeOn, a.UsedOn, a.Ended})
		}
		return err
	})
	return all, err
}

func exportOf(tx *sqldb.Tx, reader loan.Reader, l loan.Loan) (exportLoan, error) {
	one := exportLoan{ID: l.ID, Title: l.Title.Name, Author: l.Title.Author(), Kind: string(l.Title.Kind), ISBN: l.Title.ISBN,
		FirstDay: day.Of(l.LentAt), LastDay: l.LastDay(), Extended: l.Extended, Bookmarks: []exportBookmark{}}
	place, found, err := loan.PlaceOf(tx, reader, l.Title.ID)
	if err != nil {
		return one, err
	}
	if found {
		one.Place = &exportPlace{place.Href, place.Fragment, percent(place.Total), place.At.UTC()}
	}
	marks, err := loan.Bookmarks(tx, reader, l.Title.ID)
	for _, b := range marks {
		one.Bookmarks = append(one.Bookmarks, exportBookmark{b.Chapter, b.Words, b.Href, b.Fragment, percent(b.Total)})
	}
	return one, err
}
