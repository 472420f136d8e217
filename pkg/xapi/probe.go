package xapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/xencontroller/xencontroller/internal/failover"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// answer is what a probe found out.
type answer struct {
	failover.Outcome
	session *Session // of kind Master only: logged in and verified
	err     error    // of all other kinds
	refused *Session // logged in, but not what we want: to be logged out
}

// credentials are what a round of probes logs in with.
type credentials struct{ user, password string }

// probe logs in at one endpoint, and verifies that it is the master of the pool that we want (any, if want is empty).
// Whoever gets the session owns it.
func (c *Client) probe(ctx context.Context, e endpoint, who credentials, want string) answer {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, noAnswerError{probeTimeout})
	defer cancel()
	w := c.wire(e)
	s, err := c.loginOrDiscard(ctx, w, who)
	out := answer{Outcome: failover.Outcome{Address: e.String()}}
	if err == nil {
		if err = c.verify(ctx, s, want); err != nil {
			out.refused = s
		}
	}
	if err != nil {
		out.err, out.Kind, out.Named = err, kindOf(err), namedMaster(e, err)
		if other, ok := errors.AsType[*OtherPoolError](err); ok {
			out.Pool = other.Got
		}
		return out
	}
	out.session, out.Kind, out.Pool = s, failover.Master, s.pool
	if own, err := e.sibling(s.address); err == nil {
		out.Named = own.String()
	}
	return out
}

// login opens a session, not verified yet.
func (c *Client) login(ctx context.Context, w *wire, who credentials) (*Session, error) {
	// xapi: the version's text is not looked at; it has to stand there for the originator to follow.
	m := xen.SessionLoginWithPassword(who.user, who.password, "1.1", c.cfg.Originator)
	var ref xen.SessionRef
	x, thumbprint := exchange{req: m.Request, into: &ref, secrets: []string{who.password}}, ""
	if w.endpoint.scheme == "https" { // elsewhere there is no certificate to expect
		x.thumbprint = &thumbprint
	}
	err := c.exchange(ctx, w, x)
	if err != nil {
		c.follow(w, err, thumbprint)
		// A lost reply may have made a session that nobody knows; it ends by itself. For the search it is no answer.
		if lost, ok := errors.AsType[*OutcomeUnknownError](err); ok {
			err = lost.Err
		}
		switch {
		case errors.Is(err, xen.SessionAuthenticationFailed), errors.Is(err, xen.SessionAuthorizationFailed),
			errors.Is(err, xen.RBACPermissionDenied), isA[*RequestError](err): // a password that XML cannot carry
			err = &LoginError{Address: w.endpoint.String(), User: who.user, Err: err}
		}
		return nil, err
	}
	c.mu.Lock()
	c.countAlive(+1)
	c.used = newSecret(who.password)
	c.mu.Unlock()
	return &Session{client: c, wire: w, ref: newSecret(string(ref)), slots: c.cfg.Limits.slots()}, nil
}

// verify proves that a session is with the master of the pool that we want. xapi: an ejected host keeps password and
// certificate, and a master that was replaced while it was away still takes itself for the master.
func (c *Client) verify(ctx context.Context, s *Session, want string) error {
	pools, err := verifyCall(ctx, s, xen.PoolGetAllRecords())
	if err != nil {
		return err
	}
	if len(pools) != 1 || pools[0].Value == nil {
		return fmt.Errorf("%s lists %d pools, not one", s.wire.endpoint, len(pools))
	}
	pool := pools[0].Value
	if want != "" && pool.UUID != want {
		return &OtherPoolError{Address: s.wire.endpoint.String(), Want: want, Got: pool.UUID, StateFile: c.stateFile.saying(want)}
	}
	here, err := verifyCall(ctx, s, xen.SessionRef(s.ref.reveal()).GetThisHost())
	if err != nil {
		return err
	}
	address, err := verifyCall(ctx, s, pool.Master.GetAddress())
	if err != nil {
		return err
	}
	if here != pool.Master {
		return &notMasterError{address: s.wire.endpoint.String(), master: address}
	}
	s.pool, s.master, s.address = pool.UUID, pool.Master, address
	return nil
}

// verifyCall makes a call on a session whose failure does not count as the loss of one: it is not in use yet, or the
// call is not worth it.
func verifyCall[T any](ctx context.Context, s *Session, m xen.Message[T]) (T, error) {
	var result T
	err := s.client.exchange(ctx, s.wire, exchange{req: m.Request, into: &result, session: s.ref.reveal(), timeout: probeTimeout})
	return result, err
}

// kindOf says what a failed probe means for the search.
func kindOf(err error) failover.Kind {
	if isA[*LoginError](err) {
		return failover.BadLogin
	}
	if fault, ok := asFault(err); ok {
		switch {
		case fault.Code == xen.HostIsSlave:
			return failover.Member
		case emergency(fault.Code):
			return failover.Booting
		}
		return failover.Failed
	}
	switch {
	case isA[*notMasterError](err):
		return failover.Member
	case isA[*OtherPoolError](err):
		return failover.OtherPool
	case isA[*TrustError](err):
		return failover.Untrusted
	case isA[*NotXAPIError](err), isA[*ReplyError](err):
		return failover.NotXAPI
	case isA[*TransportError](err):
		if unreachable(err) {
			return failover.Silent
		}
		return failover.Gone
	}
	return failover.Failed
}

// unreachable reports whether a connection failed without a word from the other machine.
func unreachable(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() || isA[*net.DNSError](err) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

func asFault(err error) (*xen.Error, bool) { return errors.AsType[*xen.Error](err) }

func asNotMaster(err error) (*notMasterError, bool) { return errors.AsType[*notMasterError](err) }
