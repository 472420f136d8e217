package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// vmCall is one call on a VM as lifecycle §1.1 has it: the power states it is allowed in, in the order of the error text.
type vmCall struct {
	method, op string
	states     string
}

// vmCalls are the calls that are operations on a VM (lifecycle §1.1).
var vmCalls = []vmCall{
	{"VM.start", "start", "halted"},
	{"VM.start_on", "start_on", "halted"},
	{"VM.pause", "pause", "running"},
	{"VM.unpause", "unpause", "paused"},
	{"VM.suspend", "suspend", "running"},
	{"VM.resume", "resume", "suspended"},
	{"VM.resume_on", "resume_on", "suspended"},
	{"VM.clean_shutdown", "clean_shutdown", "running"},
	{"VM.clean_reboot", "clean_reboot", "running"},
	{"VM.hard_shutdown", "hard_shutdown", "paused, suspended, running"},
	{"VM.shutdown", "shutdown", "paused, suspended, running"},
	{"VM.hard_reboot", "hard_reboot", "paused, running"},
	{"VM.pool_migrate", "pool_migrate", "running"},
	{"VM.migrate_send", "migrate_send", "halted, suspended, running"},
	{"VM.clone", "clone", "halted"},
	{"VM.copy", "copy", "halted"},
	{"VM.snapshot", "snapshot", "halted, paused, suspended, running"},
	{"VM.checkpoint", "checkpoint", "paused, suspended, running"},
	{"VM.provision", "provision", "halted"},
	{"VM.destroy", "destroy", "halted, suspended"},
	{"VM.set_is_a_template", "make_into_template", "halted"},
	{"VM.set_memory_limits", "changing_memory_limits", "halted"},
	{"VM.set_memory_static_range", "changing_static_range", "halted"},
	{"VM.set_memory_dynamic_range", "changing_dynamic_range", "halted, running"},
	{"VM.set_VCPUs_max", "changing_VCPUs", "halted"},
	{"VM.set_VCPUs_number_live", "changing_VCPUs_live", "running"},
	{"VM.set_HVM_shadow_multiplier", "changing_shadow_memory", "halted"},
	{"VM.set_shadow_multiplier_live", "changing_shadow_memory_live", "running"},
	{"VM.send_sysrq", "send_sysrq", "running"},
	{"VM.send_trigger", "send_trigger", "running"},
	{"VM.call_plugin", "call_plugin", "running"},
}

// said is an operation as error texts spell it (lifecycle §1.6).
func (v vmCall) said() string {
	if v.op == "changing_VCPUs" || v.op == "changing_memory_limits" {
		return "(unknown operation)"
	}
	return v.op
}

// params are those of the call, so that nothing but the VM's state can be wrong with them.
func (v vmCall) params(vm, host string, dest Map) []any {
	switch v.method {
	case "VM.start", "VM.resume":
		return []any{vm, false, false}
	case "VM.start_on", "VM.resume_on":
		return []any{vm, host, false, false}
	case "VM.pool_migrate":
		return []any{vm, host, Map{}}
	case "VM.migrate_send":
		return []any{vm, dest, true, Map{}, Map{}, Map{}}
	case "VM.clone", "VM.snapshot", "VM.checkpoint":
		return []any{vm, "another"}
	case "VM.copy":
		return []any{vm, "another", nullRef}
	case "VM.set_is_a_template":
		return []any{vm, true}
	case "VM.set_memory_limits":
		return []any{vm, gib, gib, gib, gib}
	case "VM.set_memory_static_range", "VM.set_memory_dynamic_range":
		return []any{vm, gib, gib}
	case "VM.set_VCPUs_max", "VM.set_VCPUs_number_live":
		return []any{vm, 1}
	case "VM.set_HVM_shadow_multiplier", "VM.set_shadow_multiplier_live":
		return []any{vm, 1.0}
	case "VM.send_sysrq", "VM.send_trigger":
		return []any{vm, "s"}
	case "VM.call_plugin":
		return []any{vm, "p", "f", Map{}}
	}
	return []any{vm}
}

// adversary plays calls against VMs in awkward states and compares every refusal.
type adversary struct {
	t     *testing.T
	p     *Pool
	w     *wire
	host  string
	dest  Map
	names *strings.Replacer
}

func newAdversary(t *testing.T) *adversary {
	p, w := recordedPool(t, Model{StrictConflicts: true})
	a := &adversary{t: t, p: p, w: w, host: hostRefOf(p, "xen-3")}
	management := ""
	p.view(func(x *tx) { management = x.find("network", "bridge", "xenbr0")[0] })
	a.dest = w.must("host.migrate_receive", a.host, management, Map{}).(Map)
	_, a.names = namesOf(p)
	return a
}

// refuses makes the call and compares code and parameters; section is where the contract says so.
func (a *adversary) refuses(section string, c vmCall, vm, want string) {
	a.t.Helper()
	if got := a.answer(c.method, c.params(vm, a.host, a.dest)...); got != a.names.Replace(want) {
		a.t.Errorf("%s (lifecycle %s) answers\n     %s\nwant %s", c.method, section, got, a.names.Replace(want))
	}
}

