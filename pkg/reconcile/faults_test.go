package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// What goes wrong, and how it is mended.

func TestVMKilledBehindOurBack(t *testing.T) {
	play(t, simulator.Model{}, running("web-1"), func(w *world) {
		web, _ := w.vm("web-1")
		do(w, web.HardShutdown())
		w.settle(time.Second)
		w.wantPowerState("web-1", xen.Running)
		w.wantCondition("web-1", reconcile.Ready, true)
	})
}

func TestVMMovedByHand(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, vmYAML("web-1", "powerState: Running, placement: {hosts: [xen-3]}"), func(w *world) {
		w.settle(time.Minute)
		if host := w.hostOf("web-1"); host != "xen-3" {
			w.t.Fatalf("web-1 is on %s", host)
		}
		web, _ := w.vm("web-1")
		do(w, web.PoolMigrate(w.host("xen-2"), nil))
		w.settle(time.Minute)
		if host := w.hostOf("web-1"); host != "xen-3" {
			w.t.Errorf("web-1 is on %s; %s", host, w.describe("web-1"))
		}
	})
}

func TestStartedOnADeclaredHost(t *testing.T) {
	play(t, simulator.Model{}, vmYAML("app-1", "powerState: Running, placement: {hosts: [xen-2, xen-3]}"), func(w *world) {
		do(w, w.host("xen-2").Disable())
		app, _ := w.vm("app-1")
		do(w, app.HardShutdown())
		w.settle(time.Minute)
		if host := w.hostOf("app-1"); host != "xen-3" {
			w.t.Errorf("app-1 is on %q; %s", host, w.describe("app-1"))
		}
	})
}

// A VM that no host can take waits for events of hosts, not for time.
func TestHostBecomesFree(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		do(w, w.host("xen-2").Disable())
		w.declare(vmYAML("app-1", "powerState: Running, placement: {hosts: [xen-2]}"))
		w.settle(time.Minute)
		w.wantReason("app-1", plan.ReasonNoSuitableHost)
		s, _ := w.controller.StatusOf("app-1")
		if len(s.Refused) != 1 || s.Refused[0] != (plan.Refusal{Host: "xen-2", Why: "is disabled"}) {
			w.t.Errorf("refused: %v", s.Refused)
		}
		do(w, w.host("xen-2").Enable())
		w.settle(time.Second)
		w.wantPowerState("app-1", xen.Running)
	})
}

func TestMemoryBecomesFree(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		app, _ := w.vm("app-1")
		cache, _ := w.vm("cache-1")
		do(w, app.SetMemory(40<<30))
		do(w, cache.SetMemory(40<<30))
		do(w, cache.StartOn(w.host("xen-2"), false, false))
		w.declare(vmYAML("app-1", "powerState: Running, placement: {hosts: [xen-2]}"))
		w.settle(time.Minute)
		w.wantReason("app-1", plan.ReasonNoSuitableHost)
		do(w, cache.HardShutdown())
		w.settle(time.Second)
		w.wantPowerState("app-1", xen.Running)
	})
}

func TestEventsLost(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("web-1", "app-1"), func(w *world) {
		web, _ := w.vm("web-1")
		do(w, web.HardShutdown())
		w.pool.LoseEvents() // in the middle of the start of app-1, and nobody was told of web-1
		w.settle(time.Minute)
		w.wantPowerState("web-1", xen.Running)
		w.wantPowerState("app-1", xen.Running)
	})
}

func TestConnectionsDropped(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("app-1", "cache-1", "web-2"), func(w *world) {
		for range 5 {
			w.pool.DropConnections()
			w.settle(500 * time.Millisecond)
		}
		w.settle(2 * time.Minute)
		for _, name := range []string{"app-1", "cache-1", "web-2"} {
			w.wantPowerState(name, xen.Running)
		}
		if n := w.calls("Async.VM.start"); n != 3 {
			w.t.Errorf("%d starts of 3 VMs", n)
		}
	})
}

func TestMasterDiesDuringMigration(t *testing.T) {
	yaml := vmYAML("web-1", "powerState: Running, placement: {hosts: [xen-3]}") + running("db-1")
	play(t, simulator.Model{Timing: slow()}, "", func(w *world) {
		for _, name := range []string{"web-1", "db-1"} {
			if w.hostOf(name) != "xen-2" {
				ref, _ := w.vm(name)
				do(w, ref.PoolMigrate(w.host("xen-2"), nil))
			}
		}
		w.declare(yaml)
		w.settle(5 * time.Second) // the migration has half of its way behind it
		if n := w.calls("Async.VM.pool_migrate"); n != 1 {
			w.t.Fatalf("%d migrations", n)
		}
		if err := w.pool.KillMaster("xen-2"); err != nil {
			w.t.Fatal(err)
		}
		db, _ := w.vm("db-1")
		do(w, db.HardShutdown()) // meanwhile
		w.settle(2 * time.Minute)
		w.wantPowerState("web-1", xen.Running)
		w.wantPowerState("db-1", xen.Running)
		if host := w.hostOf("web-1"); host != "xen-3" {
			w.t.Errorf("web-1 is on %s; %s", host, w.describe("web-1"))
		}
	})
}

