//go:build unix

package store_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-memdb"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// BenchmarkApplyBesideMemDB applies single changes, each published by itself, to our store and to go-memdb in turns, and reports the processor time of both and how many times ours goes into the other. Goal: 10.
func BenchmarkApplyBesideMemDB(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ours, theirs := newOurs(n), newMemDB(b, n)
			refs := rand.New(rand.NewPCG(1, 2)).Perm(n)
			var spent, other time.Duration
			changes := 0
			for b.Loop() {
				spent += turn(b, refs, changes, ours)
				other += turn(b, refs, changes, theirs)
				changes += round
			}
			b.ReportMetric(float64(spent)/float64(changes), "cpu-ns/change")
			b.ReportMetric(float64(other)/float64(changes), "memdb-cpu-ns/change")
			b.ReportMetric(float64(other)/float64(spent), "x-memdb")
		})
	}
}

// changer is a store that takes new records for old.
type changer interface {
	get(ref string) *xen.VM
	set(ref string, vm *xen.VM)
}

// round is how many changes make a turn.
const round = 4000

// turn makes records that differ from those in a store by one field, puts them in one by one, and returns the processor
// time of the latter. What the turn before has left to the garbage collector is done first.
func turn(b *testing.B, refs []int, from int, to changer) time.Duration {
	changed := make([]*xen.VM, round)
	names := make([]string, len(changed))
	for i := range changed {
		names[i] = vmRef(refs[(from+i)%len(refs)])
		vm := *to.get(names[i])
		vm.MemoryTarget = int64(from + i + 1)
		changed[i] = &vm
	}
	runtime.GC()
	return cpu(b, func() {
		for i := range changed {
			to.set(names[i], changed[i])
		}
	})
}

type ours struct{ *store.Store }

func newOurs(n int) ours {
	list := xen.ObjectList{Class: xen.ClassVM}
	for i := range n {
		list.Objects = append(list.Objects, xen.Object{Ref: vmRef(i), Record: vm(i)})
	}
	s := store.New()
	s.Apply(store.Batch{Replace: []xen.ObjectList{list}})
	return ours{s}
}

func (o ours) get(ref string) *xen.VM {
	vm, _ := store.Get[xen.VM](o.Snapshot(), ref)
	return vm
}

func (o ours) set(ref string, vm *xen.VM) {
	o.Apply(store.Batch{Set: []xen.Object{{Ref: ref, Record: vm}}})
}

// entry is an object as go-memdb wants it: the reference beside the record's fields.
type entry struct {
	Ref, UUID, NameLabel, ResidentOn string
	VM                               *xen.VM
}

type memDB struct {
	b  *testing.B
	db *memdb.MemDB
}

func newMemDB(b *testing.B, n int) memDB {
	b.Helper()
	index := func(name, field string, unique bool) *memdb.IndexSchema {
		return &memdb.IndexSchema{Name: name, Unique: unique, AllowMissing: true, Indexer: &memdb.StringFieldIndex{Field: field}}
	}
	db, err := memdb.NewMemDB(&memdb.DBSchema{Tables: map[string]*memdb.TableSchema{"VM": {Name: "VM", Indexes: map[string]*memdb.IndexSchema{
		"id": {Name: "id", Unique: true, Indexer: &memdb.StringFieldIndex{Field: "Ref"}}, "uuid": index("uuid", "UUID", true),
		"label": index("label", "NameLabel", false), "host": index("host", "ResidentOn", false),
	}}}})
	if err != nil {
		b.Fatal(err)
	}
	m := memDB{b, db}
	tx := db.Txn(true)
	for i := range n {
		m.insert(tx, vmRef(i), vm(i))
	}
	tx.Commit()
	return m
}

func (m memDB) insert(tx *memdb.Txn, ref string, vm *xen.VM) {
	if err := tx.Insert("VM", &entry{ref, vm.UUID, vm.NameLabel, string(vm.ResidentOn), vm}); err != nil {
		m.b.Fatal(err)
	}
}

func (m memDB) get(ref string) *xen.VM {
	old, err := m.db.Txn(false).First("VM", "id", ref)
	if err != nil || old == nil {
		m.b.Fatal(ref, err)
	}
	return old.(*entry).VM
}

func (m memDB) set(ref string, vm *xen.VM) {
	tx := m.db.Txn(true)
	m.insert(tx, ref, vm)
	tx.Commit()
}

func vm(i int) *xen.VM {
	return &xen.VM{
		UUID: fmt.Sprintf("%08x-7f3a-4e1d-9c55-0a6a53d0c9be", uint32(i*2654435761)), NameLabel: fmt.Sprint("vm-", i), PowerState: xen.Running,
		ResidentOn:  xen.HostRef(fmt.Sprintf("OpaqueRef:%08d-5f2e-44a0-8d1c-0a6a53d0c9be", i%64)),
		OtherConfig: xen.StringMap("base_template_name", "Debian Bookworm 12", "mac_seed", fmt.Sprint(i)),
	}
}

func vmRef(i int) string {
	return fmt.Sprintf("OpaqueRef:%08x-5f2e-44a0-8d1c-%012x", uint32(i*2654435761), i)
}

// cpu is the processor time that f takes, the garbage collector's included.
func cpu(b *testing.B, f func()) time.Duration {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	f()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	return time.Duration(after.Utime.Nano() - before.Utime.Nano() + after.Stime.Nano() - before.Stime.Nano())
}
