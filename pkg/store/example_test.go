package store_test

import (
	"fmt"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// One goroutine writes; whoever reads keeps one snapshot for one whole decision.
func Example() {
	s := store.New()
	s.Apply(store.Batch{Set: []xen.Object{
		{Ref: "OpaqueRef:h", Record: &xen.Host{UUID: "h-uuid", NameLabel: "xen-1"}},
		{Ref: "OpaqueRef:a", Record: &xen.VM{UUID: "a-uuid", NameLabel: "web-1", PowerState: xen.Running, ResidentOn: "OpaqueRef:h"}},
		{Ref: "OpaqueRef:b", Record: &xen.VM{UUID: "b-uuid", NameLabel: "db-1", PowerState: xen.Halted}},
	}})
	before := s.Snapshot()

	changes := s.Apply(store.Batch{Set: []xen.Object{
		{Ref: "OpaqueRef:b", Record: &xen.VM{UUID: "b-uuid", NameLabel: "db-1", PowerState: xen.Running, ResidentOn: "OpaqueRef:h"}},
	}})
	fmt.Println(len(changes), "change, of class", changes[0].Class)

	host, _ := s.Snapshot().ByUUID(xen.ClassHost, "h-uuid")
	for _, vm := range s.Snapshot().VMsOn(xen.HostRef(host)) {
		fmt.Println("now on xen-1:", vm.NameLabel)
	}
	for _, vm := range before.VMsOn(xen.HostRef(host)) {
		fmt.Println("before:", vm.NameLabel)
	}

	// Output:
	// 1 change, of class VM
	// now on xen-1: web-1
	// now on xen-1: db-1
	// before: web-1
}
