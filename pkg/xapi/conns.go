package xapi

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// conns opens the connections of a client and remembers them, so that Close ends every call, whatever it waits for.
type conns struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex
	closed bool
	ends   map[*opened]struct{}
}

// opened is one thing to end: a dial under way, or an open connection.
type opened struct{ end func() }

func (c *conns) add(end func()) (*opened, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	if c.ends == nil {
		c.ends = map[*opened]struct{}{}
	}
	one := &opened{end}
	c.ends[one] = struct{}{}
	return one, nil
}

func (c *conns) forget(one *opened) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ends, one)
}

// open dials an endpoint.
func (c *conns) open(ctx context.Context, e endpoint) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, dialTimeout, noAnswerError{dialTimeout})
	defer cancel()
	dialing, err := c.add(cancel)
	if err != nil {
		return nil, err
	}
	defer c.forget(dialing)
	network, address := e.dialTo()
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		if late := context.Cause(ctx); isA[noAnswerError](late) {
			err = fmt.Errorf("connecting to %s: %w", address, late)
		}
		return nil, err
	}
	kept := &keptConn{Conn: conn, all: c}
	if kept.one, err = c.add(func() { _ = conn.Close() }); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return kept, nil
}

// closeAll ends everything that is open and lets nothing new be opened.
func (c *conns) closeAll() {
	c.mu.Lock()
	c.closed = true
	ends := c.ends
	c.ends = nil
	c.mu.Unlock()
	for one := range ends {
		one.end()
	}
}

// isClosed reports whether closeAll was called.
func (c *conns) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// keptConn is a connection that leaves the list when it is closed.
type keptConn struct {
	net.Conn
	all *conns
	one *opened
}

// Close closes the connection.
func (k *keptConn) Close() error {
	k.all.forget(k.one)
	return k.Conn.Close()
}

// noAnswerError is the cause of a context that ends because a call took too long.
type noAnswerError struct{ after time.Duration }

// Error says how long was waited.
func (e noAnswerError) Error() string { return "no answer within " + e.after.String() }

// Timeout makes it a timeout for whoever asks as with net.Error.
func (noAnswerError) Timeout() bool { return true }

// Temporary completes net.Error.
func (noAnswerError) Temporary() bool { return true }
