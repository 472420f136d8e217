package simulator

import "slices"

// vmSetIsATemplate is VM.set_is_a_template. xapi: towards a template it is an operation, and the metrics go; back it is
// checked by nothing, and allowed_operations are not recomputed.
func vmSetIsATemplate(c *call) (any, error) {
	vm := c.str(0)
	if c.flag(1) {
		return nil, c.makeTemplate(vm, false)
	}
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		t.set("VM_metrics", t.str("VM", vm, "metrics"), "install_time", t.now())
		t.set("VM", vm, "is_a_template", false)
		return nil
	})
}

// setIsDefaultTemplate is VM.set_is_default_template. xapi: a VM becomes a template by it; other_config says the same, for
// clients that know only that.
func setIsDefaultTemplate(c *call) (any, error) {
	vm, template := c.str(0), false
	err := c.view(func(t *tx) error { template = t.flag("VM", vm, "is_a_template"); return t.must("VM", vm) })
	if err == nil && c.flag(1) && !template {
		return nil, c.makeTemplate(vm, true)
	}
	if err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		t.markDefaultTemplate(vm, c.flag(1))
		t.refreshVM(vm)
		return nil
	})
}

// markDefaultTemplate writes whether a template is one as shipped.
func (t *tx) markDefaultTemplate(vm string, yes bool) {
	config := withoutKey(t.dict("VM", vm, "other_config"), "default_template")
	if yes {
		config = withKey(config, "default_template", "true")
	}
	t.set("VM", vm, "other_config", config)
	t.set("VM", vm, "is_default_template", yes)
}

// makeTemplate makes a template of a VM. xapi: one that HA is about to start is protected from that.
func (c *call) makeTemplate(vm string, shipped bool) error {
	return c.operateVM(vm, "make_into_template", func(o *vmOperationCall) error {
		return o.update(func(t *tx) error {
			if t.protected(vm) && t.flag("VM", vm, "ha_always_run") {
				return fail("VM_IS_PROTECTED", vm)
			}
			metrics := t.str("VM", vm, "metrics")
			t.set("VM", vm, "metrics", nullRef)
			for _, usb := range slices.Clone(t.strs("VM", vm, "VUSBs")) {
				t.destroy("VUSB", usb)
			}
			t.destroy("VM_metrics", metrics)
			t.set("VM", vm, "ha_always_run", false)
			t.set("VM", vm, "groups", Set{})
			t.set("VM", vm, "is_a_template", true)
			if shipped {
				t.markDefaultTemplate(vm, true)
			}
			return nil
		})
	}, nil)
}
