package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// step is how far something is.
type step struct {
	done, total int
	more        string // what else there is to tell
}

// progress is a bar in the terminal. Where there is none it says so at each tenth.
type progress struct {
	to    *os.File
	began time.Time
	first int // rows that were done when it began
	tenth int
	shown bool
	drawn bool
}

func (p *progress) show(t step) {
	if !p.shown {
		p.first, p.began, p.shown = t.done, time.Now(), true
	}
	info, err := p.to.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	line, tenth := p.line(t, time.Since(p.began)), t.done*10/max(t.total, 1)
	switch {
	case terminal:
		io.WriteString(p.to, "\r"+line+"\x1b[K") // and nothing of a longer line before
	case tenth > p.tenth:
		io.WriteString(p.to, line+"\n")
	}
	p.tenth, p.drawn = tenth, terminal
}

// line is "[##########----------]  50 %  50000 of 100000  2300/s  22s to go".
func (p *progress) line(t step, took time.Duration) string {
	const width = 20
	full := t.done * width / max(t.total, 1)
	text := fmt.Sprintf("[%s%s] %3d %%  %d of %d", strings.Repeat("#", full), strings.Repeat("-", width-full), t.done*100/max(t.total, 1), t.done, t.total)
	if done := t.done - p.first; done > 0 && took > 0 {
		speed := float64(done) / took.Seconds()
		pace := fmt.Sprintf("%.0f/s", speed)
		if speed < 10 {
			pace = fmt.Sprintf("%.1f/s", speed)
		}
		text += fmt.Sprintf("  %s  %v to go", pace, time.Duration(float64(t.total-t.done)/speed*float64(time.Second)).Round(time.Second))
	}
	if t.more != "" {
		text += "  " + t.more
	}
	return text
}

func (p *progress) end() {
	if p.drawn {
		io.WriteString(p.to, "\n")
	}
}
