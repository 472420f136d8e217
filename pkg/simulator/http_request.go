package simulator

import (
	"slices"
	"strings"
)

// httpRequest is the head of a request.
type httpRequest struct {
	method  string
	path    string // decoded, with the query as it stands
	version string // "HTTP/1.0" or "HTTP/1.1"
	headers []headerLine
	length  int64 // of the body; -1: not given
}

type headerLine struct{ name, value string } // name in lower case

// parseHead reads a head. Its lines end in LF; a CR before that is white space.
func parseHead(head []byte) (*httpRequest, error) {
	lines := strings.Split(strings.TrimSuffix(string(head), "\r\n\r\n"), "\n")
	words := strings.Fields(lines[0])
	if len(words) != 3 {
		return nil, &headError{"The HTTP headers could not be parsed."}
	}
	version, err := replyVersion(words[2])
	if err != nil {
		return nil, err
	}
	rq := &httpRequest{method: words[0], path: requestTarget(words[1]), version: version, headers: make([]headerLine, 0, len(lines)-1)}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if ok {
			rq.headers = append(rq.headers, headerLine{strings.ToLower(name), strings.TrimSpace(value)})
		}
	}
	rq.length, err = rq.contentLength()
	return rq, err
}

// header returns the last header of that lower-case name, "" if there is none.
func (rq *httpRequest) header(name string) string {
	for _, v := range slices.Backward(rq.headers) {
		if v.name == name {
			return v.value
		}
	}
	return ""
}

// keepAlive is whether the connection goes on: by default with HTTP/1.1, on request with 1.0.
func (rq *httpRequest) keepAlive() bool {
	for _, v := range slices.Backward(rq.headers) {
		if h := v; h.name == "connection" && strings.EqualFold(h.value, "close") {
			return false
		} else if h.name == "connection" && strings.EqualFold(h.value, "keep-alive") {
			return true
		}
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