func TestTaskDestroyedBySomebodyElse(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("app-1"), func(w *world) {
		for _, task := range w.pool.Tasks() {
			if ours(task.OtherConfig) {
				do(w, xen.TaskRef(task.Ref).Destroy())
			}
		}
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if n := w.calls("Async.VM.start"); n != 1 {
			w.t.Errorf("%d starts", n)
		}
	})
}

func TestTaskCancelledBySomebodyElse(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, vmYAML("web-1", "powerState: Halted"), func(w *world) {
		for _, task := range w.pool.Tasks() {
			if ours(task.OtherConfig) {
				do(w, xen.TaskRef(task.Ref).Cancel())
			}
		}
		w.settle(time.Second)
		w.wantReason("web-1", plan.ReasonBackingOff) // and no plug is pulled
		w.settle(time.Minute)
		w.wantPowerState("web-1", xen.Halted)
		if n := w.calls("Async.VM.hard_shutdown"); n > 0 {
			w.t.Errorf("%d hard shutdowns", n)
		}
	})
}

func TestHardShutdownAfterGracePeriod(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		w.pool.Inject(simulator.On("Async.VM.clean_shutdown", simulator.TaskHangs))
		w.declare(vmYAML("web-1", "powerState: Halted, shutdown: {mode: CleanThenHard, gracePeriod: 2m}"))
		w.settle(2*time.Minute - time.Second)
		w.wantPowerState("web-1", xen.Running)
		w.settle(2 * time.Second)
		w.wantPowerState("web-1", xen.Halted)
		if got := w.acted(); !slices.Equal(got, []string{"CleanShutdown web-1", "HardShutdown web-1"}) {
			w.t.Errorf("acted: %v", got)
		}
	})
}

// A VM that was halted for longer than its grace period, and is started by somebody, is asked all the same.
func TestStartedByHandHasItsGracePeriod(t *testing.T) {
	play(t, simulator.Model{Hosts: 1}, vmYAML("web-1", "powerState: Halted, shutdown: {gracePeriod: 1m}"), func(w *world) {
		w.settle(10 * time.Minute)
		w.wantPowerState("web-1", xen.Halted)
		clean, hard := w.calls("Async.VM.clean_shutdown"), w.calls("Async.VM.hard_shutdown")
		if err := w.pool.StartVM("web-1"); err != nil {
			t.Fatal(err)
		}
		w.settle(10 * time.Minute)
		w.wantPowerState("web-1", xen.Halted)
		if w.calls("Async.VM.clean_shutdown") == clean || w.calls("Async.VM.hard_shutdown") != hard {
			t.Errorf("the plug was pulled: %q", w.acted())
		}
	})
}

// The time for which somebody else holds a VM is not the guest's time to shut down.
func TestTheGracePeriodBeginsWhenTheGuestCanBeAsked(t *testing.T) {
	play(t, simulator.Model{Hosts: 1}, "", func(w *world) {
		web, _ := w.vm("web-1")
		hold := func(operations map[string]string) {
			if err := w.pool.SetField(xen.ClassVM, string(web), "current_operations", operations); err != nil {
				t.Fatal(err)
			}
		}
		hold(map[string]string{"OpaqueRef:backup": "snapshot"})
		w.settle(time.Second) // everybody knows
		w.declare(vmYAML("web-1", "powerState: Halted, shutdown: {gracePeriod: 1m}"))
		w.settle(10 * time.Minute)
		hold(map[string]string{})
		w.settle(10 * time.Minute)
		w.wantPowerState("web-1", xen.Halted)
		if acted := w.acted(); !slices.Equal(acted, []string{"CleanShutdown web-1"}) {
			t.Errorf("acted: %q", acted)
		}
	})
}

func TestHardShutdownOnceTheGuestRefused(t *testing.T) {
	timing := simulator.Timing{ShutdownAck: 10 * time.Second}
	play(t, simulator.Model{Timing: timing}, "", func(w *world) {
		web, _ := w.vm("web-1")
		do(w, web.AddToOtherConfig("simulator:shutdown", "ignored"))
		w.declare(vmYAML("web-1", "powerState: Halted"))
		w.settle(15 * time.Second)
		w.wantPowerState("web-1", xen.Halted)
	})
}

