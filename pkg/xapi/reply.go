package xapi

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
)

// checkReply looks at what HTTP says. xapi: a failure of the API is 200 as well; any other status means that the
// request never became a call, or that this is not xapi.
func (w *wire) checkReply(c call, res *http.Response) error {
	kind := res.Header.Get("Content-Type")
	if res.StatusCode == http.StatusOK && c.codec.isReply(kind) {
		return nil
	}
	page, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorPage)) // an unfinished page says less, nothing wrong
	if text, ok := xapiPage(res.StatusCode, string(page)); ok {
		return &HTTPError{Address: w.endpoint.String(), Method: c.method, Status: res.StatusCode, Text: text}
	}
	found := fmt.Sprintf("HTTP status %d", res.StatusCode)
	switch {
	case res.Header.Get("Location") != "":
		found += " and sends us elsewhere"
	case strings.Contains(kind, "html"):
		found += " and a web page"
	case kind != "":
		found += fmt.Sprintf(" and content of type %.40q", kind)
	}
	return &NotXAPIError{Address: w.endpoint.String(), Found: found}
}

// xapiPage recognises xapi's own error pages, and those of a proxy that cannot reach it, and takes out what they say.
func xapiPage(status int, page string) (string, bool) {
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "the server behind it does not answer", true
	case http.StatusRequestTimeout, http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError, http.StatusNotImplemented:
	default:
		return "", false
	}
	if !strings.HasPrefix(page, fmt.Sprintf("<html><body><h1>HTTP %d ", status)) {
		return "", false
	}
	_, extra, _ := strings.Cut(page, "<h1> Additional information </h1>")
	extra, _, _ = strings.Cut(extra, "</body>")
	if len(extra) > 300 {
		extra = extra[:300] + "…"
	}
	// The text repeats parts of the request in places.
	return anyReference.ReplaceAllString(html.UnescapeString(extra), redacted), true
}

// anyReference matches every reference of the API, session references among them.
var anyReference = regexp.MustCompile(`OpaqueRef:[0-9A-Za-z-]+`)

// sentTrace finds out whether a request may have reached the server.
type sentTrace struct {
	mu      sync.Mutex
	writing int  // connections that were got and on which writing has not ended
	written bool // a whole request was handed to a connection
}

func (s *sentTrace) into(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// net/http tries a POST again by itself only if no byte of it was written: a connection from before is of no account.
		GetConn: func(string) { s.forget() },
		GotConn: func(httptrace.GotConnInfo) { s.change(1, false) },
		// xapi: a call runs only once its whole body is there, so a request whose writing failed did not run.
		WroteRequest: func(info httptrace.WroteRequestInfo) { s.change(-1, info.Err == nil) },
	})
}

func (s *sentTrace) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing, s.written = 0, false
}

func (s *sentTrace) change(writing int, written bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing += writing
	s.written = s.written || written
}

// maybe reports whether the server may have the whole request.
func (s *sentTrace) maybe() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written || s.writing > 0
}
