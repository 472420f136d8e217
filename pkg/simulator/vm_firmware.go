package simulator

import (
	"slices"
	"strings"
)

// vmCopyBIOS is VM.copy_bios_strings: those of a host, which a VM can be given once.
func vmCopyBIOS(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("host", c.str(1)); err != nil {
			return err
		}
		return t.giveBIOS(c.str(0), t.dict("host", c.str(1), "bios_strings"))
	})
}

// vmSetBIOS is VM.set_bios_strings.
func vmSetBIOS(c *call) (any, error) {
	return nil, c.update(func(t *tx) error { return t.giveBIOS(c.str(0), c.dict(1)) })
}

func (t *tx) giveBIOS(vm string, strings Map) error {
	if err := t.must("VM", vm); err != nil {
		return err
	}
	if len(t.dict("VM", vm, "bios_strings")) > 0 {
		return fail("VM_BIOS_STRINGS_ALREADY_SET")
	}
	t.set("VM", vm, "bios_strings", strings)
	return nil
}

// checkActionAfterCrash refuses what xapi does not do with a domain that has crashed.
func checkActionAfterCrash(action, domainType string) *Failure {
	const field = "VM.actions_after_crash"
	switch {
	case action == "rename_restart":
		return fail("VALUE_NOT_SUPPORTED", field, action, "option would leak a domain; VMs and not domains are managed by this API")
	case strings.HasPrefix(action, "coredump_") && slices.Contains([]string{"hvm", "pvh", "pv_in_pvh"}, domainType):
		return fail("VALUE_NOT_SUPPORTED", field, action, "cannot invoke a coredump of an HVM, PVH or PV-in-PVH domain")
	}
	return nil
}

// vmSetActionsAfterCrash is VM.set_actions_after_crash.
func vmSetActionsAfterCrash(c *call) (any, error) {
	vm, action := c.str(0), c.str(1)
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if err := checkActionAfterCrash(action, t.str("VM", vm, "domain_type")); err != nil {
			return err
		}
		t.set("VM", vm, "actions_after_crash", action)
		return nil
	})
}

// vmSetBootPolicy is VM.set_HVM_boot_policy. xapi: the kind of domain follows, for clients that only know this field.
func vmSetBootPolicy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		kind := "hvm"
		if c.str(1) == "" {
			kind = "pv"
		}
		t.set("VM", c.str(0), "domain_type", kind)
		t.set("VM", c.str(0), "HVM_boot_policy", c.str(1))
		return nil
	})
}

// vmSetDomainType is VM.set_domain_type, the other way about.
func vmSetDomainType(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		if c.str(1) == "unspecified" {
			return fail("INVALID_VALUE", "domain_type", c.str(1))
		}
		policy := ""
		if c.str(1) == "hvm" {
			policy = "BIOS order"
		}
		t.set("VM", c.str(0), "domain_type", c.str(1))
		t.set("VM", c.str(0), "HVM_boot_policy", policy)
		return nil
	})
}

// vmSetVendorDevice is VM.set_has_vendor_device: only while the VM is Halted.
func vmSetVendorDevice(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vm := c.str(0)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if state := t.str("VM", vm, "power_state"); state != halted {
			return fail("VM_BAD_POWER_STATE", vm, "halted", strings.ToLower(state))
		}
		t.set("VM", vm, "has_vendor_device", c.flag(1))
		if c.flag(1) && t.num("VM", vm, "hardware_platform_version") < 2 {
			t.set("VM", vm, "hardware_platform_version", int64(2))
		}
		return nil
	})
}
