package opds

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
)

// pageSize is how many titles a feed has: two screens of a telephone. Apps load the
// next page as their reader scrolls.
const pageSize = 25

// Bounds of what an app may ask; what is longer is cut or passed over.
const (
	longestText = 100 // letters of a search
	longestName = 200 // bytes of a slug
	lastPage    = 100_000
)

// wish is which titles an app asks for. The zero wish is all of them.
type wish struct {
	text     string
	kind     catalogue.Kind
	language string
	youth    bool
	subject  string // slugs
	author   string
	series   string
	sort     string // "new", "popular", "name"; "" is what fits best
	page     int    // from 1
}

// sorts are the orders of a list by their names in an address.
var sorts = map[string]index.Sort{"": index.ByRelevance, "new": index.ByNew, "popular": index.ByPopular, "name": index.ByName}

// errWish says which part of an address cannot be.
var errWish = fault.New(fault.Invalid, "opds.wish")

// readWish reads the query of an address. Names that it does not know it passes over, so
// that an address of ours works in a later version too. A value that cannot be is refused:
// a list of something else than was asked looks like the right one.
func readWish(q url.Values) (wish, error) {
	w := wish{text: clip(q.Get("query")), language: name(q.Get("language")), youth: q.Get("youth") == "1", kind: catalogue.Kind(q.Get("kind")), sort: q.Get("sort"),
		subject: name(q.Get("subject")), author: name(q.Get("author")), series: name(q.Get("series")), page: 1}
	if w.kind != "" && w.kind != catalogue.EBook && w.kind != catalogue.Audiobook {
		return w, errWish.With("kind")
	}
	if _, known := sorts[w.sort]; !known {
		return w, errWish.With("sort")
	}
	if y := q.Get("youth"); y != "" && y != "0" && y != "1" {
		return w, errWish.With("youth")
	}
	if p := q.Get("page"); p != "" {
		n, err := strconv.Atoi(p)
		if w.page = min(n, lastPage); n < 1 || err != nil && !errors.Is(err, strconv.ErrRange) {
			return w, errWish.With("page")
		}
	}
	return w, nil
}

func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > longestText {
		return string(r[:longestText])
	}
	return s
}

func name(s string) string {
	if len(s) > longestName {
		return ""
	}
	return strings.ToValidUTF8(s, "")
}

// path is the one address of a wish: the same wish is always the same feed, in
// memory and at whoever keeps it for us.
func (w wish) path() string { return w.at("/titles") }

func (w wish) at(path string) string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("query", w.text)
	set("kind", string(w.kind))
	set("language", w.language)
	set("subject", w.subject)
	set("author", w.author)
	set("series", w.series)
	set("sort", w.sort)
	if w.youth {
		q.Set("youth", "1")
	}
	if w.page > 1 {
		q.Set("page", strconv.Itoa(w.page))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// query is the wish as the index reads it.
func (w wish) query() index.Query {
	return index.Query{Text: w.text, Kind: w.kind, Language: w.language, Youth: w.youth, Subject: w.subject, Author: w.author, Series: w.series,
		Sort: sorts[w.sort], Skip: (w.page - 1) * pageSize, Limit: pageSize}
}

// first is the wish with something else chosen, from its first page.
func (w wish) first(choose func(*wish)) wish {
	w.page = 1
	choose(&w)
	return w
}
