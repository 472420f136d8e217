package simulator

import (
	"strconv"
	"time"
)

// Which duration of the timing an operation asks for.
func timingStart(t Timing) Span   { return t.Start }
func timingGuest(t Timing) Span   { return t.GuestShutdown }
func timingDestroy(t Timing) Span { return t.Destroy }
func timingPause(t Timing) Span   { return t.Pause }
func timingSuspend(t Timing) Span { return t.Suspend }
func timingResume(t Timing) Span  { return t.Resume }
func timingMigrate(t Timing) Span { return t.Migrate }
func timingDisk(t Timing) Span    { return t.Disk }

// takes draws how long a part of the operation takes. Somebody else's hand takes no time.
func (c *call) takes(which func(Timing) Span) time.Duration {
	if c.instant {
		return 0
	}
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return which(c.pool.model.Timing).draw(c.pool.rng)
}

// steps lets time pass while the task's progress goes from one figure to another in so many steps, beginning with the
// first.
func (c *call) steps(d time.Duration, from, to float64, n int) error {
	for i := range n + 1 {
		c.progress(from + (to-from)*float64(i)/float64(n))
		if err := c.sleepStep(d / time.Duration(n+1)); err != nil {
			return err
		}
	}
	return nil
}

// sleepStep lets a step of an operation pass. xapi: a cancellation is heeded between steps.
func (c *call) sleepStep(d time.Duration) error {
	if c.hangs || d <= 0 {
		return c.sleep(d)
	}
	c.waitTurn(nil, d)
	return c.interrupted()
}

// commit passes the point of no return: the task cannot be cancelled any more. xapi: it notes in the task how many
// points it passed where it could have been.
func (o *vmOperationCall) commit(t *tx, cancelPoints int) {
	o.cancellableIn(t, false)
	if o.run == nil {
		return
	}
	other := t.dict("task", o.task, "other_config")
	t.set("task", o.task, "other_config", withKey(other, "debug_info:cancel_points_seen", strconv.Itoa(cancelPoints)))
}

// contact fails unless the host can be reached. xapi: HOST_OFFLINE once the pool knows it dead, CANNOT_CONTACT_HOST before,
// after Timing.Contact. A member that comes back meanwhile has forgotten the task that was forwarded to it.
func (c *call) contact(host string) error {
	err := c.reach(host)
	if !isCode(err, "CANNOT_CONTACT_HOST") || c.takes(timingContact) == 0 {
		return err
	}
	for deadline := time.Now().Add(c.takes(timingContact)); time.Now().Before(deadline); {
		c.pool.mu.Lock()
		wake := c.pool.linked.next()
		c.pool.mu.Unlock()
		if err := c.waitFor(wake, time.Until(deadline)); err != nil {
			return err
		}
		if !isCode(c.reach(host), "CANNOT_CONTACT_HOST") {
			return c.view(func(t *tx) error { return t.must("task", c.task) })
		}
	}
	return err
}

func timingContact(t Timing) Span { return t.Contact }

// reach says whether a host answers now. Its own scripts reach it while it stops, though the pool holds it for dead.
func (c *call) reach(host string) error {
	return c.view(func(t *tx) error {
		if err := t.must("host", host); err != nil {
			return err
		}
		if own := c.member.stopping && c.member.host == host; !own && !t.hostLive(host) {
			return fail("HOST_OFFLINE", host)
		}
		for _, m := range t.life.pool.members {
			if m.host == host && m.state != memberUp && m != t.life.master {
				return fail("CANNOT_CONTACT_HOST", host)
			}
		}
		return nil
	})
}

// forwardToHome sends the call to the host that the VM is on, and gives that host.
func (o *vmOperationCall) forwardToHome() (string, error) {
	host := nullRef
	err := o.view(func(t *tx) error {
		host = t.str("VM", o.vm, "resident_on")
		return nil
	})
	if err == nil {
		o.forwardTo(host)
		err = o.contact(host)
	}
	return host, err
}

// delay lets the seconds pass that the VM's record asks for after a start or a shutdown. xapi: the new state is there to
// see, the operation still marked.
func (o *vmOperationCall) delay(field string) error {
	var seconds int64
	if err := o.view(func(t *tx) error { seconds = t.num("VM", o.vm, field); return nil }); err != nil || o.instant {
		return err
	}
	return o.sleep(time.Duration(seconds) * time.Second)
}
