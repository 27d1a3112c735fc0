package samples_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"lidwoord/samples"
)

func books(t *testing.T) []samples.Book {
	t.Helper()
	list, err := samples.Books()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 3 {
		t.Fatalf("%d books on the shelf, want at least three", len(list))
	}
	return list
}

func TestPackingTwiceGivesTheSameBytes(t *testing.T) {
	first, second := books(t), books(t)
	for i := range first {
		if !bytes.Equal(first[i].EPUB, second[i].EPUB) {
			t.Errorf("%s differs from itself", first[i].Name)
		}
	}
}

// TestBooksAreWellFormed looks at the structure without Java: the container
// rules, every XML file, and that manifest and files are the same list.
func TestBooksAreWellFormed(t *testing.T) {
	for _, b := range books(t) {
		z, err := zip.NewReader(bytes.NewReader(b.EPUB), int64(len(b.EPUB)))
		if err != nil {
			t.Fatalf("%s: %v", b.Name, err)
		}
		if f := z.File[0]; f.Name != "mimetype" || f.Method != zip.Store || string(b.EPUB[30:38]) != "mimetype" {
			t.Errorf("%s does not begin with a stored mimetype", b.Name)
		}
		var opf struct {
			Items []struct {
				Href string `xml:"href,attr"`
			} `xml:"manifest>item"`
			Refs []struct {
				ID string `xml:"idref,attr"`
			} `xml:"spine>itemref"`
		}
		packed := map[string]bool{}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(r)
			switch path.Ext(f.Name) {
			case ".xhtml", ".opf", ".xml", ".svg":
				for d := xml.NewDecoder(bytes.NewReader(text)); ; {
					if _, err := d.Token(); err == io.EOF {
						break
					} else if err != nil {
						t.Errorf("%s: %s: %v", b.Name, f.Name, err)
						break
					}
				}
			}
			if strings.HasSuffix(f.Name, ".opf") {
				if err := xml.Unmarshal(text, &opf); err != nil {
					t.Errorf("%s: %v", b.Name, err)
				}
			} else if strings.HasPrefix(f.Name, "EPUB/") {
				packed[f.Name] = true
			}
		}
		for _, item := range opf.Items {
			if !packed["EPUB/"+item.Href] {
				t.Errorf("%s lists %s, which it does not hold", b.Name, item.Href)
			}
			delete(packed, "EPUB/"+item.Href)
		}
		for name := range packed {
			t.Errorf("%s holds %s, which it does not list", b.Name, name)
		}
		if len(opf.Refs) < 4 {
			t.Errorf("%s has only %d parts", b.Name, len(opf.Refs))
		}
	}
}

// TestBooksPassTheValidator runs EPUBCheck, the validator of the W3C. Debian's
// own start script needs binfmt, so the jar is called by hand.
func TestBooksPassTheValidator(t *testing.T) {
	const jar = "/usr/share/java/epubcheck.jar"
	java, err := exec.LookPath("java")
	if _, jarErr := os.Stat(jar); err != nil || jarErr != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("EPUBCheck is missing: apt-get install epubcheck")
		}
		t.Skip("EPUBCheck is not installed (apt-get install epubcheck); only the structure was tested")
	}
	for _, b := range books(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), b.Name)
			if err := os.WriteFile(file, b.EPUB, 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), java, "-jar", jar, "--failonwarnings", file).CombinedOutput()
			if err != nil {
				t.Errorf("EPUBCheck: %v\n%s", err, out)
			}
		})
	}
}

func TestAudioIsSmallAndHasItsText(t *testing.T) {
	folders, err := samples.Audio()
	if err != nil || len(folders) == 0 {
		t.Fatal("no audiobook", err)
	}
	for _, f := range folders {
		text, err := fs.ReadFile(f, "manifest.json")
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			ReadingOrder []struct {
				Href      string
				Duration  float64
				Alternate []struct{ Href string }
			}
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		var bytes int64
		for _, c := range m.ReadingOrder {
			info, err := fs.Stat(f, c.Href)
			if err != nil {
				t.Fatal(err)
			}
			bytes += info.Size()
			if c.Duration <= 0 || len(c.Alternate) == 0 {
				t.Errorf("%s has no duration or no text beside it", c.Href)
			} else if _, err := fs.Stat(f, c.Alternate[0].Href); err != nil {
				t.Error(err)
			}
		}
		if n := len(m.ReadingOrder); n < 2 || bytes > 1<<20 {
			t.Errorf("%d chapters in %d bytes, want two or three in less than a megabyte", n, bytes)
		}
	}
}
