// Package simulation runs the whole controller against a simulated pool in virtual time.
package simulation

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// lab is a pool and a controller that keeps it.
type lab struct {
	pool       *simulator.Pool
	client     *xapi.Client
	cache      *store.Store
	controller *reconcile.Controller
	stop       func()
}

// startLab declares manifests to a controller of the pool. Everything ends with the test, or earlier with stop.
func startLab(tb testing.TB, pool *simulator.Pool, dial func(context.Context, string, string) (net.Conn, error), events informer.Events, manifests string) *lab {
	tb.Helper()
	set, err := desired.Parse(desired.File{Name: "manifests.yaml", Data: []byte(manifests)})
	if err != nil {
		tb.Fatal(err)
	}
	l := &lab{pool: pool, cache: store.New()}
	l.client, err = xapi.New(xapi.Config{
		Addresses: pool.URLs(), Username: "root", Dial: dial,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		tb.Fatal(err)
	}
	l.controller, err = reconcile.New(reconcile.Config{Snapshot: l.cache.Snapshot, Pool: reconcile.PoolOf(l.client), Name: "lab"})
	if err != nil {
		tb.Fatal(err)
	}
	inf := informer.New(informer.Config{Client: l.client, Store: l.cache, Pool: "lab", Events: events})
	inf.AddHandler(l.controller)
	l.controller.SetDeclared(set)
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 2)
	go func() { done <- inf.Run(ctx) }()
	go func() { done <- l.controller.Run(ctx) }()
	stopped := false
	l.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				tb.Error(err)
			}
		}
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := l.client.Close(closing); err != nil {
			tb.Error(err)
		}
	}
	tb.Cleanup(l.stop)
	return l
}

// settled reports whether every declared VM is seen as declared, with nothing in flight.
func (l *lab) settled() bool {
	status := l.controller.Status()
	for _, vm := range status {
		if vm.Phase != plan.InSync || vm.Action != nil {
			return false
		}
	}
	return len(status) > 0
}
