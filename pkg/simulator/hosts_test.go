package simulator

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A host that is ejected is a pool of one after its reboot: everything is new but its uuid and its password; and it can
// come back.
func TestEjectAndJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		w := login1(t, p)
		host := hostRefOf(p, "xen-3")
		pool := w.must("pool.get_all").(Set)[0]
		uuid := w.must("pool.get_uuid", pool)
		if got := w.refused("pool.eject", hostRefOf(p, "xen-1")); !strings.Contains(got, "Cannot_eject_master") {
			t.Errorf("ejecting the master answers %s", got)
		}
		if got := w.refused("pool.eject", host); got != "OPERATION_NOT_ALLOWED | VM resident on host" {
			t.Errorf("with a VM there: %s", got)
		}
		w.must("host.disable", host)
		w.must("host.evacuate", host)
		w.must("pool.eject", host)
		if got := w.refused("host.get_enabled", host); got != "HANDLE_INVALID | host | "+host {
			t.Errorf("the pool still has the host: %s", got)
		}
		time.Sleep(fuseTime + time.Second)
		alone := dial(t, p, "10.0.0.3")
		alone.login()
		own := alone.must("pool.get_all").(Set)[0]
		if alone.must("pool.get_uuid", own) == uuid || own == pool || alone.must("pool.get_name_label", own) != "" {
			t.Error("the ejected host still has the pool's identity")
		}
		if got := alone.must("host.get_uuid", alone.must("pool.get_master", own)); got != p.member("xen-3").hostUUID {
			t.Errorf("the ejected host has uuid %v, want as before", got)
		}
		if vms := alone.must("VM.get_all_records").(Map); len(vms) != 2 { // a template and a control domain
			t.Errorf("the ejected host has %d VMs, want none but what comes with it", len(vms))
		}
		if hosts := p.State().Hosts; hosts[2].Answers != "up" || !hosts[2].Live {
			t.Errorf("the state of the ejected host is %+v", hosts[2])
		}
		if got := alone.refused("pool.join", "10.0.0.2", "root", "xenroot"); got != "HOST_IS_SLAVE | 10.0.0.1" {
			t.Errorf("joining through a member answers %s", got)
		}
		if got := alone.refused("pool.join", "10.0.0.1", "root", "wrong"); !strings.HasPrefix(got, "SESSION_AUTHENTICATION_FAILED | root") {
			t.Errorf("joining with a wrong password answers %s", got)
		}
		alone.must("pool.join", "10.0.0.1", "root", "xenroot")
		time.Sleep(fuseTime + 2*retryMaster)
		again := w.must("host.get_by_uuid", p.member("xen-3").hostUUID)
		if again == host || w.must("host.get_enabled", again) != true {
			t.Errorf("it is back as %v (before: %s), want another reference, enabled", again, host)
		}
		w.must("VM.start_on", vmNamed(p, "app-1"), again, false, false)
		if _, err := dial(t, p, "10.0.0.3").raw("session.login_with_password", "root", "xenroot"); err == nil || err.Error() != "HOST_IS_SLAVE[10.0.0.1]" {
			t.Errorf("a login there answers %v", err)
		}
		checkInvariants(t, p)
	})
}

// host.reboot answers at once, and takes effect ten seconds later; VMs that can move do, and the host is enabled again.
func TestHostReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5, Timing: Timing{HostBoot: Span{Min: 5 * time.Minute}}})
		w := login1(t, p)
		host := hostRefOf(p, "xen-2")
		if got := w.refused("host.reboot", host); got != "HOST_NOT_DISABLED" {
			t.Errorf("an enabled host answers %s", got)
		}
		w.must("host.disable", host)
		w.must("host.reboot", host)
		metrics := w.must("host.get_metrics", host)
		if w.must("host_metrics.get_live", metrics) != false || len(w.must("host.get_current_operations", host).(Map)) != 1 {
			t.Error("the host is not shown as going down")
		}
		if got := w.refused("host.enable", host); got != "HOST_OFFLINE | "+host {
			t.Errorf("enabling it meanwhile answers %s", got)
		}
		time.Sleep(time.Minute)
		if got := p.State().Hosts[1]; got.Answers == "up" || got.VMs != 0 {
			t.Errorf("after a minute it is %+v", got)
		}
		if p.PowerState("web-1") != xen.Running || p.PowerState("db-1") != xen.Running {
			t.Error("VMs that could move were stopped")
		}
		time.Sleep(5 * time.Minute)
		if got := p.State().Hosts[1]; got.Answers != "up" || !got.Enabled || !got.Live {
			t.Errorf("after its boot it is %+v", got)
		}
		if ops := w.must("host.get_current_operations", host).(Map); len(ops) != 0 {
			t.Errorf("it is still marked: %v", ops)
		}
		checkInvariants(t, p)
	})
}

