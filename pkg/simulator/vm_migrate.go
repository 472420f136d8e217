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
	return nil, o.do(func(o *vmOperationCall) error {
		err := o.view(func(t *tx) error { from = t.str("VM", vm, "resident_on"); return nil })
		if err != nil {
			return err
		}
		if err := o.reserveTarget(from, to); err != nil {
			return err
		}
		return o.releaseTarget(to, o.migrate(from, to))
	}, func(t *tx) {
		t.announce("VM_MIGRATED", vm, "migrated from host "+t.hostQuoted(from)+" to host "+t.hostQuoted(to))
	})
}

// reserveTarget checks the destination and lets the VM's memory count there too.
func (o *vmOperationCall) reserveTarget(from, to string) error {
	if err := o.contact(from); err != nil {
		return err
	}
	return o.whenAllowed(func(t *tx) error {
		skip := bootChecks{anyEnabled: true, noMemory: from == to}
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
		t.set("VM", o.vm, "scheduled_to_be_resident_on", nullRef)
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// migrate copies the memory, switches over and cleans up. xapi: until the copy has ended it can be cancelled and nothing
// has happened; after that the guest runs at the destination before the records say so.
func (o *vmOperationCall) migrate(from, to string) error {
	o.forwardTo(from)
	if err := o.contact(to); err != nil {
		return err
	}
	var memory int64
	err := o.update(func(t *tx) error {
		memory = t.num("VM", o.vm, "memory_dynamic_max")
		if len(t.members("VM", o.vm, "VIFs")) > 0 {
			t.innerTask("network.attach_for_vm", o.task, to, func(string) {})
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = o.onHost(from, func() error {
		return o.steps(o.takes(timingMigrate)+o.memoryTime(memory), 1./11, 10./11, 9)
	})
	if err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		if state := t.str("VM", o.vm, "power_state"); state != running {
			return fail("VM_BAD_POWER_STATE", o.vm, "running", state) // stopped by itself meanwhile
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
