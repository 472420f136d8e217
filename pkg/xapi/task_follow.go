package xapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TaskConfig says how a task is begun and followed; the zero value works.
type TaskConfig struct {
	// Watcher sees tasks as they change: an informer of the same pool. nil, or where it cannot: the pool is asked again
	// and again, every 2 s at last.
	Watcher TaskWatcher
	// Progress is called when the progress, 0 to 1, is another: by the goroutine that waits. It may go back; some
	// operations have several inner tasks.
	Progress func(fraction float64)
	// Owner marks the task as ours, for Client.DestroyOrphans and the informer's Janitor; printable ASCII. Default:
	// Config.Originator of the client.
	Owner string
	// Cancel asks the pool to cancel the task when the context ends before it. Otherwise it goes on.
	Cancel bool
	// Keep leaves the task in the pool when it has ended: somebody else destroys it.
	Keep bool
}

// TaskWatcher waits for the end of a task and returns its last record; one that has not ended is of a task that vanished,
// nil of one that was never seen. It calls seen with each record before. An error says that it cannot.
type TaskWatcher interface {
	WatchTask(ctx context.Context, task xen.TaskRef, seen func(*xen.Task)) (*xen.Task, error)
}

// ErrTaskVanished is how the outcome of a task comes to be unknown: it was there, or was to be, and is not, without having
// been seen to end. xapi: tasks go with the life of the master, and ended ones when there are more than 200.
var ErrTaskVanished = errors.New("its task vanished")

// abandonTimeout bounds what is still done for a task when the context has ended.
const abandonTimeout = 3 * time.Second

// Run carries out a message as a task and returns its result, with all that belongs to that: the task is marked as ours at
// its birth, found again if the reply that names it is lost, followed to its end, and destroyed.
//
//	clone, err := xapi.Run(ctx, client, template.Clone("web-7"), xapi.TaskConfig{Watcher: informer}) // a xen.VMRef
//
// The errors are those of [Follow], and those of beginning it: an [*xen.Error] before there was a task, or one that says
// that nothing was sent ([NotExecuted]).
func Run[T any](ctx context.Context, c *Client, m xen.Message[T], cfg TaskConfig) (T, error) {
	var none T
	id := c.tasks.begin()
	defer c.tasks.end(id)
	task, err := c.start(ctx, m.Request, cfg.Owner, id)
	if err != nil {
		return none, err
	}
	return follow[T](ctx, c, task, m.Method, cfg)
}

// Follow waits for the end of a task and returns its result, decoded as what the call that made it returns. Then it
// destroys the task, trying again for some seconds; that it could not is no error.
//
// A task that failed gives its [*xen.Error], one that was cancelled TASK_CANCELLED. An [*OutcomeUnknownError] says that
// nobody knows: the task vanished ([ErrTaskVanished]), or ctx ended before it did. In the latter case the pool destroys
// the task when it has ended, unless Keep is set.
func Follow[T any](ctx context.Context, d Doer, task xen.TaskRef, cfg TaskConfig) (T, error) {
	return follow[T](ctx, d, task, "", cfg)
}

func follow[T any](ctx context.Context, d Doer, task xen.TaskRef, method string, cfg TaskConfig) (T, error) {
	var none T
	f := follower{doer: d, task: task, method: method, cfg: cfg, progress: -1}
	record, err := f.wait(ctx)
	if err != nil {
		f.abandon(ctx)
		return none, err
	}
	if !cfg.Keep {
		f.destroy(ctx)
	}
	if err := record.Failure(); err != nil {
		return none, fmt.Errorf("task %s: %w", task, err)
	}
	var result T
	if err := decodeResult(record, &result); err != nil {
		return none, err
	}
	return result, nil
}

// follower is one task that is followed.
type follower struct {
	doer     Doer
	task     xen.TaskRef
	method   string // of the call; empty until the task was seen
	cfg      TaskConfig
	progress float64 // as last told
}

// wait returns the record of the task once it has ended.
func (f *follower) wait(ctx context.Context) (*xen.Task, error) {
	if f.cfg.Watcher != nil {
		record, err := f.cfg.Watcher.WatchTask(ctx, f.task, f.seen)
		if err == nil {
			return f.ended(record)
		}
		if ctx.Err() != nil {
			return nil, f.unknown(context.Cause(ctx))
		}
	}
	return f.poll(ctx)
}

// ended tells the last record of a task that ended from that of one that vanished.
func (f *follower) ended(record *xen.Task) (*xen.Task, error) {
	if record == nil {
		return nil, f.unknown(ErrTaskVanished)
	}
	f.seen(record)
	if !record.Ended() {
		return nil, f.unknown(ErrTaskVanished)
	}
	return record, nil
}

func (f *follower) seen(record *xen.Task) {
	f.method = record.NameLabel
	if f.cfg.Progress != nil && record.Progress != f.progress {
		f.progress = record.Progress
		f.cfg.Progress(record.Progress)
	}
}

func (f *follower) unknown(why error) error {
	method := f.method
	if method == "" {
		method = "the call of " + string(f.task)
	}
	return &OutcomeUnknownError{Method: method, Task: f.method, Refs: []string{string(f.task)}, Err: why}
}

// The pauses between two looks at a task that nobody watches.
const (
	minLook = 100 * time.Millisecond
	maxLook = 2 * time.Second
)

// poll asks for the task until it has ended. xapi: nothing is lost by looking every 2 s; ended tasks are cleaned up every
// 30 s at the soonest.
func (f *follower) poll(ctx context.Context) (*xen.Task, error) {
	for pause := minLook; ; pause = min(pause*3/2, maxLook) {
		record, err := Call(ctx, f.doer, f.task.GetRecord())
		switch {
		case err == nil:
			if record.Ended() {
				return f.ended(record)
			}
			f.seen(record)
		case errors.Is(err, xen.HandleInvalid):
			return nil, f.unknown(ErrTaskVanished)
		case ctx.Err() != nil:
			return nil, f.unknown(context.Cause(ctx))
		case over(f.doer):
			return nil, f.unknown(err)
		case !Retryable(err):
			return nil, fmt.Errorf("following task %s: %w", f.task, err)
		}
		if !sleep(ctx, pause) {
			return nil, f.unknown(context.Cause(ctx))
		}
	}
}

// over reports whether calls by d will never do better: it is a session, and that is lost.
func over(d Doer) bool {
	s, ok := d.(*Session)
	return ok && s.lost() != nil
}

// sleep reports whether the whole time was slept.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
