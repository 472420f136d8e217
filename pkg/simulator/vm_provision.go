package simulator

// vmProvision is VM.provision: a template becomes a VM. xapi: it is one before its disks are made, and stays one when that
// fails; disks made before the failure stay too.
func vmProvision(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.operateVM(vm, "provision", func(o *vmOperationCall) error {
		host := nullRef
		err := o.whenAllowed(func(t *tx) error {
			host = t.provisioningHost(vm)
			return t.markHost(host, o.task, "provision")
		})
		if err != nil {
			return err
		}
		err = o.update(func(t *tx) error {
			t.set("VM_metrics", t.str("VM", vm, "metrics"), "install_time", t.now())
			t.set("VM", vm, "is_a_template", false)
			return nil
		})
		if err == nil {
			err = o.provisionDisks()
		}
		ended := o.update(func(t *tx) error {
			if err == nil {
				t.removeFrom("VM", vm, "other_config", "disks")
				t.removeFrom("VM", vm, "other_config", "postinstall")
			}
			t.unmark("host", host, o.task)
			t.refreshHost(host)
			return nil
		})
		if err != nil {
			return err
		}
		return ended
	}, nil)
}

// provisioningHost is the host that makes a template's disks: the coordinator if it has the storage for them, or else
// another that has.
func (t *tx) provisioningHost(vm string) string {
	disks, err := parseProvision(text(t.dict("VM", vm, "other_config"), "disks"))
	if err != nil {
		return t.masterHost()
	}
	for _, host := range append([]string{t.masterHost()}, t.all("host")...) {
		facts, sees := t.hostBootFacts(host), true
		for _, d := range disks {
			for _, sr := range t.find("SR", "uuid", d.sr) {
				sees = sees && facts.SRs[sr]
			}
		}
		if sees && facts.Live && facts.Enabled {
			return host
		}
	}
	return t.masterHost()
}

// provisionDisks makes the disks that the VM's other_config asks for.
func (o *vmOperationCall) provisionDisks() error {
	document := ""
	err := o.view(func(t *tx) error { document = text(t.dict("VM", o.vm, "other_config"), "disks"); return nil })
	if err != nil || document == "" {
		return err
	}
	wanted, err := parseProvision(document)
	if err != nil {
		return err
	}
	o.progress(.1)
	for _, d := range wanted {
		sr := ""
		err := o.view(func(t *tx) error {
			found := t.find("SR", "uuid", d.sr)
			if len(found) == 0 {
				return fail("UUID_INVALID", "sr", d.sr)
			}
			sr = found[0]
			return nil
		})
		if err != nil {
			return err
		}
		if err := o.provisionDisk(sr, d); err != nil {
			return err
		}
	}
	return nil
}

// provisionDisk makes one disk with its device.
func (o *vmOperationCall) provisionDisk(sr string, d provisionedDisk) error {
	vdi, err := o.beneath("VDI.create", func(task string) (string, error) {
		made := nullRef
		err := o.onStorage(storageOp{sr: sr, srOp: "vdi_create", task: task}, func(t *tx) error {
			if err := checkDiskSize(d.size); err != nil {
				return err
			}
			size := max(diskBlock, (d.size+diskBlock-1)/diskBlock*diskBlock)
			if err := t.room(sr, size); err != nil {
				return err
			}
			uuid := t.life.pool.newUUID()
			made = t.introduceDisk(values{
				"uuid": uuid, "location": uuid, "SR": sr, "managed": true, "on_boot": "persist",
				"name_description": "Created by template provisioner", "virtual_size": size, "physical_utilisation": size, "type": d.kind,
			})
			return nil
		})
		return made, err
	}, nil)
	if err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		device, err := t.newDiskDevice(o.vm, d.device)
		if err != nil {
			return err
		}
		t.refreshVBD(t.create("VBD", values{
			"VM": o.vm, "VDI": vdi, "userdevice": device, "bootable": d.bootable, "mode": "RW", "type": "Disk", "unpluggable": d.kind != "system",
			"other_config": mapOf("owner", ""), "metrics": t.life.pool.newRef(),
		}))
		t.set("VDI", vdi, "name_label", device)
		return nil
	})
}
