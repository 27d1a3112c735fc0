package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lidwoord/reading/copy"
)

// readMark is the command "titles mark": of which loan is the copy that somebody found?
// It cannot tell whose loan that was.
func readMark(ctx context.Context, args []string) error {
	var paths []string
	c, err := readConfigFor("titles mark", args, nil, &paths)
	if err != nil {
		return err
	}
	if len(paths) != 1 {
		return errors.New("titles mark: name one EPUB file")
	}
	db, err := openDatabase(ctx, c) // for the key, without which nobody can tell whether a mark is ours
	if err != nil {
		return err
	}
	defer db.Close()
	f, err := os.Open(paths[0])
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	marks, err := copy.ReadMark(db.Box, f, info.Size())
	if err != nil {
		return err
	}
	name := filepath.Base(paths[0])
	if len(marks) == 0 {
		fmt.Printf("%s  no mark\n", name)
		return nil
	}
	for _, m := range marks {
		genuine := "genuine"
		if !m.Genuine {
			genuine = "NOT GENUINE: this library did not write it"
		}
		fmt.Printf("%s  loan %s  %s  in %d places\n", name, m.Number, genuine, m.Places)
	}
	return nil
}
