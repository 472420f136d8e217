package xapi_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// onlookers are the ways in which a task is followed; the first asks, the others see events.
func onlookers() map[string]func(*testing.T, *xapi.Client) xapi.TaskWatcher {
	watch := func(events informer.Events) func(*testing.T, *xapi.Client) xapi.TaskWatcher {
		return func(t *testing.T, c *xapi.Client) xapi.TaskWatcher {
			i := informer.New(informer.Config{Client: c, Store: store.New(), Events: events})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- i.Run(ctx) }()
			t.Cleanup(func() {
				cancel()
				if err := <-ended; err != nil {
					t.Errorf("Run: %v", err)
				}
			})
			if err := i.WaitForSync(t.Context()); err != nil {
				t.Fatal(err)
			}
			return i
		}
	}
	return map[string]func(*testing.T, *xapi.Client) xapi.TaskWatcher{
		"asked":    func(*testing.T, *xapi.Client) xapi.TaskWatcher { return nil },
		"register": watch(informer.EventsRegister),
		"from":     watch(informer.EventsFrom),
	}
}

// errand is a task and everybody who has to do with it.
type errand struct {
	*testing.T
	ctx      context.Context //nolint:containedctx // that of the test
	pool     *simulator.Pool
	client   *xapi.Client
	stranger *xapi.Client
	cfg      xapi.TaskConfig
}

// onEachWay plays a story with each way to follow tasks, in virtual time.
func onEachWay(t *testing.T, story func(e *errand)) {
	t.Helper()
	onEachWayWith(t, "", story)
}

// onEachWayWith does so with a release of xapi.
func onEachWayWith(t *testing.T, version string, story func(e *errand)) {
	t.Helper()
	seconds := func(n int) simulator.Span { return simulator.Span{Min: time.Duration(n) * time.Second} }
	timing := simulator.Timing{Start: seconds(5), GuestShutdown: seconds(5), Migrate: seconds(10), Disk: seconds(3)}
	for name, watcher := range onlookers() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := simulator.Start(t, simulator.Model{Timing: timing, Version: version})
				e := &errand{T: t, ctx: limited(t, time.Hour), pool: pool, client: dialPool(t, pool, 3), stranger: dialPool(t, pool, 3)}
				for _, name := range idle() {
					if err := pool.AddVM(simulator.VMSpec{Name: name, Memory: 1 << 30, VCPUs: 1, PowerState: xen.Halted}); err != nil {
						t.Fatal(err)
					}
				}
				e.cfg.Watcher = watcher(t, e.client)
				story(e)
			})
		})
	}
}

// idle are VMs that do not run, and can.
func idle() []string { return []string{"idle-1", "idle-2", "idle-3", "idle-4", "idle-5"} }

// wantTasks compares the tasks of the pool that are called by somebody, by name.
func (e *errand) wantTasks(want ...string) {
	e.Helper()
	synctest.Wait()
	var got []string
	for _, task := range e.pool.Tasks() {
		got = append(got, task.Name+" "+task.Status)
	}
	if !slices.Equal(got, want) {
		e.Errorf("tasks: %q, want %q", got, want)
	}
}

func (e *errand) wantUnknown(err error) {
	e.Helper()
	if _, unknown := errors.AsType[*xapi.OutcomeUnknownError](err); !unknown || xapi.Classify(err) != xapi.Look {
		e.Errorf("error: %v", err)
	}
}

// TestTaskGivesItsResult runs two tasks whose results have different types.
func TestTaskGivesItsResult(t *testing.T) {
	onEachWay(t, func(e *errand) {
		var seen []float64
		e.cfg.Progress = func(f float64) { seen = append(seen, f) }
		if _, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg); err != nil {
			e.Fatal(err)
		}
		if state := e.pool.PowerState("idle-1"); state != xen.Running {
			e.Errorf("the VM is %s when its start has ended", state)
		}
		if len(seen) < 3 || !slices.IsSorted(seen) || seen[len(seen)-1] != 1 {
			e.Errorf("progress %v", seen)
		}
		e.cfg.Progress = nil
		clone, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-2").Clone("twin"), e.cfg)
		if err != nil || clone != e.pool.VMRef("twin") || clone == "" {
			e.Errorf("the clone is %q, the VM %q, %v", clone, e.pool.VMRef("twin"), err)
		}
		e.wantTasks()
	})
}

