package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// URLs lists where the members answer, in the order of the hosts; the first was the first master.
func (p *Pool) URLs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	urls := make([]string, len(p.members))
	for i, m := range p.members {
		urls[i] = m.url
	}
	return urls
}

// Dial connects to a member in memory, by its address with or without a port. A member whose xapi does not run refuses;
// one whose machine is dead does not answer until ctx ends. It fits http.Transport.DialContext.
func (p *Pool) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	near, far := net.Pipe()
	if err := p.connect(host, far); err != nil {
		_, _ = near.Close(), far.Close() // a pipe's Close never fails
		if errors.Is(err, errSilent) {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-p.done():
				err = net.ErrClosed
			}
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: pipeAddr(addr), Err: err}
	}
	return near, nil
}

var errSilent = errors.New("no answer")

type pipeAddr string

// Network is that of the addresses that it stands for.
func (pipeAddr) Network() string { return "tcp" }

// String is the address.
func (a pipeAddr) String() string { return string(a) }

// connect gives a connection to the member of that address, which serves it from now on.
func (p *Pool) connect(host string, c net.Conn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.member(host)
	switch {
	case p.over() || m == nil || m.state == memberDown:
		return syscall.ECONNREFUSED
	case m.state == memberSilent:
		return errSilent
	}
	m.accept(newHTTPConn(m, c))
	return nil
}

// accept serves a connection in a goroutine of its own. The lock must be held.
func (m *member) accept(h *httpConn) {
	m.conns[h.raw] = struct{}{}
	m.pool.work.Go(h.serve)
}

// ListenAndServe answers on sockets until ctx ends: host number i on the i-th loopback address from the one in base
// ("http://127.0.20.1:8080", or https), all on the same port. The error says which address was taken.
func (p *Pool) ListenAndServe(ctx context.Context, base string) error {
	if err := p.Listen(base); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-p.done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		m.unlisten()
		m.hangUp()
	}
	return nil
}

// Listen is the first half of ListenAndServe: it returns once every member answers on its socket, which it does until
// Close. Port 0 picks a free one. The addresses of the hosts become those of the sockets.
func (p *Pool) Listen(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" {
		return fmt.Errorf("simulator: %q is no address to listen on: http://HOST:PORT or https://HOST:PORT is wanted", base)
	}
	ip := net.ParseIP(u.Hostname()).To4()
	if ip == nil {
		return fmt.Errorf("simulator: %q: hosts take consecutive IPv4 addresses, so %s must be one", base, u.Hostname())
	}
	port := u.Port()
	listeners := make([]net.Listener, 0, len(p.members))
	closeAll := func() {
		for _, ln := range listeners {
			_ = ln.Close() // nobody has used it
		}
	}
	for i, m := range p.members {
		address := net.IPv4(ip[0], ip[1], ip[2], ip[3]+byte(i)).String()
		ln, err := net.Listen("tcp", net.JoinHostPort(address, port)) //nolint:noctx // binding an address of this machine does not wait
		if err != nil {
			closeAll()
			return fmt.Errorf("simulator: host %d of %d cannot have %s:%s: %w", i+1, len(p.members), address, port, err)
		}
		port = strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
		listeners = append(listeners, ln)
		if u.Scheme == "https" {
			c, err := m.certificate(address)
			if err != nil {
				closeAll()
				return err
			}
			m.tls = m.present(c.config())
		}
	}
	if err := p.moveTo(u.Scheme, listeners); err != nil {
		closeAll()
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// moveTo gives the members their sockets and the addresses that go with them.
func (p *Pool) moveTo(scheme string, listeners []net.Listener) error {
	return p.update(func(t *tx) error {
		if p.members[0].socket != "" {
			return fmt.Errorf("the pool listens on %s already", p.members[0].socket)
		}
		master := listeners[p.masterIndex()].Addr().(*net.TCPAddr).IP.String()
		for i, m := range p.members {
			m.listener = listeners[i]
			m.address = m.listener.Addr().(*net.TCPAddr).IP.String()
			m.follows = master
			if !m.conf.master {
				m.conf = slaveOf(master)
			}
			m.socket = m.listener.Addr().String()
			m.url = scheme + "://" + m.socket
			t.set("host", m.host, "address", m.address)
			p.work.Go(func() { m.acceptAll(listeners[i], (*httpConn).secure) })
		}
		return nil
	})
}

func (p *Pool) masterIndex() int {
	if p.master == nil {
		return 0
	}
	return p.master.index
}

// acceptAll takes connections of a socket until it is closed; as says what they are.
func (m *member) acceptAll(ln net.Listener, as func(*httpConn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		m.pool.mu.Lock()
		if m.pool.over() || m.state == memberDown || m.state == memberSilent {
			_ = c.Close() // refused, as far as a socket that is open can
		} else {
			h := newHTTPConn(m, c)
			as(h)
			m.accept(h)
		}
		m.pool.mu.Unlock()
	}
}

// pause waits d, and says false when the pool was closed meanwhile.
func (p *Pool) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.done():
		return false
	}
}

// DropConnections breaks every connection to every member; what they carried goes on inside xapi.
func (p *Pool) DropConnections() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		m.hangUp()
	}
}
