package simulator

import (
	"slices"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// What a host that is dead, disabled, full or cut off answers to each call that needs it: lifecycle §0.13, §3.1, §3.2.
func TestAdversaryHosts(t *testing.T) {
	onHome := "VM.pause VM.suspend VM.clean_shutdown VM.clean_reboot VM.hard_shutdown VM.hard_reboot VM.pool_migrate"
	for _, k := range []struct {
		name, section string
		set           func(a *adversary)
		vm, methods   string
		want          string
	}{
		{"home died", "§0.13", func(a *adversary) { a.dies("xen-2") }, "web1", onHome, "CANNOT_CONTACT_HOST | xen-2"},
		{"home known dead", "§0.13", func(a *adversary) { a.dies("xen-2"); a.known("xen-2") }, "web1", onHome, "HOST_OFFLINE | xen-2"},
		{"target known dead", "§3.2 row 3", func(a *adversary) { a.dies("xen-3"); a.known("xen-3") }, "web5", "VM.start_on VM.assert_can_boot_here", "HOST_NOT_LIVE"},
		{"target known dead", "§3.2 row 3", func(a *adversary) { a.dies("xen-3"); a.known("xen-3") }, "web1", "VM.pool_migrate", "HOST_NOT_LIVE"},
		{"target disabled", "§3.2 row 5", func(a *adversary) { a.disables("xen-3") }, "web5", "VM.start_on VM.assert_can_boot_here", "HOST_DISABLED | xen-3"},
		{"nowhere to start", "§3.1 step 6", func(a *adversary) { a.disables("xen-1", "xen-2", "xen-3") }, "web5", "VM.start", "NO_HOSTS_AVAILABLE"},
		{"nowhere to resume", "§3.1 step 6", func(a *adversary) { a.suspends("web3"); a.disables("xen-1", "xen-2", "xen-3") }, "web3", "VM.resume", "NO_HOSTS_AVAILABLE"},
		{"target disabled, resume", "§3.2 row 5", func(a *adversary) { a.suspends("web3"); a.disables("xen-3") }, "web3", "VM.resume_on", "HOST_DISABLED | xen-3"},
		{"target in evacuation", "§5.1", func(a *adversary) { a.marks("xen-3", "evacuate") }, "web5", "VM.start_on", "HOST_EVACUATE_IN_PROGRESS | xen-3"},
		{"target in evacuation", "§5.1", func(a *adversary) { a.marks("xen-3", "evacuate") }, "web1", "VM.pool_migrate", "OTHER_OPERATION_IN_PROGRESS | host | xen-3 | evacuate | OpaqueRef:task"},
		{
			"older platform", "§3.2 row 6", func(a *adversary) {
				a.field("host", a.host, "virtual_hardware_platform_versions", Set{int64(0)})
				a.field("VM", vmNamed(a.p, "web5"), "hardware_platform_version", int64(2))
			}, "web5",
			"VM.start_on VM.assert_can_boot_here", "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION | xen-3 | [0] | web5 | 2",
		},
		{
			"another vendor", "§3.2 row 7", func(a *adversary) { a.cpu("vendor", "AuthenticAMD") }, "web1", "VM.pool_migrate VM.assert_can_boot_here",
			"VM_INCOMPATIBLE_WITH_THIS_HOST | web1 | xen-3 | VM last booted on a host which had a CPU from a different vendor.",
		},
		{
			"fewer features", "§3.2 row 7", func(a *adversary) { a.cpu("features_hvm", "00000001") }, "web1", "VM.pool_migrate VM.assert_can_boot_here",
			"VM_INCOMPATIBLE_WITH_THIS_HOST | web1 | xen-3 | VM last booted on a CPU with features this host's CPU does not have.",
		},
		{
			"fewer features, suspended", "§3.2 row 7", func(a *adversary) { a.suspends("web1"); a.cpu("features_hvm", "00000001") }, "web1", "VM.resume_on",
			"VM_INCOMPATIBLE_WITH_THIS_HOST | web1 | xen-3 | VM last booted on a CPU with features this host's CPU does not have.",
		},
		{"storage unplugged", "§3.2 row 8", func(a *adversary) { a.unplugs("xen-3") }, "web5", "VM.start_on VM.assert_can_boot_here", "VM_REQUIRES_SR | web5 | SR"},
		{"storage unplugged", "§3.2 row 8", func(a *adversary) { a.unplugs("xen-3") }, "web1", "VM.pool_migrate", "VM_REQUIRES_SR | web1 | SR"},
		{"no network", "§3.2 row 9", func(a *adversary) { a.cutsOff("xen-3", "web5") }, "web5", "VM.start_on VM.assert_can_boot_here", "VM_REQUIRES_NETWORK | web5 | network"},
		{"enslaved interface", "§3.2 row 9", func(a *adversary) { a.enslaves("xen-3", "web5") }, "web5", "VM.start_on", "HOST_CANNOT_ATTACH_NETWORK | xen-3 | network"},
		{"too much memory", "§3.2 row 15", func(*adversary) {}, "huge", "VM.start_on VM.assert_can_boot_here", "HOST_NOT_ENOUGH_FREE_MEMORY | 554053926912 | FREE"},
		{"too many CPUs", "§3.2 row 16", func(a *adversary) { a.vcpus("web5", 4096, 4096) }, "web5", "VM.start_on VM.assert_can_boot_here", "HOST_NOT_ENOUGH_PCPUS | 4096 | CPUS"},
		{"no CPUs", "§3.2 row 2", func(a *adversary) { a.vcpus("web5", 0, 0) }, "web5", "VM.assert_can_boot_here VM.start_on", "INVALID_VALUE | VCPUs_max | 0"},
		{"no CPU at startup", "§3.2 row 2", func(a *adversary) { a.vcpus("web5", 1, 0) }, "web5", "VM.assert_can_boot_here", "INVALID_VALUE | VCPUs-at-startup | 0"},
		{"more CPUs than the most", "§3.2 row 2", func(a *adversary) { a.vcpus("web5", 1, 2) }, "web5", "VM.assert_can_boot_here", "VALUE_NOT_SUPPORTED | VCPUs-at-startup | 2 | value greater than VCPUs-max"},
		{"memory out of order", "§3.2 row 2", func(a *adversary) { a.field("VM", vmNamed(a.p, "web5"), "memory_dynamic_min", int64(1)<<50) }, "web5", "VM.assert_can_boot_here", "MEMORY_CONSTRAINT_VIOLATION"},
		{"shadow", "§3.2 row 2", func(a *adversary) { a.field("VM", vmNamed(a.p, "web5"), "HVM_shadow_multiplier", 0.5) }, "web5", "VM.assert_can_boot_here", "INVALID_VALUE | HVM_shadow_multiplier | 0.5"},
		{
			"crash action", "§3.2 row 2", func(a *adversary) { a.field("VM", vmNamed(a.p, "web5"), "actions_after_crash", "coredump_and_restart") }, "web5", "VM.assert_can_boot_here",
			"VALUE_NOT_SUPPORTED | VM.actions_after_crash | coredump_and_restart | cannot invoke a coredump of an HVM, PVH or PV-in-PVH domain",
		},
		{"disk gone", "§3.2 row 8", func(a *adversary) { a.losesDisk("web5") }, "web5", "VM.start VM.start_on", "HANDLE_INVALID | VDI | disk"},
		{"image gone", "§1.7", func(a *adversary) { a.suspends("web3"); a.losesImage("web3") }, "web3", "VM.resume", "VM_HAS_NO_SUSPEND_VDI | VM | web3"},
		{"no room for the image", "§2.3", func(a *adversary) { a.fills() }, "web1", "VM.suspend VM.checkpoint", "SR_BACKEND_FAILURE_44 |  | There is insufficient space | "},
		{"no room for copies", "§1.7", func(a *adversary) { a.fills() }, "web5", "VM.clone VM.copy VM.snapshot", "SR_BACKEND_FAILURE_44 |  | There is insufficient space | "},
	} {
		t.Run(k.name, func(t *testing.T) {
			for method := range strings.FieldsSeq(k.methods) {
				a := newAdversary(t)
				k.set(a)
				vm, want := vmNamed(a.p, k.vm), a.fillIn(k.want, k.vm)
				before := a.p.PowerState(k.vm)
				got := ""
				if method == "VM.assert_can_boot_here" {
					got = a.answer(method, vm, a.host)
				} else {
					i := slices.IndexFunc(vmCalls, func(c vmCall) bool { return c.method == method })
					got = a.answer(method, vmCalls[i].params(vm, a.host, a.dest)...)
				}
				if got != want {
					t.Errorf("%s (lifecycle %s) answers\n     %s\nwant %s", method, k.section, got, want)
				}
				if after := a.p.PowerState(k.vm); after != before && k.name != "image gone" {
					t.Errorf("%s has made the VM %s, it was %s", method, after, before)
				}
				if k.name == "image gone" && a.p.PowerState(k.vm) != xen.Halted {
					t.Errorf("a VM whose image is gone is %s", a.p.PowerState(k.vm))
				}
				a.nothingLeft(vm)
			}
		})
	}
}

// fillIn puts the references of a VM's things into an expectation.
func (a *adversary) fillIn(want, vm string) string {
	disk, sr, network, cpus, free := "", "", "", "", ""
	a.p.view(func(x *tx) {
		ref, _ := x.vmNamed(vm)
		for _, vbd := range x.strs("VM", ref, "VBDs") {
			disk = x.str("VBD", vbd, "VDI")
			sr = x.str("VDI", disk, "SR")
		}
		for _, vif := range x.strs("VM", ref, "VIFs") {
			network = x.str("VIF", vif, "network")
		}
		free = databaseText(x.hostMemory(a.host).free(countDynamicMin))
		cpus = databaseText(int64(len(x.members("host", a.host, "host_CPUs"))))
	})
	words := strings.Split(want, " | ")
	for i, w := range words {
		switch w {
		case "SR":
			words[i] = sr
		case "network":
			words[i] = network
		case "disk":
			words[i] = disk
		case "FREE":
			words[i] = free
		case "CPUS":
			words[i] = cpus
		}
	}
	return strings.Join(words, " | ")
}

// nothingLeft checks that a refused call has left no marks.
func (a *adversary) nothingLeft(vm string) {
	a.t.Helper()
	a.p.view(func(x *tx) {
		if ops := x.dict("VM", vm, "current_operations"); len(ops) > 0 || x.str("VM", vm, "scheduled_to_be_resident_on") != nullRef {
			a.t.Errorf("the VM is left with %v, on its way to %s", ops, x.str("VM", vm, "scheduled_to_be_resident_on"))
		}
		for _, host := range x.all("host") {
			if ops := x.dict("host", host, "current_operations"); len(ops) > 0 && text(ops, "OpaqueRef:task") == "" {
				a.t.Errorf("a host is left with %v", ops)
			}
		}
		for _, class := range []string{"VBD", "VIF"} {
			for _, device := range x.strs("VM", vm, class+"s") {
				if ops := x.dict(class, device, "current_operations"); len(ops) > 0 {
					a.t.Errorf("a %s is left with %v", class, ops)
				}
			}
		}
	})
}

func (a *adversary) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *adversary) dies(host string)   { a.must(a.p.HostDies(host)) }
func (a *adversary) suspends(vm string) { a.must(a.p.SuspendVM(vm)) }
func (a *adversary) disables(hosts ...string) {
	for _, host := range hosts {
		a.must(a.p.DisableHost(host))
	}
}

