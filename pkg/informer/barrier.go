package informer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// barrierPause is the pause before a barrier whose call was lost is tried again.
const barrierPause = time.Second

// Barrier returns once everything that happened in the pool before the call is in the store, and handlers were told of
// it: what a caller has done itself, it sees in the snapshot that it takes next. While the store is out of sync it waits
// for the next list. It costs two calls, and an event without news for whoever follows the pool. Call it at any time
// from any goroutine but that of a handler, which it would wait for.
//
// xapi: event.inject makes an event of an object, here the pool, as if it had changed.
func (i *Informer) Barrier(ctx context.Context) error {
	before := i.position.lists()
	for {
		now, moved := i.position.watch()
		if now.list > before {
			return nil // begun after the call
		}
		if now.session != nil {
			m, err := i.plant(ctx, now)
			switch {
			case err == nil:
				return i.waitFor(ctx, func(at place) bool { return at.list > before || m.passed(at) })
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case !passes(err):
				return fmt.Errorf("setting a barrier: %w", err)
			}
		}
		if err := i.sleep(ctx, moved); err != nil {
			return err
		}
	}
}

// passes reports whether another session, or another try, may do better.
func passes(err error) bool {
	v := xapi.Classify(err)
	return v == xapi.Elsewhere || v == xapi.Again || v == xapi.Look
}

// sleep waits until the place is another, and a moment at most.
func (i *Informer) sleep(ctx context.Context, moved <-chan struct{}) error {
	timer := time.NewTimer(barrierPause)
	defer timer.Stop()
	select {
	case <-moved:
	case <-timer.C:
	case <-i.state.ended:
		return i.state.cause()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// waitFor waits until the place is one that is good enough.
func (i *Informer) waitFor(ctx context.Context, good func(place) bool) error {
	for {
		now, moved := i.position.watch()
		if good(now) {
			return nil
		}
		select {
		case <-moved:
		case <-i.state.ended:
			return i.state.cause()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// mark is a place in the stream of one session that an event of our own will lie behind.
type mark struct {
	session session
	tokens  bool
	at      int64
}

// passed reports whether all events before the mark were applied.
func (m mark) passed(at place) bool {
	if at.session != m.session {
		return false
	}
	if m.tokens {
		return at.generation > m.at // xapi: event.inject returns the generation before its own
	}
	return at.event >= m.at
}

// plant makes an event of our own.
func (i *Informer) plant(ctx context.Context, at place) (mark, error) {
	m := mark{session: at.session, tokens: at.tokens}
	if !at.tokens {
		next, err := xapi.Call(ctx, at.session, xen.EventGetCurrentID())
		if err != nil {
			return m, err
		}
		m.at = next // the id of our event, or of one before it
	}
	token, err := touch(ctx, at.session, i.poolIn(nil))
	if err == nil && at.tokens {
		m.at, err = generationOf(token)
	}
	return m, err
}

// touch makes an event of the pool.
func touch(ctx context.Context, s session, pool string) (token string, err error) {
	return xapi.Call(ctx, s, xen.EventInject(string(xen.ClassPool), pool))
}

var errNoToken = errors.New("the server gives no token of two numbers")

// generationOf reads the database's half of a token. xapi: two numbers of 20 digits with a comma between; the second is
// of messages.
func generationOf(token string) (int64, error) {
	database, messages, ok := strings.Cut(token, ",")
	n, err := strconv.ParseInt(database, 10, 64)
	if _, err2 := strconv.ParseInt(messages, 10, 64); !ok || err != nil || err2 != nil {
		return 0, fmt.Errorf("%w, but %.60q", errNoToken, token)
	}
	return n, nil
}
