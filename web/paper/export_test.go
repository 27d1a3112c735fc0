package paper

import "lidwoord/base/words"

// Plain is Receipt without compression, so that a test can read the sheet.
func Plain(lang words.Lang, say Sentence, b Bill) ([]byte, error) {
	s := receipt(lang, say, b)
	s.pdf.SetCompression(false)
	return s.bytes()
}
