package xapi

import (
	"context"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// NextEvents waits for the next events of this session (event.next), without a deadline and on a connection that no
// other call shares. It ends with ctx, and when the session is given up. Register for events first; one call at a time.
//
// xapi: events are delivered at most once, and a call whose connection broke lives on in the server and eats the next
// batch. So after any error but EVENTS_LOST the objects have to be listed again; after EVENTS_LOST too, though the
// subscription is intact then.
func (s *Session) NextEvents(ctx context.Context) ([]xen.Event, error) {
	ctx, done := s.untilGivenUp(ctx)
	defer done()
	var events []xen.Event
	err := s.do(ctx, exchange{req: xen.EventNext().Request, into: &events, events: true})
	return events, err
}
