package informer_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A handler of one class is told what an object was, what it is, and in which fields it differs. A barrier waits until the
// cache knows what was done before it.
func ExampleOn() {
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
	i := informer.New(informer.Config{Client: client, Store: cache, Classes: []xen.Class{xen.ClassNetwork}})
	informer.On(i, func(u informer.Update[xen.Network]) {
		if u.Old != nil && u.New != nil {
			fmt.Println(u.New.NameLabel, "has another", strings.Join(u.Changed.Names(xen.ClassNetwork), ", "))
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- i.Run(ctx) }()
	if err := i.WaitForSync(ctx); err != nil {
		fmt.Println(err)
	}

	network, err := xapi.Call(ctx, client, xen.NetworkCreate(&xen.Network{NameLabel: "storage", MTU: 1500}))
	if err != nil {
		fmt.Println(err)
	}
	if err := i.Barrier(ctx); err != nil {
		fmt.Println(err)
	}
	if _, err := xapi.Call(ctx, client, network.SetMTU(9000)); err != nil {
		fmt.Println(err)
	}
	if err := i.Barrier(ctx); err != nil {
		fmt.Println(err)
	}
	record, _ := store.Get[xen.Network](cache.Snapshot(), string(network))
	fmt.Println("MTU", record.MTU)
	stop()
	fmt.Println(<-ended)

	// Output:
	// storage has another MTU
	// MTU 9000
	// <nil>
}
