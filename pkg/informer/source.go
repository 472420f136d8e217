package informer

import (
	"context"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Client is all that an informer needs of a connection to a pool. *xapi.Client satisfies it.
type Client interface {
	// Session returns the session in use, or finds the master and logs in. An error that is not of ctx is for good.
	Session(ctx context.Context) (*xapi.Session, error)
	// Invalidate gives a session up.
	Invalidate(s *xapi.Session, cause error)
	// SetMembers tells the addresses of the pool's hosts.
	SetMembers(addresses []string)
}

// session is one login on the master. *xapi.Session satisfies it.
type session interface {
	xapi.Doer
	NextEvents(ctx context.Context) ([]xen.Event, error)
	EventsFrom(ctx context.Context, classes []string, token string, wait time.Duration) (xen.EventBatch, error)
	Epoch() uint64
	Master() xen.HostRef
	MasterAddress() string
}

// source gives sessions. It exists so that tests can play a server that the simulator is too faithful to be.
type source interface {
	session(ctx context.Context) (session, error)
	invalidate(s session, cause error)
	setMembers(addresses []string)
}

// clientSource is a Client as a source.
type clientSource struct{ client Client }

func (c clientSource) session(ctx context.Context) (session, error) {
	s, err := c.client.Session(ctx)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (c clientSource) invalidate(s session, cause error) {
	c.client.Invalidate(s.(*xapi.Session), cause)
}
func (c clientSource) setMembers(addresses []string) { c.client.SetMembers(addresses) }
