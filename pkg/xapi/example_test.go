package xapi_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// connectTo logs in to a simulated pool; a real one needs only Addresses, Username, Password and TLS.
func connectTo(pool *simulator.Pool) *xapi.Client {
	client, err := xapi.New(xapi.Config{
		Addresses: pool.URLs(), // any members of one pool
		Username:  "root",
		Password:  func(context.Context) (string, error) { return "xenroot", nil },
		Dial:      pool.Dial,
	})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func simulate() *simulator.Pool {
	pool, err := simulator.New(simulator.Model{})
	if err != nil {
		log.Fatal(err)
	}
	return pool
}

// List the VMs of a pool that are up.
func Example() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vms, err := xapi.Call(ctx, client, xen.VMGetAllRecords())
	if err != nil {
		log.Fatal(err)
	}
	running := 0
	for _, vm := range vms.All() {
		if vm.PowerState == xen.Running && !vm.IsATemplate && !vm.IsControlDomain {
			running++
		}
	}
	fmt.Println(running, "VMs are running")
	// Output: 11 VMs are running
}

// A failure of the API is a value: its code decides, its words are for people.
func ExampleCall_failure() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vms, err := xapi.Call(ctx, client, xen.VMGetByNameLabel("web-1"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = xapi.Call(ctx, client, vms[0].Start(false, false)) // it runs already
	fmt.Println(errors.Is(err, xen.VMBadPowerState), xapi.Classify(err) == xapi.Wait)
	// Output: true true
}

// Start a VM as a task, and follow the task's end.
func ExampleSession_Async() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	session, err := client.Session(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := xapi.Call(ctx, session, xen.EventRegister([]string{"task"})); err != nil {
		log.Fatal(err)
	}
	task, err := session.Async(ctx, pool.VMRef("app-1").Start(false, false).Request, map[string]string{"started-by": "example"})
	if err != nil {
		log.Fatal(err)
	}
	for status := xen.TaskPending; status == xen.TaskPending; {
		events, err := session.NextEvents(ctx)
		if err != nil {
			log.Fatal(err)
		}
		for _, event := range events {
			if record, ok := event.Snapshot.(*xen.Task); ok && event.Ref == string(task) {
				status = record.Status
			}
		}
	}
	record, err := xapi.Call(ctx, session, task.GetRecord())
	if err != nil {
		log.Fatal(err)
	}
	by, _ := record.OtherConfig.Get("http:started-by")
	fmt.Println(record.NameLabel, record.Status, by, pool.PowerState("app-1"))
	if _, err := xapi.Call(ctx, session, task.Destroy()); err != nil { // whoever starts a task destroys it
		log.Fatal(err)
	}
	// Output: Async.VM.start success example Running
}

// The master dies; the next call is made on its successor.
func ExampleClient_Do() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	before, err := client.Session(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := pool.KillMaster("xen-2"); err != nil {
		log.Fatal(err)
	}
	if _, err := xapi.Call(ctx, client, xen.PoolGetAll()); err != nil {
		log.Fatal(err)
	}
	after := client.Current()
	fmt.Println(before.MasterAddress(), "→", after.MasterAddress(), "same pool:", before.PoolUUID() == after.PoolUUID())
	// Output: 10.0.0.1 → 10.0.0.2 same pool: true
}