// A host that was shut down stays off until somebody switches it on, which power_on does if it has been told how.
func TestHostShutdownAndPowerOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, Timing: Timing{HostBoot: Span{Min: time.Minute}}})
		w := login1(t, p)
		host := hostRefOf(p, "xen-3")
		w.must("host.disable", host)
		w.must("host.shutdown", host)
		time.Sleep(time.Hour)
		if got := p.State().Hosts[2].Answers; got != "silent" {
			t.Errorf("an hour later it is %s, want off", got)
		}
		if got := w.refused("host.power_on", host); got != "HOST_POWER_ON_MODE_DISABLED" {
			t.Errorf("power_on answers %s", got)
		}
		w.must("host.set_power_on_mode", host, "wake-on-lan", Map{})
		w.must("host.power_on", host)
		if got := p.State().Hosts[2]; !got.Live || !got.Enabled {
			t.Errorf("after power_on it is %+v", got)
		}
		if got := w.refused("host.power_on", host); got != "HOST_IS_LIVE | "+host {
			t.Errorf("a second power_on answers %s", got)
		}
	})
}

// host.restart_agent wipes the tasks that ran there: they are deleted, and never fail.
func TestRestartAgentWipesTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5, Timing: Timing{Start: Span{Min: time.Minute}}})
		w := login1(t, p)
		host := hostRefOf(p, "xen-2")
		task := w.must("Async.VM.start_on", vmNamed(p, "app-1"), host, false, false)
		time.Sleep(time.Second)
		w.must("host.restart_agent", host)
		time.Sleep(10 * time.Second)
		if got := w.refused("task.get_status", task); got != "HANDLE_INVALID | task | "+task.(string) {
			t.Errorf("the task answers %s", got)
		}
		time.Sleep(time.Minute)
		if p.PowerState("app-1") != xen.Running {
			t.Errorf("app-1 is %s: the work goes on without its task", p.PowerState("app-1"))
		}
	})
}

// A dead host is live for ten minutes more, its VMs Running; then it can be declared dead, destroyed, and comes back to a
// pool that does not know it.
func TestHostDiesAndIsDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		w := login1(t, p)
		host := hostRefOf(p, "xen-2")
		metrics := w.must("host.get_metrics", host)
		var there []string
		p.view(func(x *tx) {
			for _, vm := range x.guestsOn(host) {
				there = append(there, x.str("VM", vm, "name_label"))
			}
		})
		if err := p.HostDies("xen-2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(595 * time.Second)
		if w.must("host_metrics.get_live", metrics) != true {
			t.Error("it is held for dead before ten minutes are over")
		}
		if got := w.refused("host.destroy", host); got != "HOST_HAS_RESIDENT_VMS | "+host {
			t.Errorf("destroy with VMs there answers %s", got)
		}
		time.Sleep(36 * time.Second)
		if w.must("host_metrics.get_live", metrics) != false {
			t.Error("it is held for alive after 631 s")
		}
		if len(there) == 0 || slices.ContainsFunc(there, func(vm string) bool { return p.PowerState(vm) == xen.Halted }) {
			t.Errorf("of %v some are Halted by themselves", there)
		}
		w.must("host.declare_dead", host)
		for _, vm := range there {
			if p.PowerState(vm) != xen.Halted {
				t.Errorf("%s is %s on a host that was declared dead", vm, p.PowerState(vm))
			}
		}
		w.must("host.destroy", host)
		if err := p.StartHost("xen-2"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		_, err := dial(t, p, "10.0.0.2").raw("session.login_with_password", "root", "xenroot")
		if err == nil || !strings.HasPrefix(err.Error(), "HOST_UNKNOWN_TO_MASTER") {
			t.Errorf("the destroyed host answers %v", err)
		}
		checkInvariants(t, p)
	})
}

