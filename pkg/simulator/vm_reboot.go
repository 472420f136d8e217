package simulator

// vmCleanReboot is VM.clean_reboot: the guest is asked to stop, and started again in place.
func vmCleanReboot(c *call) (any, error) {
	return nil, c.reboot("clean_reboot", "rebooted cleanly", func(o *vmOperationCall) error {
		return o.guestStops(0, shutdownLimit)
	})
}

// vmHardReboot is VM.hard_reboot: the domain is replaced without asking.
func vmHardReboot(c *call) (any, error) {
	return nil, c.reboot("hard_reboot", "rebooted forcibly", func(*vmOperationCall) error { return nil })
}

// reboot is an operation that replaces a domain by a new one. xapi: power_state stays Running all the while, and the
// guest's metrics are made anew. If the operation that hard_reboot cancelled has stopped the VM, it is started.
func (c *call) reboot(name, words string, stop func(*vmOperationCall) error) error {
	vm := c.str(0)
	return c.operateVM(vm, name, func(o *vmOperationCall) error {
		if err := o.cancelOthers(); err != nil {
			return err
		}
		stopped := false
		err := o.view(func(t *tx) error {
			stopped = t.str("VM", vm, "power_state") == halted
			return nil
		})
		switch {
		case err != nil:
			return err
		case stopped:
			return o.boot(nullRef, false)
		}
		return o.replaceDomain(stop)
	}, func(t *tx) {
		t.announce("VM_REBOOTED", vm, words)
		t.refreshDisks(vm)
	})
}

// replaceDomain stops a domain and builds the next one, the devices being marked meanwhile.
func (o *vmOperationCall) replaceDomain(stop func(*vmOperationCall) error) error {
	err := o.update(func(t *tx) error { t.markDevices(o.vm, o.task, true); return nil })
	host := nullRef
	if err == nil {
		host, err = o.forwardToHome()
	}
	if err == nil {
		err = o.onHost(host, func() error {
			err := stop(o)
			if err == nil {
				err = o.sleep(o.takes(timingDestroy))
			}
			if err == nil {
				err = o.rebuild()
			}
			return err
		})
	}
	ended := o.update(func(t *tx) error { t.unmarkDevices(o.vm, o.task); return nil })
	if err != nil {
		return err
	}
	return ended
}

// rebuild is the half of a reboot after the guest has stopped.
func (o *vmOperationCall) rebuild() error {
	err := o.update(func(t *tx) error {
		t.domainDown(o.vm)
		t.refreshDevices(o.vm)
		return nil
	})
	if err != nil {
		return err
	}
	if err := o.steps(o.takes(timingStart), .5, .95, 4); err != nil {
		if !machineLost(err) {
			o.lostInReboot()
		}
		return err
	}
	return o.update(func(t *tx) error {
		o.commit(t, 35)
		t.set("VM", o.vm, "power_state", running) // hard_reboot of a Paused VM
		t.domainReplaced(o.vm)
		return nil
	})
}

// domainReplaced writes what a host reports of the next domain of a VM. xapi: what was to be done at its next start is done.
func (t *tx) domainReplaced(vm string) {
	t.newDomain(vm)
	t.domainUp(vm)
	t.dropGuestMetrics(vm)
	t.renewGuestMetrics(vm)
	t.refreshDevices(vm)
	t.refreshDevices(vm)
	t.domainCounted(vm)
	t.refreshDevices(vm)
	t.startedAnew(vm)
	t.awaitAgent(vm)
}

// startedAnew takes away the notes that a VM has to be started anew.
func (t *tx) startedAnew(vm string) {
	t.set("VM", vm, "requires_reboot", false)
	guidances := t.members("VM", vm, "pending_guidances")
	for _, done := range []string{"restart_device_model", "restart_vm"} {
		guidances = withoutMember(guidances, done)
	}
	t.set("VM", vm, "pending_guidances", guidances)
}

// lostInReboot is the end of a VM whose reboot was cancelled after its domain had gone: it is Halted.
func (o *vmOperationCall) lostInReboot() {
	_ = o.update(func(t *tx) error {
		t.resetToHalted(o.vm)
		return nil
	}) // the caller hands on why
}
