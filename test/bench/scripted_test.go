//go:build unix

package bench

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// scripted is a server that has its answers ready, over TLS, so that next to nothing of what is measured is its own: it
// lists the objects of a snapshot, hands out the events that it is given, and begins tasks that have ended already.
type scripted struct {
	url      string
	fixed    map[string]string // whole replies, by method
	listener net.Listener
	began    func(vm string, from net.Addr) // is told of each Async call
	asked    func(from net.Addr)            // is told of each event.next: the reply before has been read

	mu     sync.Mutex
	wake   *sync.Cond
	events []string // values without an id
	id     int64
	tasks  int
	closed bool
	conns  sync.WaitGroup
}

const (
	scriptedAddress = "127.0.47.1"
	voidValue       = "<value></value>"
)

func text(s string) string { return "<value>" + html.EscapeString(s) + "</value>" }

// newScripted serves a snapshot as it is, but for the master's address.
func newScripted(b *testing.B, snap store.Snapshot) *scripted {
	s := &scripted{fixed: map[string]string{}, id: 1}
	s.wake = sync.NewCond(&s.mu)
	_, pool, _ := snap.Pool()
	for method, value := range map[string]string{
		"session.login_with_password": text("OpaqueRef:session"), "session.get_this_host": text(string(pool.Master)),
		"host.get_address": text(scriptedAddress),
	} {
		s.fixed[method] = wiretest.XMLReply(value)
	}
	for _, class := range xen.Classes() {
		var objects []xen.Object
		for ref := range snap.Refs(class) {
			record, _ := snap.Record(class, ref)
			if master, ok := record.(*xen.Host); ok && ref == string(pool.Master) {
				moved := *master
				moved.Address, record = scriptedAddress, &moved
			}
			objects = append(objects, xen.Object{Ref: ref, Record: record})
		}
		s.fixed[string(class)+".get_all_records"] = wiretest.XMLReply(wiretest.XMLList(objects))
	}
	listener, err := net.Listen("tcp", scriptedAddress+":0")
	if err != nil {
		b.Fatal(err)
	}
	s.listener, s.url = listener, "https://"+listener.Addr().String()
	config := &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: tls.VersionTLS12}
	s.conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the end
			}
			s.conns.Go(func() { s.serve(tls.Server(conn, config)) })
		}
	})
	return s
}

// certificate is any that a server can show: the client is told to trust it.
func certificate() tls.Certificate {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	return server.TLS.Certificates[0]
}

// close ends the server once its clients have hung up.
func (s *scripted) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.closed = true
	s.wake.Broadcast()
	s.mu.Unlock()
	s.conns.Wait()
}

// tell gives an event to whoever waits for one.
func (s *scripted) tell(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
	s.wake.Signal()
}

// serve answers the calls of a connection.
func (s *scripted) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 32<<10)
	var body []byte
	for {
		length := 0
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return // the client has hung up
			}
			if len(line) <= 2 {
				break
			}
			if name, value, _ := bytes.Cut(line, []byte(": ")); strings.EqualFold(string(name), "content-length") {
				length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
			}
		}
		body = append(body[:0], make([]byte, length)...)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		method, _ := after(body, "<methodName>")
		reply := s.reply(method, body, conn.RemoteAddr())
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n", len(reply))
		if _, err := io.WriteString(conn, head+reply); err != nil {
			return
		}
	}
}

func (s *scripted) reply(method string, body []byte, from net.Addr) string {
	if reply, ok := s.fixed[method]; ok {
		return reply
	}
	switch {
	case method == "event.next":
		s.asked(from)
		return wiretest.XMLReply(s.next())
	case method == "event.get_current_id":
		s.mu.Lock()
		defer s.mu.Unlock()
		return wiretest.XMLReply(text(strconv.FormatInt(s.id, 10)))
	case strings.HasPrefix(method, "Async.VM."):
		vm := string(body[bytes.Index(body, []byte("OpaqueRef:session"))+len("OpaqueRef:session"):])
		vm = vm[strings.Index(vm, "OpaqueRef:"):]
		vm = vm[:strings.IndexByte(vm, '<')]
		s.mu.Lock()
		s.tasks++
		task := fmt.Sprintf("OpaqueRef:task-%d", s.tasks)
		s.mu.Unlock()
		s.began(vm, from)
		now := time.Now()
		s.tell(event("task", "add", task, wiretest.XML(&xen.Task{
			UUID: task, NameLabel: method, Created: now, Finished: now, Status: xen.TaskSuccess, Progress: 1, Type: "<none/>",
		})))
		return wiretest.XMLReply(text(task))
	case method == "task.destroy":
		task, _ := after(body, "OpaqueRef:task-")
		task = "OpaqueRef:task-" + task
		s.tell(event("task", "del", task, wiretest.XML(&xen.Task{UUID: task})))
	}
	return wiretest.XMLReply(voidValue)
}

// next waits for events and writes them as event.next does.
func (s *scripted) next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.events) == 0 && !s.closed {
		s.wake.Wait()
	}
	var all strings.Builder
	all.WriteString("<value><array><data>")
	for _, e := range s.events {
		all.WriteString("<value><struct><member><name>id</name><value>" + strconv.FormatInt(s.id, 10) + "</value></member>" + e)
		s.id++
	}
	all.WriteString("</data></array></value>")
	s.events = s.events[:0]
	return all.String()
}

// event is an event as it stands on the wire, without its id; snapshot is a value that is written already.
func event(class, operation, ref, snapshot string) string {
	return "<member><name>timestamp</name><value>1787277623.</value></member><member><name>class</name><value>" + class +
		"</value></member><member><name>operation</name><value>" + operation + "</value></member><member><name>ref</name><value>" + ref +
		"</value></member><member><name>snapshot</name>" + snapshot + "</member></struct></value>"
}
