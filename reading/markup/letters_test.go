package markup

import (
	"strings"
	"testing"
)

func TestLettersThatPeopleReadAreCounted(t *testing.T) {
	for text, want := range map[string]int{
		`<p>Zoë is 8.</p>`: 6, `<title>Weg</title>ja`: 2, `<!-- weg -->ja<!-- open`: 6, `<style>p{}</STYLE>ja`: 2, `<style>open`: 4,
		`<script/>ja`: 2, `een &amp; twee`: 8, `<![CDATA[ja]]>`: 2, `a < b`: 2, `<p broken<b>ja</b>`: 2,
	} {
		if n := Letters([]byte(text)); n != want {
			t.Errorf("%q: %d letters, want %d", text, n, want)
		}
	}
}

// A walk through the rest of the text for each of these would take hours.
func TestAMillionBeginningsWithoutAnEndAreCountedAtOnce(t *testing.T) {
	for _, begin := range []string{"<style>", "<!--", "<title>ja<script>", "<annotation-xml>", "<a <", "<"} {
		Letters([]byte(strings.Repeat(begin, 16<<20/len(begin))))
	}
}
