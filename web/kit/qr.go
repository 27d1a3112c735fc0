package kit

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"
)

// qrQuiet is the white border of a QR code, in modules (ISO/IEC 18004 §6.3.8).
const qrQuiet = 4

// QR draws an address as a QR code for a page: a drawing in the page itself, as
// no other host may learn the address and the style rules forbid data: images.
// label says in words what the code leads to, for whoever does not see it.
func QR(address, label string) (template.HTML, error) {
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		return "", fmt.Errorf("kit: QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+qrQuiet, y+qrQuiet, run, run)
				x += run
			}
		}
	}
	side := code.Size + 2*qrQuiet
	return template.HTML(fmt.Sprintf(
		`<svg class="lw-qr" role="img" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000"/></svg>`,
		template.HTMLEscapeString(label), side, side, side*qrScale, side*qrScale, side, side, path.String())), nil
}

// qrScale is how many pixels a module has: a telephone reads it off a screen at
// arm's length.
const qrScale = 5
