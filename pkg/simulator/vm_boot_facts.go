package simulator

import "slices"

// vmMemory reads what a VM asks of a host's memory.
func (t *tx) vmMemory(ref string) vmMemory {
	return vmMemory{
		StaticMax:  t.num("VM", ref, "memory_static_max"),
		DynamicMin: t.num("VM", ref, "memory_dynamic_min"),
		DynamicMax: t.num("VM", ref, "memory_dynamic_max"),
		Overhead:   t.num("VM", ref, "memory_overhead"),
		Whole:      t.str("VM", ref, "domain_type") == "pv_in_pvh",
	}
}

// bootFacts collects what decides where a VM can run.
func (t *tx) bootFacts(ref string) bootFacts {
	f := bootFacts{
		Ref: ref, PowerState: t.str("VM", ref, "power_state"), ControlDomain: t.flag("VM", ref, "is_control_domain"),
		ResidentOn: t.str("VM", ref, "resident_on"), Affinity: t.str("VM", ref, "affinity"), Memory: t.vmMemory(ref),
		StaticMin: t.num("VM", ref, "memory_static_min"), VCPUsMax: t.num("VM", ref, "VCPUs_max"),
		VCPUsAtStartup: t.num("VM", ref, "VCPUs_at_startup"), ShadowMultiplier: t.float("VM", ref, "HVM_shadow_multiplier"),
		PlatformVersion:   t.num("VM", ref, "hardware_platform_version"),
		VCPUsUnrestricted: text(t.dict("VM", ref, "platform"), "vcpu-unrestricted") == "true",
		ActionAfterCrash:  t.str("VM", ref, "actions_after_crash"), DomainType: t.str("VM", ref, "domain_type"),
		BootedOn: t.dict("VM", ref, "last_boot_CPU_flags"),
	}
	f.Companions = t.companions(ref)
	disks := []string{t.str("VM", ref, "suspend_VDI")}
	for _, vbd := range t.strs("VM", ref, "VBDs") {
		if !t.flag("VBD", vbd, "empty") {
			disks = append(disks, t.str("VBD", vbd, "VDI"))
		}
	}
	for _, vdi := range disks {
		if t.exists("VDI", vdi) {
			f.SRs = append(f.SRs, t.str("VDI", vdi, "SR"))
		}
	}
	for _, vif := range t.strs("VM", ref, "VIFs") {
		f.Networks = append(f.Networks, t.str("VIF", vif, "network"))
	}
	return f
}

// companions counts the running VMs of a VM's anti-affinity group by host, those on their way too; nil: it is in none.
func (t *tx) companions(vm string) map[string]int {
	for _, group := range t.strs("VM", vm, "groups") {
		if t.str("VM_group", group, "placement") != "anti_affinity" {
			continue
		}
		on := map[string]int{}
		for _, other := range t.strs("VM_group", group, "VMs") {
			if t.str("VM", other, "power_state") == running {
				on[t.str("VM", other, "resident_on")]++
			} else if going := t.str("VM", other, "scheduled_to_be_resident_on"); going != nullRef && other != vm {
				on[going]++
			}
		}
		return on
	}
	return nil
}

// allHostBootFacts is hostBootFacts of every host, in descending order of reference.
func (t *tx) allHostBootFacts() []hostBootFacts {
	scheduled := t.scheduled()
	var hosts []hostBootFacts
	for _, h := range t.all("host") {
		hosts = append(hosts, t.hostBootFactsWith(h, scheduled))
	}
	return hosts
}

// hostBootFacts collects what decides which VMs can run on a host.
func (t *tx) hostBootFacts(ref string) hostBootFacts { return t.hostBootFactsWith(ref, t.scheduled()) }

func (t *tx) hostBootFactsWith(ref string, scheduled map[string][]string) hostBootFacts {
	f := hostBootFacts{
		Ref: ref, Live: t.hostLive(ref), Enabled: t.flag("host", ref, "enabled"),
		Coordinator: t.str("pool", t.the("pool"), "master") == ref && t.flag("pool", t.the("pool"), "coordinator_bias"),
		Memory:      t.hostMemoryWith(ref, scheduled), CPU: t.dict("host", ref, "cpu_info"),
		PCPUs: int64(len(t.members("host", ref, "host_CPUs"))), SRs: map[string]bool{}, Networks: map[string]bool{}, Enslaved: map[string]bool{},
	}
	for _, c := range t.currentOperations("host", ref) {
		f.Evacuating = f.Evacuating || c.Operation == "evacuate"
	}
	for _, v := range t.members("host", ref, "virtual_hardware_platform_versions") {
		f.PlatformVersions = append(f.PlatformVersions, v.(int64))
	}
	for _, pbd := range t.strs("host", ref, "PBDs") {
		if t.flag("PBD", pbd, "currently_attached") {
			f.SRs[t.str("PBD", pbd, "SR")] = true
		}
	}
	for _, pif := range t.strs("host", ref, "PIFs") {
		network := t.str("PIF", pif, "network")
		f.Networks[network] = true
		if t.exists("Bond", t.str("PIF", pif, "bond_slave_of")) {
			f.Enslaved[network] = true
		}
	}
	for _, network := range t.all("network") {
		if len(t.members("network", network, "PIFs")) == 0 && t.internalReachable(network, ref) {
			f.Networks[network] = true
		}
	}
	return f
}

// internalReachable reports whether an internal network can be used on a host. xapi: one without a PIF lives where the
// running VMs on it are, unless it is marked as shared.
func (t *tx) internalReachable(network, host string) bool {
	if text(t.dict("network", network, "other_config"), "assume_network_is_shared") == "true" || !t.flag("network", network, "managed") {
		return true
	}
	for _, vif := range t.strs("network", network, "VIFs") {
		on := t.str("VM", t.str("VIF", vif, "VM"), "resident_on")
		if t.flag("VIF", vif, "currently_attached") && on != host && on != nullRef {
			return false
		}
	}
	return true
}

// hostMemory collects a host's memory and the VMs that count on it.
func (t *tx) hostMemory(ref string) hostMemory { return t.hostMemoryWith(ref, t.scheduled()) }

func (t *tx) hostMemoryWith(ref string, scheduled map[string][]string) hostMemory {
	h := hostMemory{
		Total:    t.num("host_metrics", t.str("host", ref, "metrics"), "memory_total"),
		Overhead: t.num("host", ref, "memory_overhead"),
	}
	residents := t.strs("host", ref, "resident_VMs")
	for _, vm := range residents {
		h.VMs = append(h.VMs, t.vmMemory(vm))
	}
	for _, vm := range scheduled[ref] {
		if !slices.Contains(residents, vm) {
			h.VMs = append(h.VMs, t.vmMemory(vm))
		}
	}
	return h
}

// scheduled lists the VMs that are on their way to a host, by host.
func (t *tx) scheduled() map[string][]string {
	table := t.table("VM")
	field := table.class.at("scheduled_to_be_resident_on")
	vms := map[string][]string{}
	for _, r := range table.rows {
		if host := r.now.values[field].(string); host != nullRef {
			vms[host] = append(vms[host], r.now.ref)
		}
	}
	return vms
}
