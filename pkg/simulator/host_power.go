package simulator

import "time"

// How the machines of a pool go off and on.
const (
	shutdownDelay = 10 * time.Second // from host.shutdown and host.reboot until the operating system begins to stop
	agentDelay    = time.Second      // from host.restart_agent until xapi ends, so that the answer gets out
	powerOnLook   = time.Second      // how often host.power_on looks whether the host is back
	powerOnLimit  = 20 * time.Minute
)

// hostPower are the calls that switch machines and their daemons off and on.
func hostPower() map[string]behaviour {
	return map[string]behaviour{
		"host.reboot":            func(c *call) (any, error) { return nil, c.stopHost("reboot", "Host is rebooting") },
		"host.shutdown":          func(c *call) (any, error) { return nil, c.stopHost("shutdown", "Host is shutting down") },
		"host.power_on":          hostPowerOn,
		"host.set_power_on_mode": hostSetPowerOnMode,
		"host.restart_agent":     hostRestartAgent,
		"host.destroy":           hostDestroy,
	}
}

// stopHost is host.reboot and host.shutdown: it answers at once, and the machine stops ten seconds later. The pool holds
// the host for dead from now on, until it says hello again.
func (c *call) stopHost(operation, words string) error {
	host := c.str(0)
	c.forwardTo(host)
	if err := c.contact(host); err != nil {
		return err
	}
	return c.whenAllowed(func(t *tx) error {
		if err := checkHostOperation(t.hostFacts(host), operation); err != nil {
			return err
		}
		m := t.memberOf(host)
		sub := t.create("task", values{
			"name_label": words, "created": t.now(), "status": "pending", "resident_on": host, "type": "<none/>",
			"subtask_of": c.task, "backtrace": "()",
		})
		t.mark("host", host, sub, "shutdown") // xapi: for a reboot too
		m.stopping = true
		t.set("host_metrics", t.str("host", host, "metrics"), "live", false)
		t.refreshHost(host)
		run := m.run
		c.pool.work.Go(func() {
			if m.waits(shutdownDelay, run) && m.vacate(run) {
				m.halt(sub, operation == "reboot")
			}
		})
		return nil
	})
}

// halt is the end of an orderly shutdown, and for a reboot the beginning of the next start.
func (m *member) halt(task string, again bool) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if l := m.pool.lifeOf(m); !l.over() {
		(&tx{life: l}).destroy("task", task)
	}
	m.leaveLife(true)
	m.lose()
	if again {
		m.powerOn()
	}
}

// hostPowerOn is host.power_on: it returns once the host is back in the pool.
func hostPowerOn(c *call) (any, error) {
	host := c.str(0)
	return nil, c.operateHost(host, "power_on", func() error {
		c.pool.mu.Lock()
		for _, m := range c.pool.members {
			if m.host == host && m.state == memberSilent {
				m.powerOn()
			}
		}
		c.pool.mu.Unlock()
		for deadline := time.Now().Add(powerOnLimit); ; {
			live := false
			err := c.view(func(t *tx) error { live = t.hostLive(host); return nil })
			if err != nil || live {
				return err
			}
			if time.Now().After(deadline) {
				return fail("HOST_NOT_LIVE")
			}
			if err := c.sleep(powerOnLook); err != nil {
				return err
			}
		}
	})
}

func hostSetPowerOnMode(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("host", c.str(0)); err != nil {
			return err
		}
		t.set("host", c.str(0), "power_on_mode", c.str(1))
		t.set("host", c.str(0), "power_on_config", c.dict(2))
		t.refreshHost(c.str(0))
		return nil
	})
}

// hostRestartAgent is host.restart_agent: that host's xapi ends in an orderly way and comes back. VMs run on.
func hostRestartAgent(c *call) (any, error) {
	host := c.str(0)
	c.forwardTo(host)
	if err := c.contact(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		if m := t.memberOf(host); m != nil {
			m.lightFuse(agentDelay)
		}
		return nil
	})
}

// hostDestroy is host.destroy: the pool forgets a host that is gone for good.
func hostDestroy(c *call) (any, error) {
	host := c.str(0)
	if err := c.mustBeDead(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		switch {
		case t.life.redoLog():
			return fail("HA_IS_ENABLED")
		case len(t.guestsOn(host)) > 0:
			return fail("HOST_HAS_RESIDENT_VMS", host)
		}
		t.forgetHost(host)
		return nil
	})
}

// mustBeDead refuses a host that is alive. xapi: one that the pool holds for alive is asked, and is dead if it does not
// answer.
func (c *call) mustBeDead(host string) error {
	err := c.contact(host)
	switch {
	case err == nil:
		return fail("HOST_IS_LIVE", host)
	case isCode(err, "HOST_OFFLINE"), isCode(err, "CANNOT_CONTACT_HOST"):
		return nil
	}
	return err
}

// guestsOn are the VMs on a host, without its control domain.
func (t *tx) guestsOn(host string) []string {
	var guests []string
	for _, vm := range t.strs("host", host, "resident_VMs") {
		if !t.flag("VM", vm, "is_control_domain") {
			guests = append(guests, vm)
		}
	}
	return guests
}

// forgetHost deletes a host and what belongs to it alone.
func (t *tx) forgetHost(host string) {
	t.destroy("host_metrics", t.str("host", host, "metrics"))
	for _, vm := range t.find("VM", "is_control_domain", true) {
		if t.str("VM", vm, "resident_on") == host || t.str("VM", vm, "affinity") == host {
			t.closeConsoles(vm)
			t.destroy("VM_metrics", t.str("VM", vm, "metrics"))
			t.destroy("VM", vm)
		}
	}
	for _, pif := range t.strs("host", host, "PIFs") {
		t.destroy("PIF_metrics", t.str("PIF", pif, "metrics"))
		t.destroy("PIF", pif)
	}
	for _, class := range []string{"PBD", "host_cpu"} {
		for _, ref := range t.find(class, "host", host) {
			t.destroy(class, ref)
		}
	}
	t.destroy("host", host)
}
