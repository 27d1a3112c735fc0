package factor

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// Picture is a QR code as the path of an SVG picture: squares of one by one, with
// the white edge of four that the norm asks for (ISO/IEC 18004).
type Picture struct {
	Side int    // of the whole, edge included
	Path string // for <path d="…">
}

const edge = 4

func picture(text string) (Picture, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return Picture{}, err
	}
	var path strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			run := 0
			for x+run < c.Size && c.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+edge, y+edge, run, run)
				x += run
			}
		}
	}
	return Picture{Side: c.Size + 2*edge, Path: path.String()}, nil
}
