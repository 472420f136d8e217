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

// The rules of docs/design.md, one test each or more. In the default model web-1, db-1, batch-1 run, app-1, cache-1,
// web-2 are halted.

func TestRule1OnlyDeclaredVMs(t *testing.T) {
	play(t, simulator.Model{}, running("app-1"), func(w *world) {
		w.settle(time.Minute)
		if got := w.acted(); !slices.Equal(got, []string{"Start app-1"}) {
			w.t.Errorf("acted: %v", got)
		}
		ref, _ := w.vm("vendor-appliance") // nobody declares it
		do(w, ref.HardShutdown())
		w.settle(time.Minute)
		w.wantPowerState("vendor-appliance", xen.Halted)
	})
}

func TestRule1NeverTemplatesSnapshotsControlDomains(t *testing.T) {
	yaml := vmYAML("template", `nameLabel: "Debian Bookworm 12", powerState: Running`) +
		vmYAML("snapshot", `nameLabel: "db-1 before upgrade", powerState: Running`) +
		vmYAML("control", `nameLabel: "Control domain on host: xen-1", powerState: Halted, shutdown: {mode: Hard}`)
	play(t, simulator.Model{}, yaml, func(w *world) {
		w.settle(time.Minute)
		for _, name := range []string{"template", "snapshot", "control"} {
			w.wantReason(name, plan.ReasonNotFound)
			w.wantCondition(name, reconcile.Stalled, true)
		}
		if n := w.mutations(); n > 0 {
			w.t.Errorf("%d calls", n)
		}
	})
}

func TestRule1AmbiguousName(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		app, _ := w.vm("app-1")
		twin := do(w, app.Clone("app-1"))
		w.settle(time.Second)
		w.declare(running("app-1"))
		w.settle(time.Minute)
		w.wantReason("app-1", plan.ReasonAmbiguousName)
		w.wantCondition("app-1", reconcile.Stalled, true)
		if n := w.mutations(); n > 0 {
			w.t.Errorf("%d calls although it is not clear which VM is meant", n)
		}
		do(w, twin.SetNameLabel("app-1 twin"))
		w.settle(time.Minute)
		w.wantPowerState("app-1", xen.Running)
		w.wantPowerState("app-1 twin", xen.Halted)
	})
}

func TestRule1NeverWhatIsStillBeingMade(t *testing.T) {
	disk := simulator.Timing{Disk: simulator.Span{Min: time.Minute, Max: time.Minute}}
	play(t, simulator.Model{Timing: disk}, running("fresh"), func(w *world) {
		app, _ := w.vm("app-1")
		task, err := stranger(w).Async(w.t.Context(), app.Copy("fresh", xen.NullRef).Request, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.settle(30 * time.Second)
		if n := w.mutations(); n != 1 { // the stranger's own
			w.t.Errorf("%d calls while the copy is made; %s", n-1, w.describe("fresh"))
		}
		w.settle(5 * time.Minute)
		w.wantPowerState("fresh", xen.Running)
		do(w, task.Destroy())
	})
}

func TestRule2NotWhileSomebodyElseWorks(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, "", func(w *world) {
		web, _ := w.vm("web-1")
		task, err := stranger(w).Async(w.t.Context(), web.CleanReboot().Request, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.settle(time.Second)
		w.declare(vmYAML("web-1", "powerState: Halted, shutdown: {mode: Hard}"))
		w.settle(3 * time.Second)
		if n := w.calls("Async.VM.hard_shutdown"); n > 0 {
			w.t.Error("a call in the middle of somebody else's operation")
		}
		w.wantReason("web-1", plan.ReasonForeignOperation)
		w.wantCondition("web-1", reconcile.Reconciling, true)
		w.settle(time.Minute)
		w.wantPowerState("web-1", xen.Halted)
		do(w, task.Destroy())
	})
}

// A plan that is made beside a running controller knows whose operation runs, and says so.
func TestAPlanBesideTheControllerKnowsItsOperations(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("app-1"), func(w *world) {
		snap := w.store.Snapshot()
		declared := plan.Declare(parse(w.t, running("app-1")).VMs())
		for owner, want := range map[string]plan.Reason{"": plan.ReasonOperationInProgress, "another": plan.ReasonForeignOperation} {
			in := plan.Input{Now: time.Now(), Snapshot: snap, Declared: declared, InFlight: reconcile.InFlight(snap, declared, owner, "xencontroller")}
			p := plan.Compute(in)
			if v := p.Verdicts[0]; v.Reason != want || len(p.Actions) > 0 {
				t.Errorf("owner %q: %s (%s), want %s", owner, v.Reason, v.Message, want)
			}
		}
		w.settle(time.Minute)
		snap = w.store.Snapshot()
		if left := reconcile.InFlight(snap, declared, "", "xencontroller"); len(left) > 0 {
			t.Errorf("in flight at the end: %+v", left)
		}
	})
}

