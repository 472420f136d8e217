package xapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// maxAbandoned is how many lost sessions are remembered; xapi ends the others after a day without use.
const maxAbandoned = 16

// logout closes one session on the server. One that is gone already is closed.
func (c *Client) logout(ctx context.Context, w *wire, ref secret) error {
	ctx, cancel := context.WithTimeoutCause(ctx, logoutTimeout, noAnswerError{logoutTimeout})
	defer cancel()
	err := c.exchange(ctx, w, exchange{req: xen.SessionLogout().Request, session: ref.reveal()})
	if err != nil && !errors.Is(err, xen.SessionInvalid) {
		return fmt.Errorf("logging out: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.countAlive(-1)
	return nil
}

// discard logs out a session that never came into use.
func (c *Client) discard(ctx context.Context, s *Session) {
	if err := c.logout(context.WithoutCancel(ctx), s.wire, s.ref); err != nil {
		c.log.V(1).Info("a session stays open", "address", s.wire.endpoint.String(), "cause", err.Error())
		c.mu.Lock()
		defer c.mu.Unlock()
		c.countAlive(-1)
	}
}

// abandon remembers a session that may live on, to be logged out when a master is found again; c.mu is held.
func (c *Client) abandon(ref secret) {
	if len(c.abandoned) == maxAbandoned {
		c.abandoned = c.abandoned[1:]
		c.countAlive(-1)
	}
	c.abandoned = append(c.abandoned, ref)
}

// logoutAbandoned logs out the sessions that were lost. xapi: sessions belong to the pool, and the master that was found
// is the one that knows them, if anybody does; after a restart it answers SESSION_INVALID, and they are gone.
func (c *Client) logoutAbandoned(ctx context.Context, w *wire) {
	c.mu.Lock()
	lost := c.abandoned
	c.abandoned = nil
	c.mu.Unlock()
	for i, ref := range lost {
		if err := c.logout(ctx, w, ref); err != nil {
			c.mu.Lock()
			for _, ref := range lost[i:] {
				c.abandon(ref)
			}
			c.mu.Unlock()
			return
		}
	}
}
