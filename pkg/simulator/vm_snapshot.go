package simulator

// vmSnapshot is VM.snapshot. xapi: a snapshot is a VM record, template and snapshot at once, and its VM's new parent.
func vmSnapshot(c *call) (any, error) {
	made, name := nullRef, c.str(1)
	o := &vmOperationCall{call: c, vm: c.str(0), name: "snapshot", ignored: wordsOf(c.members(2))}
	err := o.do(func(o *vmOperationCall) error {
		if err := o.forwardToDisks(o.vm); err != nil {
			return err
		}
		disks, err := o.copyDisks("snapshot", nullRef)
		if err != nil {
			return err
		}
		return o.update(func(t *tx) error {
			made = t.snapshotRecord(o.vm, name, disks, values{"current_operations": mapOf(o.task, "snapshot")})
			t.unmark("VM", made, o.task)
			t.detachDevices(made)
			t.refreshVM(made)
			return nil
		})
	}, func(t *tx) { t.announce("VM_SNAPSHOTTED", o.vm, "snapshotted, snapshot name: "+name) })
	return made, err
}

// snapshotVM makes a whole snapshot of a VM with these disks, by VBD of the VM.
func (t *tx) snapshotVM(vm, name string, disks map[string]string) string {
	made := t.snapshotRecord(vm, name, disks, values{})
	t.detachDevices(made)
	t.refreshVM(made)
	return made
}

// snapshotRecord makes the record of a snapshot with its devices; v is what it has beside that.
func (t *tx) snapshotRecord(vm, name string, disks map[string]string, v values) string {
	state := t.str("VM", vm, "power_state")
	for field, value := range (values{
		"is_a_template": true, "is_a_snapshot": true, "snapshot_of": vm, "snapshot_time": t.now(),
		"snapshot_info":     mapOf("power-state-at-snapshot", state, "disk-snapshot-type", "crash_consistent"),
		"snapshot_metadata": recordText(t.record("VM", vm)), "parent": t.str("VM", vm, "parent"),
	}) {
		if _, given := v[field]; !given {
			v[field] = value
		}
	}
	return t.copyVM(vm, name, disks, v, func(made string) { t.set("VM", vm, "parent", made) })
}

// vmCheckpoint is VM.checkpoint: a snapshot with the memory. xapi: a running VM is suspended for it, without leaving its
// host, and runs on when that is done, whether it worked or not.
func vmCheckpoint(c *call) (any, error) {
	vm, name, made := c.str(0), c.str(1), nullRef
	err := c.operateVM(vm, "checkpoint", func(o *vmOperationCall) error {
		state, err := o.checkCheckpoint()
		if err == nil && state == running {
			err = o.freeze()
		}
		if err != nil {
			return err
		}
		made, err = o.checkpoint(name, state)
		if state == running {
			if thawed := o.thaw(); err == nil {
				err = thawed
			}
		}
		return err
	}, func(t *tx) { t.announce("VM_CHECKPOINTED", vm, "checkpointed, snapshot name: "+name) })
	return made, err
}

// checkCheckpoint refuses a VM whose disks cannot be snapshotted, and gives its power state.
func (o *vmOperationCall) checkCheckpoint() (state string, err error) {
	err = o.view(func(t *tx) error {
		state = t.str("VM", o.vm, "power_state")
		for _, vbd := range t.strs("VM", o.vm, "VBDs") {
			vdi := t.str("VBD", vbd, "VDI")
			if t.exists("VDI", vdi) && t.str("VBD", vbd, "type") != "CD" && !t.driverFeatures(t.str("VDI", vdi, "SR"))["VDI_SNAPSHOT"] {
				return fail("SR_OPERATION_NOT_SUPPORTED", o.vm)
			}
		}
		return nil
	})
	return state, err
}

// freeze writes the memory to an image and stops the domain where it is.
func (o *vmOperationCall) freeze() error {
	host, err := o.makeSuspendImage()
	if err != nil {
		return err
	}
	var memory int64
	err = o.view(func(t *tx) error { memory = t.num("VM", o.vm, "memory_dynamic_max"); return nil })
	if err == nil {
		err = o.onHost(host, func() error {
			return o.steps(o.takes(timingSuspend)+o.memoryTime(memory), 1./18, 10./18, 9)
		})
	}
	if err != nil {
		return o.dropImage(err)
	}
	return o.update(func(t *tx) error {
		o.commit(t, 21)
		t.set("VM", o.vm, "power_state", suspended)
		t.refreshVM(o.vm)
		t.set("VM", o.vm, "last_booted_record", t.bootRecord(o.vm))
		t.refreshDevices(o.vm)
		return nil
	})
}

// checkpoint makes the record with its disks and the memory's image.
func (o *vmOperationCall) checkpoint(name, state string) (string, error) {
	disks, err := o.copyDisks("snapshot", nullRef)
	if err != nil {
		return nullRef, err
	}
	made, image := nullRef, nullRef
	err = o.update(func(t *tx) error {
		image = t.str("VM", o.vm, "suspend_VDI")
		made = t.snapshotRecord(o.vm, name, disks, values{
			"power_state": suspended, "current_operations": mapOf(o.task, "checkpoint"),
			"snapshot_info":      mapOf("power-state-at-snapshot", state, "disk-snapshot-type", "crash_consistent"),
			"last_booted_record": t.str("VM", o.vm, "last_booted_record"),
		})
		return nil
	})
	if err != nil {
		return nullRef, err
	}
	saved, err := o.beneath("Async.VDI.snapshot", func(task string) (string, error) { return o.cloneDisk(image, "snapshot", task) }, nil)
	ended := o.update(func(t *tx) error {
		if err == nil {
			t.set("VM", made, "suspend_VDI", saved)
		}
		t.unmark("VM", made, o.task)
		t.refreshVM(made)
		return nil
	})
	if err == nil {
		err = ended
	}
	return made, err
}

// thaw lets the VM run on from its image.
func (o *vmOperationCall) thaw() error {
	var memory int64
	host := nullRef
	err := o.view(func(t *tx) error {
		memory, host = t.num("VM", o.vm, "memory_dynamic_max"), t.str("VM", o.vm, "resident_on")
		return nil
	})
	if err == nil {
		err = o.onHost(host, func() error {
			return o.steps(o.takes(timingResume)+o.memoryTime(memory), .1, .55, 9)
		})
	}
	if err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		t.set("VM", o.vm, "power_state", running)
		t.refreshVM(o.vm)
		t.newDomain(o.vm)
		t.writeTimeOffset(o.vm)
		t.set("VM_metrics", t.str("VM", o.vm, "metrics"), "start_time", t.now())
		t.refreshDevices(o.vm)
		t.guestLooksAround(o.vm)
		t.settle(o.vm, host, o.task)
		image := t.str("VM", o.vm, "suspend_VDI")
		t.set("VM", o.vm, "suspend_VDI", nullRef)
		t.destroyDisk(image, o.task)
		return nil
	})
}
