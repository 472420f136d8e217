package store_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// model is the obvious store: a plain map, and every question answered by looking at all of it.
type model map[store.Key]xen.Record

func (m model) apply(b store.Batch) {
	for _, list := range b.Replace {
		maps.DeleteFunc(m, func(k store.Key, _ xen.Record) bool { return k.Class == list.Class })
		for _, o := range list.Objects {
			m[store.Key{Class: list.Class, Ref: o.Ref}] = o.Record
		}
	}
	for _, o := range b.Set {
		m[store.Key{Class: o.Record.Class(), Ref: o.Ref}] = o.Record
	}
	for _, k := range b.Delete {
		delete(m, k)
	}
}

// refs are the sorted references of the objects of a class that match.
func (m model) refs(class xen.Class, match func(xen.Record) bool) (refs []string) {
	for k, r := range m {
		if k.Class == class && match(r) {
			refs = append(refs, k.Ref)
		}
	}
	slices.Sort(refs)
	return refs
}

// Random batches against the model; every snapshot is looked at when it is taken and again at the end.
func TestStoreIsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := store.New()
		want := model{}
		type view struct {
			snap store.Snapshot
			want model
		}
		views := []view{{s.Snapshot(), model{}}}
		for range rapid.IntRange(1, 15).Draw(t, "applies") {
			batches := rapid.SliceOfN(batchGen, 1, 3).Draw(t, "batches")
			before := maps.Clone(want)
			for _, b := range batches {
				want.apply(b)
			}
			checkChanges(t, s.Apply(batches...), before, want)
			views = append(views, view{s.Snapshot(), maps.Clone(want)})
			checkSnapshot(t, s.Snapshot(), want)
		}
		for _, v := range views { // an older snapshot never changes
			checkSnapshot(t, v.snap, v.want)
		}
		older, newer := rapid.SampledFrom(views).Draw(t, "older"), rapid.SampledFrom(views).Draw(t, "newer")
		got := maps.Clone(older.want)
		changes := store.Diff(older.snap, newer.snap)
		for _, ch := range changes {
			applyChange(t, got, ch)
		}
		if !slices.IsSortedFunc(changes, func(a, b store.Change) int {
			return strings.Compare(string(a.Class)+" "+a.Ref, string(b.Class)+" "+b.Ref)
		}) {
			t.Fatalf("not in order: %+v", changes)
		}
		if diff := cmp.Diff(newer.want, got); diff != "" {
			t.Fatalf("the older snapshot and the diff are not the newer one (-want +got):\n%s", diff)
		}
	})
}