func TestTaskThatFails(t *testing.T) {
	onEachWay(t, func(e *errand) {
		e.pool.Inject(simulator.On("Async.VM.start", simulator.TaskFails("HOST_NOT_ENOUGH_FREE_MEMORY", "2", "1")))
		_, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg)
		fault, _ := errors.AsType[*xen.Error](err)
		if fault == nil || fault.Code != xen.HostNotEnoughFreeMemory || fault.Param(1) != "1" || fault.Method != "Async.VM.start" {
			e.Errorf("error: %v", err)
		}
		e.wantTasks()
	})
}

func TestTaskThatIsCancelled(t *testing.T) {
	onEachWay(t, func(e *errand) {
		e.pool.Inject(simulator.On("Async.VM.start", simulator.TaskHangs))
		time.AfterFunc(time.Minute, func() {
			_, _ = xapi.Call(e.ctx, e.stranger, xen.TaskRef(e.pool.Tasks()[0].Ref).Cancel())
		})
		_, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg)
		if !errors.Is(err, xen.TaskCancelledError) {
			e.Errorf("error: %v", err)
		}
		e.wantTasks()
	})
}

// TestTaskThatVanishes lets the master die: its tasks are gone, and nobody knows what became of them.
func TestTaskThatVanishes(t *testing.T) {
	onEachWay(t, func(e *errand) {
		e.client.SetMembers([]string{"10.0.0.1", "10.0.0.2", "10.0.0.3"})
		time.AfterFunc(2*time.Second, func() { _ = e.pool.KillMaster("xen-2") })
		_, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg)
		e.wantUnknown(err)
		if !errors.Is(err, xapi.ErrTaskVanished) {
			e.Errorf("error: %v", err)
		}
	})
}

// TestTaskIsSoonGone lets somebody destroy the task as soon as it has ended. Who sees events has seen the end; who asks
// may come too late, and says so.
func TestTaskIsSoonGone(t *testing.T) {
	onEachWay(t, func(e *errand) {
		ref := e.pool.VMRef("idle-1")
		over := make(chan struct{})
		go func() {
			for status := ""; status != "success" && !closed(over); time.Sleep(time.Millisecond) {
				for _, task := range e.pool.Tasks() {
					if status = task.Status; status == "success" {
						_, _ = xapi.Call(e.ctx, e.stranger, xen.TaskRef(task.Ref).Destroy())
					}
				}
			}
		}()
		_, err := xapi.Run(e.ctx, e.client, ref.Start(false, false), e.cfg)
		if err != nil && !errors.Is(err, xapi.ErrTaskVanished) {
			e.Errorf("error: %v", err)
		}
		close(over) // Run may have destroyed the task before the stranger saw its end
		time.Sleep(time.Second)
		e.wantTasks()
	})
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestLostReplyOfATask finds the task by its mark, where the call was carried out, and the loss where it was not.
func TestLostReplyOfATask(t *testing.T) {
	onEachWay(t, func(e *errand) {
		forget := e.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.LoseReply)))
		if _, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg); err != nil {
			e.Errorf("a call that was carried out: %v", err)
		}
		forget()
		e.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.Reset)))
		_, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-2").Start(false, false), e.cfg)
		e.wantUnknown(err)
		if state := e.pool.PowerState("idle-2"); state == xen.Running {
			e.Error("a call whose reply was lost was made again")
		}
		e.wantTasks()
	})
}

// TestContextEndsBeforeItsTask leaves the task to the pool, which destroys it when it has ended, or asks for its end.
func TestContextEndsBeforeItsTask(t *testing.T) {
	for _, cancels := range []bool{false, true} {
		onEachWay(t, func(e *errand) {
			ctx, cancel := context.WithTimeout(e.ctx, 2*time.Second)
			defer cancel()
			e.cfg.Cancel = cancels
			_, err := xapi.Run(ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg)
			e.wantUnknown(err)
			if !errors.Is(err, context.DeadlineExceeded) {
				e.Errorf("error: %v", err)
			}
			time.Sleep(time.Minute)
			e.wantTasks()
			if running := e.pool.PowerState("idle-1") == xen.Running; running == cancels {
				e.Errorf("cancelled: %v, running: %v", cancels, running)
			}
		})
	}
}

