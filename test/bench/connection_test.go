//go:build unix

package bench

import (
	"bytes"
	"fmt"
	"html"
	"net"
	"strconv"
	"strings"
	"testing"
)

// connection is a client on a socket that looks no closer at an answer than it must.
type connection struct {
	conn net.Conn
	buf  []byte
}

func connect(b *testing.B, url string) *connection {
	b.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &connection{conn: conn, buf: make([]byte, 256<<10)}
}

// call sends a request and reads the whole answer; each piece of its body is given to look, which may be nil.
func (c *connection) call(request []byte, look func([]byte)) (bytesRead int, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	got := 0
	for {
		n, err := c.conn.Read(c.buf[got:])
		if err != nil {
			return 0, err
		}
		got += n
		end := bytes.Index(c.buf[:got], []byte("\r\n\r\n"))
		if end < 0 {
			continue
		}
		_, rest, _ := bytes.Cut(c.buf[:end], []byte("content-length: "))
		text, _, _ := bytes.Cut(rest, []byte("\r\n"))
		length, err := strconv.Atoi(string(text))
		if err != nil {
			return 0, err
		}
		return end + 4 + length, c.rest(end+4, got, length, look)
	}
}

// rest reads what is missing of a body that begins in the buffer.
func (c *connection) rest(begin, got, length int, look func([]byte)) error {
	if look != nil {
		look(c.buf[begin:got])
	}
	for left := begin + length - got; left > 0; {
		n, err := c.conn.Read(c.buf[:min(left, len(c.buf))])
		if err != nil {
			return err
		}
		if look != nil {
			look(c.buf[:n])
		}
		left -= n
	}
	return nil
}

// xml is a call as a request; parameters are texts, or whole values where they begin with a bracket.
func xml(method string, params ...string) []byte {
	var body strings.Builder
	body.WriteString(`<?xml version="1.0"?><methodCall><methodName>` + method + `</methodName><params>`)
	for _, p := range params {
		if !strings.HasPrefix(p, "<") {
			p = "<string>" + html.EscapeString(p) + "</string>"
		}
		body.WriteString("<param><value>" + p + "</value></param>")
	}
	body.WriteString("</params></methodCall>")
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\nhost: xen-1\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n%s", body.Len(), body.String())
}

// json2 is a call of JSON-RPC 2.0 whose parameters are texts.
func json2(method string, params ...string) []byte {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","method":"%s","params":["%s"],"id":1}`, method, strings.Join(params, `","`))
	return fmt.Appendf(nil, "POST /jsonrpc HTTP/1.1\r\nhost: xen-1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
}

// text makes a call whose result is one reference, or one value of a list of them.
func (c *connection) text(b *testing.B, method string, params ...string) string {
	b.Helper()
	var body strings.Builder
	if _, err := c.call(xml(method, params...), func(piece []byte) { body.Write(piece) }); err != nil {
		b.Fatal(err)
	}
	_, rest, ok := strings.Cut(body.String(), "<name>Value</name>")
	if !ok {
		b.Fatalf("%s: %s", method, body.String())
	}
	for _, part := range strings.Split(rest, "<value>")[1:] {
		if found, _, _ := strings.Cut(part, "</value>"); !strings.HasPrefix(found, "<") {
			return found
		}
	}
	b.Fatalf("%s answered no text: %s", method, rest)
	return ""
}

// login is a session of root, with an originator that tells it from others.
func (c *connection) login(b *testing.B, originator string) string {
	b.Helper()
	return c.text(b, "session.login_with_password", "root", "xenroot", "1.0", originator)
}
