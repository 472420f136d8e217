package simulator

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// wire is a stranger's client: it writes XML-RPC by hand and reads it with encoding/xml.
type wire struct {
	t       testing.TB
	conn    net.Conn
	in      *bufio.Reader
	session string
}

func dial(t testing.TB, p *Pool, address string) *wire {
	t.Helper()
	c, err := p.Dial(t.Context(), "tcp", address+":80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return wireOn(t, c)
}

func wireOn(t testing.TB, c net.Conn) *wire { return &wire{t: t, conn: c, in: bufio.NewReader(c)} }

// login is a connection to the master with a session.
func login1(t testing.TB, p *Pool) *wire {
	t.Helper()
	w := dial(t, p, "10.0.0.1")
	w.login()
	return w
}

func (w *wire) login() {
	w.t.Helper()
	v, err := w.raw("session.login_with_password", "root", "xenroot", "1.0", "test")
	if err != nil {
		w.t.Fatalf("login: %v", err)
	}
	w.session = v.(string)
}

// again is another connection with the same session.
func (w *wire) again(p *Pool) *wire {
	w.t.Helper()
	other := dial(w.t, p, "10.0.0.1")
	other.session = w.session
	return other
}

// call makes a call with the session in front.
func (w *wire) call(method string, params ...any) (any, error) {
	return w.raw(method, append([]any{w.session}, params...)...)
}

// must is call for what has to succeed.
func (w *wire) must(method string, params ...any) any {
	w.t.Helper()
	v, err := w.call(method, params...)
	if err != nil {
		w.t.Fatalf("%s: %v", method, err)
	}
	return v
}

// refused is call for what has to fail; it returns code and parameters, joined.
func (w *wire) refused(method string, params ...any) string {
	w.t.Helper()
	v, err := w.call(method, params...)
	f, ok := errors.AsType[*Failure](err)
	if !ok {
		w.t.Fatalf("%s: got %v, %v; want a failure", method, v, err)
	}
	return strings.Join(f.description(), " | ")
}

func (w *wire) raw(method string, params ...any) (any, error) {
	body := callText(method, params...)
	if _, err := fmt.Fprintf(w.conn, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s", len(body), body); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return readReply(reply)
}

func callText(method string, params ...any) []byte {
	b := []byte("<methodCall><methodName>" + method + "</methodName><params>")
	for _, p := range params {
		if n, ok := p.(int); ok {
			p = int64(n)
		}
		b = append(b, "<param>"...)
		b = xapid.AppendValue(b, p)
		b = append(b, "</param>"...)
	}
	return append(b, "</params></methodCall>"...)
}

// node is any element.
type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

func readReply(body []byte) (any, error) {
	var root node
	if err := xml.Unmarshal(body, &root); err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	v := root.Nodes[0].Nodes[0].Nodes[0].value()
	m, ok := v.(Map)
	if !ok {
		return v, nil
	}
	if status, _ := m.Get("Status"); status != "Success" {
		description, _ := m.Get("ErrorDescription")
		words := wordsOf(description.(Set))
		return nil, fail(words[0], words[1:]...)
	}
	result, _ := m.Get("Value")
	return result, nil
}

func (n node) value() any {
	if len(n.Nodes) == 0 {
		return n.Text
	}
	switch inner := n.Nodes[0]; inner.XMLName.Local {
	case "array":
		s := Set{}
		for _, v := range inner.Nodes[0].Nodes {
			s = append(s, v.value())
		}
		return s
	case "struct":
		m := Map{}
		for _, member := range inner.Nodes {
			m = append(m, Entry{Key: member.Nodes[0].Text, Value: member.Nodes[1].value()})
		}
		return m
	case "boolean":
		return inner.Text == "1"
	default:
		return inner.Text
	}
}

// field reads a member of a record.
func field(v any, name string) any {
	got, _ := v.(Map).Get(name)
	return got
}
