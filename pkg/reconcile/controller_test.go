package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// slow lets every operation take a little, so that things can happen in the middle of it.
func slow() simulator.Timing {
	s := func(d time.Duration) simulator.Span { return simulator.Span{Min: d, Max: d} }
	return simulator.Timing{
		Start: s(5 * time.Second), GuestShutdown: s(5 * time.Second), Destroy: s(time.Second),
		Pause: s(time.Second), Suspend: s(5 * time.Second), Resume: s(5 * time.Second), Migrate: s(10 * time.Second),
	}
}

// TestIdle holds that a pool in sync is left alone: over an hour nothing but event.next is called.
func TestIdle(t *testing.T) {
	play(t, simulator.Model{}, running("web-1", "db-1"), func(w *world) {
		w.settle(time.Minute)
		before := w.pool.Calls()
		w.settle(time.Hour)
		for method, n := range w.pool.Calls() {
			if method != "event.next" && n != before[method] {
				w.t.Errorf("%d calls of %s on an idle pool", n-before[method], method)
			}
		}
	})
}

// TestFleet brings a fleet of every power state to every declared one, and finds nothing more to do.
func TestFleet(t *testing.T) {
	for _, timing := range []simulator.Timing{{}, slow(), simulator.DemoTiming()} {
		states := []string{"Running", "Halted", "Paused", "Suspended"}
		names := []string{"web-1", "app-1", "db-1", "cache-1", "batch-1", "web-2", "app-2", "db-2", "cache-2", "batch-2", "web-3", "app-3", "db-3", "cache-3", "batch-3"}
		var yaml strings.Builder
		for i, name := range names {
			yaml.WriteString(vmYAML(name, "powerState: "+states[(i/2)%4]))
		}
		play(t, simulator.Model{Timing: timing}, yaml.String(), func(w *world) {
			w.settle(5 * time.Minute)
			for i, name := range names {
				w.wantPowerState(name, xen.PowerState(states[(i/2)%4]))
				w.wantReason(name, "InSync")
			}
			before := w.mutations()
			w.settle(time.Hour)
			if n := w.mutations() - before; n > 0 {
				w.t.Errorf("%d calls on a fleet in sync", n)
			}
		})
	}
}
