package simulator

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// What a guest does by itself follows VM.actions_after_* (lifecycle §2.6), without a task, an operation or a message.
func TestGuestByItself(t *testing.T) {
	powerOff := func(p *Pool) error { return p.PowerOffInGuest("web1") }
	reboot := func(p *Pool) error { return p.RebootInGuest("web1") }
	crash := func(p *Pool) error { return p.CrashGuest("web1") }
	for _, c := range []struct {
		name, field, action string
		young               bool // it has run for less than two minutes
		do                  func(*Pool) error
		after               time.Duration // until the effect is there
		state               xen.PowerState
		replaced            bool // it runs on in another domain
	}{
		{"power-off", "", "", false, powerOff, 0, xen.Halted, false},
		{"power-off, restart", "actions_after_shutdown", "restart", false, powerOff, time.Second, xen.Running, true},
		{"reboot", "", "", false, reboot, time.Second, xen.Running, true},
		{"reboot at once", "", "", true, reboot, 16 * time.Second, xen.Running, true},
		{"reboot, destroy", "actions_after_reboot", "destroy", false, reboot, 0, xen.Halted, false},
		{"crash", "", "", false, crash, time.Second, xen.Running, true},
		{"crash at once", "", "", true, crash, 0, xen.Halted, false},
		{"crash, destroy", "actions_after_crash", "destroy", false, crash, 0, xen.Halted, false},
		{"crash, preserve", "actions_after_crash", "preserve", false, crash, 0, xen.Paused, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w := recordedPool(t, Model{Timing: slow})
				vm := vmNamed(p, "web1")
				if c.field != "" {
					w.must("VM.set_"+c.field, vm, c.action)
				}
				if !c.young {
					time.Sleep(guestUptimeMin)
				}
				messages := len(w.must("message.get_all").(Set))
				before := w.must("VM.get_domid", vm)
				if err := c.do(p); err != nil {
					t.Fatal(err)
				}
				if c.young && c.replaced {
					time.Sleep(guestRebootDelay - time.Second)
					if w.must("VM.get_domid", vm) != before {
						t.Error("it was not made to wait")
					}
				}
				time.Sleep(c.after)
				synctest.Wait()
				domid := w.must("VM.get_domid", vm)
				if p.PowerState("web1") != c.state || (domid != before && c.state == xen.Running) != c.replaced {
					t.Errorf("it is %s in domain %v, was in %v", p.PowerState("web1"), domid, before)
				}
				if n := len(w.must("message.get_all").(Set)); n != messages || len(p.Tasks()) > 0 {
					t.Errorf("%d messages and tasks %v of what nobody asked for", n-messages, p.Tasks())
				}
				checkInvariants(t, p)
			})
		})
	}
}

// Whatever is done to a VM while its guest restarts stands.
func TestGuestRestartGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		time.Sleep(guestUptimeMin)
		if err := p.RebootInGuest("web1"); err != nil {
			t.Fatal(err)
		}
		w.must("VM.hard_shutdown", vmNamed(p, "web1"))
		time.Sleep(time.Minute)
		if p.PowerState("web1") != xen.Halted {
			t.Errorf("web1 is %s", p.PowerState("web1"))
		}
		checkInvariants(t, p)
	})
}

// A guest that takes the request and never stops is the timeout of the call, and runs on; VM.shutdown then pulls the plug,
// after VM.shutdown_delay where that is set (lifecycle §1.7).
func TestGuestThatNeverStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: slow})
		vm := vmNamed(p, "web1")
		w.must("VM.add_to_other_config", vm, keyShutdown, "never")
		began := time.Now()
		for _, method := range []string{"VM.clean_shutdown", "VM.clean_reboot"} {
			if got := w.refused(method, vm); got != "VM_SHUTDOWN_TIMEOUT | "+vm+" | 1200." || p.PowerState("web1") != xen.Running {
				t.Errorf("%s answers %s, it is %s", method, got, p.PowerState("web1"))
			}
		}
		if waited := time.Since(began); waited != 2*shutdownLimit {
			t.Errorf("they waited %v in all", waited)
		}
		w.must("VM.set_shutdown_delay", vm, 90)
		began = time.Now()
		w.must("VM.shutdown", vm)
		if waited := time.Since(began); waited != 91*time.Second || p.PowerState("web1") != xen.Halted {
			t.Errorf("VM.shutdown waited %v, web1 is %s", waited, p.PowerState("web1"))
		}
	})
}