func checkSnapshot(t *rapid.T, s store.Snapshot, want model) {
	got := model{}
	for _, class := range []xen.Class{xen.ClassVM, xen.ClassHost, xen.ClassVBD} {
		refs := slices.Collect(s.Refs(class))
		if all := want.refs(class, func(xen.Record) bool { return true }); !slices.Equal(refs, all) || store.Len(s, class) != len(all) {
			t.Fatalf("%s: %d objects %v, want %v", class, store.Len(s, class), refs, all)
		}
		for _, ref := range refs {
			r, ok := s.Record(class, ref)
			if !ok {
				t.Fatalf("%s %s is listed but not there", class, ref)
			}
			got[store.Key{Class: class, Ref: ref}] = r
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("content (-want +got):\n%s", diff)
	}
	for _, label := range labels {
		refs := want.refs(xen.ClassVM, func(r xen.Record) bool { return r.(*xen.VM).NameLabel == label })
		if got := s.ByNameLabel(xen.ClassVM, label); !slices.Equal(got, refs) {
			t.Fatalf("ByNameLabel(%q) = %v, want %v", label, got, refs)
		}
	}
	for _, host := range hosts {
		refs := want.refs(xen.ClassVM, func(r xen.Record) bool { return r.(*xen.VM).ResidentOn == host && !host.IsNull() })
		var got []string
		for ref, vm := range s.VMsOn(host) {
			if got = append(got, string(ref)); vm.ResidentOn != host {
				t.Fatalf("VMsOn(%s) has %s of %s", host, ref, vm.ResidentOn)
			}
		}
		if !slices.Equal(got, refs) {
			t.Fatalf("VMsOn(%s) = %v, want %v", host, got, refs)
		}
	}
	for key, r := range want {
		if ref, ok := s.ByUUID(key.Class, r.ObjectUUID()); !ok || ref != key.Ref {
			t.Fatalf("ByUUID(%s, %s) = %s, %v, want %s", key.Class, r.ObjectUUID(), ref, ok, key.Ref)
		}
	}
}

// checkChanges plays changes back: each must begin at what there was, be news, and lead to what there is.
func checkChanges(t *rapid.T, changes []store.Change, before, after model) {
	for _, ch := range changes {
		if ch.Old != nil && ch.New != nil && cmp.Equal(ch.Old, ch.New) {
			t.Fatalf("a change that is none: %+v", ch)
		}
		applyChange(t, before, ch)
	}
	if diff := cmp.Diff(after, before); diff != "" {
		t.Fatalf("changes lead elsewhere (-want +got):\n%s", diff)
	}
}

func applyChange(t *rapid.T, m model, ch store.Change) {
	key := store.Key{Class: ch.Class, Ref: ch.Ref}
	if old, ok := m[key]; ok != (ch.Old != nil) || ok && !cmp.Equal(old, ch.Old) {
		t.Fatalf("change from %+v, but there was %+v", ch.Old, old)
	}
	if m[key] = ch.New; ch.New == nil {
		delete(m, key)
	}
}

var (
	labels = []string{"", "web", "db 1"}
	hosts  = []xen.HostRef{xen.NullRef, "OpaqueRef:h1", "OpaqueRef:h2"}
)

// objectGen makes objects of few names, so that they meet. The uuid belongs to the reference, as in a pool.
var objectGen = rapid.Custom(func(t *rapid.T) xen.Object {
	n := rapid.IntRange(0, 12).Draw(t, "object")
	o := xen.Object{Ref: fmt.Sprintf("OpaqueRef:%02d", n)}
	uuid := fmt.Sprint("uuid-", n)
	switch n % 3 {
	case 0:
		o.Record = &xen.VM{UUID: uuid, NameLabel: rapid.SampledFrom(labels).Draw(t, "label"), ResidentOn: rapid.SampledFrom(hosts).Draw(t, "host")}
	case 1:
		o.Record = &xen.Host{UUID: uuid, NameLabel: rapid.SampledFrom(labels).Draw(t, "label")}
	case 2:
		o.Record = &xen.VBD{UUID: uuid, Bootable: rapid.Bool().Draw(t, "bootable")}
	}
	return o
})

var batchGen = rapid.Custom(func(t *rapid.T) store.Batch {
	var b store.Batch
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		class := rapid.SampledFrom([]xen.Class{xen.ClassVM, xen.ClassHost, xen.ClassVBD}).Draw(t, "class")
		list := xen.ObjectList{Class: class}
		for _, o := range rapid.SliceOfNDistinct(objectGen, 0, 5, func(o xen.Object) string { return o.Ref }).Draw(t, "list") {
			if o.Record.Class() == class {
				list.Objects = append(list.Objects, o)
			}
		}
		b.Replace = append(b.Replace, list)
	}
	b.Set = rapid.SliceOfN(objectGen, 0, 8).Draw(t, "set")
	for _, o := range rapid.SliceOfN(objectGen, 0, 3).Draw(t, "delete") {
		b.Delete = append(b.Delete, store.Key{Class: o.Record.Class(), Ref: o.Ref})
	}
	return b
})

