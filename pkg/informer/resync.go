package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// resync lists classes on a session that is registered for events, and publishes the list together with every event up
// to its end. Without those, the events that are older than the list would take the store back in time, one reply after
// the other, for everybody to see. When all classes were listed, the store is in sync.
//
// xapi: event.get_current_id is the id that the next event will get, and ids have no gaps for who registered for
// everything. So if it rose while the list was made, the event before the last one read will certainly come. Who
// registered for some classes only has gaps, and makes sure by an event of their own.
func (i *Informer) resync(ctx context.Context, s session, classes []xen.Class, reason string) error {
	i.count.list(reason)
	number := i.position.begin()
	before, err := nextID(ctx, s)
	if err != nil {
		return fmt.Errorf("asking for the newest event before listing: %w", err)
	}
	lists, err := i.list(ctx, s, classes)
	if err != nil {
		return err
	}
	end, err := nextID(ctx, s)
	if err != nil {
		return fmt.Errorf("asking for the newest event after listing: %w", err)
	}
	events, seen, err := i.catchUp(ctx, s, i.poolIn(lists), before, end)
	if err != nil {
		return err
	}
	changes := i.store.Apply(append([]store.Batch{{Replace: lists}}, i.batches(newest(events, classes))...)...)
	if whole := len(classes) == len(i.listed); !whole {
		i.publish(changes)
		if len(events) > 0 { // otherwise those of other classes may still be on their way
			i.position.event(seen)
		}
		return nil
	}
	i.store.MarkSynced(s.Epoch(), time.Now())
	i.publish(changes)
	i.inSync(s, reason)
	i.position.listed(place{list: number, session: s, event: seen})
	return nil
}

// nextID is the id that the next event will get. A server that cannot tell is followed all the same: its first replies may
// then show the past for a moment.
func nextID(ctx context.Context, s session) (int64, error) {
	id, err := xapi.Call(ctx, s, xen.EventGetCurrentID())
	if errors.Is(err, xen.MessageMethodUnknown) {
		return 0, nil
	}
	return id, err
}

// catchUp reads events until those with ids below end have come, and returns them with the last id that was read. None is
// waited for if none happened since before.
func (i *Informer) catchUp(ctx context.Context, s session, pool string, before, end int64) (events []xen.Event, seen int64, err error) {
	if gaps := i.words[0] != "*"; gaps && end > before {
		if _, err := touch(ctx, s, pool); err != nil {
			return nil, 0, fmt.Errorf("asking for an event of our own after listing: %w", err)
		}
		end++ // it, or one after it, has an id of end or more
	}
	for seen = before - 1; seen < end-1; {
		more, err := i.wait(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, more...)
		seen = more[len(more)-1].ID
	}
	return events, seen, nil
}

// poolIn is the reference of the pool in lists, or in the store where they do not have it.
func (i *Informer) poolIn(lists []xen.ObjectList) string {
	for _, list := range lists {
		if list.Class == xen.ClassPool && len(list.Objects) > 0 {
			return list.Objects[0].Ref
		}
	}
	ref, _, _ := i.store.Snapshot().Pool()
	return string(ref)
}

// newest leaves, of the classes that were listed, the last event of each object: what came before it is history already.
// Events of other classes stay as they are.
func newest(events []xen.Event, listed []xen.Class) []xen.Event {
	seen := map[store.Key]bool{}
	var kept []xen.Event
	for _, e := range slices.Backward(events) {
		key := store.Key{Class: e.Class, Ref: e.Ref}
		if seen[key] {
			continue
		}
		seen[key] = slices.Contains(listed, e.Class)
		kept = append(kept, e)
	}
	slices.Reverse(kept)
	return kept
}
