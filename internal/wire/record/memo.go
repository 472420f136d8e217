package record

import "math/bits"

// Memo remembers values of one field by their bytes on the wire: sets of operations, platform settings, CPU flags, long
// texts. Most objects of a pool share them, comparing bytes is many times faster than reading them, and what is equal
// then exists once. Remembered values are shared and immutable.
//
// A value of XML or JSON says itself where it ends, so no remembered value is the beginning of another, and bytes that
// begin with a remembered value are that value, whatever follows. Which one to compare with is found by a binary tree
// over the places in which the values differ, so the end of what comes next need not be known.
//
// A value is remembered on its second sight; a field whose values hardly ever come again is left alone for a while. The
// zero Memo is ready for use.
type Memo struct {
	judge

	entries []Value
	nodes   []node
	root    int32 // a node; ^i for entries[i]
}

// Value is a remembered value.
type Value struct {
	raw string
	// Cells are the items of a set, or the keys and values of a map.
	Cells []string
	// Text is the value of a string.
	Text string
}

// node is a place in which values differ: bit counts from the byte's highest, and next[1] leads to those that have it.
type node struct {
	at   int32
	bit  uint8
	next [2]int32
}

// Len is how many values are remembered.
func (m *Memo) Len() int { return len(m.entries) }

// Find returns the value that data begins with, and how many bytes it takes; nil where it is not remembered.
func (m *Memo) Find(data []byte) (*Value, int) {
	if len(m.entries) == 0 {
		return nil, 0
	}
	at := m.root
	for at >= 0 {
		n := &m.nodes[at]
		if int(n.at) >= len(data) {
			return nil, 0
		}
		at = n.next[data[n.at]>>(7-n.bit)&1]
	}
	v := &m.entries[^at]
	if len(data) < len(v.raw) || string(data[:len(v.raw)]) != v.raw {
		return nil, 0
	}
	m.hits++
	return v, len(v.raw)
}

// Admits notes that a value was seen, and reports whether it is worth remembering: on its second sight.
func (m *Memo) Admits(raw []byte) bool { return len(raw) <= maxRaw && m.admits(len(raw), Sum(raw)) }

// Add remembers a value. A full memo forgets everything first.
func (m *Memo) Add(raw []byte, v Value) {
	if len(m.entries) == maxRemembered {
		m.entries, m.nodes = m.entries[:0], m.nodes[:0]
	}
	v.raw = string(raw)
	leaf := ^int32(len(m.entries))
	if len(m.entries) == 0 {
		m.root = leaf
		m.entries = append(m.entries, v)
		return
	}
	diff, ok := m.difference(v.raw)
	if !ok {
		return
	}
	m.entries = append(m.entries, v)
	side := v.raw[diff.at] >> (7 - diff.bit) & 1
	diff.next[side] = leaf
	link := &m.root
	for *link >= 0 {
		n := &m.nodes[*link]
		if n.at > diff.at || n.at == diff.at && n.bit > diff.bit {
			break
		}
		link = &n.next[v.raw[n.at]>>(7-n.bit)&1]
	}
	diff.next[1-side] = *link
	*link = int32(len(m.nodes))
	m.nodes = append(m.nodes, diff)
}

// difference finds the first bit in which raw differs from the remembered value that is most like it; false where one
// begins with the other.
func (m *Memo) difference(raw string) (node, bool) {
	at := m.root
	for at >= 0 {
		n := &m.nodes[at]
		side := byte(0)
		if int(n.at) < len(raw) {
			side = raw[n.at] >> (7 - n.bit) & 1
		}
		at = n.next[side]
	}
	other := m.entries[^at].raw
	for i := range min(len(raw), len(other)) {
		if x := raw[i] ^ other[i]; x != 0 {
			return node{at: int32(i), bit: uint8(bits.LeadingZeros8(x))}, true
		}
	}
	return node{}, false
}