func (a *adversary) answer(method string, params ...any) string {
	v, err := a.w.call(method, params...)
	f, ok := errors.AsType[*Failure](err)
	if !ok {
		return fmt.Sprintf("success: %v, %v", v, err)
	}
	return a.names.Replace(strings.Join(f.description(), " | "))
}

// inEachState gives a VM in each power state.
func (a *adversary) inEachState() map[string]string {
	for _, err := range []error{a.p.PauseVM("web2"), a.p.SuspendVM("web3")} {
		if err != nil {
			a.t.Fatal(err)
		}
	}
	return map[string]string{"running": vmNamed(a.p, "web1"), "paused": vmNamed(a.p, "web2"), "suspended": vmNamed(a.p, "web3"), "halted": vmNamed(a.p, "web5")}
}

// wrongState is the refusal of a call in a power state, "" where it is allowed.
func (v vmCall) wrongState(vm, state string) string {
	if slices.Contains(strings.Split(v.states, ", "), state) {
		return ""
	}
	return "VM_BAD_POWER_STATE | " + vm + " | " + v.states + " | " + state
}

// Every call in every power state that it is not allowed in, and with a block, which comes first.
func TestAdversaryStates(t *testing.T) {
	a := newAdversary(t)
	for state, vm := range a.inEachState() {
		for _, c := range vmCalls {
			if want := c.wrongState(vm, state); want != "" {
				a.refuses("§1.2 row 2", c, vm, want)
			}
			a.w.must("VM.set_blocked_operations", vm, mapOf(c.op, "because"))
			a.refuses("§1.2 row 1", c, vm, "OPERATION_BLOCKED | "+vm+" | because")
			a.w.must("VM.set_blocked_operations", vm, Map{})
		}
	}
}

// Every call while another operation runs, in every power state: refused with its name, but for the pairs of §1.3.
func TestAdversaryConflicts(t *testing.T) {
	a := newAdversary(t)
	pairs := map[string]string{
		"clone": "clone copy export", "copy": "clone copy export", "export": "clone copy export", "snapshot": "snapshot checkpoint",
		"checkpoint": "snapshot checkpoint", "migrate_send": "metadata_export clean_shutdown clean_reboot",
	}
	for state, vm := range a.inEachState() {
		for _, runs := range []string{"start", "clean_shutdown", "pool_migrate", "migrate_send", "clone", "snapshot", "export", "hard_shutdown", "changing_VCPUs"} {
			write(a.p, func(x *tx) { x.set("VM", vm, "current_operations", mapOf("OpaqueRef:task", runs)) })
			for _, c := range vmCalls {
				alongside := slices.Contains(strings.Fields(pairs[runs]), c.op) ||
					c.op == "hard_shutdown" && runs != "hard_shutdown" || c.op == "hard_reboot" && runs != "hard_shutdown" && runs != "hard_reboot"
				want := c.wrongState(vm, state)
				if want == "" && alongside {
					continue
				}
				if want == "" {
					want = "OTHER_OPERATION_IN_PROGRESS | VM | " + vm + " | " + vmCall{op: runs}.said() + " | OpaqueRef:task"
				}
				a.refuses("§1.2 row 3, §1.3", c, vm, want)
			}
		}
		write(a.p, func(x *tx) { x.set("VM", vm, "current_operations", Map{}) })
	}
}

// Every call on templates, a snapshot and a control domain: what they are comes after their power state.
func TestAdversaryKinds(t *testing.T) {
	a := newAdversary(t)
	for _, s := range []VMSpec{{Name: "own", Template: true}, {Name: "shipped", Template: true, Default: true}} {
		if err := a.p.AddVM(s); err != nil {
			t.Fatal(err)
		}
	}
	own, shipped := "", ""
	a.p.view(func(x *tx) {
		own, shipped = x.find("VM", "name_label", "own")[0], x.find("VM", "name_label", "shipped")[0]
	})
	snapshot := a.w.must("VM.snapshot", vmNamed(a.p, "web5"), "snap").(string)
	dom0 := ""
	a.p.view(func(x *tx) { dom0 = x.find("VM", "name_label", "Control domain on host: xen-1")[0] })
	template := "changing_dynamic_range changing_static_range changing_memory_limits changing_shadow_memory changing_VCPUs clone copy provision"
	for _, c := range vmCalls {
		for _, k := range []struct{ section, vm, state, may, want string }{
			{"§1.2 row 4", own, "halted", template + " destroy migrate_send", "VM_IS_TEMPLATE | " + own + " | " + c.said()},
			{"§1.2 row 4", shipped, "halted", template, "VM_IS_TEMPLATE | " + shipped + " | " + c.said()},
			{"§1.2 row 5", snapshot, "halted", "clone copy destroy", "VM_IS_SNAPSHOT | " + snapshot + " | " + c.said()},
		} {
			want := c.wrongState(k.vm, k.state)
			if k.vm == snapshot && (c.op == "clone" || c.op == "copy") {
				continue
			}
			if want == "" && slices.Contains(strings.Fields(k.may), c.op) {
				continue
			}
			if want == "" {
				want = k.want
			}
			a.refuses(k.section, c, k.vm, want)
		}
		a.onControlDomain(c, dom0)
	}
}

