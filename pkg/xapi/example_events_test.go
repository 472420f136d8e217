package xapi_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// halt is what somebody else does to the pool while an example watches.
func halt(pool *simulator.Pool, vm string) { check(pool.HaltVM(vm)) }

// Watch events as they happen. Whoever keeps objects uses an informer instead (pkg/informer): it lists, follows, and lists
// again when events were lost.
func ExampleSession_NextEvents() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	session := must(client.Session(ctx))
	must(xapi.Call(ctx, session, xen.EventRegister([]string{"vm"})))
	halt(pool, "db-1")
	for {
		events, err := session.NextEvents(ctx)
		if errors.Is(err, xen.EventsLost) {
			continue // list again: the stream is intact, what is known is not
		}
		for _, event := range must(events, err) {
			if vm, ok := event.Snapshot.(*xen.VM); ok && vm.PowerState == xen.Halted {
				fmt.Println(event.Operation, vm.NameLabel, vm.PowerState)
				return
			}
		}
	}
	// Output: mod db-1 Halted
}

// List and follow in one: the empty token brings every object, each later one what changed since.
func ExampleSession_EventsFrom() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	session := must(client.Session(ctx))
	all := must(session.EventsFrom(ctx, []string{"host"}, "", 0))
	check(pool.DisableHost("xen-2"))
	changed := must(session.EventsFrom(ctx, []string{"host"}, all.Token, 30*time.Second))
	for _, event := range changed.Events {
		host := event.Snapshot.(*xen.Host)
		fmt.Println(len(all.Events), "hosts;", event.Operation, host.NameLabel, host.Enabled)
	}
	// Output: 3 hosts; mod xen-2 false
}

// Read the alerts of the pool.
func ExampleCall_alerts() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client := connectTo(pool)
	defer func() { _ = client.Close(ctx) }()

	vm := must(xapi.Call(ctx, client, xen.VMGetByNameLabel("app-1")))[0]
	must(xapi.Call(ctx, client, vm.Start(false, false)))
	for _, alert := range must(xapi.Call(ctx, client, xen.MessageGetAllRecords())).All() {
		fmt.Println(alert.Name, alert.Cls, alert.Priority)
	}
	// Output: VM_STARTED VM 5
}
