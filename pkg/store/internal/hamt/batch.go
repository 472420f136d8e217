package hamt

import "slices"

// Batch makes one new version out of many writes. It belongs to one goroutine.
//
// It may write the nodes that it made, which are those of its age: what it began with is of a lesser one, and what it
// has handed out is as well, because it ages by that. Batches that began with the same version are of one age, and never
// see each other's nodes.
type Batch[K comparable, V any] struct{ m Map[K, V] }

// Batch begins a batch of writes. Nothing that is done to it shows in m, nor in any other version.
func (m Map[K, V]) Batch() Batch[K, V] { return Batch[K, V]{m: m} }

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

// Set puts value under key.
func (b *Batch[K, V]) Set(key K, value V) {
	l := &leaf[K, V]{hash: b.m.hash(key), key: key, val: value}
	root := b.m.root
	if root == nil {
		root = &node[K, V]{age: b.m.age}
	}
	var added bool
	b.m.root, added = b.set(root, 0, l)
	if added {
		b.m.size++
	}
}

// Delete takes key and its value out, and reports whether there was one.
func (b *Batch[K, V]) Delete(key K) bool {
	if b.m.root == nil {
		return false
	}
	root, found := b.remove(b.m.root, 0, b.m.hash(key), key)
	if !found {
		return false
	}
	b.m.size--
	b.m.root = root
	if b.m.size == 0 {
		b.m.root = nil
	}
	return true
}

// wide is a node with room for all its kids beside it, in one piece of memory: most nodes above the lowest have many.
type wide[K comparable, V any] struct {
	node[K, V]
	room [1 << bitsPerLevel]*node[K, V]
}

// mine returns n itself if this batch made it, else a copy that this batch may write.
func (b *Batch[K, V]) mine(n *node[K, V]) *node[K, V] {
	if n.age == b.m.age {
		return n
	}
	if len(n.kids) <= 1<<bitsPerLevel/2 {
		return &node[K, V]{age: b.m.age, leafMap: n.leafMap, kidMap: n.kidMap, leaves: slices.Clone(n.leaves), kids: slices.Clone(n.kids)}
	}
	w := &wide[K, V]{node: node[K, V]{age: b.m.age, leafMap: n.leafMap, kidMap: n.kidMap, leaves: slices.Clone(n.leaves)}}
	w.kids = w.room[:copy(w.room[:], n.kids)]
	return &w.node
}

func (b *Batch[K, V]) set(n *node[K, V], shift uint, l *leaf[K, V]) (_ *node[K, V], added bool) {
	n = b.mine(n)
	if shift >= hashBits {
		return n, n.setInList(l)
	}
	bit := bitAt(l.hash, shift)
	switch {
	case n.kidMap&bit != 0:
		i := index(n.kidMap, bit)
		n.kids[i], added = b.set(n.kids[i], shift+bitsPerLevel, l)
	case n.leafMap&bit != 0:
		i := index(n.leafMap, bit)
		there := n.leaves[i]
		if there.hash == l.hash && there.key == l.key {
			n.leaves[i] = l
			return n, false
		}
		n.takeLeaf(bit)
		n.putKid(bit, b.fork(shift+bitsPerLevel, there, l))
		added = true
	default:
		n.putLeaf(bit, l)
		added = true
	}
	return n, added
}

// fork makes the subtree of two leaves that meet in one branch.
func (b *Batch[K, V]) fork(shift uint, one, two *leaf[K, V]) *node[K, V] {
	n := &node[K, V]{age: b.m.age}
	if shift >= hashBits {
		n.leaves = []*leaf[K, V]{one, two}
		return n
	}
	first, second := bitAt(one.hash, shift), bitAt(two.hash, shift)
	if first == second {
		n.putKid(first, b.fork(shift+bitsPerLevel, one, two))
		return n
	}
	n.putLeaf(first, one)
	n.putLeaf(second, two)
	return n
}

// remove returns n without key. A kid that is left with a single leaf gives it up to its parent, so that the shape of a map
// depends on its entries alone and not on their history.
func (b *Batch[K, V]) remove(n *node[K, V], shift uint, hash uint64, key K) (_ *node[K, V], found bool) {
	if shift >= hashBits {
		i := slices.IndexFunc(n.leaves, func(l *leaf[K, V]) bool { return l.key == key })
		if i < 0 {
			return n, false
		}
		n = b.mine(n)
		n.leaves = slices.Delete(n.leaves, i, i+1)
		return n, true
	}
	bit := bitAt(hash, shift)
	switch {
	case n.leafMap&bit != 0:
		if l := n.leaves[index(n.leafMap, bit)]; l.hash != hash || l.key != key {
			return n, false
		}
		n = b.mine(n)
		n.takeLeaf(bit)
		return n, true
	case n.kidMap&bit != 0:
		i := index(n.kidMap, bit)
		kid, found := b.remove(n.kids[i], shift+bitsPerLevel, hash, key)
		if !found {
			return n, false
		}
		n = b.mine(n)
		n.kids[i] = kid
		if len(kid.kids) == 0 && len(kid.leaves) == 1 {
			n.takeKid(bit)
			n.putLeaf(bit, kid.leaves[0])
		}
		return n, true
	}
	return n, false
}

func (n *node[K, V]) setInList(l *leaf[K, V]) (added bool) {
	for i, there := range n.leaves {
		if there.key == l.key {
			n.leaves[i] = l
			return false
		}
	}
	n.leaves = append(n.leaves, l)
	return true
}

func (n *node[K, V]) putLeaf(bit uint32, l *leaf[K, V]) {
	n.leaves = slices.Insert(n.leaves, index(n.leafMap, bit), l)
	n.leafMap |= bit
}

func (n *node[K, V]) takeLeaf(bit uint32) {
	i := index(n.leafMap, bit)
	n.leaves = slices.Delete(n.leaves, i, i+1)
	n.leafMap &^= bit
}

func (n *node[K, V]) putKid(bit uint32, kid *node[K, V]) {
	n.kids = slices.Insert(n.kids, index(n.kidMap, bit), kid)
	n.kidMap |= bit
}

func (n *node[K, V]) takeKid(bit uint32) {
	i := index(n.kidMap, bit)
	n.kids = slices.Delete(n.kids, i, i+1)
	n.kidMap &^= bit
}
