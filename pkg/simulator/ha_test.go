package simulator

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// withHA turns HA on and protects some VMs.
func withHA(t *testing.T, p *Pool, vms ...string) *wire {
	t.Helper()
	w := login1(t, p)
	w.must("pool.enable_ha", Set{}, Map{})
	for _, vm := range vms {
		w.must("VM.set_ha_restart_priority", vmNamed(p, vm), "restart")
	}
	w.must("pool.set_ha_host_failures_to_tolerate", w.must("pool.get_all").(Set)[0], 1)
	return w
}

// With HA a dead host is known dead within 100 s, and its protected VMs run elsewhere; others are Halted.
func TestHARestartsProtectedVMs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 8})
		withHA(t, p, "db-1")
		on := p.HostOf("db-1")
		if err := p.MigrateVM("web-1", on); err != nil {
			t.Fatal(err)
		}
		if on == "xen-1" {
			t.Fatal("db-1 is on the master: the story wants it elsewhere")
		}
		if err := p.HostDies(on); err != nil {
			t.Fatal(err)
		}
		time.Sleep(110 * time.Second)
		if p.PowerState("db-1") != xen.Running || p.HostOf("db-1") == on {
			t.Errorf("db-1 is %s on %q, want Running elsewhere", p.PowerState("db-1"), p.HostOf("db-1"))
		}
		if p.PowerState("web-1") != xen.Halted {
			t.Errorf("web-1, which nobody protects, is %s", p.PowerState("web-1"))
		}
		p.view(func(x *tx) {
			if len(x.find("message", "name", "HA_HOST_FAILED")) != 1 || x.hostLive(p.member(on).host) {
				t.Error("nobody is told that the host has failed")
			}
		})
		checkInvariants(t, p)
	})
}

// With HA a new master is elected when the old one dies. It has every write, and the old one follows it when it is back.
func TestHAElectsMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 8})
		w := withHA(t, p, "web-1") // on the master
		web := vmNamed(p, "web-1")
		w.must("VM.set_name_description", web, "the last write")
		if err := p.MasterDies(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Minute)
		master := p.State().Pool.Master
		if master != "xen-2" && master != "xen-3" {
			t.Fatalf("the master is %q", master)
		}
		next := dial(t, p, p.member(master).address)
		next.login()
		if got := next.must("VM.get_name_description", web); got != "the last write" {
			t.Errorf("the description is %q", got)
		}
		if p.PowerState("web-1") != xen.Running || p.HostOf("web-1") == "xen-1" {
			t.Errorf("web-1 is %s on %q, want Running on a survivor", p.PowerState("web-1"), p.HostOf("web-1"))
		}
		if err := p.StartHost("xen-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, err := dial(t, p, "10.0.0.1").raw("session.login_with_password", "root", "xenroot"); err == nil || err.Error() != "HOST_IS_SLAVE["+p.member(master).address+"]" {
			t.Errorf("the former master answers %v", err)
		}
		checkInvariants(t, p)
	})
}

// What HA forbids, and what it wants to know.
func TestHARefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		w := login1(t, p)
		pool, xen3 := w.must("pool.get_all").(Set)[0], hostRefOf(p, "xen-3")
		db := vmNamed(p, "db-1")
		for _, c := range []struct {
			want   string
			method string
			params []any
		}{
			{"HA_NOT_ENABLED", "pool.disable_ha", nil},
			{"INVALID_VALUE | ha_restart_priority | always", "VM.set_ha_restart_priority", []any{db, "always"}},
			{"INVALID_VALUE | ha_host_failures_to_tolerate | -1", "pool.set_ha_host_failures_to_tolerate", []any{pool, -1}},
			{"", "pool.enable_ha", []any{Set{}, Map{}}},
			{"HA_IS_ENABLED", "pool.enable_ha", []any{Set{}, Map{}}},
			{"HA_IS_ENABLED", "pool.eject", []any{xen3}},
			{"HA_IS_ENABLED", "pool.designate_new_master", []any{xen3}},
			{"HOST_IS_LIVE | " + xen3, "host.destroy", []any{xen3}},
			{"HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", "pool.set_ha_host_failures_to_tolerate", []any{pool, 3}},
			{"", "VM.set_ha_restart_priority", []any{db, "restart"}},
			{"", "pool.disable_ha", nil},
		} {
			if c.want != "" {
				if got := w.refused(c.method, c.params...); got != c.want {
					t.Errorf("%s answers %s, want %s", c.method, got, c.want)
				}
				continue
			}
			w.must(c.method, c.params...)
		}
		local := localLoginAt(t, p, "10.0.0.2")
		w.must("pool.enable_ha", Set{}, Map{})
		if got := local.refused("pool.emergency_transition_to_master"); got != "HA_IS_ENABLED" {
			t.Errorf("emergency_transition_to_master answers %s", got)
		}
		write(p, func(t *tx) {
			for _, sr := range t.find("SR", "shared", true) {
				t.set("SR", sr, "type", "dummy")
			}
		})
		w.must("pool.disable_ha")
		if got := w.refused("pool.enable_ha", Set{}, Map{}); got != "CANNOT_CREATE_STATE_FILE" {
			t.Errorf("without storage for a state file: %s", got)
		}
	})
}

