package simulator

import "time"

// vmPoolMigrate is VM.pool_migrate. xapi: unknown options are no error; the VM may go to the host it is on.
func vmPoolMigrate(c *call) (any, error) {
	vm, to := c.str(0), c.str(1)
	if err := c.view(func(t *tx) error { return t.must("host", to) }); err != nil {
		return nil, err
	}
	from := nullRef
	o := &vmOperationCall{call: c, vm: vm, name: "pool_migrate", lax: text(c.dict(2), "force") == "true"}
	if err := o.checkProcessors(to); err != nil {
		return nil, err
	}
	return nil, o.do(func(o *vmOperationCall) error {
		err := o.view(func(t *tx) error { from = t.str("VM", vm, "resident_on"); return nil })
		if err != nil {
			return err
		}
		if err := o.reserveTarget(from, to, bootChecks{}); err != nil {
			return err
		}
		if err := o.view(func(t *tx) error { return t.checkMemoryNetwork(to, text(c.dict(2), "network")) }); err != nil {
			return o.releaseTarget(to, err)
		}
		return o.releaseTarget(to, o.migrate(from, to))
	}, func(t *tx) {
		t.announce("VM_MIGRATED", vm, "migrated from host "+t.hostQuoted(from)+" to host "+t.hostQuoted(to))
	})
}

// checkProcessors compares the processors of the destination with those that the VM knows. xapi: before all other checks,
// unless by force.
func (o *vmOperationCall) checkProcessors(to string) error {
	return o.view(func(t *tx) error {
		if err := t.bootFacts(o.vm).checkCPU(t.hostBootFacts(to)); err != nil && t.exists("VM", o.vm) && !o.lax {
			return err
		}
		return nil
	})
}

// checkMemoryNetwork refuses a network, where one is wanted, on which a host cannot receive a VM's memory.
func (t *tx) checkMemoryNetwork(host, network string) error {
	if network == "" || network == nullRef {
		return nil
	}
	if err := t.must("network", network); err != nil {
		return err
	}
	there := ""
	for _, pif := range t.strs("network", network, "PIFs") {
		if t.str("PIF", pif, "host") == host {
			there = pif
		}
	}
	switch {
	case there == "":
		return fail("HOST_CANNOT_ATTACH_NETWORK", host, network)
	case t.str("PIF", there, "IP") == "":
		return fail("INTERFACE_HAS_NO_IP", there)
	}
	return nil
}

// reserveTarget checks the destination and lets the VM's memory count there too; what skip says is not asked for.
func (o *vmOperationCall) reserveTarget(from, to string, skip bootChecks) error {
	if err := o.contact(from); err != nil {
		return err
	}
	return o.whenAllowed(func(t *tx) error {
		skip.anyEnabled, skip.noMemory, skip.anyCPU = true, from == to, o.lax
		if err := checkCanBootHere(t.bootFacts(o.vm), t.hostBootFacts(to), skip); err != nil {
			return err
		}
		if err := t.markHost(to, o.task, "vm_migrate"); err != nil {
			return err
		}
		t.set("VM", o.vm, "scheduled_to_be_resident_on", to)
		return nil
	})
}

func (o *vmOperationCall) releaseTarget(to string, err error) error {
	ended := o.update(func(t *tx) error {
		t.unmark("host", to, o.task)
		t.refreshHost(to)
		if t.str("VM", o.vm, "scheduled_to_be_resident_on") == to {
			t.set("VM", o.vm, "scheduled_to_be_resident_on", nullRef)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// attachNetworks asks the destination for the networks of a VM that has any, in a task that is there to see for as long as
// the destination does not answer.
func (o *vmOperationCall) attachNetworks(to string) error {
	task := nullRef
	err := o.update(func(t *tx) error {
		if len(t.members("VM", o.vm, "VIFs")) > 0 {
			task = t.create("task", values{
				"name_label": "network.attach_for_vm", "created": t.now(), "status": "pending", "resident_on": t.masterHost(),
				"type": "<none/>", "subtask_of": o.task, "backtrace": "()",
			})
		}
		return nil
	})
	if err == nil {
		err = o.contact(to)
	}
	if task == nullRef {
		return err
	}
	_ = o.update(func(t *tx) error { // a life that ended has no tasks
		if err != nil {
			t.failInnerTask(task, err)
			t.destroy("task", task)
			return nil //nolint:nilerr // it is the task that fails
		}
		t.set("task", task, "resident_on", to)
		t.endInnerTask(task, "<value></value>")
		return nil
	})
	return err
}

// migrate copies the memory, switches over and cleans up. xapi: until the copy has ended it can be cancelled and nothing
// has happened; after that the guest runs at the destination before the records say so.
func (o *vmOperationCall) migrate(from, to string) error {
	o.forwardTo(from)
	if err := o.attachNetworks(to); err != nil {
		return err
	}
	if err := o.sendMemory(from, to); err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		if state := t.str("VM", o.vm, "power_state"); state != running {
			return fail("VM_BAD_POWER_STATE", o.vm, "running", state) // stopped by itself meanwhile
		}
		if err := o.mishap(t, to); err != nil {
			return err
		}
		o.cancellableIn(t, false)
		t.set("task", o.task, "progress", 1.0)
		t.set("task", o.task, "progress", .875)
		o.commit(t, 23)
		t.innerTask("VM.pool_migrate_complete", o.task, to, func(complete string) {
			t.arrive(o.vm, to, complete)
		})
		return nil
	})
}

// arrive writes that a VM is on its new host.
func (t *tx) arrive(vm, to, task string) {
	t.settle(vm, to, task)
	t.newDomain(vm)
	t.closeConsoles(vm)
	t.openConsole(vm, to, "rfb")
	t.writeTimeOffset(vm)
	t.refreshDevices(vm)
	t.guestLooksAround(vm)
	t.writeTimeOffset(vm)
	t.refreshDevices(vm)
	if !t.flag("VM_guest_metrics", t.str("VM", vm, "guest_metrics"), "PV_drivers_detected") {
		t.awaitAgent(vm)
	}
}

// memoryTime is how long a VM's memory travels.
func (c *call) memoryTime(bytes int64) time.Duration {
	if c.instant {
		return 0
	}
	return c.pool.model.Timing.memory(bytes)
}
