package reconcile

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/util/workqueue"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Controller keeps the declared VMs of one pool as they are declared. SetDeclared, OnChange, OnSync and Status may be
// called at any time, before, during and after Run, and concurrently.
type Controller struct {
	cfg Config

	// mu guards what follows, and makes each decision alone: no two VMs are promised the same slot or memory. Nothing
	// waits while it is held.
	mu         sync.Mutex
	queue      workqueue.TypedRateLimitingInterface[string] // of metadata.name; nil while not running
	reaper     *reaper                                      // nil while not running
	declared   *plan.Declared
	generation map[string]int64          // of each name; rises when its declaration changes
	ops        map[string]*operation     // by metadata.name
	inFlight   map[string]plan.Operation // the same, for decisions
	displaced  map[xen.TaskRef]bool      // tasks that a hard shutdown has taken over from
	reaping    map[xen.TaskRef]bool      // tasks that are being destroyed
	making     map[xen.VMRef]bool        // records first seen while they were made
	history    map[string]*history       // by metadata.name
	budget     *budget
	memory     plan.MemoryBook
	homeless   map[string]bool      // VMs that no host can take
	touched    map[string]time.Time // when an event first touched a VM that was not looked at since
	status     map[string]VMStatus
	lastID     uint64
	over       []string // ids of operations that the journal still holds
}

// New makes a controller. It starts nothing and calls nobody.
func New(cfg Config) (*Controller, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.Metrics.begin(cfg.Name)
	return &Controller{
		cfg:        cfg,
		declared:   plan.Declare(nil),
		generation: map[string]int64{},
		ops:        map[string]*operation{},
		inFlight:   map[string]plan.Operation{},
		displaced:  map[xen.TaskRef]bool{},
		reaping:    map[xen.TaskRef]bool{},
		making:     map[xen.VMRef]bool{},
		history:    map[string]*history{},
		budget:     newBudget(cfg.Limits),
		homeless:   map[string]bool{},
		touched:    map[string]time.Time{},
		status:     map[string]VMStatus{},
	}, nil
}

// Run keeps the pool as declared until ctx ends. Then nothing new is begun, calls under way may still take their reply for
// a few seconds, and what is not known to be over stays in the journal. Run starts every goroutine of the controller and
// returns after the last; it must not be called twice.
func (c *Controller) Run(ctx context.Context) error {
	queue := workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.DefaultTypedControllerRateLimiter[string](),
		workqueue.TypedRateLimitingQueueConfig[string]{Name: c.queueName("vm"), MetricsProvider: c.cfg.Metrics.provider()})
	reaper := newReaper(c)
	if err := c.begin(queue, reaper); err != nil {
		queue.ShutDown()
		reaper.queue.ShutDown()
		return err
	}
	stopping := context.AfterFunc(ctx, func() {
		queue.ShutDown()
		reaper.queue.ShutDown()
	})
	defer stopping()
	calls, cancel := outlive(ctx, replyGrace)
	defer cancel()

	var g errgroup.Group
	for range c.cfg.Workers {
		g.Go(func() error { c.work(ctx, calls, queue); return nil })
	}
	g.Go(func() error { reaper.run(ctx, calls); return nil })
	c.OnSync(c.cfg.Snapshot().Synced(), "")
	err := g.Wait()
	c.strike()

	c.mu.Lock()
	c.queue, c.reaper = nil, nil
	c.mu.Unlock()
	return err
}

// begin takes in what an earlier life left in the journal.
func (c *Controller) begin(queue workqueue.TypedRateLimitingInterface[string], r *reaper) error {
	entries, err := c.cfg.Journal.Entries()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue != nil {
		return errors.New("reconcile: the controller runs already")
	}
	c.queue, c.reaper = queue, r
	for _, e := range entries {
		if e.Pool != c.cfg.Name || c.ops[e.Name] != nil || c.cfg.DryRun {
			continue
		}
		c.hold(operationOf(e))
		c.cfg.Log.Info("operation of an earlier life found in the journal", "vm", e.Name, "verb", e.Verb, "task", e.Task)
	}
	return nil
}

// outlive is a context for calls: it goes on for a while after ctx has ended, so that calls under way get their reply.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(calls, func() { timer.Stop() })
	})
	return calls, func() { stop(); cancel() }
}

// SetDeclared puts a new set in force. A VM whose declaration has changed starts anew: its failures and contests are
// forgotten. VMs that are no longer declared are left as they are; an operation of theirs is still followed to its end.
func (c *Controller) SetDeclared(set *desired.Set) {
	c.declare(plan.Declare(set.VMs()))
}

func (c *Controller) declare(d *plan.Declared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.declared
	c.declared = d
	for _, name := range d.Names() {
		now, _ := d.VM(name)
		before, ok := old.VM(name)
		if !ok || !reflect.DeepEqual(before.Spec, now.Spec) {
			c.generation[name]++
			delete(c.history, name)
			c.notListed(now, before)
		}
		c.enqueue(name)
	}
	for _, name := range old.Names() {
		if _, ok := d.VM(name); !ok {
			c.forget(name)
		}
	}
}

// forget drops what is known of a VM that is not declared any more; the caller holds the lock.
func (c *Controller) forget(name string) {
	delete(c.history, name)
	delete(c.homeless, name)
	delete(c.touched, name)
	c.cfg.Metrics.dropStatus(c.cfg.Name, c.status[name])
	delete(c.status, name)
	if c.budget.leave(name) {
		c.wake()
	}
}

// OnSync implements informer.Handler: once the cache is in sync everything is looked at again. While it is not, nothing is
// decided: looking finds that out by itself.
func (c *Controller) OnSync(synced bool, _ string) {
	if !synced {
		return
	}
	snap := c.cfg.Snapshot()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkMaking(snap)
	for ref := range c.reaping {
		if _, there := store.Get[xen.Task](snap, string(ref)); !there {
			delete(c.reaping, ref) // its deletion was missed
		}
	}
	for ref, task := range store.All[xen.Task](snap) {
		c.claim(snap, xen.TaskRef(ref), task)
	}
	for _, name := range c.declared.Names() {
		c.enqueue(name)
	}
	for name := range c.ops {
		c.enqueue(name)
	}
}

// enqueue asks for a VM to be looked at; the caller holds the lock.
func (c *Controller) enqueue(name string) {
	if c.queue != nil {
		c.queue.Add(name)
	}
}

func (c *Controller) queueName(what string) string {
	if c.cfg.Name == "" {
		return what
	}
	return what + "/" + c.cfg.Name
}