func TestTaskIsKept(t *testing.T) {
	onEachWay(t, func(e *errand) {
		e.cfg.Keep = true
		if _, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg); err != nil {
			e.Fatal(err)
		}
		e.wantTasks("Async.VM.start success")
		task := xen.TaskRef(e.pool.Tasks()[0].Ref)
		e.cfg.Keep = false
		if _, err := xapi.Follow[xen.Void](e.ctx, e.client, task, e.cfg); err != nil { // one that has ended already
			e.Error(err)
		}
		e.wantTasks()
		time.Sleep(time.Second) // until everybody has heard of that
		_, err := xapi.Follow[xen.Void](e.ctx, e.client, task, e.cfg)
		if e.wantUnknown(err); !errors.Is(err, xapi.ErrTaskVanished) {
			e.Errorf("error: %v", err)
		}
	})
}

func TestDestroyingATaskIsTriedAgain(t *testing.T) {
	onEachWay(t, func(e *errand) {
		e.pool.Inject(simulator.Nth(1, simulator.On("task.destroy", simulator.FailWith("INTERNAL_ERROR", "busy"))))
		if _, err := xapi.Run(e.ctx, e.client, e.pool.VMRef("idle-1").Start(false, false), e.cfg); err != nil {
			e.Error(err)
		}
		e.wantTasks()
	})
}

// TestManyTasksAtOnce runs more tasks than a pool keeps when they have ended. xapi: since 25.37 it keeps none at all once
// there are 200. No outcome is lost to that.
func TestManyTasksAtOnce(t *testing.T) {
	for _, version := range []string{"24.19", "26"} {
		onEachWayWith(t, version, func(e *errand) {
			failed := make(chan error)
			const many = 220
			vms := e.running()
			for n := range many {
				go func() {
					_, err := xapi.Run(e.ctx, e.client, vms[n%len(vms)].CleanReboot(), e.cfg)
					failed <- err
				}()
			}
			ok := 0
			for range many {
				if err := <-failed; err == nil {
					ok++
				} else if xapi.Classify(err) == xapi.Look {
					e.Errorf("xapi %s, outcome lost: %v", version, err)
				}
			}
			if ok == 0 {
				e.Error("not one of them did anything")
			}
			e.wantTasks()
		})
	}
}

// running are the VMs that run.
func (e *errand) running() (refs []xen.VMRef) {
	e.Helper()
	vms, err := xapi.Call(e.ctx, e.stranger, xen.VMGetAllRecords())
	if err != nil {
		e.Fatal(err)
	}
	for ref, vm := range vms.All() {
		if vm.PowerState == xen.Running && !vm.IsControlDomain {
			refs = append(refs, ref)
		}
	}
	if len(refs) < 5 {
		e.Fatalf("%d VMs run", len(refs))
	}
	return refs
}

// TestOrphans destroys what an earlier life of the program left, and nothing else.
func TestOrphans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := simulator.Start(t, simulator.Model{})
		ctx := limited(t, time.Hour)
		for _, name := range idle() {
			if err := pool.AddVM(simulator.VMSpec{Name: name, Memory: 1 << 30, VCPUs: 1, PowerState: xen.Halted}); err != nil {
				t.Fatal(err)
			}
		}
		mine, other := dialPool(t, pool, 1), dialPool(t, pool, 1)
		s := mustSession(ctx, t, other)
		begin := func(name, owner string, pending bool) {
			forget := func() {}
			if pending {
				forget = pool.Inject(simulator.On("Async.VM.start", simulator.TaskHangs))
			}
			defer forget()
			mark := map[string]string{xapi.MarkOwner: owner, xapi.MarkID: name}
			if owner == "" {
				mark = nil
			}
			if _, err := s.Async(ctx, pool.VMRef(name).Start(false, false).Request, mark); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		begin("idle-1", "me", false)
		begin("idle-2", "me", false)
		begin("idle-3", "somebody else", false)
		begin("idle-4", "", false)
		begin("idle-5", "me", true)
		if n, err := mine.DestroyOrphans(ctx, "me"); n != 2 || err != nil {
			t.Errorf("destroyed %d tasks, %v", n, err)
		}
		left := 0
		for _, task := range pool.Tasks() {
			left++
			if task.OtherConfig["http:"+xapi.MarkOwner] == "me" && task.Status != "pending" {
				t.Errorf("left: %+v", task)
			}
		}
		if left != 3 {
			t.Errorf("%d tasks are left of others, and of ours that run; want 3", left)
		}
	})
}
