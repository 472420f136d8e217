package simulator

import (
	"bytes"
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
	maxHead        = 1006    // bytes of the head with its final empty line
	maxBody        = 307_200 // bytes
	firstHeadTime  = 10 * time.Second
	firstHeadTotal = 60 * time.Second
)

// httpConn is one connection as xapi's own HTTP server serves it: requests one after another, replies with headers in
// xapi's order and case.
type httpConn struct {
	member *member
	conn   net.Conn
	buf    []byte // read and not yet used
	out    []byte // the reply
	buffer []byte // that replies are made in
	first  bool   // no request has been read yet
}

// serve serves connections of a member until they end.
func (m *member) serve(c net.Conn) {
	h := &httpConn{member: m, conn: c, first: true}
	defer m.drop(c)
	for h.serveOne() {
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
		if i := bytes.Index(h.buf, []byte("\r\n\r\n")); i >= 0 && i+4 <= maxHead {
			head := h.buf[:i+4]
			h.buf = h.buf[i+4:]
			return head, nil
		}
		if len(h.buf) >= maxHead {
			return nil, errHeadSize
		}
		if h.first {
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
	case errors.Is(err, errHeadSize):
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
	if cap(h.buffer) > 1<<20 { // do not keep the memory of one large list for the life of a connection
		h.buffer = nil
	}
	return err == nil
}
