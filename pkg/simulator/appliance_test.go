package simulator

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// newAppliance makes an appliance of VMs, in this order.
func newAppliance(t *testing.T, p *Pool, w *wire, names ...string) string {
	t.Helper()
	appliance := w.must("VM_appliance.create", mapOf("name_label", "shop", "name_description", "")).(string)
	for i, name := range names {
		if err := p.AddVM(VMSpec{Name: name}); err != nil {
			t.Fatal(err)
		}
		w.must("VM.set_order", string(p.VMRef(name)), i)
		w.must("VM.set_appliance", string(p.VMRef(name)), appliance)
	}
	return appliance
}

// TestApplianceInOrder: VMs of one order start together, those of the next after them, and stop the other way about.
func TestApplianceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, Timing: Timing{Start: Span{Min: time.Second}, Destroy: Span{Min: time.Second}}})
		w := login1(t, p)
		appliance := newAppliance(t, p, w, "db", "app", "web")
		w.must("VM.set_order", string(p.VMRef("web")), 1) // beside app
		states := func() string {
			return string(p.PowerState("db") + " " + p.PowerState("app") + " " + p.PowerState("web"))
		}
		if ops := w.must("VM_appliance.get_allowed_operations", appliance).(Set); strings.Join(wordsOf(ops), " ") != "start" {
			t.Errorf("a halted appliance allows %v", ops)
		}
		started := inBackground(t, p, w, "VM_appliance.start", appliance, false)
		time.Sleep(1500 * time.Millisecond)
		if got := states(); got != "Running Halted Halted" {
			t.Errorf("after the first order: %s", got)
		}
		if answer := <-started; answer != "" || states() != "Running Running Running" {
			t.Errorf("the start answers %q: %s", answer, states())
		}
		if ops := w.must("VM_appliance.get_allowed_operations", appliance).(Set); strings.Join(wordsOf(ops), " ") != "clean_shutdown hard_shutdown shutdown" {
			t.Errorf("a running appliance allows %v", ops)
		}
		stopped := inBackground(t, p, w, "VM_appliance.hard_shutdown", appliance)
		time.Sleep(1500 * time.Millisecond)
		if got := states(); got != "Running Halted Halted" {
			t.Errorf("after the last order: %s", got)
		}
		if answer := <-stopped; answer != "" || states() != "Halted Halted Halted" {
			t.Errorf("the stop answers %q: %s", answer, states())
		}
	})
}

// TestAppliancePartlyFails: what one VM cannot do the others still do; the answer names it.
func TestAppliancePartlyFails(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	w := login1(t, p)
	empty := w.must("VM_appliance.create", mapOf("name_label", "empty", "name_description", "")).(string)
	if got := w.refused("VM_appliance.start", empty, false); got != "OPERATION_NOT_ALLOWED | Appliance has no VMs." {
		t.Errorf("starting an empty appliance answers %q", got)
	}
	appliance := newAppliance(t, p, w, "db", "web")
	if got := w.refused("VM_appliance.clean_shutdown", appliance); got != "OPERATION_NOT_ALLOWED | There are no running VMs in this appliance." {
		t.Errorf("stopping a halted appliance answers %q", got)
	}
	w.must("VM.set_blocked_operations", string(p.VMRef("db")), mapOf("start", "no"))
	if got := w.refused("VM_appliance.start", appliance, false); got != "OPERATION_PARTIALLY_FAILED | VM_appliance.start | "+string(p.VMRef("db")) {
		t.Errorf("the start answers %q", got)
	}
	if p.PowerState("web") != xen.Running {
		t.Errorf("web is %s", p.PowerState("web"))
	}
	w.must("VM_appliance.shutdown", appliance)
	if p.PowerState("web") != xen.Halted {
		t.Errorf("after the shutdown web is %s", p.PowerState("web"))
	}
}

// TestGroupsAndSchedules: a VM is in one group at most; a schedule with VMs stays.
func TestGroupsAndSchedules(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm := string(p.VMRef("web5"))
	one, two := "", ""
	p.view(func(x *tx) {
		one, two = x.create("VM_group", values{"placement": "anti_affinity"}), x.create("VM_group", values{})
	})
	if got := w.refused("VM.set_groups", vm, setOf(one, two)); got != "TOO_MANY_GROUPS" {
		t.Errorf("two groups answer %q", got)
	}
	w.must("VM.set_groups", vm, setOf(one))
	if members := w.must("VM_group.get_VMs", one).(Set); len(members) != 1 {
		t.Errorf("the group has %v", members)
	}
	schedule := ""
	p.view(func(x *tx) { schedule = x.create("VMSS", values{}) })
	w.must("VM.set_snapshot_schedule", vm, schedule)
	if got := w.refused("VMSS.destroy", schedule); got != "VMSS_HAS_VM" {
		t.Errorf("destroying a schedule in use answers %q", got)
	}
	if got := w.refused("VMSS.set_retained_snapshots", schedule, 11); !strings.HasPrefix(got, "INVALID_VALUE") {
		t.Errorf("11 snapshots answer %q", got)
	}
	w.must("VM.set_snapshot_schedule", vm, nullRef)
	w.must("VMSS.destroy", schedule)
}