func TestCleanNeverPullsThePlug(t *testing.T) {
	play(t, simulator.Model{Timing: simulator.Timing{ShutdownAck: 10 * time.Second}}, "", func(w *world) {
		web, _ := w.vm("web-1")
		do(w, web.AddToOtherConfig("simulator:shutdown", "ignored"))
		w.declare(vmYAML("web-1", "powerState: Halted, shutdown: {mode: Clean}"))
		w.settle(time.Hour)
		w.wantPowerState("web-1", xen.Running)
		w.wantCondition("web-1", reconcile.Reconciling, true)
		do(w, web.RemoveFromOtherConfig("simulator:shutdown"))
		w.settle(10 * time.Minute)
		w.wantPowerState("web-1", xen.Halted)
	})
}

// A VM without an agent has no clean_shutdown: CleanThenHard waits for the grace period, then pulls the plug.
func TestNoAgent(t *testing.T) {
	agent := simulator.Timing{GuestAgent: simulator.Span{Min: time.Hour, Max: time.Hour}}
	play(t, simulator.Model{Timing: agent}, running("app-1", "cache-1"), func(w *world) {
		w.declare(vmYAML("app-1", "powerState: Halted, shutdown: {gracePeriod: 30s}") + vmYAML("cache-1", "powerState: Suspended"))
		w.settle(20 * time.Second)
		w.wantReason("app-1", plan.ReasonWaitingForGuestAgent)
		w.wantReason("cache-1", plan.ReasonWaitingForGuestAgent)
		w.settle(11 * time.Second)
		w.wantPowerState("app-1", xen.Halted)
		w.settle(10 * time.Minute)
		w.wantReason("cache-1", plan.ReasonGuestAgentMissing)
		w.settle(time.Hour) // the agent reports at last
		w.wantPowerState("cache-1", xen.Suspended)
	})
}

// A start that hangs is cancelled when its time is over, and begun again.
func TestOperationThatHangs(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		w.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.TaskHangs)))
		w.declare(running("app-1"))
		w.settle(9 * time.Minute)
		if n := w.calls("task.cancel"); n > 0 {
			w.t.Error("cancelled before its time")
		}
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if s, _ := w.controller.StatusOf("app-1"); s.Attempts != 0 {
			w.t.Errorf("it runs, and still counts %d failures", s.Attempts)
		}
	})
}

// The journal holds what is in flight, and is empty once it is over.
func TestJournalOfAnEarlierLife(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("app-1"), func(w *world) {
		w.stop(time.Second)
		entries, err := w.journal.Entries()
		if err != nil || len(entries) != 1 || entries[0].Task == "" {
			w.t.Fatalf("journal: %v, %v", entries, err)
		}
		w.start(running("app-1"))
		w.settle(time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if entries, err = w.journal.Entries(); err != nil || len(entries) != 0 {
			w.t.Errorf("journal at the end: %v, %v", entries, err)
		}
		if n := w.calls("Async.VM.start"); n != 1 {
			w.t.Errorf("%d starts", n)
		}
	})
}

// A VM that is taken out of the declaration in the middle of an operation is left alone once that is over.
func TestUndeclaredInTheMiddle(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("app-1"), func(w *world) {
		w.declare("")
		w.settle(time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if _, ok := w.controller.StatusOf("app-1"); ok {
			w.t.Error("a VM that is not declared has a status")
		}
		w.wantNoTasksOfOurs()
	})
}

// SIGTERM ends the controller within 5 s, also while a call hangs; the next life finds out what became of it.
func TestStopWhileACallHangs(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		remove := w.pool.Inject(simulator.On("Async.VM.start", simulator.Delay(time.Minute)))
		w.declare(running("app-1"))
		w.settle(time.Second)
		w.stop(5 * time.Second)
		remove()
		w.start(running("app-1"))
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
	})
}

// TestProgress holds what an onlooker is told of an action: once that it started, then how far it is, once that it ended.
func TestProgress(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, vmYAML("web-1", "powerState: Suspended"), func(w *world) {
		w.settle(time.Minute)
		var types []string
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, e := range w.events {
			types = append(types, string(e.Type)+e.Result)
			if e.ID != w.events[0].ID || e.Action.Key != "web-1" || e.Progress < 0 || e.Progress > 1 {
				w.t.Errorf("event %+v", e)
			}
		}
		got := strings.Join(slices.Compact(types), " ")
		if got != "Started Progress Finishedsuccess" {
			w.t.Errorf("events: %s", got)
		}
	})
}
