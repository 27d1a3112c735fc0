package catalogue

import (
	"context"
	"sync"

	"lidwoord/base/sqldb"
)

// Memory keeps what titles are made of that were opened lately. A player asks for a
// track in many pieces, and the list of a thick book is long to read each time.
type Memory struct {
	mu   sync.Mutex
	kept map[string]made // by title
}

// made is a title with the list that numbers its files.
type made struct {
	Title
	*Manifest
}

// mostMade is how many titles are kept: of a hundred kilobytes each, a few dozen
// megabytes.
const mostMade = 256

// Open returns what a title is made of, and the title as it is then: whoever has it in
// memory may have an older one, and the files of that are others. Nobody changes what it
// returns.
func (k *Memory) Open(ctx context.Context, db *sqldb.DB, t Title) (Title, *Manifest, error) {
	k.mu.Lock()
	has, ok := k.kept[t.ID]
	k.mu.Unlock()
	if ok && has.Version >= t.Version {
		return has.Title, has.Manifest, nil
	}
	var now made
	err := db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		now.Title, now.Manifest, err = Opened(tx, t.ID)
		return err
	})
	if err != nil {
		return t, nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]made{}
	}
	for id := range k.kept { // in a full house any other one goes
		if len(k.kept) < mostMade {
			break
		}
		delete(k.kept, id)
	}
	k.kept[t.ID] = now
	return now.Title, now.Manifest, nil
}
