package simulator

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// exchange sends bytes on a new connection and returns the status line of the answer and how long it took.
func exchange(t *testing.T, p *Pool, request string) (status string, took time.Duration) {
	t.Helper()
	w := dial(t, p, "10.0.0.1")
	go func() { _, _ = io.WriteString(w.conn, request) }()
	begun := time.Now()
	head, _, err := readRaw(w.in)
	if err != nil {
		return err.Error(), time.Since(begun)
	}
	status, _, _ = strings.Cut(string(head), "\r\n")
	return status, time.Since(begun)
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		frame := len(callText("VM.set_name_description", w.session, nullRef, ""))
		for size, want := range map[int]string{maxBody: "HTTP/1.1 200 OK", maxBody + 1: "HTTP/1.1 500 Internal Error"} {
			body := callText("VM.set_name_description", w.session, nullRef, strings.Repeat("y", size-frame))
			if got, _ := exchange(t, p, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", len(body), body)); got != want {
				t.Errorf("a body of %d bytes gets %s, want %s", len(body), got, want)
			}
		}
		for size, want := range map[int]string{maxHead: "HTTP/1.1 403 Forbidden", maxHead + 1: "HTTP/1.1 431 Request Header Fields Too Large", 9000: "HTTP/1.1 431 Request Header Fields Too Large"} {
			const frame = "GET / HTTP/1.1\r\nx: \r\n\r\n"
			if got, _ := exchange(t, p, "GET / HTTP/1.1\r\nx: "+strings.Repeat("y", size-len(frame))+"\r\n\r\n"); got != want {
				t.Errorf("a head of %d bytes gets %s, want %s", size, got, want)
			}
		}
	})
}

func TestSlowRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		for name, request := range map[string]string{"nothing": "", "bare line feeds": "GET / HTTP/1.1\n\n", "half a head": "GET / HTTP/1.1\r\n"} {
			if got, took := exchange(t, p, request); got != "HTTP/1.1 408 Request Timeout" || took != 10*time.Second {
				t.Errorf("%s: %s after %v, want 408 after 10 s", name, got, took)
			}
		}
		w := login1(t, p) // later requests of a connection have no limit, also after a page
		time.Sleep(3 * time.Hour)
		go func() { _, _ = io.WriteString(w.conn, "GET / HTTP/1.1\r\n\r\n") }()
		if _, _, err := readRaw(w.in); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		w.must("pool.get_all")
	})
}

func TestPipelinedRequestsAreServedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		body := callText("pool.get_all", w.session)
		one := fmt.Sprintf("POST /RPC2xyz HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
		go func() { _, _ = io.WriteString(w.conn, one+one+one) }()
		for i := range 3 {
			if _, reply, err := readRaw(w.in); err != nil || !strings.Contains(string(reply), "<value>Success</value>") {
				t.Fatalf("answer %d: %s, %v", i, reply, err)
			}
		}
	})
}

// A client that is still writing gets the page that says why it is cut off.
func TestRefusedBodyOnASocket(t *testing.T) {
	p := Start(t, Model{VMs: 2, Hosts: 1})
	if err := p.Listen("http://127.0.32.1:0"); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URLs()[0], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	w := wireOn(t, conn)
	go func() { // the server closes in the middle of it
		_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n%s", strings.Repeat("y", 9_000_000))
	}()
	head, body, err := readRaw(w.in)
	if err != nil || !strings.HasPrefix(string(head), "HTTP/1.1 500 ") || !strings.Contains(string(body), "over_limit") {
		t.Errorf("%s%s, %v", head, body, err)
	}
}
