package reading

import (
	"bytes"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"lidwoord/web/kit"
)

// fontsIn finds the letters that scripts/assets put beside the reader.
func fontsIn(dist fs.FS) (map[string][]byte, error) {
	names, err := fs.Glob(dist, "dist/*.woff2")
	if err != nil {
		return nil, err
	}
	fonts := map[string][]byte{}
	for _, name := range names {
		if fonts[path.Base(name)], err = fs.ReadFile(dist, name); err != nil {
			return nil, err
		}
	}
	return fonts, nil
}

// fontsAt is the address below which the letters are, "" without any. It changes
// with the reader, so that browsers may keep them.
func (s *Site) fontsAt() string {
	if len(s.fonts) == 0 {
		return ""
	}
	return s.Link("/lezer/%s.", s.print)
}

// script sends the bundled reader and its letters under the fingerprint.
func (s *Site) script(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("file")
	data, typ := s.reader, "text/javascript; charset=utf-8"
	if name, ok := strings.CutPrefix(file, s.print+"."); ok {
		data, typ = s.fonts[name], "font/woff2"
	} else if file != "reader."+s.print+".js" {
		data = nil
	}
	if len(data) == 0 {
		return kit.ErrNoPage
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", typ)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	return nil
}