// TestAntiAffinity: VMs of an anti-affinity group start where the fewest of them are.
func TestAntiAffinity(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	group := ""
	p.view(func(x *tx) { group = x.create("VM_group", values{"placement": "anti_affinity"}) })
	w := login1(t, p)
	for round := range 2 {
		hosts := map[string]bool{}
		for _, name := range []string{"a", "b", "c"} {
			name += strings.Repeat("x", round)
			if err := p.AddVM(VMSpec{Name: name}); err != nil {
				t.Fatal(err)
			}
			w.must("VM.set_groups", string(p.VMRef(name)), setOf(group))
			w.must("VM.start", string(p.VMRef(name)), false, false)
			hosts[p.HostOf(name)] = true
		}
		if len(hosts) != 3 {
			t.Errorf("three VMs of the group are on %v", hosts)
		}
	}
}

// TestDelays: a start and a shutdown take the delays that a VM has, with its new state there to see.
func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{})
		vm := string(p.VMRef("web5"))
		w.must("VM.set_start_delay", vm, 20)
		w.must("VM.set_shutdown_delay", vm, 10)
		began := time.Now()
		answer := inBackground(t, p, w, "VM.start", vm, false, false)
		time.Sleep(time.Second)
		if p.PowerState("web5") != xen.Running {
			t.Errorf("in the delay web5 is %s", p.PowerState("web5"))
		}
		if got := <-answer; got != "" || time.Since(began) != 20*time.Second {
			t.Errorf("the start answers %q after %s", got, time.Since(began))
		}
		began = time.Now()
		w.must("VM.hard_shutdown", vm)
		if time.Since(began) != 10*time.Second {
			t.Errorf("the shutdown took %s", time.Since(began))
		}
	})
}

// TestSmallVMCalls holds questions and setters to what xapi answers.
func TestSmallVMCalls(t *testing.T) {
	p, w := recordedPool(t, Model{})
	ref, names := namesOf(p)
	w.must("VM.set_bios_strings", ref("huge"), mapOf("bios-vendor", "x"))
	for _, c := range []struct {
		method string
		params []any
		want   string
	}{
		{"VM.set_order", []any{ref("web5"), -1}, "INVALID_VALUE | order must be non-negative | -1"},
		{"VM.set_HVM_shadow_multiplier", []any{ref("web5"), .5}, "INVALID_VALUE | multiplier | 0.5"},
		{"VM.set_HVM_shadow_multiplier", []any{ref("web1"), 2.0}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"VM.set_shadow_multiplier_live", []any{ref("web1"), 2.0}, ""},
		{"VM.assert_agile", []any{ref("web1")}, ""},
		{"VM.retrieve_wlb_recommendations", []any{ref("web1")}, "WLB_NOT_INITIALIZED"},
		{"VM.copy_bios_strings", []any{ref("huge"), ref("xen-1")}, "VM_BIOS_STRINGS_ALREADY_SET"},
		{"VM.send_sysrq", []any{ref("web1"), "b"}, "NOT_IMPLEMENTED | send_sysrq"},
		{"VM.send_trigger", []any{ref("web5"), "nmi"}, "VM_BAD_POWER_STATE | web5 | running | halted"},
		{"VM.set_actions_after_crash", []any{ref("web5"), "rename_restart"}, "VALUE_NOT_SUPPORTED | VM.actions_after_crash | rename_restart | option would leak a domain; VMs and not domains are managed by this API"},
		{"VM.restart_device_models", []any{ref("web5")}, "VM_BAD_POWER_STATE | web5 | Running | Halted"},
		{"VM.restart_device_models", []any{ref("web1")}, ""},
		{"VM.set_HVM_boot_policy", []any{ref("web5"), ""}, ""},
		{"VM.set_memory_target_live", []any{ref("web5"), gib}, "VM_BAD_POWER_STATE | web5 | running | halted"},
		{"VM.set_memory_target_live", []any{ref("web1"), gib}, ""},
		{"VM.wait_memory_target_live", []any{ref("web1")}, ""},
		{"VM.set_has_vendor_device", []any{ref("web1"), true}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"VM.set_has_vendor_device", []any{ref("web5"), true}, ""},
		{"VM.query_services", []any{ref("web1")}, "NOT_SYSTEM_DOMAIN | web1"},
	} {
		got := ""
		if _, err := w.call(c.method, c.params...); err != nil {
			f, ok := errors.AsType[*Failure](err)
			if !ok {
				t.Fatalf("%s: %v", c.method, err)
			}
			got = names.Replace(strings.Join(f.description(), " | "))
		}
		if got != c.want {
			t.Errorf("%s answers %q, want %q", c.method, got, c.want)
		}
	}
	if kind := w.must("VM.get_domain_type", ref("web5")); kind != "pv" {
		t.Errorf("without a boot policy a VM is %v", kind)
	}
	if free := w.must("VM.get_allowed_VBD_devices", ref("web1")).(Set); len(free) != 254 || free[0] != "1" {
		t.Errorf("%d disks are free, the first is %v", len(free), free[0])
	}
	if free := w.must("VM.get_allowed_VIF_devices", ref("web1")).(Set); strings.Join(wordsOf(free), "") != "123456" {
		t.Errorf("the interfaces %v are free", free)
	}
	most := w.must("VM.maximise_memory", ref("web1"), 4*gib, false)
	bytes, err := strconv.ParseInt(most.(string), 10, 64)
	fits := func(static int64) bool { return static+memoryOverhead("hvm", static, 2, 2, false) <= 4*gib }
	if err != nil || !fits(bytes) || fits(bytes+mib) {
		t.Errorf("a total of 4 GiB leaves %v", most)
	}
	local := ""
	p.view(func(x *tx) { local = x.find("SR", "name_label", "Local storage")[0] })
	disk := w.must("VDI.create", newDisk(local, gib)).(string)
	w.must("VBD.create", newVBD(ref("web2"), disk, "1", "RW", "Disk", false))
	if got := w.refused("VM.assert_agile", ref("web2")); got != "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED | "+local {
		t.Errorf("a VM with a local disk answers %q", got)
	}
}

