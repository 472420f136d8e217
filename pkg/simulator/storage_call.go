package simulator

// storageOp is an operation of a storage backend: on an SR, on one of its disks, or on both.
type storageOp struct {
	sr, srOp   string // srOp "": the SR is only needed, not marked
	vdi, vdiOp string // vdiOp "": on no disk
	task       string // that it runs as, where that is not the call's own

	first func(*tx) error // what the driver refuses without doing anything; nil: nothing
}

// onStorage runs body as an operation of a storage backend: checked, waiting for its turn, marked on the SR and on the disk
// meanwhile. It takes the time of a disk operation before body.
func (c *call) onStorage(op storageOp, body func(*tx) error) error {
	return c.onStorageMarked(op, func() error {
		if op.first != nil {
			if err := c.update(op.first); err != nil {
				return err
			}
		}
		if err := c.sleep(c.takes(timingDisk)); err != nil {
			return err
		}
		return c.update(body)
	})
}

// check says why the operation cannot begin now.
func (op storageOp) check(t *tx) error {
	if err := t.must("SR", op.sr); err != nil {
		return err
	}
	if op.srOp != "" {
		if err := checkSROperation(t.srFacts(op.sr), op.srOp); err != nil {
			return err
		}
	}
	if op.vdiOp == "" {
		return nil
	}
	if err := t.must("VDI", op.vdi); err != nil {
		return err
	}
	if err := checkVDIOperation(t.vdiFacts(op.vdi), op.vdiOp); err != nil {
		return err
	}
	return nil
}

func (op storageOp) mark(t *tx) {
	if op.srOp != "" {
		t.mark("SR", op.sr, op.task, op.srOp)
		t.refreshSR(op.sr)
	}
	if op.vdiOp != "" {
		t.mark("VDI", op.vdi, op.task, op.vdiOp)
		t.refreshVDI(op.vdi)
	}
}

func (op storageOp) unmark(t *tx) {
	if op.srOp != "" {
		t.unmark("SR", op.sr, op.task)
		t.refreshSR(op.sr)
	}
	if op.vdiOp != "" {
		t.unmark("VDI", op.vdi, op.task)
		t.refreshVDI(op.vdi)
	}
}

// onStorageHost sends a call to a host that has the SR. xapi: any host will do; the simulator prefers the coordinator.
func (c *call) onStorageHost(sr string) error {
	host := nullRef
	err := c.view(func(t *tx) (err error) { host, err = t.srHost(sr); return err })
	if err == nil {
		err = c.contact(host)
	}
	if err == nil {
		c.forwardTo(host)
	}
	return err
}

// beneath runs f as a call that this call makes: with a task of its own under this one's, which is gone when it has ended.
// done follows its success and precedes the end of its task.
func (c *call) beneath(name string, f func(task string) (result string, err error), done func(*tx)) (string, error) {
	task := ""
	err := c.update(func(t *tx) error {
		task = t.create("task", values{
			"name_label": name, "created": t.now(), "status": "pending", "resident_on": t.masterHost(), "type": "<none/>",
			"subtask_of": c.task, "backtrace": "()",
		})
		t.set("task", task, "allowed_operations", setOf("cancel"))
		return nil
	})
	if err != nil {
		return nullRef, err
	}
	result, err := f(task)
	ended := c.update(func(t *tx) error {
		if err != nil {
			t.failInnerTask(task, err)
		} else {
			t.finishInnerTask(task, "<value>"+result+"</value>")
			if done != nil {
				done(t)
			}
		}
		t.destroy("task", task)
		return nil
	})
	if err == nil {
		err = ended
	}
	return result, err
}

// finishInnerTask writes the success of a task under another one.
func (t *tx) finishInnerTask(task, result string) {
	t.set("task", task, "allowed_operations", Set{})
	t.set("task", task, "finished", t.now())
	t.set("task", task, "progress", 1.0)
	t.set("task", task, "result", result)
	t.set("task", task, "status", "success")
}

// failInnerTask writes its failure.
func (t *tx) failInnerTask(task string, err error) {
	t.set("task", task, "progress", 1.0)
	t.set("task", task, "error_info", setOf(asFailure(err).description()...))
	t.set("task", task, "finished", t.now())
	t.set("task", task, "allowed_operations", Set{})
	t.set("task", task, "status", "failure")
}

// onStorageMarked is onStorage for work that makes calls of its own, or takes another time: body is no transaction.
func (c *call) onStorageMarked(op storageOp, body func() error) error {
	if op.task == "" {
		op.task = c.task
	}
	err := c.whenAllowed(func(t *tx) error {
		if err := op.check(t); err != nil {
			return err
		}
		op.mark(t)
		return nil
	})
	if err != nil {
		return err
	}
	err = body()
	ended := c.update(func(t *tx) error { op.unmark(t); return nil })
	if err != nil {
		return err
	}
	return ended
}
