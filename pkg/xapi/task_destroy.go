package xapi

import (
	"context"
	"errors"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// DestroyTask makes sure that a task goes away: nil says that it is gone, or will be when it has ended. xapi: a task that
// has not ended stays, and the pool destroys it then; asked a second time it says MAP_DUPLICATE_KEY.
func DestroyTask(ctx context.Context, d Doer, task xen.TaskRef) error {
	_, err := Call(ctx, d, task.Destroy())
	if errors.Is(err, xen.HandleInvalid) || errors.Is(err, xen.MapDuplicateKey) {
		return nil
	}
	return err
}

// destroyPauses are how long is waited before another try to destroy a task.
func destroyPauses() []time.Duration {
	return []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}
}

// destroy destroys a task that has ended. What cannot be destroyed bears our mark.
func (f *follower) destroy(ctx context.Context) {
	for _, pause := range destroyPauses() {
		err := DestroyTask(ctx, f.doer, f.task)
		if err == nil || over(f.doer) || Classify(err) == GiveUp || !sleep(ctx, pause) {
			return
		}
	}
	_ = DestroyTask(ctx, f.doer, f.task) // the last try
}

// abandon does what can be done for a task whose end nobody waits for any more.
func (f *follower) abandon(ctx context.Context) {
	if ctx.Err() == nil || f.cfg.Keep && !f.cfg.Cancel {
		return
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	if f.cfg.Cancel { // xapi: first, because it wipes what task.destroy notes on the task
		_, _ = Call(late, f.doer, f.task.Cancel())
	}
	if !f.cfg.Keep {
		_ = DestroyTask(late, f.doer, f.task)
	}
}
