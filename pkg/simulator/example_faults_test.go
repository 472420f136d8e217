package simulator_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// In a test, a pool ends by itself, and time is virtual in a bubble. (t is the test's.)
func ExampleStart() {
	testStart := func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pool := simulator.Start(t, simulator.Model{Hosts: 3, VMs: 20, Timing: simulator.RealTiming()})
			dial := pool.Dial
			_ = dial                   // for the client that is tested
			time.Sleep(24 * time.Hour) // takes no time
		})
	}
	_ = testStart
}

// Faults compose: which calls, how often, what happens.
func ExamplePool_Inject() {
	pool, err := simulator.New(simulator.Model{})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	remove := pool.Inject(simulator.Nth(3, simulator.On("Async.VM.start", simulator.LoseReply))) // done, and never answered
	defer remove()
	rng := rand.New(rand.NewPCG(1, 2))
	pool.Inject(simulator.Chance(rng, 0.02, simulator.AnyOf(simulator.Reset, simulator.Hang, simulator.EventsLost)))
	pool.Inject(simulator.On("Async.VM.pool_migrate", simulator.TaskFails("VM_MIGRATE_FAILED", "vm", "xen-1", "xen-2", "no")))
	pool.Inject(simulator.On("VM.get_all_records", simulator.Nth(2, simulator.MasterDies())))
}

// A pool with people who may not do everything.
func ExampleUser() {
	pool, err := simulator.New(simulator.Model{Users: []simulator.User{{Name: "alice", Password: "secret", Role: "vm-operator"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	fmt.Println(pool.SessionCount())
	// Output: 0
}

// Sockets, for clients that are not written in Go.
func ExamplePool_ListenAndServe() {
	pool, err := simulator.New(simulator.Model{Hosts: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	ctx, stop := context.WithTimeout(context.Background(), time.Millisecond)
	defer stop()
	if err := pool.ListenAndServe(ctx, "http://127.0.74.1:0"); err != nil { // host 2 is 127.0.74.2
		log.Fatal(err)
	}
}
