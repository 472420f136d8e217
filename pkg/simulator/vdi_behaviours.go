package simulator

// vdiBehaviours are the calls of class VDI that do more than read and write a field.
func vdiBehaviours() map[string]behaviour {
	table := map[string]behaviour{
		"VDI.create":                  vdiCreate,
		"VDI.destroy":                 vdiDestroy,
		"VDI.clone":                   vdiCloneOrSnapshot("clone"),
		"VDI.snapshot":                vdiCloneOrSnapshot("snapshot"),
		"VDI.copy":                    vdiCopy,
		"VDI.resize":                  vdiResize("resize"),
		"VDI.resize_online":           vdiResize("resize_online"),
		"VDI.forget":                  vdiForget,
		"VDI.introduce":               vdiIntroduce,
		"VDI.update":                  vdiUpdate,
		"VDI.set_on_boot":             vdiSetOnBoot,
		"VDI.set_sharable":            vdiSetAndRefresh("sharable"),
		"VDI.set_read_only":           vdiSetAndRefresh("read_only"),
		"VDI.pool_migrate":            vdiPoolMigrate,
		"VDI.get_nbd_info":            vdiNBDInfo,
		"VDI.read_database_pool_uuid": vdiReadDatabase,
		"VDI.open_database":           vdiOpenDatabase,
		"VDI.revert":                  vdiRevert,
	}
	for _, op := range []string{"enable_cbt", "disable_cbt", "data_destroy"} {
		table["VDI."+op] = vdiOnlyChecked(op)
	}
	table["VDI.list_changed_blocks"] = vdiOnlyChecked("list_changed_blocks")
	return table
}

// Sizes of disks in bytes. xapi: those of the VHD format.
const (
	diskSizeMax = 2040 * gib
	diskBlock   = 2 * mib
)

// checkDiskSize refuses a size that no disk has. xapi: a negative one does not even get to the driver.
func checkDiskSize(size int64) error {
	switch {
	case size < 0:
		return fail("SR_BACKEND_FAILURE_1200", "", `['INTERNAL_ERROR', 'Failure("Int64.of_string")']`, "")
	case size > diskSizeMax:
		return fail("SR_BACKEND_FAILURE_79", "", "VDI Invalid size [opterr=VDI size must be between 1 MB and 2088960 MB]", "")
	}
	return nil
}

// vdiCreate is VDI.create. xapi: sizes are rounded up to whole blocks.
func vdiCreate(c *call) (any, error) {
	r := givenRecord(c.dict(0))
	sr, made := r.str("SR"), nullRef
	size := max(diskBlock, (r.num("virtual_size")+diskBlock-1)/diskBlock*diskBlock)
	if err := c.view(func(t *tx) error { return t.must("SR", sr) }); err != nil {
		return nil, err
	}
	c.cancellable(true)
	if err := c.onStorageHost(sr); err != nil {
		return nil, err
	}
	tooBig := func(*tx) error { return checkDiskSize(r.num("virtual_size")) }
	err := c.onStorage(storageOp{sr: sr, srOp: "vdi_create", first: tooBig}, func(t *tx) error {
		if err := t.room(sr, size); err != nil {
			return err
		}
		uuid := t.life.pool.newUUID()
		made = t.introduceDisk(values{
			"uuid": uuid, "location": uuid, "SR": sr, "managed": true, "virtual_size": size, "physical_utilisation": size,
			"name_label": r.str("name_label"), "name_description": r.str("name_description"), "type": r.str("type"),
			"read_only": r.flag("read_only"), "on_boot": "persist", "sm_config": r.dict("sm_config"),
		})
		t.set("VDI", made, "sharable", r.flag("sharable"))
		t.set("VDI", made, "other_config", r.dict("other_config"))
		t.set("VDI", made, "xenstore_data", r.dict("xenstore_data"))
		t.set("VDI", made, "tags", r.members("tags"))
		return nil
	})
	return made, err
}

// vdiDestroy is VDI.destroy.
func vdiDestroy(c *call) (any, error) {
	vdi := c.str(0)
	sr, err := c.srOf(vdi)
	if err != nil {
		return nil, err
	}
	c.cancellable(true)
	if err := c.view(func(t *tx) error { return storageOp{sr: sr, vdi: vdi, vdiOp: "destroy"}.checkUnlessBusy(t) }); err != nil {
		return nil, err
	}
	if err := c.onStorageHost(sr); err != nil {
		return nil, err
	}
	return nil, c.onStorage(storageOp{sr: sr, srOp: "vdi_destroy", vdi: vdi, vdiOp: "destroy"}, func(t *tx) error {
		t.innerTask("VDI.db_forget", nullRef, nullRef, func(string) { t.dropDisk(vdi) })
		return nil
	})
}

// checkUnlessBusy is check without those refusals that only mean waiting.
func (op storageOp) checkUnlessBusy(t *tx) error {
	if err := op.check(t); err != nil && !isCode(err, "OTHER_OPERATION_IN_PROGRESS") {
		return err
	}
	return nil
}

// srOf is the SR of a VDI.
func (c *call) srOf(vdi string) (sr string, err error) {
	err = c.view(func(t *tx) error {
		sr = t.str("VDI", vdi, "SR")
		return t.must("VDI", vdi)
	})
	return sr, err
}

