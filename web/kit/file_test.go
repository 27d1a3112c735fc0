package kit

import "testing"

func TestASheetRunsNothingThatSomebodyTyped(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Anja de Boer": "Anja de Boer", "5280 - Annen": "5280 - Annen",
		"=1+1": "'=1+1", "+31": "'+31", "-2": "'-2", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "  =1": "'  =1", "\n=1": "'\n=1",
	} {
		if got := sheetCell(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
