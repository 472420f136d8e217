package simulator

import (
	"cmp"
	"strconv"
	"strings"
)

// httpPage is an answer of xapi's HTTP server that is no answer to a call.
type httpPage struct {
	status string // "500 Internal Error"
	body   string
	realm  string // of a 401

	plain    bool   // only a head, without a length, as handlers write it themselves
	version  string // of a plain one; "": HTTP/1.1
	location string // of a redirect
}

func forbiddenPage() *httpPage {
	return &httpPage{status: "403 Forbidden", body: errorHTML("HTTP 403 forbidden", "Access to the requested resource is forbidden.")}
}

func requestTimeoutPage() *httpPage {
	return &httpPage{status: "408 Request Timeout", body: errorHTML("HTTP 408 request timeout", "Timed out waiting for the request.")}
}

func headTooLargePage() *httpPage {
	return &httpPage{
		status: "431 Request Header Fields Too Large",
		body:   errorHTML("HTTP 431 request header fields too large", "Exceeded the maximum header size."),
	}
}

func errorHTML(title, text string) string {
	return "<html><body><h1>" + title + "</h1>" + text + "</body></html>"
}

func unauthorisedPage(realm string) *httpPage {
	return &httpPage{
		status: "401 Unauthorised", realm: realm,
		body: errorHTML("HTTP 401 unauthorised", "Please check your credentials and retry."),
	}
}

func unknownMethodPage(method string) *httpPage {
	return &httpPage{
		status: "501 Method not implemented",
		body:   errorHTML("HTTP 501 Method Not Implemented", "<p>Unknown "+method+" not supported.<br /></p>"),
	}
}

// internalPage is what malformed input gets: an HTTP 500 with the text of the exception, never an XML-RPC fault.
func internalPage(exception string) *httpPage {
	return &httpPage{status: "500 Internal Error", body: errorHTML("HTTP 500 internal server error",
		"An unexpected error occurred; please wait a while and try again. If the problem persists, please contact your support representative."+
			"<h1> Additional information </h1>"+htmlText(exception))}
}

// htmlText is text as it stands in a page.
func htmlText(s string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "'", "&apos;", `"`, "&quot;", "&", "&amp;").Replace(s)
}

// sendPage writes a page and says whether the write succeeded. It says "connection: close" even where the connection
// stays open.
func (h *httpConn) sendPage(p *httpPage, version string) bool {
	if p.plain {
		h.out = p.plainHead()
		return h.send()
	}
	h.out = append([]byte(nil), version+" "+p.status+"\r\ncontent-length: "+strconv.Itoa(len(p.body))+
		"\r\ncontent-type: text/html\r\nconnection: close\r\ncache-control: no-cache, no-store\r\n"...)
	if p.realm != "" {
		h.out = append(h.out, `WWW-Authenticate: Basic realm="`+p.realm+"\"\r\n"...)
	}
	h.out = append(append(h.out, "\r\n"...), p.body...)
	return h.send()
}

// plainHead is an answer whose end is the end of the connection.
func (p *httpPage) plainHead() []byte {
	head := cmp.Or(p.version, "HTTP/1.1") + " " + p.status + "\r\nConnection: close\r\nCache-Control: no-cache, no-store\r\n"
	if p.location != "" {
		head += "Location: " + p.location + "\r\n"
	}
	return []byte(head + "\r\n")
}