// vdiResize is VDI.resize and VDI.resize_online. xapi: the drivers do not shrink a disk.
func vdiResize(op string) behaviour {
	return func(c *call) (any, error) {
		vdi, size := c.str(0), c.num(1)
		sr, err := c.srOf(vdi)
		if err != nil {
			return nil, err
		}
		c.cancellable(true)
		if err := c.onStorageHost(sr); err != nil {
			return nil, err
		}
		return nil, c.onStorage(storageOp{sr: sr, srOp: "vdi_resize", vdi: vdi, vdiOp: op}, func(t *tx) error {
			if err := checkDiskSize(size); err != nil {
				return err
			}
			size := (size + diskBlock - 1) / diskBlock * diskBlock
			more := size - t.num("VDI", vdi, "virtual_size")
			if more < 0 {
				return fail("SR_BACKEND_FAILURE_79", "", "VDI Invalid size [opterr=shrinking not allowed]", "")
			}
			if err := t.room(sr, more); err != nil {
				return err
			}
			t.occupy(sr, more, more)
			t.set("VDI", vdi, "virtual_size", size)
			t.set("VDI", vdi, "physical_utilisation", t.num("VDI", vdi, "physical_utilisation")+more)
			return nil
		})
	}
}

// vdiUpdate is VDI.update: the driver is told of the fields. The simulator's keeps none.
func vdiUpdate(c *call) (any, error) {
	sr, err := c.srOf(c.str(0))
	if err != nil {
		return nil, err
	}
	return nil, c.onStorage(storageOp{sr: sr, vdi: c.str(0), vdiOp: "update"}, func(*tx) error { return nil })
}

// vdiSetOnBoot is VDI.set_on_boot: only where the driver can throw away at a start what was written since.
func vdiSetOnBoot(c *call) (any, error) {
	vdi := c.str(0)
	sr, err := c.srOf(vdi)
	if err != nil {
		return nil, err
	}
	return nil, c.onStorage(storageOp{sr: sr, vdi: vdi, vdiOp: "set_on_boot"}, func(t *tx) error {
		t.set("VDI", vdi, "on_boot", c.str(1))
		config := withoutKey(t.dict("VDI", vdi, "sm_config"), "on_boot")
		if c.str(1) == "reset" {
			config = withKey(config, "on_boot", "reset")
		}
		t.set("VDI", vdi, "sm_config", config)
		for _, vbd := range t.strs("VDI", vdi, "VBDs") {
			t.refreshVM(t.str("VBD", vbd, "VM"))
		}
		return nil
	})
}

// vdiSetAndRefresh is a setter on which the disk's allowed operations depend.
func vdiSetAndRefresh(field string) behaviour {
	return func(c *call) (any, error) {
		return nil, c.update(func(t *tx) error {
			if err := t.must("VDI", c.str(0)); err != nil {
				return err
			}
			t.set("VDI", c.str(0), field, c.flag(1))
			t.refreshVDI(c.str(0))
			return nil
		})
	}
}

// vdiOnlyChecked is an operation that no driver of the simulator can do: the answer is the real one.
func vdiOnlyChecked(op string) behaviour {
	return func(c *call) (any, error) {
		vdi := c.str(0)
		return nil, c.whenAllowed(func(t *tx) error {
			if err := t.must("VDI", vdi); err != nil {
				return err
			}
			f := t.vdiFacts(vdi)
			if err := checkVDIOperation(f, op); err != nil {
				return err
			}
			return fail("SR_OPERATION_NOT_SUPPORTED", f.SR)
		})
	}
}

// vdiNBDInfo is VDI.get_nbd_info: no network of the simulator has the purpose of it.
func vdiNBDInfo(c *call) (any, error) {
	return Set{}, c.view(func(t *tx) error {
		if err := t.must("VDI", c.str(0)); err != nil {
			return err
		}
		if kind := t.str("VDI", c.str(0), "type"); kind == "cbt_metadata" {
			return fail("VDI_INCOMPATIBLE_TYPE", c.str(0), kind)
		}
		return nil
	})
}

// vdiReadDatabase is VDI.read_database_pool_uuid: only a disk with a pool's metadata has one.
func vdiReadDatabase(c *call) (any, error) { return nil, c.wantMetadata() }

// vdiOpenDatabase is VDI.open_database: the same.
func vdiOpenDatabase(c *call) (any, error) { return nil, c.wantMetadata() }

// wantMetadata refuses a disk that holds no database of another pool. The simulator makes none that do.
func (c *call) wantMetadata() error {
	return c.view(func(t *tx) error {
		vdi := c.str(0)
		if err := t.must("VDI", vdi); err != nil {
			return err
		}
		if kind := t.str("VDI", vdi, "type"); kind != "metadata" {
			return fail("VDI_INCOMPATIBLE_TYPE", vdi, kind)
		}
		return fail("COULD_NOT_IMPORT_DATABASE", "No database was found on the VDI.")
	})
}

// vdiRevert is VDI.revert: no driver of the simulator can.
func vdiRevert(c *call) (any, error) {
	sr, err := c.srOf(c.str(0))
	if err != nil {
		return nil, err
	}
	return nil, fail("UNIMPLEMENTED_IN_SM_BACKEND", sr)
}
