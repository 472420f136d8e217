package store

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Store is the objects of one pool. Snapshot may be called by anybody at any time; Apply, MarkSynced and MarkStale are
// the one writer's.
type Store struct{ root atomic.Pointer[root] }

// New returns a store that has seen nothing: not synced, and empty. It keeps the given indexes beside its own.
func New(indexes ...Indexer) *Store {
	seed := maphash.MakeSeed()
	hash := func(s string) uint64 { return maphash.String(seed, s) }
	r := &root{schema: newSchema(indexes), standing: &standing{reason: "not listed yet"}}
	for _, c := range r.schema.classes {
		r.tables.set(c, newTable(c, hash))
	}
	s := &Store{}
	s.root.Store(r)
	return s
}

// Snapshot returns the newest whole view. One atomic load; it never blocks, and what it returns never changes.
func (s *Store) Snapshot() Snapshot { return Snapshot{s.root.Load()} }

// MarkSynced says that the content is a whole list made in the session with this epoch, and that nothing was missed since.
// It is the writer's.
func (s *Store) MarkSynced(epoch uint64, now time.Time) {
	r := s.root.Load().next()
	r.standing = &standing{synced: true, epoch: epoch, syncedAt: now}
	s.root.Store(r)
}

// MarkStale says that the content may be behind the pool from now on, and why in words for people. The objects stay. Stale twice is
// stale since the first time. It is the writer's.
func (s *Store) MarkStale(now time.Time, reason string) {
	r := s.root.Load().next()
	is := *r.standing
	if is.synced || is.since.IsZero() {
		is.since = now
	}
	is.synced, is.reason = false, reason
	r.standing = &is
	s.root.Store(r)
}

// Key names an object to delete.
type Key struct {
	Class xen.Class
	Ref   string
}
