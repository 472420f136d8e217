package hamt

import "slices"

func (n *node[K, V]) find(hash uint64, key K) *Entry[K, V] {
	for rest, depth := hash, 0; depth < hashBits; rest, depth = rest>>bitsPerLevel, depth+bitsPerLevel {
		bit := uint16(1) << (rest & levelMask)
		if n.kidMap&bit != 0 {
			n = *n.kid(bit)
			continue
		}
		if n.entryMap&bit != 0 {
			if e := n.entry(bit); e.hash == hash && e.Key == key {
				return e
			}
		}
		return nil
	}
	return withKey(n.bucket().entries, key)
}

// each yields the entries of a node of a level, and of all below it.
func (n *node[K, V]) each(shift uint, yield func(*Entry[K, V]) bool) bool {
	if shift >= hashBits {
		return !slices.ContainsFunc(n.bucket().entries, func(e *Entry[K, V]) bool { return !yield(e) })
	}
	for bit := range eachBit(n.entryMap | n.kidMap) {
		if n.entryMap&bit != 0 {
			if !yield(n.entry(bit)) {
				return false
			}
		} else if kid := *n.kid(bit); !kid.each(shift+bitsPerLevel, yield) {
			return false
		}
	}
	return true
}

// single is the only entry below a node of a level; nil where there are more, or a kid.
func (n *node[K, V]) single(shift uint) *Entry[K, V] {
	if shift >= hashBits {
		if all := n.bucket().entries; len(all) == 1 {
			return all[0]
		}
		return nil
	}
	if n.kidMap == 0 && n.len() == 1 {
		return n.entry(n.entryMap)
	}
	return nil
}

func withKey[K comparable, V any](list []*Entry[K, V], key K) *Entry[K, V] {
	for _, e := range list {
		if e.Key == key {
			return e
		}
	}
	return nil
}

// bitAt is the bit of the branch that hash takes at the level that begins at shift.
func bitAt(hash uint64, shift uint) uint16 { return 1 << (hash >> shift & levelMask) }

// eachBit yields the bits that are set, from the lowest.
func eachBit(set uint16) func(func(uint16) bool) {
	return func(yield func(uint16) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(set & -set) {
				return
			}
		}
	}
}
