package reconcile_test

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// A controller needs a cache that an informer keeps, a client to act through, and something that is declared.
func Example() {
	pool, err := simulator.New(simulator.Model{}) // in place of a real one
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	ctx, stop := context.WithCancel(context.Background())
	client, err := xapi.New(xapi.Config{
		Addresses: pool.URLs(), Dial: pool.Dial, Username: "root",
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		panic(err)
	}
	cache := store.New()
	actions := make(chan reconcile.ActionEvent, 16)
	controller, err := reconcile.New(reconcile.Config{
		Snapshot: cache.Snapshot,
		Pool:     reconcile.PoolOf(client),
		Observer: func(e reconcile.ActionEvent) { actions <- e },
	})
	if err != nil {
		panic(err)
	}
	declared, err := desired.Parse(desired.File{Name: "app.yaml", Data: []byte(`
apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: app-1}
spec: {powerState: Running}
`)})
	if err != nil {
		panic(err)
	}
	controller.SetDeclared(declared)
	follow := informer.New(informer.Config{Client: client, Store: cache})
	follow.AddHandler(controller)
	var running errgroup.Group
	running.Go(func() error { return follow.Run(ctx) })
	running.Go(func() error { return controller.Run(ctx) })

	for e := range actions {
		if e.Type == reconcile.ActionFinished {
			fmt.Println(e.Action)
			fmt.Println(e.Result)
			break
		}
	}
	stop()
	if err := running.Wait(); err != nil {
		panic(err)
	}
	if err := client.Close(context.Background()); err != nil {
		panic(err)
	}
	// Output:
	// Start app-1 (PowerStateDrift): app-1 is Halted, declared Running
	// success
}
