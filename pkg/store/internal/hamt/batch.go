package hamt

import "slices"

// Batch makes one new version out of many writes. It belongs to one goroutine.
//
// It may write the nodes that it made, which are those of its age: what it began with is of a lesser one, and what it
// has handed out is as well, because it ages by that. Batches that began with the same version are of one age, and never
// see each other's nodes.
type Batch[K comparable, V any] struct{ m Map[K, V] }

// Batch begins a batch of writes. Nothing that is done to it shows in m, nor in any other version.
func (m *Map[K, V]) Batch() Batch[K, V] { return Batch[K, V]{m: *m} }

// Map returns the version with all writes so far. The batch can be written on; the version that was returned does not
// change by that.
func (b *Batch[K, V]) Map() Map[K, V] {
	b.m.age++ // what the returned version holds is no longer ours
	return b.m
}

// Len returns the number of entries as of the last write.
func (b *Batch[K, V]) Len() int { return b.m.size }

// Get reads the batch as of its last write.
func (b *Batch[K, V]) Get(key K) (V, bool) { return b.m.Get(key) }

// Find reads the batch as of its last write.
func (b *Batch[K, V]) Find(key K) *Entry[K, V] { return b.m.Find(key) }

// Set puts value under key.
func (b *Batch[K, V]) Set(key K, value V) {
	b.put(&Entry[K, V]{hash: b.m.hash(key), Key: key, Value: value})
}

// Update puts another value under the key of an entry that Find returned. The entry stays as it is.
func (b *Batch[K, V]) Update(e *Entry[K, V], value V) {
	b.put(&Entry[K, V]{hash: e.hash, Key: e.Key, Value: value})
}

func (b *Batch[K, V]) put(e *Entry[K, V]) {
	if b.m.root == nil {
		b.m.root = newNode[K, V](b.m.age, 2)
	}
	at := &b.m.root
	for shift := uint(0); shift < hashBits; shift += bitsPerLevel {
		bit := bitAt(e.hash, shift)
		n := *at
		switch {
		case n.kidMap&bit != 0:
			at = b.mine(at, 0).kid(bit)
		case n.entryMap&bit == 0:
			b.mine(at, 1).put(bit, e)
			b.m.size++
			return
		default:
			b.putBeside(n.entry(bit), e, b.mine(at, 0), bit, shift)
			return
		}
	}
	b.putInBucket(at, e)
}

// putBeside puts e into a branch that an entry holds, in its place or together with it.
func (b *Batch[K, V]) putBeside(there, e *Entry[K, V], n *node[K, V], bit uint16, shift uint) {
	if there.hash == e.hash && there.Key == e.Key {
		n.setEntry(bit, e)
		return
	}
	n.setKid(bit, b.fork(shift+bitsPerLevel, there, e))
	b.m.size++
}

func (b *Batch[K, V]) putInBucket(at **node[K, V], e *Entry[K, V]) {
	mine := b.mineBucket(at)
	if i := mine.find(e.Key); i >= 0 {
		mine.entries[i] = e
		return
	}
	mine.entries = append(mine.entries, e)
	b.m.size++
}

// Delete takes key and its value out, and reports whether there was one.
func (b *Batch[K, V]) Delete(key K) bool {
	if b.m.root == nil || !b.remove(&b.m.root, 0, b.m.hash(key), key) {
		return false
	}
	if b.m.size--; b.m.size == 0 {
		b.m.root = nil
	}
	return true
}

// mine puts a copy in the place of a node that this batch has not made, or that lacks room for so many slots more, and
// returns what may be written now.
func (b *Batch[K, V]) mine(at **node[K, V], more int) *node[K, V] {
	n := *at
	if n.age != b.m.age || more > 0 && n.len() == int(n.room) {
		n = n.copied(b.m.age, more)
		*at = n
	}
	return n
}

func (b *Batch[K, V]) mineBucket(at **node[K, V]) *bucket[K, V] {
	there := (*at).bucket()
	if there.age != b.m.age {
		there = &bucket[K, V]{node: node[K, V]{age: b.m.age}, entries: slices.Clone(there.entries)}
		*at = &there.node
	}
	return there
}

// fork makes the subtree of two entries that meet in one branch.
func (b *Batch[K, V]) fork(shift uint, one, two *Entry[K, V]) *node[K, V] {
	if shift >= hashBits {
		return &(&bucket[K, V]{node: node[K, V]{age: b.m.age}, entries: []*Entry[K, V]{one, two}}).node
	}
	n := newNode[K, V](b.m.age, 2)
	first, second := bitAt(one.hash, shift), bitAt(two.hash, shift)
	n.put(first, one)
	if first == second {
		n.setKid(first, b.fork(shift+bitsPerLevel, one, two))
	} else {
		n.put(second, two)
	}
	return n
}

// remove takes key out of the subtree at a place, which it writes only if key is there. A kid that is left with a single
// entry gives it up to its parent, so that the shape of a map depends on its entries alone and not on their history.
func (b *Batch[K, V]) remove(at **node[K, V], shift uint, hash uint64, key K) (found bool) {
	n := *at
	if shift >= hashBits {
		return b.removeFromBucket(at, key)
	}
	bit := bitAt(hash, shift)
	switch {
	case n.entryMap&bit != 0:
		if e := n.entry(bit); e.hash != hash || e.Key != key {
			return false
		}
		b.mine(at, 0).take(bit)
		return true
	case n.kidMap&bit != 0:
		kid := *n.kid(bit)
		if !b.remove(&kid, shift+bitsPerLevel, hash, key) {
			return false
		}
		if last := kid.single(shift + bitsPerLevel); last != nil {
			b.mine(at, 0).setEntry(bit, last)
		} else {
			b.mine(at, 0).setKid(bit, kid)
		}
		return true
	}
	return false
}

func (b *Batch[K, V]) removeFromBucket(at **node[K, V], key K) (found bool) {
	i := (*at).bucket().find(key)
	if i >= 0 {
		mine := b.mineBucket(at)
		mine.entries = slices.Delete(mine.entries, i, i+1)
	}
	return i >= 0
}
