package xapi_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Start a VM as a task, see how far it is, and have the task destroyed at its end.
func ExampleRun() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("app-1")))[0]
	last := 0.0
	_, err := xapi.Run(ctx, client, vm.Start(false, false), xapi.TaskConfig{
		Progress: func(fraction float64) { last = fraction },
	})
	fmt.Println(err, last, pool.PowerState("app-1"), len(pool.Tasks()), "tasks left")
	// Output: <nil> 1 Running 0 tasks left
}

// Stop a VM as its guest wants to be stopped; pull the plug if it does not answer.
func ExampleRun_failure() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()
	pool.Inject(simulator.On("Async.VM.clean_shutdown", simulator.FailWith("VM_SHUTDOWN_TIMEOUT", "OpaqueRef:…", "60")))

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("web-1")))[0]
	_, err := xapi.Run(ctx, client, vm.CleanShutdown(), xapi.TaskConfig{})
	if errors.Is(err, xen.VMShutdownTimeout) || errors.Is(err, xen.VMLacksFeature) {
		fmt.Println("it does not answer")
		_, err = xapi.Run(ctx, client, vm.HardShutdown(), xapi.TaskConfig{})
	}
	fmt.Println(err, pool.PowerState("web-1"))
	// Output:
	// it does not answer
	// <nil> Halted
}

// Live-migrate many VMs at once, a few at a time: all that run on one host, to another.
func ExampleRun_manyMigrations() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	from := must(xapi.Call(ctx, client, xen.HostGetByNameLabel("xen-1")))[0]
	to := must(xapi.Call(ctx, client, xen.HostGetByNameLabel("xen-3")))[0]
	slots := make(chan struct{}, 3)
	var all sync.WaitGroup
	var mu sync.Mutex
	var moved []string
	for ref, vm := range must(xapi.Call(ctx, client, xen.VMGetAllRecords())).All() {
		if vm.ResidentOn != from || vm.IsControlDomain || !slices.Contains(vm.AllowedOperations, xen.VMOperationPoolMigrate) {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, err := xapi.Run(ctx, client, ref.PoolMigrate(to, xen.StringMap("live", "true")), xapi.TaskConfig{})
			mu.Lock()
			defer mu.Unlock()
			moved = append(moved, fmt.Sprint(vm.NameLabel, " ", err))
		})
	}
	all.Wait()
	slices.Sort(moved)
	for _, line := range moved {
		fmt.Println(line)
	}
	// Output:
	// app-2 <nil>
	// app-4 <nil>
	// web-1 <nil>
}

// Take a snapshot, and go back to it.
func ExampleRun_snapshot() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("app-1")))[0]
	snapshot := must(xapi.Run(ctx, client, vm.Snapshot("before the update"), xapi.TaskConfig{}))
	must(xapi.Call(ctx, client, vm.SetNameDescription("spoilt")))
	must(xapi.Run(ctx, client, snapshot.Revert(), xapi.TaskConfig{}))
	fmt.Printf("%q\n", must(xapi.Call(ctx, client, vm.GetNameDescription())))
	// Output: "app server"
}

// Make a VM from a template: clone, provision, start.
func ExampleRun_clone() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	template := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("Debian Bookworm 12")))[0]
	vm := must(xapi.Run(ctx, client, template.Clone("web-5"), xapi.TaskConfig{}))
	must(xapi.Run(ctx, client, vm.Provision(), xapi.TaskConfig{}))
	must(xapi.Call(ctx, client, vm.SetNameDescription("made by an example")))
	must(xapi.Run(ctx, client, vm.Start(false, false), xapi.TaskConfig{}))
	fmt.Println(pool.PowerState("web-5"))
	// Output: Running
}

// Add a disk to a VM that runs.
func ExampleCall_addDisk() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("db-1")))[0]
	poolRef := must(xapi.Call(ctx, client, xen.PoolGetAll()))[0]
	storage := must(xapi.Call(ctx, client, poolRef.GetDefaultSR()))
	disk := must(xapi.Call(ctx, client, xen.VDICreate(&xen.VDI{
		NameLabel: "db-1 logs", SR: storage, VirtualSize: 8 << 30, Type: xen.VDITypeUser,
	})))
	free := must(xapi.Call(ctx, client, vm.GetAllowedVBDDevices()))
	plug := must(xapi.Call(ctx, client, xen.VBDCreate(&xen.VBD{
		VM: vm, VDI: disk, Userdevice: free[0], Mode: xen.VBDModeRW, Type: xen.VBDTypeDisk,
	})))
	must(xapi.Call(ctx, client, plug.Plug()))
	fmt.Println(must(xapi.Call(ctx, client, plug.GetCurrentlyAttached())), must(xapi.Call(ctx, client, plug.GetDevice())))
	// Output: true xvdb
}

// Tag VMs, and keep words of one's own with them.
func ExampleCall_tags() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("db-1")))[0]
	must(xapi.Call(ctx, client, vm.AddTags("backup")))
	must(xapi.Call(ctx, client, vm.AddToOtherConfig("example/owner", "ops")))
	_, err := xapi.Call(ctx, client, vm.AddToOtherConfig("example/owner", "ops")) // even with the same value
	owner, _ := must(xapi.Call(ctx, client, vm.GetOtherConfig())).Get("example/owner")
	fmt.Println(must(xapi.Call(ctx, client, vm.GetTags())), owner, errors.Is(err, xen.MapDuplicateKey))
	// Output: [backup db] ops true
}

// Empty a host for maintenance: no new VMs there, then all away.
func ExampleRun_maintenance() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()
	check(pool.UnpauseVM("app-3")) // one that does not run cannot be moved

	host := must(xapi.Call(ctx, client, xen.HostGetByNameLabel("xen-1")))[0]
	must(xapi.Call(ctx, client, host.Disable()))
	if _, err := xapi.Run(ctx, client, host.Evacuate(), xapi.TaskConfig{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(must(xapi.Call(ctx, client, host.GetResidentVMs()))), "VM is left: the host's own")
	// Output: 1 VM is left: the host's own
}

// A reply is lost: the error says what finds out whether the call has happened.
func ExampleOutcomeUnknownError() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()
	pool.Inject(simulator.On("VM.start", simulator.LoseReply))

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("app-1")))[0]
	_, err := xapi.Call(ctx, client, vm.Start(false, false))
	if lost, ok := errors.AsType[*xapi.OutcomeUnknownError](err); ok {
		state := must(xapi.Call(ctx, client, xen.VMRef(lost.Refs[0]).GetPowerState()))
		fmt.Println(lost.Method, "was sent, and the VM is", state, time.Since(lost.Sent) < time.Minute)
	}
	// Output: VM.start was sent, and the VM is Running true
}
