// Package bench measures what needs every room.
package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// stopwatch measures at the sockets: from the last bytes of an event.next reply to the first of an Async.VM.start.
type stopwatch struct {
	mu    sync.Mutex
	event time.Time
	took  []time.Duration
}

// dial opens real connections that are watched.
func (w *stopwatch) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: c, watch: w}, nil
}

// watchedConn is a connection of the client.
type watchedConn struct {
	net.Conn
	watch  *stopwatch
	events bool // its last request was event.next
}

func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.events && n > 0 {
		c.watch.mu.Lock()
		c.watch.event = time.Now()
		c.watch.mu.Unlock()
	}
	return n, err
}

func (c *watchedConn) Write(b []byte) (int, error) {
	c.events = bytes.Contains(b, []byte("<methodName>event.next<")) || c.events && !bytes.HasPrefix(b, []byte("POST"))
	if bytes.Contains(b, []byte("<methodName>Async.VM.start")) {
		c.watch.mu.Lock()
		c.watch.took = append(c.watch.took, time.Since(c.watch.event))
		c.watch.mu.Unlock()
	}
	return c.Conn.Write(b)
}

// BenchmarkEventToCall halts a VM of a thousand behind the controller's back, again and again, and measures how long the
// controller takes from reading the event to writing the call that starts the VM.
func BenchmarkEventToCall(b *testing.B) {
	const vms = 1000
	pool, err := simulator.New(simulator.Model{VMs: vms})
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	if err := pool.Listen("http://127.0.40.1:0"); err != nil {
		b.Fatal(err)
	}
	var manifests strings.Builder
	var running []string
	for i := range vms {
		name := fmt.Sprintf("%s-%d", []string{"web", "app", "db", "cache", "batch"}[i%5], i/5+1)
		if pool.PowerState(name) == xen.Running {
			running = append(running, name)
			fmt.Fprintf(&manifests, "---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: %s}\nspec: {powerState: Running}\n", name)
		}
	}
	watch := &stopwatch{}
	cache, stop := startController(b, pool, watch, manifests.String())
	defer stop()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		name := running[i%len(running)]
		if err := pool.HaltVM(name); err != nil {
			b.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); pool.PowerState(name) != xen.Running || len(pool.Tasks()) > 0; {
			if time.Now().After(deadline) {
				b.Fatalf("%s was not started again: %v, tasks %+v", name, cache.Snapshot().Synced(), pool.Tasks())
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	b.StopTimer()
	reportAs(b, "", watch.took)
}

// reportAs gives the middle and the tail of what was measured.
func reportAs(b *testing.B, what string, took []time.Duration) {
	if len(took) == 0 {
		b.Fatal("no call was made")
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), what+"p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), what+"p99-µs")
}

// startController runs the controller on the pool.
func startController(b *testing.B, pool *simulator.Pool, watch *stopwatch, manifests string) (*store.Store, func()) {
	set, err := desired.Parse(desired.File{Name: "bench.yaml", Data: []byte(manifests)})
	if err != nil {
		b.Fatal(err)
	}
	client, err := xapi.New(xapi.Config{
		Addresses: pool.URLs(), Username: "root", Dial: watch.dial,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	cache := store.New()
	controller, err := reconcile.New(reconcile.Config{Snapshot: cache.Snapshot, Pool: reconcile.PoolOf(client), Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	inf := informer.New(informer.Config{Client: client, Store: cache, Pool: "bench"})
	inf.AddHandler(controller)
	controller.SetDeclared(set)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 2)
	go func() { done <- inf.Run(ctx) }()
	go func() { done <- controller.Run(ctx) }()
	if err := inf.WaitForSync(ctx); err != nil {
		b.Fatal(err)
	}
	return cache, func() {
		cancel()
		if err := client.Close(context.WithoutCancel(ctx)); err != nil {
			b.Error(err)
		}
		if err := errors.Join(<-done, <-done); err != nil {
			b.Error(err)
		}
	}
}
