package xapi

import (
	"context"
	"errors"
	"math"

	"golang.org/x/time/rate"
)

// Limits bound how hard one Client presses a pool. They hold for calls of [Client.Do], [Session.Do] and [Session.Async].
// Event calls are apart, for they block by design; so are the calls of a search for the master, which must not queue
// behind calls that hang on the old one. The zero value of each bounds nothing.
//
// xapi: a master serves 800 connections at once and makes everybody else wait; from 26.17 it can delay the calls of a
// client that asks too much.
type Limits struct {
	// PerSecond is how many calls may begin in a second, on average.
	PerSecond float64
	// Burst is how many may begin at once after a pause; 0: as many as in a second, one at least.
	Burst int
	// InFlight is how many calls may be under way at once on one session. The calls that hang on a lost session do not
	// count against the next one.
	InFlight int
}

func (l Limits) check() error {
	if l.PerSecond < 0 || math.IsNaN(l.PerSecond) || l.Burst < 0 || l.InFlight < 0 {
		return errors.New("a limit of calls is negative")
	}
	return nil
}

// pace makes the token bucket of a client; nil: there is no bound.
func (l Limits) pace() *rate.Limiter {
	if l.PerSecond == 0 || math.IsInf(l.PerSecond, 1) {
		return nil
	}
	burst := l.Burst
	if burst == 0 {
		burst = max(1, int(math.Ceil(l.PerSecond)))
	}
	return rate.NewLimiter(rate.Limit(l.PerSecond), burst)
}

// slots makes the room for calls of one session; nil: there is no bound.
func (l Limits) slots() chan struct{} {
	if l.InFlight == 0 {
		return nil
	}
	return make(chan struct{}, l.InFlight)
}

// admit waits until the limits let one more call begin, and returns what has to be called at its end. The error is the
// cause of the end of ctx, or the loss of the session: nothing was sent then.
func (s *Session) admit(ctx context.Context) (func(), error) {
	if s.slots == nil && s.client.pace == nil {
		return func() {}, nil
	}
	ctx, done := s.untilGivenUp(ctx)
	defer done()
	release := func() {}
	if s.slots != nil {
		select {
		case s.slots <- struct{}{}:
			release = func() { <-s.slots }
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if err := s.client.waitForPace(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// waitForPace takes a token of the bucket.
func (c *Client) waitForPace(ctx context.Context) error {
	if c.pace == nil {
		return nil
	}
	if err := c.pace.Wait(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err // the deadline of ctx is nearer than the call's turn
	}
	return nil
}
