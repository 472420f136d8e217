package xapi

import (
	"context"
	"sync"
	"time"
)

// closeGrace is how long Close lets logins and logouts under way end well.
const closeGrace = time.Second

// Close logs out, as far as ctx lets it (5 s at most), ends every call that is under way, and returns after the last
// goroutine of the client. Later calls fail with [ErrClosed]. The error is a session that could not be logged out: xapi
// ends it after a day without use.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	s := c.current
	c.current = nil
	c.mu.Unlock()
	close(c.closing)

	ctx, cancel := context.WithTimeoutCause(ctx, logoutTimeout, noAnswerError{logoutTimeout})
	defer cancel()
	var err error
	if s != nil {
		s.giveUp(ErrClosed)
		if err = c.logout(ctx, s.wire, s.ref); err == nil {
			c.logoutAbandoned(ctx, s.wire)
		}
	}
	c.awaitBehind(ctx)
	c.behind.refuse()
	c.conns.closeAll()
	c.behind.group.Wait()
	for _, w := range c.allWires() {
		w.closeIdle()
	}
	c.happened(Transition{Kind: TransitionClosed, Err: err})
	return err
}

// awaitBehind gives a search, and what it left running, a moment to log out.
func (c *Client) awaitBehind(ctx context.Context) {
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case c.turn <- struct{}{}: // for ever: no search starts any more
	case <-grace.C:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-c.behind.idle():
	case <-grace.C:
	case <-ctx.Done():
	}
}

// background owns the goroutines that no caller waits for.
type background struct {
	group sync.WaitGroup

	mu      sync.Mutex
	refused bool
	running int
	waiting chan struct{} // closed when running falls to 0; nil: nobody waits
}

// start runs f; after refuse it does nothing, and says so.
func (b *background) start(f func()) (started bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused {
		return false
	}
	b.running++
	b.group.Go(func() {
		defer b.ended()
		f()
	})
	return true
}

func (b *background) ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	if b.running == 0 && b.waiting != nil {
		close(b.waiting)
		b.waiting = nil
	}
}

// idle returns a channel that is closed once nothing runs. For one waiter.
func (b *background) idle() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	idle := make(chan struct{})
	if b.running == 0 {
		close(idle)
	} else {
		b.waiting = idle
	}
	return idle
}

// refuse lets nothing start any more, so that group can be waited for.
func (b *background) refuse() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = true
}
