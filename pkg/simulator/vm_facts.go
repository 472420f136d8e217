package simulator

// currentOperations reads a current_operations field, newest first.
func (t *tx) currentOperations(class, ref string) []runningOperation {
	m := t.dict(class, ref, "current_operations")
	list := make([]runningOperation, len(m))
	for i, e := range m {
		list[i] = runningOperation{Task: e.Key, Operation: e.Value.(string)}
	}
	return list
}

// vmFacts collects what decides a VM's allowed operations.
func (t *tx) vmFacts(ref string) vmFacts {
	otherConfig := t.dict("VM", ref, "other_config")
	metrics := t.str("VM", ref, "metrics")
	guest := t.str("VM", ref, "guest_metrics")
	version := t.dict("VM_guest_metrics", guest, "PV_drivers_version")
	f := vmFacts{
		Ref: ref, PowerState: t.str("VM", ref, "power_state"), Current: t.currentOperations("VM", ref),
		Blocked: textMap(t.dict("VM", ref, "blocked_operations")), IsTemplate: t.flag("VM", ref, "is_a_template"),
		IsSnapshot:        t.flag("VM", ref, "is_a_snapshot"),
		IsDefaultTemplate: t.flag("VM", ref, "is_default_template") || text(otherConfig, "default_template") == "true",
		IsControlDomain:   t.flag("VM", ref, "is_control_domain"),
		IsSystemDomain:    text(otherConfig, "is_system_domain") == "true",
		DomainType:        t.str("VM_metrics", metrics, "current_domain_type"),
		DriversKnown:      text(version, "major") != "" && text(version, "minor") != "",
		GuestOther:        textMap(t.dict("VM_guest_metrics", guest, "other")),
		NestedVirt:        t.flag("VM_metrics", metrics, "nested_virt"),
		HasPCI:            len(t.members("VM", ref, "attached_PCIs")) > 0,
		HasVGPU:           len(t.members("VM", ref, "VGPUs")) > 0,
		HasVUSB:           len(t.members("VM", ref, "VUSBs")) > 0,
		VTPMs:             len(t.members("VM", ref, "VTPMs")),
		Appliance:         present(t.str("VM", ref, "appliance")),
		Schedule:          present(t.str("VM", ref, "snapshot_schedule")),
		CloneOfSaved:      text(t.dict("pool", t.the("pool"), "other_config"), "allow_clone_suspended_vm") == "true",
		SysprepPlayed:     t.life.pool.model.since(25, 24),
	}
	f.IsDom0 = f.IsControlDomain && t.num("VM", ref, "domid") == 0
	f.Immobile = f.NestedVirt || t.flag("VM_metrics", metrics, "nomigrate")
	if platform := t.dict("VM", ref, "platform"); !t.exists("VM_metrics", metrics) {
		f.NestedVirt = ocamlTrue(text(platform, "nested-virt"))
		f.Immobile = f.NestedVirt || ocamlTrue(text(platform, "nomigrate"))
	}
	for _, vbd := range t.strs("VM", ref, "VBDs") {
		sm := t.dict("VDI", t.str("VBD", vbd, "VDI"), "sm_config")
		if text(sm, "on_boot") == "reset" {
			f.ResetsDisk = true
			f.CachesDisk = f.CachesDisk || text(sm, "caching") == "true"
		}
	}
	return f
}

// hostFacts collects what decides a host's allowed operations.
func (t *tx) hostFacts(ref string) hostFacts {
	return hostFacts{
		Ref: ref, Enabled: t.flag("host", ref, "enabled"), Live: t.hostLive(ref), Current: t.currentOperations("host", ref),
		PowersOn: t.str("host", ref, "power_on_mode") != "",
	}
}

// hostLive reports whether the pool holds a host for alive.
func (t *tx) hostLive(ref string) bool {
	return t.flag("host_metrics", t.str("host", ref, "metrics"), "live")
}

// refreshVM recomputes a VM's allowed_operations.
func (t *tx) refreshVM(ref string) {
	if t.exists("VM", ref) {
		t.set("VM", ref, "allowed_operations", setOf(vmAllowedOperations(t.vmFacts(ref))...))
		t.refreshAppliance(t.str("VM", ref, "appliance"))
		t.watchGroup(ref)
	}
}

// refreshHost recomputes a host's allowed_operations.
func (t *tx) refreshHost(ref string) {
	if t.exists("host", ref) {
		t.set("host", ref, "allowed_operations", setOf(hostAllowedOperations(t.hostFacts(ref))...))
	}
}

// refreshVBD recomputes a VBD's allowed_operations.
func (t *tx) refreshVBD(ref string) {
	t.set("VBD", ref, "allowed_operations", setOf(vbdAllowedOperations(t.deviceFacts("VBD", ref))...))
}

// refreshVIF recomputes a VIF's allowed_operations.
func (t *tx) refreshVIF(ref string) {
	t.set("VIF", ref, "allowed_operations", setOf(vifAllowedOperations(t.deviceFacts("VIF", ref))...))
}

// refreshDisk recomputes the allowed_operations of the VDI behind a VBD.
func (t *tx) refreshDisk(vbd string) {
	t.refreshVDI(t.str("VBD", vbd, "VDI"))
}

// ocamlTrue reports whether a value of VM.platform means yes.
func ocamlTrue(s string) bool { return s == "true" || s == "1" }

// text is a string of a map, "" where the key is missing.
func text(m Map, key string) string {
	v, _ := m.Get(key)
	s, _ := v.(string)
	return s
}

// textMap is a Map of strings as a Go map.
func textMap(m Map) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for _, e := range m {
		out[e.Key], _ = e.Value.(string)
	}
	return out
}

// present is a reference, "" if it is null.
func present(ref string) string {
	if ref == nullRef {
		return ""
	}
	return ref
}
