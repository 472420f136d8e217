// Package hamt is a persistent map: every version of it stays as it was, and a new version shares all that did not
// change with the one before.
//
// It is a hash array mapped trie with 16 branches a node. Writing copies the path to the entry, some four small nodes at
// 10,000 entries; a Batch copies each node once however often it is written. What did not change between two versions
// is the same pointer in both, so that Diff costs what the changes cost and not what the map holds.
//
// It knows keys, values and a hash function that it is given. It must not know what is kept in it.
package hamt

import "iter"

// Map is one version of a map. It never changes; any number of goroutines may read it. Make one with New: the zero Map
// can be read, but not written.
type Map[K comparable, V any] struct {
	root *node[K, V]
	size int
	age  uint64 // above that of every node in it
	hash func(K) uint64
}

// Entry is one key and its value. It is never written: a changed value is a new entry.
type Entry[K comparable, V any] struct {
	hash  uint64
	Key   K
	Value V
}

// New returns an empty map whose keys are spread by hash.
func New[K comparable, V any](hash func(K) uint64) Map[K, V] { return Map[K, V]{hash: hash} }

// Len returns the number of entries.
func (m *Map[K, V]) Len() int { return m.size }

// Get returns the value of key, and whether there is one.
func (m *Map[K, V]) Get(key K) (value V, ok bool) {
	if e := m.Find(key); e != nil {
		return e.Value, true
	}
	return value, false
}

// Find returns the entry of key; nil if there is none.
func (m *Map[K, V]) Find(key K) *Entry[K, V] {
	if m.root == nil {
		return nil
	}
	return m.root.find(m.hash(key), key)
}

// All yields every entry, in no order that means anything.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		if m.root != nil {
			m.root.each(0, func(e *Entry[K, V]) bool { return yield(e.Key, e.Value) })
		}
	}
}
