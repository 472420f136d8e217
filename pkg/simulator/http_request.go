package simulator

import (
	"errors"
	"strings"
)

// httpRequest is the head of a request.
type httpRequest struct {
	method  string
	path    string // with query
	version string // "HTTP/1.0" or "HTTP/1.1"
	headers []headerLine
}

type headerLine struct{ name, value string } // name in lower case

var errBadHead = errors.New("bad request line")

func parseHead(head []byte) (*httpRequest, error) {
	lines := strings.Split(strings.TrimSuffix(string(head), "\r\n\r\n"), "\r\n")
	words := strings.Fields(lines[0])
	switch {
	case len(words) == 2:
		return nil, errTimeout // xapi waits for the third word
	case len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/"):
		return nil, errBadHead
	}
	rq := &httpRequest{method: words[0], path: words[1], version: "HTTP/1.1"}
	if words[2] == "HTTP/1.0" {
		rq.version = words[2]
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if ok {
			rq.headers = append(rq.headers, headerLine{strings.ToLower(name), strings.TrimSpace(value)})
		}
	}
	return rq, nil
}

// header returns the first header of that lower-case name, "" if there is none.
func (rq *httpRequest) header(name string) string {
	for _, h := range rq.headers {
		if h.name == name {
			return h.value
		}
	}
	return ""
}

// keepAlive is whether the connection goes on: by default with HTTP/1.1, on request with 1.0.
func (rq *httpRequest) keepAlive() bool {
	switch strings.ToLower(rq.header("connection")) {
	case "close":
		return false
	case "keep-alive":
		return true
	}
	return rq.version == "HTTP/1.1"
}

// otherConfig is what x-http-other-config-K: V headers put into the task's other_config: http:K → V.
func (rq *httpRequest) otherConfig() Map {
	var m Map
	for _, h := range rq.headers {
		if key, ok := strings.CutPrefix(h.name, "x-http-other-config-"); ok {
			m = withKey(m, "http:"+key, h.value)
		}
	}
	return m
}