// At most one operation of ours: the guard of every story counts them; here many events touch a VM while one runs.
func TestRule2OneOperationPerVM(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, running("app-1"), func(w *world) {
		app, _ := w.vm("app-1")
		for range 10 {
			do(w, app.AddTags("touched"))
			do(w, app.RemoveTags("touched"))
			w.settle(100 * time.Millisecond)
		}
		w.settle(time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if n := w.calls("Async.VM.start"); n != 1 {
			w.t.Errorf("%d starts", n)
		}
	})
}

func TestRule3LostReply(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, "", func(w *world) {
		w.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.LoseReply)))
		w.declare(running("app-1"))
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if n := w.calls("Async.VM.start"); n != 1 {
			w.t.Errorf("%d starts: a lost reply was answered by sending again", n)
		}
	})
}

func TestRule3LostReplyOfACallThatNeverRan(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, "", func(w *world) {
		w.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.Reset)))
		w.declare(running("app-1"))
		w.settle(5 * time.Second)
		if n := w.calls("Async.VM.start"); n != 1 {
			w.t.Errorf("%d starts within 5 s: nothing can show by then that the first one did not run", n)
		}
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if n := w.calls("Async.VM.start"); n != 2 {
			w.t.Errorf("%d starts, want 2", n)
		}
	})
}

// The next life of the process waits as well: the journal tells it of a call that nothing in the pool shows.
func TestRule3LostReplyAcrossLives(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, "", func(w *world) {
		w.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.Reset)))
		w.declare(running("app-1"))
		w.settle(time.Second)
		w.stop(time.Second)
		w.start(running("app-1"))
		w.settle(5 * time.Second)
		if n := w.calls("Async.VM.start"); n != 1 {
			w.t.Errorf("%d starts: the call of an earlier life was made again at once", n)
		}
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
	})
}

func TestRule4TasksAreDestroyedUntilTheyAreGone(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		for n := 1; n <= 3; n++ {
			w.pool.Inject(simulator.Nth(n, simulator.On("task.destroy", simulator.FailWith("INTERNAL_ERROR", "not today"))))
		}
		w.pool.Inject(simulator.Nth(4, simulator.On("task.destroy", simulator.Reset)))
		w.declare(running("app-1"))
		w.settle(2 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
		if n := w.calls("task.destroy"); n < 5 {
			w.t.Errorf("%d attempts to destroy", n)
		}
	})
}

func TestRule4TasksOfAnEarlierLife(t *testing.T) {
	yaml := vmYAML("web-1", "powerState: Halted") + vmYAML("app-1", "powerState: Running")
	play(t, simulator.Model{Timing: slow()}, yaml, func(w *world) {
		w.stop(time.Second) // in the middle of a start and a shutdown
		ended := 0
		for _, task := range w.pool.Tasks() {
			if ours(task.OtherConfig) {
				ended++
			}
		}
		if ended != 2 {
			w.t.Fatalf("%d tasks of ours in flight, want 2", ended)
		}
		w.settle(3500 * time.Millisecond)      // the shutdown ends while nobody looks
		w.journal = &reconcile.MemoryJournal{} // and nothing is remembered
		w.start(yaml)
		w.settle(time.Minute)
		w.wantPowerState("web-1", xen.Halted)
		w.wantPowerState("app-1", xen.Running)
		if a, b := w.calls("Async.VM.start"), w.calls("Async.VM.clean_shutdown"); a != 1 || b != 1 {
			w.t.Errorf("%d starts, %d shutdowns: what an earlier life began was begun again", a, b)
		}
	})
}

