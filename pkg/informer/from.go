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

// fromWait is how long one event.from waits for news. xapi: a wake-up can be lost in a race, and is made up for at the
// end of the wait.
const fromWait = 30 * time.Second

// fromStream is a session that is followed by event.from.
type fromStream struct {
	informer *Informer
	session  session
	token    string
	tally    *tally
}

func newFromStream(i *Informer, s session) *fromStream {
	return &fromStream{informer: i, session: s, tally: newTally(i.listed)}
}

// list takes the token first and lists then, four classes at a time, and asks once more for what changed while the lists
// were written. A reply with everything in it would be one long list that nobody can read in parallel, and that no memory of
// the lists before makes cheaper. xapi: a token is of the whole database, whatever was subscribed.
func (f *fromStream) list(ctx context.Context, reason string) error {
	i := f.informer
	i.count.list(reason)
	number := i.position.begin()
	first, err := f.session.EventsFrom(ctx, f.opening(), "", 0)
	if err != nil {
		return unfitOr(fmt.Errorf("asking for a token: %w", err))
	}
	if err := fit(first); err != nil {
		return &unfitError{err}
	}
	lists, err := i.list(ctx, f.session, slices.DeleteFunc(slices.Clone(i.listed), toldAtOnce))
	if err != nil {
		return err
	}
	if i.keeps[xen.ClassMessage] {
		lists = append(lists, messagesOf(first.Events))
		i.report(lists[len(lists)-1:], []error{nil})
	}
	f.tally.begin(lists)
	f.token = first.Token
	since, err := f.ask(ctx, 0)
	if err != nil {
		return err
	}
	batches := append([]store.Batch{{Replace: lists}}, f.batches(since.Events)...)
	changes := i.store.Apply(batches...)
	_ = f.tally.check(since.ValidRefCounts, i.store.Snapshot())
	i.store.MarkSynced(f.session.Epoch(), time.Now())
	i.publish(changes)
	i.inSync(f.session, reason)
	generation, _ := generationOf(f.token) // ask has looked at it
	i.position.listed(place{list: number, session: f.session, tokens: true, generation: generation})
	return nil
}

// toldAtOnce reports whether the first reply brings a class whole. xapi: the part of a token that is of messages only counts
// where messages were asked for; without it the next reply would bring all of them.
func toldAtOnce(class xen.Class) bool { return class == xen.ClassMessage }

// opening are the words of the first reply: what makes its token whole, and the one object that every pool has.
func (f *fromStream) opening() []string {
	words := []string{xen.ClassPool.EventWord()}
	if f.informer.keeps[xen.ClassMessage] {
		words = append(words, xen.ClassMessage.EventWord())
	}
	return words
}

// unfitOr marks an error that event.from will answer with again. Others it leaves as they are.
func unfitOr(err error) error {
	_, unreadable := errors.AsType[*xapi.ReplyError](err)
	if unreadable || errors.Is(err, xen.MessageMethodUnknown) || errors.Is(err, xen.MessageRemoved) {
		return &unfitError{err}
	}
	return err
}

// fit looks at what a first reply has to have for us to rely on the following ones.
func fit(b xen.EventBatch) error {
	if _, err := generationOf(b.Token); err != nil {
		return fmt.Errorf("event.from: %w", err)
	}
	for _, class := range []xen.Class{xen.ClassPool, xen.ClassHost} {
		if n, ok := b.ValidRefCounts.Get(class.EventWord()); !ok || n == 0 {
			return fmt.Errorf("event.from does not tell how many objects of class %s there are", class)
		}
	}
	return nil
}

// uncounted reports whether valid_ref_counts say nothing of a class. xapi: roles are not in the database, and do not
// change as long as a server lives; messages are files.
func uncounted(class xen.Class) bool { return class == xen.ClassRole || class == xen.ClassMessage }

// messagesOf is the list of messages in a first reply.
func messagesOf(events []xen.Event) xen.ObjectList {
	list := xen.ObjectList{Class: xen.ClassMessage}
	for _, e := range events {
		switch {
		case e.Class != xen.ClassMessage || e.Operation == xen.EventDel:
		case e.Snapshot == nil || e.Err != nil:
			list.Skipped = append(list.Skipped, xen.SkippedObject{Ref: e.Ref, Err: e.Err})
		default:
			list.Objects = append(list.Objects, xen.Object{Ref: e.Ref, Record: e.Snapshot})
		}
	}
	return list
}

func (f *fromStream) apply(ctx context.Context) error {
	i := f.informer
	for {
		batch, err := f.ask(ctx, f.tally.patience())
		if err != nil {
			return err
		}
		i.publish(i.store.Apply(f.batches(batch.Events)...))
		generation, _ := generationOf(f.token)
		i.position.generation(generation)
		giveWay()
		if err := f.tally.check(batch.ValidRefCounts, i.store.Snapshot()); err != nil {
			return err
		}
		if err := f.reread(ctx); err != nil {
			return err
		}
	}
}

// ask is one event.from: the only call on an idle pool. xapi: nothing is lost with a reply that does not arrive, and a
// token of an earlier life cannot be asked with, because that life's sessions are gone. So a broken one is made again.
func (f *fromStream) ask(ctx context.Context, wait time.Duration) (xen.EventBatch, error) {
	batch, err := f.session.EventsFrom(ctx, f.informer.words, f.token, wait)
	if _, broken := errors.AsType[*xapi.TransportError](err); broken && ctx.Err() == nil {
		batch, err = f.session.EventsFrom(ctx, f.informer.words, f.token, wait)
	}
	if err != nil {
		return batch, fmt.Errorf("following the pool's events: %w", err)
	}
	if _, err := generationOf(batch.Token); err != nil {
		return batch, &unfitError{fmt.Errorf("event.from: %w", err)}
	}
	f.token = batch.Token
	return batch, f.tally.lostMessages(batch.Events)
}

// batches turns a reply into writes. xapi: its order is that of kinds and classes, not of time, so that nothing may be
// looked at before all of it is applied.
func (f *fromStream) batches(events []xen.Event) []store.Batch {
	batches := f.informer.batches(events)
	snap := f.informer.store.Snapshot()
	for _, e := range events {
		_, there := snap.Record(e.Class, e.Ref)
		f.tally.event(e, there)
	}
	return batches
}

// reread asks for the objects whose snapshots could not be read, each class every rereadPause at most. What cannot be read
// that way either is left out. xapi: the object is alive at the token, so its end will be told; and what is newer than the
// token is told again.
func (f *fromStream) reread(ctx context.Context) error {
	i := f.informer
	for _, class := range i.dueForReading(time.Now()) {
		i.count.list(reasonDecode)
		list, err := readEach(ctx, f.session, class, f.tally.takeUnread(class))
		if err != nil {
			return fmt.Errorf("reading objects of class %s again: %w", class, err)
		}
		i.report([]xen.ObjectList{list}, []error{nil})
		b := store.Batch{Set: list.Objects}
		for _, o := range list.Skipped {
			b.Delete = append(b.Delete, store.Key{Class: class, Ref: o.Ref})
		}
		f.tally.read(list)
		i.publish(i.store.Apply(b))
	}
	return nil
}
