package store

import (
	"maps"
	"slices"

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
	root := s.root.Load()
	w := writer{root: root}
	for i := range batches {
		w.apply(&batches[i])
	}
	if len(w.changes) == 0 {
		return nil
	}
	next := root.next()
	for t := &w.first; t != nil; t = t.next {
		if t.wrote {
			next.tables.set(t.class, t.table())
		}
	}
	s.root.Store(next)
	return w.changes
}

// writer is one Apply.
type writer struct {
	root    *root       // that it began with
	first   tableWriter // of the class that was touched first, mostly the only one; the others follow it
	changes []Change
	room    int // for changes, once there is one
}

func (w *writer) apply(b *Batch) {
	w.room = min(len(b.Set)+len(b.Delete), 32)
	if w.root.revision == 0 {
		w.room += listed(b.Replace) // nearly everything is new
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

// replace sets all objects of a list, then removes the others. The set of references is made once, at the end, if it is
// another.
func (w *writer) replace(list *xen.ObjectList) {
	t := w.table(list.Class)
	if t == nil {
		return
	}
	before := t.refs()
	added := false
	keep := make(map[string]struct{}, len(list.Objects))
	for _, o := range list.Objects {
		if o.Record == nil || o.Record.Class() != list.Class {
			continue
		}
		ref, old, changed := t.put(o)
		keep[ref] = struct{}{}
		if changed {
			w.add(t, ref, old, o.Record)
			added = added || old == nil
		}
	}
	if !added && len(keep) == before.len() {
		return
	}
	for ref := range before.all() {
		if _, ok := keep[ref]; !ok {
			old, _ := t.take(ref)
			w.add(t, ref, old, nil)
		}
	}
	refs := slices.AppendSeq(make([]string, 0, len(keep)), maps.Keys(keep))
	slices.Sort(refs)
	t.index().refs = sortedRefSet(refs)
}

func (w *writer) set(t *tableWriter, o xen.Object) {
	ref, old, changed := t.put(o)
	if !changed {
		return
	}
	if old == nil {
		t.index().refs = t.index().refs.with(ref)
	}
	w.add(t, ref, old, o.Record)
}

func (w *writer) remove(t *tableWriter, ref string) {
	if old, there := t.take(ref); there {
		t.index().refs = t.index().refs.without(ref)
		w.add(t, ref, old, nil)
	}
}

func (w *writer) add(t *tableWriter, ref string, old, now xen.Record) {
	if w.changes == nil {
		w.changes = make([]Change, 0, w.room)
	}
	t.wrote = true
	w.changes = append(w.changes, Change{Class: t.class.name, Ref: ref, Old: old, New: now})
}

// table is the writer of a class's table; nil for a class that the datamodel does not have.
func (w *writer) table(name xen.Class) *tableWriter {
	t := &w.first
	for t.class != nil {
		if t.class.name == name {
			return t
		}
		if t.next == nil {
			break
		}
		t = t.next
	}
	c := w.root.schema.byName[name]
	if c == nil {
		return nil
	}
	if t.class != nil {
		t.next = &tableWriter{}
		t = t.next
	}
	*t = w.root.tables.of(c).writer(c)
	return t
}