func (a *adversary) onControlDomain(c vmCall, dom0 string) {
	a.t.Helper()
	if c.op == "changing_memory_limits" || c.op == "changing_static_range" || c.op == "changing_VCPUs" { // §1.1: of a control domain while it runs
		c.states += ", running"
	}
	want := c.wrongState(dom0, "running")
	switch {
	case want != "":
	case c.op == "changing_VCPUs":
		want = "OPERATION_NOT_ALLOWED | This operation is not allowed on dom0"
	case strings.HasPrefix(c.op, "changing_") && c.op != "changing_VCPUs_live" && c.op != "changing_shadow_memory_live":
		return
	case c.op == "provision" || c.op == "revert":
		return
	default:
		want = "OPERATION_NOT_ALLOWED | This operation is not allowed on a control domain"
	}
	if c.op == "changing_memory_limits" && want == "" {
		return
	}
	a.refuses("§1.2 row 9", c, dom0, want)
}

// Every call on a VM that cannot move, or that cannot be asked: §1.2 rows 7 and 10 to 14.
func TestAdversaryImmobile(t *testing.T) {
	a := newAdversary(t)
	vm, dumb := vmNamed(a.p, "web1"), vmNamed(a.p, "notools")
	disk, _, _ := devicesOf(a.p, "web1")
	metrics, guest := "", ""
	a.p.view(func(x *tx) { metrics, guest = x.str("VM", vm, "metrics"), x.str("VM", vm, "guest_metrics") })
	const moves = "suspend checkpoint pool_migrate migrate_send"
	for _, k := range []struct {
		section string
		set     func(x *tx, on bool)
		vm, ops string
		want    string
	}{
		{"§1.2 row 7", func(x *tx, on bool) { x.set("VM_metrics", metrics, "nomigrate", on) }, vm, moves, "VM_IS_IMMOBILE | " + vm},
		{"§1.2 row 7", func(x *tx, on bool) { x.set("VM_metrics", metrics, "nested_virt", on) }, vm, moves, "VM_IS_IMMOBILE | " + vm},
		{"§1.2 row 8", func(x *tx, on bool) { x.set("VM_metrics", metrics, "nested_virt", on) }, vm, "changing_dynamic_range", "VM_IS_USING_NESTED_VIRT | " + vm},
		{"§1.4", func(x *tx, on bool) {
			other := x.dict("VM_guest_metrics", guest, "other")
			if other = withoutKey(other, "data-cant-suspend-reason"); on {
				other = withKey(other, "data-cant-suspend-reason", "busy")
			}
			x.set("VM_guest_metrics", guest, "other", other)
		}, vm, moves, "VM_NON_SUSPENDABLE | " + vm + " | busy"},
		{"§1.4", func(*tx, bool) {}, dumb, moves + " clean_shutdown clean_reboot changing_VCPUs_live", "VM_LACKS_FEATURE | " + dumb},
		{"§1.2 row 11", func(x *tx, on bool) { x.set("VDI", disk, "sm_config", onBoot(on, false)) }, vm, "suspend checkpoint snapshot", "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"},
		{"§1.2 row 11", func(x *tx, on bool) { x.set("VDI", disk, "sm_config", onBoot(on, true)) }, vm, "pool_migrate", "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"},
		{"§1.2 row 12", func(x *tx, on bool) { attach(x, on, vm, "attached_PCIs") }, vm, moves, "VM_HAS_PCI_ATTACHED | " + vm},
		{"§1.2 row 13", func(x *tx, on bool) { passThrough(x, on, vm, "VGPU") }, vm, moves, "VM_HAS_VGPU | " + vm},
		{"§1.2 row 14", func(x *tx, on bool) { passThrough(x, on, vm, "VUSB") }, vm, moves + " snapshot", "VM_HAS_VUSBS | " + vm},
	} {
		write(a.p, func(x *tx) { k.set(x, true) })
		for _, c := range vmCalls {
			if slices.Contains(strings.Fields(k.ops), c.op) {
				a.refuses(k.section, c, k.vm, k.want)
			}
		}
		write(a.p, func(x *tx) { k.set(x, false) })
	}
	if got := a.answer("VM.assert_operation_valid", vm, "snapshot_with_quiesce"); got != "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED | web1" {
		t.Errorf("snapshot_with_quiesce (lifecycle §1.1): %s", got)
	}
}

func onBoot(on, caching bool) Map {
	if !on {
		return Map{}
	}
	return mapOf("on_boot", "reset", "caching", fmt.Sprint(caching))
}

func attach(x *tx, on bool, vm, field string) {
	if on {
		x.set("VM", vm, field, setOf("OpaqueRef:pci"))
	} else {
		x.set("VM", vm, field, Set{})
	}
}

func passThrough(x *tx, on bool, vm, class string) {
	if on {
		x.create(class, values{"VM": vm})
		return
	}
	for _, ref := range slices.Clone(x.find(class, "VM", vm)) {
		x.destroy(class, ref)
	}
}
