package simulator

import (
	"slices"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Of hosts with as much room the coordinator is the last choice, and by its room alone once pool.coordinator_bias is off
// (lifecycle §3.1 step 5).
func TestCoordinatorBias(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	for _, s := range []VMSpec{
		{Name: "b", Memory: 4 * gib, PowerState: xen.Running, Host: "xen-2"},
		{Name: "c", Memory: 4 * gib, PowerState: xen.Running, Host: "xen-3"},
		{Name: "new", Memory: gib},
	} {
		if err := p.AddVM(s); err != nil {
			t.Fatal(err)
		}
	}
	w := login1(t, p)
	for bias, want := range map[bool]int{true: 2, false: 0} {
		pool, place := w.must("pool.get_all").(Set)[0], -1
		w.must("pool.set_coordinator_bias", pool, bias)
		p.view(func(x *tx) {
			hosts := roomiest(x.bootFacts(x.find("VM", "name_label", "new")[0]), x.allHostBootFacts(), countStaticMax)
			place = slices.Index(hosts, x.masterHost())
		})
		if place != want {
			t.Errorf("with coordinator_bias %v the coordinator is choice %d, want %d", bias, place, want)
		}
	}
}

// A VM that is on its way to a host starts there, whatever else there is (lifecycle §3.1 step 2).
func TestStartWhereItIsScheduled(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	w := login1(t, p)
	for _, host := range []string{"xen-3", "xen-1", "xen-2", "xen-3"} {
		name := "to-" + host + p.lockedUUID()
		if err := p.AddVM(VMSpec{Name: name}); err != nil {
			t.Fatal(err)
		}
		vm := vmNamed(p, name)
		p.view(func(x *tx) { x.set("VM", vm, "scheduled_to_be_resident_on", hostByName(x, host)) })
		w.must("VM.start", vm, false, false)
		if got := p.HostOf(name); got != host {
			t.Errorf("it started on %s, want %s", got, host)
		}
	}
}

// A VM on a host that the pool knows dead cannot be reverted; here alone the error names the host (lifecycle §1.7).
func TestRevertOnADeadHost(t *testing.T) {
	p, w := recordedPool(t, Model{})
	snapshot, host := w.must("VM.snapshot", vmNamed(p, "web1"), "before", Set{}), hostRefOf(p, "xen-2")
	p.view(func(x *tx) { x.set("host_metrics", x.str("host", host, "metrics"), "live", false) })
	if got := w.refused("VM.revert", snapshot); got != "HOST_NOT_LIVE | "+host {
		t.Errorf("it answers %q", got)
	}
	if got := p.PowerState("web1"); got != xen.Running {
		t.Errorf("the VM is %s", got)
	}
}

// A VM that HA answers for gets no disk that only some hosts can see, unless the pool allows to promise too much
// (lifecycle §7.4).
func TestDiskOfAProtectedVM(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm, local := vmNamed(p, "web1"), localSR(p, "xen-2")
	disk := w.must("VDI.create", newDisk(local, gib))
	record := func(device string) Map {
		return Map{
			{Key: "VM", Value: vm},
			{Key: "VDI", Value: disk},
			{Key: "userdevice", Value: device},
			{Key: "mode", Value: "RW"},
			{Key: "type", Value: "Disk"},
			{Key: "bootable", Value: false},
			{Key: "empty", Value: false},
			{Key: "other_config", Value: Map{}},
			{Key: "qos_algorithm_type", Value: ""},
			{Key: "qos_algorithm_params", Value: Map{}},
		}
	}
	pool := w.must("pool.get_all").(Set)[0].(string)
	p.view(func(x *tx) {
		x.set("VM", vm, "ha_restart_priority", "restart")
		x.set("VM", vm, "ha_always_run", true)
		x.set("pool", pool, "ha_enabled", true)
	})
	if got := w.refused("VBD.create", record("5")); got != "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED | "+local {
		t.Errorf("it answers %q", got)
	}
	w.must("pool.set_ha_allow_overcommit", pool, true)
	w.must("VBD.create", record("5"))
}
