package kit_test

import "testing"

func TestAnAddressThatOneEngineWouldRefuseIsNoPage(t *testing.T) {
	_, h := house(t)
	for _, path := range []string{"/balie/mine/%00", "/balie/mine/a%ff", "/balie/mine/%ed%a0%80"} {
		if w := ask(h, "GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
	if w := ask(h, "GET", "/balie/mine/%C3%A9", ""); w.Code != 303 {
		t.Errorf("a letter with an accent: %d", w.Code)
	}
}

func TestTheWayBackIsJudgedAsABrowserReadsIt(t *testing.T) {
	d, _ := house(t)
	for wanted, want := range map[string]string{
		"/balie/../beheer": "/balie/", "/balie/../../x": "/balie/", "/balie/%2e%2e/x": "/balie/", "/balie/a/../b?c=d": "/balie/a/../b?c=d",
		"": "/balie/", "?x=1": "/balie/", "balie": "/balie/", "/balie": "/balie", "/balie/klant?q=a/../b": "/balie/klant?q=a/../b",
	} {
		if got := d.Back(wanted); got != want {
			t.Errorf("%q leads to %q, want %q", wanted, got, want)
		}
	}
}
