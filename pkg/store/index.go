package store

import (
	"iter"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Index finds objects of one class by keys of a user's own, in every snapshot of the stores that were made with it:
//
//	byTag := store.NewIndex(func(_ string, vm *xen.VM) []string { return vm.Tags })
//	cache := store.New(byTag)
//	for ref, vm := range byTag.Get(cache.Snapshot(), "production") { … }
type Index[T any] struct {
	own  *index
	cast func(xen.Record) *T
}

// Indexer is an [Index] of any class.
type Indexer interface{ of() *index }

// index is what a table knows of one.
type index struct {
	class xen.Class
	keys  func(ref string, r xen.Record) []string
}

// NewIndex makes an index of what keys returns for each object; an object may have no key, or several. The function is
// called by the writer, for both records of every change of the class: it must depend on nothing else, keep nothing, and
// be quick.
func NewIndex[T any, P record[T]](keys func(ref string, r *T) []string) *Index[T] {
	cast := func(r xen.Record) *T { return r.(P) }
	return &Index[T]{cast: cast, own: &index{class: P(nil).Class(), keys: func(ref string, r xen.Record) []string { return keys(ref, cast(r)) }}}
}

func (x *Index[T]) of() *index { return x.own }

// Get yields the objects with a key, ordered by reference. It panics where the snapshot's store was not made with the index.
func (x *Index[T]) Get(s Snapshot, key string) iter.Seq2[string, *T] {
	t, at := s.indexed(x.own)
	return func(yield func(string, *T) bool) {
		set, _ := t.own[at].Get(key)
		for ref := range set.all() {
			r, _ := t.objects.Get(ref)
			if !yield(ref, x.cast(r)) {
				return
			}
		}
	}
}

// Len is the number of objects with a key. It panics as Get does.
func (x *Index[T]) Len(s Snapshot, key string) int {
	t, at := s.indexed(x.own)
	set, _ := t.own[at].Get(key)
	return set.len()
}

// Keys yields the keys that any object has, in no order. It panics as Get does.
func (x *Index[T]) Keys(s Snapshot) iter.Seq[string] {
	t, at := s.indexed(x.own)
	return func(yield func(string) bool) {
		for key := range t.own[at].All() {
			if !yield(key) {
				return
			}
		}
	}
}

// indexed is the table that an index is of, and which of the table's it is.
func (s Snapshot) indexed(x *index) (*table, int) {
	if c := s.root.schema.byName[x.class]; c != nil {
		if at := slices.Index(c.own, x); at >= 0 {
			return s.root.tables.of(c), at
		}
	}
	panic("store: the index is none of this store's; New has to be given it")
}
