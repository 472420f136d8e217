package simulator

import "cmp"

// copiedFields are those that a clone, copy or snapshot has from its source.
var copiedFields = []string{
	"name_description", "user_version", "is_a_template", "affinity", "memory_overhead", "memory_target", "memory_static_max",
	"memory_dynamic_max", "memory_dynamic_min", "memory_static_min", "VCPUs_params", "VCPUs_max", "VCPUs_at_startup",
	"actions_after_softreboot", "actions_after_shutdown", "actions_after_reboot", "actions_after_crash", "HVM_boot_policy",
	"HVM_boot_params", "HVM_shadow_multiplier", "platform", "other_config", "xenstore_data", "recommendations", "tags",
	"ha_restart_priority", "bios_strings", "hardware_platform_version", "has_vendor_device", "domain_type", "NVRAM",
	"last_boot_CPU_flags",
}

// copyVM makes a record like a VM's, with these disks, by VBD of the source; what else the copy is goes into v. It is what
// clone, copy and snapshot have in common. xapi: tags and other_config go along, and so do copies of the metrics: the
// addresses of the source's guest are those of the copy's, until its first start.
func (t *tx) copyVM(vm, name string, disks map[string]string, v values) string {
	source := t.record("VM", vm)
	given := values{}
	for _, field := range copiedFields {
		given[field] = source.get(field)
	}
	given["other_config"] = t.copiedConfig(vm)
	given["name_label"], given["power_state"], given["domid"] = name, halted, int64(-1)
	given["metrics"] = t.copyRow("VM_metrics", t.str("VM", vm, "metrics"), values{"current_domain_type": "unspecified"})
	given["guest_metrics"] = t.copyRow("VM_guest_metrics", t.str("VM", vm, "guest_metrics"), nil)
	for field, value := range v {
		given[field] = value
	}
	copied := t.create("VM", given)
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		vdi := cmp.Or(disks[vbd], nullRef)
		t.makeVBD(copied, vdi, cmp.Or(t.str("VBD", vbd, "userdevice"), "0"), t.flag("VBD", vbd, "bootable"))
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.refreshVIF(t.makeVIF(copied, t.str("VIF", vif, "device")))
	}
	return copied
}

// copiedConfig is the other_config of a copy of a VM.
func (t *tx) copiedConfig(vm string) Map {
	config := withoutKey(withoutKey(t.dict("VM", vm, "other_config"), "default_template"), "xensource_internal")
	if t.flag("VM", vm, "is_a_template") && !t.flag("VM", vm, "is_a_snapshot") {
		config = withKey(config, "base_template_name", t.str("VM", vm, "name_label"))
	}
	return withKey(config, "mac_seed", t.life.pool.newUUID())
}

// copyRow makes a row like another, with a uuid of its own; nullRef where there is none to copy and the class is not one
// that every VM needs.
func (t *tx) copyRow(class, ref string, v values) string {
	source := t.record(class, ref)
	if source == nil && class != "VM_metrics" {
		return nullRef
	}
	given := values{}
	if source != nil {
		for i, f := range source.class.fields {
			if f.Name != "uuid" {
				given[f.Name] = source.values[i]
			}
		}
	}
	for field, value := range v {
		given[field] = value
	}
	return t.create(class, given)
}

// copyDisk makes a VDI like another on an SR, nullRef being the same one, as an asynchronous call of a task. verb is what
// the call does: clone, copy or snapshot.
func (t *tx) copyDisk(vdi, sr, verb, parent string) string {
	source := t.record("VDI", vdi)
	if !t.exists("SR", sr) {
		sr = t.str("VDI", vdi, "SR")
	}
	uuid := t.life.pool.newUUID()
	v := values{"uuid": uuid, "location": uuid, "managed": true, "SR": sr}
	for _, field := range []string{"name_label", "name_description", "virtual_size", "physical_utilisation", "type", "on_boot"} {
		v[field] = source.get(field)
	}
	if verb == "snapshot" {
		v["is_a_snapshot"], v["snapshot_of"], v["snapshot_time"] = true, vdi, t.now()
	}
	made := ""
	t.storageTask("Async.VDI."+verb, parent, sr, "vdi_"+verb, func(task string) string {
		was := t.get("VDI", vdi, "allowed_operations")
		t.mark("VDI", vdi, task, verb)
		t.set("VDI", vdi, "allowed_operations", Set{})
		made = t.introduceDisk(v)
		if verb != "snapshot" {
			t.set("VDI", made, "snapshot_time", t.now())
		}
		t.unmark("SR", sr, task)
		t.set("SR", sr, "allowed_operations", srAllowedOperations())
		t.unmark("VDI", vdi, task)
		t.set("VDI", vdi, "allowed_operations", was)
		return made
	})
	return made
}

// introduceDisk makes the row of a VDI as a storage backend does.
func (t *tx) introduceDisk(v values) string {
	vdi := ""
	t.innerTaskWith("VDI.db_introduce", nullRef, nullRef, func(string) string {
		vdi = t.create("VDI", v)
		t.set("VDI", vdi, "allowed_operations", setOf(vdiAllowedOperations(false, false)...))
		return vdi
	})
	return vdi
}