func (a *adversary) field(class, ref, field string, v any) {
	write(a.p, func(x *tx) { x.set(class, ref, field, v) })
}

// known lets the pool know that a host is dead.
func (a *adversary) known(host string) {
	write(a.p, func(x *tx) { x.set("host_metrics", x.str("host", a.p.member(host).host, "metrics"), "live", false) })
}

func (a *adversary) marks(host, op string) {
	write(a.p, func(x *tx) { x.set("host", a.p.member(host).host, "current_operations", mapOf("OpaqueRef:task", op)) })
}

// cpu changes what the target's processors are.
func (a *adversary) cpu(key, value string) {
	write(a.p, func(x *tx) {
		x.set("host", a.host, "cpu_info", withKey(x.dict("host", a.host, "cpu_info"), key, value))
	})
}

func (a *adversary) vcpus(vm string, most, start int64) {
	ref := vmNamed(a.p, vm)
	a.field("VM", ref, "VCPUs_max", most)
	a.field("VM", ref, "VCPUs_at_startup", start)
}

func (a *adversary) unplugs(host string) {
	write(a.p, func(x *tx) {
		for _, pbd := range x.strs("host", a.p.member(host).host, "PBDs") {
			x.set("PBD", pbd, "currently_attached", false)
		}
	})
}

