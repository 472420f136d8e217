package informer

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// JanitorConfig is everything a Janitor is given.
type JanitorConfig struct {
	Client   *xapi.Client // required; the one whose tasks are not orphans as long as xapi.Run follows them
	Informer *Informer    // required; it has to keep the class task
	// Owner is whose tasks are destroyed: what they were begun with as xapi.TaskConfig.Owner. Required.
	Owner string
	Log   logr.Logger // zero: silent
}

// Janitor destroys tasks of one owner that have ended and that nobody follows: of an earlier life of the program, or of
// calls whose replies were lost. It touches nobody else's. A pool keeps tasks that have ended for an hour, 200 at most.
//
// A program with a reconcile.Controller does not need one for the controller's tasks.
type Janitor struct {
	cfg  JanitorConfig
	wake chan struct{} // holds a token while there may be orphans
}

const (
	// The pauses after a task that could not be destroyed.
	minRetry = 500 * time.Millisecond
	maxRetry = 30 * time.Second
	// sweepEvery is how often the cache is looked through for what no event tells: a follower that gave up.
	sweepEvery = 5 * time.Minute
)

// NewJanitor makes a janitor and adds it to the handlers of its informer. Call it before either runs.
func NewJanitor(cfg JanitorConfig) (*Janitor, error) {
	if cfg.Client == nil || cfg.Informer == nil || cfg.Owner == "" {
		return nil, errors.New("a janitor needs a client, an informer, and an owner whose tasks it destroys")
	}
	if !cfg.Informer.keeps[xen.ClassTask] {
		return nil, errNoTasks
	}
	j := &Janitor{cfg: cfg, wake: make(chan struct{}, 1)}
	cfg.Informer.AddHandler(j)
	return j, nil
}

// OnSync implements Handler.
func (j *Janitor) OnSync(synced bool, _ string) {
	if synced {
		j.look()
	}
}

// OnChange implements Handler.
func (j *Janitor) OnChange(changes []store.Change) {
	for _, ch := range changes {
		if task, ok := ch.New.(*xen.Task); ok && j.cfg.Client.Orphan(task, j.cfg.Owner) {
			j.look()
			return
		}
	}
}

func (j *Janitor) look() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Run destroys orphans until ctx ends.
func (j *Janitor) Run(ctx context.Context) error {
	retry := time.NewTimer(0)
	defer retry.Stop()
	for pause := minRetry; ; {
		select {
		case <-j.wake:
		case <-retry.C:
		case <-ctx.Done():
			return nil
		}
		if j.sweep(ctx) {
			retry.Reset(sweepEvery)
			pause = minRetry
			continue
		}
		retry.Reset(pause)
		pause = min(2*pause, maxRetry)
	}
}

// sweep destroys every orphan there is, and reports whether none is left that another try might destroy. It calls on the
// session that the cache stems from, and no other: a reference means nothing in another life of the pool.
func (j *Janitor) sweep(ctx context.Context) bool {
	snap := j.cfg.Informer.store.Snapshot()
	s := j.cfg.Client.Current()
	if !snap.Synced() || s == nil || s.Epoch() != snap.Epoch() {
		return true // the next list wakes us
	}
	clean := true
	for ref, task := range store.All[xen.Task](snap) {
		if !j.cfg.Client.Orphan(task, j.cfg.Owner) {
			continue
		}
		if err := xapi.DestroyTask(ctx, s, xen.TaskRef(ref)); err != nil {
			clean = clean && !xapi.Retryable(err)
			j.cfg.Log.V(1).Info("an orphaned task was not destroyed", "task", ref, "error", err.Error())
			continue
		}
		j.cfg.Log.Info("orphaned task destroyed", "task", ref, "call", task.NameLabel, "status", task.Status)
	}
	return clean
}
