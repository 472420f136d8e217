package simulator

// vmPause is VM.pause.
func vmPause(c *call) (any, error) {
	return nil, c.turn("pause", paused, "VM_PAUSED", "paused")
}

// vmUnpause is VM.unpause.
func vmUnpause(c *call) (any, error) {
	return nil, c.turn("unpause", running, "VM_UNPAUSED", "unpaused")
}

// turn is an operation that does nothing but change the power state of a domain.
func (c *call) turn(name, state, message, words string) error {
	vm := c.str(0)
	return c.operateVM(vm, name, func(o *vmOperationCall) error {
		host, err := o.forwardToHome()
		if err != nil {
			return err
		}
		err = o.onHost(host, func() error { return o.sleep(o.takes(timingPause)) })
		if err != nil {
			return err
		}
		return o.update(func(t *tx) error {
			o.commit(t, 1)
			t.set("VM", vm, "power_state", state)
			t.refreshVM(vm)
			t.refreshDevices(vm)
			if state == running {
				t.awaitAgent(vm)
			}
			return nil
		})
	}, func(t *tx) { t.announce(message, vm, words) })
}
