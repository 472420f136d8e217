package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// slow is a timing in which operations can meet.
var slow = Timing{
	Start: Span{Min: time.Second}, GuestShutdown: Span{Min: 2 * time.Second}, Destroy: Span{Min: time.Second},
	Migrate: Span{Min: 3 * time.Second}, ShutdownAck: time.Minute,
}

// inBackground makes a call on a connection of its own and gives its answer: "" or the failure.
func inBackground(t *testing.T, p *Pool, w *wire, method string, params ...any) <-chan string {
	t.Helper()
	other, answer := w.again(p), make(chan string, 1)
	go func() {
		_, err := other.call(method, params...)
		if err != nil {
			answer <- err.Error()
			return
		}
		answer <- ""
	}()
	return answer
}

// TestSecondOperationWaits: a call that meets another operation waits for its end, and then meets what that has left.
func TestSecondOperationWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		ref, names := namesOf(p)
		first := inBackground(t, p, w, "VM.start", ref("web5"), false, false)
		synctest.Wait()
		began := time.Now()
		got := names.Replace(w.refused("VM.start", ref("web5"), false, false))
		if got != "VM_BAD_POWER_STATE | web5 | halted | running" {
			t.Errorf("the second start answers %s", got)
		}
		if waited := time.Since(began); waited < 500*time.Millisecond || waited > 2*time.Second {
			t.Errorf("it waited %v, want until the first start had ended", waited)
		}
		if err := <-first; err != "" {
			t.Errorf("the first start: %s", err)
		}
	})
}

// TestStrictConflicts: with the option the second call is refused at once.
func TestStrictConflicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow, StrictConflicts: true})
		ref, names := namesOf(p)
		first := inBackground(t, p, w, "VM.clean_shutdown", ref("web1"))
		synctest.Wait()
		got := names.Replace(w.refused("VM.pool_migrate", ref("web1"), ref("xen-3"), Map{}))
		if !strings.HasPrefix(got, "OTHER_OPERATION_IN_PROGRESS | VM | web1 | clean_shutdown | OpaqueRef:") {
			t.Errorf("VM.pool_migrate answers %s", got)
		}
		if err := <-first; err != "" {
			t.Errorf("VM.clean_shutdown: %s", err)
		}
	})
}

// TestWaitingCallCanBeCancelled: task.cancel ends a call that waits its turn, and leaves the other one alone.
func TestWaitingCallCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		ref, _ := namesOf(p)
		first := inBackground(t, p, w, "VM.clean_shutdown", ref("web1"))
		synctest.Wait()
		task := w.must("Async.VM.pool_migrate", ref("web1"), ref("xen-3"), Map{}).(string)
		synctest.Wait()
		w.must("task.cancel", task)
		synctest.Wait()
		if status := w.must("task.get_status", task); status != "pending" {
			t.Errorf("the waiting task is %v before its wait is over", status)
		}
		time.Sleep(retryMax)
		if status := w.must("task.get_status", task); status != "cancelled" {
			t.Errorf("the waiting task is %v, want cancelled", status)
		}
		if err := <-first; err != "" {
			t.Errorf("VM.clean_shutdown: %s", err)
		}
		if p.PowerState("web1") != xen.Halted {
			t.Errorf("web1 is %s", p.PowerState("web1"))
		}
	})
}

// TestHardRebootOfStoppingVM: hard_reboot cancels a clean shutdown and the VM runs on in a new domain.
func TestHardRebootOfStoppingVM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		ref, _ := namesOf(p)
		before := w.must("VM.get_domid", ref("web1"))
		first := inBackground(t, p, w, "VM.clean_shutdown", ref("web1"))
		synctest.Wait()
		w.must("VM.hard_reboot", ref("web1"))
		if err := <-first; !strings.HasPrefix(err, "TASK_CANCELLED") {
			t.Errorf("the clean shutdown answers %q, want TASK_CANCELLED", err)
		}
		if after := w.must("VM.get_domid", ref("web1")); p.PowerState("web1") != xen.Running || after == before {
			t.Errorf("web1 is %s in domain %v, was in %v", p.PowerState("web1"), after, before)
		}
	})
}

// TestTaskHangs: a shutdown that never ends holds its VM, and a hard shutdown frees it.
func TestTaskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{})
		ref, _ := namesOf(p)
		p.Inject(On("Async.VM.clean_shutdown", TaskHangs))
		task := w.must("Async.VM.clean_shutdown", ref("web1")).(string)
		time.Sleep(time.Hour)
		if ops := w.must("VM.get_current_operations", ref("web1")).(Map); len(ops) != 1 {
			t.Errorf("after an hour web1 is busy with %v, want the shutdown", ops)
		}
		w.must("VM.hard_shutdown", ref("web1"))
		if status := w.must("task.get_status", task); status != "cancelled" || p.PowerState("web1") != xen.Halted {
			t.Errorf("web1 is %s, the hanging task %v", p.PowerState("web1"), status)
		}
	})
}

// TestHostInEvacuationTakesNoVM: what would bring VMs to a host waits until its evacuation has ended.
func TestHostInEvacuationTakesNoVM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		ref, names := namesOf(p)
		w.must("host.disable", ref("xen-2"))
		evacuated := inBackground(t, p, w, "host.evacuate", ref("xen-2"))
		synctest.Wait()
		moved := inBackground(t, p, w, "VM.pool_migrate", ref("web3"), ref("xen-2"), Map{})
		synctest.Wait()
		w.must("host.enable", ref("xen-2"))
		if got := names.Replace(w.refused("VM.start_on", ref("web5"), ref("xen-2"), false, false)); got != "HOST_EVACUATE_IN_PROGRESS | xen-2" {
			t.Errorf("VM.start_on answers %s", got)
		}
		if err := <-evacuated; err != "" {
			t.Errorf("host.evacuate: %s", err)
		}
		if on := p.HostOf("web1"); on == "xen-2" {
			t.Errorf("web1 is still on xen-2")
		}
		if err := <-moved; err != "" || p.HostOf("web3") != "xen-2" {
			t.Errorf("the migration that waited: %q, web3 is on %s", err, p.HostOf("web3"))
		}
	})
}
