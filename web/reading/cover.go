package reading

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
)

// card is a title as it stands in a list, with all its words in one language.
type card struct {
	Href    string
	Name    string
	Lang    string // of the title
	Author  string
	Audio   bool
	About   string // "Luisterboek · 7 u 12 min · Engels"
	Series  string // "deel 2 van De kustreeks"
	Picture picture
	Grown   string // says that it is for grown-ups, to who cannot borrow it

	youth bool
}

// picture is a cover: of the book itself, or one that we draw.
type picture struct {
	Src           string // "" is drawn
	Set           string // srcset, "" for one size
	Width, Height int    // what it takes on the page before it is there
	Tint          int    // of a drawn one
	Name, Author  string // what stands on it
	Audio         bool
}

// tints is how many colours the style sheet has for drawn covers.
const tints = 8

// Widths of covers on a page, in CSS pixels.
const (
	coverInList = 200
	coverOfPage = 400
)

func (s *Site) picture(t catalogue.Title, width int) picture {
	p := picture{Name: t.Name, Author: t.Author(), Audio: t.Kind == catalogue.Audiobook, Width: width, Height: width * 3 / 2}
	if p.Audio {
		p.Height = width
	}
	if t.Cover == "" && len(t.Covers) == 0 {
		hash := fnv.New32a()
		hash.Write([]byte(t.Author() + t.Series))
		p.Tint = int(hash.Sum32() % tints)
		return p
	}
	p.Src = s.Link("/omslag/%s", t.ID)
	var set []string
	for _, w := range t.Covers {
		set = append(set, fmt.Sprintf("%s?b=%d %dw", p.Src, w, w))
	}
	p.Set = strings.Join(set, ", ")
	return p
}

func (s *Site) cards(lang words.Lang, titles []catalogue.Title) []card {
	list := make([]card, len(titles))
	for i, t := range titles {
		c := card{Href: s.Link("/titel/%s", t.ID), Name: t.Name, Lang: t.Language, Author: t.Author(), Audio: t.Kind == catalogue.Audiobook, Picture: s.picture(t, coverInList), youth: t.Youth}
		if c.Author == "" {
			c.Author = t.Narrator()
		}
		c.About = s.Words.Text(lang, "reading."+string(t.Kind))
		if long := s.howLong(lang, t); long != "" {
			c.About += " · " + strings.ReplaceAll(long, " ", "\u00a0") // never one number alone on a line
		}
		if foreign(t) {
			c.About += " · " + languageName(lang, t.Language)
		}
		if t.Series != "" && t.SeriesAt != "" {
			c.Series = s.Words.Text(lang, "reading.volume", t.SeriesAt, t.Series)
		}
		list[i] = c
	}
	return list
}

// howLong is the length of a title in few letters, "" when it is not known.
func (s *Site) howLong(lang words.Lang, t catalogue.Title) string {
	switch minutes := minutesOf(t); {
	case minutes >= 60:
		return s.Words.Text(lang, "reading.long_hours", minutes/60, minutes%60)
	case minutes > 0:
		return s.Words.Text(lang, "reading.long_minutes", minutes)
	case t.Length.Pages > 0:
		return s.Words.Text(lang, "reading.long_pages", t.Length.Pages)
	}
	return ""
}

// foreign tells of a title that is not in the language in which all are expected
// to be.
func foreign(t catalogue.Title) bool {
	tag, _, _ := strings.Cut(t.Language, "-")
	return t.Language != "" && !strings.EqualFold(tag, "nl")
}

// cover sends a cover picture in the width "b" of the address, or else in the widest
// that lies ready; these are for everyone. A title of which none lies ready has the
// picture of the book itself.
func (s *Site) cover(w http.ResponseWriter, r *http.Request) error {
	t, err := s.Index.Title(r.Context(), r.PathValue("title"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	if len(t.Covers) == 0 {
		return s.ownCover(w, r, t)
	}
	width, err := strconv.Atoi(r.URL.Query().Get("b"))
	if err != nil {
		width = slices.Max(t.Covers)
	}
	f, err := s.Stacks.OpenCover(t, width)
	if err != nil {
		return err
	}
	defer f.Close()
	guardBook(w.Header())
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("ETag", fmt.Sprintf(`"%s-c%d"`, t.Stamp(), width))
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

func (s *Site) ownCover(w http.ResponseWriter, r *http.Request, t catalogue.Title) error {
	t, m, err := s.contents.Open(r.Context(), s.DB, t)
	if err != nil {
		return err
	}
	part, ok := m.Part(t.Cover)
	if !ok {
		return catalogue.ErrNoPart
	}
	return s.send(w, r, t, part)
}
