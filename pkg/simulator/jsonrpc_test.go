package simulator

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// jsonCall posts a call as it stands and returns the body of the answer.
func jsonCall(t *testing.T, w *wire, text string) string {
	t.Helper()
	go func() { // the other end of the pipe reads when it is ready
		_, _ = fmt.Fprintf(w.conn, "POST /jsonrpc HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(text), text)
	}()
	_, body, err := readRaw(w.in)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A session made through one protocol is good in the other, and so are its events.
func TestSessionsAreGoodOnBothProtocols(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := dial(t, p, "10.0.0.1")
		reply := jsonCall(t, w, `{"method":"session.login_with_password","params":["root","xenroot","1.0","me"],"id":"a"}`)
		session, ok := strings.CutPrefix(reply, `{"result":"`)
		session, _, ok2 := strings.Cut(session, `","error":null,"id":"a"}`)
		if !ok || !ok2 {
			t.Fatalf("login answers %s", reply)
		}
		w.session = session
		w.must("event.register", setOf("vm"))
		web := vmNamed(p, "web-1")
		go func() {
			time.Sleep(time.Minute)
			write(p, func(t *tx) { t.set("VM", web, "user_version", int64(7)) })
		}()
		got := jsonCall(t, w.again(p), `{"jsonrpc":"2.0","method":"event.next","params":["`+session+`"],"id":1}`)
		if !strings.HasPrefix(got, `{"jsonrpc":"2.0","result":[{"id":"0","timestamp":"`) || !strings.Contains(got, `.","class":"vm","operation":"mod","ref":"OpaqueRef:`) ||
			!strings.Contains(got, `"user_version":7,`) || !strings.HasSuffix(got, `}}],"id":1}`) {
			t.Errorf("event.next answers %s", got)
		}
		jsonCall(t, w, `{"jsonrpc":"2.0","method":"session.logout","params":["`+session+`"],"id":1}`)
		if got := w.refused("pool.get_all"); got != "SESSION_INVALID | "+session {
			t.Errorf("after the logout: %s", got)
		}
	})
}

func TestRecordsAreWrittenAgainAfterAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		vm := vmNamed(p, "web-1")
		ask := `{"jsonrpc":"2.0","method":"VM.get_record","params":["` + w.session + `","` + vm + `"],"id":1}`
		for _, text := range []string{`"first"`, "second"} {
			w.must("VM.set_name_description", vm, text)
			if got := jsonCall(t, w, ask); !strings.Contains(got, `"name_description":`+strings.ReplaceAll(fmt.Sprintf("%q", text), "`", "")) {
				t.Errorf("after %s the record is %s", text, got)
			}
		}
		all := jsonCall(t, w, `{"jsonrpc":"2.0","method":"VM.get_all_records","params":["`+w.session+`"],"id":1}`)
		if one := jsonCall(t, w, ask); !strings.Contains(all, strings.TrimSuffix(strings.TrimPrefix(one, `{"jsonrpc":"2.0","result":`), `,"id":1}`)) {
			t.Error("get_all_records does not have what get_record has")
		}
	})
}

// What is raised before the dispatcher has an array for an error and 0 for an id, whatever was asked.
func TestEarlyErrorsInJSON(t *testing.T) {
	for version, want := range map[string]string{
		"24.19.2": `{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}`,
		"8.2":     `{"result":null,"error":["HOST_STILL_BOOTING"],"id":0}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 2, Version: version})
			write(p, func(*tx) { p.members[0].state = memberBooting })
			w := dial(t, p, "10.0.0.1")
			if got := jsonCall(t, w, `{"jsonrpc":"2.0","method":"pool.get_all","params":["x"],"id":9}`); got != want {
				t.Errorf("xapi %s answers %s, want %s", version, got, want)
			}
			go func() { _, _ = io.WriteString(w.conn, "POST /jsonrpc HTTP/1.1\r\ncontent-length: 2\r\n\r\n[]") }()
			head, _, err := readRaw(w.in)
			if err != nil || !strings.HasPrefix(string(head), "HTTP/1.1 500 ") {
				t.Errorf("a batch gets %s, %v", head, err)
			}
		})
	}
}