// What is no news makes no snapshot and no change, and keeps the record that readers may hold.
func TestEqualRecordIsNoChange(t *testing.T) {
	s := store.New()
	vm := func() *xen.VM {
		return &xen.VM{
			NameLabel: "web", AllowedOperations: []xen.VMOperation{xen.VMOperationStart}, SnapshotTime: time.Unix(9, 0).UTC(),
			OtherConfig: xen.StringMap("folder", "/web"), HVMShadowMultiplier: 1,
		}
	}
	first := vm()
	s.Apply(store.Batch{Set: []xen.Object{{Ref: "r", Record: first}}})
	before := s.Snapshot()
	list := xen.ObjectList{Class: xen.ClassVM, Objects: []xen.Object{{Ref: "r", Record: vm()}}}
	if changes := s.Apply(store.Batch{Replace: []xen.ObjectList{list}}, store.Batch{Set: list.Objects}); changes != nil {
		t.Errorf("changes %+v", changes)
	}
	if s.Snapshot() != before {
		t.Error("a snapshot was published")
	}
	for name, change := range map[string]func(*xen.VM){
		"string": func(vm *xen.VM) { vm.NameLabel = "db" },
		"int":    func(vm *xen.VM) { vm.MemoryTarget++ },
		"float":  func(vm *xen.VM) { vm.HVMShadowMultiplier = 2 },
		"bool":   func(vm *xen.VM) { vm.IsATemplate = true },
		"time":   func(vm *xen.VM) { vm.SnapshotTime = time.Unix(10, 0) },
		"set":    func(vm *xen.VM) { vm.AllowedOperations = []xen.VMOperation{xen.VMOperationResume} },
		"map":    func(vm *xen.VM) { vm.OtherConfig = xen.StringMap("folder", "/db") },
		"longer": func(vm *xen.VM) { vm.OtherConfig = xen.StringMap("folder", "/web", "a", "b") },
	} {
		other := vm()
		change(other)
		if n := len(s.Apply(store.Batch{Set: []xen.Object{{Ref: "r", Record: other}}})); n != 1 {
			t.Errorf("another %s: %d changes, want 1", name, n)
		}
		s.Apply(store.Batch{Set: []xen.Object{{Ref: "r", Record: vm()}}})
	}
}

// Every class can be kept and compared: a kind of field that the comparison does not know would be news for ever.
func TestEveryClassIsEqualToItself(t *testing.T) {
	for _, class := range xen.Classes() {
		if xen.NewRecord(class) == nil {
			continue // auth and event: classes without objects
		}
		s := store.New()
		if s.Apply(store.Batch{Set: []xen.Object{{Ref: "r", Record: xen.NewRecord(class)}}}) == nil {
			t.Errorf("%s: not kept", class)
		}
		if s.Apply(store.Batch{Set: []xen.Object{{Ref: "r", Record: xen.NewRecord(class)}}}) != nil {
			t.Errorf("%s: an equal record is news", class)
		}
	}
}

