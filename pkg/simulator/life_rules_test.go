package simulator

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// The setters of memory: their writes in xapi's order, and what they refuse (lifecycle §1.8).
func TestMemorySetters(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm, running, dom0 := vmNamed(p, "web5"), vmNamed(p, "web1"), ""
	p.view(func(x *tx) { dom0 = x.find("VM", "name_label", "Control domain on host: xen-1")[0] })
	write(p, func(x *tx) { x.set("VM", dom0, "memory_static_min", int64(0)) })
	seen := watch(t, p)
	w.must("VM.set_memory_limits", vm, gib, 8*gib, 2*gib, 4*gib)
	var order []string
	for _, line := range seen.lines("VM.set_memory_limits") {
		if field, ok := strings.CutPrefix(line, "mod vm1 memory_"); ok {
			order = append(order, strings.Fields(field)[0])
		}
	}
	if got := strings.Join(order, " "); got != "static_min dynamic_min target dynamic_max static_max overhead" {
		t.Errorf("set_memory_limits writes %s", got)
	}
	for _, c := range []struct {
		want, method string
		params       []any
	}{
		{"MEMORY_CONSTRAINT_VIOLATION_ORDER", "VM.set_memory_dynamic_range", []any{vm, 4 * gib, 2 * gib}},
		{"MEMORY_CONSTRAINT_VIOLATION_ORDER", "VM.set_memory", []any{vm, gib / 2}},
		{"MEMORY_CONSTRAINT_VIOLATION_MAXPIN | control domain", "VM.set_memory_dynamic_range", []any{dom0, gib, gib}},
		{"INVALID_VALUE | multiplier | 0.5", "VM.set_HVM_shadow_multiplier", []any{vm, .5}},
		{"INVALID_VALUE | multiplier | 0.", "VM.set_HVM_shadow_multiplier", []any{vm, 0.0}},
	} {
		if got := w.refused(c.method, c.params...); got != c.want {
			t.Errorf("%s answers %s, want %s", c.method, got, c.want)
		}
	}
	write(p, func(x *tx) {
		x.set("VM", running, "memory_static_max", 512*gib)
		x.set("VM", running, "memory_dynamic_max", 512*gib)
	})
	free := int64(0)
	p.view(func(x *tx) { free = x.hostMemory(x.str("VM", running, "resident_on")).free(countDynamicMin) })
	want := fmt.Sprintf("HOST_NOT_ENOUGH_FREE_MEMORY | %d | %d", (500*gib-2*gib)/1024, free/1024)
	if got := w.refused("VM.set_memory_dynamic_range", running, 500*gib, 512*gib); got != want {
		t.Errorf("a balloon larger than the host: %s, want %s in KiB", got, want)
	}
}

// VM.set_is_default_template makes a template of a VM and says so for old clients; a template loses destroy by it, and
// what HA is about to start does not become one (lifecycle §6).
func TestDefaultTemplate(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm := vmNamed(p, "web5")
	w.must("VM.set_is_default_template", vm, true)
	config := w.must("VM.get_other_config", vm).(Map)
	if w.must("VM.get_is_a_template", vm) != true || text(config, "default_template") != "true" {
		t.Errorf("it is a template: %v, other_config %v", w.must("VM.get_is_a_template", vm), config)
	}
	if got := w.refused("VM.destroy", vm); got != "VM_IS_TEMPLATE | "+vm+" | destroy" {
		t.Errorf("VM.destroy answers %s", got)
	}
	w.must("VM.set_is_default_template", vm, false)
	if hasKey(w.must("VM.get_other_config", vm).(Map), "default_template") || !hasMember(w.must("VM.get_allowed_operations", vm).(Set), "destroy") {
		t.Error("it is still held for one as shipped")
	}
	protected := vmNamed(p, "huge")
	write(p, func(x *tx) {
		x.set("VM", protected, "ha_restart_priority", "restart")
		x.set("VM", protected, "ha_always_run", true)
	})
	if got := w.refused("VM.set_is_a_template", protected, true); got != "VM_IS_PROTECTED | "+protected {
		t.Errorf("a VM that HA is about to start: %s", got)
	}
}

// A copy of a Suspended VM is Suspended with an image of its own (lifecycle §7.2).
func TestCloneOfSuspended(t *testing.T) {
	p, w := recordedPool(t, Model{})
	if err := p.SuspendVM("web1"); err != nil {
		t.Fatal(err)
	}
	write(p, func(x *tx) { x.set("pool", x.the("pool"), "other_config", mapOf("allow_clone_suspended_vm", "true")) })
	vm := vmNamed(p, "web1")
	write(p, func(x *tx) { x.set("VM", vm, "generation_id", "1:2") })
	made := w.must("VM.clone", vm, "twin").(string)
	record := w.must("VM.get_record", made)
	image := field(record, "suspend_VDI")
	if field(record, "power_state") != "Suspended" || image == nullRef || image == w.must("VM.get_suspend_VDI", vm) {
		t.Errorf("the clone is %v with image %v", field(record, "power_state"), image)
	}
	if id := field(record, "generation_id").(string); id == "1:2" || !strings.Contains(id, ":") {
		t.Errorf("its generation_id is %q", id)
	}
	w.must("VM.resume", made, false, false)
	checkInvariants(t, p)
}

