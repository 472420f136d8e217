package simulator

// onHost runs the part of an operation that a host's domain manager does. xapi: it does four such at a time, whatever
// the number of VMs that wait, marked as they are; see Timing.Workers.
func (c *call) onHost(host string, f func() error) error { return c.onHosts(host, nullRef, f) }

// onHosts is onHost of work that needs another machine too.
func (c *call) onHosts(host, other string, f func() error) error {
	return c.withMachines(host, other, func() error { return c.withWorker(host, f) })
}

// withWorker runs f when the host's domain manager has a hand free.
func (c *call) withWorker(host string, f func() error) error {
	limit := c.pool.model.Timing.Workers
	if limit <= 0 || c.instant {
		return f()
	}
	for {
		var wake <-chan struct{}
		err := c.update(func(*tx) error {
			if c.pool.operations.working[host] < limit {
				c.pool.operations.working[host]++
				return nil
			}
			wake = c.pool.operations.ended.next()
			return nil
		})
		if err != nil {
			return err
		}
		if wake == nil {
			break
		}
		if err := c.waitFor(wake, retryMax); err != nil {
			return err
		}
	}
	defer c.pool.operations.stopWorking(c.pool, host)
	return f()
}

func (q *operationQueue) stopWorking(p *Pool, host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q.working[host]--
	q.ended.raise()
}
