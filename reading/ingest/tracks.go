package ingest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"lidwoord/reading/catalogue"
)

// disc is the name of a folder that is part of the book above it. "Deel 1" is not:
// that is a book of its own in a series.
var disc = regexp.MustCompile(`(?i)(^|[ ._(\[-])(cd|disc|disk|schijf)[ ._-]*\d{1,3}[)\]]?$`)

// isSound says whether a name is that of a track.
func isSound(name string) bool {
	return strings.HasPrefix(byName[strings.ToLower(path.Ext(name))], "audio/")
}

// hidden is what neither people nor we look at.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || name == "__MACOSX" }

// tracksIn lists the tracks in a folder and in the discs below it.
func tracksIn(folder fs.FS) ([]string, error) {
	var names []string
	seen := 0
	err := fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return ErrNotABook.Because(err)
		}
		if seen++; seen > maxRepeats {
			return catalogue.ErrTooBig.Because(fmt.Errorf("more than %d files", maxRepeats))
		}
		switch {
		case name == ".":
		case hidden(e.Name()), e.IsDir() && !disc.MatchString(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.Type().IsRegular() && isSound(name):
			names = append(names, name)
		}
		return nil
	})
	return names, err
}
