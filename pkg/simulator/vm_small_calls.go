package simulator

import (
	"slices"
	"strconv"
	"strings"
)

// vmSmallCalls are the calls of class VM that answer a question or change one thing, with xapi's checks.
func vmSmallCalls() map[string]behaviour {
	table := map[string]behaviour{
		"VM.get_allowed_VBD_devices":      vmFreeDevices((*tx).freeDisks),
		"VM.get_allowed_VIF_devices":      vmFreeDevices((*tx).freeInterfaces),
		"VM.maximise_memory":              vmMaximiseMemory,
		"VM.set_HVM_shadow_multiplier":    vmSetShadow("changing_shadow_memory"),
		"VM.set_shadow_multiplier_live":   vmSetShadow("changing_shadow_memory_live"),
		"VM.get_cooperative":              func(c *call) (any, error) { return true, c.mustBeThere("VM") },
		"VM.assert_agile":                 vmAssertAgile,
		"VM.retrieve_wlb_recommendations": vmWLB,
		"VM.copy_bios_strings":            vmCopyBIOS,
		"VM.set_bios_strings":             vmSetBIOS,
		"VM.send_sysrq":                   vmNotImplemented("send_sysrq"),
		"VM.send_trigger":                 vmNotImplemented("send_trigger"),
		"VM.set_actions_after_crash":      vmSetActionsAfterCrash,
		"VM.set_HVM_boot_policy":          vmSetBootPolicy,
		"VM.set_domain_type":              vmSetDomainType,
		"VM.restart_device_models":        vmRestartDeviceModels,
		"VM.set_memory_target_live":       vmSetMemoryTarget,
		"VM.wait_memory_target_live":      vmAwaitMemoryTarget,
		"VM.add_to_VCPUs_params_live":     func(c *call) (any, error) { return nil, c.addField("VCPUs_params") },
		"VM.set_has_vendor_device":        vmSetVendorDevice,
		"VM.query_services":               vmQueryServices,
		"VM.set_suspend_VDI":              vmSetSuspendVDI,
	}
	for _, field := range []string{"start_delay", "shutdown_delay", "order"} {
		table["VM.set_"+field] = vmSetNotNegative(field)
	}
	return table
}

// vmFreeDevices lists the names of devices that a VM can still have.
func vmFreeDevices(free func(*tx, string) []string) behaviour {
	return func(c *call) (any, error) {
		var names []string
		err := c.view(func(t *tx) error {
			names = free(t, c.str(0))
			return t.must("VM", c.str(0))
		})
		return setOf(names...), err
	}
}

// vmMaximiseMemory is VM.maximise_memory: the largest static_max that fits into a total with its overhead, in bytes.
func vmMaximiseMemory(c *call) (any, error) {
	vm, total, most := c.str(0), c.num(1), int64(0)
	err := c.view(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		kind, vcpus, multiplier := t.str("VM", vm, "domain_type"), t.num("VM", vm, "VCPUs_max"), t.float("VM", vm, "HVM_shadow_multiplier")
		for low, high := int64(0), total/mib; low <= high; {
			middle := (low + high) / 2
			if middle*mib+memoryOverhead(kind, middle*mib, vcpus, multiplier, t.life.pool.model.since(25, 0)) <= total {
				most, low = middle*mib, middle+1
			} else {
				high = middle - 1
			}
		}
		return nil
	})
	return most, err
}

// vmSetShadow is VM.set_HVM_shadow_multiplier and VM.set_shadow_multiplier_live.
func vmSetShadow(operation string) behaviour {
	return func(c *call) (any, error) {
		vm, multiplier := c.str(0), c.float(1)
		return nil, c.operateVM(vm, operation, func(o *vmOperationCall) error {
			return o.update(func(t *tx) error {
				if multiplier < 1 {
					return fail("INVALID_VALUE", "multiplier", ocamlFloat(multiplier))
				}
				t.set("VM", vm, "HVM_shadow_multiplier", multiplier)
				t.set("VM", vm, "memory_overhead", t.overhead(vm))
				return nil
			})
		}, nil)
	}
}

