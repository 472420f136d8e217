package informer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Events is how an informer asks for events. Handlers and snapshots are the same with each, and so is what they promise.
type Events string

const (
	// EventsRegister registers and then calls event.next. Every write of the pool is an event, in the order of the
	// writes, 7 ms after it; what is lost is known to be lost (EVENTS_LOST, a broken connection) and costs a list.
	EventsRegister Events = "register"
	// EventsFrom calls event.from with a token. What changed meanwhile is merged to one event an object, up to 100 ms
	// after it, in no order of time; a broken connection costs nothing. xapi: deletions that are older than the newest
	// 256 to 512 of their class are lost without a word. They are found by the number of objects that every reply tells,
	// which costs a list; those of class message, which are not counted, by a reply with very many.
	EventsFrom Events = "from"
	// EventsAuto uses event.from, and event.next with a server whose event.from is not there or cannot be read: it has no
	// token, no numbers of objects, or holds what breaks it. The log says which, and why.
	EventsAuto Events = "auto"
)

func (e Events) known() bool {
	return e == "" || e == EventsRegister || e == EventsFrom || e == EventsAuto
}

// stream follows one session. Both of its methods belong to the goroutine of Run.
type stream interface {
	// list brings every object up to date, and the store into sync.
	list(ctx context.Context, reason string) error
	// apply applies events until something fails; it always returns an error.
	apply(ctx context.Context) error
}

// begin begins to follow a session.
func (i *Informer) begin(ctx context.Context, s session) (stream, error) {
	if i.events == EventsFrom || i.events == EventsAuto {
		return newFromStream(i, s), nil
	}
	return i.register(ctx, s)
}

// decline follows a session by event.next whose event.from is of no use, and says so once.
func (i *Informer) decline(ctx context.Context, s session, cause error) (stream, error) {
	if why := cause.Error(); why != i.declined {
		i.declined = why
		i.log.Info("event.from cannot be used with this server: following by event.next", "cause", why)
	}
	return i.register(ctx, s)
}

// unfitError is an event.from that cannot be followed.
type unfitError struct{ err error }

// Error says what is wrong with it.
func (e *unfitError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *unfitError) Unwrap() error { return e.err }

func isUnfit(err error) bool {
	_, unfit := errors.AsType[*unfitError](err)
	return unfit
}

// registered is a session that is followed by event.next.
type registered struct {
	informer *Informer
	session  session
}

func (i *Informer) register(ctx context.Context, s session) (stream, error) {
	if _, err := xapi.Call(ctx, s, xen.EventRegister(i.words)); err != nil {
		return nil, fmt.Errorf("registering for events: %w", err)
	}
	return registered{i, s}, nil
}

func (r registered) list(ctx context.Context, reason string) error {
	return r.informer.resync(ctx, r.session, r.informer.listed, reason)
}

// giveWay lets those go first who were told of changes. Otherwise they would have to wait until the next events were asked
// for, or another processor has woken up for them.
func giveWay() { runtime.Gosched() }

func (r registered) apply(ctx context.Context) error {
	i := r.informer
	for {
		events, err := i.wait(ctx, r.session)
		if err != nil {
			return err
		}
		i.publish(i.store.Apply(i.batches(events)...))
		i.position.event(events[len(events)-1].ID)
		giveWay()
		if due := i.dueForReading(time.Now()); len(due) > 0 {
			if err := i.resync(ctx, r.session, due, reasonDecode); err != nil {
				return err
			}
		}
	}
}
