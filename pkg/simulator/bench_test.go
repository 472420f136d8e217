package simulator

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// loopback is a client on a socket that reads no more of an answer than it must.
type loopback struct {
	conn net.Conn
	buf  []byte
}

func newLoopback(b *testing.B, p *Pool) *loopback {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URLs()[0], "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &loopback{conn: conn, buf: make([]byte, 64<<10)}
}

// call sends a request and reads the whole answer; it returns its length.
func (l *loopback) call(request []byte) (int, error) {
	if _, err := l.conn.Write(request); err != nil {
		return 0, err
	}
	got := 0
	for {
		n, err := l.conn.Read(l.buf[got:])
		got += n
		if err != nil {
			return 0, err
		}
		end := bytes.Index(l.buf[:got], []byte("\r\n\r\n"))
		if end < 0 {
			continue
		}
		_, rest, _ := bytes.Cut(l.buf[:end], []byte("content-length: "))
		text, _, _ := bytes.Cut(rest, []byte("\r\n"))
		length, err := strconv.Atoi(string(text))
		if err != nil {
			return 0, err
		}
		for left := end + 4 + length - got; left > 0; left -= n {
			if n, err = l.conn.Read(l.buf[:min(left, len(l.buf))]); err != nil {
				return 0, err
			}
		}
		return end + 4 + length, nil
	}
}

// benchPool is a pool on sockets with a session.
func benchPool(b *testing.B, m Model) (p *Pool, session string) {
	p = Start(b, m)
	if err := p.Listen("http://127.0.38.1:0"); err != nil {
		b.Fatal(err)
	}
	write(p, func(t *tx) { session = t.newSession("bench") })
	return p, session
}

func xmlRequest(method string, params ...any) []byte {
	body := callText(method, params...)
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
}

func jsonRequest(method string, params ...string) []byte {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","method":"%s","params":["%s"],"id":1}`, method, strings.Join(params, `","`))
	return fmt.Appendf(nil, "POST /jsonrpc HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
}

// benchCalls makes one call again and again over a connection that stays open, the client's work included.
func benchCalls(b *testing.B, p *Pool, request []byte) {
	l := newLoopback(b, p)
	n, err := l.call(request) // after which the records are encoded
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.call(request); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

func BenchmarkGetPowerState(b *testing.B) {
	p, session := benchPool(b, Model{})
	vm := vmNamed(p, "web-1")
	b.Run("XML", func(b *testing.B) { benchCalls(b, p, xmlRequest("VM.get_power_state", session, vm)) })
	b.Run("JSON", func(b *testing.B) { benchCalls(b, p, jsonRequest("VM.get_power_state", session, vm)) })
}

func BenchmarkGetRecord(b *testing.B) {
	p, session := benchPool(b, Model{})
	benchCalls(b, p, xmlRequest("VM.get_record", session, vmNamed(p, "web-1")))
}

func BenchmarkGetAllRecords(b *testing.B) {
	p, session := benchPool(b, Model{VMs: 2000})
	b.Run("XML", func(b *testing.B) { benchCalls(b, p, xmlRequest("VM.get_all_records", session)) })
	b.Run("JSON", func(b *testing.B) { benchCalls(b, p, jsonRequest("VM.get_all_records", session)) })
}

// BenchmarkFanOut is one field written and told to 100 subscribers of event.next, each on a connection of its own.
func BenchmarkFanOut(b *testing.B) {
	const subscribers = 100
	p, _ := benchPool(b, Model{})
	vm := vmNamed(p, "web-1")
	var told sync.WaitGroup
	var ended sync.WaitGroup
	for range subscribers {
		var request []byte
		write(p, func(t *tx) {
			session := t.newSession("fan")
			t.subscription(session).patterns = []pattern{newPattern("vm")}
			request = xmlRequest("event.next", session)
		})
		l := newLoopback(b, p)
		ended.Go(func() {
			for {
				if _, err := l.call(request); err != nil {
					return // the end of the benchmark
				}
				told.Done()
			}
		})
	}
	i := 1 // what it is already
	for b.Loop() {
		i++
		told.Add(subscribers)
		write(p, func(t *tx) { t.set("VM", vm, "user_version", int64(i)) })
		told.Wait()
	}
	b.ReportMetric(float64(b.N*subscribers)/b.Elapsed().Seconds(), "events/s")
	p.DropConnections()
	ended.Wait()
}

// BenchmarkWrite is one field written while a subscriber wants it, without the reading.
func BenchmarkWrite(b *testing.B) {
	p := Start(b, Model{})
	w := login1(b, p)
	w.must("event.register", setOf("*"))
	vm := vmNamed(p, "web-1")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		write(p, func(t *tx) { t.set("VM", vm, "user_version", int64(i)) })
	}
}

// BenchmarkAssembleAllRecords is the server's own work for a list of 2,000 VMs whose records have been encoded before.
func BenchmarkAssembleAllRecords(b *testing.B) {
	p := Start(b, Model{VMs: 2000})
	w := login1(b, p)
	rq := request{method: "VM.get_all_records", params: []any{w.session}}
	out := writeXML(nil, p.dispatch(p.members[0], rq))
	b.ReportAllocs()
	for b.Loop() {
		out = writeXML(out[:0], p.dispatch(p.members[0], rq))
		b.SetBytes(int64(len(out)))
	}
}
