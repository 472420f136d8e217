package reconcile

import (
	"context"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// origin says whose task it was: of an operation of this life, or of an earlier one, or one whose reply was lost.
type origin string

const (
	originOwn    origin = "own"
	originOrphan origin = "orphan"
)

// reapable is a task of ours that has ended.
type reapable struct {
	task   xen.TaskRef
	origin origin
}

// reaper destroys tasks of ours that have ended, each until it is gone. Like everything else it calls on the session of the
// snapshot that it looked at, and only then.
type reaper struct {
	controller *Controller
	queue      workqueue.TypedRateLimitingInterface[reapable]
}

func newReaper(c *Controller) *reaper {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reapable](500*time.Millisecond, 30*time.Second)
	return &reaper{controller: c, queue: workqueue.NewTypedRateLimitingQueueWithConfig(limiter,
		workqueue.TypedRateLimitingQueueConfig[reapable]{Name: c.queueName("task"), MetricsProvider: c.cfg.Metrics.provider()})}
}

func (r *reaper) run(ctx, calls context.Context) {
	for {
		item, shutdown := r.queue.Get()
		if shutdown {
			return
		}
		if ctx.Err() == nil && r.destroy(calls, item) {
			r.queue.Forget(item)
		} else {
			r.queue.AddRateLimited(item)
		}
		r.queue.Done(item)
	}
}

// destroy reports whether there is nothing left to do about a task.
func (r *reaper) destroy(calls context.Context, item reapable) bool {
	c := r.controller
	snap := c.cfg.Snapshot()
	task, ok := store.Get[xen.Task](snap, string(item.task))
	if !snap.Synced() || !ok || !task.Ended() {
		c.reaped(item.task) // once the cache is in sync everything of ours is looked at again; an end is an event
		return true
	}
	session, ok := c.cfg.Pool.At(snap.Epoch())
	if !ok {
		return false
	}
	err := session.Do(calls, item.task.Destroy().Request, nil)
	switch {
	case err == nil:
		c.cfg.Metrics.destroyed(c.cfg.Name, item.origin)
	case !gone(err):
		c.cfg.Log.V(1).Info("task not destroyed", "task", item.task, "error", err.Error())
		return false
	}
	return true
}

// reaped says that a task is not being destroyed any more.
func (c *Controller) reaped(task xen.TaskRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.reaping, task)
}
