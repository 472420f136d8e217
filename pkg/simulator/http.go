package simulator

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
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
	h.first = false
	_ = h.conn.SetReadDeadline(time.Time{}) // a connection that is gone shows at the next read
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
		if i := bytes.Index(h.buf, []byte("\r\n\r\n")); i >= 0 && i+4 <= h.maxHead() {
			head := h.buf[:i+4]
			h.buf = h.buf[i+4:]
			return head, nil
		}
		if len(h.buf) >= h.maxHead() {
			return nil, errHeadSize
		}
		if h.first && !h.trusted {
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

// maxHead is how long a head may be; on the unix socket xapi has the whole of its buffer for it.
func (h *httpConn) maxHead() int {
	if h.trusted {
		return maxUnixHead
	}
	return maxHead
}

// readMore reads once, at least one byte and at most about n.
func (h *httpConn) readMore(n int) error {
	h.buf = slices.Grow(h.buf, n)
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

// readBody reads the body of a POST, or says with which page to refuse it; neither: the connection ended.
func (h *httpConn) readBody(rq *httpRequest) ([]byte, *httpPage) {
	text := rq.header("content-length")
	n, err := strconv.Atoi(strings.TrimSpace(text))
	switch {
	case text == "" || err != nil || n < 0:
		return nil, internalPage(`Failure("We require a content-length: HTTP header")`)
	case n > maxBody:
		return nil, internalPage("Http_svr.Client_requested_size_over_limit")
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
	case errors.Is(err, errHeadSize) && !h.trusted:
		h.sendPage(headTooLargePage(), "HTTP/1.1")
	default:
		h.sendPage(internalPage("The HTTP headers could not be parsed."), "HTTP/1.1")
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