// The network of an evacuation must reach every destination.
func TestEvacuateOverNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		w := login1(t, p)
		host := hostRefOf(p, "xen-2")
		network := func(bridge string) (ref string) {
			p.view(func(x *tx) { ref = x.networkOn(bridge) })
			return ref
		}
		if got := w.refused("host.evacuate", host, "OpaqueRef:gone", 0); got != "HANDLE_INVALID | network | OpaqueRef:gone" {
			t.Errorf("a network that is gone: %s", got)
		}
		if got := w.refused("host.evacuate", host, network("xenbr1"), 0); !strings.HasPrefix(got, "INTERFACE_HAS_NO_IP | ") {
			t.Errorf("a network without addresses: %s", got)
		}
		if got := w.refused("host.evacuate", host, network("xenapi"), 0); !strings.HasPrefix(got, "HOST_CANNOT_ATTACH_NETWORK | ") {
			t.Errorf("a network without interfaces: %s", got)
		}
		w.must("host.evacuate", host, network("xenbr0"), 1)
		if got := p.State().Hosts[1].VMs; got != 0 {
			t.Errorf("%d VMs are still there", got)
		}
	})
}

// The scripts of a host that stops are clients like any other: what can move is migrated in tasks of its own, what cannot
// is shut down cleanly within a minute or else hard (lifecycle §5.3).
func TestDepartureOfVMs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{HostBoot: Span{Min: 5 * time.Minute}, GuestShutdown: Span{Min: 2 * time.Second}}})
		deaf := vmNamed(p, "web3")
		w.must("VM.pool_migrate", deaf, hostRefOf(p, "xen-2"), Map{})
		for _, vm := range []string{vmNamed(p, "web2"), deaf} {
			w.must("VM.add_to_blocked_operations", vm, "pool_migrate", "stays")
		}
		w.must("VM.add_to_other_config", deaf, keyShutdown, "never")
		host := hostRefOf(p, "xen-2")
		w.must("host.disable", host)
		w.must("event.register", setOf("task"))
		w.must("host.reboot", host)
		time.Sleep(shutdownDelay + 30*time.Second)
		if a, b := p.PowerState("web2"), p.PowerState("web3"); a != xen.Halted || b != xen.Running {
			t.Errorf("after half a minute the VMs that cannot move are %s and %s, want the second to be asked still", a, b)
		}
		time.Sleep(time.Minute)
		if got := p.PowerState("web3"); got != xen.Halted {
			t.Errorf("a guest that does not stop is %s", got)
		}
		if p.PowerState("web1") != xen.Running || p.HostOf("web1") == "xen-2" {
			t.Errorf("web1 is %s on %s, want it moved", p.PowerState("web1"), p.HostOf("web1"))
		}
		seen := map[string]bool{}
		for _, e := range w.must("event.next").(Set) {
			snapshot, _ := e.(Map).Get("snapshot")
			seen[text(snapshot.(Map), "name_label")] = true
		}
		for _, name := range []string{"Host is rebooting", "Async.host.evacuate", "Async.VM.pool_migrate", "Async.VM.clean_shutdown", "Async.VM.hard_shutdown"} {
			if !seen[name] {
				t.Errorf("no task %s was seen among %v", name, seen)
			}
		}
		time.Sleep(5 * time.Minute)
		checkInvariants(t, p)
	})
}

// A VM with auto_poweroff that cannot be moved is left alone when its host stops, and goes down with the machine; as the
// evacuation fails for its sake, the others are shut down (lifecycle §5.3).
func TestDepartureLeavesVMsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{HostBoot: Span{Min: 5 * time.Minute}}})
		alone, host := vmNamed(p, "web1"), hostRefOf(p, "xen-2")
		w.must("VM.add_to_other_config", alone, "auto_poweroff", "yes")
		w.must("VM.add_to_blocked_operations", alone, "pool_migrate", "stays")
		w.must("host.disable", host)
		w.must("host.reboot", host)
		time.Sleep(time.Minute)
		if a, b := p.PowerState("web1"), p.PowerState("web2"); a != xen.Running || b != xen.Halted {
			t.Errorf("while the host is off the VMs are %s and %s", a, b)
		}
		time.Sleep(5 * time.Minute)
		if got := p.PowerState("web1"); got != xen.Halted {
			t.Errorf("after the boot of its host it is %s: it went down with the machine", got)
		}
		checkInvariants(t, p)
	})
}
