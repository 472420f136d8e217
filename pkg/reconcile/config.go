package reconcile

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/go-logr/logr"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Pool is all that acting needs of a connection to a pool; PoolOf makes one of an *xapi.Client.
type Pool interface {
	// At returns the session with this epoch; false when it is not the current one any more. A call can so never go
	// through a session that is newer than the snapshot it was decided on.
	At(epoch uint64) (Session, bool)
}

// Session makes calls on one session and no other.
type Session interface {
	Do(ctx context.Context, r xen.Request, into any) error
	// Async begins a call as a task whose other_config holds the marks from its birth, each key with "http:" before it.
	Async(ctx context.Context, r xen.Request, mark map[string]string) (xen.TaskRef, error)
}

// Config is everything a Controller is given; the zero value of each optional field works.
type Config struct {
	// Snapshot returns the newest view of the pool; it is asked again before every action. Required.
	Snapshot func() store.Snapshot
	// Pool makes the calls. Required, unless DryRun.
	Pool Pool
	// Name is the label pool of metrics and logs.
	Name string
	// Owner marks our tasks, so that a later life of this process finds them. It has to be the same in every life and
	// different for every other controller of the pool. Default: made from the pool's uuid and Originator.
	Owner      string
	Originator string // default "xencontroller"
	// Workers is how many VMs are worked on at once; each waits for replies, never for tasks. Default 8.
	Workers int
	// DryRun decides and reports, and makes no call.
	DryRun bool
	// Limits are the budgets.
	Limits plan.Limits
	// Backoff bounds the pause after failures in a row: Base, doubled each time, up to Max; ±20 %. Default 2 s, 5 min.
	Backoff Backoff
	// Contest says when a field that somebody else turns back is left alone.
	Contest Contest
	// Journal holds what was sent and is not known to be over. Default: in memory.
	Journal Journal
	// Rand spreads the pauses; nil: seeded at random.
	Rand *rand.Rand
	Log  logr.Logger // zero: silent
	// Metrics may be shared by the controllers of several pools; nil: not counted.
	Metrics *Metrics
	// Observer is told of each action as it starts, moves on and finishes, from the goroutines of the workers; it must
	// not block. nil: nobody is.
	Observer func(ActionEvent)
}

// Backoff bounds a pause that doubles.
type Backoff struct{ Base, Max time.Duration }

// Contest says that a field which somebody else turned back Times times within Window is left alone. Default 3, 1 h.
type Contest struct {
	Times  int
	Window time.Duration
}

// How long an operation whose outcome is not known is looked for before the VM itself has to tell.
const (
	// settleLost is for a call without a reply. xapi: the task is there before the reply leaves, so that its event
	// arrives at about the time at which the reply would have.
	settleLost = 10 * time.Second
	// settleGone is for a task that vanished, as all tasks do when the master changes. xapi: the work may go on for a
	// moment, and the records follow.
	settleGone = 3 * time.Second
	// settleDone is for a task that succeeded while the VM does not show it.
	settleDone = 2 * time.Second
	// settleSeen is how long the first event of a task may take after the reply that named it.
	settleSeen = 5 * time.Second
	// cancelPatience is how long a task that was cancelled may take to end before a hard shutdown takes over. xapi:
	// hard_shutdown itself cancels and waits for the operations that it displaces.
	cancelPatience = 10 * time.Second
	// replyGrace is how long calls that are under way when the controller ends may wait for their reply.
	replyGrace = 3 * time.Second
	// retryNotSent is the pause after a call that provably did not run.
	retryNotSent = time.Second
)

func (c *Config) check() error {
	if c.Snapshot == nil {
		return errors.New("reconcile: Config.Snapshot is missing")
	}
	if c.Pool == nil && !c.DryRun {
		return errors.New("reconcile: Config.Pool is missing")
	}
	if c.Workers <= 0 {
		c.Workers = 8
	}
	if c.Originator == "" {
		c.Originator = "xencontroller"
	}
	if c.Backoff.Base <= 0 {
		c.Backoff.Base = 2 * time.Second
	}
	if c.Backoff.Max < c.Backoff.Base {
		c.Backoff.Max = max(5*time.Minute, c.Backoff.Base)
	}
	if c.Contest.Times <= 0 {
		c.Contest.Times = 3
	}
	if c.Contest.Window <= 0 {
		c.Contest.Window = time.Hour
	}
	if c.Journal == nil {
		c.Journal = &MemoryJournal{}
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // jitter is no secret
	}
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
	return nil
}
