package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// newID is an operation's id: unique among all lives of all controllers that share an owner id. The caller holds the lock.
func (c *Controller) newID(now time.Time) string {
	c.lastID++
	return fmt.Sprintf("%x-%x-%08x", now.UnixNano(), c.lastID, c.cfg.Rand.Uint32())
}

// send begins an operation that was decided on snap.
func (c *Controller) send(ctx, calls context.Context, op *operation, snap store.Snapshot) report {
	owner, known := c.owner(snap)
	session, ok := c.cfg.Pool.At(snap.Epoch())
	if !ok || !known {
		return c.unsent(op, "the session that the cache stems from is over", retryNotSent)
	}
	if err := c.cfg.Journal.Put(op.entry(c.cfg.Name)); err != nil {
		c.cfg.Log.Error(err, "journal not written", "vm", op.action.Key) // our mark on the task is the second line
	}
	if ctx.Err() != nil {
		return c.unsent(op, "the controller ends", retryNotSent)
	}
	if why := c.precondition(op.action, snap); why != "" {
		return c.unsent(op, why, 0) // on the newest snapshot
	}
	if !op.event.IsZero() {
		c.cfg.Metrics.eventToCall(c.cfg.Name, time.Since(op.event).Seconds())
	}
	c.tellStarted(op)
	task, err := session.Async(calls, op.action.Request(),
		map[string]string{xapi.MarkOwner: owner, xapi.MarkVM: op.action.VMUUID, xapi.MarkID: op.id})
	if err != nil {
		return c.notAnswered(op, err)
	}
	return c.answered(calls, session, op, task, owner)
}

// answered takes in the task that a call named, and marks it.
func (c *Controller) answered(calls context.Context, session Session, op *operation, task xen.TaskRef, owner string) report {
	a := op.action
	c.mu.Lock()
	op.task, op.calling, op.replied = task, false, time.Now()
	c.publish(op)
	c.mu.Unlock()
	if err := c.cfg.Journal.Put(op.entry(c.cfg.Name)); err != nil {
		c.cfg.Log.Error(err, "journal not written", "vm", a.Key)
	}
	c.cfg.Log.V(1).Info("action started", "vm", a.Key, "verb", a.Verb, "host", a.HostName, "reason", a.Reason, "because", a.Because, "task", task)
	for _, m := range [...][2]string{{xapi.MarkOwner, owner}, {xapi.MarkVM, a.VMUUID}} {
		err := session.Do(calls, task.AddToOtherConfig(m[0], m[1]).Request, nil)
		if err != nil && !gone(err) && !errors.Is(err, xen.MapDuplicateKey) {
			c.cfg.Log.V(1).Info("task not marked", "vm", a.Key, "task", task, "error", err.Error())
			break // it bears the marks that came with the call
		}
	}
	return report{result: "requeue", again: time.Now()} // the task's events may have come before the reply
}

// notAnswered takes in a call that failed. A lost reply is the beginning of a search, never of a second call.
func (c *Controller) notAnswered(op *operation, err error) report {
	err = fmt.Errorf("%s of %s: %w", op.action.Verb, op.action.Key, err)
	switch sendError(err) {
	case notSent:
		c.finish(op, glance{over: notSent, err: err})
		return report{result: "error", again: time.Now().Add(retryNotSent)}
	case failed:
		c.finish(op, glance{over: failed, err: err})
		return report{result: "error", again: time.Now()}
	case succeeded, overtaken, cancelled, displaced, unknown:
	}
	c.mu.Lock()
	op.calling = false
	c.mu.Unlock()
	c.cfg.Log.Info("reply lost: looking for what became of the call", "vm", op.action.Key, "verb", op.action.Verb, "error", err.Error())
	return report{result: "error", again: time.Now()}
}

// unsent gives up an operation before its call was made; the VM is looked at again after a while.
func (c *Controller) unsent(op *operation, why string, after time.Duration) report {
	c.finish(op, glance{over: notSent, err: errors.New(why)})
	return report{result: "requeue_after", again: time.Now().Add(after)}
}

