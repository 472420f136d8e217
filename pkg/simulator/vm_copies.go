package simulator

import "slices"

// vmCopies are the calls that make and destroy VMs.
func vmCopies() map[string]behaviour {
	return map[string]behaviour{
		"VM.clone":     vmCloneOrCopy("clone"),
		"VM.copy":      vmCloneOrCopy("copy"),
		"VM.snapshot":  vmSnapshot,
		"VM.provision": vmProvision,
		"VM.create":    vmCreate,
		"VM.destroy":   vmDestroy,
	}
}

// vmCloneOrCopy is VM.clone and VM.copy: a new VM with disks of its own, Halted. xapi: the disks come first; the new
// record carries the operation too, until it is complete.
func vmCloneOrCopy(name string) behaviour {
	return func(c *call) (any, error) {
		made := nullRef
		err := c.operateVM(c.str(0), name, func(o *vmOperationCall) error {
			to := nullRef
			if name == "copy" {
				to = c.str(2)
			}
			disks, err := o.copyDisks(name, to)
			if err != nil {
				return err
			}
			err = o.update(func(t *tx) error {
				made = t.copyVM(o.vm, c.str(1), disks, values{"current_operations": mapOf(o.task, name)})
				return nil
			})
			if err == nil {
				err = o.sleep(o.takes(timingDisk) / 10)
			}
			ended := o.update(func(t *tx) error {
				t.unmark("VM", made, o.task)
				t.refreshVM(made)
				return nil
			})
			if err != nil {
				return err
			}
			return ended
		}, nil)
		return made, err
	}
}

// copyDisks makes a VDI like each of the VM's, one after the other, on the same SR or on another, and gives them by VBD.
func (o *vmOperationCall) copyDisks(verb, sr string) (map[string]string, error) {
	var vbds []string
	disks := map[string]string{}
	err := o.view(func(t *tx) error {
		for _, vbd := range t.strs("VM", o.vm, "VBDs") {
			if t.exists("VDI", t.str("VBD", vbd, "VDI")) {
				vbds = append(vbds, vbd)
			}
		}
		return nil
	})
	for i, vbd := range vbds {
		if err == nil {
			err = o.sleep(o.takes(timingDisk))
		}
		if err == nil {
			err = o.update(func(t *tx) error {
				disks[vbd] = t.copyDisk(t.str("VBD", vbd, "VDI"), sr, verb, o.task)
				t.set("task", o.task, "progress", float64(i+1)/float64(len(vbds)))
				return nil
			})
		}
	}
	if err != nil {
		_ = o.update(func(t *tx) error { // err says more
			for _, vdi := range disks {
				t.destroy("VDI", vdi)
			}
			return nil
		})
	}
	return disks, err
}

// vmSnapshot is VM.snapshot. xapi: a snapshot is a VM record, template and snapshot at once, and its VM's new parent.
func vmSnapshot(c *call) (any, error) {
	made := nullRef
	err := c.operateVM(c.str(0), "snapshot", func(o *vmOperationCall) error {
		disks, err := o.copyDisks("snapshot", nullRef)
		if err != nil {
			return err
		}
		return o.update(func(t *tx) error { made = t.snapshotVM(o.vm, c.str(1), disks); return nil })
	}, func(t *tx) { t.announce("VM_SNAPSHOTTED", c.str(0), "snapshotted") })
	return made, err
}

// snapshotVM makes the record of a snapshot with these disks, by VBD of its VM.
func (t *tx) snapshotVM(vm, name string, disks map[string]string) string {
	state := t.str("VM", vm, "power_state")
	made := t.copyVM(vm, name, disks, values{
		"is_a_template": true, "is_a_snapshot": true, "snapshot_of": vm, "snapshot_time": t.now(),
		"snapshot_info": mapOf("power-state-at-snapshot", state, "disk-snapshot-type", "crash_consistent"),
		"parent":        t.str("VM", vm, "parent"),
	})
	t.set("VM", vm, "parent", made)
	t.refreshVM(made)
	return made
}

// vmProvision is VM.provision: a template becomes a VM. xapi: the disks that other_config asks for are made first; the
// simulator makes none.
func vmProvision(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.operateVM(vm, "provision", func(o *vmOperationCall) error {
		host := nullRef
		err := o.whenAllowed(func(t *tx) error {
			host = t.masterHost()
			return t.markHost(host, o.task, "provision")
		})
		if err != nil {
			return err
		}
		return o.update(func(t *tx) error {
			t.set("VM_metrics", t.str("VM", vm, "metrics"), "install_time", t.now())
			t.set("VM", vm, "is_a_template", false)
			t.removeFrom("VM", vm, "other_config", "disks")
			t.removeFrom("VM", vm, "other_config", "postinstall")
			t.unmark("host", host, o.task)
			t.refreshHost(host)
			return nil
		})
	}, nil)
}

// vmCreate is VM.create: a bare record, with metrics.
func vmCreate(c *call) (any, error) {
	made, err := construct(c)
	if err != nil {
		return nil, err
	}
	return made, c.update(func(t *tx) error {
		vm := made.(string)
		t.set("VM", vm, "power_state", halted)
		t.set("VM", vm, "domid", int64(-1))
		t.set("VM", vm, "metrics", t.create("VM_metrics", values{}))
		t.set("VM", vm, "memory_overhead", t.overhead(vm))
		if text(t.dict("VM", vm, "other_config"), "mac_seed") == "" {
			t.set("VM", vm, "other_config", withKey(t.dict("VM", vm, "other_config"), "mac_seed", t.life.pool.newUUID()))
		}
		t.refreshVM(vm)
		return nil
	})
}

// vmDestroy is VM.destroy. xapi: disks and snapshots stay.
func vmDestroy(c *call) (any, error) {
	vm := c.str(0)
	if err := c.view(func(t *tx) error { return t.must("VM", vm) }); err != nil {
		return nil, err
	}
	c.cancellable(true)
	err := c.whenAllowed(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if err := checkVMOperation(t.vmFacts(vm), "destroy", true); err != nil {
			return err
		}
		t.mark("VM", vm, c.task, "destroy")
		t.refreshVM(vm)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error { t.destroyVM(vm); return nil })
}

// destroyVM takes a VM and all that is only its own out of the database.
func (t *tx) destroyVM(vm string) {
	for _, child := range slices.Clone(t.find("VM", "parent", vm)) {
		t.set("VM", child, "parent", t.str("VM", vm, "parent"))
	}
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		vdi := t.str("VBD", vbd, "VDI")
		t.destroy("VBD", vbd)
		if t.exists("VDI", vdi) {
			t.set("VDI", vdi, "allowed_operations", setOf(vdiAllowedOperations(false, false)...))
		}
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.destroy("VIF", vif)
	}
	t.closeConsoles(vm)
	t.destroy("VM_metrics", t.str("VM", vm, "metrics"))
	t.destroy("VM_guest_metrics", t.str("VM", vm, "guest_metrics"))
	t.destroy("VM", vm)
	t.life.pool.operations.ended.raise()
}
