package simulator

import (
	"strconv"
	"strings"
)

// webPage answers a request for a file of xapi's web server. Over plain HTTP pages are forbidden; over TLS and on the unix
// socket the file is looked for, and the simulator has none. Either page says that the connection closes, which it does
// only if the client asked for it.
func (h *httpConn) webPage(rq *httpRequest) bool {
	if !h.trusted && h.conn == h.raw {
		return h.sendPage(forbiddenPage(), rq.version) && rq.keepAlive()
	}
	path, _, _ := strings.Cut(rq.path, "?")
	body := `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"> <html><head> <title>404 Not Found</title> </head><body> <h1>Not Found</h1> ` +
		`<p>The requested URL ` + htmlText(path) + ` was not found on this server.</p> <hr><address>Xapi Server</address></body></html>`
	h.out = []byte("HTTP/1.1 404 Not Found\r\ncontent-length: " + strconv.Itoa(len(body)) +
		"\r\nconnection: close\r\ncache-control: no-cache, no-store\r\n\r\n" + body)
	return h.send() && rq.keepAlive()
}
