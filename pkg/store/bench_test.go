package store_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

var sizes = []int{10_000, 100_000}

// Goals: apply ≤ 3 µs at 10,000 objects, ≤ 5 µs at 100,000; snapshot ≤ 20 ns; get ≤ 0.1 µs at 10,000; diff ≤ 0.3 µs a
// change; ≤ 350 B of indexes an object. Each apply includes making the new record.

func BenchmarkApply(b *testing.B)      { bench(b, applyOne(func(vm *xen.VM) { vm.MemoryTarget++ })) }
func BenchmarkApplyEqual(b *testing.B) { bench(b, applyOne(func(*xen.VM) {})) }

func BenchmarkMigrate(b *testing.B) {
	n := 0
	bench(b, applyOne(func(vm *xen.VM) { n++; vm.ResidentOn = hostRef(n) }))
}

func BenchmarkAddDelete(b *testing.B) {
	bench(b, func(b *testing.B, s *store.Store, _ int) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ref := fmt.Sprint("OpaqueRef:task-", i)
			s.Apply(store.Batch{Set: []xen.Object{{Ref: ref, Record: &xen.Task{UUID: ref, NameLabel: "Async.VM.start"}}}})
			s.Apply(store.Batch{Delete: []store.Key{{Class: xen.ClassTask, Ref: ref}}})
		}
	})
}

func BenchmarkSnapshot(b *testing.B) {
	bench(b, func(b *testing.B, s *store.Store, _ int) {
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Snapshot()
		}
	})
}

func BenchmarkGet(b *testing.B) {
	bench(b, func(b *testing.B, s *store.Store, n int) {
		refs := shuffled(n)
		snap := s.Snapshot()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, ok := store.Get[xen.VM](snap, refs[i%n]); !ok {
				b.Fatal(refs[i%n])
			}
		}
	})
}

func BenchmarkVMsOn(b *testing.B) {
	bench(b, func(b *testing.B, s *store.Store, _ int) {
		snap := s.Snapshot()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			for _, vm := range snap.VMsOn(hostRef(i)) {
				_ = vm
			}
		}
	})
}

func BenchmarkDiff200(b *testing.B) {
	bench(b, func(b *testing.B, s *store.Store, n int) {
		older := s.Snapshot()
		for _, ref := range shuffled(n)[:200] {
			applyTo(s, ref, func(vm *xen.VM) { vm.MemoryTarget++ })
		}
		newer := s.Snapshot()
		b.ReportAllocs()
		for b.Loop() {
			if len(store.Diff(older, newer)) != 200 {
				b.Fatal("not 200 changes")
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			list := pool(n)
			b.ReportAllocs()
			var kept []*store.Store
			before := heap()
			for b.Loop() {
				s := store.New()
				s.Apply(store.Batch{Replace: []xen.ObjectList{list}})
				kept = append(kept, s)
			}
			b.ReportMetric(float64(heap()-before)/float64(n*len(kept)), "B/object")
			runtime.KeepAlive(kept)
		})
	}
}

// applyOne applies one event a time, each to a random VM.
func applyOne(change func(*xen.VM)) func(*testing.B, *store.Store, int) {
	return func(b *testing.B, s *store.Store, n int) {
		refs := shuffled(n)
		records := make([]xen.VM, 1024)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ref := refs[i%n]
			old, _ := store.Get[xen.VM](s.Snapshot(), ref)
			vm := &records[i%len(records)]
			if vm == old {
				continue
			}
			*vm = *old
			change(vm)
			s.Apply(store.Batch{Set: []xen.Object{{Ref: ref, Record: vm}}})
		}
	}
}

func applyTo(s *store.Store, ref string, change func(*xen.VM)) {
	old, _ := store.Get[xen.VM](s.Snapshot(), ref)
	vm := *old
	change(&vm)
	s.Apply(store.Batch{Set: []xen.Object{{Ref: ref, Record: &vm}}})
}

func bench(b *testing.B, run func(*testing.B, *store.Store, int)) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := store.New()
			s.Apply(store.Batch{Replace: []xen.ObjectList{pool(n)}})
			runtime.GC()
			report := reportCPU(b)
			run(b, s, n)
			report()
		})
	}
}

func pool(n int) xen.ObjectList {
	list := xen.ObjectList{Class: xen.ClassVM}
	for i := range n {
		list.Objects = append(list.Objects, xen.Object{Ref: vmRef(i), Record: &xen.VM{
			UUID: fmt.Sprintf("%08x-7f3a-4e1d-9c55-0a6a53d0c9be", i*2654435761), NameLabel: fmt.Sprint("vm-", i), PowerState: xen.Running, ResidentOn: hostRef(i),
			AllowedOperations: []xen.VMOperation{"changing_dynamic_range", "pool_migrate", "hard_reboot", "clean_shutdown", "snapshot"},
			VIFs:              []xen.VIFRef{xen.VIFRef(vmRef(i) + "0")}, VBDs: []xen.VBDRef{xen.VBDRef(vmRef(i) + "1")},
			OtherConfig: xen.StringMap("base_template_name", "Debian Bookworm 12", "mac_seed", fmt.Sprint(i)), Platform: xen.StringMap("apic", "true", "viridian", "false"),
		}})
	}
	return list
}

func vmRef(i int) string {
	return fmt.Sprintf("OpaqueRef:%08x-5f2e-44a0-8d1c-%012x", uint32(i*2654435761), i)
}

func hostRef(i int) xen.HostRef {
	return xen.HostRef(fmt.Sprintf("OpaqueRef:%08d-5f2e-44a0-8d1c-0a6a53d0c9be", i%64))
}

func shuffled(n int) []string {
	refs := make([]string, n)
	for i, j := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		refs[i] = vmRef(j)
	}
	return refs
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
