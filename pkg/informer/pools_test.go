package informer_test

import (
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A pool that dies takes nothing else with it: another pool's informer, with the same metrics and in the same process,
// does not lose an event of its own.
func TestPoolsDieAlone(t *testing.T) {
	for how, way := range ways() {
		t.Run(how, func(t *testing.T) {
			metrics := informer.NewMetrics(nil)
			inBubbleWith(t, simulator.Model{}, func(w *world) { w.events, w.reach = way.events, way.reach }, func(t *testing.T, w *world) {
				other := simulator.Start(t, simulator.Model{Seed: 7, VMs: 3})
				client := w.newClient("other", func(cfg *xapi.Config) { cfg.Addresses, cfg.Dial = other.URLs(), other.Dial })
				dying := informer.New(informer.Config{Client: client, Store: store.New(), Pool: "other", Events: way.events, Metrics: metrics})
				stop := runUntil(t, dying)
				if err := dying.WaitForSync(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, host := range []string{"xen-1", "xen-2", "xen-3"} {
					if err := other.HostDies(host); err != nil {
						t.Fatal(err)
					}
				}
				w.told.takeChanges()
				ref, _ := w.vm("db-1")
				for _, text := range []string{"one", "two", "three", "four"} {
					do(w, ref.SetNameDescription(text))
					time.Sleep(time.Minute)
				}
				seen := 0
				for _, ch := range w.told.takeChanges() {
					if vm, ok := ch.New.(*xen.VM); ok && ch.Old.(*xen.VM).NameDescription != vm.NameDescription {
						seen++
					}
				}
				if seen != 4 || dying.Synced() {
					t.Errorf("%d of 4 changes were seen beside a dead pool, which is in sync: %v", seen, dying.Synced())
				}
				w.wantTruth()
				w.wantSyncs("synced: startup")
				stop()
			})
		})
	}
}