func TestRule4TasksOfOthersStay(t *testing.T) {
	play(t, simulator.Model{}, running("app-1"), func(w *world) {
		own := do(w, xen.TaskCreate("backup", "somebody else's"))
		cache, _ := w.vm("cache-1")
		started, err := stranger(w).Async(w.t.Context(), cache.Start(false, false).Request, map[string]string{"xencontroller-owner": "another controller"})
		if err != nil {
			w.t.Fatal(err)
		}
		w.settle(10 * time.Minute)
		for _, task := range []xen.TaskRef{own, started} {
			do(w, task.GetStatus()) // fails where it is gone
		}
		do(w, started.Destroy())
	})
}

func TestRule6Budgets(t *testing.T) {
	names := []string{"app-1", "cache-1", "web-2", "db-2", "batch-2", "app-3", "cache-3", "web-4", "db-4", "batch-4"}
	play(t, simulator.Model{Timing: slow()}, running(names...), func(w *world) {
		if n := w.inFlight(); n != 4 { // more is the guard's to see
			w.t.Errorf("%d starts at once, want 4", n)
		}
		w.settle(2 * time.Minute)
		for _, name := range names {
			w.wantPowerState(name, xen.Running)
		}
	})
}

// What an earlier life began counts as well.
func TestRule6BudgetsAcrossLives(t *testing.T) {
	names := []string{"app-1", "cache-1", "web-2", "db-2", "batch-2", "app-3", "cache-3", "web-4", "db-4", "batch-4"}
	play(t, simulator.Model{Timing: slow()}, running(names...), func(w *world) {
		w.stop(time.Second)
		w.journal = &reconcile.MemoryJournal{}
		w.start(running(names...)) // the guard counts
		if n := w.inFlight(); n != 4 {
			w.t.Errorf("%d starts of the earlier life are followed, want 4", n)
		}
		w.settle(2 * time.Minute)
		for _, name := range names {
			w.wantPowerState(name, xen.Running)
		}
	})
}

func TestRule6MigrationBudgets(t *testing.T) {
	play(t, simulator.Model{Timing: slow()}, "", func(w *world) {
		var yaml strings.Builder
		names := []string{"web-1", "db-1", "batch-1", "app-2", "cache-2", "web-3"}
		for _, name := range names {
			yaml.WriteString(vmYAML(name, "powerState: Running, placement: {hosts: [xen-2, xen-3]}"))
			ref, _ := w.vm(name)
			do(w, ref.PoolMigrate(w.host("xen-1"), nil))
		}
		w.declare(yaml.String())
		worst := 0
		for range 240 {
			w.settle(time.Second)
			into := map[xen.HostRef]int{}
			for _, name := range names {
				if _, vm := w.vm(name); !vm.ScheduledToBeResidentOn.IsNull() {
					into[vm.ScheduledToBeResidentOn]++
				}
			}
			for _, n := range into {
				worst = max(worst, n)
			}
		}
		if worst != 1 { // out of xen-1 as well
			w.t.Errorf("%d migrations to one host at once, want 1", worst)
		}
		for _, name := range names {
			if host := w.hostOf(name); host == "xen-1" {
				w.t.Errorf("%s is still on %s; %s", name, host, w.describe(name))
			}
		}
	})
}

func TestRule7NothingFromACacheOutOfSync(t *testing.T) {
	play(t, simulator.Model{}, running("web-1"), func(w *world) {
		remove := w.pool.Inject(simulator.On("VM.get_all_records", simulator.Delay(8*time.Second)))
		w.pool.LoseEvents()
		w.settle(2 * time.Second)
		if w.store.Snapshot().Synced() {
			w.t.Fatal("the cache is in sync")
		}
		w.declare(vmYAML("web-1", "powerState: Halted"))
		w.settle(2 * time.Second)
		if n := w.mutations(); n > 0 {
			w.t.Errorf("%d calls from a cache that is not in sync", n)
		}
		remove()
		w.settle(time.Minute)
		w.wantPowerState("web-1", xen.Halted)
	})
}

