package simulator

// vmBehaviours are the calls of class VM that do more than read and write a field.
func vmBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VM.start":                     vmStart,
		"VM.start_on":                  vmStartOn,
		"VM.pause":                     vmPause,
		"VM.unpause":                   vmUnpause,
		"VM.suspend":                   vmSuspend,
		"VM.resume":                    vmResume,
		"VM.resume_on":                 vmResumeOn,
		"VM.clean_shutdown":            vmCleanShutdown,
		"VM.hard_shutdown":             vmHardShutdown,
		"VM.shutdown":                  vmShutdown,
		"VM.clean_reboot":              vmCleanReboot,
		"VM.hard_reboot":               vmHardReboot,
		"VM.pool_migrate":              vmPoolMigrate,
		"VM.power_state_reset":         vmPowerStateReset,
		"VM.assert_operation_valid":    vmAssertOperationValid,
		"VM.assert_can_boot_here":      vmAssertCanBootHere,
		"VM.get_possible_hosts":        vmPossibleHosts,
		"VM.update_allowed_operations": vmUpdateAllowedOperations,
		"VM.compute_memory_overhead":   vmComputeMemoryOverhead,
		"VM.get_boot_record":           vmGetBootRecord,
		"VM.set_is_a_template":         vmSetIsATemplate,
	}
}

// operatesVM reports whether a call marks its VM and then takes time.
func operatesVM(method string) bool {
	switch method {
	case "VM.start", "VM.start_on", "VM.pause", "VM.unpause", "VM.suspend", "VM.resume", "VM.resume_on", "VM.clean_shutdown",
		"VM.hard_shutdown", "VM.shutdown", "VM.clean_reboot", "VM.hard_reboot", "VM.pool_migrate":
		return true
	}
	return false
}

// vmAssertOperationValid is VM.assert_operation_valid: the checks of an operation without the operation.
func vmAssertOperationValid(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		if err := checkVMOperation(t.vmFacts(c.str(0)), c.str(1), true); err != nil {
			return err
		}
		return nil
	})
}

// vmAssertCanBootHere is VM.assert_can_boot_here.
func vmAssertCanBootHere(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		if err := t.must("host", c.str(1)); err != nil {
			return err
		}
		if err := checkCanBootHere(t.bootFacts(c.str(0)), t.hostBootFacts(c.str(1)), bootChecks{}); err != nil {
			return err
		}
		return nil
	})
}

// vmPossibleHosts is VM.get_possible_hosts. xapi: a VM that is on its way to a host can only go there.
func vmPossibleHosts(c *call) (any, error) {
	hosts := Set{}
	err := c.view(func(t *tx) error {
		vm := c.str(0)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if going := t.str("VM", vm, "scheduled_to_be_resident_on"); going != nullRef {
			hosts = append(hosts, going)
			return nil
		}
		facts := t.bootFacts(vm)
		for _, h := range t.allHostBootFacts() {
			if checkCanBootHere(facts, h, bootChecks{}) == nil {
				hosts = append(hosts, h.Ref)
			}
		}
		return nil
	})
	return hosts, err
}

// vmUpdateAllowedOperations is VM.update_allowed_operations.
func vmUpdateAllowedOperations(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		t.refreshVM(c.str(0))
		return nil
	})
}

// vmComputeMemoryOverhead is VM.compute_memory_overhead.
func vmComputeMemoryOverhead(c *call) (any, error) {
	var bytes int64
	err := c.view(func(t *tx) error {
		bytes = t.overhead(c.str(0))
		return t.must("VM", c.str(0))
	})
	return bytes, err
}
