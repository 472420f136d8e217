package simulator

// pbdBehaviours are the calls of class PBD, the connections of SRs to hosts.
func pbdBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"PBD.create":            pbdCreate,
		"PBD.destroy":           pbdDestroy,
		"PBD.plug":              func(c *call) (any, error) { return nil, c.plugPBD(c.str(0), c.task) },
		"PBD.unplug":            pbdUnplug,
		"PBD.set_device_config": pbdSetDeviceConfig,
	}
}

// checkDeviceConfig refuses a key that only xapi writes.
func checkDeviceConfig(config Map) error {
	if v, ok := config.Get("SRmaster"); ok {
		return fail("VALUE_NOT_SUPPORTED", "SRmaster", v.(string), "This key is for internal use only")
	}
	return nil
}

// pbdCreate is PBD.create: one connection for each SR and host.
func pbdCreate(c *call) (any, error) {
	r, made := givenRecord(c.dict(0)), nullRef
	err := c.update(func(t *tx) error {
		sr, host := r.str("SR"), r.str("host")
		if err := t.must("SR", sr); err != nil {
			return err
		}
		if err := t.must("host", host); err != nil {
			return err
		}
		for _, pbd := range t.strs("SR", sr, "PBDs") {
			if t.str("PBD", pbd, "host") == host {
				return fail("PBD_EXISTS", sr, host, pbd)
			}
		}
		if err := checkDeviceConfig(r.dict("device_config")); err != nil {
			return err
		}
		made = t.create("PBD", r.values("host", "SR", "device_config", "other_config"))
		t.refreshSR(sr)
		return nil
	})
	return made, err
}

// pbdDestroy is PBD.destroy.
func pbdDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pbd := c.str(0)
		if err := t.must("PBD", pbd); err != nil {
			return err
		}
		if t.flag("PBD", pbd, "currently_attached") {
			return fail("OPERATION_NOT_ALLOWED", "PBD is currently attached")
		}
		sr := t.str("PBD", pbd, "SR")
		t.destroy("PBD", pbd)
		t.refreshSR(sr)
		return nil
	})
}

// pbdSetDeviceConfig is PBD.set_device_config.
func pbdSetDeviceConfig(c *call) (any, error) {
	if err := checkDeviceConfig(c.dict(1)); err != nil {
		return nil, err
	}
	return nil, c.writeField("device_config")
}

// plugPBD connects an SR to a host, as the work of a task. Plugged already is no error.
func (c *call) plugPBD(pbd, task string) error {
	sr, host, already := nullRef, nullRef, false
	err := c.view(func(t *tx) error {
		sr, host, already = t.str("PBD", pbd, "SR"), t.str("PBD", pbd, "host"), t.flag("PBD", pbd, "currently_attached")
		return t.must("PBD", pbd)
	})
	if err != nil || already {
		return err
	}
	if err := c.contact(host); err != nil {
		return err
	}
	if task == c.task {
		c.forwardTo(host)
	}
	return c.onStorage(storageOp{sr: sr, srOp: "plug", task: task}, func(t *tx) error {
		if err := t.checkDriver(t.str("SR", sr, "type")); err != nil {
			return err
		}
		for _, other := range t.strs("SR", sr, "PBDs") {
			if t.flag("PBD", other, "currently_attached") && !t.flag("SR", sr, "shared") {
				return fail("SR_NOT_SHARABLE", sr, t.str("PBD", other, "host"))
			}
		}
		if t.num("SR", sr, "physical_size") < 0 {
			b := t.backend(t.str("SR", sr, "uuid"))
			t.set("SR", sr, "physical_size", b.size)
			t.set("SR", sr, "physical_utilisation", b.used)
		}
		t.set("PBD", pbd, "currently_attached", true)
		for _, vdi := range t.strs("SR", sr, "VDIs") {
			t.refreshVDI(vdi)
		}
		return nil
	})
}

// pbdUnplug is PBD.unplug. xapi: refused with every disk that a VM on that host uses.
func pbdUnplug(c *call) (any, error) {
	pbd, sr, host, attached := c.str(0), nullRef, nullRef, false
	err := c.view(func(t *tx) error {
		sr, host, attached = t.str("PBD", pbd, "SR"), t.str("PBD", pbd, "host"), t.flag("PBD", pbd, "currently_attached")
		return t.must("PBD", pbd)
	})
	if err != nil || !attached {
		return nil, err
	}
	if err := c.contact(host); err != nil {
		return nil, err
	}
	c.forwardTo(host)
	inUse := func(t *tx) error {
		if used := t.disksInUse(sr, host); len(used) > 0 {
			return fail("VDI_IN_USE", used...)
		}
		return nil
	}
	return nil, c.onStorage(storageOp{sr: sr, srOp: "unplug", first: inUse}, func(t *tx) error {
		if err := inUse(t); err != nil {
			return err
		}
		t.set("PBD", pbd, "currently_attached", false)
		for _, vdi := range t.strs("SR", sr, "VDIs") {
			t.refreshVDI(vdi)
		}
		return nil
	})
}

// disksInUse lists the disks of an SR that VMs on a host use.
func (t *tx) disksInUse(sr, host string) []string {
	var used []string
	for _, vm := range t.strs("host", host, "resident_VMs") {
		for _, vbd := range t.strs("VM", vm, "VBDs") {
			vdi := t.str("VBD", vbd, "VDI")
			active := t.flag("VBD", vbd, "currently_attached") || t.flag("VBD", vbd, "reserved")
			if active && !t.flag("VBD", vbd, "empty") && t.str("VDI", vdi, "SR") == sr {
				used = append(used, vdi)
			}
		}
	}
	return used
}
