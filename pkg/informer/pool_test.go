package informer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestCacheIsThePool(t *testing.T) {
	inBubble(t, simulator.Model{}, func(t *testing.T, w *world) {
		w.wantTruth()
		w.wantSyncs("synced: startup")
		if _, pool, ok := w.store.Snapshot().Pool(); !ok || pool.NameLabel != "simulated" {
			t.Errorf("pool %+v, %v", pool, ok)
		}
	})
}

func TestChangesByAnotherHand(t *testing.T) {
	inBubble(t, simulator.Model{}, func(t *testing.T, w *world) {
		ref, _ := w.vm("db-1")
		w.told.takeChanges()
		do(w, ref.SetNameDescription("moved to rack 2"))
		network := do(w, xen.NetworkCreate(&xen.Network{NameLabel: "storage", MTU: 9000}))
		time.Sleep(time.Second)
		if _, vm := w.vm("db-1"); vm.NameDescription != "moved to rack 2" {
			t.Errorf("description %q", vm.NameDescription)
		}
		if n, ok := store.Get[xen.Network](w.store.Snapshot(), string(network)); !ok || n.MTU != 9000 {
			t.Errorf("network %+v", n)
		}
		do(w, network.Destroy())
		time.Sleep(time.Second)
		if _, ok := store.Get[xen.Network](w.store.Snapshot(), string(network)); ok {
			t.Error("a destroyed network is in the cache")
		}
		var got []string
		for _, ch := range w.told.takeChanges() {
			switch {
			case ch.Class == xen.ClassTask: // the calls' own
			case ch.Old == nil:
				got = append(got, "add "+string(ch.Class))
			case ch.New == nil:
				got = append(got, "del "+string(ch.Class))
			default:
				got = append(got, "mod "+string(ch.Class))
			}
		}
		if diff := cmp.Diff([]string{"mod VM", "add network", "del network"}, got); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		w.wantTruth()
		w.wantSyncs("synced: startup")
	})
}

func TestEventsLost(t *testing.T) {
	collects := simulator.Model{Version: "25.6.0"} // xapi from 25.5 waits 200 ms before it answers event.next
	inBubble(t, collects, func(t *testing.T, w *world) {
		ref, _ := w.vm("db-1")
		epoch := w.store.Snapshot().Epoch()
		do(w, ref.SetNameDescription("nobody hears of this"))
		w.pool.LoseEvents()
		if _, vm := w.vm("db-1"); vm.NameDescription == "nobody hears of this" {
			t.Fatal("the event was not lost")
		}
		w.waitForSync(time.Minute)
		if _, vm := w.vm("db-1"); vm.NameDescription != "nobody hears of this" {
			t.Errorf("description %q", vm.NameDescription)
		}
		w.wantTruth()
		w.wantSyncs("synced: startup", "stale", "synced: events_lost")
		if now := w.store.Snapshot().Epoch(); now != epoch {
			t.Errorf("epoch %d → %d: lost events are no reason for a new session", epoch, now)
		}
	})
}

// A connection that breaks while event.next waits leaves a reader behind that eats the next events of the session.
func TestDroppedConnections(t *testing.T) {
	inBubble(t, simulator.Model{}, func(t *testing.T, w *world) {
		ref, _ := w.vm("db-1")
		do(w, ref.SetNameDescription("before"))
		synctest.Wait() // until event.next waits again
		epoch := w.store.Snapshot().Epoch()
		w.pool.DropConnections()
		do(w, ref.SetNameDescription("eaten"))
		w.waitForSync(time.Minute)
		if _, vm := w.vm("db-1"); vm.NameDescription != "eaten" {
			t.Errorf("description %q", vm.NameDescription)
		}
		w.wantTruth()
		w.wantSyncs("synced: startup", "stale", "synced: stream")
		if now := w.store.Snapshot().Epoch(); now == epoch {
			t.Error("the session of a broken stream is still in use; its left-over reader would eat events")
		}
		do(w, ref.SetNameDescription("after"))
		time.Sleep(time.Second)
		w.wantTruth()
	})
}

func TestSessionDestroyed(t *testing.T) {
	inBubble(t, simulator.Model{}, func(_ *testing.T, w *world) {
		ref, _ := w.vm("db-1")
		w.pool.Inject(simulator.Nth(1, simulator.On("event.next", simulator.FailWith("SESSION_INVALID", "OpaqueRef:gone"))))
		do(w, ref.SetNameDescription("while the session goes"))
		w.waitForSync(time.Minute)
		w.wantTruth()
		w.wantSyncs("synced: startup", "stale", "synced: session")
	})
}

func TestMasterDies(t *testing.T) {
	inBubble(t, simulator.Model{Boot: 20 * time.Second}, func(t *testing.T, w *world) {
		ref, _ := w.vm("db-1")
		if err := w.pool.KillMaster("xen-2"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if snap := w.store.Snapshot(); snap.Synced() || store.Len(snap, xen.ClassVM) == 0 {
			t.Errorf("without a master: synced %v, %d VMs", snap.Synced(), store.Len(snap, xen.ClassVM))
		}
		began := time.Now()
		do(w, ref.SetNameDescription("the new master heard of this")) // waits for it
		up := time.Now()
		w.waitForSync(time.Minute)
		if late := time.Since(up); late > 10*time.Second {
			t.Errorf("in sync %v after the new master answered, %v after the old one died", late, time.Since(began))
		}
		w.wantTruth()
		w.wantSyncs("synced: startup", "stale", "synced: failover")
		if s := w.client.Current(); s == nil || s.Epoch() != w.store.Snapshot().Epoch() || s.MasterAddress() != "10.0.0.2" {
			t.Errorf("session %v, epoch of the cache %d", s, w.store.Snapshot().Epoch())
		}
	})
}

// A dead machine closes no connection: only the missing heartbeat tells.
func TestMasterVanishes(t *testing.T) {
	inBubble(t, simulator.Model{}, func(t *testing.T, w *world) {
		if err := w.pool.SilenceMember("xen-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if w.store.Snapshot().Synced() {
			t.Error("in sync with a pool that has been silent for three minutes")
		}
	})
}

// What the issue asks for: an idle pool costs nothing.
func TestIdlePoolIsNotAsked(t *testing.T) {
	inBubble(t, simulator.Model{}, func(t *testing.T, w *world) {
		before := w.pool.Calls()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		since := w.callsSince(before)
		next := since["event.next"]
		delete(since, "event.next")
		if len(since) != 0 || next < 10 || next > 60 { // the heartbeat ends one every 30 s
			t.Errorf("calls in ten idle minutes: %d event.next, and %v", next, since)
		}
		w.wantSyncs("synced: startup")
	})
}

func TestEveryClassIsListedOnceAtStart(t *testing.T) {
	inBubble(t, simulator.Model{}, func(t *testing.T, w *world) {
		if n := lists(w.pool.Calls()); n < 50 || n > len(xen.Classes()) {
			t.Errorf("%d lists", n)
		}
	})
}
