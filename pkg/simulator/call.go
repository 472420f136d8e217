package simulator

import (
	"errors"
	"time"
)

// call is one call on its way through xapi, from the dispatcher to its behaviour.
type call struct {
	pool        *Pool
	life        *life
	member      *member     // that it came in on
	message     *message    // nil only for calls outside the datamodel
	method      string      // "VM.start", without Async
	name        string      // as called: "Async.VM.start"; the task's name_label
	params      []any       // converted to their types, optional ones filled in, without the session
	session     string      // reference; "" for calls without a session
	otherConfig Map         // of the task: http:K from x-http-other-config-K headers
	tasks       taskHeaders // that the request named
	task        string      // reference of the call's task; a DummyRef where it has no row
	run         *run        // nil for calls without a task
	instant     bool        // somebody else's hand: takes no time
	root        bool        // from the unix socket: the caller is root, whatever name and password it gives
	impatient   bool        // waits once for another operation to end, not for two hours
	machines    [2]machine  // that the work is done on at the moment, and that it needs beside
	migration   migrationMishap
	hangs       bool // the first sleep ends only by task.cancel: the mishap TaskHangs
}

// behaviour is what a message does: it returns the result, nil for void, or a *Failure. A synchronous call runs it in
// the goroutine of its connection, an asynchronous one in a goroutine of its own. It holds no lock, and touches the
// pool only through update and view.
type behaviour func(c *call) (any, error)

// run is the moving part of a task: work that has not ended.
type run struct {
	cancelled   chan struct{} // closed when somebody asked for the end
	asked       bool
	cancellable bool
	forwarded   bool // the work runs on another member
}

// errCancelled ends work that was cancelled.
var errCancelled = errors.New("cancelled")

func (c *call) str(i int) string    { return c.params[i].(string) }
func (c *call) num(i int) int64     { return c.params[i].(int64) }
func (c *call) flag(i int) bool     { return c.params[i].(bool) }
func (c *call) float(i int) float64 { return c.params[i].(float64) }
func (c *call) dict(i int) Map      { return c.params[i].(Map) }
func (c *call) members(i int) Set   { return c.params[i].(Set) }

// update runs f on the database of the life that the call belongs to.
func (c *call) update(f func(*tx) error) error { return c.life.update(f) }

// view reads the database; it says so when the life has ended.
func (c *call) view(f func(*tx) error) error { return c.life.update(f) }

// sleep waits d, or until a cancellable task is cancelled or xapi ends; the error then ends the call.
func (c *call) sleep(d time.Duration) error {
	if c.hangs {
		select {
		case <-c.cancelRequest():
		case <-c.life.done():
		case <-c.machines[0].off():
		case <-c.machines[1].off():
		}
	} else if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.cancelRequest():
		case <-c.life.done():
		case <-c.machines[0].off():
		case <-c.machines[1].off():
		}
	}
	return c.interrupted()
}

// interrupted is nil while the call may go on.
func (c *call) interrupted() error {
	if c.life.over() {
		return errLifeEnded
	}
	if err := c.lostMachine(); err != nil {
		return err
	}
	select {
	case <-c.cancelRequest():
		return errCancelled
	default:
		return nil
	}
}

// cancelRequest is closed when the task has been cancelled and heeds it; nil blocks for ever.
func (c *call) cancelRequest() <-chan struct{} {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.run == nil || !c.run.cancellable {
		return nil
	}
	return c.run.cancelled
}

// progress writes the task's progress, 0 to 1.
func (c *call) progress(f float64) {
	c.onTask(func(t *tx) { t.set("task", c.task, "progress", f) })
}

// cancellable says whether the task heeds task.cancel from now on, and shows it in its allowed_operations.
func (c *call) cancellable(yes bool) {
	c.onTask(func(t *tx) { c.cancellableIn(t, yes) })
}

// cancellableIn is cancellable inside a transaction.
func (c *call) cancellableIn(t *tx, yes bool) {
	if c.run == nil {
		return
	}
	c.run.cancellable = yes
	if yes {
		t.set("task", c.task, "allowed_operations", setOf("cancel"))
	} else {
		t.set("task", c.task, "allowed_operations", Set{})
	}
}

// forwardTo notes that the work runs on a host. xapi: three writes of the task, of which clients see the last.
func (c *call) forwardTo(host string) {
	c.onTask(func(t *tx) { c.forwardIn(t, host) })
}

// forwardIn is forwardTo inside a transaction.
func (c *call) forwardIn(t *tx, host string) {
	if c.run == nil {
		return
	}
	c.run.forwarded = host != c.life.master.host
	if c.run.forwarded {
		t.set("task", c.task, "forwarded", true)
		t.set("task", c.task, "forwarded_to", host)
	}
	t.set("task", c.task, "resident_on", host)
}

func (c *call) onTask(f func(*tx)) {
	if c.run == nil {
		return
	}
	_ = c.update(func(t *tx) error { f(t); return nil }) // after the end of the life there is no task to write
}
