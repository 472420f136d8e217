package simulator

import "encoding/xml"

// provisioning is the document in other_config "disks" of a template: the disks that its VMs begin with.
type provisioning struct {
	XMLName xml.Name `xml:"provision"`
	Disks   []struct {
		Device   string `xml:"device,attr"`
		Size     int64  `xml:"size,attr"` // bytes
		SR       string `xml:"sr,attr"`   // uuid
		Bootable bool   `xml:"bootable,attr"`
		Type     string `xml:"type,attr"`
	} `xml:"disk"`
}

// vmProvision is VM.provision: a template becomes a VM. xapi: it is one before its disks are made, and stays one when that
// fails; disks made before the failure stay too.
func vmProvision(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.operateVM(vm, "provision", func(o *vmOperationCall) error {
		host := nullRef
		err := o.whenAllowed(func(t *tx) error {
			host = t.masterHost()
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

// provisionDisks makes the disks that the VM's other_config asks for.
func (o *vmOperationCall) provisionDisks() error {
	document := ""
	err := o.view(func(t *tx) error { document = text(t.dict("VM", o.vm, "other_config"), "disks"); return nil })
	if err != nil || document == "" {
		return err
	}
	var wanted provisioning
	if err := xml.Unmarshal([]byte(document), &wanted); err != nil {
		return internalError("Xapi_templates.parse_disks: " + err.Error())
	}
	o.progress(.1)
	for _, d := range wanted.Disks {
		sr := ""
		err := o.view(func(t *tx) error {
			found := t.find("SR", "uuid", d.SR)
			if len(found) == 0 {
				return fail("UUID_INVALID", "sr", d.SR)
			}
			sr = found[0]
			return nil
		})
		if err != nil {
			return err
		}
		if err := o.provisionDisk(sr, d.Device, d.Type, d.Size, d.Bootable); err != nil {
			return err
		}
	}
	return nil
}

// provisionDisk makes one disk with its device.
func (o *vmOperationCall) provisionDisk(sr, device, kind string, size int64, bootable bool) error {
	vdi, err := o.beneath("VDI.create", func(task string) (string, error) {
		made := nullRef
		err := o.onStorage(storageOp{sr: sr, srOp: "vdi_create", task: task}, func(t *tx) error {
			if err := t.room(sr, size); err != nil {
				return err
			}
			uuid := t.life.pool.newUUID()
			made = t.introduceDisk(values{
				"uuid": uuid, "location": uuid, "SR": sr, "managed": true, "name_label": device, "on_boot": "persist",
				"name_description": "Created by template provisioner", "virtual_size": size, "physical_utilisation": size, "type": kind,
			})
			return nil
		})
		return made, err
	}, nil)
	if err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		t.refreshVBD(t.create("VBD", values{
			"VM": o.vm, "VDI": vdi, "userdevice": device, "bootable": bootable, "mode": "RW", "type": "Disk", "unpluggable": true,
			"other_config": mapOf("owner", ""), "metrics": t.life.pool.newRef(),
		}))
		return nil
	})
}
