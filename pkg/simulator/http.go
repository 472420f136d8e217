package simulator

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// xapi's limits on a request.
const (
	maxHead        = 1006 // bytes of the head with its final empty line
	maxUnixHead    = 1024
	maxBody        = 307_200 // bytes
	firstHeadTime  = 10 * time.Second
	firstHeadTotal = 60 * time.Second
)

// httpConn is one connection as xapi's own HTTP server serves it: requests one after another, replies with headers in
// xapi's order and case.
type httpConn struct {
	member *member
	raw    net.Conn // as it was accepted
	conn   net.Conn // raw, or TLS over it
	buf    []byte   // read and not yet used
	store  []byte   // that buf is cut from
	head   []byte   // of the last reply: room for the next one's
	out    []byte   // the reply
	buffer *[]byte  // that out was made in, one of the pool's; nil: none
	first  bool     // no request has been read yet

	trusted bool // the unix socket: whoever connects is root
}

func newHTTPConn(m *member, c net.Conn) *httpConn {
	return &httpConn{member: m, raw: c, conn: c, first: true}
}

// secure puts TLS over a connection where the member's socket has it.
func (h *httpConn) secure() {
	if h.member.tls != nil {
		h.conn = tls.Server(h.raw, h.member.tls)
	}
}

// serve serves requests until the connection ends.
func (h *httpConn) serve() {
	defer h.member.drop(h.raw)
	leave := h.enter()
	if leave == nil {
		return
	}
	defer leave()
	for h.serveOne() {
	}
	if h.conn != h.raw {
		_ = h.conn.SetDeadline(time.Now().Add(time.Second)) // a client that is gone is not worth more
		_ = h.conn.Close()                                  // says goodbye
	}
}

// drop closes a connection and forgets it.
func (m *member) drop(c net.Conn) {
	_ = c.Close() // it is over either way
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	delete(m.conns, c)
}

// serveOne reads one request and answers it. It says whether the connection goes on.
func (h *httpConn) serveOne() bool {
	head, err := h.readHead()
	if err != nil {
		return h.refuse(err)
	}
	if h.first {
		h.first = false
		_ = h.conn.SetReadDeadline(time.Time{}) // a connection that is gone shows at the next read
	}
	rq, err := parseHead(head)
	if err != nil {
		return h.refuse(err)
	}
	return h.route(rq)
}

var (
	errGone     = errors.New("the connection ended")
	errTimeout  = errors.New("no request in time")
	errHeadSize = errors.New("head too large")
)

// readHead reads up to and with the empty line. A head that ends in bare line feeds is never recognised, as in xapi.
func (h *httpConn) readHead() ([]byte, error) {
	begun := time.Now()
	for {
		if end := h.headEnd(); end > 0 && end <= h.maxHead() {
			head := h.buf[:end]
			h.buf = h.buf[max(end, leastHead):]
			return head, nil
		}
		if len(h.buf) >= h.maxHead() {
			return nil, errHeadSize
		}
		if h.first && h.limited() {
			limit := min(firstHeadTime, firstHeadTotal-time.Since(begun))
			if err := h.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
				return nil, errGone
			}
		}
		if err := h.readMore(maxHead); err != nil {
			return nil, err
		}
	}
}

// limited says that the connection has limits of its own: a TCP one, since xapi 22.30.
func (h *httpConn) limited() bool { return !h.trusted && h.member.pool.model.since(22, 30) }

// maxHead is how long a head may be; without a limit xapi has the whole of its buffer for it.
func (h *httpConn) maxHead() int {
	if h.limited() {
		return maxHead
	}
	return maxUnixHead
}

// readAtOnce is how much is read at once, in bytes: a head with the body of nearly every call.
const readAtOnce = 4096

// readMore reads once, at least one byte, with room for n. What was taken from buf before is overwritten.
func (h *httpConn) readMore(n int) error {
	if len(h.buf) == 0 {
		h.buf = h.store[:0]
	}
	if cap(h.buf)-len(h.buf) < n {
		h.store = append(make([]byte, 0, len(h.buf)+max(n, readAtOnce)), h.buf...)
		h.buf = h.store
	}
	got, err := h.conn.Read(h.buf[len(h.buf):cap(h.buf)])
	h.buf = h.buf[:len(h.buf)+got]
	switch {
	case got > 0 || err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTimeout
	default:
		return errGone
	}
}

// readBody reads the body of a POST, or says with which page to refuse it; neither: the connection ended. The body is
// good until more is read.
func (h *httpConn) readBody(rq *httpRequest) ([]byte, *httpPage) {
	switch {
	case rq.length == -1:
		return nil, internalPage(`Failure("We require a content-length: HTTP header")`)
	case rq.length > maxBody:
		return nil, internalPage("Http_svr.Client_requested_size_over_limit")
	case rq.length < 0:
		return nil, internalPage(`Invalid_argument("Bytes.create")`)
	}
	n := int(rq.length)
	if n <= len(h.buf) {
		body := h.buf[:n]
		h.buf = h.buf[n:]
		return body, nil
	}
	body := make([]byte, n)
	got := copy(body, h.buf)
	h.buf = h.buf[got:]
	if _, err := io.ReadFull(h.conn, body[got:]); err != nil {
		return nil, nil
	}
	return body, nil
}

// refuse answers what could not be read as a request, and ends the connection.
func (h *httpConn) refuse(err error) bool {
	switch {
	case errors.Is(err, errGone):
	case errors.Is(err, errTimeout):
		h.sendPage(requestTimeoutPage(), "HTTP/1.1")
	case errors.Is(err, errHeadSize) && h.limited():
		h.sendPage(headTooLargePage(), "HTTP/1.1")
	case errors.Is(err, errHeadSize):
		h.sendPage(internalPage(`Invalid_argument("Unix.read")`), "HTTP/1.1")
	default:
		h.sendPage(internalPage(err.Error()), "HTTP/1.1")
	}
	return false
}

// send writes h.out, the whole reply.
func (h *httpConn) send() bool {
	_, err := h.conn.Write(h.out)
	h.out = nil
	if h.buffer != nil { // not kept, so that idle connections hold no memory
		h.member.pool.buffers.Put(h.buffer)
		h.buffer = nil
	}
	return err == nil
}
