package simulator

// vmStart is VM.start: the pool chooses the host.
func vmStart(c *call) (any, error) {
	return nil, c.start("start", c.str(0), nullRef, c.flag(1))
}

// vmStartOn is VM.start_on.
func vmStartOn(c *call) (any, error) {
	if err := c.view(func(t *tx) error { return t.must("host", c.str(1)) }); err != nil {
		return nil, err
	}
	return nil, c.start("start_on", c.str(0), c.str(1), c.flag(2))
}

// start is an operation that starts a VM on a host, or wherever the pool likes.
func (c *call) start(name, vm, host string, startPaused bool) error {
	return c.operateVM(vm, name, func(o *vmOperationCall) error {
		return o.boot(host, startPaused)
	}, func(t *tx) {
		t.refreshDisks(vm)
		t.announce("VM_STARTED", vm, "started on host: "+t.hostInWords(t.str("VM", vm, "resident_on")))
	})
}

// boot builds a domain for a Halted VM. xapi: the reason why no host takes the VM is not told: NO_HOSTS_AVAILABLE.
func (o *vmOperationCall) boot(host string, startPaused bool) error {
	host, err := o.reserve(host, "vm_start")
	if err != nil {
		return err
	}
	err = o.buildDomain(host, startPaused)
	if err == nil {
		err = o.delay("start_delay")
	}
	if err == nil && o.name == "start_on" { // xapi: the coordinator waits after the host has
		err = o.delay("start_delay")
	}
	return o.release(host, err)
}

// reserve marks the devices and the host, and lets the VM's memory count there.
func (o *vmOperationCall) reserve(host, operation string) (string, error) {
	resumes := operation == "vm_resume"
	err := o.whenAllowedWithin(disksTotal, Span{disksLook, disksLook}, func(t *tx) error { // xapi: for its disks it is less patient
		if err := t.checkDisksForStart(o.vm); err != nil && !resumes {
			return err
		}
		t.markDevices(o.vm, o.task, !resumes)
		t.prepareBoot(o.vm)
		return nil
	})
	if err == nil {
		err = o.whenAllowed(func(t *tx) (err error) {
			host, err = t.place(o.vm, host, bootChecks{anyCPU: o.lax})
			if err == nil {
				err = t.markHost(host, o.task, operation)
			}
			if err == nil {
				t.set("VM", o.vm, "scheduled_to_be_resident_on", host)
				o.forwardIn(t, host)
			}
			return err
		})
	}
	if err == nil {
		err = o.contact(host)
		if err != nil {
			return host, o.release(host, err)
		}
	}
	if err != nil {
		_ = o.update(func(t *tx) error { t.unmarkDevices(o.vm, o.task); return nil }) // err says more
	}
	return host, err
}

// prepareBoot fills in what a VM's record lacks before a start.
func (t *tx) prepareBoot(vm string) {
	if t.str("VM", vm, "domain_type") == "unspecified" {
		kind := "hvm"
		if t.str("VM", vm, "HVM_boot_policy") == "" {
			kind = "pv"
		}
		t.set("VM", vm, "domain_type", kind)
	}
	t.set("VM", vm, "memory_overhead", t.overhead(vm))
	if len(t.dict("VM", vm, "bios_strings")) == 0 {
		t.set("VM", vm, "bios_strings", guestBIOS())
	}
}

// overhead computes VM.memory_overhead from the record.
func (t *tx) overhead(vm string) int64 {
	return memoryOverhead(t.str("VM", vm, "domain_type"), t.num("VM", vm, "memory_static_max"), t.num("VM", vm, "VCPUs_max"),
		t.float("VM", vm, "HVM_shadow_multiplier"), t.life.pool.model.since(25, 0))
}

// place checks the wanted host, or chooses one where none is wanted.
func (t *tx) place(vm, wanted string, skip bootChecks) (string, error) {
	facts := t.bootFacts(vm)
	if going := t.str("VM", vm, "scheduled_to_be_resident_on"); wanted == nullRef && t.exists("host", going) {
		return going, nil
	}
	if wanted != nullRef {
		host := t.hostBootFacts(wanted)
		if host.Evacuating {
			return wanted, fail("HOST_EVACUATE_IN_PROGRESS", wanted)
		}
		if err := checkCanBootHere(facts, host, skip); err != nil {
			return wanted, err
		}
		return wanted, nil
	}
	chosen, ok := chooseHost(facts, t.allHostBootFacts(), skip, t.life.pool.rng)
	if !ok {
		return nullRef, fail("NO_HOSTS_AVAILABLE")
	}
	return chosen, nil
}