// follow looks at an operation in flight, and reports whether it is over.
func (c *Controller) follow(calls context.Context, op *operation, snap store.Snapshot, now time.Time) (report, bool) {
	c.mu.Lock()
	before := op.progress
	g := op.look(snap, now)
	progress := op.progress
	c.publish(op)
	c.mu.Unlock()
	if g.over != "" {
		c.finish(op, g)
		return report{}, true
	}
	c.tellStarted(op)
	if progress != before {
		c.tell(ActionEvent{Type: ActionProgress, ID: op.id, Action: op.action, Task: op.task, Progress: progress})
	}
	if g.cancel && !c.cfg.DryRun {
		g.again = c.cancel(calls, op, snap, now)
	}
	if g.again.IsZero() {
		return report{result: "success"}, false
	}
	return report{result: "requeue_after", again: g.again}, false
}

// cancel asks for an operation that takes too long to be cancelled, and says when to look again. xapi: task.cancel is a
// request; the task's end tells whether it was heard.
func (c *Controller) cancel(calls context.Context, op *operation, snap store.Snapshot, now time.Time) time.Time {
	session, ok := c.cfg.Pool.At(snap.Epoch())
	if !ok {
		return now.Add(retryNotSent)
	}
	if err := session.Do(calls, op.task.Cancel().Request, nil); err != nil && !gone(err) {
		c.cfg.Log.Info("task not cancelled", "vm", op.action.Key, "task", op.task, "error", err.Error())
		return now.Add(retryNotSent)
	}
	c.mu.Lock()
	op.cancelled = now
	c.mu.Unlock()
	c.cfg.Log.Info("action takes too long: cancelled", "vm", op.action.Key, "verb", op.action.Verb, "task", op.task)
	return now.Add(cancelPatience)
}

// finish records how an operation ended, frees what it held, and has its task destroyed.
func (c *Controller) finish(op *operation, g glance) {
	now := time.Now()
	a := op.action
	c.mu.Lock()
	decl, declared := c.declared.VM(a.Key)
	if declared {
		c.historyOf(a.Key).finished(a, g, decl.Spec.Shutdown.Mode, now, c.cfg.Backoff, c.cfg.Rand, c.cfg.Contest)
	}
	switch {
	case g.over == displaced:
		c.displaced[op.task] = true
	case op.task != "":
		c.reap(op.task, op.origin())
	}
	c.release(op)
	if g.over != notSent {
		c.enqueue(a.Key)
	}
	c.mu.Unlock()
	c.strike(op.id)
	c.cfg.Metrics.acted(c.cfg.Name, a.Verb, g.over)
	c.tellFinished(op, g, now)
}

// strike takes operations that are over out of the journal, and those that it could not be taken out of before: what stays
// there would be taken for an operation in flight by the next life of the process.
func (c *Controller) strike(over ...string) {
	c.mu.Lock()
	ids := append(c.over, over...)
	c.over = nil
	c.mu.Unlock()
	var left []string
	for _, id := range ids {
		if err := c.cfg.Journal.Remove(id); err != nil {
			c.cfg.Log.Error(err, "journal not written", "operation", id)
			left = append(left, id)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = append(c.over, left...)
}

// tellStarted tells the observer of an operation, once.
func (c *Controller) tellStarted(op *operation) {
	if !op.told {
		op.told = true
		c.tell(ActionEvent{Type: ActionStarted, ID: op.id, Action: op.action, Task: op.task})
	}
}

// tellFinished puts the end of an operation in the log and tells the observer.
func (c *Controller) tellFinished(op *operation, g glance, now time.Time) {
	a := op.action
	if g.over == notSent {
		c.cfg.Log.V(1).Info("action not begun", "vm", a.Key, "verb", a.Verb, "why", g.err.Error())
	} else if g.err != nil {
		c.cfg.Log.Info("action failed", "vm", a.Key, "verb", a.Verb, "host", a.HostName, "result", g.over, "error", g.err.Error())
	} else {
		c.cfg.Log.Info("action done", "vm", a.Key, "verb", a.Verb, "host", a.HostName, "seconds", now.Sub(op.sent).Seconds())
	}
	if op.told {
		c.tell(ActionEvent{Type: ActionFinished, ID: op.id, Action: a, Task: op.task, Progress: 1, Result: string(g.over), Err: g.err})
	}
}

// origin tells tasks of this life from those of an earlier one.
func (op *operation) origin() origin {
	if op.adopted {
		return originOrphan
	}
	return originOwn
}