// A protected VM that would leave no room after a death does not start, nor does the host that the plan counts on go.
func TestHAKeepsItsPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, HostMemory: 32 * gib, Hosts: 2})
		for i := range 4 {
			if err := p.AddVM(VMSpec{Name: fmt.Sprintf("big-%d", i), Memory: 10 * gib, Host: fmt.Sprintf("xen-%d", i%2+1)}); err != nil {
				t.Fatal(err)
			}
		}
		names := []string{"big-0", "big-1", "big-2", "big-3"}
		w := withHA(t, p, names...)
		for i, vm := range names {
			_, err := w.call("VM.start_on", vmNamed(p, vm), hostRefOf(p, fmt.Sprintf("xen-%d", i%2+1)), false, false)
			if refused := err != nil && strings.HasPrefix(err.Error(), "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"); refused != (i >= 2) {
				t.Errorf("start of %s: %v", vm, err)
			}
		}
		if got := w.refused("host.disable", hostRefOf(p, "xen-2")); got != "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN" {
			t.Errorf("disabling a host that the plan needs answers %s", got)
		}
		if got := w.must("VM.get_ha_always_run", vmNamed(p, "big-0")); got != true {
			t.Error("a protected VM that was started is not to run always")
		}
		w.must("VM.hard_shutdown", vmNamed(p, "big-0"))
		if got := w.must("VM.get_ha_always_run", vmNamed(p, "big-0")); got != false {
			t.Error("a VM that somebody stopped is still to run always")
		}
		time.Sleep(5 * time.Minute)
		if p.PowerState("big-0") != xen.Halted {
			t.Error("HA started what somebody stopped")
		}
	})
}

// A plan places every VM of the dead once, on the living, within their memory.
func TestHAPlanFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var dead, alive []haHost
		free := map[string]int64{}
		for i := range rapid.IntRange(0, 5).Draw(t, "alive") {
			h := haHost{Ref: fmt.Sprint("host", i), Free: rapid.Int64Range(0, 50).Draw(t, "free")}
			alive, free[h.Ref] = append(alive, h), h.Free
		}
		needs := map[string]int64{}
		for i := range rapid.IntRange(0, 6).Draw(t, "vms") {
			vm := haVM{fmt.Sprint("vm", i), rapid.Int64Range(1, 30).Draw(t, "need")}
			dead, needs[vm.Ref] = append(dead, haHost{VMs: []haVM{vm}}), vm.Need
		}
		plan := haPlace(dead, alive)
		if plan == nil {
			return
		}
		for vm, host := range plan {
			free[host] -= needs[vm]
			if free[host] < 0 {
				t.Fatalf("%s is overfull", host)
			}
		}
		if len(plan) != len(needs) {
			t.Fatalf("%d VMs placed of %d", len(plan), len(needs))
		}
	})
}

// A VM with best effort is started once more where its host has died (lifecycle §5.5), and tried twice where it does not
// start; a protected one that does not start is one alert, and is tried again after two minutes.
func TestHABestEffort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1})
		for _, vm := range []string{"good", "stuck", "vital", "plain"} {
			if err := p.AddVM(VMSpec{Name: vm, PowerState: xen.Running, Host: "xen-2"}); err != nil {
				t.Fatal(err)
			}
		}
		w := withHA(t, p, "vital")
		w.must("VM.set_ha_restart_priority", vmNamed(p, "good"), "best-effort")
		w.must("VM.set_ha_restart_priority", vmNamed(p, "stuck"), "best-effort")
		for _, vm := range []string{"stuck", "vital"} {
			w.must("VM.set_blocked_operations", vmNamed(p, vm), mapOf("start", "no", "start_on", "no"))
		}
		before := p.Calls()
		if err := p.HostDies("xen-2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(110 * time.Second)
		if p.PowerState("good") != xen.Running || p.PowerState("stuck") != xen.Halted || p.PowerState("plain") != xen.Halted {
			t.Errorf("good is %s, stuck %s, plain %s", p.PowerState("good"), p.PowerState("stuck"), p.PowerState("plain"))
		}
		time.Sleep(5 * time.Minute)
		w.must("VM.set_blocked_operations", vmNamed(p, "stuck"), Map{})
		w.must("VM.set_blocked_operations", vmNamed(p, "vital"), Map{})
		w.must("VM.update_allowed_operations", vmNamed(p, "stuck"))
		time.Sleep(3 * time.Minute)
		if p.PowerState("stuck") != xen.Halted || p.PowerState("vital") != xen.Running {
			t.Errorf("in the end stuck is %s, vital %s; want Halted, as it was given up, and Running", p.PowerState("stuck"), p.PowerState("vital"))
		}
		p.view(func(x *tx) {
			if n := len(x.find("message", "name", "HA_PROTECTED_VM_RESTART_FAILED")); n != 1 {
				t.Errorf("%d alerts about the protected VM, want one", n)
			}
		})
		if after := p.Calls(); after["VM.start"] != before["VM.start"] {
			t.Errorf("HA's own calls are counted as clients'")
		}
		checkInvariants(t, p)
	})
}

// HA starts a protected VM again whose guest has stopped, unless the pool says that such a stop is meant (lifecycle §2.6).
func TestHAAndGuestsThatStop(t *testing.T) {
	for meant, want := range map[bool]xen.PowerState{false: xen.Running, true: xen.Halted} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 8})
			withHA(t, p, "db-1")
			write(p, func(x *tx) { x.set("pool", x.the("pool"), "ha_reboot_vm_on_internal_shutdown", !meant) })
			if err := p.PowerOffInGuest("db-1"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if p.PowerState("db-1") != want {
				t.Errorf("stop meant: %v; db-1 is %s, want %s", meant, p.PowerState("db-1"), want)
			}
		})
	}
}
