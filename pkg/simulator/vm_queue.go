package simulator

import "time"

// xapi: a call that meets another operation waits 1 to 20 s before it looks again, two hours in all, and at most 100 do.
const (
	retryMin   = time.Second
	retryMax   = 20 * time.Second
	retryTotal = 2 * time.Hour
	maxQueued  = 100
)

// operationQueue is where calls wait for other operations to end. It is guarded by the pool's lock.
type operationQueue struct {
	ended   signal // raised when an operation on any object ends
	waiting int
	working map[string]int // what each host's domain manager is doing, by the host's reference
}

// whenAllowed runs f until it answers anything but OTHER_OPERATION_IN_PROGRESS. xapi: that error makes the call wait its
// turn, in no order; it is woken early when an operation ends. Model.StrictConflicts hands the error out at once.
func (c *call) whenAllowed(f func(*tx) error) error {
	deadline := time.Now().Add(retryTotal)
	for {
		var wake <-chan struct{}
		var pause time.Duration
		err := c.update(func(t *tx) error {
			err := f(t)
			if !isCode(err, "OTHER_OPERATION_IN_PROGRESS") || c.pool.model.StrictConflicts {
				return err
			}
			if c.pool.operations.waiting >= maxQueued {
				return fail("TOO_MANY_PENDING_TASKS")
			}
			c.pool.operations.waiting++
			wake = c.pool.operations.ended.next()
			pause = Span{retryMin, retryMax}.draw(c.pool.rng)
			return err
		})
		if wake == nil {
			return err
		}
		interrupted := c.waitFor(wake, pause)
		c.pool.operations.leave(c.pool)
		if interrupted != nil {
			return interrupted
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

func (q *operationQueue) leave(p *Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q.waiting--
}

// waitFor waits for a signal, at most d; a cancelled task and the end of xapi end the wait with an error.
func (c *call) waitFor(wake <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	case <-c.cancelRequest():
	case <-c.life.done():
	}
	return c.interrupted()
}

// isCode reports whether an error is xapi's failure of this code.
func isCode(err error, code string) bool {
	f, ok := err.(*Failure) //nolint:errorlint // behaviours hand failures on as they are
	return ok && f != nil && f.Code == code
}
