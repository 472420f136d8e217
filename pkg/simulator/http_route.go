package simulator

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// route sends a request to its handler: the longest prefix registered for the method, not the path, decides.
func (h *httpConn) route(rq *httpRequest) bool {
	switch rq.method {
	case "POST":
		return h.post(rq)
	case "OPTIONS":
		return h.options(rq)
	case "GET", "PUT", "CONNECT":
		return h.action(rq)
	default:
		h.sendPage(unknownMethodPage(rq.method), rq.version)
		return false
	}
}

func longestPrefix(actions []datamodel.HTTPAction, method, path string) *datamodel.HTTPAction {
	var best *datamodel.HTTPAction
	for i, a := range actions {
		if a.Method == method && strings.HasPrefix(path, a.URI) && (best == nil || len(a.URI) > len(best.URI)) {
			best = &actions[i]
		}
	}
	return best
}

// options is the CORS answer, the same on every path.
func (h *httpConn) options(rq *httpRequest) bool {
	if !strings.HasPrefix(rq.path, "/") {
		h.sendPage(forbiddenPage(), "HTTP/1.1")
		return false
	}
	allowed := "X-Requested-With"
	if asked := rq.header("access-control-request-headers"); asked != "" {
		allowed = asked + ", " + allowed
	}
	h.out = append(appendHead(nil, rq, 0, ""), "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: "+allowed+
		"\r\nAccess-Control-Allow-Methods: PUT\r\n\r\n"...)
	return h.send() && rq.keepAlive()
}

// post reads a call, lets it happen, and writes the answer; where a mishap says so, without one of the three.
func (h *httpConn) post(rq *httpRequest) bool {
	a := longestPrefix(h.member.pool.schema.model.HTTPActions, rq.method, rq.path)
	if a == nil { // an address without a path, or "*"
		h.sendPage(forbiddenPage(), "HTTP/1.1")
		return false
	}
	door := h.member.pool.doorAt(a.URI)
	if door == nil {
		return h.action(rq)
	}
	body, refused := h.readBody(rq)
	if refused != nil {
		h.sendPage(refused, rq.version)
		return false
	}
	if body == nil {
		return false
	}
	call, write, refused := door.read(body)
	if refused != nil {
		h.sendPage(refused, rq.version)
		return false
	}
	call.otherConfig, call.tasks = rq.otherConfig(), rq.taskHeaders()
	call.trusted = h.trusted
	to := h.receiver(call.method)
	if to == nil {
		h.sendPage(unforwarded(), rq.version)
		return false
	}
	answered := h.member.pool.tellCall(h.member, call)
	r, ok := h.meetFate(to, call)
	if !ok || !r.spoilt.stalls {
		answered(r, ok && !r.spoilt.spoils())
	}
	switch {
	case !ok:
		return false
	case r.spoilt.page != nil:
		h.sendPage(r.spoilt.page, rq.version)
		return false
	}
	h.sendReply(rq, door.contentType, write, r)
	if r.spoilt.half {
		h.sendHalf()
		if r.spoilt.stalls {
			h.stayDumb()
			answered(r, false) // its caller may have waited until now
		}
		return false
	}
	return h.send() && rq.keepAlive()
}

// meetFate carries out a call under the faults that strike it. It says false when there is no answer.
func (h *httpConn) meetFate(to *member, call request) (reply, bool) {
	p := h.member.pool
	fate := p.fateOf(h.member, &call)
	if fate.delay > 0 && !p.pause(fate.delay) || fate.reset {
		return reply{}, false
	}
	for _, f := range fate.before {
		f(p)
	}
	if fate.silent {
		h.stayDumb()
		return reply{}, false
	}
	if fate.answer.refused {
		return reply{spoilt: fate.answer}, !fate.loseReply
	}
	call.hang, call.taskFailure, call.migration = fate.hang, fate.taskFailure, fate.migration
	if fate.failure != nil {
		return reply{failure: fate.failure, spoilt: fate.answer}, !fate.loseReply
	}
	r := p.dispatch(to, call)
	r.spoilt = fate.answer
	return r, !fate.loseReply && !errors.Is(asError(r.failure), errLifeEnded)
}

func asError(f *Failure) error {
	if f == nil {
		return nil
	}
	return f
}

// headRoom is kept free in front of a reply's body, so that the head, whose length it decides, is put there without
// moving it.
const headRoom = 512

// sendReply puts the whole answer to a call into h.out.
func (h *httpConn) sendReply(rq *httpRequest, contentType string, write encoder, r reply) {
	if h.buffer, _ = h.member.pool.buffers.Get().(*[]byte); h.buffer == nil {
		h.buffer = new([]byte)
	}
	b := slices.Grow((*h.buffer)[:0], headRoom)[:headRoom]
	b = write(b, r)
	head := appendHead(h.head[:0], rq, len(b)-headRoom, contentType)
	if !r.early {
		head = append(head, "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: X-Requested-With\r\n"...)
		head = append(head, h.thumbprint(rq, r)...)
	}
	head = append(h.asInRelease(head), "\r\n"...)
	h.head = head
	start := headRoom - len(head)
	copy(b[start:], head)
	*h.buffer, h.out = b, b[start:]
}

// appendHead begins a 200 in xapi's order of headers; the CORS lines and the end are the caller's.
func appendHead(dst []byte, rq *httpRequest, length int, contentType string) []byte {
	connection := "close"
	if rq.keepAlive() {
		connection = "keep-alive"
	}
	dst = append(append(dst, rq.version...), " 200 OK\r\ncontent-length: "...)
	dst = strconv.AppendInt(dst, int64(length), 10)
	dst = append(append(append(dst, "\r\nconnection: "...), connection...), "\r\ncache-control: no-cache, no-store\r\n"...)
	if contentType != "" {
		dst = append(append(append(dst, "content-type: "...), contentType...), "\r\n"...)
	}
	return dst
}
