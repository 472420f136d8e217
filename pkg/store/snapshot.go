package store

import (
	"iter"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Snapshot is the whole pool as it was known at one moment. It never changes, and neither do the records in it: they are
// read-only for everybody. It is a pointer in size: pass it by value. The zero Snapshot is not valid.
type Snapshot struct{ root *root }

// root is all that one snapshot holds. Each change makes another, so it is small.
type root struct {
	schema   *schema   // the same for all roots of a store
	standing *standing // never written
	revision uint64
	tables   tables
}

// standing is how the content stands to the pool.
type standing struct {
	epoch    uint64
	synced   bool
	syncedAt time.Time
	since    time.Time // of being stale
	reason   string    // of being stale
}

// next is a root to become the one after r.
func (r *root) next() *root {
	n := *r
	n.revision++
	return &n
}

// Revision rises with every snapshot that the store publishes. A reader that saw this number has seen this snapshot.
func (s Snapshot) Revision() uint64 { return s.root.revision }

// Synced reports whether the pool was listed and nothing was missed since. Nothing may be done to a pool on the word of
// a snapshot that is not.
func (s Snapshot) Synced() bool { return s.root.standing.synced }

// Stale returns since when the snapshot may be behind the pool, and why in words for people. Both are zero while it is
// synced; the time is zero in a new store.
func (s Snapshot) Stale() (since time.Time, reason string) {
	return s.root.standing.since, s.root.standing.reason
}

// SyncedAt is when the pool was last listed as a whole; zero before the first list.
func (s Snapshot) SyncedAt() time.Time { return s.root.standing.syncedAt }

// Epoch is the session that the content stems from; see xapi.Session. Zero: not listed yet. What was seen in one epoch
// must not be compared with what a later session did.
func (s Snapshot) Epoch() uint64 { return s.root.standing.epoch }

// Record returns the record of an object, and whether it is known.
func (s Snapshot) Record(class xen.Class, ref string) (xen.Record, bool) {
	t := s.table(class)
	if t == nil {
		return nil, false
	}
	return t.objects.Get(ref)
}

// Refs yields the references of all objects of a class, sorted.
func (s Snapshot) Refs(class xen.Class) iter.Seq[string] {
	if t := s.table(class); t != nil {
		return t.refs.all()
	}
	return func(func(string) bool) {}
}

// ByUUID returns the reference of the object with this uuid. Where two have it, it is the one seen last.
func (s Snapshot) ByUUID(class xen.Class, uuid string) (ref string, ok bool) {
	t := s.table(class)
	if t == nil {
		return "", false
	}
	return t.uuids.Get(uuid)
}

// ByNameLabel returns the references of all objects of the class with this name_label, sorted. xapi: names need not be
// unique, nor set.
func (s Snapshot) ByNameLabel(class xen.Class, label string) []string {
	t := s.table(class)
	if t == nil {
		return nil
	}
	set, _ := t.labels.Get(label)
	var refs []string
	for ref := range set.all() {
		refs = append(refs, ref)
	}
	return refs
}

// VMsOn yields the VMs that are resident on a host, ordered by reference: control domains too, and nothing that is
// halted or suspended. xapi: VM.resident_on.
func (s Snapshot) VMsOn(host xen.HostRef) iter.Seq2[xen.VMRef, *xen.VM] {
	return func(yield func(xen.VMRef, *xen.VM) bool) {
		t := s.table(xen.ClassVM)
		set, _ := t.hosts.Get(string(host))
		for ref := range set.all() {
			r, _ := t.objects.Get(ref)
			if !yield(xen.VMRef(ref), r.(*xen.VM)) {
				return
			}
		}
	}
}

// Pool returns the pool itself; false before the first list. xapi: a database has exactly one.
func (s Snapshot) Pool() (xen.PoolRef, *xen.Pool, bool) {
	for ref, pool := range All[xen.Pool](s) {
		return xen.PoolRef(ref), pool, true
	}
	return "", nil, false
}

// table is the table of a class; nil for one that the datamodel does not have.
func (s Snapshot) table(name xen.Class) *table {
	if c := s.root.schema.byName[name]; c != nil {
		return s.root.tables.of(c)
	}
	return nil
}

// record is what a pointer to a generated struct is: *xen.VM for xen.VM.
type record[T any] interface {
	*T
	xen.Record
}

// Get returns a record by its reference: store.Get[xen.VM](snap, string(ref)).
func Get[T any, P record[T]](s Snapshot, ref string) (*T, bool) {
	r, ok := s.Record(P(nil).Class(), ref)
	if !ok {
		return nil, false
	}
	p, ok := r.(P)
	return (*T)(p), ok
}

// All yields every object of a class, ordered by reference: for ref, vm := range store.All[xen.VM](snap).
func All[T any, P record[T]](s Snapshot) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		t := s.table(P(nil).Class())
		if t == nil {
			return
		}
		for ref := range t.refs.all() {
			r, _ := t.objects.Get(ref)
			if p, ok := r.(P); ok && !yield(ref, (*T)(p)) {
				return
			}
		}
	}
}

// Len returns the number of objects of a class.
func Len(s Snapshot, class xen.Class) int {
	if t := s.table(class); t != nil {
		return t.objects.Len()
	}
	return 0
}
