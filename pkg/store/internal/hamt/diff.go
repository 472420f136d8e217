package hamt

// Difference is one key whose entry is not the same in two versions; Old or New is nil where it has none. An entry that
// was set again to an equal value is one, too: entries are compared by identity.
type Difference[K comparable, V any] struct{ Old, New *Entry[K, V] }

// Key is what the two versions have different entries of.
func (d Difference[K, V]) Key() K {
	if d.New != nil {
		return d.New.Key
	}
	return d.Old.Key
}

// Diff appends what is different between two versions to a list, in no order that means anything. It walks only what the
// two do not share; for versions of one map that is proportional to the changes.
func Diff[K comparable, V any](older, newer Map[K, V], to []Difference[K, V]) []Difference[K, V] {
	d := differ[K, V]{found: to}
	d.nodes(older.root, newer.root, 0)
	return d.found
}

type differ[K comparable, V any] struct{ found []Difference[K, V] }

func (d *differ[K, V]) add(old, now *Entry[K, V]) {
	d.found = append(d.found, Difference[K, V]{Old: old, New: now})
}

func (d *differ[K, V]) nodes(a, b *node[K, V], shift uint) {
	switch {
	case a == b:
		return
	case a == nil:
		b.each(shift, func(e *Entry[K, V]) bool { d.add(nil, e); return true })
		return
	case b == nil:
		a.each(shift, func(e *Entry[K, V]) bool { d.add(e, nil); return true })
		return
	case shift >= hashBits:
		d.lists(a.bucket().entries, b.bucket().entries)
		return
	case a.entryMap == b.entryMap && a.kidMap == b.kidMap:
		d.alike(a, b, shift)
		return
	}
	for bit := range eachBit(a.entryMap | a.kidMap | b.entryMap | b.kidMap) {
		entryA, kidA := a.at(bit)
		entryB, kidB := b.at(bit)
		switch {
		case entryA == nil && entryB == nil:
			d.nodes(kidA, kidB, shift+bitsPerLevel)
		case entryA != nil && entryB != nil:
			d.pair(entryA, entryB)
		default:
			d.lists(below(entryA, kidA, shift+bitsPerLevel), below(entryB, kidB, shift+bitsPerLevel))
		}
	}
}

// alike compares two nodes with the same branches, as most are: changed objects are more than new ones.
func (d *differ[K, V]) alike(a, b *node[K, V], shift uint) {
	slots := a.slots(a.len())
	others := b.slots(len(slots))
	set := a.entryMap | a.kidMap
	for i, old := range slots {
		bit := set & -set
		set &^= bit
		switch {
		case old == others[i]:
		case a.kidMap&bit != 0:
			d.nodes(*a.kid(bit), *b.kid(bit), shift+bitsPerLevel)
		default:
			d.pair(a.entry(bit), b.entry(bit))
		}
	}
}

// pair compares the entries of one branch.
func (d *differ[K, V]) pair(old, now *Entry[K, V]) {
	switch {
	case old == now:
	case old.hash == now.hash && old.Key == now.Key:
		d.add(old, now)
	default:
		d.add(old, nil)
		d.add(nil, now)
	}
}

// lists compares two short lists.
func (d *differ[K, V]) lists(a, b []*Entry[K, V]) {
	for _, old := range a {
		if now := withKey(b, old.Key); now != old {
			d.add(old, now)
		}
	}
	for _, now := range b {
		if withKey(a, now.Key) == nil {
			d.add(nil, now)
		}
	}
}

// at is what the branch of bit holds: an entry, a kid or neither.
func (n *node[K, V]) at(bit uint16) (*Entry[K, V], *node[K, V]) {
	switch {
	case n.entryMap&bit != 0:
		return n.entry(bit), nil
	case n.kidMap&bit != 0:
		return nil, *n.kid(bit)
	}
	return nil, nil
}

// below is every entry of a branch. It is called where at least one of two branches is a single entry: the other has
// rarely more than two.
func below[K comparable, V any](e *Entry[K, V], kid *node[K, V], shift uint) (all []*Entry[K, V]) {
	if e != nil {
		return []*Entry[K, V]{e}
	}
	if kid != nil {
		kid.each(shift, func(e *Entry[K, V]) bool { all = append(all, e); return true })
	}
	return all
}
