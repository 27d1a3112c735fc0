package kit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// assets are the files that pages load, by their fingerprinted names: an
// address changes with the content, so that a browser may keep it for a year.
type assets struct {
	print map[string]string // lidwoord.css → lidwoord.1a2b3c.css
	data  map[string][]byte // by fingerprinted name
}

func readAssets(rooms ...fs.FS) (*assets, error) {
	a := &assets{print: map[string]string{}, data: map[string][]byte{}}
	for _, room := range rooms {
		names, err := fs.Glob(room, "assets/*")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := fs.ReadFile(room, name)
			if err != nil {
				return nil, err
			}
			base, ext := path.Base(name), path.Ext(name)
			if _, twice := a.print[base]; twice {
				return nil, fmt.Errorf("asset %s stands twice", base)
			}
			sum := sha256.Sum256(data)
			printed := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
			a.print[base], a.data[printed] = printed, data
		}
	}
	return a, nil
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	data, ok := a.data[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
