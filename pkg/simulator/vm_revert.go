package simulator

import (
	"errors"
	"slices"
)

// keptInRevert are the fields of a VM that a revert leaves as they are, or writes on its own.
var keptInRevert = []string{
	"uuid", "suspend_VDI", "power_state", "parent", "current_operations", "allowed_operations", "guest_metrics", "metrics",
	"resident_on", "domid", "protection_policy", "snapshot_schedule", "scheduled_to_be_resident_on", "snapshots", "tags",
	"affinity", "groups", "consoles", "VBDs", "VIFs", "VGPUs", "VTPMs", "VUSBs", "children", "crash_dumps", "attached_PCIs",
}

// vmRevert is VM.revert: a VM becomes what it was at a snapshot, its disks too. xapi: a VM that is gone is made again, with
// its uuid; one that is live is stopped.
func vmRevert(c *call) (any, error) {
	snapshot, vm := c.str(0), nullRef
	return nil, c.operateVM(snapshot, "revert", func(o *vmOperationCall) error {
		err := o.update(func(t *tx) error { vm = t.revertedVM(snapshot); return nil })
		if err != nil {
			return err
		}
		return (&vmOperationCall{call: c, vm: vm, name: "reverting"}).do(func(o *vmOperationCall) error {
			err := o.view(func(t *tx) error {
				if host := t.str("VM", vm, "resident_on"); t.exists("host", host) && !t.hostLive(host) {
					return fail("HOST_NOT_LIVE", host)
				}
				return nil
			})
			if err == nil {
				err = o.stopHard()
			}
			if err != nil {
				return err
			}
			return o.revert(snapshot)
		}, nil)
	}, func(t *tx) {
		t.announce("VM_SNAPSHOT_REVERTED", vm, "reverted to snapshot: "+t.str("VM", snapshot, "name_label")+" (uuid "+t.str("VM", snapshot, "uuid")+")")
	})
}

// revertedVM is the VM that a snapshot is of, made again if it is gone.
func (t *tx) revertedVM(snapshot string) string {
	vm := t.str("VM", snapshot, "snapshot_of")
	if t.exists("VM", vm) {
		return vm
	}
	class := t.life.pool.schema.classes["VM"]
	old := class.textRecord(t.str("VM", snapshot, "snapshot_metadata"))
	made := t.create("VM", values{
		"uuid": old["uuid"], "power_state": halted, "domid": int64(-1), "metrics": t.create("VM_metrics", values{}),
	})
	for _, sister := range slices.Clone(t.find("VM", "snapshot_of", vm)) {
		t.set("VM", sister, "snapshot_of", made)
	}
	return made
}

// revert writes the fields and exchanges the devices. It cannot be cancelled. xapi: when it fails the VM is Halted, and
// may lack disks.
func (o *vmOperationCall) revert(snapshot string) error {
	state := halted
	err := o.update(func(t *tx) error {
		state = t.str("VM", snapshot, "power_state")
		t.revertFields(o.vm, snapshot)
		return nil
	})
	if err == nil {
		err = o.forwardToDisks(snapshot)
	}
	if err == nil {
		err = o.update(func(t *tx) error {
			o.cancellableIn(t, false)
			t.set("task", o.task, "progress", .1)
			return nil
		})
	}
	if err == nil {
		err = o.revertDevices(snapshot)
	}
	switch {
	case err == nil:
	case errors.Is(err, errLifeEnded), isCode(err, "SR_BACKEND_FAILURE_44"), isCode(err, "SR_BACKEND_FAILURE_109"), isCode(err, "VDI_INCOMPATIBLE_TYPE"):
		return err
	default:
		return fail("VM_REVERT_FAILED", snapshot, o.vm)
	}
	return o.update(func(t *tx) error {
		t.revertMetrics(o.vm, snapshot)
		t.set("VM", o.vm, "parent", snapshot)
		t.set("task", o.task, "progress", 1.0)
		t.set("VM", o.vm, "power_state", state)
		if state == halted {
			t.detachDevices(o.vm)
		}
		return nil
	})
}

