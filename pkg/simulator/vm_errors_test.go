package simulator

import (
	"errors"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// recordedPool is a pool like the one whose refusals were recorded.
func recordedPool(t *testing.T, m Model) (*Pool, *wire) {
	t.Helper()
	m.VMs = -1
	p := Start(t, m)
	for _, s := range []VMSpec{
		{Name: "web1", Memory: 2 * gib, VCPUs: 2, PowerState: xen.Running, Host: "xen-2"},
		{Name: "web2", Memory: 3 * gib, VCPUs: 1, PowerState: xen.Running, Host: "xen-2"},
		{Name: "web3", Memory: gib, VCPUs: 2, PowerState: xen.Running, Host: "xen-3"},
		{Name: "notools", Memory: gib, VCPUs: 1, PowerState: xen.Running, Host: "xen-1", NoAgent: true},
		{Name: "web5", Memory: 3 * gib, VCPUs: 2},
		{Name: "huge", Memory: 512 * gib, VCPUs: 1, Diskless: true},
	} {
		if err := p.AddVM(s); err != nil {
			t.Fatal(err)
		}
	}
	return p, login1(t, p)
}

func namesOf(p *Pool) (toRef func(string) string, toName *strings.Replacer) {
	refs := map[string]string{"null": nullRef}
	var pairs []string
	p.view(func(t *tx) {
		for _, class := range []string{"VM", "host"} {
			for _, ref := range t.all(class) {
				name := t.str(class, ref, "name_label")
				refs[name] = ref
				pairs = append(pairs, ref, name)
			}
		}
	})
	pairs = append(pairs, nullRef, "null")
	return func(name string) string { return refs[name] }, strings.NewReplacer(pairs...)
}

// TestVMRefusals makes the recorded calls, in their order, and compares what they answer.
func TestVMRefusals(t *testing.T) {
	p, w := recordedPool(t, Model{})
	ref, names := namesOf(p)
	template, dom0 := ref("Debian Bookworm 12"), ref("Control domain on host: xen-1")
	noOptions := Map{}
	for _, c := range []struct {
		name, method string
		params       []any
		want         string // "" is success; references as names
	}{
		{"01-start-running", "VM.start", []any{ref("web1"), false, false}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"02-start-paused-flag-on-running", "VM.start", []any{ref("web1"), true, false}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"03-start-template", "VM.start", []any{template, false, false}, "VM_IS_TEMPLATE | Debian Bookworm 12 | start"},
		{"04-start-not-enough-memory", "VM.start", []any{ref("huge"), false, false}, "NO_HOSTS_AVAILABLE"},
		{"05-start-on-not-enough-memory", "VM.start_on", []any{ref("huge"), ref("xen-2"), false, false}, "HOST_NOT_ENOUGH_FREE_MEMORY | 554053926912 | 58164510720"},
		{"06-start-on-null-host", "VM.start_on", []any{ref("web5"), nullRef, false, false}, "HANDLE_INVALID | host | null"},
		{"07-start-dom0", "VM.start", []any{dom0, false, false}, "VM_BAD_POWER_STATE | Control domain on host: xen-1 | halted | running"},
		{"08-shutdown-dom0", "VM.hard_shutdown", []any{dom0}, "OPERATION_NOT_ALLOWED | This operation is not allowed on a control domain"},
		{"09-start-null", "VM.start", []any{nullRef, false, false}, "HANDLE_INVALID | VM | null"},
		{"10-clean-shutdown-without-tools", "VM.clean_shutdown", []any{ref("notools")}, "VM_LACKS_FEATURE | notools"},
		{"11-clean-reboot-without-tools", "VM.clean_reboot", []any{ref("notools")}, "VM_LACKS_FEATURE | notools"},
		{"12-suspend-without-tools", "VM.suspend", []any{ref("notools")}, "VM_LACKS_FEATURE | notools"},
		{"13-migrate-without-tools", "VM.pool_migrate", []any{ref("notools"), ref("xen-2"), noOptions}, "VM_LACKS_FEATURE | notools"},
		{"16-clean-shutdown-halted", "VM.clean_shutdown", []any{ref("web5")}, "VM_BAD_POWER_STATE | web5 | running | halted"},
		{"17-hard-shutdown-halted", "VM.hard_shutdown", []any{ref("web5")}, "VM_BAD_POWER_STATE | web5 | paused, suspended, running | halted"},
		{"18-pause-halted", "VM.pause", []any{ref("web5")}, "VM_BAD_POWER_STATE | web5 | running | halted"},
		{"19-unpause-running", "VM.unpause", []any{ref("web1")}, "VM_BAD_POWER_STATE | web1 | paused | running"},
		{"20-resume-running", "VM.resume", []any{ref("web1"), false, false}, "VM_BAD_POWER_STATE | web1 | suspended | running"},
		{"21-resume-halted", "VM.resume", []any{ref("web5"), false, false}, "VM_BAD_POWER_STATE | web5 | suspended | halted"},
		{"22-destroy-running", "VM.destroy", []any{ref("web1")}, "VM_BAD_POWER_STATE | web1 | halted, suspended | running"},
		{"23-migrate-halted", "VM.pool_migrate", []any{ref("web5"), ref("xen-2"), noOptions}, "VM_BAD_POWER_STATE | web5 | running | halted"},
		{"24-migrate-null-host", "VM.pool_migrate", []any{ref("web1"), nullRef, noOptions}, "HANDLE_INVALID | host | null"},
		{"27-set-memory-limits-bad-order", "VM.set_memory_limits", []any{ref("web5"), 1 << 30, 1 << 29, 1 << 30, 1 << 30}, "MEMORY_CONSTRAINT_VIOLATION_ORDER"},
		{"28-set-memory-static-max-running", "VM.set_memory_static_max", []any{ref("web1"), 1 << 32}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"29-set-VCPUs-max-running", "VM.set_VCPUs_max", []any{ref("web1"), 4}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"30-set-VCPUs-at-startup-above-max", "VM.set_VCPUs_at_startup", []any{ref("web5"), 99}, "INVALID_VALUE | VCPU values must satisfy: 0 < VCPUs_at_startup ≤ VCPUs_max | 99"},
		{"31-set-VCPUs-number-live-too-many", "VM.set_VCPUs_number_live", []any{ref("web1"), 99}, "INVALID_VALUE | VCPU values must satisfy: 0 < VCPUs ≤ VCPUs_max | 2"},
		{"32-set-is-a-template-running", "VM.set_is_a_template", []any{ref("web1"), true}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"33-provision-non-template", "VM.provision", []any{ref("web5")}, "PROVISION_ONLY_ALLOWED_ON_TEMPLATE"},
		{"34-assert-can-boot-here-huge", "VM.assert_can_boot_here", []any{ref("huge"), ref("xen-1")}, "HOST_NOT_ENOUGH_FREE_MEMORY | 554053926912 | 62497226752"},
		{"35-assert-can-boot-here-ok", "VM.assert_can_boot_here", []any{ref("web5"), ref("xen-1")}, ""},
		{"38-assert-operation-valid", "VM.assert_operation_valid", []any{ref("web1"), "start"}, "VM_BAD_POWER_STATE | web1 | halted | running"},
		{"39-host-disable", "host.disable", []any{ref("xen-3")}, ""},
		{"40-start-on-disabled-host", "VM.start_on", []any{ref("web5"), ref("xen-3"), false, false}, "HOST_DISABLED | xen-3"},
		{"41-migrate-to-disabled-host", "VM.pool_migrate", []any{ref("web1"), ref("xen-3"), noOptions}, ""},
		{"42-assert-can-boot-on-disabled-host", "VM.assert_can_boot_here", []any{ref("web5"), ref("xen-3")}, "HOST_DISABLED | xen-3"},
		{"43-host-enable", "host.enable", []any{ref("xen-3")}, ""},
		{"25-migrate-unknown-option", "VM.pool_migrate", []any{ref("web1"), ref("xen-2"), mapOf("nonsense", "1")}, ""},
		{"block", "VM.set_blocked_operations", []any{ref("web1"), mapOf("clean_shutdown", "stays up", "hard_shutdown", "", "pool_migrate", "stays here")}, ""},
		{"44-blocked-clean-shutdown", "VM.clean_shutdown", []any{ref("web1")}, "OPERATION_BLOCKED | web1 | stays up"},
		{"45-blocked-hard-shutdown-empty-reason", "VM.hard_shutdown", []any{ref("web1")}, "OPERATION_BLOCKED | web1 | "},
		{"46-blocked-pool-migrate", "VM.pool_migrate", []any{ref("web1"), ref("xen-3"), noOptions}, "OPERATION_BLOCKED | web1 | stays here"},
		{"48-blocked-shutdown", "VM.shutdown", []any{ref("web1")}, ""},
		{"54-clone-running", "VM.clone", []any{ref("web2"), "copy"}, "VM_BAD_POWER_STATE | web2 | halted | running"},
	} {
		got := ""
		if _, err := w.call(c.method, c.params...); err != nil {
			f, ok := errors.AsType[*Failure](err)
			if !ok {
				t.Fatalf("%s: %v", c.name, err)
			}
			got = names.Replace(strings.Join(f.description(), " | "))
		}
		if got != c.want {
			t.Errorf("%s: %s answers\n     %q\nwant %q", c.name, c.method, got, c.want)
		}
	}
	if state := p.PowerState("web1"); state != xen.Halted {
		t.Errorf("after VM.shutdown web1 is %s", state)
	}
}

// TestSuspendWithoutSR: 14-suspend-without-suspend-sr of the recordings; the VM runs on.
func TestSuspendWithoutSR(t *testing.T) {
	p, w := recordedPool(t, Model{})
	_, names := namesOf(p)
	p.view(func(x *tx) { x.set("pool", x.the("pool"), "suspend_image_SR", nullRef) })
	if got := names.Replace(w.refused("VM.suspend", string(p.VMRef("web1")))); got != "VM_NO_SUSPEND_SR | web1" {
		t.Errorf("VM.suspend answers %q", got)
	}
	if p.PowerState("web1") != xen.Running {
		t.Errorf("web1 is %s", p.PowerState("web1"))
	}
}

// TestPossibleHosts: 36 and 37 of the recordings.
func TestPossibleHosts(t *testing.T) {
	p, w := recordedPool(t, Model{})
	if got := w.must("VM.get_possible_hosts", string(p.VMRef("web5"))).(Set); len(got) != 3 {
		t.Errorf("web5 can run on %v, want all three hosts", got)
	}
	if got := w.must("VM.get_possible_hosts", string(p.VMRef("huge"))).(Set); len(got) != 0 {
		t.Errorf("huge can run on %v, want none", got)
	}
}
