package reconcile

import (
	"errors"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestLook holds what one look at an operation tells: success is the observed state, whatever the task says (rule 11), and
// a task that vanished or a reply that was lost means looking at the VM, for a while (rules 3 and 4).
func TestLook(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	pending, done := &xen.Task{UUID: "t", Status: xen.TaskPending, Progress: .5}, &xen.Task{UUID: "t", Status: xen.TaskSuccess}
	refused := &xen.Task{UUID: "t", Status: xen.TaskFailure, NameLabel: "Async.VM.start", ErrorInfo: []string{"NO_HOSTS_AVAILABLE"}}
	halted, running := &xen.VM{UUID: "v", PowerState: xen.Halted}, &xen.VM{UUID: "v", PowerState: xen.Running}
	busy := &xen.VM{UUID: "v", PowerState: xen.Halted, CurrentOperations: xen.Map[string, xen.VMOperation]{{Key: "task", Value: xen.VMOperationStart}}}
	marked := &xen.Task{UUID: "t", Status: xen.TaskPending, OtherConfig: xen.StringMap("http:xencontroller-operation", "id")}

	start := plan.Action{Verb: plan.Start, VM: "vm", Deadline: now.Add(time.Minute)}
	sent := operation{id: "id", action: start, task: "task", replied: now, seen: true}
	lost := operation{id: "id", action: start}
	with := func(op operation, change func(*operation)) operation { change(&op); return op }
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	cases := []struct {
		name   string
		op     operation
		task   *xen.Task
		vm     *xen.VM
		over   result
		again  time.Duration // 0: by events only
		cancel bool
	}{
		{name: "runs", op: sent, task: pending, vm: busy, again: time.Minute},
		{name: "done and seen to be", op: sent, task: done, vm: running, over: succeeded},
		{name: "done and not seen to be", op: sent, task: done, vm: halted, again: settleDone},
		{name: "done and never seen to be", op: with(sent, func(o *operation) { o.ended = ago(settleDone) }), task: done, vm: halted, over: overtaken},
		{name: "done, the VM gone", op: sent, task: done, over: overtaken},
		{name: "done in a list, marked in an older one", op: sent, task: done, vm: busy, again: settleSeen},
		{name: "failed", op: sent, task: refused, vm: halted, over: failed},
		{name: "cancelled", op: sent, task: &xen.Task{UUID: "t", Status: xen.TaskCancelled}, vm: halted, over: cancelled},
		{name: "a word from the future", op: sent, task: &xen.Task{UUID: "t", Status: "exploded"}, vm: halted, over: failed},
		{name: "too long", op: with(sent, func(o *operation) { o.action.Deadline = now }), task: pending, vm: busy, again: cancelPatience, cancel: true},
		{name: "cancelled and still there", op: with(sent, func(o *operation) { o.action.Deadline = now; o.cancelled = ago(time.Hour) }), task: pending, vm: busy},
		{name: "a shutdown that does not end", op: with(sent, func(o *operation) {
			o.action.Verb, o.action.Deadline, o.cancelled = plan.CleanShutdown, now, ago(cancelPatience)
		}), task: pending, vm: running, over: displaced},
		{name: "vanished, still at work", op: sent, vm: busy},
		{name: "vanished, done", op: sent, vm: running, over: succeeded},
		{name: "vanished, nothing to see", op: sent, vm: halted, again: settleGone},
		{name: "vanished for good", op: with(sent, func(o *operation) { o.gone = ago(settleGone) }), vm: halted, over: unknown},
		{name: "no event of it yet", op: with(sent, func(o *operation) { o.seen = false }), vm: halted, again: settleSeen},
		{name: "lost, found by its mark", op: lost, task: marked, vm: busy, again: time.Minute},
		{name: "lost, seen at work", op: lost, vm: busy},
		{name: "lost, done", op: lost, vm: running, over: succeeded},
		{name: "lost, nothing to see", op: lost, vm: halted, again: settleLost},
		{name: "lost for good", op: with(lost, func(o *operation) { o.gone = ago(settleLost) }), vm: halted, over: unknown},
		{name: "lost, somebody else's task", op: lost, task: pending, vm: halted, again: settleLost},
		{name: "the call is under way", op: with(lost, func(o *operation) { o.calling = true }), vm: running},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := store.New()
			if c.task != nil {
				s.Apply(store.Batch{Set: []xen.Object{{Ref: "task", Record: c.task}}})
			}
			if c.vm != nil {
				s.Apply(store.Batch{Set: []xen.Object{{Ref: "vm", Record: c.vm}}})
			}
			g := c.op.look(s.Snapshot(), now)
			again := time.Duration(0)
			if !g.again.IsZero() {
				again = g.again.Sub(now)
			}
			if g.over != c.over || again != c.again || g.cancel != c.cancel {
				t.Errorf("got over=%q again=%s cancel=%t, want over=%q again=%s cancel=%t", g.over, again, g.cancel, c.over, c.again, c.cancel)
			}
			if g.over == failed && c.task == refused && !errors.Is(g.err, xen.NoHostsAvailable) {
				t.Errorf("the error is %v", g.err)
			}
		})
	}
}
