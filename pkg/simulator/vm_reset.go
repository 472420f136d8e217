package simulator

// vmPowerStateReset is VM.power_state_reset: it writes that a VM is Halted and stops nothing. xapi: it is no operation, so
// nothing blocks it; it is refused while the VM's host is alive.
func vmPowerStateReset(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		host, state := t.str("VM", vm, "resident_on"), t.str("VM", vm, "power_state")
		live := (state == running || state == paused) && t.exists("host", host)
		switch {
		case t.flag("VM", vm, "is_control_domain"):
			return fail("CANNOT_RESET_CONTROL_DOMAIN", vm)
		case live && host == t.masterHost():
			return fail("DOMAIN_EXISTS", vm)
		case live && t.hostLive(host):
			return fail("HOST_IS_LIVE", host)
		}
		t.forgetDomain(vm)
		return nil
	})
}

// forgetDomain writes that a VM is Halted, whatever ran of it.
func (t *tx) forgetDomain(vm string) {
	t.set("VM", vm, "current_operations", Map{})
	t.resetToHalted(vm)
	t.domainDown(vm)
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		t.refreshVBD(vbd)
		t.refreshDisk(vbd)
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.refreshVIF(vif)
	}
	t.life.pool.operations.ended.raise()
}