// vmAssertAgile is VM.assert_agile: the VM can run on every host.
func vmAssertAgile(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		return t.agile(c.str(0))
	})
}

// vmWLB is VM.retrieve_wlb_recommendations. The simulated pool has no workload balancing.
func vmWLB(c *call) (any, error) {
	if err := c.mustBeThere("VM"); err != nil {
		return nil, err
	}
	return nil, fail("WLB_NOT_INITIALIZED")
}

// vmNotImplemented is an operation that xapi checks and then does not have either.
func vmNotImplemented(operation string) behaviour {
	return func(c *call) (any, error) {
		return nil, c.operateVM(c.str(0), operation, func(*vmOperationCall) error { return fail("NOT_IMPLEMENTED", operation) }, nil)
	}
}

// vmRestartDeviceModels is VM.restart_device_models: a migration to the host that the VM is on.
func vmRestartDeviceModels(c *call) (any, error) {
	host := nullRef
	err := c.view(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		if state := t.str("VM", c.str(0), "power_state"); state != running {
			return fail("VM_BAD_POWER_STATE", c.str(0), running, state)
		}
		host = t.str("VM", c.str(0), "resident_on")
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.params = []any{c.str(0), host, Map{}}
	return vmPoolMigrate(c)
}

// vmSetNotNegative is a setter of a number of seconds, or of an order.
func vmSetNotNegative(field string) behaviour {
	return func(c *call) (any, error) {
		if n := c.num(1); n < 0 {
			return nil, fail("INVALID_VALUE", field+" must be non-negative", strconv.FormatInt(n, 10))
		}
		return nil, c.writeField(field)
	}
}

// vmSetMemoryTarget is VM.set_memory_target_live: the balloon of a running guest, which is where it should be at once.
func vmSetMemoryTarget(c *call) (any, error) {
	vm, target := c.str(0), c.num(1)
	return nil, c.operateVM(vm, "changing_memory_live", func(o *vmOperationCall) error {
		return o.update(func(t *tx) error { t.set("VM", vm, "memory_target", target); return nil })
	}, nil)
}

// vmAwaitMemoryTarget is VM.wait_memory_target_live.
func vmAwaitMemoryTarget(c *call) (any, error) {
	return nil, c.operateVM(c.str(0), "awaiting_memory_live", func(*vmOperationCall) error { return nil }, nil)
}

// vmQueryServices is VM.query_services: those of a system domain; the simulator's offer none.
func vmQueryServices(c *call) (any, error) {
	return Map{}, c.operateVM(c.str(0), "query_services", func(*vmOperationCall) error { return nil }, nil)
}

// vmSetSuspendVDI is VM.set_suspend_VDI: another image with the same contents, which all images of the simulator have, and
// which some host can reach together with the VM's disks.
func vmSetSuspendVDI(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vm, image := c.str(0), c.str(1)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if state := t.str("VM", vm, "power_state"); state != suspended {
			return fail("VM_BAD_POWER_STATE", vm, "suspended", strings.ToLower(state))
		}
		if err := t.must("VDI", image); err != nil {
			return err
		}
		if kind := t.str("VDI", image, "type"); kind == "cbt_metadata" {
			return fail("VDI_INCOMPATIBLE_TYPE", vm, kind) // xapi: it names the VM
		}
		facts := t.bootFacts(vm)
		facts.SRs = append(facts.SRs, t.str("VDI", image, "SR"))
		if !slices.ContainsFunc(t.allHostBootFacts(), func(h hostBootFacts) bool { return facts.checkStorage(h) == nil }) {
			return fail("NO_HOSTS_AVAILABLE")
		}
		t.set("VM", vm, "suspend_VDI", image)
		return nil
	})
}
