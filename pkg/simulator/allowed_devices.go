package simulator

import (
	"slices"
	"strings"
)

// deviceFacts is all that decides which operations a VBD or a VIF allows.
type deviceFacts struct {
	Ref, VM      string
	PowerState   string             // of the VM
	VMOperation  string             // "" or a current operation of the VM that its devices make way for
	Current      []runningOperation // of the device
	Plugged      bool
	HVM          bool   // the running domain's kind
	Drivers      bool   // the guest's drivers can take and let go of a device
	Hotplug      string // what the guest says of it: yes, no, unspecified
	CD, Empty    bool   // VBDs only, as all that follows
	NotRemovable bool
	VDI          string
	VDIBusy      []runningOperation // operations on the disk that stand in the way
	DiskInUse    bool               // another VM uses the disk in a way that this device cannot share
	DiskReadOnly bool               // and this device wants to write
}

// The operations of devices in the order in which they stand on the wire. xapi: the order of hash tables.
var (
	vbdOperations = []string{"attach", "unpause", "unplug", "plug", "insert", "unplug_force", "pause", "eject"}
	vifOperations = []string{"attach", "unplug", "plug"}
)

// vbdAllowedOperations computes the list for a VBD, in wire order. xapi: whether the disk can be shared is only asked when
// an operation begins.
func vbdAllowedOperations(d deviceFacts) []string {
	d.DiskInUse, d.DiskReadOnly = false, false
	return slices.DeleteFunc(slices.Clone(vbdOperations), func(op string) bool { return checkVBDOperation(d, op) != nil })
}

// vifAllowedOperations computes the list for a VIF, in wire order.
func vifAllowedOperations(d deviceFacts) []string {
	return slices.DeleteFunc(slices.Clone(vifOperations), func(op string) bool { return checkVIFOperation(d, op) != nil })
}

// checkVBDOperation says why an operation on a VBD is not allowed now; nil: it is. xapi: in this order.
func checkVBDOperation(d deviceFacts, op string) *Failure {
	if d.busyVBD(op) {
		return otherOperation("VBD", d.Ref, d.Current, func(op string) string { return op })
	}
	if err := d.checkMedium(op); err != nil {
		return err
	}
	plugging := op == "plug" || op == "unplug" || op == "unplug_force"
	if err := d.checkPower(op, plugging || d.PowerState != paused && (op == "pause" || op == "unpause")); err != nil {
		return err
	}
	if err := d.checkPlug(op, "VBD", plugging); err != nil {
		return err
	}
	if err := d.checkDrive(op, plugging); err != nil {
		return err
	}
	return d.checkDisk(op)
}

// checkMedium refuses what the kind of a VBD, and what is in it, do not allow.
func (d deviceFacts) checkMedium(op string) *Failure {
	switch op {
	case "unplug", "unplug_force":
		if d.NotRemovable {
			return fail("VBD_NOT_UNPLUGGABLE", d.Ref)
		}
	case "insert", "eject":
		switch {
		case !d.CD:
			return fail("VBD_NOT_REMOVABLE_MEDIA", d.Ref)
		case op == "eject" && d.Empty:
			return fail("VBD_IS_EMPTY", d.Ref)
		case op == "insert" && !d.Empty:
			return fail("VBD_NOT_EMPTY", d.Ref)
		}
	}
	return nil
}

// checkDrive refuses what a drive does not do in the VM's power state.
func (d deviceFacts) checkDrive(op string, plugging bool) *Failure {
	switch {
	case plugging && d.CD && d.HVM && d.PowerState == running:
		return fail("OPERATION_NOT_ALLOWED", "HVM CDROMs cannot be hotplugged/unplugged, only inserted or ejected")
	case (op == "insert" || op == "eject") && d.PowerState == suspended:
		return fail("VM_BAD_POWER_STATE", d.VM, "halted, running", "suspended")
	}
	return nil
}

// busyVBD reports whether the operations that run on a VBD exclude another. xapi: pause and unpause go along with each
// other, and unpause with attach, for reboots.
func (d deviceFacts) busyVBD(op string) bool {
	for _, c := range d.Current {
		pausing := c.Operation == "pause" || c.Operation == "unpause"
		switch op {
		case "unpause":
			if !pausing && c.Operation != "attach" {
				return true
			}
		case "pause":
			if !pausing {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// checkPower refuses what only a running VM's devices do, and plugging what is plugged.
func (d deviceFacts) checkPower(op string, needsRunning bool) *Failure {
	switch {
	case d.PowerState != running && needsRunning:
		return fail("VM_BAD_POWER_STATE", d.VM, "running", strings.ToLower(d.PowerState))
	case d.PowerState == running && d.Plugged && op == "plug":
		return fail("DEVICE_ALREADY_ATTACHED", d.Ref)
	case d.PowerState == running && !d.Plugged && strings.HasPrefix(op, "unplug"):
		return fail("DEVICE_ALREADY_DETACHED", d.Ref)
	}
	return nil
}

// checkPlug refuses plugging while the VM stops, and where the guest has no drivers for it.
func (d deviceFacts) checkPlug(op, class string, plugging bool) *Failure {
	switch {
	case d.VMOperation != "" && (op == "plug" || op == "unplug"):
		return fail("OPERATION_NOT_ALLOWED", "Current operation on VM:"+d.VM+" is "+d.VMOperation)
	case !plugging || !d.HVM || d.PowerState != running || d.Hotplug == "yes":
	case d.Hotplug == "no":
		return fail("OPERATION_NOT_ALLOWED", "VM states it does not support "+class+" hotplug.")
	case !d.Drivers:
		return fail("VM_MISSING_PV_DRIVERS", d.VM)
	}
	return nil
}

// checkDisk refuses what the state of the disk behind a VBD does not allow.
func (d deviceFacts) checkDisk(op string) *Failure {
	if d.Empty && op != "insert" || op != "attach" && op != "plug" && op != "insert" {
		return nil
	}
	switch {
	case len(d.VDIBusy) > 0:
		return otherOperation("VDI", d.VDI, d.VDIBusy, func(op string) string { return op })
	case d.DiskInUse:
		return fail("VDI_IN_USE", d.VDI)
	case d.DiskReadOnly:
		return fail("VDI_READONLY", d.VDI)
	}
	return nil
}

// checkVIFOperation says why an operation on a VIF is not allowed now; nil: it is.
func checkVIFOperation(d deviceFacts, op string) *Failure {
	if len(d.Current) > 0 {
		return otherOperation("VIF", d.Ref, d.Current, func(op string) string { return op })
	}
	plugging := op == "plug" || op == "unplug"
	if err := d.checkPower(op, plugging); err != nil {
		return err
	}
	return d.checkPlug(op, "VIF", plugging)
}
