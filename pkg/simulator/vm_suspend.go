package simulator

import "fmt"

// vmSuspend is VM.suspend.
func vmSuspend(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.operateVM(vm, "suspend", (*vmOperationCall).suspend, func(t *tx) {
		t.announce("VM_SUSPENDED", vm, "suspended")
	})
}

// suspend writes the VM's memory to an image and takes the domain away. xapi: the devices stay attached in the records,
// the console and the metrics stay too.
func (o *vmOperationCall) suspend() error {
	host, err := o.makeSuspendImage()
	if err != nil {
		return err
	}
	var memory int64
	err = o.view(func(t *tx) error { memory = t.num("VM", o.vm, "memory_dynamic_max"); return nil })
	if err != nil {
		return err
	}
	err = o.onHost(host, func() error {
		return o.steps(o.takes(timingSuspend)+o.memoryTime(memory), 1./18, 10./18, 9)
	})
	if err != nil {
		return o.dropImage(err)
	}
	o.progress(7. / 9)
	return o.update(func(t *tx) error {
		o.commit(t, 21)
		for _, vbd := range t.strs("VM", o.vm, "VBDs") {
			t.refreshVBD(vbd)
		}
		for _, vif := range t.strs("VM", o.vm, "VIFs") {
			t.refreshVIF(vif)
		}
		t.set("VM", o.vm, "power_state", suspended)
		t.leaveHost(o.vm)
		t.set("VM", o.vm, "last_booted_record", t.bootRecord(o.vm))
		t.refreshDevices(o.vm)
		return nil
	})
}

// makeSuspendImage goes to the VM's host and makes the disk that its memory will be written to; from then on the task
// cannot be cancelled.
func (o *vmOperationCall) makeSuspendImage() (string, error) {
	host, err := o.forwardToHome()
	if err != nil {
		return host, err
	}
	return host, o.update(func(t *tx) error {
		sr, err := t.suspendSR(o.vm, host)
		if err != nil {
			return err
		}
		size := suspendImageSize(t.num("VM", o.vm, "memory_static_max"))
		if err := t.room(sr, size); err != nil {
			return err
		}
		image := t.makeDisk(values{
			"name_label": "Suspend image", "name_description": "Suspend image", "SR": sr, "type": "suspend", "virtual_size": size,
		}, o.task)
		t.set("VM", o.vm, "suspend_VDI", image)
		o.cancellableIn(t, false)
		return nil
	})
}

// dropImage destroys the image of a suspend that failed, and hands err on. xapi: the VM is Running as before.
func (o *vmOperationCall) dropImage(err error) error {
	ended := o.update(func(t *tx) error {
		image := t.str("VM", o.vm, "suspend_VDI")
		t.set("VM", o.vm, "suspend_VDI", nullRef)
		t.destroyDisk(image, o.task)
		return nil
	})
	if ended != nil {
		return ended
	}
	return err
}

// bootRecord is what a host notes of a suspended domain, to build it again.
func (t *tx) bootRecord(vm string) string {
	return fmt.Sprintf(`{"last_create_time":%d.0,"vifs":[],"vbds":[],"suspended":true,"qemu_created":false,`+
		`"memory_dynamic_max":%d,"memory_dynamic_min":%d,"shadow_multiplier":1.0,"vcpus":%d}`,
		t.at("VM_metrics", t.str("VM", vm, "metrics"), "start_time").Unix(), t.num("VM", vm, "memory_dynamic_max"),
		t.num("VM", vm, "memory_dynamic_min"), t.num("VM", vm, "VCPUs_at_startup"))
}

// suspendSR finds the SR for a VM's suspend image: the VM's own wish, the pool's, the host's.
func (t *tx) suspendSR(vm, host string) (string, error) {
	facts := t.hostBootFacts(host)
	for _, sr := range []string{
		t.str("VM", vm, "suspend_SR"), t.str("pool", t.the("pool"), "suspend_image_SR"), t.str("host", host, "suspend_image_sr"),
	} {
		if t.exists("SR", sr) && facts.SRs[sr] {
			return sr, nil
		}
	}
	return nullRef, fail("VM_NO_SUSPEND_SR", vm)
}

// vmResume is VM.resume: the pool chooses the host.
func vmResume(c *call) (any, error) {
	return nil, c.resume("resume", c.str(0), nullRef, c.flag(1), c.flag(2))
}

// vmResumeOn is VM.resume_on.
func vmResumeOn(c *call) (any, error) {
	if err := c.view(func(t *tx) error { return t.must("host", c.str(1)) }); err != nil {
		return nil, err
	}
	return nil, c.resume("resume_on", c.str(0), c.str(1), c.flag(2), c.flag(3))
}

// resume is an operation that restores a suspended VM. force leaves out the comparison of processors.
func (c *call) resume(name, vm, host string, startPaused, force bool) error {
	return c.operateVM(vm, name, func(o *vmOperationCall) error {
		o.lax = force
		host, err := o.reserve(host, "vm_resume")
		if err != nil {
			return err
		}
		return o.release(host, o.restoreDomain(host, startPaused))
	}, func(t *tx) {
		t.refreshDisks(vm)
		t.announce("VM_RESUMED", vm, "resumed on host: "+t.hostInWords(t.str("VM", vm, "resident_on")))
	})
}

// restoreDomain builds a domain from a suspend image. xapi: a VM whose image is gone becomes Halted.
func (o *vmOperationCall) restoreDomain(host string, startPaused bool) error {
	var memory int64
	err := o.update(func(t *tx) error {
		memory = t.num("VM", o.vm, "memory_dynamic_max")
		o.cancellableIn(t, false)
		if !t.exists("VDI", t.str("VM", o.vm, "suspend_VDI")) {
			t.set("VM", o.vm, "suspend_VDI", nullRef)
			t.resetToHalted(o.vm)
			return fail("VM_HAS_NO_SUSPEND_VDI", "VM", o.vm)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = o.onHost(host, func() error {
		return o.steps(o.takes(timingResume)+o.memoryTime(memory), .1, .55, 9)
	})
	if err != nil {
		return err
	}
	o.progress(.8)
	return o.update(func(t *tx) error {
		o.commit(t, 23)
		t.settle(o.vm, host, o.task)
		state := running
		if startPaused {
			state = paused
		}
		t.set("VM", o.vm, "power_state", state)
		t.refreshVM(o.vm)
		t.newDomain(o.vm)
		if len(t.members("VM", o.vm, "consoles")) == 0 { // suspended by a revert
			t.openConsole(o.vm, host, "rfb")
		}
		t.writeTimeOffset(o.vm)
		t.refreshDevices(o.vm)
		t.guestLooksAround(o.vm)
		image := t.str("VM", o.vm, "suspend_VDI")
		t.set("VM", o.vm, "suspend_VDI", nullRef)
		t.destroyDisk(image, o.task)
		return nil
	})
}

// guestLooksAround is what follows when a guest finds itself in another domain: its agent reports the same as before.
func (t *tx) guestLooksAround(vm string) {
	if t.hasAgent(vm) {
		t.set("VM_guest_metrics", t.str("VM", vm, "guest_metrics"), "last_updated", t.now())
	}
	t.refreshDevices(vm)
	t.refreshDevices(vm)
}
