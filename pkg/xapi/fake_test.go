package xapi_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// network joins hosts inside one process over net.Pipe, for tests in a bubble of virtual time.
type network struct {
	mu    sync.Mutex
	hosts map[string]*fakeHost
	dials map[string]int
}

// fakeHost plays one member of a pool, as a test wants it to misbehave.
type fakeHost struct {
	name   string
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu     sync.Mutex
	state  string                // "", "refused", "dead": packets vanish
	answer func(fakeCall) string // a whole response body; see hang, drop
	calls  []fakeCall
	conns  []net.Conn
	cert   *tls.Certificate // that it shows; nil: it speaks plain HTTP
	header http.Header      // of its replies
}

// fakeCall is a request as it arrived.
type fakeCall struct {
	method string
	params []string // as text
	header http.Header
	json   string // version of JSON-RPC; empty: XML-RPC
}

// Bodies that are none.
const (
	hang = "\x00hang" // no answer ever
	drop = "\x00drop" // the connection ends instead of an answer
	cut  = "\x00cut"  // half an answer, then the end
	page = "\x00page" // a web page

	refused = "\x00refused" // xapi's page for what it cannot read
)

func newNetwork(t *testing.T, names ...string) *network {
	t.Helper()
	n := &network{hosts: map[string]*fakeHost{}, dials: map[string]int{}}
	for _, name := range names {
		h := newFakeHost(name)
		server := &http.Server{Handler: h, ReadHeaderTimeout: time.Hour}
		n.hosts[name] = h
		go server.Serve(h) //nolint:errcheck // ends with Close
		t.Cleanup(func() { _ = server.Close() })
	}
	return n
}

func newFakeHost(name string) *fakeHost {
	return &fakeHost{name: name, accept: make(chan net.Conn), closed: make(chan struct{})}
}