// All changes of one Apply are reported in order, so that nobody misses a state that lasted less than a reply.
func TestChangesAreInOrder(t *testing.T) {
	s := store.New()
	set := func(status xen.TaskStatus) store.Batch {
		return store.Batch{Set: []xen.Object{{Ref: "t", Record: &xen.Task{Status: status}}}}
	}
	gone := store.Batch{Delete: []store.Key{{Class: xen.ClassTask, Ref: "t"}}}
	var got []string
	for _, ch := range s.Apply(set(xen.TaskPending), set(xen.TaskSuccess), gone) {
		status := func(r xen.Record) xen.TaskStatus {
			if r == nil {
				return "nothing"
			}
			return r.(*xen.Task).Status
		}
		got = append(got, fmt.Sprint(status(ch.Old), " → ", status(ch.New)))
	}
	want := []string{"nothing → pending", "pending → success", "success → nothing"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A VM that comes back has its old uuid and a new reference, and may be seen before the old one goes.
func TestUUIDOfTwo(t *testing.T) {
	s := store.New()
	s.Apply(store.Batch{Set: []xen.Object{{Ref: "old", Record: &xen.VM{UUID: "u"}}, {Ref: "new", Record: &xen.VM{UUID: "u"}}}})
	s.Apply(store.Batch{Delete: []store.Key{{Class: xen.ClassVM, Ref: "old"}}})
	if ref, ok := s.Snapshot().ByUUID(xen.ClassVM, "u"); ref != "new" || !ok {
		t.Errorf("ByUUID = %q, %v", ref, ok)
	}
}

func TestStaleKeepsTheObjects(t *testing.T) {
	s := store.New()
	if snap := s.Snapshot(); snap.Synced() || snap.Epoch() != 0 {
		t.Error("a new store is synced")
	}
	noon := time.Unix(1_800_000_000, 0)
	s.Apply(store.Batch{Set: []xen.Object{{Ref: "p", Record: &xen.Pool{NameLabel: "rack-1"}}}})
	s.MarkSynced(3, noon)
	synced := s.Snapshot()
	if since, reason := synced.Stale(); !synced.Synced() || synced.Epoch() != 3 || !since.IsZero() || reason != "" || !synced.SyncedAt().Equal(noon) {
		t.Errorf("after MarkSynced: %v, epoch %d, stale %v %q", synced.Synced(), synced.Epoch(), since, reason)
	}
	s.MarkStale(noon.Add(time.Second), "events were lost")
	s.MarkStale(noon.Add(time.Minute), "the stream broke")
	snap := s.Snapshot()
	if since, reason := snap.Stale(); snap.Synced() || !since.Equal(noon.Add(time.Second)) || reason != "the stream broke" {
		t.Errorf("stale: %v since %v, %q", !snap.Synced(), since, reason)
	}
	if _, pool, ok := snap.Pool(); !ok || pool.NameLabel != "rack-1" {
		t.Error("the pool is gone from a stale snapshot")
	}
	if !synced.Synced() || snap.Revision() <= synced.Revision() {
		t.Error("an older snapshot changed, or the revision did not rise")
	}
}

func TestTypedReads(t *testing.T) {
	s := store.New()
	s.Apply(store.Batch{Set: []xen.Object{
		{Ref: "b", Record: &xen.VM{NameLabel: "two"}}, {Ref: "a", Record: &xen.VM{NameLabel: "one"}}, {Ref: "h", Record: &xen.Host{}},
	}})
	snap := s.Snapshot()
	if vm, ok := store.Get[xen.VM](snap, "a"); !ok || vm.NameLabel != "one" {
		t.Errorf("Get: %+v, %v", vm, ok)
	}
	if vm, ok := store.Get[xen.VM](snap, "h"); ok || vm != nil {
		t.Error("a host was got as a VM")
	}
	var names []string
	for ref, vm := range store.All[xen.VM](snap) {
		names = append(names, ref+" "+vm.NameLabel)
	}
	if diff := cmp.Diff([]string{"a one", "b two"}, names); diff != "" {
		t.Error(diff)
	}
	if _, ok := snap.Record("no such class", "a"); ok || store.Len(snap, "no such class") != 0 {
		t.Error("a class that does not exist has an object")
	}
}

// A list holds a record that could not be read: what is known of the object is no longer true.
func TestSkippedObjectIsNotKept(t *testing.T) {
	s := store.New()
	s.Apply(store.Batch{Set: []xen.Object{{Ref: "a", Record: &xen.VM{}}, {Ref: "b", Record: &xen.VM{}}}})
	s.Apply(store.Batch{Replace: []xen.ObjectList{{Class: xen.ClassVM, Objects: []xen.Object{{Ref: "a", Record: &xen.VM{}}}, Skipped: []xen.SkippedObject{{Ref: "b"}}}}})
	if got := slices.Collect(s.Snapshot().Refs(xen.ClassVM)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("VMs %v", got)
	}
}

// Readers and the writer never wait for each other, and never touch the same memory (the race detector looks).
func TestReadersBesideTheWriter(t *testing.T) {
	s := store.New()
	const objects, rounds = 500, 200
	set := func(round int) {
		var b store.Batch
		for n := range objects {
			if n%7 == round%7 { // all that belong together change together
				b.Set = append(b.Set, xen.Object{Ref: fmt.Sprint("r", n), Record: &xen.VM{UUID: fmt.Sprint("u", n), UserVersion: int64(round), ResidentOn: hosts[1+round%2]}})
			}
		}
		s.Apply(b)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				snap := s.Snapshot()
				versions := map[int]int64{}
				for ref, vm := range store.All[xen.VM](snap) {
					var n int
					if _, err := fmt.Sscanf(ref, "r%d", &n); err != nil {
						t.Error(err)
					}
					if v, ok := versions[n%7]; ok && v != vm.UserVersion {
						t.Errorf("half a batch: versions %d and %d", v, vm.UserVersion)
					}
					versions[n%7] = vm.UserVersion
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for round := range rounds {
		set(round)
	}
	close(done)
	readers.Wait()
}
