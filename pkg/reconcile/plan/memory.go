package plan

import (
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// memoryNeed is what a VM takes from its host, in bytes. xapi: memory_dynamic_min + memory_overhead; static_max instead of
// dynamic_min for pv_in_pvh.
func memoryNeed(vm *xen.VM) int64 {
	if vm.DomainType == xen.DomainTypePVInPvh {
		return vm.MemoryStaticMax + vm.MemoryOverhead
	}
	return vm.MemoryDynamicMin + vm.MemoryOverhead
}

// freeMemory is what a host has left, in bytes. xapi: memory_total − memory_overhead − what each VM that is resident or
// scheduled to be resident there needs; a VM in migration counts on both hosts. Beside these count our own operations
// that the pool does not show yet, and what this round has promised.
func (d *decider) freeMemory(ref xen.HostRef, host *xen.Host) int64 {
	metrics, ok := store.Get[xen.HostMetrics](d.in.Snapshot, string(host.Metrics))
	if !ok {
		return 0
	}
	if d.used == nil {
		d.used = d.in.Memory.at(d.in.Snapshot)
		for _, op := range d.in.InFlight {
			d.promise(&op.Action)
		}
	}
	return max(0, metrics.MemoryTotal-host.MemoryOverhead-d.used[ref]-d.promised[ref])
}

// promise counts the memory that an action will take on its host, unless the pool counts it there already.
func (d *decider) promise(a *Action) {
	if a.Memory == 0 || a.Host == "" {
		return
	}
	vm, ok := store.Get[xen.VM](d.in.Snapshot, string(a.VM))
	if !ok || (vm.ResidentOn != a.Host && vm.ScheduledToBeResidentOn != a.Host) {
		if d.promised == nil {
			d.promised = map[xen.HostRef]int64{}
		}
		d.promised[a.Host] += a.Memory
	}
}

// MemoryBook remembers what the VMs of each host need, so that the next decision costs what has changed since the one before,
// and not a pass over all VMs. It gives the same numbers as that pass, whatever it was asked before. All its snapshots are
// of one store; the zero value is empty, and it is not for concurrent use.
type MemoryBook struct {
	snap store.Snapshot
	used map[xen.HostRef]int64 // bytes; nil: nothing was asked yet
}

// at is what the VMs of each host need in a snapshot, in bytes; it is read-only, and good until the next call. A nil book
// sums up afresh. A snapshot may be older than the one before: workers see them in any order.
func (b *MemoryBook) at(snap store.Snapshot) map[xen.HostRef]int64 {
	if b == nil {
		return usedMemory(snap)
	}
	if b.used == nil {
		b.snap, b.used = snap, usedMemory(snap)
		return b.used
	}
	for _, c := range store.Diff(b.snap, snap) {
		if old, ok := c.Old.(*xen.VM); ok {
			count(b.used, old, -1)
		}
		if vm, ok := c.New.(*xen.VM); ok {
			count(b.used, vm, +1)
		}
	}
	b.snap = snap
	return b.used
}

// usedMemory sums up what the VMs of each host need, in bytes. One pass over all VMs: the cache has no index by
// scheduled_to_be_resident_on.
func usedMemory(snap store.Snapshot) map[xen.HostRef]int64 {
	used := map[xen.HostRef]int64{}
	for _, vm := range store.All[xen.VM](snap) {
		count(used, vm, +1)
	}
	return used
}

// count adds what a VM needs so many times to the hosts where it counts.
func count(used map[xen.HostRef]int64, vm *xen.VM, times int64) {
	here, soon := vm.ResidentOn, vm.ScheduledToBeResidentOn
	if !here.IsNull() {
		used[here] += times * memoryNeed(vm)
	}
	if !soon.IsNull() && soon != here {
		used[soon] += times * memoryNeed(vm)
	}
}
