package kit_test

import (
	"strings"
	"testing"

	"lidwoord/web/kit"
)

func TestAQRCodeIsADrawingInThePageItself(t *testing.T) {
	drawn, err := kit.QR("https://lid.example/inloggen/koppelen/ABCD-EFGH-IJKL-MNOP", `Adres <van> de "klant"`)
	if err != nil {
		t.Fatal(err)
	}
	svg := string(drawn)
	for _, want := range []string{`role="img"`, `aria-label="Adres &lt;van&gt; de &#34;klant&#34;"`, "<path d=\"M4 4h7v1h-7z"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %.300s", want, svg)
		}
	}
	for _, not := range []string{"style=", "data:", "ABCD-EFGH"} {
		if strings.Contains(svg, not) {
			t.Errorf("%s stands in the drawing", not)
		}
	}
	if _, err := kit.QR(strings.Repeat("x", 5000), "te lang"); err == nil {
		t.Error("an address that fits in no code was drawn")
	}
}
