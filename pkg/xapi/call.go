package xapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Doer carries out requests: a [Client] on whatever session it has, a [Session] on itself.
type Doer interface {
	// Do carries out a request and puts its result where into points; nil: the result is not wanted.
	Do(ctx context.Context, req xen.Request, into any) error
}

// Call carries out a message and returns its result.
func Call[T any](ctx context.Context, d Doer, m xen.Message[T]) (T, error) {
	var result T
	if err := d.Do(ctx, m.Request, &result); err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// exchange is one call with everything that it needs beside its request.
type exchange struct {
	req     xen.Request
	into    any
	session string // reference; empty for calls without one
	secrets []string
	header  http.Header
	events  bool
	timeout time.Duration // 0: none
}

// exchange makes one call on one endpoint, once. It counts it, logs it, and says in its error whether it may have run.
func (c *Client) exchange(ctx context.Context, w *wire, x exchange) error {
	started := time.Now()
	err := c.send(ctx, w, x)
	err = withoutSecrets(err, x.req.Method, append(x.secrets, x.session)...)
	took, code := time.Since(started), codeOf(err)
	c.cfg.Metrics.called(c.cfg.Pool, x.req.Method, code, took, x.events)
	c.log.V(1).Info("call", "method", x.req.Method, "code", code, "ms", float64(took.Microseconds())/1000, "address", w.endpoint.String())
	if lostReply(err) && !reads(x.req.Method) {
		return &OutcomeUnknownError{Method: x.req.Method, Err: err}
	}
	return err
}

func (c *Client) send(ctx context.Context, w *wire, x exchange) error {
	params := x.req.Params
	if !x.req.NoSession {
		params = append([]any{x.session}, params...)
	}
	body, err := xmlrpc.EncodeCall(x.req.Method, params...)
	if err != nil {
		return &RequestError{Method: x.req.Method, Err: err}
	}
	if x.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, x.timeout, noAnswerError{x.timeout})
		defer cancel()
	}
	return w.post(ctx, call{
		method: x.req.Method, body: body, header: x.header, events: x.events,
		decode: func(r io.Reader) error { return decodeReply(r, x.into, w, x.req) },
	})
}

// decodeReply reads a reply. Errors of r itself pass through.
func decodeReply(r io.Reader, into any, w *wire, req xen.Request) error {
	if list, ok := into.(*xen.ObjectList); ok {
		list.Class = req.Class() // the decoder has to know it
	}
	err := xmlrpc.DecodeReply(r, into)
	_, malformed := errors.AsType[*xmlrpc.SyntaxError](err)
	_, unexpected := errors.AsType[*xmlrpc.TypeError](err)
	if malformed || unexpected || errors.Is(err, xmlrpc.ErrTooLong) {
		return &ReplyError{Address: w.endpoint.String(), Method: req.Method, Err: err}
	}
	return err
}

// lostReply reports whether the call may have run although we did not see how it ended.
func lostReply(err error) bool {
	if t, ok := errors.AsType[*TransportError](err); ok {
		return t.Sent
	}
	if h, ok := errors.AsType[*HTTPError](err); ok {
		return h.Status >= http.StatusInternalServerError && h.Status != http.StatusNotImplemented
	}
	_, unreadable := errors.AsType[*ReplyError](err)
	return unreadable
}

// reads reports whether a call changes nothing, so that making it twice does no harm.
func reads(method string) bool {
	_, name, _ := strings.Cut(method, ".")
	return strings.HasPrefix(name, "get_") || strings.HasPrefix(method, "system.")
}

// codeOf is the label code of a call: OK, the code of XAPI's failure, or how it went wrong below.
func codeOf(err error) string {
	if err == nil {
		return "OK"
	}
	if fault, ok := errors.AsType[*xen.Error](err); ok {
		return string(fault.Code)
	}
	return transport
}