// markHost marks a host as busy with a VM, unless another operation forbids it.
func (t *tx) markHost(host, task, operation string) error {
	if err := checkHostOperation(t.hostFacts(host), operation); err != nil {
		return err
	}
	t.mark("host", host, task, operation)
	t.refreshHost(host)
	return nil
}

// release takes the marks of reserve away again, and hands err on.
func (o *vmOperationCall) release(host string, err error) error {
	ended := o.update(func(t *tx) error {
		t.unmark("host", host, o.task)
		t.refreshHost(host)
		if t.str("VM", o.vm, "scheduled_to_be_resident_on") == host {
			t.set("VM", o.vm, "scheduled_to_be_resident_on", nullRef)
		}
		t.unmarkDevices(o.vm, o.task)
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// buildDomain does the host's part of a start.
func (o *vmOperationCall) buildDomain(host string, startPaused bool) error {
	err := o.update(func(t *tx) error {
		if t.protected(o.vm) {
			t.set("VM", o.vm, "ha_always_run", true)
		}
		if _, ok := t.dict("VM", o.vm, "platform").Get("device-model"); !ok {
			t.set("VM", o.vm, "platform", withKey(t.dict("VM", o.vm, "platform"), "device-model", "qemu-upstream-compat"))
		}
		t.dropGuestMetrics(o.vm)
		t.attachDevices(o.vm)
		return nil
	})
	if err != nil {
		return err
	}
	err = o.onHost(host, o.buildSteps)
	if err != nil {
		o.undoBuild(host)
		return err
	}
	return o.update(func(t *tx) error {
		o.commit(t, 24)
		if !startPaused {
			o.cancellableIn(t, true) // the inner task that unpauses
			o.cancellableIn(t, false)
		}
		t.settle(o.vm, host, o.task)
		t.set("VM_metrics", t.str("VM", o.vm, "metrics"), "current_domain_type", t.str("VM", o.vm, "domain_type"))
		if startPaused {
			t.upPaused(o.vm)
		} else {
			t.upRunning(o.vm)
		}
		return nil
	})
}

// buildSteps lets the time of a start pass: more than half of it for the memory.
func (o *vmOperationCall) buildSteps() error {
	d := o.takes(timingStart)
	o.progress(1. / 6)
	if err := o.sleepStep(d * 3 / 5); err != nil {
		return err
	}
	return o.steps(d*2/5, 2./6, 5./6, 3)
}

// upRunning writes what a host reports of a VM that has begun to run.
func (t *tx) upRunning(vm string) {
	t.set("VM", vm, "power_state", running)
	t.refreshVM(vm)
	t.renewGuestMetrics(vm)
	t.newDomain(vm)
	t.domainUp(vm)
	t.domainCounted(vm)
	t.refreshDevices(vm)
	t.awaitAgent(vm)
}

// upPaused is the same of a VM that was started paused. xapi: the guest cannot have said a word.
func (t *tx) upPaused(vm string) {
	t.set("VM", vm, "power_state", paused)
	t.refreshVM(vm)
	t.newDomain(vm)
	t.domainUp(vm)
	t.renewGuestMetrics(vm)
	t.domainCounted(vm)
	t.refreshDevices(vm)
}

// undoBuild is what the host does when a start fails or is cancelled. xapi: resident_on is set for a moment, until the
// host learns that there is no domain.
func (o *vmOperationCall) undoBuild(host string) {
	_ = o.update(func(t *tx) error {
		if t.machineOf(host).lost() { // nobody is there to report
			if o.holds(t) {
				t.detachDevices(o.vm)
			}
			return nil
		}
		o.commit(t, 1)
		t.settle(o.vm, host, o.task)
		for _, vbd := range t.strs("VM", o.vm, "VBDs") {
			t.set("VBD", vbd, "currently_attached", false)
			t.unmark("VBD", vbd, o.task)
			t.refreshVBD(vbd)
		}
		for _, vif := range t.strs("VM", o.vm, "VIFs") {
			t.set("VIF", vif, "currently_attached", false)
			t.unmark("VIF", vif, o.task)
			t.refreshVIF(vif)
		}
		t.leaveHost(o.vm)
		t.refreshDevices(o.vm)
		return nil
	}) // the caller hands on why
}
