package reconcile

import (
	"context"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
)

// report is how a look at a VM ended, for the label result of the metrics, and when to look again at the latest.
type report struct {
	result string    // success, requeue, requeue_after, error
	again  time.Time // zero: an event will tell
}

// work looks at VMs until the queue is shut down. calls is the context of calls, which outlives ctx a little.
func (c *Controller) work(ctx, calls context.Context, queue workqueue.TypedRateLimitingInterface[string]) {
	for {
		name, shutdown := queue.Get()
		if shutdown {
			return
		}
		if ctx.Err() == nil {
			r := c.reconcile(ctx, calls, name)
			c.cfg.Metrics.reconciled(c.cfg.Name, r.result)
			if !r.again.IsZero() {
				queue.AddAfter(name, max(time.Until(r.again), time.Millisecond))
			}
		}
		queue.Done(name)
	}
}

// reconcile looks at one VM: it follows the operation in flight, or decides and begins the next one. The queue makes
// sure that no VM is looked at twice at the same time.
func (c *Controller) reconcile(ctx, calls context.Context, name string) report {
	snap := c.cfg.Snapshot()
	if !snap.Synced() {
		return report{result: "success"} // OnSync asks again
	}
	now := time.Now()
	c.mu.Lock()
	op := c.ops[name]
	c.mu.Unlock()
	if op != nil {
		if r, over := c.follow(calls, op, snap, now); !over {
			c.mu.Lock()
			if v, ok := c.judge(snap, name, now); ok {
				c.record(v, now)
			}
			c.mu.Unlock()
			return r
		}
	}
	v, op := c.decide(snap, name, now)
	if op == nil {
		return idle(v)
	}
	return c.send(ctx, calls, op, snap)
}

// idle is the report on a VM that nothing is begun for.
func idle(v plan.Verdict) report {
	if v.RetryAt.IsZero() {
		return report{result: "success"}
	}
	return report{result: "requeue_after", again: v.RetryAt}
}

// decide judges a VM and, where something is to be done and a budget has room, makes the operation that does it.
func (c *Controller) decide(snap store.Snapshot, name string, now time.Time) (plan.Verdict, *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	event := c.touched[name]
	delete(c.touched, name)
	v, ok := c.judge(snap, name, now)
	if !ok {
		return v, nil
	}
	if v.Phase != plan.Act || c.cfg.DryRun {
		if c.budget.leave(name) {
			c.wake()
		}
		c.record(v, now)
		return v, nil
	}
	if full := c.budget.take(*v.Action); full != "" {
		v = v.Deferred(full)
		c.record(v, now)
		return v, nil
	}
	op := &operation{id: c.newID(now), action: *v.Action, sent: now, calling: true, event: event}
	c.enter(op)
	c.record(v, now)
	return v, op
}

// judge is the verdict on a VM with all that is known of it, and keeps its history; false where the name is not
// declared. The caller holds the lock.
func (c *Controller) judge(snap store.Snapshot, name string, now time.Time) (plan.Verdict, bool) {
	if _, ok := c.declared.VM(name); !ok {
		return plan.Verdict{}, false
	}
	h := c.historyOf(name)
	v, _ := plan.For(c.input(snap, name, now), name)
	if c.ops[name] == nil && h.observe(v, now, c.cfg.Contest) {
		v, _ = plan.For(c.input(snap, name, now), name)
	}
	if v.Reason == plan.ReasonNoSuitableHost {
		c.homeless[name] = true
	} else {
		delete(c.homeless, name)
	}
	return v, true
}

// input is what a decision about one VM depends on. The caller holds the lock.
func (c *Controller) input(snap store.Snapshot, name string, now time.Time) plan.Input {
	return plan.Input{
		Now: now, Snapshot: snap, Declared: c.declared, InFlight: c.inFlight,
		History:   map[string]plan.History{name: c.historyOf(name).History},
		BeingMade: c.making, Displaced: c.displaced, Limits: c.cfg.Limits, Memory: &c.memory,
	}
}

func (c *Controller) historyOf(name string) *history {
	h := c.history[name]
	if h == nil {
		h = &history{}
		if _, ok := c.declared.VM(name); ok {
			c.history[name] = h
		}
	}
	return h
}
