package simulator

import "time"

// xapi: a call that meets another operation waits 1 to 20 s before it looks again, two hours in all, and at most 100 do.
const (
	retryMin   = time.Second
	retryMax   = 20 * time.Second
	retryTotal = 2 * time.Hour
	retryOnce  = 3 * time.Second // the longest wait of a call that waits only once
	maxQueued  = 100

	disksTotal = 2 * time.Minute // how long a start waits for its disks
	disksLook  = 2 * time.Second
)

// operationQueue is where calls wait for other operations to end. It is guarded by the pool's lock.
type operationQueue struct {
	ended   signal // raised when an operation on any object ends
	waiting int
	working map[string]int // what each host's domain manager is doing, by the host's reference
	sending map[string]int // how many VMs each host sends away with VM.migrate_send
}

// whenAllowed runs f until it answers anything but OTHER_OPERATION_IN_PROGRESS. xapi: that error makes the call wait its
// turn, in no order; it is woken early when an operation ends. Model.StrictConflicts hands the error out at once.
func (c *call) whenAllowed(f func(*tx) error) error {
	return c.whenAllowedWithin(retryTotal, Span{retryMin, retryMax}, f)
}

// whenAllowedWithin is whenAllowed with so much patience in all, and so much between two looks.
func (c *call) whenAllowedWithin(patience time.Duration, between Span, f func(*tx) error) error {
	deadline := time.Now().Add(patience)
	for tries := 0; ; tries++ {
		var wake <-chan struct{}
		var pause time.Duration
		err := c.update(func(t *tx) error {
			err := f(t)
			if !isCode(err, "OTHER_OPERATION_IN_PROGRESS") || c.pool.model.StrictConflicts || c.impatient && tries > 0 {
				return err
			}
			if c.pool.operations.waiting >= maxQueued {
				return fail("TOO_MANY_PENDING_TASKS")
			}
			c.pool.operations.waiting++
			wake = c.pool.operations.ended.next()
			pause = between.draw(c.pool.rng)
			if c.impatient {
				pause = Span{0, retryOnce}.draw(c.pool.rng)
			}
			return err
		})
		if wake == nil {
			return err
		}
		c.waitTurn(wake, pause)
		c.pool.operations.leave(c.pool)
		interrupted := c.interrupted()
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

// waitTurn waits for a signal, at most d. xapi: a call that is cancelled meanwhile learns of it when the wait is over.
func (c *call) waitTurn(wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	case <-c.life.done():
	case <-c.machines[0].off():
	case <-c.machines[1].off():
	}
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
	case <-c.machines[0].off():
	case <-c.machines[1].off():
	}
	return c.interrupted()
}

// isCode reports whether an error is xapi's failure of this code.
func isCode(err error, code string) bool {
	f, ok := err.(*Failure) //nolint:errorlint // behaviours hand failures on as they are
	return ok && f != nil && f.Code == code
}