// revertFields writes the VM's fields as they were.
func (t *tx) revertFields(vm, snapshot string) {
	class := t.life.pool.schema.classes["VM"]
	old := class.textRecord(t.str("VM", snapshot, "snapshot_metadata"))
	for _, f := range class.fields {
		if v, ok := old[f.Name]; ok && !slices.Contains(keptInRevert, f.Name) {
			if f.Name == "ha_always_run" {
				v = false
			}
			t.set("VM", vm, f.Name, v)
		}
	}
}

// revertMetrics gives the VM copies of the snapshot's metrics.
func (t *tx) revertMetrics(vm, snapshot string) {
	t.destroy("VM_guest_metrics", t.str("VM", vm, "guest_metrics"))
	if guest := t.copyRow("VM_guest_metrics", t.str("VM", snapshot, "guest_metrics"), nil); guest != nullRef {
		t.set("VM", vm, "guest_metrics", guest)
	}
	t.destroy("VM_metrics", t.str("VM", vm, "metrics"))
	t.set("VM", vm, "metrics", t.copyRow("VM_metrics", t.str("VM", snapshot, "metrics"), nil))
}

// revertDevices destroys the VM's devices, and those disks that the snapshot has one of, and makes them like the
// snapshot's. xapi: the old disks go first, for the space.
func (o *vmOperationCall) revertDevices(snapshot string) error {
	if err := o.dropDevices(snapshot); err != nil {
		return err
	}
	o.progress(.2)
	from := &vmOperationCall{call: o.call, vm: snapshot}
	disks, err := from.copyDisks("clone", nullRef)
	if err != nil {
		return err
	}
	o.progress(.5)
	image := nullRef
	err = o.update(func(t *tx) error {
		image = t.str("VM", snapshot, "suspend_VDI")
		for _, vbd := range t.strs("VM", snapshot, "VBDs") {
			t.adoptSnapshots(t.str("VBD", vbd, "VDI"), disks[vbd])
		}
		return nil
	})
	if err == nil && image != nullRef {
		image, err = o.beneath("Async.VDI.clone", func(task string) (string, error) { return o.cloneDisk(image, "clone", task) }, nil)
	}
	if err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		t.set("task", o.task, "progress", .6)
		for _, vbd := range t.strs("VM", snapshot, "VBDs") {
			vdi, cloned := disks[vbd]
			if !cloned {
				vdi = t.str("VBD", vbd, "VDI")
			}
			t.copyVBD(o.vm, vbd, vdi)
		}
		t.set("task", o.task, "progress", .7)
		t.set("VM", o.vm, "suspend_VDI", image)
		for _, vif := range slices.Clone(t.strs("VM", o.vm, "VIFs")) {
			t.innerTask("VIF.destroy", o.task, nullRef, func(string) { t.destroy("VIF", vif) })
		}
		for _, vif := range t.strs("VM", snapshot, "VIFs") {
			t.copyVIF(o.vm, vif, true)
		}
		t.set("task", o.task, "progress", .9)
		return nil
	})
}

// dropDevices destroys the VM's disk devices, its suspend image and those disks that the snapshot has one of.
func (o *vmOperationCall) dropDevices(snapshot string) error {
	return o.update(func(t *tx) error {
		var originals []string
		for _, vbd := range t.strs("VM", snapshot, "VBDs") {
			originals = append(originals, t.str("VDI", t.str("VBD", vbd, "VDI"), "snapshot_of"))
		}
		drop := []string{t.str("VM", o.vm, "suspend_VDI")}
		for _, vbd := range slices.Clone(t.strs("VM", o.vm, "VBDs")) {
			if vdi := t.str("VBD", vbd, "VDI"); slices.Contains(originals, vdi) && t.str("VBD", vbd, "type") == "Disk" {
				drop = append(drop, vdi)
			}
			t.innerTask("VBD.destroy", o.task, nullRef, func(string) { t.destroy("VBD", vbd) })
		}
		for _, vdi := range drop {
			t.destroyDisk(vdi, o.task)
		}
		return nil
	})
}

// adoptSnapshots makes every snapshot of the disk that a snapshot was of one of the disk that took its place.
func (t *tx) adoptSnapshots(snapshot, disk string) {
	of := t.str("VDI", snapshot, "snapshot_of")
	if disk == "" || of == nullRef {
		return
	}
	for _, sister := range slices.Clone(t.find("VDI", "snapshot_of", of)) {
		t.set("VDI", sister, "snapshot_of", disk)
	}
}
