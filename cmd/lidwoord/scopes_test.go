package main

import (
	"testing"

	"lidwoord/base/words"
	"lidwoord/identity/signon"
)

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