// TestNetworks: a network and a VLAN come and go; what is in use stays.
func TestNetworks(t *testing.T) {
	p, w := recordedPool(t, Model{})
	host := p.member("xen-1").host
	front, card, vif := "", "", ""
	p.view(func(x *tx) {
		front = x.find("network", "name_label", "front")[0]
		for _, pif := range x.strs("host", host, "PIFs") {
			if x.str("PIF", pif, "device") == "eth1" {
				card = pif
			}
		}
		for _, v := range x.strs("network", front, "VIFs") {
			if x.flag("VIF", v, "currently_attached") {
				vif = v
			}
		}
	})
	record := Map{{Key: "name_label", Value: "new"}, {Key: "name_description", Value: ""}, {Key: "MTU", Value: "1500"}, {Key: "other_config", Value: Map{}}, {Key: "tags", Value: Set{}}}
	network := w.must("network.create", record).(string)
	if bridge := w.must("network.get_bridge", network); bridge != "xapi0" {
		t.Errorf("the bridge is %v", bridge)
	}
	if got := w.refused("network.destroy", front); !strings.HasPrefix(got, "NETWORK_CONTAINS_VIF") || !strings.Contains(got, vif) {
		t.Errorf("destroying a network in use answers %q", got)
	}
	if got := w.refused("VLAN.create", card, 5000, network); got != "VLAN_TAG_INVALID | 5000" {
		t.Errorf("a bad tag answers %q", got)
	}
	vlan := w.must("VLAN.create", card, 7, network).(string)
	if got := w.refused("VLAN.create", card, 7, network); got != "PIF_VLAN_EXISTS | "+card {
		t.Errorf("the same tag again answers %q", got)
	}
	pif := w.must("VLAN.get_untagged_PIF", vlan).(string)
	if got := w.refused("network.destroy", network); got != "NETWORK_CONTAINS_PIF | "+pif {
		t.Errorf("destroying a network with an interface answers %q", got)
	}
	if got := w.refused("PIF.destroy", card); got != "PIF_IS_PHYSICAL | "+card {
		t.Errorf("destroying a card answers %q", got)
	}
	w.must("VLAN.destroy", vlan)
	w.must("network.destroy", network)
	w.must("network.add_purpose", front, "nbd")
	if got := w.refused("network.add_purpose", front, "insecure_nbd"); got != "NETWORK_INCOMPATIBLE_PURPOSES | insecure_nbd | nbd" {
		t.Errorf("both purposes answer %q", got)
	}
}
