package reconcile

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
)

// precondition is why an action must not be taken after all; empty: it may. It is asked on the newest snapshot, in the
// moment before the call.
func (c *Controller) precondition(a plan.Action, decided store.Snapshot) string {
	newest := c.cfg.Snapshot()
	switch {
	case !newest.Synced():
		return "the cache is not in sync any more"
	case newest.Epoch() != decided.Epoch():
		return "the session that the cache stems from is over"
	case newest.Revision() == a.Seen:
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.input(newest, a.Key, time.Now())
	in.InFlight = without(c.inFlight, a.Key)
	v, ok := plan.For(in, a.Key)
	switch {
	case !ok:
		return "it is not declared any more"
	case v.Action == nil:
		return v.Message
	case !v.Action.Same(a):
		return "something else is to be done: " + v.Action.String()
	}
	return ""
}

// without is a map less one key.
func without(m map[string]plan.Operation, key string) map[string]plan.Operation {
	less := make(map[string]plan.Operation, len(m))
	for k, op := range m {
		if k != key {
			less[k] = op
		}
	}
	return less
}