// start_delay passes once after VM.start and twice after VM.start_on (lifecycle §1.7).
func TestStartDelay(t *testing.T) {
	for method, times := range map[string]time.Duration{"VM.start": 1, "VM.start_on": 2} {
		synctest.Test(t, func(t *testing.T) {
			p, w := recordedPool(t, Model{})
			vm := vmNamed(p, "web5")
			w.must("VM.set_start_delay", vm, 30)
			params := []any{vm, false, false}
			if method == "VM.start_on" {
				params = []any{vm, hostRefOf(p, "xen-3"), false, false}
			}
			began := time.Now()
			w.must(method, params...)
			if waited := time.Since(began); waited != times*30*time.Second {
				t.Errorf("%s took %v", method, waited)
			}
		})
	}
}

// An evacuation moves so many VMs at a time, the next as one ends; it names what stands in its way, among it a host that
// is dead and still enabled, and with HA on a VM that nobody protects (lifecycle §5.2).
func TestEvacuationRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timing := Timing{Migrate: Span{Min: 10 * time.Second}}
		p := Start(t, Model{VMs: -1, Timing: timing})
		for i := range 5 {
			if err := p.AddVM(VMSpec{Name: fmt.Sprint("vm-", i), PowerState: xen.Running, Host: "xen-2"}); err != nil {
				t.Fatal(err)
			}
		}
		w := login1(t, p)
		began := time.Now()
		w.must("host.evacuate", hostRefOf(p, "xen-2"), nullRef, 2)
		if took := time.Since(began); took != 30*time.Second || p.State().Hosts[1].VMs != 0 {
			t.Errorf("five VMs by two took %v, %d are left", took, p.State().Hosts[1].VMs)
		}
		host := hostRefOf(p, p.HostOf("vm-0"))
		if err := p.HostDies("xen-2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		if got := w.refused("host.evacuate", host); got != "HOST_NOT_LIVE" {
			t.Errorf("with a dead host among the targets: %s", got)
		}
		w.must("host.declare_dead", hostRefOf(p, "xen-2"))
		if err := p.StartHost("xen-2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		withHA(t, p)
		if got := w.refused("host.evacuate", host); !strings.HasPrefix(got, "HOST_EVACUATE_VM_NOT_HA_PROTECTED | OpaqueRef:") {
			t.Errorf("with HA: %s", got)
		}
	})
}

// host.enable waits for guidance to be followed; a fourth VM that a host sends away with its storage is refused at once;
// a second provision on a host says only which host (lifecycle §5.2, §4.2, §4.3).
func TestBusyHosts(t *testing.T) {
	a := newAdversary(t)
	a.disables("xen-3")
	a.field("host", a.host, "pending_guidances", setOf("reboot_host"))
	if got := a.answer("host.enable", a.host); got != "HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY | xen-3" {
		t.Errorf("host.enable answers %s", got)
	}
	a.field("host", a.host, "pending_guidances", Set{})
	a.w.must("host.enable", a.host)
	vm := vmNamed(a.p, "web1")
	disk, _, _ := devicesOf(a.p, "web1")
	sr := ""
	write(a.p, func(x *tx) {
		sr = x.str("VDI", disk, "SR")
		x.life.pool.operations.sending[x.str("VM", vm, "resident_on")] = sentAtOnce
	})
	if got := a.answer("VM.migrate_send", vm, a.dest, true, mapOf(disk, sr), Map{}, Map{}); got != "TOO_MANY_STORAGE_MIGRATES | 3" {
		t.Errorf("a fourth VM.migrate_send answers %s", got)
	}
	a.must(a.p.AddVM(VMSpec{Name: "golden", Template: true}))
	a.marks("xen-1", "provision")
	template := ""
	a.p.view(func(x *tx) { template = x.find("VM", "name_label", "golden")[0] })
	if got := a.answer("VM.provision", template); got != "OTHER_OPERATION_IN_PROGRESS | host | xen-1" {
		t.Errorf("a second VM.provision answers %s", got)
	}
}

