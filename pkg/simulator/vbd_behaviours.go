package simulator

import (
	"slices"
	"strings"
)

// vbdBehaviours are the calls of class VBD that do more than read and write a field.
func vbdBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VBD.create":            vbdCreate,
		"VBD.destroy":           vbdDestroy,
		"VBD.plug":              vbdPlug,
		"VBD.unplug":            vbdUnplug("unplug"),
		"VBD.unplug_force":      vbdUnplug("unplug_force"),
		"VBD.insert":            vbdInsert,
		"VBD.eject":             vbdEject,
		"VBD.set_mode":          vbdSetMode,
		"VBD.assert_attachable": vbdAssertAttachable,
	}
}

// diskTypes are the types of disks that a VM may have.
var diskTypes = []string{"system", "user", "ephemeral", "suspend", "crashdump", "metadata", "rrd", "pvs_cache"}

// vbdCreate is VBD.create: in a running VM the new device is not plugged until VBD.plug.
func vbdCreate(c *call) (any, error) {
	r, made := givenRecord(c.dict(0)), nullRef
	err := c.update(func(t *tx) error {
		if err := t.checkNewVBD(r); err != nil {
			return err
		}
		device, err := t.newDiskDevice(r.str("VM"), r.str("userdevice"))
		if err != nil {
			return err
		}
		v := r.values("VM", "VDI", "bootable", "mode", "type", "unpluggable", "empty", "other_config", "qos_algorithm_type", "qos_algorithm_params")
		v["userdevice"], v["metrics"] = device, t.life.pool.newRef()
		if r.flag("empty") {
			v["VDI"] = nullRef
		}
		made = t.create("VBD", v)
		t.refreshVBD(made)
		return nil
	})
	return made, err
}

// checkNewVBD refuses a device that cannot be. xapi: in this order.
func (t *tx) checkNewVBD(r givenRecord) error {
	if err := t.checkNewMedium(r); err != nil {
		return err
	}
	vm := r.str("VM")
	if err := t.must("VM", vm); err != nil {
		return err
	}
	for _, op := range t.currentOperations("VM", vm) {
		if op.Operation == "pool_migrate" || op.Operation == "migrate_send" {
			return fail("OTHER_OPERATION_IN_PROGRESS", "VM", vm, op.Operation, op.Task)
		}
	}
	if sr := t.str("VDI", r.str("VDI"), "SR"); !r.flag("empty") && t.mustStayAgile(vm) && !t.flag("SR", sr, "shared") {
		return fail("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)
	}
	return nil
}

// checkNewMedium refuses a disk that cannot be in such a device.
func (t *tx) checkNewMedium(r givenRecord) error {
	vdi, empty, cd := r.str("VDI"), r.flag("empty"), r.str("type") == "CD"
	if !empty {
		if err := t.must("VDI", vdi); err != nil {
			return err
		}
		if kind := t.str("VDI", vdi, "type"); !slices.Contains(diskTypes, kind) {
			return fail("VDI_INCOMPATIBLE_TYPE", vdi, kind)
		}
	}
	switch {
	case cd && r.str("mode") != "RO":
		return fail("VBD_CDS_MUST_BE_READONLY")
	case !cd && empty:
		return fail("VBD_NOT_REMOVABLE_MEDIA", "in constructor")
	case cd && !empty && !t.isISO(vdi):
		return fail("VDI_IS_NOT_ISO", vdi, t.str("VDI", vdi, "type"))
	case !empty && r.str("mode") == "RW" && t.flag("VDI", vdi, "read_only"):
		return fail("VDI_READONLY", vdi)
	}
	return nil
}

// mustStayAgile reports whether HA answers for a VM, which then may have nothing that one host alone has.
func (t *tx) mustStayAgile(vm string) bool {
	pool := t.the("pool")
	return t.flag("pool", pool, "ha_enabled") && !t.flag("pool", pool, "ha_allow_overcommit") &&
		t.protected(vm) && t.flag("VM", vm, "ha_always_run")
}

// isISO reports whether a disk can be put into a drive.
func (t *tx) isISO(vdi string) bool {
	sr := t.str("VDI", vdi, "SR")
	return t.str("SR", sr, "content_type") == "iso" || t.str("SR", sr, "type") == "udev"
}

// newDiskDevice is the device of a new VBD of a VM: the wanted one if it is free, or the first that is.
func (t *tx) newDiskDevice(vm, wanted string) (string, error) {
	free := t.freeDisks(vm)
	if wanted == "autodetect" {
		if len(free) == 0 {
			return "", fail("INVALID_DEVICE", wanted)
		}
		return free[0], nil
	}
	n, ok := diskNumber(wanted)
	if !ok || n < 0 {
		return "", fail("INVALID_DEVICE", wanted)
	}
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		for _, field := range []string{"userdevice", "device"} {
			if used, ok := diskNumber(t.str("VBD", vbd, field)); ok && used == n {
				return "", fail("DEVICE_ALREADY_EXISTS", wanted)
			}
		}
	}
	return wanted, nil
}

