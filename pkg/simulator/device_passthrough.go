package simulator

import "strconv"

// passthroughBehaviours are the calls about graphics and USB devices that VMs are given. A simulated host has none of them;
// groups and what is asked of them are rows like any other, and a dump may bring the devices.
func passthroughBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"GPU_group.create":                 groupCreate("GPU_group"),
		"GPU_group.destroy":                groupDestroy("GPU_group", "PGPUs", "GPU_GROUP_CONTAINS_PGPU", "VGPUs", "GPU_GROUP_CONTAINS_VGPU"),
		"GPU_group.get_remaining_capacity": gpuGroupCapacity,
		"USB_group.create":                 groupCreate("USB_group"),
		"USB_group.destroy":                groupDestroy("USB_group", "PUSBs", "USB_GROUP_CONTAINS_PUSB", "VUSBs", "USB_GROUP_CONTAINS_VUSB"),
		"VGPU.create":                      vgpuCreate,
		"VGPU.destroy":                     vgpuDestroy,
		"VUSB.create":                      vusbCreate,
		"VUSB.destroy":                     vusbDestroy,
		"VUSB.unplug":                      vusbUnplug,
		"PUSB.scan":                        hostUnseen("PUSB.scan"),
		"PUSB.set_passthrough_enabled":     pusbSetPassthrough,
		"PGPU.set_GPU_group":               pgpuSetGroup,
		"PGPU.add_enabled_VGPU_types":      pgpuEnableType,
		"PGPU.remove_enabled_VGPU_types":   func(c *call) (any, error) { return nil, c.removeField("enabled_VGPU_types") },
		"PGPU.set_enabled_VGPU_types":      func(c *call) (any, error) { return nil, c.writeField("enabled_VGPU_types") },
	}
}

// groupCreate is a constructor of a group of devices: name_label, name_description, other_config.
func groupCreate(class string) behaviour {
	return func(c *call) (any, error) {
		made := nullRef
		err := c.update(func(t *tx) error {
			made = t.create(class, values{"name_label": c.str(0), "name_description": c.str(1), "other_config": c.dict(2)})
			return nil
		})
		return made, err
	}
}

// groupDestroy is a destructor of a group, which has to be empty of physical devices and of virtual ones.
func groupDestroy(class, physical, hasPhysical, virtual, hasVirtual string) behaviour {
	return func(c *call) (any, error) {
		return nil, c.update(func(t *tx) error {
			group := c.str(0)
			if err := t.must(class, group); err != nil {
				return err
			}
			if inside := t.strs(class, group, physical); len(inside) > 0 {
				return fail(hasPhysical, inside...)
			}
			if inside := t.strs(class, group, virtual); len(inside) > 0 {
				return fail(hasVirtual, inside...)
			}
			t.destroy(class, group)
			return nil
		})
	}
}

// gpuGroupCapacity is GPU_group.get_remaining_capacity: of the devices in the group.
func gpuGroupCapacity(c *call) (any, error) {
	var n int64
	err := c.view(func(t *tx) error {
		if err := t.must("GPU_group", c.str(0)); err != nil {
			return err
		}
		if err := t.must("VGPU_type", c.str(1)); err != nil {
			return err
		}
		for _, pgpu := range t.strs("GPU_group", c.str(0), "PGPUs") {
			n += t.freeOn(pgpu, c.str(1))
		}
		return nil
	})
	return n, err
}

// freeOn is how many virtual devices of a type a physical one still holds. xapi: types do not mix on one.
func (t *tx) freeOn(pgpu, kind string) int64 {
	if !hasMember(t.members("PGPU", pgpu, "enabled_VGPU_types"), kind) {
		return 0
	}
	most, _ := t.dict("PGPU", pgpu, "supported_VGPU_max_capacities").Get(kind)
	n, _ := most.(int64)
	for _, vgpu := range t.strs("PGPU", pgpu, "resident_VGPUs") {
		if t.str("VGPU", vgpu, "type") != kind {
			return 0
		}
		n--
	}
	return n
}

// vgpuCreate is VGPU.create(VM, GPU_group, device, other_config, type). xapi: one, of a Halted VM, on a group of devices of
// a type that they can be.
func vgpuCreate(c *call) (any, error) {
	vm, group, device, kind, made := c.str(0), c.str(1), c.str(2), c.str(4), nullRef
	err := c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if err := t.mustBeHalted(vm); err != nil {
			return err
		}
		if err := t.must("GPU_group", group); err != nil {
			return err
		}
		if n, err := strconv.Atoi(device); err != nil || n < 0 || n > 255 {
			return fail("INVALID_DEVICE", device)
		}
		for _, vgpu := range t.strs("VM", vm, "VGPUs") {
			if t.str("VGPU", vgpu, "device") == device {
				return fail("DEVICE_ALREADY_EXISTS", device)
			}
		}
		if kind != nullRef {
			if err := t.must("VGPU_type", kind); err != nil {
				return err
			}
		}
		made = t.create("VGPU", values{
			"VM": vm, "GPU_group": group, "device": device, "other_config": c.dict(3), "type": kind,
			"resident_on": nullRef, "scheduled_to_be_resident_on": nullRef,
		})
		return nil
	})
	return made, err
}

