package reconcile

import (
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// claim looks at a task. One that belongs to an operation has that operation looked at; one that bears our mark and
// belongs to none is an earlier life's, or its reply was lost: while it runs it is adopted, once it has ended it is
// destroyed. Tasks of others are none of our business. The caller holds the lock.
func (c *Controller) claim(snap store.Snapshot, ref xen.TaskRef, task *xen.Task) {
	for name, op := range c.ops {
		if op.task == ref {
			c.enqueue(name)
			return
		}
	}
	m, ours := c.ours(snap, task)
	if !ours {
		return
	}
	for name, op := range c.ops {
		if op.task == "" && op.id == m.ID && m.ID != "" {
			c.enqueue(name) // looking finds the task by its mark
			return
		}
	}
	switch {
	case task.Ended():
		c.reap(ref, originOrphan)
	case !c.displaced[ref]:
		c.adopt(snap, ref, task, m)
	}
}

// adopt takes over a task of ours that nobody follows. Only one task of a VM can be followed: a second one is destroyed
// when it ends, as everything of ours is.
func (c *Controller) adopt(snap store.Snapshot, ref xen.TaskRef, task *xen.Task, m xapi.TaskMark) {
	verb, ok := plan.VerbOf(task.NameLabel)
	if !ok || c.cfg.DryRun {
		return
	}
	vmRef, vm := vmMarked(snap, m)
	if vm == nil {
		return
	}
	name := m.VM // of a VM that is not declared any more
	if names := c.declared.Touching(vm); len(names) == 1 {
		name = names[0]
	}
	if c.ops[name] != nil {
		return
	}
	decl, _ := c.declared.VM(name)
	op := &operation{
		id: m.ID, action: actionOf(verb, name, vmRef, vm, decl, "begun by an earlier life of this process"),
		task: ref, sent: task.Created, replied: task.Created, seen: true, adopted: true,
	}
	if op.id == "" {
		op.id = string(ref)
	}
	c.hold(op)
	c.enqueue(name)
	c.cfg.Log.Info("operation of an earlier life adopted", "vm", name, "verb", verb, "task", ref)
}

// hold takes in an operation that was begun before, whether the budgets have room or not; the caller holds the lock.
func (c *Controller) hold(op *operation) {
	c.budget.force(op.action)
	c.enter(op)
}

// enter makes an operation the one of its VM; the caller holds the lock.
func (c *Controller) enter(op *operation) {
	c.ops[op.action.Key] = op
	c.publish(op)
	c.cfg.Metrics.inflight(c.cfg.Name, op.action.Verb, 1)
}

// publish lets decisions see an operation as it is now.
func (c *Controller) publish(op *operation) {
	c.inFlight[op.action.Key] = plan.Operation{
		Action: op.action, Task: op.task, Sent: op.sent,
		Progress: op.progress, Cancelled: op.cancelled,
	}
}

// release ends an operation's hold on its VM and its budgets; the caller holds the lock.
func (c *Controller) release(op *operation) {
	delete(c.ops, op.action.Key)
	delete(c.inFlight, op.action.Key)
	c.budget.release(op.action)
	c.cfg.Metrics.inflight(c.cfg.Name, op.action.Verb, -1)
	c.wake()
}

// reap has a task destroyed, once however often it is asked: what events say of the task until it is gone is no news. The
// caller holds the lock.
func (c *Controller) reap(ref xen.TaskRef, o origin) {
	if c.reaper == nil || c.cfg.DryRun || c.reaping[ref] {
		return
	}
	c.reaping[ref] = true
	c.reaper.queue.Add(reapable{ref, o})
}
