// Package hamt is a persistent map: every version of it stays as it was, and a new version shares all that did not
// change with the one before.
//
// It is a hash array mapped trie with 32 branches a node. Writing copies the path to the entry, some three small nodes at
// 10,000 entries; a Batch copies each node once however often it is written. What did not change between two versions
// is the same pointer in both, so that Diff costs what the changes cost and not what the map holds.
//
// It knows keys, values and a hash function that it is given. It must not know what is kept in it.
package hamt

import (
	"iter"
	"math/bits"
)

const (
	bitsPerLevel = 5
	levelMask    = 1<<bitsPerLevel - 1
	hashBits     = 64 // below this depth, entries differ in no bit of their hashes
)

// Map is one version of a map. It never changes; any number of goroutines may read it. Make one with New: the zero Map
// can be read, but not written.
type Map[K comparable, V any] struct {
	root *node[K, V]
	size int
	age  uint64 // above that of every node in it
	hash func(K) uint64
}

// leaf is one entry. It is never written after it became reachable: a changed value is a new leaf.
type leaf[K comparable, V any] struct {
	hash uint64
	key  K
	val  V
}

// node holds the leaves and the kids whose hashes have the same bits above its level. A branch is a leaf, a kid or
// nothing, as the two bit maps say; leaves and kids are in the order of their bits. Below the last level both bit maps are zero and
// leaves is a plain list of entries with equal hashes.
type node[K comparable, V any] struct {
	age     uint64 // of the batch that made it, which alone may write it
	leafMap uint32
	kidMap  uint32
	leaves  []*leaf[K, V]
	kids    []*node[K, V]
}

// New returns an empty map whose keys are spread by hash.
func New[K comparable, V any](hash func(K) uint64) Map[K, V] { return Map[K, V]{hash: hash} }

// Len returns the number of entries.
func (m Map[K, V]) Len() int { return m.size }

// Get returns the value of key, and whether there is one.
func (m Map[K, V]) Get(key K) (value V, ok bool) {
	if m.root == nil {
		return value, false
	}
	if l := m.root.find(m.hash(key), key); l != nil {
		return l.val, true
	}
	return value, false
}

// All yields every entry, in no order that means anything.
func (m Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		if m.root != nil {
			m.root.each(func(l *leaf[K, V]) bool { return yield(l.key, l.val) })
		}
	}
}

func (n *node[K, V]) find(hash uint64, key K) *leaf[K, V] {
	for shift := uint(0); shift < hashBits; shift += bitsPerLevel {
		bit := bitAt(hash, shift)
		if n.leafMap&bit != 0 {
			if l := n.leaves[index(n.leafMap, bit)]; l.hash == hash && l.key == key {
				return l
			}
			return nil
		}
		if n.kidMap&bit == 0 {
			return nil
		}
		n = n.kids[index(n.kidMap, bit)]
	}
	for _, l := range n.leaves {
		if l.key == key {
			return l
		}
	}
	return nil
}

func (n *node[K, V]) each(yield func(*leaf[K, V]) bool) bool {
	for _, l := range n.leaves {
		if !yield(l) {
			return false
		}
	}
	for _, kid := range n.kids {
		if !kid.each(yield) {
			return false
		}
	}
	return true
}

// bitAt is the bit of the branch that hash takes at the level that begins at shift.
func bitAt(hash uint64, shift uint) uint32 { return 1 << (hash >> shift & levelMask) }

// index is the place of bit's leaf or kid in its slice.
func index(set, bit uint32) int { return bits.OnesCount32(set & (bit - 1)) }
