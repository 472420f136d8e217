package xapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

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
	epoch   uint64 // of the session
	secrets []string
	mark    map[string]string // of the task
	events  bool
	timeout time.Duration // 0: none
	// thumbprint is filled with what a member says of its master's certificate; nil: it is not asked.
	thumbprint *string
}

// exchange makes one call on one endpoint. It makes it a second time only in another protocol, and only where that does
// no harm. Its error says whether the call may have run.
func (c *Client) exchange(ctx context.Context, w *wire, x exchange) error {
	x.secrets = append(x.secrets, x.session)
	for {
		codec := w.dialect.codec(x.req.Method)
		sent := time.Now()
		err := c.once(ctx, w, codec, x)
		again, change := w.dialect.learn(codec, x.req.Method, err)
		if change != nil {
			c.protocolChanged(w, change)
		}
		switch {
		case again:
			continue
		case lostReply(err) && !reads(x.req.Method):
			return x.unknown(w, sent, err)
		}
		return err
	}
}

// once makes a call once, counts it, logs it and records it.
func (c *Client) once(ctx context.Context, w *wire, codec codec, x exchange) error {
	note := c.note(w, codec, x)
	started := time.Now()
	err := withoutSecrets(c.send(ctx, w, codec, x, note), x)
	took, code := time.Since(started), codeOf(err)
	c.cfg.Metrics.called(c.cfg.Pool, x.req.Method, code, took, x.events)
	if log := c.log.V(1); log.Enabled() {
		log.Info("call", "method", x.req.Method, "code", code, "ms", float64(took.Microseconds())/1000,
			"address", w.endpoint.String(), "protocol", codec.protocol())
	}
	note.finish(took, code, err)
	if err == nil || isA[*xen.Error](err) {
		c.spoke(w)
	}
	return err
}

func (c *Client) send(ctx context.Context, w *wire, codec codec, x exchange, note *note) error {
	params := x.req.Params
	if !x.req.NoSession {
		params = append([]any{x.session}, params...)
	}
	body, err := codec.encode(x.req.Method, params)
	if err != nil {
		return &RequestError{Method: x.req.Method, Err: err}
	}
	if x.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, x.timeout, noAnswerError{x.timeout})
		defer cancel()
	}
	return w.post(ctx, call{
		method: x.req.Method, body: body, codec: codec, header: c.headers(ctx, x), events: x.events,
		thumbprint: x.thumbprint,
		decode:     func(r io.Reader) error { return decodeReply(note.watch(r), x.into, w, codec, x.req) },
	})
}

// headers are those of one call: the mark of its task, and the place in a trace that it belongs to.
func (c *Client) headers(ctx context.Context, x exchange) http.Header {
	header := http.Header{}
	for key, value := range x.mark {
		header[markHeader+key] = []string{value} // as it stands: http.Header.Set would change the case of the key
	}
	if c.cfg.TraceParent != nil {
		if parent := c.cfg.TraceParent(ctx); traceParent.MatchString(parent) {
			header[traceHeader] = []string{parent}
		}
	}
	return header
}

// traceHeader is the W3C's name. xapi: read since 22.32, and the call's spans become children of that one.
const traceHeader = "traceparent"

// traceParent is the form of a header of that name. Anything else is not sent.
var traceParent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// decodeReply reads a reply. Errors of r itself pass through.
func decodeReply(r io.Reader, into any, w *wire, codec codec, req xen.Request) error {
	if list, ok := into.(*xen.ObjectList); ok {
		list.Class = req.Class() // the decoder has to know it
	}
	err := codec.decode(r, into)
	if unreadable(err) {
		return &ReplyError{Address: w.endpoint.String(), Method: req.Method, Protocol: codec.protocol(), Err: err}
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
	return strings.HasPrefix(name, "get_") || strings.HasPrefix(method, "system.") || method == "event.from"
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
