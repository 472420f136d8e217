package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A migration that fails in its last handshake has moved the VM all the same; one that loses the guest leaves it Halted
// (lifecycle §4.1).
func TestMigrationFailsAtItsEnd(t *testing.T) {
	for _, c := range []struct {
		name        string
		fault       Mishap
		state       xen.PowerState // right after
		host, later string
	}{
		{"handshake", HandshakeFails, xen.Running, "xen-2", "xen-3"},
		{"guest", GuestLost, xen.Halted, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w := recordedPool(t, Model{})
				defer p.Inject(On("VM.*", c.fault))()
				vm := vmNamed(p, "web1")
				got := w.refused("VM.pool_migrate", vm, hostRefOf(p, "xen-3"), Map{})
				if !strings.HasPrefix(got, "INTERNAL_ERROR | xenopsd internal error: ") {
					t.Errorf("it answers %q", got)
				}
				if p.PowerState("web1") != c.state || p.HostOf("web1") != c.host {
					t.Errorf("right after it is %s on %q", p.PowerState("web1"), p.HostOf("web1"))
				}
				if ops := w.must("VM.get_current_operations", vm).(Map); len(ops) != 0 {
					t.Errorf("it is still marked with %v", ops)
				}
				time.Sleep(resyncAfter + time.Second)
				if p.PowerState("web1") != c.state || p.HostOf("web1") != c.later {
					t.Errorf("later it is %s on %q, want %q", p.PowerState("web1"), p.HostOf("web1"), c.later)
				}
				checkInvariants(t, p)
			})
		})
	}
}

// A guest that restarts while its memory is copied is copied anew, up to three times (lifecycle §4.1).
func TestGuestRestartsInTheCopy(t *testing.T) {
	for _, restarts := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			p, w := recordedPool(t, Model{Timing: Timing{Migrate: Span{Min: 10 * time.Second}}})
			time.Sleep(guestUptimeMin)
			began := time.Now()
			answer := inBackground(t, p, w, "VM.pool_migrate", vmNamed(p, "web1"), hostRefOf(p, "xen-3"), Map{})
			time.Sleep(5 * time.Second)
			for range restarts {
				if err := p.update(func(x *tx) error { x.restartGuest(x.find("VM", "name_label", "web1")[0], 0); return nil }); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
			}
			err := <-answer
			took := time.Since(began)
			if restarts == 1 && (err != "" || took < 20*time.Second || p.HostOf("web1") != "xen-3") {
				t.Errorf("with one restart it ends after %v on %s: %s", took, p.HostOf("web1"), err)
			}
			if restarts == 3 && (err == "" || p.HostOf("web1") != "xen-2" || p.PowerState("web1") != xen.Running) {
				t.Errorf("with three restarts it is %s on %s: %s", p.PowerState("web1"), p.HostOf("web1"), err)
			}
		})
	}
}
