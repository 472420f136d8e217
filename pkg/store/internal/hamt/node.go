package hamt

import (
	"math/bits"
	"slices"
	"unsafe"
)

const (
	bitsPerLevel = 4
	branches     = 1 << bitsPerLevel
	levelMask    = branches - 1
	hashBits     = 64 // below this depth, entries differ in no bit of their hashes
)

// node holds the entries and the kids whose hashes have the same bits above its level. A branch is an entry, a kid or
// nothing, as the two bit maps say; no bit is set in both. Its slots, in the order of the bits, follow it in the same
// piece of memory, so that a copy is one small allocation and a look into it touches memory once. Below the last level
// there are buckets instead.
//
// This is the one place that uses unsafe: a slot is a pointer of two kinds, and a node has room for as many slots as it
// needs. Both are told to the garbage collector as what they are, pointers in an array.
type node[K comparable, V any] struct {
	age      uint64 // of the batch that made it, which alone may write it
	entryMap uint16
	kidMap   uint16
	room     uint16 // slots that there is memory for
}

// The sizes that nodes are made in.
type (
	slots2[K comparable, V any] struct {
		node[K, V]
		_ [2]unsafe.Pointer
	}
	slots4[K comparable, V any] struct {
		node[K, V]
		_ [4]unsafe.Pointer
	}
	slots8[K comparable, V any] struct {
		node[K, V]
		_ [8]unsafe.Pointer
	}
	slots12[K comparable, V any] struct {
		node[K, V]
		_ [12]unsafe.Pointer
	}
	slots16[K comparable, V any] struct {
		node[K, V]
		_ [branches]unsafe.Pointer
	}
)

// newNode makes an empty node with room for at least so many slots.
func newNode[K comparable, V any](age uint64, slots int) *node[K, V] {
	switch {
	case slots <= 2:
		return &(&slots2[K, V]{node: node[K, V]{age: age, room: 2}}).node
	case slots <= 4:
		return &(&slots4[K, V]{node: node[K, V]{age: age, room: 4}}).node
	case slots <= 8:
		return &(&slots8[K, V]{node: node[K, V]{age: age, room: 8}}).node
	case slots <= 12:
		return &(&slots12[K, V]{node: node[K, V]{age: age, room: 12}}).node
	}
	return &(&slots16[K, V]{node: node[K, V]{age: age, room: branches}}).node
}

// slots are the first slots of a node; n is at most its room.
func (n *node[K, V]) slots(count int) []unsafe.Pointer {
	return unsafe.Slice((*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(*n))), count)
}

// len is how many slots are in use.
func (n *node[K, V]) len() int { return bits.OnesCount16(n.entryMap | n.kidMap) }

// slot is the place of the slot of a bit.
func (n *node[K, V]) slot(bit uint16) *unsafe.Pointer {
	at := bits.OnesCount16((n.entryMap | n.kidMap) & (bit - 1))
	return (*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(*n)+uintptr(at)*unsafe.Sizeof(uintptr(0))))
}

// entry is what a slot holds whose bit is set in entryMap.
func (n *node[K, V]) entry(bit uint16) *Entry[K, V] { return (*Entry[K, V])(*n.slot(bit)) }

// kid is the slot of a bit that is set in kidMap.
func (n *node[K, V]) kid(bit uint16) **node[K, V] { return (**node[K, V])(unsafe.Pointer(n.slot(bit))) }

// copied is n as a batch of this age may write it, with room for so many slots more.
func (n *node[K, V]) copied(age uint64, more int) *node[K, V] {
	used := n.len()
	c := newNode[K, V](age, used+more)
	c.entryMap, c.kidMap = n.entryMap, n.kidMap
	copy(c.slots(used), n.slots(used))
	return c
}

// put puts an entry into a branch that is empty, for which there is room.
func (n *node[K, V]) put(bit uint16, e *Entry[K, V]) {
	used := n.len()
	at := bits.OnesCount16((n.entryMap | n.kidMap) & (bit - 1))
	all := n.slots(used + 1)
	copy(all[at+1:], all[at:used])
	all[at] = unsafe.Pointer(e)
	n.entryMap |= bit
}

// take empties the branch of an entry.
func (n *node[K, V]) take(bit uint16) {
	used := n.len()
	at := bits.OnesCount16((n.entryMap | n.kidMap) & (bit - 1))
	all := n.slots(used)
	copy(all[at:], all[at+1:])
	all[used-1] = nil
	n.entryMap &^= bit
}

// setEntry and setKid change what a branch holds that is not empty.
func (n *node[K, V]) setEntry(bit uint16, e *Entry[K, V]) {
	*n.slot(bit) = unsafe.Pointer(e)
	n.entryMap, n.kidMap = n.entryMap|bit, n.kidMap&^bit
}

func (n *node[K, V]) setKid(bit uint16, kid *node[K, V]) {
	*n.slot(bit) = unsafe.Pointer(kid)
	n.entryMap, n.kidMap = n.entryMap&^bit, n.kidMap|bit
}

// bucket is what stands below the last level: entries with equal hashes, in no order.
type bucket[K comparable, V any] struct {
	node[K, V]
	entries []*Entry[K, V]
}

// bucket is a node below the last level.
func (n *node[K, V]) bucket() *bucket[K, V] { return (*bucket[K, V])(unsafe.Pointer(n)) }

// find is the place of a key; -1 if it is not there.
func (b *bucket[K, V]) find(key K) int {
	return slices.IndexFunc(b.entries, func(e *Entry[K, V]) bool { return e.Key == key })
}
