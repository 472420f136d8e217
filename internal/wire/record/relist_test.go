package record_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// relist decodes a list with a memory.
func relist(t testing.TB, decode func(io.Reader, any) error, body string, memory *xen.Memory) []xen.Object {
	t.Helper()
	list := xen.ObjectList{Class: xen.ClassVM, Memory: memory}
	if err := decode(strings.NewReader(body), &list); err != nil {
		t.Fatal(err)
	}
	if list.Memory != memory {
		t.Fatal("the list lost its memory")
	}
	return list.Objects
}

// same counts the objects of two lists that are the very same records.
func same(a, b []xen.Object) (n int) {
	for _, o := range a {
		if slices.ContainsFunc(b, func(other xen.Object) bool { return other.Ref == o.Ref && other.Record == o.Record }) {
			n++
		}
	}
	return n
}

func TestUnchangedObjectsAreTheSameRecords(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		decode, memory := p.decoder(record.Limits{}), new(xen.Memory)
		fleet := wiretest.Fleet(100, true)
		first := relist(t, decode, p.list(fleet), memory)
		if n := same(first, relist(t, decode, p.list(fleet), memory)); n != 100 {
			t.Errorf("%d of 100 unchanged records are the same", n)
		}
		fleet[7].Record.(*xen.VM).PowerState = xen.Suspended
		fleet[8].Record.(*xen.VM).NameLabel = strings.ToUpper(fleet[8].Record.(*xen.VM).NameLabel) // as long as before
		changed := relist(t, decode, p.list(fleet), memory)
		if n := same(first, changed); n != 98 || wiretest.Diff(fleet, changed) != "" {
			t.Errorf("%d of 98 unchanged records are the same:\n%s", n, wiretest.Diff(fleet, changed))
		}
		moved := slices.Concat(fleet[50:], fleet[:40])
		if list := relist(t, decode, p.list(moved), memory); same(changed, list) != 90 || wiretest.Diff(moved, list) != "" {
			t.Errorf("%d of 90 records that moved are the same", same(changed, list))
		}
		if memory.Len() != 90 {
			t.Errorf("%d objects are remembered, want 90", memory.Len())
		}
		if n := same(changed, relist(t, decode, p.list(fleet), new(xen.Memory))); n != 0 {
			t.Errorf("%d records of another memory", n)
		}
	})
}

func TestAListThatFailsChangesNoMemory(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		decode, memory := p.decoder(record.Limits{}), new(xen.Memory)
		fleet := wiretest.Fleet(50, true)
		body := p.list(fleet)
		first := relist(t, decode, body, memory)
		list := xen.ObjectList{Class: xen.ClassVM, Memory: memory}
		if err := decode(strings.NewReader(body[:len(body)/2]), &list); err == nil || list.Objects != nil || list.Memory != memory {
			t.Errorf("half a list: %v, %d objects", err, len(list.Objects))
		}
		if n := same(first, relist(t, decode, body, memory)); n != 50 {
			t.Errorf("%d of 50 records are the same", n)
		}
	})
}

func TestAnUnchangedListAllocatesNothingARecord(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		const vms, perList = 500, 20
		decode, memory := p.decoder(record.Limits{}), new(xen.Memory)
		body := p.list(wiretest.Fleet(vms, true))
		relist(t, decode, body, memory)
		relist(t, decode, body, memory)
		if n := testing.AllocsPerRun(5, func() { relist(t, decode, body, memory) }); n > perList {
			t.Errorf("%.0f allocations for %d unchanged records", n, vms)
		}
	})
}
