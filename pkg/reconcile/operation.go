package reconcile

import (
	"errors"
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// operation is one operation of ours from the decision until its outcome is known.
type operation struct {
	id      string
	action  plan.Action
	task    xen.TaskRef // empty: no reply yet
	sent    time.Time
	calling bool      // the call is under way
	adopted bool      // an earlier life sent it
	event   time.Time // the event that led to it; zero: none did
	told    bool      // the observer knows of it

	replied   time.Time // when the reply named the task; zero: it never did
	seen      bool      // the task was in a snapshot
	gone      time.Time // since when nothing in a synced snapshot shows it
	ended     time.Time // when its task was first seen to have ended
	cancelled time.Time // when we cancelled it
	progress  float64
}

// result is how an operation ended.
type result string

const (
	succeeded result = "success"   // the VM is observed where it was to be
	overtaken result = "overtaken" // it succeeded, and somebody else changed the VM at once
	failed    result = "error"     // its task failed, or the call was refused
	cancelled result = "cancelled" // its task was cancelled, by us when it took too long
	displaced result = "displaced" // it was cancelled, does not end, and a hard shutdown takes over
	unknown   result = "unknown"   // nothing shows what became of it, and the VM is not where it was to be
	notSent   result = "not_sent"  // the call provably did not run
)

// glance is what one look at an operation tells.
type glance struct {
	over   result    // empty: not over
	err    error     // with failed, cancelled, unknown: why
	cancel bool      // it has taken too long: cancel the task
	again  time.Time // look again then, whatever events say; zero: an event will come
}

// look compares an operation with a synced snapshot. It changes nothing but what the operation remembers of its looks.
func (op *operation) look(snap store.Snapshot, now time.Time) glance {
	if op.calling {
		return glance{}
	}
	vm, exists := store.Get[xen.VM](snap, string(op.action.VM))
	if op.task == "" {
		op.task = taskMarked(snap, op.id)
	}
	if op.task != "" {
		if task, ok := store.Get[xen.Task](snap, string(op.task)); ok {
			op.seen, op.gone = true, time.Time{}
			if task.Ended() {
				return op.lookEnded(task, vm, now)
			}
			op.progress = task.Progress
			return op.lookPending(now)
		}
	}
	return op.lookGone(vm, exists, now)
}

// lookPending waits for the task's end, and gives up waiting at the deadline.
func (op *operation) lookPending(now time.Time) glance {
	deadline := op.action.Deadline
	switch {
	case deadline.IsZero():
		return glance{}
	case now.Before(deadline):
		return glance{again: deadline}
	case op.cancelled.IsZero():
		return glance{cancel: true, again: now.Add(cancelPatience)}
	case op.action.Verb != plan.CleanShutdown:
		return glance{}
	case now.Before(op.cancelled.Add(cancelPatience)):
		return glance{again: op.cancelled.Add(cancelPatience)}
	}
	return glance{over: displaced, err: fmt.Errorf("%s does not end, %s after it was cancelled", op.action.Verb, cancelPatience)}
}

// lookEnded reads the outcome from the VM; the task only says why it is not reached.
func (op *operation) lookEnded(task *xen.Task, vm *xen.VM, now time.Time) glance {
	if op.ended.IsZero() {
		op.ended = now
	}
	if vm != nil && vm.CurrentOperations.Has(string(op.task)) && now.Before(op.ended.Add(settleSeen)) {
		// xapi: the entry goes before the task ends, so this snapshot is a list that is older than the task's.
		return glance{again: op.ended.Add(settleSeen)}
	}
	switch task.Status {
	case xen.TaskSuccess:
	case xen.TaskCancelled:
		return glance{over: cancelled, err: op.cancelCause()}
	case xen.TaskFailure, xen.TaskPending, xen.TaskCancelling:
		return glance{over: failed, err: task.Failure()}
	default:
		return glance{over: failed, err: fmt.Errorf("its task ended as %q", task.Status)}
	}
	switch {
	case vm == nil:
		return glance{over: overtaken, err: errors.New("the VM is gone")}
	case op.action.Reached(vm):
		return glance{over: succeeded}
	case now.Before(op.ended.Add(settleDone)):
		return glance{again: op.ended.Add(settleDone)}
	}
	return glance{over: overtaken, err: fmt.Errorf("%s succeeded, and the VM is %s", op.action.Verb, vm.PowerState)}
}

// lookGone is for an operation whose task is not there: the reply was lost, or the task was destroyed by somebody, or the
// master changed.
func (op *operation) lookGone(vm *xen.VM, exists bool, now time.Time) glance {
	if exists && op.shownBy(vm) {
		op.gone = time.Time{}
		return glance{} // it runs; an event of the VM will tell when it is over
	}
	if op.task != "" && !op.seen && now.Before(op.replied.Add(settleSeen)) {
		return glance{again: op.replied.Add(settleSeen)}
	}
	if exists && op.action.Reached(vm) {
		return glance{over: succeeded}
	}
	if op.gone.IsZero() {
		op.gone = now
	}
	settle, words := settleGone, "its task vanished"
	if op.task == "" {
		settle, words = settleLost, "no reply came, and nothing in the pool shows that it ran"
	}
	if now.Before(op.gone.Add(settle)) {
		return glance{again: op.gone.Add(settle)}
	}
	return glance{over: unknown, err: fmt.Errorf("%s: %s", op.action.Verb, words)}
}

// shownBy reports whether the VM's current_operations show the operation: by its task, or, where the reply was lost, by
// any task that does the same. xapi: after a change of master the field is rebuilt empty.
func (op *operation) shownBy(vm *xen.VM) bool {
	if op.task != "" {
		return vm.CurrentOperations.Has(string(op.task))
	}
	for _, running := range vm.CurrentOperations.All() {
		if running == op.action.Verb.Operation(false) || running == op.action.Verb.Operation(true) {
			return true
		}
	}
	return false
}

func (op *operation) cancelCause() error {
	if op.cancelled.IsZero() {
		return fmt.Errorf("%s was cancelled by somebody else", op.action.Verb)
	}
	return fmt.Errorf("%s took longer than %s and was cancelled", op.action.Verb, op.action.Deadline.Sub(op.sent).Round(time.Second))
}

// entry is the operation as the journal keeps it.
func (op *operation) entry(pool string) Entry {
	a := op.action
	return Entry{
		ID: op.id, Pool: pool, VM: a.VM, VMUUID: a.VMUUID, Verb: a.Verb, Name: a.Key, Host: a.Host, Paused: a.Paused,
		Task: op.task, Sent: op.sent, GiveUp: a.Deadline,
	}
}

// operationOf is an operation of an earlier life, as the journal remembers it.
func operationOf(e Entry) *operation {
	return &operation{
		id: e.ID, task: e.Task, sent: e.Sent, adopted: true, replied: e.Sent,
		action: plan.Action{
			Verb: e.Verb, Key: e.Name, VM: e.VM, VMUUID: e.VMUUID, Host: e.Host, Paused: e.Paused, Deadline: e.GiveUp,
			Field: e.Verb.Field(), Because: "sent by an earlier life of this process",
		},
	}
}

// taskMarked finds the task that bears the mark of one operation.
func taskMarked(snap store.Snapshot, id string) xen.TaskRef {
	for ref, task := range store.All[xen.Task](snap) {
		if xapi.MarkOf(task).ID == id {
			return xen.TaskRef(ref)
		}
	}
	return ""
}
