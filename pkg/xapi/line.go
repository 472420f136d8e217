package xapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// line carries calls that wait for long: an http.RoundTripper like http.Transport, but for who reads. There a goroutine of
// the connection reads a reply's head, wakes up the caller, and is asked back for the end of the body; here the caller
// reads all of it himself, so that an event is decoded by the goroutine that the network has woken up.
type line struct {
	open func(ctx context.Context) (net.Conn, error)
	tls  *tls.Config // for https

	mu   sync.Mutex
	idle *lineConn // nil: none
}

// Bounds of a line.
const (
	maxReplyHead = 16 << 10         // bytes
	lineBuffer   = 32 << 10         // bytes
	lineIdle     = 10 * time.Second // an older connection may be dead, and a broken call costs more than a new one
)

// lineConn is a connection of a line. It belongs to one call at a time.
type lineConn struct {
	net.Conn          // with TLS, if there is any
	raw      net.Conn // below it
	in       *bufio.Reader
	out      bytes.Buffer
	room     int       // bytes that may still be read of a head
	since    time.Time // of being idle
}

// Read reads no more than there is room for.
func (c *lineConn) Read(p []byte) (int, error) {
	if c.room <= 0 {
		return 0, fmt.Errorf("the reply's head has more than %d bytes", maxReplyHead)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.room)])
	c.room -= n
	return n, err //nolint:wrapcheck // a reader passes on what it reads
}

// RoundTrip implements http.RoundTripper. The reply's body has to be read to its end, or closed.
func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		trace = &httptrace.ClientTrace{}
	}
	if trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	conn, err := l.take(ctx, req.URL.Hostname(), req.URL.Scheme == "https")
	if err != nil {
		return nil, err
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: conn.Conn, Reused: !conn.since.IsZero()})
	}
	body := &lineBody{line: l, conn: conn, stop: conn.endWith(ctx)}
	err = conn.write(req)
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
	if err != nil {
		body.end(false)
		return nil, err
	}
	res, err := conn.read(req, trace)
	if err != nil {
		body.end(false)
		return nil, err
	}
	body.ReadCloser, body.last = res.Body, res.Close
	res.Body = body
	return res, nil
}

// endWith closes the connection when ctx ends. What it returns undoes that, and reports whether it came first.
func (c *lineConn) endWith(ctx context.Context) func() bool {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = c.raw.Close()
		close(closed)
	})
	return func() bool {
		if stop() {
			return true
		}
		<-closed
		return false
	}
}

// write sends a request in one piece.
func (c *lineConn) write(req *http.Request) error {
	c.out.Reset()
	untraced := req.WithContext(context.Background()) //nolint:forbidigo // it goes into a buffer, which nobody traces or ends
	if err := untraced.Write(&c.out); err != nil {
		return err
	}
	_, err := c.Write(c.out.Bytes())
	return err
}

// read waits for the head of a reply.
func (c *lineConn) read(req *http.Request, trace *httptrace.ClientTrace) (*http.Response, error) {
	c.room = maxReplyHead
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	if trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	res, err := http.ReadResponse(c.in, req)
	c.room = math.MaxInt
	return res, err
}

// take returns the idle connection, or a new one.
func (l *line) take(ctx context.Context, host string, secure bool) (*lineConn, error) {
	l.mu.Lock()
	conn := l.idle
	l.idle = nil
	l.mu.Unlock()
	if conn != nil && time.Since(conn.since) < lineIdle {
		return conn, nil
	}
	if conn != nil {
		_ = conn.raw.Close()
	}
	raw, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	conn = &lineConn{Conn: raw, raw: raw}
	if secure {
		if conn.Conn, err = l.secure(ctx, raw, host); err != nil {
			_ = raw.Close()
			return nil, err
		}
	}
	conn.in = bufio.NewReaderSize(conn, lineBuffer)
	return conn, nil
}

// secure is the handshake of TLS.
func (l *line) secure(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, dialTimeout, noAnswerError{dialTimeout})
	defer cancel()
	config := l.tls.Clone()
	config.ServerName = host
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		if late := context.Cause(ctx); isA[noAnswerError](late) {
			err = fmt.Errorf("TLS handshake: %w", late)
		}
		return nil, err
	}
	return conn, nil
}

// CloseIdleConnections closes what no call uses; http.Client looks for it by this name.
func (l *line) CloseIdleConnections() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		_ = l.idle.raw.Close()
		l.idle = nil
	}
}

// give takes a connection back.
func (l *line) give(conn *lineConn) {
	conn.since = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		_ = l.idle.raw.Close()
	}
	l.idle = conn
}

// lineBody is the body of a reply. Its connection serves the next call once it was read to its end.
type lineBody struct {
	io.ReadCloser
	line *line
	conn *lineConn
	stop func() bool
	last bool // the server closes the connection
	over bool
}

// Read ends the call at the end of the body.
func (b *lineBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end(errors.Is(err, io.EOF) && !b.last && b.conn.in.Buffered() == 0)
	}
	return n, err //nolint:wrapcheck // a reader passes on what it reads
}

// Close ends the call.
func (b *lineBody) Close() error {
	b.end(false)
	return nil
}

// end ends the call, and keeps the connection if it is good for another one.
func (b *lineBody) end(good bool) {
	if b.over {
		return
	}
	b.over = true
	if b.stop() && good {
		b.line.give(b.conn)
		return
	}
	_ = b.conn.raw.Close()
}
