package webtest

import (
	"encoding/json"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/words"
)

// Telling is how a page writes what a file of data has under a name: of a loan's kind
// "ebook" it says E-book. A yes or no, and a number, stands on a page in a sentence, so
// that each needs a Telling.
type Telling map[string]func(value any) string

// Same is the Telling of what stands on the page as it is in the file.
func Same(value any) string { return fmt.Sprint(value) }

var (
	aTag    = regexp.MustCompile(`(?s)<[^>]*>`)
	aMoment = regexp.MustCompile(`^\d{4}-\d\d-\d\dT`)
	aDay    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

// Tells fails for everything in a file of data (JSON) that a page does not show, and for
// a telling of what the file does not have.
func Tells(t testing.TB, lang words.Lang, file, page string, say Telling) {
	t.Helper()
	var all any
	if err := json.Unmarshal([]byte(file), &all); err != nil {
		t.Fatal(err)
	}
	text := oneLine(html.UnescapeString(aTag.ReplaceAllString(page, " ")))
	said := map[string]bool{}
	var look func(path, name string, value any)
	look = func(path, name string, value any) {
		want := ""
		switch v := value.(type) {
		case map[string]any:
			for key, each := range v {
				look(path+"."+key, key, each)
			}
			return
		case []any:
			for _, each := range v {
				look(path, name, each)
			}
			return
		case string:
			want = v
			if at, err := time.Parse(time.RFC3339, v); aMoment.MatchString(v) && err == nil {
				want = day.Moment(at, lang)
			} else if aDay.MatchString(v) {
				want = day.Day(v).Long(lang)
			}
		default:
			if say[name] == nil {
				t.Errorf("%s is %v: how does a page say that?", path, v)
				return
			}
		}
		if tell := say[name]; tell != nil {
			said[name], want = true, tell(value)
		}
		if !strings.Contains(text, oneLine(want)) {
			t.Errorf("%s is %v, and the page does not say %q", path, value, want)
		}
	}
	look("", "", all)
	for name := range say {
		if !said[name] {
			t.Errorf("nothing in the file is called %s", name)
		}
	}
}

// Filled is a value of which every field has something of its own, so that what a page
// leaves out of it is missed: also a field that somebody adds later.
func Filled[T any]() T {
	var all T
	n := 0
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		n++
		switch v.Interface().(type) {
		case time.Time:
			v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(n) * 25 * time.Hour)))
			return
		case day.Day:
			v.Set(reflect.ValueOf(day.Day("2027-01-01").AddDays(n)))
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0))
		case reflect.String:
			v.SetString(fmt.Sprintf("woord-%04d", n))
		case reflect.Int, reflect.Int64:
			v.SetInt(int64(1000 + n))
		case reflect.Float64:
			v.SetFloat(float64(n) + .5)
		case reflect.Bool:
			v.SetBool(true)
		default:
			panic("no idea how to fill a " + v.Type().String())
		}
	}
	fill(reflect.ValueOf(&all).Elem())
	return all
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
