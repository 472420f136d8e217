package xapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of a request and of what is read of an error page.
const (
	maxRequestBody   = 307_200 // bytes. xapi: more is HTTP 500 and the end of the connection
	maxRequestHeader = 1_006   // bytes, request line and empty line included. xapi: more is HTTP 431
	maxErrorPage     = 4 << 10 // bytes of a page that are looked at
)

// wire is the way to one endpoint. Its methods are safe for concurrent use.
type wire struct {
	endpoint endpoint
	agent    string
	conns    *conns
	dialect  *dialect
	calls    *http.Client                     // for whatever ends soon
	events   *http.Client                     // for event.next, which occupies a connection for minutes
	shown    atomic.Pointer[x509.Certificate] // the host's certificate; nil: none
	late     atomic.Int32                     // logins under way that no probe waits for
}

func newWire(e endpoint, agent string, trust *trust, conns *conns, dialect *dialect) *wire {
	w := &wire{endpoint: e, agent: agent, conns: conns, dialect: dialect}
	config := trust.config(e, w.saw)
	open := func(ctx context.Context) (net.Conn, error) { return w.conns.open(ctx, w.endpoint) }
	w.calls, w.events = newHTTPClient(newTransport(open, config)), newHTTPClient(&line{open: open, tls: config})
	return w
}

func newHTTPClient(t http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newTransport(open func(context.Context) (net.Conn, error), trust *tls.Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil, // a pool is reached directly; the environment's proxies are for other things
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return open(ctx) },
		TLSClientConfig:        trust,
		TLSHandshakeTimeout:    dialTimeout,
		Protocols:              protocols,
		DisableCompression:     true, // xapi never compresses, and its header block is short of room
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        5 * time.Minute,
		ReadBufferSize:         32 << 10,
		MaxResponseHeaderBytes: maxReplyHead,
	}
}

// closeIdle drops the connections that no call uses: after trouble the next call must not meet a dead one.
func (w *wire) closeIdle() {
	w.calls.CloseIdleConnections()
	w.events.CloseIdleConnections()
}

// call is one request on its way.
type call struct {
	method string // for messages
	body   []byte
	codec  codec
	header http.Header // beside those that every request has; keys as they shall stand on the wire
	events bool        // on the connection for events
	decode func(io.Reader) error
	// thumbprint is filled with what the reply says of the master's certificate; nil: it is not asked for.
	thumbprint *string
}

// post sends a call and has its reply decoded. The context ends it; its cause is what the error says.
func (w *wire) post(ctx context.Context, c call) error {
	req, sent, err := w.newRequest(ctx, c)
	if err != nil {
		return err
	}
	client := w.calls
	if c.events {
		client = w.events
	}
	res, err := client.Do(req)
	if err != nil {
		return w.failure(ctx, c.method, err, sent.maybe())
	}
	defer res.Body.Close()
	if err := w.checkReply(c, res); err != nil {
		return err
	}
	if c.thumbprint != nil {
		*c.thumbprint = res.Header.Get(thumbprintAnswer)
	}
	body := &watchedReader{from: res.Body}
	err = c.decode(body)
	if err != nil && body.failed != nil {
		return w.failure(ctx, c.method, fmt.Errorf("the answer broke off: %w", body.failed), true)
	}
	return err
}

// newRequest makes the HTTP request of a call and checks it against xapi's limits.
func (w *wire) newRequest(ctx context.Context, c call) (*http.Request, *sentTrace, error) {
	refuse := func(err error) (*http.Request, *sentTrace, error) {
		return nil, nil, &RequestError{Method: c.method, Err: err}
	}
	if len(c.body) > maxRequestBody {
		return refuse(fmt.Errorf("the request has %d bytes, xapi takes %d", len(c.body), maxRequestBody))
	}
	sent := &sentTrace{}
	req, err := http.NewRequestWithContext(sent.into(ctx), http.MethodPost, w.endpoint.url(c.codec.path()), bytes.NewReader(c.body))
	if err != nil {
		return refuse(err)
	}
	maps.Copy(req.Header, c.header)
	if c.thumbprint != nil {
		req.Header[thumbprintAsk] = []string{thumbprintMaster}
	}
	req.Header.Set("Content-Type", c.codec.mediaType())
	req.Header.Set("User-Agent", w.agent)
	if headerSize(req) > maxRequestHeader {
		delete(req.Header, traceHeader) // a trace is worth less than the call
	}
	if n := headerSize(req); n > maxRequestHeader {
		return refuse(fmt.Errorf("the request's header has %d bytes, xapi takes %d", n, maxRequestHeader))
	}
	return req, sent, nil
}

// headerSize is the number of bytes that the request line and the headers will take on the wire.
func headerSize(req *http.Request) int {
	n := len("POST  HTTP/1.1\r\n") + len(req.URL.Path) + len("Host: \r\n") + len(req.Host) + len("\r\n")
	n += len("Content-Length: \r\n") + len(strconv.FormatInt(req.ContentLength, 10))
	for k, values := range req.Header {
		for _, v := range values {
			n += len(k) + len(": \r\n") + len(v)
		}
	}
	return n
}

// failure puts the end of a request without a reply into one of our errors.
func (w *wire) failure(ctx context.Context, method string, err error, sent bool) error {
	address := w.endpoint.String()
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if trust, ok := asTrustError(address, err); ok {
		return trust
	}
	if found := otherProtocol(err); found != "" {
		return &NotXAPIError{Address: address, Found: found}
	}
	stopped := false
	switch cause := context.Cause(ctx); {
	case w.conns.isClosed():
		err, stopped = ErrClosed, true
	case cause != nil:
		err, stopped = cause, !isA[noAnswerError](cause)
	}
	return &TransportError{Address: address, Method: method, Err: err, Sent: sent, stopped: stopped}
}

// otherProtocol recognises a server that speaks something else than we do; empty: it is none.
func otherProtocol(err error) string {
	switch {
	case errors.Is(err, http.ErrSchemeMismatch), isA[tls.RecordHeaderError](err):
		return "something other than TLS (is it http:// instead of https://?)"
	case strings.Contains(err.Error(), "malformed HTTP"): // net/http has no type for it
		return "something other than HTTP (is it https:// instead of http://?)"
	}
	return ""
}

// watchedReader remembers why reading ended, to tell a broken connection from a malformed reply.
type watchedReader struct {
	from   io.Reader
	failed error
}

// Read notes the failure that the decoder would take for the end of a document.
func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return n, err //nolint:wrapcheck // a reader passes on what it reads
}
