package store

import (
	"cmp"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/store/internal/hamt"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Change is one object that is not as it was. Records of it must not travel further than to find out what to look at:
// by then the newest snapshot knows better.
type Change struct {
	Class xen.Class
	Ref   string
	Old   xen.Record // nil: the object was added
	New   xen.Record // nil: the object was deleted
}

// Changed returns the fields that are not as they were; of an object that was added or deleted, all.
func (c Change) Changed() xen.Fields { return xen.Changed(c.Old, c.New) }

// Batch is writes that become visible together: first Replace, then Set, then Delete.
type Batch struct {
	// Replace makes the objects of each list's class exactly those of the list. An object whose record could not be read is
	// not among them: nothing can be decided on what cannot be read.
	Replace []xen.ObjectList
	// Set adds objects or puts new records in the place of the ones there were, in this order.
	Set []xen.Object
	// Delete removes objects; one that is not there is not missed.
	Delete []Key
}

// Apply writes batches, one after the other, and publishes them all as one snapshot. It returns each change in the order
// in which it was made, so an object that was set twice is in it twice. A record that says what the one before said is
// no change: the old one stays. Classes that the datamodel does not have are left out. It is the writer's; without a
// change nothing is published.
func (s *Store) Apply(batches ...Batch) []Change {
	var room [4]*tableWriter
	w := writer{root: s.root.Load(), tables: room[:0]}
	for i := range batches {
		w.apply(&batches[i])
	}
	if len(w.changes) == 0 {
		return nil
	}
	next := s.next()
	for _, t := range w.tables {
		next.tables.set(t.class, t.table())
	}
	s.root.Store(next)
	return w.changes
}

// writer is one Apply.
type writer struct {
	root    *root          // that it began with
	tables  []*tableWriter // of the classes that are written; few
	changes []Change
}

func (w *writer) apply(b *Batch) {
	if w.root.revision == 0 {
		w.changes = slices.Grow(w.changes, listed(b.Replace)) // nearly everything is new
	}
	for i := range b.Replace {
		w.replace(&b.Replace[i])
	}
	for _, o := range b.Set {
		if o.Record == nil {
			continue
		}
		if t := w.table(o.Record.Class()); t != nil {
			w.set(t, o)
		}
	}
	for _, key := range b.Delete {
		if t := w.table(key.Class); t != nil {
			w.remove(t, key.Ref)
		}
	}
}

// listed is how many objects lists have.
func listed(lists []xen.ObjectList) int {
	n := 0
	for i := range lists {
		n += len(lists[i].Objects)
	}
	return n
}

// replace sets all objects of a list, then removes the others. The set of references is made once, at the end.
func (w *writer) replace(list *xen.ObjectList) {
	t := w.table(list.Class)
	if t == nil {
		return
	}
	keep := make(map[string]struct{}, len(list.Objects))
	refs := make([]string, 0, len(list.Objects))
	for _, o := range list.Objects {
		if o.Record == nil || o.Record.Class() != list.Class {
			continue
		}
		if _, double := keep[o.Ref]; !double {
			keep[o.Ref] = struct{}{}
			refs = append(refs, o.Ref)
		}
		if old, changed := t.put(o.Ref, o.Record); changed {
			w.add(t, o.Ref, old, o.Record)
		}
	}
	for ref := range t.refs.all() {
		if _, ok := keep[ref]; !ok {
			old, _ := t.take(ref)
			w.add(t, ref, old, nil)
		}
	}
	slices.Sort(refs)
	t.refs = sortedRefSet(refs)
}

func (w *writer) set(t *tableWriter, o xen.Object) {
	old, changed := t.put(o.Ref, o.Record)
	if !changed {
		return
	}
	if old == nil {
		t.refs = t.refs.with(o.Ref)
	}
	w.add(t, o.Ref, old, o.Record)
}

func (w *writer) remove(t *tableWriter, ref string) {
	if old, there := t.take(ref); there {
		t.refs = t.refs.without(ref)
		w.add(t, ref, old, nil)
	}
}

func (w *writer) add(t *tableWriter, ref string, old, now xen.Record) {
	w.changes = append(w.changes, Change{Class: t.class.name, Ref: ref, Old: old, New: now})
}

// table is the writer of a class's table; nil for a class that the datamodel does not have.
func (w *writer) table(name xen.Class) *tableWriter {
	for _, t := range w.tables {
		if t.class.name == name {
			return t
		}
	}
	c := w.root.byName[name]
	if c == nil {
		return nil
	}
	t := w.root.tables.of(c).writer(c)
	w.tables = append(w.tables, t)
	return t
}

// Diff returns what is different between two snapshots of one store, ordered by class and reference, each object once. Its cost
// is that of the changes, whatever the pool's size. An object that changed and changed back is in it.
func Diff(older, newer Snapshot) []Change {
	var changes []Change
	for _, c := range newer.root.classes {
		a, b := older.root.tables.of(c), newer.root.tables.of(c)
		if a == b {
			continue
		}
		from := len(changes)
		changes = slices.Grow(changes, 32)
		hamt.Diff(a.objects, b.objects, func(d hamt.Difference[string, xen.Record]) {
			changes = append(changes, Change{Class: c.name, Ref: d.Key, Old: d.Old, New: d.New})
		})
		slices.SortFunc(changes[from:], func(x, y Change) int { return cmp.Compare(x.Ref, y.Ref) })
	}
	return changes
}