func TestRule9DryRun(t *testing.T) {
	playWith(t, simulator.Model{}, running("app-1", "web-1"), func(c *reconcile.Config) { c.DryRun = true }, func(w *world) {
		w.settle(10 * time.Minute)
		if n := w.mutations(); n > 0 {
			w.t.Errorf("%d calls", n)
		}
		w.wantReason("app-1", plan.ReasonPowerStateDrift)
		w.wantReason("web-1", plan.ReasonInSync)
	})
}

func TestRule9Observe(t *testing.T) {
	play(t, simulator.Model{}, vmYAML("app-1", "powerState: Running, mode: Observe"), func(w *world) {
		w.settle(10 * time.Minute)
		if n := w.mutations(); n > 0 {
			w.t.Errorf("%d calls", n)
		}
		w.wantReason("app-1", plan.ReasonObserveOnly)
		w.wantCondition("app-1", reconcile.Suspended, true)
		w.wantCondition("app-1", reconcile.UpToDate, false)
	})
}

func TestRule10BackOff(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		giant, _ := w.vm("app-1")
		do(w, giant.SetMemory(8<<40)) // no host can ever start it
		w.declare(running("app-1", "cache-1"))
		w.settle(time.Minute)
		w.wantPowerState("cache-1", xen.Running) // it does not hold up the others
		w.wantReason("app-1", plan.ReasonBackingOff)
		w.wantCondition("app-1", reconcile.Reconciling, true)
		first := w.calls("Async.VM.start")
		if first < 4 || first > 8 {
			w.t.Errorf("%d starts in the first minute", first)
		}
		w.settle(time.Hour)
		if later := w.calls("Async.VM.start") - first; later < 8 || later > 20 {
			w.t.Errorf("%d starts in the hour after", later)
		}
		do(w, giant.SetMemory(2<<30))
		w.settle(10 * time.Minute)
		w.wantPowerState("app-1", xen.Running)
		w.wantCondition("app-1", reconcile.Ready, true)
	})
}

func TestRule10Contested(t *testing.T) {
	play(t, simulator.Model{}, running("app-1"), func(w *world) {
		app, _ := w.vm("app-1")
		for range 2 {
			do(w, app.HardShutdown())
			w.settle(time.Minute)
			w.wantPowerState("app-1", xen.Running)
		}
		do(w, app.HardShutdown()) // for the third time
		w.settle(time.Hour)
		w.wantPowerState("app-1", xen.Halted)
		w.wantReason("app-1", plan.ReasonContested)
		w.wantCondition("app-1", reconcile.Contested, true)
		w.declare(vmYAML("app-1", "powerState: Running, shutdown: {mode: Hard}"))
		w.settle(time.Minute)
		w.wantPowerState("app-1", xen.Running)
	})
}

func TestRule11HostLost(t *testing.T) {
	play(t, simulator.Model{}, "", func(w *world) {
		web, _ := w.vm("web-1")
		do(w, web.PoolMigrate(w.host("xen-3"), nil))
		w.declare(vmYAML("web-1", "powerState: Halted, shutdown: {mode: Hard}, mode: Observe"))
		if err := w.pool.SilenceMember("xen-3"); err != nil {
			w.t.Fatal(err)
		}
		w.settle(15 * time.Minute)
		w.wantReason("web-1", plan.ReasonHostLost)
		w.wantCondition("web-1", reconcile.HostLost, true)
		before := w.mutations()
		w.declare(vmYAML("web-1", "powerState: Halted, shutdown: {mode: Hard}"))
		w.settle(time.Hour)
		w.wantReason("web-1", plan.ReasonHostLost)
		if n := w.mutations() - before; n > 0 {
			w.t.Errorf("%d calls for a VM on a dead host", n)
		}
	})
}
