package simulator

import "slices"

// vmOperationCall is an operation on a VM on its way through xapi: a call that has marked its VM.
type vmOperationCall struct {
	*call
	vm   string
	name string // of the operation: "clean_shutdown"
	lax  bool   // by force: of pool_migrate mobility and guest features are not asked for, nor processors; of resume the latter

	ignored []string // VDIs that a snapshot leaves out
}

// operateVM runs body as an operation on a VM: checked, waiting for its turn, marked in current_operations before and
// unmarked after, both shown in allowed_operations. after follows the unmarking of an operation that succeeded.
func (c *call) operateVM(vm, name string, body func(*vmOperationCall) error, after func(*tx)) error {
	return (&vmOperationCall{call: c, vm: vm, name: name}).do(body, after)
}

func (o *vmOperationCall) do(body func(*vmOperationCall) error, after func(*tx)) error {
	if err := o.begin(); err != nil {
		return err
	}
	err := body(o)
	ended := o.update(func(t *tx) error {
		t.unmark("VM", o.vm, o.task)
		t.refreshVM(o.vm)
		if err == nil {
			t.wish(o.vm, o.name, true)
		}
		if err == nil && after != nil {
			after(t)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// begin waits until the operation is allowed and marks it.
func (o *vmOperationCall) begin() error {
	if err := o.view(func(t *tx) error { return t.must("VM", o.vm) }); err != nil {
		return err
	}
	if o.task == "" { // a call without a task row is marked all the same
		o.task = "DummyRef:|" + o.pool.lockedUUID() + "|" + o.method
	}
	o.cancellable(true)
	return o.whenAllowed(func(t *tx) error {
		if err := t.must("VM", o.vm); err != nil {
			return err
		}
		if err := checkVMOperation(t.vmFacts(o.vm), o.name, !o.lax); err != nil {
			return err
		}
		if err := t.startKeepsPlan(o.vm, o.name); err != nil {
			return err
		}
		t.wish(o.vm, o.name, false)
		t.mark("VM", o.vm, o.task, o.name)
		t.refreshVM(o.vm)
		return nil
	})
}

// mark adds an operation to an object's current_operations. xapi: the newest stands first.
func (t *tx) mark(class, ref, task, operation string) {
	t.set(class, ref, "current_operations", withKey(t.dict(class, ref, "current_operations"), task, operation))
}

// unmark takes it away again, and wakes the calls that wait for its end.
func (t *tx) unmark(class, ref, task string) {
	t.set(class, ref, "current_operations", withoutKey(t.dict(class, ref, "current_operations"), task))
	t.life.pool.operations.ended.raise()
}

// cancelOthers cancels the operations that a hard one makes way for, and waits until they have left the VM.
func (o *vmOperationCall) cancelOthers() error {
	for {
		var wake <-chan struct{}
		err := o.update(func(t *tx) error {
			others := tasksToCancel(t.currentOperations("VM", o.vm), o.name)
			others = slices.DeleteFunc(others, func(task string) bool { return task == o.task })
			if len(others) == 0 {
				return nil
			}
			for _, task := range others {
				t.askToEnd(task)
			}
			wake = o.pool.operations.ended.next()
			return nil
		})
		if err != nil || wake == nil {
			return err
		}
		if err := o.waitFor(wake, retryMax); err != nil {
			return err
		}
	}
}

// askToEnd asks a task to end, as task.cancel does.
func (t *tx) askToEnd(task string) {
	r := t.life.tasks[task]
	if r == nil || r.asked {
		return
	}
	mark := "DummyRef:|" + t.life.pool.newUUID() + "|task.cancel"
	t.set("task", task, "current_operations", Map{{Key: mark, Value: "cancel"}})
	r.asked = true
	close(r.cancelled)
}