func (h *fakeHost) Accept() (net.Conn, error) {
	select {
	case c := <-h.accept:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}
func (h *fakeHost) Close() error   { h.once.Do(func() { close(h.closed) }); return nil }
func (h *fakeHost) Addr() net.Addr { return &net.UnixAddr{Name: h.name, Net: "memory"} }

func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	name, _, _ := net.SplitHostPort(addr)
	n.mu.Lock()
	n.dials[name]++
	h := n.hosts[name]
	n.mu.Unlock()
	if h == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h.mu.Lock()
	state := h.state
	h.mu.Unlock()
	switch state {
	case "refused":
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case "dead":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	near, far := net.Pipe()
	select {
	case h.accept <- far:
	case <-h.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.mu.Lock()
	h.conns = append(h.conns, near)
	h.mu.Unlock()
	return near, nil
}

// set changes what a host answers.
func (n *network) set(name string, answer func(fakeCall) string) {
	h := n.hosts[name]
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer, h.state = answer, ""
}

// down makes a host refuse connections ("refused") or swallow packets ("dead"), and ends those it has.
func (n *network) down(name, how string) {
	h := n.hosts[name]
	h.mu.Lock()
	conns := h.conns
	h.state, h.conns = how, nil
	h.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// called counts calls of a method at a host.
func (n *network) called(name, method string) int {
	h := n.hosts[name]
	h.mu.Lock()
	defer h.mu.Unlock()
	count := 0
	for _, c := range h.calls {
		if c.method == method {
			count++
		}
	}
	return count
}

func (n *network) last(name string) fakeCall {
	h := n.hosts[name]
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[len(h.calls)-1]
}

var (
	methodName = regexp.MustCompile(`<methodName>(.*?)</methodName>`)
	paramValue = regexp.MustCompile(`(?s)<param><value>(.*?)</value></param>`)
	anyTag     = regexp.MustCompile(`<[^>]*>`)
)

func (h *fakeHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	call := fakeCall{header: r.Header}
	if m := methodName.FindSubmatch(body); m != nil {
		call.method = string(m[1])
	}
	for _, p := range paramValue.FindAllSubmatch(body, -1) {
		call.params = append(call.params, html.UnescapeString(anyTag.ReplaceAllString(string(p[1]), "")))
	}
	kind := "text/xml"
	if r.URL.Path == "/jsonrpc" {
		call, kind = readJSON(body, r.Header), "application/json"
	}
	h.mu.Lock()
	h.calls = append(h.calls, call)
	answer := h.answer
	h.mu.Unlock()
	text := answer(call)
	switch text {
	case hang:
		<-r.Context().Done()
		return
	case drop:
		panic(http.ErrAbortHandler)
	}
	h.mu.Lock()
	maps.Copy(w.Header(), h.header)
	h.mu.Unlock()
	switch text {
	case cut:
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Content-Length", "4000")
		_, _ = io.WriteString(w, `<?xml version="1.0"?><methodResponse><params>`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case page:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<html><head><title>Welcome</title></head></html>")
	case refused:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<html><body><h1>HTTP 500 internal server error</h1>…<h1> Additional information </h1>Jsonrpc.Malformed_method_request</body></html>")
	default:
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}
}

// readJSON reads a call of JSON-RPC.
func readJSON(body []byte, header http.Header) fakeCall {
	var call struct {
		JSONRPC string `json:"jsonrpc"`
		Method  string `json:"method"`
		Params  []any  `json:"params"`
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return fakeCall{method: err.Error()}
	}
	c := fakeCall{method: call.Method, header: header, json: cmp.Or(call.JSONRPC, "1.0")}
	for _, p := range call.Params {
		c.params = append(c.params, fmt.Sprint(p))
	}
	return c
}

// ok and failure write replies as xapi does.
func ok(value string) string {
	return `<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name><value>` +
		value + `</value></member></struct></value></param></params></methodResponse>`
}

func failure(words ...string) string {
	return `<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>Status</name><value>Failure</value></member><member><name>ErrorDescription</name><value><array><data><value>` +
		strings.Join(words, "</value><value>") + `</value></data></array></value></member></struct></value></param></params></methodResponse>`
}

// members of a record, name and value in turns.
func record(words ...string) string {
	var b strings.Builder
	for i := 0; i < len(words); i += 2 {
		fmt.Fprintf(&b, "<member><name>%s</name><value>%s</value></member>", words[i], words[i+1])
	}
	return "<struct>" + b.String() + "</struct>"
}

// master answers as the master of a pool does: host is its own address, claims the address of whom it takes for the
// master. Calls that it does not know are asked of more, where there is one.
func master(pool, host, claims string, more ...func(fakeCall) string) func(fakeCall) string {
	var mu sync.Mutex
	logins := 0
	return func(c fakeCall) string {
		for _, m := range more {
			if text := m(c); text != "" {
				return text
			}
		}
		switch c.method {
		case "session.login_with_password":
			mu.Lock()
			defer mu.Unlock()
			logins++
			return ok(fmt.Sprintf("OpaqueRef:session-%s-%d", host, logins))
		case "session.logout":
			return ok("")
		case "pool.get_all_records":
			return ok(record("OpaqueRef:pool", record("uuid", pool, "master", "OpaqueRef:host-"+claims)))
		case "session.get_this_host":
			return ok("OpaqueRef:host-" + host)
		case "host.get_address":
			return ok(strings.TrimPrefix(c.params[1], "OpaqueRef:host-"))
		case "VM.get_power_state":
			return ok("Running")
		case "VM.start", "VM.set_name_label":
			return ok("")
		case "Async.VM.start":
			return ok("OpaqueRef:task")
		case "event.next":
			return hang
		}
		return failure("MESSAGE_METHOD_UNKNOWN", c.method)
	}
}

func slaveOf(address string) func(fakeCall) string {
	return func(fakeCall) string { return failure("HOST_IS_SLAVE", address) }
}

func booting(fakeCall) string { return failure("HOST_STILL_BOOTING") }

func always(text string) func(fakeCall) string { return func(fakeCall) string { return text } }

// once answers one method differently, the first n times.
func once(n int, method, text string) func(fakeCall) string {
	var mu sync.Mutex
	return func(c fakeCall) string {
		mu.Lock()
		defer mu.Unlock()
		if c.method != method || n == 0 {
			return ""
		}
		n--
		return text
	}
}

const password = "xyzzy-s3cret"

// client makes a client for hosts of the network; change may alter its configuration.
func (n *network) client(t *testing.T, addresses []string, change ...func(*xapi.Config)) *xapi.Client {
	t.Helper()
	cfg := xapi.Config{
		Username: "root", Password: func(context.Context) (string, error) { return password, nil },
		Dial: n.dial, Rand: rand.New(rand.NewPCG(1, 2)), Pool: "test", Protocol: xapi.ProtocolXML,
	}
	for _, a := range addresses {
		cfg.Addresses = append(cfg.Addresses, "http://"+a)
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := xapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

// limited is the virtual deadline that every test has.
func limited(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func mustSession(ctx context.Context, t *testing.T, c *xapi.Client) *xapi.Session {
	t.Helper()
	s, err := c.Session(ctx)
	if err != nil {
		t.Fatalf("no session: %v", err)
	}
	return s
}

func wantError[E error](t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("error is %T: %v; want a %T", err, err, e)
	}
}
