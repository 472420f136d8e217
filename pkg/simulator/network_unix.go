package simulator

import (
	"fmt"
	"net"
	"net/url"
	"syscall"
	"time"
)

// How often, and with which pause, xapi tries to pass a call on its unix socket on to the master.
const (
	forwardTries = 10
	forwardPause = 10 * time.Second
)

// ListenUnix answers on a unix socket until Close, as the xapi of a host does beside its TCP socket: whoever connects is
// root, with any name and any password, and on a member that is not the master calls go to the master. host is a
// name_label, uuid or address, "" the present master; socket is a path, or a URL: unix:///path.
func (p *Pool) ListenUnix(host, socket string) error {
	path := socket
	if u, err := url.Parse(socket); err == nil && u.Scheme == "unix" {
		path = u.Path
	}
	p.mu.Lock()
	m := p.member(host)
	if host == "" {
		m = p.master
	}
	p.mu.Unlock()
	if m == nil {
		return fmt.Errorf("simulator: no host %q to listen on %s", host, socket)
	}
	ln, err := net.Listen("unix", path) //nolint:noctx // binding an address of this machine does not wait
	if err != nil {
		return fmt.Errorf("simulator: the unix socket of %s: %w", m.name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over() {
		_ = ln.Close() // nobody has used it
		return errClosed
	}
	p.work.Go(func() { m.acceptAll(ln, (*httpConn).trust) })
	p.work.Go(func() { <-p.done(); _ = ln.Close() }) // ends acceptAll, and takes the path away
	return nil
}

// DialUnix connects in memory to the unix socket of a host (name_label, uuid or address): the other end takes the caller
// for root. A host whose xapi does not run refuses.
func (p *Pool) DialUnix(host string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.member(host)
	if p.over() || m == nil || m.state == memberDown || m.state == memberSilent {
		return nil, &net.OpError{Op: "dial", Net: "unix", Addr: pipeAddr(host), Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	h := newHTTPConn(m, far)
	h.trust()
	m.accept(h)
	return near, nil
}

// trust makes a connection one of the unix socket: root, and in no hurry.
func (h *httpConn) trust() { h.trusted = true }

// receiver is the member that handles a call. On a unix socket of a slave that is the master, except for what every
// host answers itself; nil: there is none, after long tries.
func (h *httpConn) receiver(method string) *member {
	p := h.member.pool
	if !h.trusted || p.emergency(h.member) != nil || p.schema.worksInEmergency(method) {
		return h.member
	}
	for range forwardTries {
		p.mu.Lock()
		l := p.lifeOf(h.member)
		master, over := l.master, l.over()
		p.mu.Unlock()
		if !over {
			return master
		}
		if !p.pause(forwardPause) {
			return nil
		}
	}
	return nil
}

// unforwarded is the page of a call that could not be passed on.
func unforwarded() *httpPage {
	return internalPage(`Unix.Unix_error(Unix.ECONNREFUSED, "connect", "")`)
}
