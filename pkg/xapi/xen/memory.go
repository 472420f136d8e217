package xen

// Memory lets a list of a class be read again at little cost: the decoder hands back the very same record for an object
// whose bytes have not changed since the list before, so that comparing two pointers tells whether anything happened to
// it. A Memory belongs to one class of one pool and is given to one call at a time, see [ObjectList]; whoever owns it
// throws it away when what it remembers may be of another pool. The zero Memory is ready for use.
//
// It holds the records of the last list that succeeded. Bytes are known again by their length and a 64-bit hash with a
// seed of this process.
type Memory struct {
	last, next []Remembered
	places     map[string]int // of references in last; made once the order is another than that of the last list
}

// Remembered is an object of the last list.
type Remembered struct {
	Object
	// Length and Sum are those of the record's bytes on the wire.
	Length int
	Sum    uint64
}

// Len is how many objects are remembered.
func (m *Memory) Len() int { return len(m.last) }

// Begin starts on a new list. Begin, Find, Note and Commit are for decoders.
func (m *Memory) Begin() { m.forget() }

// Find returns what is remembered of the object that comes next in the new list.
func (m *Memory) Find(ref []byte) (known Remembered, ok bool) {
	// Lists come in the same order mostly, with a few objects more or less.
	for place := len(m.next); place < min(len(m.next)+4, len(m.last)); place++ {
		if m.last[place].Ref == string(ref) {
			return m.last[place], true
		}
	}
	if m.places == nil {
		m.places = make(map[string]int, len(m.last))
		for place := range m.last {
			m.places[m.last[place].Ref] = place
		}
	}
	place, ok := m.places[string(ref)]
	if !ok {
		return known, false
	}
	return m.last[place], true
}

// Note adds an object to the new list.
func (m *Memory) Note(object Remembered) { m.next = append(m.next, object) }

// Commit ends the new list, which was read without an error.
func (m *Memory) Commit() {
	m.last, m.next = m.next, m.last
	m.places = nil
	m.forget()
}

// forget empties what is not the last list.
func (m *Memory) forget() {
	clear(m.next)
	m.next = m.next[:0]
}
