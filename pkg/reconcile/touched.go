package reconcile

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// OnChange implements informer.Handler: it puts the names of the declared VMs that changes touch on the queue. No record
// travels further than this.
func (c *Controller) OnChange(changes []store.Change) {
	now := time.Now()
	snap := c.cfg.Snapshot()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range changes {
		c.change(snap, &changes[i], now)
	}
}

func (c *Controller) change(snap store.Snapshot, ch *store.Change, now time.Time) {
	switch ch.Class {
	case xen.ClassVM:
		c.vmChanged(snap, ch, now)
	case xen.ClassTask:
		// the record of the change may be older than what a worker has seen by now
		if task, ok := store.Get[xen.Task](snap, ch.Ref); ok {
			c.claim(snap, xen.TaskRef(ch.Ref), task)
		} else {
			c.taskGone(xen.TaskRef(ch.Ref))
		}
	case xen.ClassHost:
		c.hostChanged(ch)
	case xen.ClassHostMetrics:
		old, _ := ch.Old.(*xen.HostMetrics)
		next, _ := ch.New.(*xen.HostMetrics)
		// memory_free and last_updated change all the time and mean nothing here
		if old == nil || next == nil || old.Live != next.Live || old.MemoryTotal != next.MemoryTotal {
			c.touchAll()
		}
	case xen.ClassPBD, xen.ClassPIF, xen.ClassNetwork:
		c.touchHomeless()
	case xen.ClassPool:
		c.touchAll()
	}
}

func (c *Controller) vmChanged(snap store.Snapshot, ch *store.Change, now time.Time) {
	old, _ := ch.Old.(*xen.VM)
	next, _ := ch.New.(*xen.VM)
	c.noteMaking(snap, xen.VMRef(ch.Ref), old, next)
	for _, vm := range []*xen.VM{old, next} {
		if vm == nil {
			continue
		}
		for _, name := range c.declared.Touching(vm) {
			c.touch(name, now)
		}
	}
	for name, op := range c.ops {
		if op.action.VM == xen.VMRef(ch.Ref) { // whatever it is called by now
			c.enqueue(name)
		}
	}
	if len(c.homeless) > 0 && (old == nil || next == nil || old.ResidentOn != next.ResidentOn ||
		old.ScheduledToBeResidentOn != next.ScheduledToBeResidentOn || old.MemoryDynamicMin != next.MemoryDynamicMin) {
		c.touchHomeless()
	}
}

// hostChanged looks again at every VM where a host came, went, was renamed or enabled, and only at those without a host
// where it merely became busy or free.
func (c *Controller) hostChanged(ch *store.Change) {
	old, _ := ch.Old.(*xen.Host)
	next, _ := ch.New.(*xen.Host)
	if old == nil || next == nil || old.NameLabel != next.NameLabel || old.Metrics != next.Metrics || old.Enabled != next.Enabled {
		c.touchAll()
		return
	}
	c.touchHomeless()
}

// touch queues a VM and remembers since when.
func (c *Controller) touch(name string, now time.Time) {
	if _, ok := c.touched[name]; !ok {
		c.touched[name] = now
	}
	c.enqueue(name)
}

func (c *Controller) touchAll() {
	for _, name := range c.declared.Names() {
		c.enqueue(name)
	}
}

func (c *Controller) touchHomeless() {
	for name := range c.homeless {
		c.enqueue(name)
	}
}

// noteMaking keeps the set of records that were first seen while they were made. A record of the first list, or of a
// list after a gap, may be the source as well as the copy; it counts as existing, and its entry in current_operations
// keeps it untouched.
func (c *Controller) noteMaking(snap store.Snapshot, ref xen.VMRef, old, next *xen.VM) {
	if next == nil {
		delete(c.making, ref)
		return
	}
	_, making := plan.Making(next)
	switch {
	case !making:
		delete(c.making, ref)
	case old == nil && snap.Synced():
		c.making[ref] = true
	}
}

// checkMaking drops records that were finished while nobody listened.
func (c *Controller) checkMaking(snap store.Snapshot) {
	for ref := range c.making {
		vm, ok := store.Get[xen.VM](snap, string(ref))
		if !ok {
			delete(c.making, ref)
		} else if _, making := plan.Making(vm); !making {
			delete(c.making, ref)
		}
	}
}

// taskGone is told of a task that was deleted: an operation that it belonged to has to be looked at.
func (c *Controller) taskGone(ref xen.TaskRef) {
	delete(c.displaced, ref)
	delete(c.reaping, ref)
	for name, op := range c.ops {
		if op.task == ref {
			op.seen = true // it was there, and a list will not show it again
			c.enqueue(name)
		}
	}
}

// wake queues the VMs that wait for a slot which is free now; the caller holds the lock.
func (c *Controller) wake() {
	for _, name := range c.budget.ready() {
		c.enqueue(name)
	}
}
