package store

import (
	"strings"

	"github.com/xencontroller/xencontroller/pkg/store/internal/hamt"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// table is one version of the objects of one class. Its indexes stand apart: most changes touch none of them.
type table struct {
	objects  hamt.Map[string, xen.Record] // by reference
	*indexes                              // never written
}

func newTable(c *class, hash func(string) uint64) *table {
	return &table{objects: hamt.New[string, xen.Record](hash), indexes: newIndexes(c, hash)}
}

// tableWriter makes the next version of a table.
type tableWriter struct {
	class   *class
	old     *table
	objects hamt.Batch[string, xen.Record]
	indexes *indexWriter // nil: none was written
	wrote   bool         // there is a next version
	next    *tableWriter // of another class in the same Apply
}

func (t *table) writer(c *class) tableWriter {
	return tableWriter{class: c, old: t, objects: t.objects.Batch()}
}

// index is the writer of the indexes, which begins when it is first needed.
func (w *tableWriter) index() *indexWriter {
	if w.indexes == nil {
		w.indexes = w.old.indexes.writer()
	}
	return w.indexes
}

// refs are the references of all objects as of the last write.
func (w *tableWriter) refs() refSet {
	if w.indexes != nil {
		return w.indexes.refs
	}
	return w.old.refs
}

// table is the new version.
func (w *tableWriter) table() *table {
	t := &table{objects: w.objects.Map(), indexes: w.old.indexes}
	if w.indexes != nil {
		t.indexes = w.indexes.indexes()
	}
	return t
}

// put puts an object in and returns the record that was there. False: it said the same, and stays. The set of references
// is the caller's to keep.
//
// The reference that is kept is a copy, made once for the life of an object: the caller's may be a part of a record's
// whole text, which would have to stay as long.
func (w *tableWriter) put(o xen.Object) (ref string, old xen.Record, changed bool) {
	there := w.objects.Find(o.Ref)
	if there == nil {
		ref = strings.Clone(o.Ref)
		w.objects.Set(ref, o.Record)
		w.reindex(ref, nil, o.Record)
		return ref, nil, true
	}
	if xen.Changed(there.Value, o.Record).None() {
		return there.Key, there.Value, false
	}
	w.objects.Update(there, o.Record)
	w.reindex(there.Key, there.Value, o.Record)
	return there.Key, there.Value, true
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
