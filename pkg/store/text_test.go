package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// All strings of a decoded record, and its reference, are parts of one text. An index that kept such a part would keep
// the text of every object's first record for as long as the object lives.
func TestIndexesKeepNoTextOfRecords(t *testing.T) {
	const objects, size = 100, 200_000
	tagged := store.NewIndex(func(_ string, vm *xen.VM) []string { return vm.Tags })
	s := store.New(tagged)
	before := heap()
	for round := range 3 {
		for i := range objects {
			o := oneText(i, round, size)
			s.Apply(store.Batch{Set: []xen.Object{o}})
		}
	}
	for i := range objects { // the last word about each is a small one
		s.Apply(store.Batch{Set: []xen.Object{oneText(i, 3, 0)}})
	}
	if kept := int64(heap()) - int64(before); kept > objects*size/10 {
		t.Errorf("%d bytes are kept for %d small records", kept, objects)
	}
	if n := store.Len(s.Snapshot(), xen.ClassVM); n != objects {
		t.Errorf("%d objects", n)
	}
	runtime.KeepAlive(s)
}

// oneText is an object with all its strings in one text of about a size, as the decoders make them. All that is indexed
// is the same in every round.
func oneText(i, round, size int) xen.Object {
	parts := []string{
		vmRef(i), fmt.Sprintf("uuid-%d", i), fmt.Sprintf("vm-%d", i), string(hostRef(i)), "tag", fmt.Sprint(round),
		strings.Repeat("x", size),
	}
	text := strings.Join(parts, "")
	next := func() (part string) {
		part, text, parts = text[:len(parts[0])], text[len(parts[0]):], parts[1:]
		return part
	}
	ref := next()
	return xen.Object{Ref: ref, Record: &xen.VM{
		UUID: next(), NameLabel: next(), ResidentOn: xen.HostRef(next()), Tags: []string{next()}, NameDescription: next(),
	}}
}
