package store

import (
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/store/internal/hamt"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// indexes is one version of all indexes of a table. They hold references, not records, so that a change of a record alone
// is none of them. What they keep are copies of their own, never parts of a record's text.
type indexes struct {
	refs   refSet                     // of all objects, sorted
	uuids  hamt.Map[string, string]   // uuid → reference
	labels hamt.Map[string, refSet]   // name_label → references
	hosts  hamt.Map[string, refSet]   // resident host → references; only of class VM
	own    []hamt.Map[string, refSet] // users' indexes of the class; never written in place
}

func newIndexes(c *class, hash func(string) uint64) *indexes {
	x := &indexes{uuids: hamt.New[string, string](hash), labels: hamt.New[string, refSet](hash), hosts: hamt.New[string, refSet](hash)}
	for range c.own {
		x.own = append(x.own, hamt.New[string, refSet](hash))
	}
	return x
}

// indexWriter makes the next version of a table's indexes.
type indexWriter struct {
	refs   refSet
	uuids  hamt.Batch[string, string]
	labels hamt.Batch[string, refSet]
	hosts  hamt.Batch[string, refSet]
	own    []hamt.Batch[string, refSet]
}

func (x *indexes) writer() *indexWriter {
	w := &indexWriter{refs: x.refs, uuids: x.uuids.Batch(), labels: x.labels.Batch(), hosts: x.hosts.Batch()}
	if len(x.own) > 0 {
		w.own = make([]hamt.Batch[string, refSet], len(x.own))
		for at := range x.own {
			w.own[at] = x.own[at].Batch()
		}
	}
	return w
}

// indexes is the new version.
func (w *indexWriter) indexes() *indexes {
	x := &indexes{refs: w.refs, uuids: w.uuids.Map(), labels: w.labels.Map(), hosts: w.hosts.Map()}
	if len(w.own) > 0 {
		x.own = make([]hamt.Map[string, refSet], len(w.own))
		for at := range w.own {
			x.own[at] = w.own[at].Map()
		}
	}
	return x
}

// reindex moves ref from where old put it to where now puts it; either may be nil.
func (w *tableWriter) reindex(ref string, old, now xen.Record) {
	if before, after := uuidOf(old), uuidOf(now); before != after {
		w.index().moveUUID(ref, before, after)
	}
	if w.class.label {
		before, had := labelOf(old)
		after, has := labelOf(now)
		if had != has || before != after {
			move(&w.index().labels, ref, before, had, after, has)
		}
	}
	before, had := hostOf(old)
	after, has := hostOf(now)
	if had != has || before != after {
		move(&w.index().hosts, ref, before, had, after, has)
	}
	w.moveOwn(ref, old, now)
}

// moveUUID keeps the newest reference of a uuid. xapi: a VM that came back (import, migration from another pool) has its old uuid
// and a new reference, and may be seen before the old one is gone.
func (w *indexWriter) moveUUID(ref, before, after string) {
	if holder, ok := w.uuids.Get(before); ok && holder == ref {
		w.uuids.Delete(before)
	}
	if after != "" {
		w.uuids.Set(strings.Clone(after), ref)
	}
}

// moveOwn moves ref in the users' indexes from where old put it to where now puts it; either may be nil.
func (w *tableWriter) moveOwn(ref string, old, now xen.Record) {
	for at, x := range w.class.own {
		var before, after []string
		if old != nil {
			before = x.keys(ref, old)
		}
		if now != nil {
			after = x.keys(ref, now)
		}
		if slices.Equal(before, after) {
			continue
		}
		batch := &w.index().own[at]
		for _, key := range before {
			if !slices.Contains(after, key) {
				move(batch, ref, key, true, "", false)
			}
		}
		for _, key := range after {
			move(batch, ref, "", false, key, true)
		}
	}
}

// move takes ref out of one set of an index and puts it into another.
func move(batch *hamt.Batch[string, refSet], ref, from string, had bool, to string, has bool) {
	if had {
		if there := batch.Find(from); there != nil {
			if set := there.Value.without(ref); set.len() == 0 {
				batch.Delete(from)
			} else {
				batch.Update(there, set)
			}
		}
	}
	if has {
		if there := batch.Find(to); there != nil {
			if set := there.Value.with(ref); set.len() != there.Value.len() {
				batch.Update(there, set)
			}
		} else {
			batch.Set(strings.Clone(to), refSet{}.with(ref))
		}
	}
}

func uuidOf(r xen.Record) string {
	if r == nil {
		return ""
	}
	return r.ObjectUUID()
}

// labelOf is the name_label of a record of a class that has them; false for no record.
func labelOf(r xen.Record) (string, bool) {
	if r == nil {
		return "", false
	}
	return xen.NameOf(r), true
}

// hostOf is the host that an object is resident on, for the class that has that index: the VM. False where it is on none.
func hostOf(r xen.Record) (string, bool) {
	vm, ok := r.(*xen.VM)
	if !ok || vm.ResidentOn.IsNull() {
		return "", false
	}
	return string(vm.ResidentOn), true
}
