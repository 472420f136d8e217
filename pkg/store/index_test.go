package store_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func ExampleIndex() {
	byTag := store.NewIndex(func(_ string, vm *xen.VM) []string { return vm.Tags })
	s := store.New(byTag)
	s.Apply(store.Batch{Set: []xen.Object{
		{Ref: "OpaqueRef:a", Record: &xen.VM{NameLabel: "web-1", Tags: []string{"web", "production"}}},
		{Ref: "OpaqueRef:b", Record: &xen.VM{NameLabel: "db-1", Tags: []string{"production"}}},
		{Ref: "OpaqueRef:c", Record: &xen.VM{NameLabel: "scratch"}},
	}})
	for _, vm := range byTag.Get(s.Snapshot(), "production") {
		fmt.Println(vm.NameLabel)
	}

	// Output:
	// web-1
	// db-1
}

// TestIndexIsWhatAWalkFinds holds users' indexes, after any writes and in every snapshot kept on the way, to what a walk
// over all objects of that snapshot finds.
func TestIndexIsWhatAWalkFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		byTag := store.NewIndex(func(_ string, vm *xen.VM) []string { return vm.Tags })
		byNetwork := store.NewIndex(func(_ string, vif *xen.VIF) []string { return []string{string(vif.Network)} })
		byOS := store.NewIndex(func(ref string, vm *xen.VM) []string { return []string{ref[:1] + vm.NameDescription} })
		s := store.New(byTag, byNetwork, byOS)
		kept := []store.Snapshot{s.Snapshot()}
		for range rapid.IntRange(1, 30).Draw(t, "writes") {
			s.Apply(drawBatch(t))
			kept = append(kept, s.Snapshot())
		}
		for n, snap := range kept {
			want := map[string][]string{}
			for ref, vm := range store.All[xen.VM](snap) {
				for _, tag := range slices.Compact(slices.Sorted(slices.Values(vm.Tags))) {
					want[tag] = append(want[tag], ref)
				}
			}
			checkIndex(t, n, snap, byTag, want)
			want = map[string][]string{}
			for ref, vif := range store.All[xen.VIF](snap) {
				want[string(vif.Network)] = append(want[string(vif.Network)], ref)
			}
			checkIndex(t, n, snap, byNetwork, want)
			want = map[string][]string{}
			for ref, vm := range store.All[xen.VM](snap) {
				want[ref[:1]+vm.NameDescription] = append(want[ref[:1]+vm.NameDescription], ref)
			}
			checkIndex(t, n, snap, byOS, want)
		}
	})
}

func checkIndex[T any](t *rapid.T, n int, snap store.Snapshot, x *store.Index[T], want map[string][]string) {
	got := map[string][]string{}
	for key := range x.Keys(snap) {
		for ref, r := range x.Get(snap, key) {
			if r == nil {
				t.Fatalf("snapshot %d: no record of %s", n, ref)
			}
			got[key] = append(got[key], ref)
		}
		if x.Len(snap, key) != len(got[key]) {
			t.Fatalf("snapshot %d: %d objects with key %q, not %d", n, x.Len(snap, key), key, len(got[key]))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("snapshot %d, keys %q (-walk +index):\n%s", n, slices.Sorted(maps.Keys(want)), diff)
	}
}

func drawBatch(t *rapid.T) store.Batch {
	var b store.Batch
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 4)
	ref := rapid.SampledFrom([]string{"1", "2", "3", "4", "5"})
	vm := func() xen.Object {
		return xen.Object{Ref: ref.Draw(t, "ref"), Record: &xen.VM{
			Tags: words.Draw(t, "tags"), NameDescription: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "description"),
		}}
	}
	for range rapid.IntRange(0, 4).Draw(t, "sets") {
		b.Set = append(b.Set, vm(), xen.Object{Ref: ref.Draw(t, "vif"), Record: &xen.VIF{Network: xen.NetworkRef(ref.Draw(t, "network"))}})
	}
	for range rapid.IntRange(0, 2).Draw(t, "deletions") {
		b.Delete = append(b.Delete, store.Key{Class: rapid.SampledFrom([]xen.Class{xen.ClassVM, xen.ClassVIF}).Draw(t, "class"), Ref: ref.Draw(t, "ref")})
	}
	if rapid.IntRange(0, 5).Draw(t, "replace") == 0 {
		b.Replace = []xen.ObjectList{{Class: xen.ClassVM, Objects: []xen.Object{vm(), vm()}}}
	}
	return b
}

func TestIndexOfAnotherStore(t *testing.T) {
	x := store.NewIndex(func(_ string, vm *xen.VM) []string { return vm.Tags })
	defer func() {
		if recover() == nil {
			t.Error("an index that the store does not keep found nothing, without a word")
		}
	}()
	x.Get(store.New().Snapshot(), "web")
}

func TestChangeNamesItsFields(t *testing.T) {
	s := store.New()
	set := func(vm xen.VM) []store.Change {
		return s.Apply(store.Batch{Set: []xen.Object{{Ref: "a", Record: &vm}}})
	}
	if f := set(xen.VM{NameLabel: "web"})[0].Changed(); !f.Has(xen.VMFieldPowerState) || !f.Has(xen.VMFieldNameLabel) {
		t.Error("of a new object not all fields are new")
	}
	changes := set(xen.VM{NameLabel: "web", PowerState: xen.Running})
	if diff := cmp.Diff([]string{"power_state"}, changes[0].Changed().Names(xen.ClassVM)); diff != "" {
		t.Error(diff)
	}
	if again := set(xen.VM{NameLabel: "web", PowerState: xen.Running}); len(again) != 0 {
		t.Errorf("nothing changed, in %q", again[0].Changed().Names(xen.ClassVM))
	}
}
