package simulator

// deviceOp is an operation on a device of a VM.
type deviceOp struct {
	class, ref string // "VBD" or "VIF"
	name       string // as it is marked: "plug"
	check      func(*tx) *Failure
}

// onDevice runs body as an operation on a device: checked, waiting for its turn, marked meanwhile, on the host of the VM
// where that is live.
func (c *call) onDevice(op deviceOp, body func(*tx) error) error {
	err := c.whenAllowed(func(t *tx) error {
		if err := t.must(op.class, op.ref); err != nil {
			return err
		}
		if err := op.check(t); err != nil {
			return err
		}
		t.mark(op.class, op.ref, c.task, op.name)
		t.refreshDevice(op.class, op.ref)
		return nil
	})
	if err != nil {
		return err
	}
	err = c.onHostOfDevice(op)
	if err == nil {
		err = c.update(body)
	}
	ended := c.update(func(t *tx) error {
		t.unmark(op.class, op.ref, c.task)
		t.refreshDevice(op.class, op.ref)
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// onHostOfDevice sends the call to the host of a live VM.
func (c *call) onHostOfDevice(op deviceOp) error {
	host := nullRef
	err := c.view(func(t *tx) error { host = t.str("VM", t.str(op.class, op.ref, "VM"), "resident_on"); return nil })
	if err != nil || host == nullRef {
		return err
	}
	if err := c.contact(host); err != nil {
		return err
	}
	c.forwardTo(host)
	return nil
}

// refreshDevice recomputes the allowed_operations of a device, and of the disk behind it.
func (t *tx) refreshDevice(class, ref string) {
	if !t.exists(class, ref) {
		return
	}
	if class == "VIF" {
		t.refreshVIF(ref)
		return
	}
	t.refreshVBD(ref)
	t.refreshDisk(ref)
}
