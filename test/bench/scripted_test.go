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
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// scripted is a server that has its answers ready, over TLS: it lists the objects of a snapshot, hands out the events that
// it is given, and begins tasks that have ended already. It notes where on its sockets it sent events and heard calls.
type scripted struct {
	url      string
	fixed    map[string]string // whole replies, by method
	listener net.Listener
	said     func(about []string, s spot) // is told of each reply of event.next with halts
	heard    func(vm string, s spot)      // is told of each Async call

	mu     sync.Mutex
	wake   *sync.Cond
	events []news
	id     int64
	tasks  int
	closed bool
	conns  sync.WaitGroup
}

// news is an event: a value without an id, and the VM that it halts, if any.
type news struct{ value, halts string }

// spot is a place in the bytes of a connection, and when the server was there.
type spot struct {
	Conn  string // the client's address
	Bytes int64  // that have passed, in the same direction
	At    time.Time
}

// countedConn counts the bytes of a connection. It belongs to one goroutine.
type countedConn struct {
	net.Conn
	read, wrote int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += int64(n)
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.wrote += int64(n)
	return n, err
}

const voidValue = "<value></value>"

func text(s string) string { return "<value>" + html.EscapeString(s) + "</value>" }

// newScripted serves a snapshot as it is, but for the master's address.
func newScripted(snap store.Snapshot, address string) (*scripted, error) {
	s := &scripted{fixed: map[string]string{}, id: 1}
	s.wake = sync.NewCond(&s.mu)
	_, pool, _ := snap.Pool()
	for method, value := range map[string]string{
		"session.login_with_password": text("OpaqueRef:session"), "session.get_this_host": text(string(pool.Master)),
		"host.get_address": text(address),
	} {
		s.fixed[method] = wiretest.XMLReply(value)
	}
	for _, class := range xen.Classes() {
		var objects []xen.Object
		for ref := range snap.Refs(class) {
			record, _ := snap.Record(class, ref)
			if master, ok := record.(*xen.Host); ok && ref == string(pool.Master) {
				moved := *master
				moved.Address, record = address, &moved
			}
			objects = append(objects, xen.Object{Ref: ref, Record: record})
		}
		s.fixed[string(class)+".get_all_records"] = wiretest.XMLReply(wiretest.XMLList(objects))
	}
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		return nil, err
	}
	s.listener, s.url = listener, "https://"+listener.Addr().String()
	return s, nil
}

// accept serves until the server is closed.
func (s *scripted) accept() {
	config := &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: tls.VersionTLS12}
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // the end
		}
		s.conns.Go(func() {
			counted := &countedConn{Conn: conn}
			s.serve(counted, tls.Server(counted, config))
		})
	}
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
func (s *scripted) tell(e news) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	s.wake.Signal()
}

// serve answers the calls of a connection.
func (s *scripted) serve(counted *countedConn, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	from := conn.RemoteAddr().String()
	in := bufio.NewReaderSize(conn, 32<<10)
	for {
		method, body, err := request(in)
		if err != nil {
			return // the client has hung up
		}
		reply, halts := s.reply(method, body, spot{from, counted.read, time.Now()})
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n", len(reply))
		at := time.Now()
		if _, err := io.WriteString(conn, head+reply); err != nil {
			return
		}
		if len(halts) > 0 {
			s.said(halts, spot{from, counted.wrote, at})
		}
	}
}

// request reads a call. XAPI's clients send the next one only after the answer, so that nothing is read ahead.
func request(in *bufio.Reader) (method string, body []byte, err error) {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return "", nil, err
		}
		if len(line) <= 2 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); strings.EqualFold(string(name), "content-length") {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	body = make([]byte, length)
	_, err = io.ReadFull(in, body)
	method, _ = after(body, "<methodName>")
	return method, body, err
}

// reply is the answer to a call, and the VMs that it says are halted.
func (s *scripted) reply(method string, body []byte, heard spot) (reply string, halts []string) {
	if reply, ok := s.fixed[method]; ok {
		return reply, nil
	}
	switch {
	case method == "event.next":
		value, halts := s.next()
		return wiretest.XMLReply(value), halts
	case method == "event.get_current_id":
		s.mu.Lock()
		defer s.mu.Unlock()
		return wiretest.XMLReply(text(strconv.FormatInt(s.id, 10))), nil
	case strings.HasPrefix(method, "Async.VM."):
		vm := string(body[bytes.Index(body, []byte("OpaqueRef:session"))+len("OpaqueRef:session"):])
		vm = vm[strings.Index(vm, "OpaqueRef:"):]
		vm = vm[:strings.IndexByte(vm, '<')]
		s.mu.Lock()
		s.tasks++
		task := fmt.Sprintf("OpaqueRef:task-%d", s.tasks)
		s.mu.Unlock()
		s.heard(vm, heard)
		now := time.Now()
		s.tell(news{value: event("task", "add", task, wiretest.XML(&xen.Task{
			UUID: task, NameLabel: method, Created: now, Finished: now, Status: xen.TaskSuccess, Progress: 1, Type: "<none/>",
		}))})
		return wiretest.XMLReply(text(task)), nil
	case method == "task.destroy":
		task, _ := after(body, "OpaqueRef:task-")
		task = "OpaqueRef:task-" + task
		s.tell(news{value: event("task", "del", task, wiretest.XML(&xen.Task{UUID: task}))})
	}
	return wiretest.XMLReply(voidValue), nil
}

// next waits for events and writes them as event.next does.
func (s *scripted) next() (value string, halts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.events) == 0 && !s.closed {
		s.wake.Wait()
	}
	var all strings.Builder
	all.WriteString("<value><array><data>")
	for _, e := range s.events {
		all.WriteString("<value><struct><member><name>id</name><value>" + strconv.FormatInt(s.id, 10) + "</value></member>" + e.value)
		s.id++
		if e.halts != "" {
			halts = append(halts, e.halts)
		}
	}
	all.WriteString("</data></array></value>")
	s.events = s.events[:0]
	return all.String(), halts
}

// event is an event as it stands on the wire, without its id; snapshot is a value that is written already.
func event(class, operation, ref, snapshot string) string {
	return "<member><name>timestamp</name><value>1787277623.</value></member><member><name>class</name><value>" + class +
		"</value></member><member><name>operation</name><value>" + operation + "</value></member><member><name>ref</name><value>" + ref +
		"</value></member><member><name>snapshot</name>" + snapshot + "</member></struct></value>"
}
