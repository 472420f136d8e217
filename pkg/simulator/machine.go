package simulator

import "time"

// machine is a host as far as work depends on it: the work ends with the machine's power, whatever its daemons do.
type machine struct {
	host  string  // reference
	power *extent // nil: nothing depends on it
}

// off is closed when the power fails; nil blocks for ever.
func (m machine) off() <-chan struct{} {
	if m.power == nil {
		return nil
	}
	return m.power.done()
}

// lost reports whether the power has failed.
func (m machine) lost() bool { return m.power != nil && m.power.over() }

// machineOf is the machine of a host; one that is dead already is lost.
func (t *tx) machineOf(host string) machine {
	m := t.memberOf(host)
	switch {
	case m == nil:
		return machine{}
	case m.state == memberSilent:
		dead := newExtent()
		dead.end()
		return machine{host, dead}
	}
	return machine{host, m.power}
}

// lostMachine is the failure of work whose machine has died under it, nil while there is none. xapi: the connection over
// which the work was sent breaks; of a migration's two ends the source says so when the other is gone.
func (c *call) lostMachine() error {
	switch {
	case c.machines[0].lost():
		return fail("CANNOT_CONTACT_HOST", c.machines[0].host)
	case c.machines[1].lost():
		return fail("VM_MIGRATE_CONTACT_REMOTE_SERVICE_FAILED")
	}
	return nil
}

// withMachines runs f, which does its work on a host, and perhaps with the help of another. When one of them dies f ends
// with an error, and the caller learns of it as late as of a host that does not answer.
func (c *call) withMachines(host, other string, f func() error) error {
	err := c.view(func(t *tx) error {
		c.machines[0] = t.machineOf(host)
		if other != nullRef && other != host {
			c.machines[1] = t.machineOf(other)
		}
		return nil
	})
	if err == nil {
		err = c.interrupted()
	}
	if err == nil {
		err = f()
	}
	lost := c.lostMachine()
	c.machines = [2]machine{}
	if err == nil || lost == nil {
		return err
	}
	timer := time.NewTimer(c.takes(timingContact))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.life.done():
		return errLifeEnded
	}
	return lost
}

// machineLost reports whether an error says that the machine that did the work has died.
func machineLost(err error) bool {
	return isCode(err, "CANNOT_CONTACT_HOST") || isCode(err, "VM_MIGRATE_CONTACT_REMOTE_SERVICE_FAILED")
}

// holds reports whether a VM is still marked with the operation: HA takes the marks of VMs on a dead host away.
func (o *vmOperationCall) holds(t *tx) bool {
	_, marked := t.dict("VM", o.vm, "current_operations").Get(o.task)
	return marked
}
