package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// addTitles is the command "titles": each file or folder it names is one title.
// A bad one is reported and the others go on.
func addTitles(ctx context.Context, log *slog.Logger, args []string) error {
	if len(args) > 0 && args[0] == "mark" {
		return readMark(ctx, args[1:])
	}
	var paths []string
	c, err := readConfigFor("titles", args, nil, &paths)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return errors.New("titles: name EPUB files, or folders with an audiobook and its manifest.json")
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	stacks := catalogue.Stacks{Dir: c.Titles}
	bad := 0
	for i, path := range paths {
		err := takePath(ctx, stacks, db, path)
		if err != nil {
			bad++
			fmt.Printf("%d/%d  refused  %s: %v\n", i+1, len(paths), filepath.Base(path), explain(err))
			if fault.KindOf(err) == fault.Internal && ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		fmt.Printf("%d/%d  taken    %s\n", i+1, len(paths), filepath.Base(path))
	}
	if bad > 0 {
		return fmt.Errorf("titles: %d of %d refused", bad, len(paths))
	}
	return nil
}

func takePath(ctx context.Context, stacks catalogue.Stacks, db *sqldb.DB, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		p, err := catalogue.OpenAudio(os.DirFS(path))
		if err != nil {
			return err
		}
		_, err = stacks.Take(ctx, db, p)
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return takeEPUB(ctx, stacks, db, f, info.Size())
}

func takeEPUB(ctx context.Context, stacks catalogue.Stacks, db *sqldb.DB, r io.ReaderAt, size int64) error {
	p, err := catalogue.OpenEPUB(r, size)
	if err == nil {
		_, err = stacks.Take(ctx, db, p)
	}
	return err
}
