package simulator

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Keys of VM.other_config that say how the guest behaves; any client may set them. See VMSpec.
const (
	keyAgent    = "simulator:agent"    // none: the guest has no tools
	keyShutdown = "simulator:shutdown" // ignored: the guest does not answer a clean shutdown; never: it does, and does not stop
)

// VMSpec describes a VM to make. The zero value is a Halted VM of 2 GiB and 2 CPUs with a disk and an interface.
type VMSpec struct {
	Name        string
	Description string
	PowerState  xen.PowerState // default Halted
	Host        string         // name_label of the host of a Running or Paused VM; default: the pool chooses by number
	Memory      int64          // bytes; default 2 GiB
	VCPUs       int64          // default 2
	Template    bool           // a custom template
	Default     bool           // with Template: a template as shipped
	NoAgent     bool           // the guest has no tools: no clean shutdown, suspend or migration
	Stubborn    bool           // the guest ignores a clean shutdown
	Diskless    bool           // no disk and no interface
	Tags        []string
	OtherConfig map[string]string // added to what xapi writes itself
}

// withDefaults fills in what the zero values stand for.
func (s VMSpec) withDefaults() VMSpec {
	s.PowerState = cmp.Or(s.PowerState, xen.Halted)
	s.Memory = cmp.Or(s.Memory, 2*gib)
	s.VCPUs = cmp.Or(s.VCPUs, 2)
	return s
}

// otherConfig is VM.other_config of a new VM.
func (s VMSpec) otherConfig(macSeed string) Map {
	m := mapOf("mac_seed", macSeed)
	if s.NoAgent {
		m = append(m, Entry{Key: keyAgent, Value: "none"})
	}
	if s.Stubborn {
		m = append(m, Entry{Key: keyShutdown, Value: "ignored"})
	}
	if s.Default {
		m = append(m, Entry{Key: "default_template", Value: "true"})
	}
	for _, k := range sortedKeys(s.OtherConfig) {
		m = append(m, Entry{Key: k, Value: s.OtherConfig[k]})
	}
	return m
}

// record is what of the VM's record follows from its description alone.
func (s VMSpec) record(macSeed string, perCPUPages bool) values {
	return values{
		"name_label": s.Name, "name_description": s.Description, "power_state": halted, "user_version": int64(1),
		"is_a_template": s.Template, "is_default_template": s.Default,
		"memory_overhead":   memoryOverhead("hvm", s.Memory, s.VCPUs, 1, perCPUPages),
		"memory_target":     int64(0),
		"memory_static_max": s.Memory, "memory_dynamic_max": s.Memory, "memory_dynamic_min": s.Memory,
		"memory_static_min": s.Memory / 2, "VCPUs_max": s.VCPUs, "VCPUs_at_startup": s.VCPUs,
		"actions_after_softreboot": "soft_reboot", "actions_after_shutdown": "destroy", "actions_after_reboot": "restart",
		"actions_after_crash": "restart", "HVM_boot_policy": "BIOS order",
		"HVM_boot_params":       mapOf("order", "cdn", "firmware", "bios"),
		"HVM_shadow_multiplier": float64(1), "platform": haltedPlatform(), "other_config": s.otherConfig(macSeed),
		"domid": int64(-1), "recommendations": recommendations, "tags": setOf(s.Tags...), "domain_type": "hvm",
		"xenstore_data": Map{}, "bios_strings": Map{},
	}
}

// recommendations is what the shipped templates say for user interfaces; xapi does not look at it.
const recommendations = `<restrictions><restriction field="memory-static-max" max="137438953472"/>` +
	`<restriction field="vcpus-max" max="32"/><restriction field="has-vendor-device" value="false"/>` +
	`<restriction max="255" property="number-of-vbds"/><restriction max="7" property="number-of-vifs"/></restrictions>`

// haltedPlatform is VM.platform of a VM that never started.
func haltedPlatform() Map {
	return mapOf("acpi", "1", "apic", "true", "nx", "true", "pae", "true", "viridian", "false", "timeoffset", "0")
}

// startedPlatform is the same after a start. xapi: device-model is filled in, timeoffset is written anew and so comes first.
func startedPlatform(m Map) Map {
	if _, ok := m.Get("device-model"); !ok {
		m = withKey(m, "device-model", "qemu-upstream-compat")
	}
	offset, ok := m.Get("timeoffset")
	if !ok {
		offset = "0"
	}
	return withKey(withoutKey(m, "timeoffset"), "timeoffset", offset)
}

// bootFlags is VM.last_boot_CPU_flags of a VM that runs, or ran.
func bootFlags(live bool) Map {
	if live {
		return mapOf("vendor", "GenuineIntel", "features", cpuFeatures)
	}
	return mapOf("vendor", "GenuineIntel", "features", "")
}

// agentData is what the agent of a Linux guest reports, as fields of VM_guest_metrics in the order of their writes.
func agentData(ip string) []fieldValue {
	return []fieldValue{
		{"PV_drivers_version", mapOf("major", "8", "minor", "4", "micro", "0", "build", "100")},
		{"os_version", mapOf("name", "Debian GNU/Linux 12 (bookworm)", "uname", "6.1.0-18-amd64", "distro", "debian", "major", "12", "minor", "0")},
		{"networks", mapOf("0/ip", ip, "0/ipv4/0", ip)},
		{"other", mapOf("feature-poweroff", "1", "feature-reboot", "1", "feature-suspend", "1", "feature-balloon", "1")},
	}
}

// guestIP is the address that the guest of the VM with this uuid has.
func guestIP(uuid string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(uuid)) // never fails
	n := h.Sum32()
	return fmt.Sprintf("10.1.%d.%d", n>>8%256, 1+n%254)
}

// fieldValue is one field and its value, where the order of writes matters.
type fieldValue struct {
	field string
	value any
}

// vmRoles names the VMs of the default model: web-1, app-1, db-1, cache-1, batch-1, web-2, …
var vmRoles = []string{"web", "app", "db", "cache", "batch"}

// vmName is the name of the i-th VM of the default model, from 0.
func vmName(i int) string { return vmRoles[i%len(vmRoles)] + "-" + strconv.Itoa(i/len(vmRoles)+1) }

// vmPowerState is the power state that the i-th VM of the default model begins in.
func vmPowerState(i int) xen.PowerState {
	switch {
	case i == 7:
		return xen.Suspended
	case i == 11:
		return xen.Paused
	case i%2 == 0:
		return xen.Running
	}
	return xen.Halted
}

// suspendImageSize is the size of a VM's suspend image in bytes. xapi: static_max × 1.2 × 1.05 + 100 MiB.
func suspendImageSize(staticMax int64) int64 {
	return int64(float64(staticMax)*1.2*1.05) + 100*mib
}

// wholeSecond is a time as most of xapi's fields keep it.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
