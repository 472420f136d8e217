package informer_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Flags of the test binary: go test -run Storm ./pkg/informer -args -seed 100 -seeds 1000
var (
	seed  = flag.Uint64("seed", 1, "first seed of the storms; a failure names its own")
	seeds = flag.Int("seeds", 2, "number of storms for each way to follow")
)

// Whatever happens, and whatever goes wrong meanwhile: once it is over, the cache is the pool. And whenever the store
// was in sync, it was so in the epoch of a session that listed everything.
func TestStorm(t *testing.T) {
	for n := range *seeds * len(ways()) {
		seed := *seed + uint64(n/len(ways()))
		how := slices.Sorted(maps.Keys(ways()))[n%len(ways())]
		t.Run(fmt.Sprint(how, ", seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			model := simulator.Model{
				VMs: 6, Seed: int64(seed), Boot: time.Duration(rng.IntN(30)) * time.Second,
				Version: []string{"24.19.2", "25.6.0"}[rng.IntN(2)], EventQueueBytes: []int{0, 30_000}[rng.IntN(2)],
			}
			prepare := func(w *world) { w.events, w.reach = ways()[how].events, ways()[how].reach }
			inBubbleWith(t, model, prepare, func(t *testing.T, w *world) {
				calm := w.pool.Inject(simulator.Chance(rand.New(rand.NewPCG(seed, 1)), 0.03, simulator.AnyOf(
					simulator.LoseReply, simulator.Reset, simulator.EventsLost, simulator.Delay(3*time.Second),
					simulator.FailWith("SESSION_INVALID", "OpaqueRef:gone"), simulator.FailWith("INTERNAL_ERROR", "storm"))))
				s := storm{w: w, rng: rng}
				for range 150 {
					s.strike()
					time.Sleep(time.Duration(rng.ExpFloat64() * float64(time.Second)))
				}
				calm()
				time.Sleep(2 * time.Minute) // the longest that anything goes unnoticed
				w.waitForSync(5 * time.Minute)
				w.wantTruth()
				t.Logf("in and out of sync %d times, %d changes, %d of %d calls by the other hand failed",
					len(w.told.allSyncs()), len(w.told.takeChanges()), s.failed, s.calls)
			})
		})
	}
}

// storm changes and breaks a pool.
type storm struct {
	w             *world
	rng           *rand.Rand
	networks      []xen.NetworkRef
	calls, failed int
	killed        bool
}

func (s *storm) strike() {
	switch n := s.rng.IntN(100); {
	case n < 2:
		s.w.pool.DropConnections()
	case n < 4:
		s.w.pool.LoseEvents()
	case n < 5 && !s.killed:
		s.killed = true
		if err := s.w.pool.KillMaster("xen-3"); err != nil {
			s.w.t.Fatal(err)
		}
	case n < 25:
		if ref, err := callAs(s, xen.NetworkCreate(&xen.Network{NameLabel: fmt.Sprint("net-", n), MTU: 1500})); err == nil {
			s.networks = append(s.networks, ref)
		}
	case n < 40 && len(s.networks) > 0:
		last := len(s.networks) - 1
		_, _ = callAs(s, s.networks[last].Destroy())
		s.networks = s.networks[:last]
	case n < 60:
		_, _ = callAs(s, s.anyVM().Start(false, false))
	case n < 80:
		_, _ = callAs(s, s.anyVM().HardShutdown())
	default:
		_, _ = callAs(s, s.anyVM().SetNameLabel(fmt.Sprint("vm-", n)))
	}
}

func (s *storm) anyVM() xen.VMRef {
	var refs []xen.VMRef
	for ref := range s.w.store.Snapshot().Refs(xen.ClassVM) {
		refs = append(refs, xen.VMRef(ref))
	}
	return refs[s.rng.IntN(len(refs))]
}

// callAs makes a call as somebody else, without patience and without caring for its end.
func callAs[T any](s *storm, m xen.Message[T]) (T, error) {
	ctx, cancel := context.WithTimeout(s.w.t.Context(), 5*time.Second)
	defer cancel()
	result, err := xapi.Call(ctx, s.w.stranger, m)
	if s.calls++; err != nil {
		s.failed++
	}
	synctest.Wait()
	return result, err
}
