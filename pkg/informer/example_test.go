package informer_test

import (
	"context"
	"fmt"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// printer is a handler that prints what becomes of VMs.
type printer struct{}

func (printer) OnSync(synced bool, reason string) { fmt.Println("in sync:", synced, reason) }

func (printer) OnChange(changes []store.Change) {
	for _, ch := range changes {
		old, was := ch.Old.(*xen.VM)
		vm, is := ch.New.(*xen.VM)
		if was && is && old.PowerState != vm.PowerState {
			fmt.Println(vm.NameLabel, "was", old.PowerState, "and is", vm.PowerState)
		}
	}
}

// An informer keeps a store equal to a pool, here a simulated one, and tells handlers what changes in it.
func Example() {
	pool, err := simulator.New(simulator.Model{VMs: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	client, err := xapi.New(xapi.Config{
		Addresses: pool.URLs(), Username: "root", Dial: pool.Dial,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close(context.Background()) }()

	cache := store.New()
	i := informer.New(informer.Config{Client: client, Store: cache})
	seen := make(seenHalted, 1)
	i.AddHandler(printer{})
	i.AddHandler(seen)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- i.Run(ctx) }()
	if err := i.WaitForSync(ctx); err != nil {
		fmt.Println(err)
	}

	web := xen.VMRef(cache.Snapshot().ByNameLabel(xen.ClassVM, "web-1")[0])
	if _, err := xapi.Call(ctx, client, web.HardShutdown()); err != nil {
		fmt.Println(err)
	}
	<-seen
	stop()
	fmt.Println(<-ended)

	// Output:
	// in sync: true startup
	// web-1 was Running and is Halted
	// in sync: false the pool is no longer watched
	// <nil>
}

// seenHalted is sent to when a VM was halted.
type seenHalted chan struct{}

func (seenHalted) OnSync(bool, string) {}

func (s seenHalted) OnChange(changes []store.Change) {
	for _, ch := range changes {
		if vm, ok := ch.New.(*xen.VM); ok && vm.PowerState == xen.Halted && ch.Old != nil && ch.Old.(*xen.VM).PowerState != xen.Halted {
			s <- struct{}{}
		}
	}
}