// vbdDestroy is VBD.destroy. xapi: the disk stays.
func vbdDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vbd := c.str(0)
		if err := t.must("VBD", vbd); err != nil {
			return err
		}
		if t.flag("VBD", vbd, "currently_attached") || t.flag("VBD", vbd, "reserved") {
			return fail("OPERATION_NOT_ALLOWED", "VBD '"+t.str("VBD", vbd, "uuid")+"' still attached to '"+t.str("VM", t.str("VBD", vbd, "VM"), "uuid")+"'")
		}
		vdi := t.str("VBD", vbd, "VDI")
		t.destroy("VBD", vbd)
		t.refreshVDI(vdi)
		return nil
	})
}

// vbdPlug is VBD.plug: a running guest gets a disk.
func vbdPlug(c *call) (any, error) {
	vbd := c.str(0)
	return nil, c.onDevice(deviceOp{"VBD", vbd, "plug", func(t *tx) *Failure {
		return checkVBDOperation(t.vbdFactsToBegin(vbd, t.str("VBD", vbd, "VDI")), "plug")
	}}, func(t *tx) error {
		t.set("VBD", vbd, "device", guestDeviceName(t.str("VBD", vbd, "userdevice")))
		t.set("VBD", vbd, "currently_attached", true)
		return nil
	})
}

// vbdUnplug is VBD.unplug and VBD.unplug_force.
func vbdUnplug(op string) behaviour {
	return func(c *call) (any, error) {
		vbd := c.str(0)
		return nil, c.onDevice(deviceOp{"VBD", vbd, op, func(t *tx) *Failure {
			return checkVBDOperation(t.deviceFacts("VBD", vbd), op)
		}}, func(t *tx) error {
			t.set("VBD", vbd, "currently_attached", false)
			return nil
		})
	}
}

// vbdInsert is VBD.insert: a disc is put into an empty drive.
func vbdInsert(c *call) (any, error) {
	vbd, vdi := c.str(0), c.str(1)
	return nil, c.onDevice(deviceOp{"VBD", vbd, "insert", func(t *tx) *Failure {
		return checkVBDOperation(t.vbdFactsToBegin(vbd, vdi), "insert")
	}}, func(t *tx) error {
		if err := t.must("VDI", vdi); err != nil {
			return err
		}
		switch {
		case !t.isISO(vdi):
			return fail("VDI_IS_NOT_ISO", vdi, t.str("VDI", vdi, "type"))
		case !t.flag("VDI", vdi, "managed"):
			return fail("VDI_NOT_MANAGED", vdi)
		}
		t.set("VBD", vbd, "VDI", vdi)
		t.set("VBD", vbd, "empty", false)
		return nil
	})
}

// vbdEject is VBD.eject: the disc is taken out.
func vbdEject(c *call) (any, error) {
	vbd := c.str(0)
	return nil, c.onDevice(deviceOp{"VBD", vbd, "eject", func(t *tx) *Failure {
		return checkVBDOperation(t.deviceFacts("VBD", vbd), "eject")
	}}, func(t *tx) error {
		vdi := t.str("VBD", vbd, "VDI")
		t.set("VBD", vbd, "empty", true)
		t.set("VBD", vbd, "VDI", nullRef)
		t.refreshVDI(vdi)
		return nil
	})
}

// vbdSetMode is VBD.set_mode: only while the VM is Halted.
func vbdSetMode(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vbd := c.str(0)
		if err := t.must("VBD", vbd); err != nil {
			return err
		}
		vm := t.str("VBD", vbd, "VM")
		if state := t.str("VM", vm, "power_state"); state != halted {
			return fail("VM_BAD_POWER_STATE", vm, "halted", strings.ToLower(state))
		}
		t.set("VBD", vbd, "mode", c.str(1))
		return nil
	})
}

// vbdAssertAttachable is VBD.assert_attachable.
func vbdAssertAttachable(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		vbd := c.str(0)
		if err := t.must("VBD", vbd); err != nil {
			return err
		}
		if err := checkVBDOperation(t.vbdFactsToBegin(vbd, t.str("VBD", vbd, "VDI")), "attach"); err != nil {
			return err
		}
		return nil
	})
}
