package reconcile_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestChaos lets half an hour go wrong in every way at once: lost replies, broken connections, lost events, dying masters,
// killed processes, somebody else who halts, starts and moves VMs. After it everything is as declared, and nothing of
// ours is left; the guard holds the rules meanwhile. A failure names the seed.
func TestChaos(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { chaos(t, seed) })
	}
}

func chaos(t *testing.T, seed uint64) {
	dice := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) } // one for each who rolls them
	rng := dice(0)
	names := []string{"web-1", "app-1", "db-1", "cache-1", "batch-1", "web-2", "app-2", "db-2", "cache-2", "batch-2"}
	states := []string{"Running", "Running", "Running", "Halted", "Paused", "Suspended"}
	want := map[string]string{}
	var yaml strings.Builder
	for _, name := range names {
		want[name] = states[rng.IntN(len(states))]
		spec := "powerState: " + want[name]
		if rng.IntN(2) == 0 && want[name] != "Paused" { // a Paused VM cannot be moved
			spec += ", placement: {hosts: [xen-2, xen-3]}"
		}
		yaml.WriteString(vmYAML(name, spec))
	}
	forbearing := func(c *reconcile.Config) { c.Contest.Times = 1000 }
	playWith(t, simulator.Model{Timing: simulator.DemoTiming(), Seed: int64(seed), Boot: 5 * time.Second}, yaml.String(), forbearing, func(w *world) {
		mishaps := simulator.AnyOf(simulator.LoseReply, simulator.Reset, simulator.EventsLost)
		everywhere := w.pool.Inject(simulator.Chance(dice(1), 0.01, simulator.On("*", mishaps)))
		often := w.pool.Inject(simulator.Chance(dice(2), 0.3, simulator.On("Async.VM.*", mishaps)))
		hangs := w.pool.Inject(simulator.Chance(dice(3), 0.1, simulator.On("Async.VM.start*", simulator.TaskHangs)))
		for range 60 {
			w.settle(time.Duration(rng.IntN(20)) * time.Second)
			w.upset(rng, names[rng.IntN(len(names))], yaml.String())
		}
		everywhere()
		often()
		hangs()
		w.settle(30 * time.Minute)
		w.logResults()
		for _, name := range names {
			w.wantPowerState(name, xen.PowerState(want[name]))
			if s, _ := w.controller.StatusOf(name); s.Phase != "InSync" {
				w.t.Errorf("seed %d: %s", seed, w.describe(name))
			}
		}
	})
}

// upset does one bad thing.
func (w *world) upset(rng *rand.Rand, name, yaml string) {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	refs, err := xapi.Call(ctx, w.stranger, xen.VMGetByNameLabel(name))
	if err != nil || len(refs) != 1 {
		return // it goes wrong for everybody
	}
	var m xen.Message[xen.Void]
	switch rng.IntN(14) {
	case 0, 1, 2, 3:
		m = refs[0].HardShutdown()
	case 4:
		m = refs[0].Start(false, false)
	case 5, 6, 7:
		hosts, err := xapi.Call(ctx, w.stranger, xen.HostGetAll())
		if err != nil {
			return
		}
		m = refs[0].PoolMigrate(hosts[rng.IntN(len(hosts))], nil)
	case 8:
		w.pool.DropConnections()
		return
	case 9:
		w.stop(5 * time.Second)
		if rng.IntN(2) == 0 {
			w.journal = &reconcile.MemoryJournal{}
		}
		w.start(yaml)
		return
	case 10:
		w.killMaster(rng)
		return
	default:
		w.pool.LoseEvents()
		return
	}
	_, _ = xapi.Call(ctx, w.stranger, m) // whether it worked or not
}

// killMaster lets the master die, another host take over, and the dead one come back.
func (w *world) killMaster(rng *rand.Rand) {
	for _, i := range rng.Perm(3) {
		if w.pool.KillMaster(fmt.Sprintf("xen-%d", i+1)) == nil {
			break
		}
	}
	w.settle(time.Minute)
	for i := range 3 {
		_ = w.pool.StartMember(fmt.Sprintf("xen-%d", i+1)) // those that are up say so
	}
}

// logResults says how the actions of a story ended, so that one can see whether it was chaos.
func (w *world) logResults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	results := map[string]int{}
	for _, e := range w.events {
		if e.Type == reconcile.ActionFinished {
			results[e.Result]++
		}
	}
	w.t.Logf("actions: %v", results)
}
