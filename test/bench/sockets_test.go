//go:build unix

package bench

import (
	"cmp"
	"context"
	"net"
	"slices"
	"sync"
	"time"
)

// sockets are the connections of a client, and when which of their bytes passed.
type sockets struct {
	mu   sync.Mutex
	byIP map[string]*timedConn // by the client's address
}

func newSockets() *sockets { return &sockets{byIP: map[string]*timedConn{}} }

// dial opens a connection that is watched.
func (s *sockets) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	timed := &timedConn{Conn: c}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byIP[c.LocalAddr().String()] = timed
	return timed, nil
}

func (s *sockets) of(at spot) *timedConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byIP[at.Conn]
}

// read is when the last byte before a spot had been read.
func (s *sockets) read(at spot) time.Time { return s.of(at).reads.at(at.Bytes) }

// wrote is when the last byte before a spot was handed over for writing.
func (s *sockets) wrote(at spot) time.Time { return s.of(at).writes.at(at.Bytes) }

// timedConn notes when it was read from and written to.
type timedConn struct {
	net.Conn
	reads, writes passing
}

func (c *timedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.reads.note(n, time.Now())
	return n, err
}

func (c *timedConn) Write(p []byte) (int, error) {
	c.writes.note(len(p), time.Now())
	return c.Conn.Write(p)
}

// passing is when bytes passed in one direction.
type passing struct {
	mu    sync.Mutex
	steps []step
}

// step is the number of bytes that had passed at a time.
type step struct {
	bytes int64
	at    time.Time
}

func (p *passing) note(n int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := int64(0)
	if len(p.steps) > 0 {
		before = p.steps[len(p.steps)-1].bytes
	}
	p.steps = append(p.steps, step{before + int64(n), now})
}

// at is when so many bytes had passed.
func (p *passing) at(bytes int64) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	i, _ := slices.BinarySearchFunc(p.steps, bytes, func(s step, bytes int64) int { return cmp.Compare(s.bytes, bytes) })
	return p.steps[i].at
}
