package xen

// Surprises calls note for whatever a record holds that this program's datamodel lacks, because its server is newer: a
// member, with an empty word, or a word of an enumeration, with the member that holds it. An empty word of an enumeration
// is a field that the server does not have. The record keeps all of it: words as they came, members in its field Unknown.
func Surprises(r Record, note func(member, word string)) {
	for member := range surprises(r, func(member, word string) {
		if word != "" {
			note(member, word)
		}
	}).All() {
		note(member, "")
	}
}
