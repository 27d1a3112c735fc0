package sqldb

import (
	"context"
	"database/sql"
	"sync"
)

// prepared keeps SQLite's prepared statements, because preparing one costs as
// much as reading a row. A statement is prepared after the first transaction
// that used it: during it, the only writing connection is taken.
type prepared struct {
	mu   sync.RWMutex
	kept map[statement]*sql.Stmt
}

type statement struct {
	pool *sql.DB
	text string
}

// keptMost bounds the cache: lists (IN) make a text for each length.
const keptMost = 1000

func (p *prepared) get(pool *sql.DB, text string) *sql.Stmt {
	if p == nil {
		return nil
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.kept[statement{pool, text}]
}

func (p *prepared) learn(ctx context.Context, pool *sql.DB, texts []string) {
	if p == nil {
		return
	}
	for _, text := range texts {
		p.mu.RLock()
		_, known := p.kept[statement{pool, text}]
		full := len(p.kept) >= keptMost
		p.mu.RUnlock()
		if known || full {
			continue
		}
		st, err := pool.PrepareContext(ctx, text)
		if err != nil {
			continue // it runs unprepared, as it did just now
		}
		p.mu.Lock()
		if _, known := p.kept[statement{pool, text}]; known {
			p.mu.Unlock()
			st.Close()
			continue
		}
		p.kept[statement{pool, text}] = st
		p.mu.Unlock()
	}
}

func (p *prepared) close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, st := range p.kept {
		st.Close()
	}
	clear(p.kept)
}
