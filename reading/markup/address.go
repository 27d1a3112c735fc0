package markup

import (
	"net/url"
	"path"
	"strings"
)

// maxName bounds the name of a file inside a publication.
const maxName = 500

// Local says whether a name stays inside the publication that it is in.
func Local(name string) bool {
	return name != "" && name == path.Clean(name) && !path.IsAbs(name) && name != ".." && name != "." &&
		!strings.HasPrefix(name, "../") && !strings.ContainsAny(name, "\\\x00") && len(name) < maxName
}

// Resolve finds the file that an address means, seen from another file; a
// fragment stays behind it. It says no to addresses that leave the publication.
func Resolve(from, address string) (string, bool) {
	before, fragment, has := strings.Cut(strings.TrimSpace(address), "#")
	href, ok := from, true
	if before != "" {
		href, ok = resolve(from, before)
	}
	if has && ok {
		href += "#" + fragment
	}
	return href, ok
}

func resolve(from, address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || path.IsAbs(u.Path) {
		return "", false
	}
	href := path.Join(path.Dir(from), u.Path)
	return href, Local(href)
}
