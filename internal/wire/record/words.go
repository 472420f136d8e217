package record

// Words is a table of words that come again and again: those of enumerations, the keys of maps. Each exists once. The
// zero Words is ready for use.
type Words struct{ known map[string]string }

const (
	maxWords = 1 << 16 // then the table is emptied
	maxWord  = 64      // bytes; longer texts are no words
)

// Find returns the word that is written as raw.
func (w *Words) Find(raw []byte) (word string, ok bool) {
	word, ok = w.known[string(raw)]
	return word, ok
}

// Add notes that raw is how a word is written.
func (w *Words) Add(raw []byte, word string) {
	if len(raw) > maxWord {
		return
	}
	if w.known == nil || len(w.known) >= maxWords {
		w.known = make(map[string]string, 64)
	}
	if string(raw) == word {
		w.known[word] = word
		return
	}
	w.known[string(raw)] = word
}
