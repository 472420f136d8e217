package simulation

import (
	"context"
	"errors"
	"net"
	"sync"
)

var errKilled = errors.New("the process was killed")

// line is a connection of a process of ours to the pool. Requests and answers each take a turn.
type line struct {
	net.Conn
	process *process
	to      string

	mu      sync.Mutex
	asking  bool // a request is on its way, or its answer
	request string
	closed  bool // by us
}

// Write sends a part of a request. The first part of each waits for its turn, and may be what the process dies of.
func (l *line) Write(b []byte) (int, error) {
	l.mu.Lock()
	first := !l.asking
	if first {
		l.asking, l.request = true, string(b)
	}
	l.mu.Unlock()
	if !first {
		return l.Conn.Write(b)
	}
	l.process.turns.take("write " + l.to + string(b))
	before, after := l.process.nextWrite()
	if before {
		l.process.kill()
	}
	if l.process.isDead() {
		return 0, errKilled
	}
	n, err := l.Conn.Write(b)
	if after {
		l.process.kill()
	}
	return n, err
}

// Read receives. What begins an answer waits for its turn, and so does the end of a connection that owes one.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.mu.Lock()
	gated := l.asking && (n > 0 || err != nil && !l.closed)
	key := "read " + l.to + l.request
	if n > 0 {
		l.asking = false
	}
	l.mu.Unlock()
	if gated {
		l.process.turns.take(key)
	}
	return n, err
}

// Close hangs up.
func (l *line) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.process.forget(l)
	return l.Conn.Close()
}

// dial connects the process to a member.
func (p *process) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if p.isDead() {
		return nil, errKilled
	}
	conn, err := p.pool.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, process: p, to: addr}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines[l] = true
	return l, nil
}

func (p *process) forget(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lines, l)
}

// nextWrite counts a request, and says whether the process dies before or after it is sent.
func (p *process) nextWrite() (before, after bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dieIn <= 0 {
		return false, false
	}
	p.dieIn--
	return p.dieIn == 0 && !p.dieSent, p.dieIn == 0 && p.dieSent
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// kill ends all that the process does to the world outside it, at once and without a word.
func (p *process) kill() {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return
	}
	p.dead = true
	lines := p.lines
	p.lines = map[*line]bool{}
	p.mu.Unlock()
	for l := range lines {
		_ = l.Conn.Close() // nobody is left who could mind
	}
	close(p.killed)
}
