package simulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// allowed reads a VM's allowed_operations.
func allowed(w *wire, vm string) []string {
	w.t.Helper()
	return wordsOf(w.must("VM.get_allowed_operations", vm).(Set))
}

// TestAgentComesLate: what needs the guest's help is allowed only when its agent has reported, and never without one.
func TestAgentComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{GuestAgent: Span{Min: 10 * time.Second, Max: 10 * time.Second}}})
		vm := string(p.VMRef("web5"))
		w.must("VM.start", vm, false, false)
		guest := w.must("VM.get_guest_metrics", vm)
		if got := allowed(w, vm); slices.Contains(got, "clean_shutdown") {
			t.Errorf("right after the start web5 allows %v", got)
		}
		if got := w.must("VM_guest_metrics.get_networks", guest).(Map); len(got) > 0 {
			t.Errorf("right after the start web5 has %v", got)
		}
		time.Sleep(11 * time.Second)
		if got := allowed(w, vm); !slices.Contains(got, "clean_shutdown") || !slices.Contains(got, "pool_migrate") {
			t.Errorf("with its agent web5 allows %v", got)
		}
		if got := w.must("VM_guest_metrics.get_networks", guest).(Map); len(got) == 0 {
			t.Error("with its agent web5 has no address")
		}
		time.Sleep(time.Hour)
		if got := allowed(w, string(p.VMRef("notools"))); slices.Contains(got, "clean_shutdown") {
			t.Errorf("notools allows %v", got)
		}
	})
}

// TestAgentOfPausedVM: an agent cannot report while its VM is paused; it does after.
func TestAgentOfPausedVM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{GuestAgent: Span{Min: time.Second, Max: time.Second}}})
		vm := string(p.VMRef("web5"))
		w.must("VM.start", vm, true, false)
		time.Sleep(time.Minute)
		if got := w.must("VM_guest_metrics.get_PV_drivers_detected", w.must("VM.get_guest_metrics", vm)); got != false && got != "0" {
			t.Errorf("the agent of a paused VM has reported: %v", got)
		}
		w.must("VM.unpause", vm)
		time.Sleep(2 * time.Second)
		if got := allowed(w, vm); !slices.Contains(got, "clean_shutdown") {
			t.Errorf("web5 allows %v", got)
		}
	})
}

// TestStubbornGuest: a guest that does not answer stays Running; the call fails when its patience has ended.
func TestStubbornGuest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		if err := p.AddVM(VMSpec{Name: "stubborn", PowerState: xen.Running, Stubborn: true}); err != nil {
			t.Fatal(err)
		}
		vm, began := string(p.VMRef("stubborn")), time.Now()
		if got := w.refused("VM.clean_shutdown", vm); got != "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT | "+vm {
			t.Errorf("VM.clean_shutdown answers %s", got)
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("after %v, want a minute", waited)
		}
		if p.PowerState("stubborn") != xen.Running || len(w.must("VM.get_current_operations", vm).(Map)) > 0 {
			t.Errorf("it is %s", p.PowerState("stubborn"))
		}
		w.must("VM.shutdown", vm) // asks, waits, and pulls the plug
		if p.PowerState("stubborn") != xen.Halted {
			t.Errorf("after VM.shutdown it is %s", p.PowerState("stubborn"))
		}
	})
}

// TestDeadHost: calls to VMs on a host that is gone fail in one way before the pool knows, in another after; only then
// may somebody declare the VM Halted.
func TestDeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{})
		ref, names := namesOf(p)
		if err := p.StopMember("xen-2"); err != nil {
			t.Fatal(err)
		}
		want := func(answer, method string, params ...any) {
			t.Helper()
			if got := names.Replace(w.refused(method, params...)); got != answer {
				t.Errorf("%s answers %s, want %s", method, got, answer)
			}
		}
		want("CANNOT_CONTACT_HOST | xen-2", "VM.hard_shutdown", ref("web1"))
		want("HOST_IS_LIVE | xen-2", "VM.power_state_reset", ref("web1"))
		time.Sleep(11 * time.Minute)
		want("HOST_OFFLINE | xen-2", "VM.clean_shutdown", ref("web1"))
		want("HOST_NOT_LIVE", "VM.start_on", ref("web5"), ref("xen-2"), false, false)
		if p.PowerState("web1") != xen.Running || p.HostOf("web1") != "xen-2" {
			t.Errorf("web1 is %s on %s, want as it was", p.PowerState("web1"), p.HostOf("web1"))
		}
		w.must("VM.power_state_reset", ref("web1"))
		if p.PowerState("web1") != xen.Halted || p.HostOf("web1") != "" {
			t.Errorf("after the reset web1 is %s on %q", p.PowerState("web1"), p.HostOf("web1"))
		}
		w.must("VM.start", ref("web1"), false, false)
		if on := p.HostOf("web1"); on == "xen-2" {
			t.Error("web1 was started on the dead host")
		}
	})
}

// TestCancelledMigration: until the memory has gone over, a cancelled migration has not happened.
func TestCancelledMigration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		ref, _ := namesOf(p)
		free := w.must("host.compute_free_memory", ref("xen-3"))
		task := w.must("Async.VM.pool_migrate", ref("web1"), ref("xen-3"), Map{}).(string)
		time.Sleep(time.Second)
		if now := w.must("host.compute_free_memory", ref("xen-3")); now == free {
			t.Errorf("with web1 on its way xen-3 has %v free, as before", now)
		}
		if got := w.must("VM.get_scheduled_to_be_resident_on", ref("web1")); got != ref("xen-3") {
			t.Errorf("on its way web1 counts on %v, want xen-3 too", got)
		}
		w.must("task.cancel", task)
		time.Sleep(2 * time.Second) // the step that it is in ends first
		if got := w.must("task.get_status", task); got != "cancelled" || p.HostOf("web1") != "xen-2" {
			t.Errorf("the task is %v, web1 on %s", got, p.HostOf("web1"))
		}
		if got := w.must("VM.get_scheduled_to_be_resident_on", ref("web1")); got != nullRef {
			t.Errorf("web1 still counts on %v", got)
		}
	})
}

