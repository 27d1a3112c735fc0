package main

import (
	"strings"
	"testing"

	"lidwoord/base/words"
	"lidwoord/identity/signon"
)

// Sentences of one wing that tell a time of another take it from there.
func TestSentencesTakeTheirHoursFromTheRules(t *testing.T) {
	sentences, err := allWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"manage.scope_" + signon.ScopeOffline, "login.hears_" + signon.ScopeOffline, // signon.RefreshLife
		"desk.lost_means", "desk.removal_wait", "desk.removal_asked", "login.help_step_lost", // account.RemovalWait
	} {
		for _, lang := range words.Langs {
			if said := sentences.Text(lang, key, 7); !strings.Contains(said, " 7 ") {
				t.Errorf("%s: told 7 hours, it says %q", key, said)
			}
		}
	}
	for _, scope := range (websites{}).Scopes() {
		if tells := strings.Contains(sentences.Text(words.NL, "manage.scope_"+scope.Name), "{0}"); tells != (scope.Hours > 0) {
			t.Errorf("%s: %d hours for a sentence that tells some: %v", scope.Name, scope.Hours, tells)
		}
	}
}

// Whoever adds a scope in identity/signon must say what it means to the manager who
// allows it and to the reader who agrees.
func TestEveryScopeHasItsSentences(t *testing.T) {
	sentences, err := allWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range signon.Scopes() {
		for _, key := range []string{"manage.scope_" + scope, "login.hears_" + scope} {
			for _, lang := range words.Langs {
				if said := sentences.Text(lang, key); said == key {
					t.Errorf("%s: no sentence in %s", key, lang)
				}
			}
		}
	}
}
