package informer

import (
	"context"
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// EventsFrom is event.from: its generations are the places in the list of events.
func (s *fakeSession) EventsFrom(ctx context.Context, _ []string, token string, wait time.Duration) (xen.EventBatch, error) {
	p := s.pool
	p.mu.Lock()
	p.calls["event.from"]++
	before := p.before
	p.mu.Unlock()
	if before != nil {
		if err := before("event.from"); err != nil {
			return xen.EventBatch{}, err
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		b := p.since(token)
		if len(b.Events) > 0 {
			return b, nil
		}
		select {
		case <-p.more:
		case <-timer.C:
			return b, nil
		case <-ctx.Done():
			return b, context.Cause(ctx)
		}
	}
}

// since merges all events since a token to one an object.
func (p *fakePool) since(token string) xen.EventBatch {
	p.mu.Lock()
	defer p.mu.Unlock()
	var since int
	_, _ = fmt.Sscanf(token, "%d,", &since) // the empty token is 0
	b := xen.EventBatch{Token: fmt.Sprintf("%020d,%020d", len(p.events), 0)}
	merged := map[store.Key]int{} // place in b.Events
	born := map[store.Key]bool{}
	for n, e := range p.events[since:] {
		key := store.Key{Class: e.Class, Ref: e.Ref}
		at, again := merged[key]
		switch {
		case e.Operation == xen.EventDel && (since+n < p.forgets || born[key]):
			e.Operation = ""
		case e.Operation == xen.EventAdd:
			born[key] = true
		case born[key]:
			e.Operation = xen.EventAdd
		}
		if again {
			b.Events[at] = e
		} else {
			merged[key] = len(b.Events)
			b.Events = append(b.Events, e)
		}
	}
	told := b.Events[:0]
	for _, e := range b.Events {
		if e.Operation != "" {
			told = append(told, e)
		}
	}
	b.Events = told
	for class, objects := range p.objects {
		b.ValidRefCounts = append(b.ValidRefCounts, xen.Pair[string, int64]{Key: class.EventWord(), Value: int64(len(objects))})
	}
	if p.replies != nil {
		p.replies(&b)
	}
	return b
}