// TestMasterDiesMidway: whatever was going on, the next master finds records that agree with themselves.
func TestMasterDiesMidway(t *testing.T) {
	for _, method := range []string{"Async.VM.start", "Async.VM.clean_shutdown", "Async.VM.clean_reboot", "Async.VM.suspend", "Async.VM.pool_migrate"} {
		t.Run(strings.TrimPrefix(method, "Async."), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w := recordedPool(t, Model{Timing: RealTiming()})
				ref, _ := namesOf(p)
				params := []any{ref("web1")}
				switch method {
				case "Async.VM.start":
					params = []any{ref("web5"), false, false}
				case "Async.VM.pool_migrate":
					params = append(params, ref("xen-3"), Map{})
				}
				w.must(method, params...)
				time.Sleep(3 * time.Second)
				if err := p.KillMaster("xen-2"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				checkInvariants(t, p)
				if len(p.Tasks()) > 0 {
					t.Errorf("the new master has tasks: %v", p.Tasks())
				}
			})
		})
	}
}

// TestDurations: each operation takes the time that the timing says.
func TestDurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timing := RealTiming()
		p, w := recordedPool(t, Model{Timing: timing})
		ref, _ := namesOf(p)
		within := func(s Span, extra time.Duration, method string, params ...any) {
			t.Helper()
			began := time.Now()
			w.must(method, params...)
			if took := time.Since(began); took < s.Min+extra-time.Millisecond || took > s.Max+extra+time.Millisecond {
				t.Errorf("%s took %v, want %v to %v", method, took, s.Min+extra, s.Max+extra)
			}
		}
		within(timing.Start, 0, "VM.start", ref("web5"), false, false)
		within(timing.Pause, 0, "VM.pause", ref("web5"))
		within(timing.Destroy, 0, "VM.hard_shutdown", ref("web5"))
		within(timing.Migrate, timing.memory(2*gib), "VM.pool_migrate", ref("web1"), ref("xen-3"), Map{})
		within(timing.Suspend, timing.memory(2*gib), "VM.suspend", ref("web1"))
		within(timing.Resume, timing.memory(2*gib), "VM.resume", ref("web1"), false, false)
	})
}

// TestFourAtATime: a host that carries out four operations at a time lets the fifth wait, marked.
func TestFourAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timing := Timing{Start: Span{Min: 10 * time.Second, Max: 10 * time.Second}, Workers: 4}
		p, w := recordedPool(t, Model{Timing: timing, Hosts: 3})
		ref, _ := namesOf(p)
		for i := range 5 {
			if err := p.AddVM(VMSpec{Name: fmt.Sprint("new-", i)}); err != nil {
				t.Fatal(err)
			}
			w.must("Async.VM.start_on", string(p.VMRef(fmt.Sprint("new-", i))), ref("xen-1"), false, false)
		}
		count := func() (running, busy int) {
			for _, vm := range p.State().VMs {
				if strings.HasPrefix(vm.Name, "new-") && vm.PowerState == "Running" {
					running++
				}
				busy += len(vm.Operations)
			}
			return running, busy
		}
		time.Sleep(11 * time.Second)
		if running, busy := count(); running != 4 || busy != 1 {
			t.Errorf("after 11 s %d run and %d wait, want 4 and 1", running, busy)
		}
		time.Sleep(10 * time.Second)
		if running, busy := count(); running != 5 || busy != 0 {
			t.Errorf("after 21 s %d run and %d wait, want 5 and 0", running, busy)
		}
	})
}

// TestMemoryIsMeasured: the hosts' metrics follow their VMs within seconds.
func TestMemoryIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{})
		ref, _ := namesOf(p)
		free := func() (bytes int64) {
			p.view(func(x *tx) { bytes = x.num("host_metrics", x.str("host", ref("xen-1"), "metrics"), "memory_free") })
			return bytes
		}
		before := free()
		w.must("VM.start_on", ref("web5"), ref("xen-1"), false, false)
		time.Sleep(6 * time.Second)
		if after := free(); before-after < 3*gib {
			t.Errorf("memory_free was %d before the start and is %d after", before, after)
		}
	})
}

// TestDesignateNewMaster: another member takes over the pool as it is; the old one follows it.
func TestDesignateNewMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{})
		ref, _ := namesOf(p)
		w.must("pool.designate_new_master", ref("xen-2"))
		time.Sleep(20 * time.Second) // the fuse, and until the old master has found the new one
		if master := p.State().Pool.Master; master != "xen-2" {
			t.Errorf("the master is %s", master)
		}
		if _, err := dial(t, p, "10.0.0.1").raw("session.login_with_password", "root", "xenroot", "1.0", "test"); err == nil || err.Error() != "HOST_IS_SLAVE[10.0.0.2]" {
			t.Errorf("a login at the old master answers %v", err)
		}
		if p.PowerState("web1") != xen.Running {
			t.Errorf("web1 is %s", p.PowerState("web1"))
		}
		checkInvariants(t, p)
	})
}
