package store

import (
	"slices"

	"github.com/xencontroller/xencontroller/pkg/store/internal/hamt"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// table is one version of the objects of one class and their indexes. The indexes hold references, not records: most
// changes touch no index.
type table struct {
	objects hamt.Map[string, xen.Record] // by reference
	refs    refSet                       // all, sorted
	uuids   hamt.Map[string, string]     // uuid → reference
	labels  hamt.Map[string, refSet]     // name_label → references
	hosts   hamt.Map[string, refSet]     // resident host → references; only of class VM
	own     []hamt.Map[string, refSet]   // users' indexes of the class; never written in place
}

func newTable(c *class, hash func(string) uint64) *table {
	t := &table{
		objects: hamt.New[string, xen.Record](hash),
		uuids:   hamt.New[string, string](hash),
		labels:  hamt.New[string, refSet](hash),
		hosts:   hamt.New[string, refSet](hash),
	}
	for range c.own {
		t.own = append(t.own, hamt.New[string, refSet](hash))
	}
	return t
}

// tableWriter makes the next version of a table. Batches of indexes begin only when one is written.
type tableWriter struct {
	class   *class
	old     *table
	objects hamt.Batch[string, xen.Record]
	refs    refSet
	uuids   *hamt.Batch[string, string]
	labels  *hamt.Batch[string, refSet]
	hosts   *hamt.Batch[string, refSet]
	own     []*hamt.Batch[string, refSet] // nil: none was written
}

func (t *table) writer(c *class) *tableWriter {
	return &tableWriter{class: c, old: t, objects: t.objects.Batch(), refs: t.refs}
}

// begun is a batch of an index: the one there is, or a new one.
func begun[V any](batch *hamt.Batch[string, V], index hamt.Map[string, V]) *hamt.Batch[string, V] {
	if batch == nil {
		b := index.Batch()
		batch = &b
	}
	return batch
}

// table is the new version.
func (w *tableWriter) table() *table {
	t := &table{objects: w.objects.Map(), refs: w.refs, uuids: w.old.uuids, labels: w.old.labels, hosts: w.old.hosts, own: w.old.own}
	if w.uuids != nil {
		t.uuids = w.uuids.Map()
	}
	if w.labels != nil {
		t.labels = w.labels.Map()
	}
	if w.hosts != nil {
		t.hosts = w.hosts.Map()
	}
	if w.own != nil {
		t.own = slices.Clone(t.own)
		for at, batch := range w.own {
			if batch != nil {
				t.own[at] = batch.Map()
			}
		}
	}
	return t
}

// put puts an object in and returns the record that was there. False: it said the same, and stays. The set of references
// is the caller's to keep.
func (w *tableWriter) put(ref string, r xen.Record) (old xen.Record, changed bool) {
	old, there := w.objects.Get(ref)
	if there && xen.Changed(old, r).None() {
		return old, false
	}
	w.objects.Set(ref, r)
	w.reindex(ref, old, r)
	return old, true
}

// take takes an object out and returns its last record. The set of references is the caller's to keep.
func (w *tableWriter) take(ref string) (old xen.Record, there bool) {
	old, there = w.objects.Get(ref)
	if there {
		w.objects.Delete(ref)
		w.reindex(ref, old, nil)
	}
	return old, there
}

// reindex moves ref from where old put it to where now puts it; either may be nil.
func (w *tableWriter) reindex(ref string, old, now xen.Record) {
	if before, after := uuidOf(old), uuidOf(now); before != after {
		w.moveUUID(ref, before, after)
	}
	if w.class.label {
		before, had := w.indexedLabel(old)
		after, has := w.indexedLabel(now)
		if had != has || before != after {
			w.labels = move(w.labels, w.old.labels, ref, before, had, after, has)
		}
	}
	before, had := w.indexedHost(old)
	after, has := w.indexedHost(now)
	if had != has || before != after {
		w.hosts = move(w.hosts, w.old.hosts, ref, before, had, after, has)
	}
	w.moveOwn(ref, old, now)
}

// moveUUID keeps the newest reference of a uuid. xapi: a VM that came back (import, migration from another pool) has its old uuid
// and a new reference, and may be seen before the old one is gone.
func (w *tableWriter) moveUUID(ref, before, after string) {
	w.uuids = begun(w.uuids, w.old.uuids)
	if holder, ok := w.uuids.Get(before); ok && holder == ref {
		w.uuids.Delete(before)
	}
	if after != "" {
		w.uuids.Set(after, ref)
	}
}

func (w *tableWriter) indexedLabel(r xen.Record) (string, bool) {
	if r == nil {
		return "", false
	}
	return w.class.labelOf(r)
}

func (w *tableWriter) indexedHost(r xen.Record) (string, bool) {
	if r == nil {
		return "", false
	}
	return hostOf(r)
}

// move takes ref out of one set of an index and puts it into another. The batch begins here if it has not.
func move(batch *hamt.Batch[string, refSet], index hamt.Map[string, refSet], ref, from string, had bool, to string, has bool) *hamt.Batch[string, refSet] {
	batch = begun(batch, index)
	if had {
		set, _ := batch.Get(from)
		if set = set.without(ref); set.len() == 0 {
			batch.Delete(from)
		} else {
			batch.Set(from, set)
		}
	}
	if has {
		set, _ := batch.Get(to)
		batch.Set(to, set.with(ref))
	}
	return batch
}

func uuidOf(r xen.Record) string {
	if r == nil {
		return ""
	}
	return r.ObjectUUID()
}