// Documents that are no list of disks, by what is wrong with them (lifecycle §7.3).
func TestProvisionDocuments(t *testing.T) {
	disk := `<disk device="0" size="1" sr="S" bootable="true" type="%s"/>`
	for document, want := range map[string]string{
		"": "XML Error: unexpected end of input line 1", "words": "XML Error: expected root element line 1",
		"<provision": "XML Error: unexpected end of input line 1", "<provision>\n<disk": "XML Error: unexpected end of input line 2",
		"<disks/>": "Xapi_templates.Parse_failure", `<provision a="b"/>`: "Xapi_templates.Parse_failure",
		"<provision>words</provision>": "Xapi_templates.Parse_failure", `<provision><disk device="0"/></provision>`: "Xapi_templates.Parse_failure",
		`<provision><disk device="0" size="big" sr="" bootable="true"/></provision>`: "Xapi_templates.Parse_failure",
		"<provision>\n</provision>": "", "<provision>" + fmt.Sprintf(disk, "odd") + fmt.Sprintf(disk, "user") + "</provision>": "system user",
	} {
		disks, err := parseProvision(document)
		got := ""
		for _, d := range disks {
			got = strings.TrimSpace(got + " " + d.kind)
		}
		if err != nil {
			got = asFailure(err).Params[0]
		}
		if got != want {
			t.Errorf("%q: %q, want %q", document, got, want)
		}
	}
}

// Setters of single fields that check what they are given, and answers for what is no VM.
func TestFieldSetters(t *testing.T) {
	a := newAdversary(t)
	vm, appliance := vmNamed(a.p, "web5"), a.w.must("VM_appliance.create", Map{{Key: "name_label", Value: "app"}, {Key: "name_description", Value: ""}}).(string)
	dom0, tracked, image := "", "", ""
	a.suspends("web3")
	write(a.p, func(x *tx) {
		dom0 = x.find("VM", "name_label", "Control domain on host: xen-1")[0]
		image = x.str("VM", vmNamedIn(x, "web3"), "suspend_VDI")
		tracked = x.create("VDI", values{"type": "cbt_metadata", "SR": x.str("VDI", image, "SR")})
	})
	for _, c := range []struct {
		want, method string
		params       []any
	}{
		{"OPERATION_NOT_ALLOWED | Control domains, templates and snapshots cannot be assigned to appliances.", "VM.set_appliance", []any{dom0, appliance}},
		{"INVALID_VALUE | start_delay must be non-negative | -1", "VM.set_start_delay", []any{vm, -1}},
		{"INVALID_VALUE | shutdown_delay must be non-negative | -2", "VM.set_shutdown_delay", []any{vm, -2}},
		{"INVALID_VALUE | domain_type | unspecified", "VM.set_domain_type", []any{vm, "unspecified"}},
		{"VM_BAD_POWER_STATE | web5 | suspended | halted", "VM.set_suspend_VDI", []any{vm, nullRef}},
		{"VDI_INCOMPATIBLE_TYPE | web3 | cbt_metadata", "VM.set_suspend_VDI", []any{vmNamed(a.p, "web3"), tracked}},
		{"HANDLE_INVALID | VDI | null", "VM.set_suspend_VDI", []any{vmNamed(a.p, "web3"), nullRef}},
		{"CANNOT_RESET_CONTROL_DOMAIN | Control domain on host: xen-1", "VM.power_state_reset", []any{dom0}},
		{"HOST_IS_LIVE | xen-2", "VM.power_state_reset", []any{vmNamed(a.p, "web1")}},
		{"DOMAIN_EXISTS | notools", "VM.power_state_reset", []any{vmNamed(a.p, "notools")}},
	} {
		if got := a.answer(c.method, c.params...); got != c.want {
			t.Errorf("%s answers\n     %s\nwant %s", c.method, got, c.want)
		}
	}
	a.w.must("VM.set_blocked_operations", vm, mapOf("power_state_reset", "no"))
	a.w.must("VM.power_state_reset", vm) // it is no operation, so nothing blocks it
	for _, host := range []string{"xen-1", "xen-2", "xen-3"} {
		a.unplugs(host)
	}
	if got := a.answer("VM.set_suspend_VDI", vmNamed(a.p, "web3"), image); got != "NO_HOSTS_AVAILABLE" {
		t.Errorf("an image that no host can reach: %s", got)
	}
}

func vmNamedIn(x *tx, name string) string { return x.find("VM", "name_label", name)[0] }

// A start waits two minutes for a disk that is busy, not two hours (lifecycle §0.12).
func TestStartWaitsForDisks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{})
		vm := vmNamed(p, "web5")
		disk, _, _ := devicesOf(p, "web5")
		write(p, func(x *tx) { x.set("VDI", disk, "current_operations", mapOf("OpaqueRef:task", "resize")) })
		began := time.Now()
		if got := w.refused("VM.start", vm, false, false); got != "OTHER_OPERATION_IN_PROGRESS | VDI | "+disk+" | resize | OpaqueRef:task" {
			t.Errorf("it answers %s", got)
		}
		if waited := time.Since(began); waited < disksTotal || waited > disksTotal+disksLook {
			t.Errorf("it waited %v", waited)
		}
		checkInvariants(t, p)
	})
}