// interfaceOf is the interface of a host on the network that a VM needs.
func (a *adversary) interfaceOf(host, vm string) (pif string) {
	a.p.view(func(x *tx) {
		ref, _ := x.vmNamed(vm)
		network := x.str("VIF", x.strs("VM", ref, "VIFs")[0], "network")
		for _, p := range x.strs("network", network, "PIFs") {
			if x.str("PIF", p, "host") == a.p.member(host).host {
				pif = p
			}
		}
	})
	return pif
}

func (a *adversary) cutsOff(host, vm string) {
	pif := a.interfaceOf(host, vm)
	write(a.p, func(x *tx) { x.destroy("PIF", pif) })
}

func (a *adversary) enslaves(host, vm string) {
	pif := a.interfaceOf(host, vm)
	write(a.p, func(x *tx) { x.set("PIF", pif, "bond_slave_of", x.create("Bond", values{})) })
}

func (a *adversary) losesDisk(vm string) {
	write(a.p, func(x *tx) {
		ref, _ := x.vmNamed(vm)
		x.destroy("VDI", x.str("VBD", x.strs("VM", ref, "VBDs")[0], "VDI"))
	})
}

func (a *adversary) losesImage(vm string) {
	write(a.p, func(x *tx) {
		ref, _ := x.vmNamed(vm)
		x.destroy("VDI", x.str("VM", ref, "suspend_VDI"))
	})
}

// fills leaves no byte free on any storage.
func (a *adversary) fills() {
	write(a.p, func(x *tx) {
		for _, sr := range x.all("SR") {
			x.set("SR", sr, "physical_utilisation", x.num("SR", sr, "physical_size"))
		}
	})
}
