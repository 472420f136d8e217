package simulator

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An answer that is spoilt on its way says nothing of whether the call was carried out.
func TestAnswersThatGoWrong(t *testing.T) {
	for _, c := range []struct {
		name     string
		fault    Fault
		status   int // of the answer
		kind     string
		executed bool
		cut      error // how its body ends
	}{
		{"whole", On("x", HalfReply()), 200, "text/xml", true, nil},
		{"half", HalfReply(), 200, "text/xml", true, io.ErrUnexpectedEOF},
		{"stalled", StalledReply(), 200, "text/xml", true, context.DeadlineExceeded},
		{"refused by a proxy", ProxyRefuses(503), 503, "text/html", false, nil},
		{"a page to log in at", ProxyRefuses(200), 200, "text/html", false, nil},
		{"given up by a proxy", ProxyGivesUp(504), 504, "text/html", true, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 2})
			w := login1(t, p)
			vm := vmNamed(p, "web-1")
			before := tagsOf(p, vm)
			p.Inject(On("VM.add_tags", c.fault))
			res, body, err := post(t, p, `<methodCall><methodName>VM.add_tags</methodName><params><param><value>`+w.session+ //nolint:bodyclose // post reads it
				`</value></param><param><value>`+vm+`</value></param><param><value>new</value></param></params></methodCall>`)
			if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind || !errors.Is(err, c.cut) {
				t.Errorf("%s: status %d, %s, %q, %v", c.name, res.StatusCode, res.Header.Get("Content-Type"), body, err)
			}
			if whole := strings.HasSuffix(strings.TrimSpace(body), ">"); whole != (c.cut == nil) {
				t.Errorf("%s: the body is %q", c.name, body)
			}
			if (tagsOf(p, vm) > before) != c.executed {
				t.Errorf("%s: executed %t, want %t", c.name, tagsOf(p, vm) > before, c.executed)
			}
		})
	}
}

// post makes one call by hand and reads what comes of it within a minute.
func post(t *testing.T, p *Pool, call string) (*http.Response, string, error) {
	t.Helper()
	conn, err := p.Dial(t.Context(), "tcp", "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // all is read
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://10.0.0.1/", strings.NewReader(call))
	if err != nil {
		t.Fatal(err)
	}
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if errors.Is(err, context.DeadlineExceeded) || err != nil && strings.Contains(err.Error(), "timeout") {
		err = context.DeadlineExceeded
	}
	return res, string(body), err
}

// sessionOf makes a session of an originator.
func sessionOf(t *testing.T, w *wire, originator string) any {
	t.Helper()
	session, err := w.raw("session.login_with_password", "root", "xenroot", "1.0", originator)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// A fault can be meant for one program.
func TestFaultsOfOneProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		p.Inject(By("other", Reset))
		w := login1(t, p)
		w.must("pool.get_all")
		session := sessionOf(t, w, "mine")
		if _, err := w.raw("pool.get_all", session); err != nil {
			t.Error("somebody else meets the mishap:", err)
		}
		if _, err := w.raw("session.login_with_password", "root", "xenroot", "1.0", "other"); err == nil {
			t.Error("the login of who is meant does not meet the mishap")
		}
	})
}

// The collector spares nobody's tasks and sessions: the idlest session goes, and ended tasks beyond 200.
func TestCollectorHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		mine := sessionOf(t, w, "mine")
		if err := p.EvictSession("nobody"); err == nil {
			t.Error("nobody's session can be evicted")
		}
		if err := p.EvictSession("mine"); err != nil {
			t.Error(err)
		}
		if _, err := w.raw("pool.get_all", mine); err == nil || !strings.HasPrefix(err.Error(), "SESSION_INVALID") {
			t.Error("the evicted session answers", err)
		}
		ended := w.must("Async.VM.start", vmNamed(p, "app-1"), false, false)
		time.Sleep(time.Minute)
		w.must("task.get_status", ended)
		if err := p.LeaveTasks(200); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := w.refused("task.get_status", ended); !strings.HasPrefix(got, "HANDLE_INVALID") {
			t.Error("the oldest of 201 ended tasks answers", got)
		}
	})
}
