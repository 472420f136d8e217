package simulator

import "slices"

// deviceFacts collects what decides the allowed operations of a VM's device.
func (t *tx) deviceFacts(class, ref string) deviceFacts {
	vm := t.str(class, ref, "VM")
	f := t.vmFacts(vm)
	d := deviceFacts{
		Ref: ref, VM: vm, PowerState: f.PowerState, Current: t.currentOperations(class, ref),
		Plugged: t.flag(class, ref, "currently_attached") || t.flag(class, ref, "reserved"),
		HVM:     f.DomainType == "hvm", Drivers: f.DriversKnown, Hotplug: "unspecified",
	}
	if guest := t.str("VM", vm, "guest_metrics"); t.exists("VM_guest_metrics", guest) {
		field := "can_use_hotplug_vif"
		if class == "VBD" {
			field = "can_use_hotplug_vbd"
			d.Drivers = d.Drivers || t.flag("VM_guest_metrics", guest, "PV_drivers_detected")
		}
		d.Hotplug = t.str("VM_guest_metrics", guest, field)
	}
	for _, c := range f.Current {
		if slices.Contains([]string{"clean_shutdown", "hard_shutdown", "suspend", "pause"}, c.Operation) {
			d.VMOperation = c.Operation
		}
	}
	if class == "VBD" {
		d.CD, d.Empty = t.str(class, ref, "type") == "CD", t.flag(class, ref, "empty")
		d.NotRemovable, d.VDI = !t.flag(class, ref, "unpluggable"), t.str(class, ref, "VDI")
		for _, c := range t.currentOperations("VDI", d.VDI) {
			if c.Operation != "mirror" && c.Operation != "copy" {
				d.VDIBusy = append(d.VDIBusy, c)
			}
		}
	}
	return d
}

// vbdFactsToBegin is deviceFacts of a VBD with the question whether its disk can be shared. xapi: a disk that a VM writes
// to is nobody else's, and who writes shares with nobody, unless the disk says that it can be shared. Suspended VMs and
// control domains do not count.
func (t *tx) vbdFactsToBegin(vbd, vdi string) deviceFacts {
	d := t.deviceFacts("VBD", vbd)
	d.VDI = vdi
	if d.Empty && vdi == nullRef || d.Plugged {
		return d
	}
	writes := t.str("VBD", vbd, "mode") == "RW"
	others, written := false, false
	for _, other := range t.strs("VDI", vdi, "VBDs") {
		vm := t.str("VBD", other, "VM")
		active := t.flag("VBD", other, "currently_attached") || t.flag("VBD", other, "reserved") || len(t.dict("VBD", other, "current_operations")) > 0
		if other == vbd || !active || t.str("VM", vm, "power_state") == suspended || t.flag("VM", vm, "is_control_domain") {
			continue
		}
		others = true
		written = written || t.str("VBD", other, "mode") == "RW"
	}
	d.DiskInUse = !t.flag("VDI", vdi, "sharable") && !t.flag("VM", d.VM, "is_control_domain") && (written || writes && others)
	d.DiskReadOnly = writes && t.flag("VDI", vdi, "read_only")
	return d
}

// checkDisksForStart says why a VM's disks cannot be attached now; nil: they can.
func (t *tx) checkDisksForStart(vm string) error {
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		if vdi := t.str("VBD", vbd, "VDI"); !t.flag("VBD", vbd, "empty") && !t.exists("VDI", vdi) {
			return noSuch("VDI", vdi)
		}
		if err := checkVBDOperation(t.vbdFactsToBegin(vbd, t.str("VBD", vbd, "VDI")), "attach"); err != nil {
			return err
		}
	}
	return nil
}
