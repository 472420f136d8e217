package wiretest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Fleet makes the VMs of a pool, the same at each call: four operating systems, seven in ten running, references and
// uuids of their own, as long on the wire as a real pool's. In a uniform fleet the sets and maps that describe a kind of
// VM are the same for all of that kind. In a diverse one there are 24 sets of operations, 16 recommendations, 16 sets of
// CPU flags, 12 platforms of which a third has a time offset of its own, BIOS strings with serial numbers, and 300 sets
// of tags.
func Fleet(vms int, diverse bool) []xen.Object {
	f := fleet{rand.New(rand.NewPCG(1, 2)), diverse} //nolint:gosec // to be the same each time is the point
	objects := make([]xen.Object, vms)
	for i := range objects {
		objects[i] = xen.Object{Ref: f.ref(), Record: f.vm(i)}
	}
	return objects
}

type fleet struct {
	*rand.Rand
	diverse bool
}

// among is n in a diverse fleet, and the kind of the VM in a uniform one.
func (f fleet) among(n, kind int) int {
	if f.diverse {
		return f.IntN(n)
	}
	return kind
}

func (f fleet) uuid() string {
	a, b := f.Uint64(), f.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

func (f fleet) ref() string { return "OpaqueRef:" + f.uuid() }

func refs[T ~string](f fleet, n int) []T {
	set := make([]T, n)
	for i := range set {
		set[i] = T(f.ref())
	}
	return set
}

//nolint:gochecknoglobals // a constant list
var systems = []string{"Debian Bookworm 12", "Ubuntu Noble Numbat 24.04", "Windows Server 2022 (64-bit)", "Rocky Linux 9"}

//nolint:gochecknoglobals // a constant list
var operations = strings.Fields(`changing_dynamic_range migrate_send pool_migrate changing_VCPUs_live suspend hard_reboot
	hard_shutdown clean_reboot clean_shutdown pause checkpoint snapshot changing_shadow_memory_live changing_memory_live
	send_sysrq send_trigger snapshot_with_quiesce data_source_op make_into_template changing_NVRAM export copy clone start`)

// vm makes the i-th VM.
func (f fleet) vm(i int) *xen.VM {
	kind := i % len(systems)
	running := i%10 < 7
	const gib = int64(1) << 30
	vm := &xen.VM{
		UUID: f.uuid(), AllowedOperations: f.operations(f.among(24, kind)), NameLabel: fmt.Sprintf("vm-%05d.example.com", i),
		NameDescription: fmt.Sprintf("%s, rack %d %s row %d", systems[kind], i%40, joiner(i), i%7), PowerState: xen.Halted, SuspendVDI: xen.NullRef,
		ResidentOn: xen.NullRef, ScheduledToBeResidentOn: xen.NullRef, Affinity: xen.NullRef, MemoryOverhead: 35 << 20,
		MemoryTarget: gib * int64(1+i%16), MemoryStaticMax: gib * int64(1+i%16), MemoryDynamicMax: gib * int64(1+i%16),
		MemoryDynamicMin: gib * int64(1+i%16), MemoryStaticMin: gib, VCPUsMax: int64(1 + i%8), VCPUsAtStartup: int64(1 + i%8),
		ActionsAfterSoftreboot: "soft_reboot", ActionsAfterShutdown: "destroy", ActionsAfterReboot: "restart", ActionsAfterCrash: "restart",
		VIFs: refs[xen.VIFRef](f, 1+i%2), VBDs: refs[xen.VBDRef](f, 2+i%2), HVMBootPolicy: "BIOS order",
		HVMBootParams: xen.StringMap("order", "cdn", "firmware", "uefi"), HVMShadowMultiplier: 1, Platform: f.platform(i, f.among(12, kind)),
		OtherConfig: f.otherConfig(kind), Domid: -1, LastBootCPUFlags: f.cpuFlags(f.among(16, kind)), Metrics: xen.VMMetricsRef(f.ref()),
		GuestMetrics: xen.NullRef, Recommendations: recommendations(f.among(16, kind)), SnapshotOf: xen.NullRef, SnapshotTime: time.Unix(0, 0).UTC(),
		Parent: xen.NullRef, BIOSStrings: f.bios(kind), ProtectionPolicy: xen.NullRef, SnapshotSchedule: xen.NullRef, Appliance: xen.NullRef,
		SuspendSR: xen.NullRef, GenerationID: fmt.Sprintf("%d:%d", f.Int64(), f.Int64()), HardwarePlatformVersion: 2, HasVendorDevice: kind == 2,
		DomainType: "hvm", Tags: f.tags(i),
	}
	if running {
		vm.PowerState, vm.ResidentOn = xen.Running, xen.HostRef(fmt.Sprintf("OpaqueRef:00000000-0000-4000-8000-%012d", i%64))
		vm.Domid, vm.Domarch, vm.GuestMetrics, vm.Consoles = int64(i), "x64", xen.VMGuestMetricsRef(f.ref()), refs[xen.ConsoleRef](f, 1)
	}
	return vm
}

// joiner is a word that XML has to escape, for one VM in eight.
func joiner(i int) string {
	if i%8 == 0 {
		return "&"
	}
	return "and"
}

func (f fleet) operations(which int) []xen.VMOperation {
	var set []xen.VMOperation
	for i := range 19 {
		set = append(set, xen.VMOperation(operations[(i*(1+which%5)+which)%len(operations)]))
	}
	return set
}

func (f fleet) platform(i, which int) xen.Map[string, string] {
	offset := "0"
	if f.diverse && i%3 == 0 {
		offset = fmt.Sprint(f.IntN(1 << 20))
	}
	return xen.StringMap("timeoffset", offset, "videoram", fmt.Sprint(4+which), "hpet", "true", "acpi", "1", "apic", "true", "pae", "true",
		"nx", "true", "viridian", fmt.Sprint(which%2 == 0), "device-model", "qemu-upstream-uefi", "secureboot", "auto", "vga", "std",
		"cores-per-socket", fmt.Sprint(1+which%4), "device_id", "0002")
}

func (f fleet) otherConfig(kind int) xen.Map[string, string] {
	return xen.StringMap("base_template_name", systems[kind], "import_task", f.ref(), "mac_seed", f.uuid(), "install-methods", "cdrom,http,ftp",
		"linux_template", "true")
}

func (f fleet) cpuFlags(which int) xen.Map[string, string] {
	word := fmt.Sprintf("%08x-", 0x17c9cbf5+which)
	return xen.StringMap("features", strings.Repeat(word, 22)+"00000000", "vendor", "GenuineIntel")
}

func (f fleet) bios(kind int) xen.Map[string, string] {
	serial := "Default string"
	if f.diverse {
		serial = fmt.Sprintf("CN%010d", f.IntN(1<<30))
	}
	return xen.StringMap("bios-vendor", "Dell Inc.", "bios-version", "2.19."+fmt.Sprint(kind), "system-manufacturer", "Dell Inc.",
		"system-product-name", "PowerEdge R750", "system-version", "", "system-serial-number", serial, "baseboard-manufacturer", "Dell Inc.",
		"baseboard-product-name", "0PJ80M", "baseboard-version", "A03", "baseboard-serial-number", "."+serial+".", "oem-1", "Dell System",
		"oem-2", "5[0000]", "hp-rombios", "")
}

func (f fleet) tags(i int) []string {
	if !f.diverse {
		return []string{"prod"}
	}
	which := i % 300
	return []string{"prod", fmt.Sprintf("team-%d", which%30), fmt.Sprintf("tier-%d", which/30)}
}

// recommendations is XML in a string, as templates carry it.
func recommendations(which int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<restrictions><restriction field="memory-static-max" max="%d"/><restriction field="vcpus-max" max="%d"/>`, int64(1+which)<<36, 16+which)
	b.WriteString(`<restriction field="has-vendor-device" value="true"/><restriction max="255" property="number-of-vbds"/>`)
	for i := range 7 {
		fmt.Fprintf(&b, `<restriction field="allow-%d" value="%d"/><restriction max="%d" property="number-of-vifs"/>`, i, i, 7+i)
	}
	b.WriteString(`</restrictions>`)
	return b.String()
}