// vgpuDestroy is VGPU.destroy.
func vgpuDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VGPU", c.str(0)); err != nil {
			return err
		}
		if t.str("VM", t.str("VGPU", c.str(0), "VM"), "power_state") != halted {
			return fail("OPERATION_NOT_ALLOWED", "vGPU currently attached to a running VM")
		}
		t.destroy("VGPU", c.str(0))
		return nil
	})
}

// vusbMost is how many USB devices a VM can have.
const vusbMost = 6

// vusbCreate is VUSB.create(VM, USB_group, other_config). xapi: a group is given once, and a VM that restarts elsewhere has
// none.
func vusbCreate(c *call) (any, error) {
	vm, group, made := c.str(0), c.str(1), nullRef
	err := c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if err := t.must("USB_group", group); err != nil {
			return err
		}
		switch {
		case len(t.members("VM", vm, "VUSBs")) >= vusbMost:
			return fail("TOO_MANY_VUSBS", strconv.Itoa(vusbMost))
		case len(t.members("USB_group", group, "VUSBs")) > 0:
			return fail("USB_GROUP_CONFLICT", group)
		case t.str("VM", vm, "ha_restart_priority") == "restart":
			return fail("OPERATION_NOT_ALLOWED", "VM ha_restart_priority has been set to 'restart', can not create VUSB for it. ")
		}
		made = t.create("VUSB", values{"VM": vm, "USB_group": group, "other_config": c.dict(2), "allowed_operations": setOf("attach")})
		return nil
	})
	return made, err
}

// vusbDestroy is VUSB.destroy.
func vusbDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VUSB", c.str(0)); err != nil {
			return err
		}
		if t.flag("VUSB", c.str(0), "currently_attached") {
			return fail("OPERATION_NOT_ALLOWED", "VUSB currently attached to a running VM")
		}
		t.destroy("VUSB", c.str(0))
		return nil
	})
}

// vusbUnplug is VUSB.unplug.
func vusbUnplug(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vusb := c.str(0)
		if err := t.must("VUSB", vusb); err != nil {
			return err
		}
		if !t.flag("VUSB", vusb, "currently_attached") {
			return fail("DEVICE_ALREADY_DETACHED", vusb)
		}
		t.set("VUSB", vusb, "currently_attached", false)
		return nil
	})
}

// pusbSetPassthrough is PUSB.set_passthrough_enabled. xapi: not taken away from a group that a VM has.
func pusbSetPassthrough(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pusb := c.str(0)
		if err := t.must("PUSB", pusb); err != nil {
			return err
		}
		group := t.str("PUSB", pusb, "USB_group")
		for _, vusb := range t.strs("USB_group", group, "VUSBs") {
			if vm := t.str("VUSB", vusb, "VM"); !c.flag(1) && t.flag("VUSB", vusb, "currently_attached") {
				return fail("USB_ALREADY_ATTACHED", pusb, vm)
			}
		}
		t.set("PUSB", pusb, "passthrough_enabled", c.flag(1))
		return nil
	})
}

// pgpuSetGroup is PGPU.set_GPU_group. xapi: not of a device that VMs use.
func pgpuSetGroup(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("PGPU", c.str(0)); err != nil {
			return err
		}
		if err := t.must("GPU_group", c.str(1)); err != nil {
			return err
		}
		if used := t.strs("PGPU", c.str(0), "resident_VGPUs"); len(used) > 0 {
			return fail("PGPU_IN_USE_BY_VM", used...)
		}
		t.set("PGPU", c.str(0), "GPU_group", c.str(1))
		return nil
	})
}

// pgpuEnableType is PGPU.add_enabled_VGPU_types: of those that the device supports.
func pgpuEnableType(c *call) (any, error) {
	err := c.view(func(t *tx) error {
		if err := t.must("PGPU", c.str(0)); err != nil {
			return err
		}
		if supported := t.members("PGPU", c.str(0), "supported_VGPU_types"); !hasMember(supported, c.str(1)) {
			return fail("VGPU_TYPE_NOT_SUPPORTED", append([]string{c.str(1)}, wordsOf(supported)...)...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, c.addField("enabled_VGPU_types")
}
