package xapi

import (
	"context"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// maxLate is how many late logins may be under way at one host. A host with more of them does not answer at all.
const maxLate = 2

// loginOrDiscard logs in. Where ctx ends first, the login goes on behind, and the session that it brings is logged out:
// otherwise a pool that is slow for a while would collect a session from every probe. xapi: a session that nobody
// uses ends after a day; 500 of one originator are kept.
func (c *Client) loginOrDiscard(ctx context.Context, w *wire, who credentials) (*Session, error) {
	if w.late.Load() >= maxLate {
		return c.loginAgain(ctx, w, who)
	}
	type outcome struct {
		session *Session
		err     error
	}
	done := make(chan outcome)
	started := c.behind.start(func() {
		patient, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), loginPatience, noAnswerError{loginPatience})
		defer cancel()
		s, err := c.loginAgain(patient, w, who)
		select {
		case done <- outcome{s, err}:
		case <-ctx.Done():
			w.late.Add(-1)
			if s != nil {
				c.discard(ctx, s)
			}
		}
	})
	if !started {
		return nil, ErrClosed
	}
	select {
	case o := <-done:
		return o.session, o.err
	case <-ctx.Done():
		w.late.Add(1)
		return nil, &TransportError{
			Address: w.endpoint.String(), Method: xen.SessionLoginWithPassword("", "", "", "").Method, Err: context.Cause(ctx), Sent: true,
		}
	}
}
