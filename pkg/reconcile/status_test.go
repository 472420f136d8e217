package reconcile_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestNothingIsKnownBeforeThePoolIsListed(t *testing.T) {
	reg := prometheus.NewRegistry()
	c, err := reconcile.New(reconcile.Config{Snapshot: store.New().Snapshot, DryRun: true, Name: "p", Metrics: reconcile.NewMetrics(reg)})
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeclared(parse(t, running("web-1")))
	s, ok := c.StatusOf("web-1")
	if !ok || s.Phase != plan.Unknown || s.Reason != plan.ReasonNotListed || s.ObservedGeneration != 1 {
		t.Errorf("before the first list the status is %+v", s)
	}
	for _, of := range []reconcile.ConditionType{reconcile.Ready, reconcile.UpToDate} {
		if condition, _ := s.Condition(of); condition.Status != reconcile.Unknown {
			t.Errorf("%s is %q, want Unknown", of, condition.Status)
		}
	}
	if n := len(s.Conditions); n != 2 {
		t.Errorf("%d conditions: it is neither stalled nor on its way", n)
	}
}

func TestWhatIsDeclaredAnewWhileThePoolIsAwayIsNotKnown(t *testing.T) {
	play(t, simulator.Model{Hosts: 1}, running("web-1"), func(w *world) {
		w.settle(time.Minute)
		if err := w.pool.SilenceMember("xen-1"); err != nil {
			t.Fatal(err)
		}
		w.settle(5 * time.Minute)
		w.wantReason("web-1", plan.ReasonInSync) // what was known; the pool is marked stale
		w.declare(running("web-1") + vmYAML("app-1", "powerState: Running, mode: Observe"))
		for name, power := range map[string]xen.PowerState{"web-1": xen.Running, "app-1": ""} {
			s, _ := w.controller.StatusOf(name)
			if known := s.Reason == plan.ReasonInSync; known != (name == "web-1") || s.PowerState != power {
				t.Errorf("%s: %s, %q", name, s.Reason, s.PowerState)
			}
		}
		w.declare(vmYAML("web-1", "powerState: Halted"))
		if s, _ := w.controller.StatusOf("web-1"); s.Reason != plan.ReasonNotListed || s.PowerState != xen.Running {
			t.Errorf("declared anew: %s, %q", s.Reason, s.PowerState)
		}
		if err := w.pool.StartMember("xen-1"); err != nil {
			t.Fatal(err)
		}
		w.settle(10 * time.Minute)
		w.wantReason("web-1", plan.ReasonInSync)
	})
}
