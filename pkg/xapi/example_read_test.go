package xapi_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// must is for examples: a program of yours returns its errors.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// check is must for what has no value.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Find a VM by its name. Names are not unique, so there may be several.
func ExampleCall_findByName() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	for _, vm := range must(xapi.Call(ctx, client, xen.VMGetByNameLabel("db-1"))) {
		record := must(xapi.Call(ctx, client, vm.GetRecord()))
		fmt.Println(record.NameLabel, record.PowerState, record.MemoryStaticMax>>30, "GiB", record.VCPUsMax, "vCPUs")
	}
	// Output: db-1 Running 2 GiB 2 vCPUs
}

// Follow a reference: on which host does a VM run?
func ExampleCall_followReference() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("db-1")))[0]
	host := must(xapi.Call(ctx, client, vm.GetResidentOn()))
	if host.IsNull() {
		fmt.Println("nowhere")
		return
	}
	fmt.Println(must(xapi.Call(ctx, client, host.GetNameLabel())))
	// Output: xen-2
}

// List the objects of a class that is only known when the program runs. What cannot be read is in Skipped.
func ExampleCall_anyClass() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	for _, class := range []xen.Class{xen.ClassHost, xen.ClassSR} {
		list := must(xapi.Call(ctx, client, xen.GetAllRecords(class)))
		names := make([]string, 0, len(list.Objects))
		for _, object := range list.Objects {
			names = append(names, xen.NameOf(object.Record))
		}
		slices.Sort(names)
		fmt.Println(class, names, len(list.Skipped))
	}
	// Output:
	// host [xen-1 xen-2 xen-3] 0
	// SR [Local storage Local storage Local storage nfs-prod] 0
}

// Read metrics: the free memory of each host.
func ExampleCall_metrics() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	hosts := must(xapi.Call(ctx, client, xen.HostGetAllRecords()))
	metrics := must(xapi.Call(ctx, client, xen.HostMetricsGetAllRecords()))
	var lines []string
	for _, host := range hosts.All() {
		if m, ok := metrics.Get(host.Metrics); ok && m.Live {
			lines = append(lines, fmt.Sprintf("%s: %d of %d GiB free", host.NameLabel, m.MemoryFree>>30, m.MemoryTotal>>30))
		}
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	// Output:
	// xen-1: 51 of 64 GiB free
	// xen-2: 51 of 64 GiB free
	// xen-3: 51 of 64 GiB free
}

// Read what the agent in a guest reports: its addresses.
func ExampleCall_guestAddresses() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("web-1")))[0]
	guest := must(xapi.Call(ctx, client, vm.GetGuestMetrics()))
	if guest.IsNull() {
		fmt.Println("no agent has reported")
		return
	}
	record := must(xapi.Call(ctx, client, guest.GetRecord()))
	address, _ := record.Networks.Get("0/ip")
	fmt.Println(address != "", record.OSVersion.Has("name"))
	// Output: true true
}

// Find the disks of a VM and where they are.
func ExampleCall_disks() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("db-1")))[0]
	for _, vbd := range must(xapi.Call(ctx, client, vm.GetVBDs())) {
		plug := must(xapi.Call(ctx, client, vbd.GetRecord()))
		if plug.Empty || plug.Type != xen.VBDTypeDisk {
			continue
		}
		disk := must(xapi.Call(ctx, client, plug.VDI.GetRecord()))
		storage := must(xapi.Call(ctx, client, disk.SR.GetNameLabel()))
		fmt.Printf("%s: %d GiB on %s\n", plug.Device, disk.VirtualSize>>30, storage)
	}
	// Output: xvda: 10 GiB on nfs-prod
}
