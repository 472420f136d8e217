package simulator

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// leastHead is how many bytes xapi reads before it looks for the end of a head: the shortest request that there is. Who
// sends less waits.
const leastHead = len("GET / HTTP/1.0\r\n\r\n")

// headError is a head that cannot be read: the text of xapi's exception, for the 500 page.
type headError struct{ text string }

func (e *headError) Error() string { return e.text }

// skipProxyLine takes a PROXY line, with which stunnel begins each connection, from the front of what has been read. It
// says false while the line has not come whole.
func (h *httpConn) skipProxyLine() bool {
	if !bytes.HasPrefix(h.buf, []byte("PROXY ")) {
		return true
	}
	end := bytes.Index(h.buf, []byte("\r\n"))
	if end < 0 {
		return false
	}
	h.buf = h.buf[end+2:]
	return true
}

// headEnd is where the first head in what has been read ends, with its empty line; 0: not yet.
func (h *httpConn) headEnd() int {
	if !h.skipProxyLine() || len(h.buf) < leastHead {
		return 0
	}
	i := bytes.Index(h.buf, []byte("\r\n\r\n"))
	if i < 0 {
		return 0
	}
	return i + len("\r\n\r\n")
}

// requestTarget is what the second word of a request line names: the decoded path, and the query as it stands. Of an
// absolute URI only these count.
func requestTarget(word string) string {
	word, _, _ = strings.Cut(word, "#")
	path, query, asks := strings.Cut(word, "?")
	if scheme, rest, ok := strings.Cut(path, "://"); ok && !strings.Contains(scheme, "/") {
		path = pathBehind(rest)
	} else if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = pathBehind(rest)
	}
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	if asks {
		path += "?" + query
	}
	return path
}

// pathBehind is what follows the authority of a URI.
func pathBehind(authority string) string {
	if i := strings.IndexByte(authority, '/'); i >= 0 {
		return authority[i:]
	}
	return ""
}

// replyVersion is the version of HTTP that a request gets: 1.0 if it asked for that, else 1.1. xapi cuts five characters
// off the third word without looking at them.
func replyVersion(word string) (string, error) {
	const prefix = len("HTTP/")
	switch {
	case len(word) < prefix:
		return "", &headError{`Invalid_argument("String.sub / Bytes.sub")`}
	case word[prefix:] == "1.0":
		return "HTTP/1.0", nil
	}
	return "HTTP/1.1", nil
}

// contentLength is the length that a head gives for its body, -1 if it gives none. Like every integer it may be
// hexadecimal.
func (rq *httpRequest) contentLength() (int64, error) {
	n := int64(-1)
	for _, h := range rq.headers {
		if h.name == "content-length" {
			var ok bool
			if n, ok = xapid.ParseInt(h.value); !ok {
				return 0, &headError{`Failure("Int64.of_string")`}
			}
		}
	}
	return n, nil
}
