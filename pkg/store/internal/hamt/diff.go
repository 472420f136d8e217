package hamt

import "math/bits"

// Difference is one key whose entry is not the same in two versions. An entry that was set again to an equal value is one,
// too: entries are compared by identity.
type Difference[K comparable, V any] struct {
	Key          K
	Old, New     V
	InOld, InNew bool
}

// Diff yields what is different between two versions, in no order that means anything. It walks only what the two do
// not share; for versions of one map that is proportional to the changes.
func Diff[K comparable, V any](older, newer Map[K, V], yield func(Difference[K, V])) {
	diffNodes(older.root, newer.root, 0, yield)
}

func diffNodes[K comparable, V any](a, b *node[K, V], shift uint, yield func(Difference[K, V])) {
	switch {
	case a == b:
		return
	case a == nil:
		b.each(func(l *leaf[K, V]) bool { yieldPair(nil, l, yield); return true })
		return
	case b == nil:
		a.each(func(l *leaf[K, V]) bool { yieldPair(l, nil, yield); return true })
		return
	case shift >= hashBits:
		diffLeaves(a.leaves, b.leaves, yield)
		return
	case a.leafMap == b.leafMap && a.kidMap == b.kidMap:
		diffAlike(a, b, shift, yield)
		return
	}
	for set := a.leafMap | a.kidMap | b.leafMap | b.kidMap; set != 0; set &= set - 1 {
		bit := uint32(1) << bits.TrailingZeros32(set)
		leafA, kidA := a.at(bit)
		leafB, kidB := b.at(bit)
		switch {
		case leafA == nil && leafB == nil:
			diffNodes(kidA, kidB, shift+bitsPerLevel, yield)
		case leafA != nil && leafB != nil && leafA.key == leafB.key:
			if leafA != leafB {
				yieldPair(leafA, leafB, yield)
			}
		default:
			diffLeaves(below(leafA, kidA), below(leafB, kidB), yield)
		}
	}
}

// diffAlike compares two nodes with the same branches, as most are: changed objects are more than new ones.
func diffAlike[K comparable, V any](a, b *node[K, V], shift uint, yield func(Difference[K, V])) {
	for i, old := range a.leaves {
		now := b.leaves[i]
		switch {
		case old == now:
		case old.key == now.key:
			yieldPair(old, now, yield)
		default:
			yieldPair(old, nil, yield)
			yieldPair(nil, now, yield)
		}
	}
	for i, old := range a.kids {
		if now := b.kids[i]; old != now {
			diffNodes(old, now, shift+bitsPerLevel, yield)
		}
	}
}

// at is what the branch of bit holds: a leaf, a kid or neither.
func (n *node[K, V]) at(bit uint32) (*leaf[K, V], *node[K, V]) {
	switch {
	case n.leafMap&bit != 0:
		return n.leaves[index(n.leafMap, bit)], nil
	case n.kidMap&bit != 0:
		return nil, n.kids[index(n.kidMap, bit)]
	}
	return nil, nil
}

// below is every leaf of a branch. It is called where at least one of two branches is a single leaf: the other has
// rarely more than two.
func below[K comparable, V any](l *leaf[K, V], kid *node[K, V]) (all []*leaf[K, V]) {
	if l != nil {
		return []*leaf[K, V]{l}
	}
	if kid != nil {
		kid.each(func(l *leaf[K, V]) bool { all = append(all, l); return true })
	}
	return all
}

// diffLeaves compares two short lists.
func diffLeaves[K comparable, V any](a, b []*leaf[K, V], yield func(Difference[K, V])) {
	for _, old := range a {
		if now := withKey(b, old.key); now != old {
			yieldPair(old, now, yield)
		}
	}
	for _, now := range b {
		if withKey(a, now.key) == nil {
			yieldPair(nil, now, yield)
		}
	}
}

func withKey[K comparable, V any](list []*leaf[K, V], key K) *leaf[K, V] {
	for _, l := range list {
		if l.key == key {
			return l
		}
	}
	return nil
}

func yieldPair[K comparable, V any](old, now *leaf[K, V], yield func(Difference[K, V])) {
	var d Difference[K, V]
	if old != nil {
		d.Key, d.Old, d.InOld = old.key, old.val, true
	}
	if now != nil {
		d.Key, d.New, d.InNew = now.key, now.val, true
	}
	yield(d)
}
