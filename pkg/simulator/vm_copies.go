package simulator

import "slices"

// vmCopies are the calls that make and destroy VMs.
func vmCopies() map[string]behaviour {
	return map[string]behaviour{
		"VM.clone":      vmCloneOrCopy("clone"),
		"VM.copy":       vmCloneOrCopy("copy"),
		"VM.snapshot":   vmSnapshot,
		"VM.checkpoint": vmCheckpoint,
		"VM.revert":     vmRevert,
		"VM.provision":  vmProvision,
		"VM.create":     vmCreate,
		"VM.destroy":    vmDestroy,
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
			if err := o.forwardToDisks(o.vm); err != nil {
				return err
			}
			disks, err := o.copyDisks(name, to)
			if err != nil {
				return err
			}
			like := values{"current_operations": mapOf(o.task, name)}
			if err = o.copyMemory(name, to, like); err != nil {
				return o.dropCopies(disks, err)
			}
			err = o.update(func(t *tx) error {
				made = t.copyVM(o.vm, c.str(1), disks, like, nil)
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

// forwardToDisks sends the call to a host that sees all disks of a VM. xapi: any of those that are up and enabled.
func (o *vmOperationCall) forwardToDisks(vm string) error {
	host := nullRef
	err := o.update(func(t *tx) error {
		hosts := t.hostsWithDisks(vm)
		if len(hosts) == 0 {
			return fail("NO_HOSTS_AVAILABLE")
		}
		host = hosts[o.pool.rng.IntN(len(hosts))]
		o.forwardIn(t, host)
		return nil
	})
	if err != nil {
		return err
	}
	return o.contact(host)
}

// hostsWithDisks lists the hosts, up and enabled, that have the SRs of all disks of a VM.
func (t *tx) hostsWithDisks(vm string) []string {
	needed := t.bootFacts(vm).SRs
	return slices.DeleteFunc(t.all("host"), func(host string) bool {
		return !t.hostLive(host) || !t.flag("host", host, "enabled") || !t.seesAll(host, needed)
	})
}

// seesAll says whether SRs are all attached to a host.
func (t *tx) seesAll(host string, srs []string) bool {
	attached := map[string]bool{}
	for _, pbd := range t.strs("host", host, "PBDs") {
		attached[t.str("PBD", pbd, "SR")] = t.flag("PBD", pbd, "currently_attached")
	}
	return !slices.ContainsFunc(srs, func(sr string) bool { return !attached[sr] })
}

// copyDisks makes a VDI like each of the VM's, one after the other, on the same SR or on another, and gives them by VBD.
// xapi: progress follows the bytes; when one fails, or the task is cancelled between two, those made are destroyed.
func (o *vmOperationCall) copyDisks(verb, sr string) (map[string]string, error) {
	vbds, total, err := o.disksToCopy()
	disks, done := map[string]string{}, int64(0)
	for _, vbd := range vbds {
		if err == nil {
			err = o.interrupted()
		}
		if err != nil {
			break
		}
		disks[vbd.vbd], err = o.copyDisk(vbd.vdi, verb, sr, func(part float64) float64 {
			return (float64(done) + part*float64(vbd.bytes)) / float64(total)
		})
		done += vbd.bytes
	}
	if err != nil {
		err = o.dropCopies(disks, err)
	}
	return disks, err
}

// dropCopies destroys disks that were made in vain, and hands on why.
func (o *vmOperationCall) dropCopies(disks map[string]string, err error) error {
	_ = o.life.update(func(t *tx) error { // err says more
		for _, vdi := range disks {
			t.dropDisk(vdi)
		}
		return nil
	})
	return err
}

// copyMemory makes an image like that of a Suspended VM and puts what the copy has by it into v: it is Suspended too.
func (o *vmOperationCall) copyMemory(verb, sr string, v values) error {
	state, image := "", nullRef
	err := o.view(func(t *tx) error {
		state, image = t.str("VM", o.vm, "power_state"), t.str("VM", o.vm, "suspend_VDI")
		return nil
	})
	if err != nil || state != suspended {
		return err
	}
	made, err := o.copyDisk(image, verb, sr, func(float64) float64 { return 1 })
	v["power_state"], v["suspend_VDI"] = suspended, made
	return err
}

// copiedDisk is a disk that a copy of a VM needs a copy of.
type copiedDisk struct {
	vbd, vdi string
	bytes    int64 // virtual size, at least 1
}

// disksToCopy lists the VM's disks with their bytes in all. CDs and empty drives are not copied.
func (o *vmOperationCall) disksToCopy() (disks []copiedDisk, total int64, err error) {
	err = o.view(func(t *tx) error {
		for _, vbd := range t.strs("VM", o.vm, "VBDs") {
			vdi := t.str("VBD", vbd, "VDI")
			if !t.exists("VDI", vdi) || t.str("VBD", vbd, "type") == "CD" || slices.Contains(o.ignored, vdi) {
				continue
			}
			d := copiedDisk{vbd, vdi, max(1, t.num("VDI", vdi, "virtual_size"))}
			disks = append(disks, d)
			total += d.bytes
		}
		return nil
	})
	return disks, total, err
}

// copyDisk makes one disk like another, as a call beneath this one; so turns its progress into that of the whole.
func (o *vmOperationCall) copyDisk(vdi, verb, sr string, so func(float64) float64) (string, error) {
	if sr == nullRef {
		found, err := o.srOf(vdi)
		if err != nil {
			return nullRef, err
		}
		sr = found
	}
	return o.beneath("Async.VDI."+verb, func(task string) (string, error) {
		if verb == "copy" {
			return o.copyDiskTo(vdi, sr, task, func(f float64) { o.progress(so(f)) })
		}
		return o.cloneDisk(vdi, verb, task)
	}, func(t *tx) { t.set("task", o.task, "progress", so(1)) })
}

// vmCreate is VM.create: a bare record, with metrics.
func vmCreate(c *call) (any, error) {
	given := givenValues(c.dict(0))
	var made string
	err := c.update(func(t *tx) error {
		given["metrics"] = t.create("VM_metrics", values{})
		given["power_state"], given["domid"] = halted, int64(-1)
		if other, _ := given["other_config"].(Map); text(other, "mac_seed") == "" {
			given["other_config"] = withKey(other, "mac_seed", t.life.pool.newUUID())
		}
		made = t.create("VM", given)
		t.refreshVM(made)
		t.set("VM", made, "memory_overhead", t.overhead(made))
		return nil
	})
	return made, err
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
			t.refreshVDI(vdi)
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
