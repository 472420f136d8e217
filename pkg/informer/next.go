package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// silence is how long a stream may bring nothing before it counts as broken. xapi: the pool's heartbeat comes every 30 s.
const silence = 120 * time.Second

// rereadPause is the least time between two lists of a class because of events that could not be read.
const rereadPause = 30 * time.Second

var (
	errSilent = fmt.Errorf("no event for %s, not even the pool's heartbeat: the stream is dead", silence)
	errEmpty  = errors.New("event.next returned no event")
)

// wait is one event.next: the only call on an idle pool.
func (i *Informer) wait(ctx context.Context, s session) ([]xen.Event, error) {
	limited, cancel := context.WithTimeoutCause(ctx, silence, errSilent)
	defer cancel()
	events, err := s.NextEvents(limited)
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return nil, errSilent
	case err != nil:
		return nil, fmt.Errorf("following the pool's events: %w", err)
	case len(events) == 0:
		return nil, errEmpty
	}
	return events, nil
}

// batches turns events into writes, in their order: an object that changed twice changes twice.
func (i *Informer) batches(events []xen.Event) []store.Batch {
	var batches []store.Batch
	open := func(ok func(*store.Batch) bool) *store.Batch {
		if n := len(batches); n == 0 || !ok(&batches[n-1]) {
			batches = append(batches, store.Batch{})
		}
		return &batches[len(batches)-1]
	}
	for _, e := range events {
		if !i.readable(e) {
			continue
		}
		if e.Operation == xen.EventDel {
			b := open(func(*store.Batch) bool { return true })
			b.Delete = append(b.Delete, store.Key{Class: e.Class, Ref: e.Ref})
			continue
		}
		b := open(func(b *store.Batch) bool { return len(b.Delete) == 0 }) // a batch deletes last
		b.Set = append(b.Set, xen.Object{Ref: e.Ref, Record: e.Snapshot})
	}
	return batches
}

// readable counts an event and reports whether it can be applied. One that cannot, although its class is known, makes
// the class due for a list; it never ends the stream.
func (i *Informer) readable(e xen.Event) bool {
	i.count.event(e)
	if !i.keeps[e.Class] {
		return false // newer than our datamodel, nothing that could be listed again, or not asked for
	}
	if e.Operation == xen.EventDel || e.Snapshot != nil && e.Err == nil {
		return true
	}
	i.count.unreadable(e.Class)
	i.log.Info("an event could not be read; the class will be listed", "class", e.Class, "ref", e.Ref, "operation", e.Operation, "error", fmt.Sprint(e.Err))
	i.unread[e.Class] = true
	return false
}

// dueForReading takes out the classes to list again: those with an unread event, each every rereadPause at most. The rest
// waits for a later event; the heartbeat is one.
func (i *Informer) dueForReading(now time.Time) (due []xen.Class) {
	for class := range i.unread {
		if last, again := i.reread[class]; !again || now.Sub(last) >= rereadPause {
			due = append(due, class)
			i.reread[class] = now
			delete(i.unread, class)
		}
	}
	slices.Sort(due)
	return due
}
