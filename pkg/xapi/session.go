package xapi

import (
	"context"
	"fmt"
	"sync"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Session is one login on the verified master of the pool. It ends with the master, with [Client.Invalidate], or with
// [Client.Close]; then every call fails, and the Client has or finds another one. Safe for concurrent use.
type Session struct {
	client  *Client
	wire    *wire
	ref     secret
	epoch   uint64
	pool    string // uuid
	master  xen.HostRef
	address string        // host.address of the master
	slots   chan struct{} // one token for each call under way; nil: any number

	mu    sync.Mutex
	ended error                 // why it is no longer used; nil: it is
	ends  map[*endable]struct{} // calls without a deadline
	may   *Permissions          // nil: not asked yet
}

// endable is a call that has to be told when its session is given up.
type endable struct{ end context.CancelCauseFunc }

// Epoch is the number of the login, rising from 1. Objects listed in another epoch are stale: events were missed.
func (s *Session) Epoch() uint64 { return s.epoch }

// PoolUUID is the uuid of the pool, which no failover changes.
func (s *Session) PoolUUID() string { return s.pool }

// Master is the host that the session is with.
func (s *Session) Master() xen.HostRef { return s.master }

// MasterAddress is the master's management address as the pool knows it, without scheme and port.
func (s *Session) MasterAddress() string { return s.address }

// String names the session without its reference, which is as good as a password.
func (s *Session) String() string {
	return fmt.Sprintf("session %d with %s", s.epoch, s.wire.endpoint)
}

// GoString is String, for %#v.
func (s *Session) GoString() string { return s.String() }

// Do carries out a request on exactly this session, once: no new login, no other host. A failure that means that the
// session is of no use any more (SESSION_INVALID, HOST_IS_SLAVE, no connection, no answer in time) makes the Client look
// for the master again when it is next asked for a session. Implements [Doer].
func (s *Session) Do(ctx context.Context, req xen.Request, into any) error {
	return s.do(ctx, exchange{req: req, into: into, timeout: s.client.cfg.Timeout})
}

func (s *Session) do(ctx context.Context, x exchange) error {
	if lost := s.lost(); lost != nil {
		return &TransportError{Address: s.wire.endpoint.String(), Method: x.req.Method, Err: lost, stopped: true}
	}
	if !x.events {
		release, err := s.admit(ctx)
		if err != nil {
			return &TransportError{Address: s.wire.endpoint.String(), Method: x.req.Method, Err: err, stopped: true}
		}
		defer release()
	}
	s.client.watchCertificate(s)
	x.session, x.epoch = s.ref.reveal(), s.epoch
	err := s.client.exchange(ctx, s.wire, x)
	if endsSession(err) {
		s.client.Invalidate(s, err)
	}
	if err == nil && x.req.Method == "session.change_password" {
		s.client.passwordChanged(x.req)
	}
	return err
}

// lost says why the session is of no use any more; nil while it is in use.
func (s *Session) lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// giveUp marks the session as of no use and ends its calls without a deadline. It reports whether it was in use.
func (s *Session) giveUp(cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return false
	}
	s.ended = fmt.Errorf("%w: %w", errSessionLost, cause)
	for e := range s.ends {
		e.end(s.ended)
	}
	s.ends = nil
	return true
}

// untilGivenUp derives a context that ends with the session as well; the function ends it earlier.
func (s *Session) untilGivenUp(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		cancel(s.ended)
		return ctx, func() {}
	}
	if s.ends == nil {
		s.ends = map[*endable]struct{}{}
	}
	e := &endable{cancel}
	s.ends[e] = struct{}{}
	return ctx, func() {
		cancel(nil)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ends, e)
	}
}
