package store

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/store/internal/hamt"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Diff returns what is different between two snapshots of one store, ordered by class and reference, each object once. Its cost
// is that of the changes, whatever the pool's size. An object that changed and changed back is in it.
func Diff(older, newer Snapshot) []Change {
	var changes []Change
	var found []difference
	for _, c := range newer.root.schema.classes {
		a, b := older.root.tables.of(c), newer.root.tables.of(c)
		if a == b {
			continue
		}
		if found == nil {
			found = make([]difference, 0, 64)
		}
		found = hamt.Diff(a.objects, b.objects, found[:0])
		changes = slices.Grow(changes, len(found))
		for _, place := range inOrder(found) {
			changes = append(changes, change(c, found[place.at]))
		}
	}
	return changes
}

type difference = hamt.Difference[string, xen.Record]

func change(c *class, d difference) Change {
	ch := Change{Class: c.name, Ref: d.Key()}
	if d.Old != nil {
		ch.Old = d.Old.Value
	}
	if d.New != nil {
		ch.New = d.New.Value
	}
	return ch
}

// place is one difference while they are put in order: where it stands, and the part of its reference in which it
// differs from most others, as a number.
type place struct {
	head uint64
	at   int
}

// inOrder returns the places of differences in the order of their references.
func inOrder(found []difference) []place {
	places := make([]place, len(found))
	from := sharedLen(found)
	for at, d := range found {
		places[at] = place{head: head(d.Key()[from:]), at: at}
	}
	slices.SortFunc(places, func(x, y place) int {
		switch {
		case x.head < y.head:
			return -1
		case x.head > y.head:
			return 1
		}
		return strings.Compare(found[x.at].Key(), found[y.at].Key())
	})
	return places
}

// sharedLen is how many bytes all references begin with: those of xapi all with "OpaqueRef:".
func sharedLen(found []difference) int {
	if len(found) == 0 {
		return 0
	}
	shared := found[0].Key()
	for _, d := range found[1:] {
		if key := d.Key(); !strings.HasPrefix(key, shared) {
			n := 0
			for n < len(key) && key[n] == shared[n] {
				n++
			}
			shared = shared[:n]
		}
	}
	return len(shared)
}

// head is the first eight bytes of a string as a number that is ordered as they are. A shorter one is filled up with
// zeros, so two strings with the same head may differ.
func head(s string) uint64 {
	var bytes [8]byte
	copy(bytes[:], s)
	return binary.BigEndian.Uint64(bytes[:])
}
