package simulator

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers sends bytes on a connection of its own and collects what comes back until the server is silent or gone: the
// status lines, and what stands last for the connection.
func answers(t *testing.T, p *Pool, request string) string {
	t.Helper()
	w := dial(t, p, "10.0.0.1")
	go func() { _, _ = io.WriteString(w.conn, request) }()
	var got []string
	for {
		_ = w.conn.SetReadDeadline(time.Now().Add(12 * time.Second)) // past the limit for the first head
		head, body, err := readRaw(w.in)
		switch {
		case err != nil && strings.Contains(err.Error(), "timeout"):
			return strings.Join(append(got, "open"), ", ")
		case err != nil:
			return strings.Join(append(got, "closed"), ", ")
		}
		status, _, _ := strings.Cut(string(head), "\r\n")
		if _, text, ok := strings.Cut(string(body), "information </h1>"); ok {
			status += " " + strings.TrimSuffix(text, "</body></html>")
		}
		got = append(got, status)
	}
}

// What xapi's own server makes of heads that others would refuse, and the other way round.
func TestOddHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1})
		call := string(callText("system.isAlive:x", "here"))
		post := func(line string, headers ...string) string {
			return strings.Join(append([]string{line}, headers...), "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(call), call)
		}
		const ok = "HTTP/1.1 200 OK, open"
		const xmlAsJSON = `HTTP/1.1 500 Internal Error Yojson.Json_error(&quot;Line 1, bytes 11-44:\nJunk after end of JSON value: ` +
			`&apos;&lt;methodName&gt;system.isAlive:x&lt;/me&apos;&quot;), closed`
		for name, c := range map[string][2]string{
			"absolute address":          {post("POST http://10.0.0.1:80/jsonrpc HTTP/1.1"), xmlAsJSON},
			"escaped path":              {post("POST /%6Asonrpc?a=b HTTP/1.1"), xmlAsJSON},
			"address without a path":    {post("POST http://10.0.0.1 HTTP/1.1"), "HTTP/1.1 403 Forbidden, closed"},
			"asterisk":                  {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 403 Forbidden, closed"},
			"a version of its own":      {post("POST / HTTP/2.0"), ok},
			"no version at all":         {post("POST / XXXXX"), ok},
			"another word for 1.0":      {post("POST / XXXX/1.0"), "HTTP/1.0 200 OK, closed"},
			"a version that is short":   {post("POST / HTTP"), "HTTP/1.1 500 Internal Error Invalid_argument(&quot;String.sub / Bytes.sub&quot;), closed"},
			"four words":                {post("POST / HTTP/1.1 x"), "HTTP/1.1 500 Internal Error The HTTP headers could not be parsed., closed"},
			"two words in a long line":  {"GET /" + strings.Repeat("x", 30) + "\r\n\r\n", "HTTP/1.1 500 Internal Error The HTTP headers could not be parsed., closed"},
			"two words in a short line": {"GET /\r\n\r\n", "HTTP/1.1 408 Request Timeout, closed"},
			"blanks between the words":  {post("POST  \t /   HTTP/1.1"), ok},
			"empty line first":          {post("\r\nPOST / HTTP/1.1"), "HTTP/1.1 500 Internal Error The HTTP headers could not be parsed., closed"},
			"line feeds inside":         {strings.Replace(post("POST / HTTP/1.1", "a: b", "c: d"), "\r\nc", "\nc", 1), ok},
			"a line without a colon":    {post("POST / HTTP/1.1", "nothing"), ok},
			"connection twice":          {post("POST / HTTP/1.1", "Connection: close", "Connection: keep-alive", "Connection: upgrade"), ok},
			"PROXY line":                {"PROXY TCP4 1.2.3.4 5.6.7.8 99 443\r\n" + post("POST / HTTP/1.1"), ok},
			"length twice":              {post("POST / HTTP/1.1", "Content-Length: 3"), ok},
			"length in hexadecimal":     {fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: 0x%x\r\n\r\n%s", len(call), call), ok},
			"length in words":           {"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", "HTTP/1.1 500 Internal Error Failure(&quot;Int64.of_string&quot;), closed"},
			"length below zero":         {"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 500 Internal Error Invalid_argument(&quot;Bytes.create&quot;), closed"},
			"blank before the colon":    {fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length : %d\r\n\r\n%s", len(call), call), "HTTP/1.1 500 Internal Error Failure(&quot;We require a content-length: HTTP header&quot;), closed"},
			"chunks":                    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 500 Internal Error Failure(&quot;We require a content-length: HTTP header&quot;), closed"},
			"expectation":               {post("POST / HTTP/1.1", "Expect: 100-continue"), ok},
			"no host":                   {post("POST / HTTP/1.1"), ok},
			"HTTP/1.0 kept alive":       {post("POST / HTTP/1.0", "connection: Keep-Alive"), "HTTP/1.0 200 OK, open"},
			"many in one packet":        {strings.Repeat(post("POST / HTTP/1.1"), 3), "HTTP/1.1 200 OK, HTTP/1.1 200 OK, HTTP/1.1 200 OK, open"},
			"nothing to read":           {"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 500 Internal Error Xmlm.Error(1:1, &quot;unexpected end of input&quot;), closed"},
		} {
			if got := answers(t, p, c[0]); got != c[1] {
				t.Errorf("%s:\ngot  %s\nwant %s", name, got, c[1])
			}
		}
	})
}

// A request that comes in single bytes is a request.
func TestRequestInManyWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1})
		w := dial(t, p, "10.0.0.1")
		call := callText("system.isAlive:x", "here")
		request := fmt.Appendf(nil, "POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(call), call)
		go func() {
			for i := range request {
				_, _ = w.conn.Write(request[i : i+1])
			}
		}()
		if _, body, err := readRaw(w.in); err != nil || !strings.Contains(string(body), "<value>here</value>") {
			t.Errorf("%s, %v", body, err)
		}
	})
}

// xapi before 22.30 has no limits of time, and answers a head that is too long with a 500.
func TestLimitsOfAnOlderServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1, Version: "8.2"})
		long := "GET / HTTP/1.1\r\nx: " + strings.Repeat("y", 1100) + "\r\n\r\n"
		for request, want := range map[string]string{long: "HTTP/1.1 500 Internal Error Invalid_argument(&quot;Unix.read&quot;), closed", "GET /": "open"} {
			if got := answers(t, p, request); got != want {
				t.Errorf("%.20q: %s, want %s", request, got, want)
			}
		}
	})
}

// A page is forbidden over plain HTTP, and looked for where the connection can be trusted with it.
func TestWebPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1})
		conn, err := p.DialUnix("xen-1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		w := wireOn(t, conn)
		for range 2 {
			go func() { _, _ = io.WriteString(conn, "GET /a<b?x=y HTTP/1.1\r\n\r\n") }()
			head, body, err := readRaw(w.in)
			if want := "HTTP/1.1 404 Not Found\r\ncontent-length: 237\r\nconnection: close\r\ncache-control: no-cache, no-store\r\n\r\n"; err != nil || string(head) != want {
				t.Fatalf("%s, %v; want %s", head, err, want)
			}
			if !strings.Contains(string(body), "<p>The requested URL /a&lt;b was not found on this server.</p>") {
				t.Errorf("%s", body)
			}
		}
		if got := answers(t, p, strings.Repeat("GET /index.html HTTP/1.1\r\n\r\n", 2)); got != "HTTP/1.1 403 Forbidden, HTTP/1.1 403 Forbidden, open" {
			t.Errorf("over plain HTTP: %s", got)
		}
	})
}
