package catalogue

import "testing"

func TestTitlesAreFoldedForSearch(t *testing.T) {
	for in, want := range map[string]string{
		"Şahin-Yıldız": "sahin yildiz", "’t Hooft": "t hooft", "Ĳssel": "ijssel", "Straße ÆØ": "strasse aeo", "  A\tB ": "a b",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if got := sortName("De laatste bus"); got != "laatste bus" {
		t.Errorf("sorted under %q", got)
	}
}
