package login

import (
	"net/http"
	"strings"

	"lidwoord/web/kit"
)

// What browsers call themselves holds the names of others, for reasons of thirty
// years ago: the first that is found counts.
var (
	browsers = []struct{ mark, name string }{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = []struct{ mark, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "Chromebook"},
		{"Macintosh", "Mac"}, {"Linux", "Linux"},
	}
)

// plainDevice says in words what a browser calls itself: "Firefox, Windows", or ""
// when we know neither. The words are the same in each language.
func plainDevice(agent string) string {
	var parts []string
	for _, b := range browsers {
		if strings.Contains(agent, b.mark) {
			parts = append(parts, b.name)
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(agent, s.mark) {
			parts = append(parts, s.name)
			break
		}
	}
	return strings.Join(parts, ", ")
}

// browserOf says in words by which browser a request came.
func browserOf(r *http.Request) string { return plainDevice(kit.Device(r)) }
