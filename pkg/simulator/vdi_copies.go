package simulator

import "strconv"

// vdiCloneOrSnapshot is VDI.clone and VDI.snapshot: a new disk beside the old one, with which it shares its blocks.
func vdiCloneOrSnapshot(verb string) behaviour {
	return func(c *call) (any, error) {
		sr, err := c.srOf(c.str(0))
		if err != nil {
			return nil, err
		}
		c.cancellable(true)
		if err := c.onStorageHost(sr); err != nil {
			return nil, err
		}
		return c.cloneDisk(c.str(0), verb, c.task)
	}
}

// cloneDisk makes a clone or a snapshot of a disk on its SR, as the work of a task.
func (c *call) cloneDisk(vdi, verb, task string) (made string, err error) {
	sr, err := c.srOf(vdi)
	if err != nil {
		return nullRef, err
	}
	op := storageOp{sr: sr, srOp: "vdi_" + verb, vdi: vdi, vdiOp: verb, task: task}
	err = c.onStorage(op, func(t *tx) error {
		physical := t.num("VDI", vdi, "physical_utilisation")
		if t.countsSpace(sr) {
			physical = min(physical, leafSize)
		}
		if err := t.room(sr, physical); err != nil {
			return err
		}
		uuid := t.life.pool.newUUID()
		v := values{"uuid": uuid, "location": uuid, "managed": true, "SR": sr, "physical_utilisation": physical}
		if verb == "snapshot" {
			v["is_a_snapshot"], v["snapshot_of"] = true, vdi
		}
		made = t.introduceCopy(vdi, v)
		t.set("VDI", made, "snapshot_time", t.now())
		config := t.dict("VDI", vdi, "other_config")
		t.set("VDI", made, "other_config", withKey(config, "content_id", t.life.pool.newUUID()))
		t.set("VDI", made, "other_config", config)
		return nil
	})
	return made, err
}

// introduceCopy makes the row of a disk that is like another, but for v.
func (t *tx) introduceCopy(vdi string, v values) string {
	source := t.record("VDI", vdi)
	for _, field := range []string{"name_label", "name_description", "virtual_size", "type", "on_boot", "allow_caching", "read_only", "xenstore_data", "tags"} {
		v[field] = source.get(field)
	}
	return t.introduceDisk(v)
}

// vdiCopy is VDI.copy: a whole copy of a disk, on another SR or into a disk that is there.
func vdiCopy(c *call) (any, error) {
	vdi, sr, into := c.str(0), c.str(1), c.str(3)
	if _, err := c.srOf(vdi); err != nil {
		return nil, err
	}
	if into != nullRef {
		return c.copyInto(vdi, into)
	}
	if err := c.view(func(t *tx) error { return t.must("SR", sr) }); err != nil {
		return nil, err
	}
	c.cancellable(true)
	if err := c.onStorageHost(sr); err != nil {
		return nil, err
	}
	return c.copyDiskTo(vdi, sr, c.task, func(f float64) { c.progress(f) })
}

// copyInto overwrites a disk with another.
func (c *call) copyInto(vdi, into string) (any, error) {
	sr, err := c.srOf(into)
	if err != nil {
		return nil, err
	}
	err = c.view(func(t *tx) error {
		size := t.num("VDI", vdi, "virtual_size")
		switch {
		case t.flag("VDI", into, "read_only"):
			return fail("VDI_READONLY", into)
		case t.num("VDI", into, "virtual_size") < size:
			return fail("VDI_TOO_SMALL", into, strconv.FormatInt(size, 10))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.cancellable(true)
	err = c.onStorage(storageOp{sr: sr, vdi: vdi, vdiOp: "copy"}, func(*tx) error { return nil })
	if err == nil {
		err = c.copyBlocks(vdi, c.progress)
	}
	return into, err
}

// copyDiskTo makes a whole copy of a disk on an SR, as the work of a task; what is half done when that fails is destroyed.
// moved is told how much has been copied, 0 to 1.
func (c *call) copyDiskTo(vdi, sr, task string, moved func(float64)) (made string, err error) {
	from, err := c.srOf(vdi)
	if err != nil {
		return nullRef, err
	}
	err = c.onStorageMarked(storageOp{sr: from, vdi: vdi, vdiOp: "copy", task: task}, func() error {
		made, err = c.beneath("VDI.create", func(inner string) (string, error) {
			target := nullRef
			err := c.onStorage(storageOp{sr: sr, srOp: "vdi_create", task: inner}, func(t *tx) error {
				physical := t.num("VDI", vdi, "virtual_size")
				if err := t.room(sr, physical); err != nil {
					return err
				}
				uuid := t.life.pool.newUUID()
				target = t.introduceCopy(vdi, values{"uuid": uuid, "location": uuid, "managed": true, "SR": sr, "physical_utilisation": physical})
				t.set("VDI", target, "other_config", t.dict("VDI", vdi, "other_config"))
				return nil
			})
			return target, err
		}, nil)
		if err != nil {
			return err
		}
		return c.copyBlocks(vdi, moved)
	})
	if err != nil && made != nullRef && made != "" {
		_ = c.life.update(func(t *tx) error { t.dropDisk(made); return nil }) // err says more
	}
	return made, err
}

// copyBlocks lets the time pass that the bytes of a disk need, in ten steps.
func (c *call) copyBlocks(vdi string, moved func(float64)) error {
	var bytes int64
	if err := c.view(func(t *tx) error { bytes = t.num("VDI", vdi, "physical_utilisation"); return nil }); err != nil {
		return err
	}
	const steps = 10
	for i := range steps {
		if err := c.sleep(c.memoryTime(bytes) / steps); err != nil {
			return err
		}
		moved(float64(i+1) / steps)
	}
	return nil
}
