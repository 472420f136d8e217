package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// answerMishap is what goes wrong with an answer on its way.
type answerMishap struct {
	half    bool      // only the first half of it is written; then the connection breaks
	stalls  bool      // with half: the connection stays, and nothing more comes
	page    *httpPage // stands in its place
	refused bool      // the call has not been carried out
}

// spoils reports whether the caller does not learn what the pool answered.
func (a answerMishap) spoils() bool { return a.half || a.page != nil }

// Strike implements Fault.
func (a answerMishap) Strike(Call) Mishap { return a }
func (a answerMishap) befall(f *fate)     { f.answer = a }

// HalfReply carries the call out and writes the head and the first half of the answer; then the connection breaks.
func HalfReply() Mishap { return answerMishap{half: true} }

// StalledReply is HalfReply with a connection that stays, and says no more until its client or the member ends it.
func StalledReply() Mishap { return answerMishap{half: true, stalls: true} }

// ProxyRefuses answers with the page of a proxy in front of the pool that did not pass the call on: 502, 503, and also 200
// where it wants somebody to log in. The call is not carried out.
func ProxyRefuses(status int) Mishap { return answerMishap{page: proxyPage(status), refused: true} }

// ProxyGivesUp carries the call out, and answers with the page of a proxy that did not wait for the answer: 502, 504.
func ProxyGivesUp(status int) Mishap { return answerMishap{page: proxyPage(status)} }

// proxyPage is a page as nginx makes it.
func proxyPage(status int) *httpPage {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	return &httpPage{
		status: title,
		body:   "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n",
	}
}

// sendHalf writes the first half of h.out, with all of its head.
func (h *httpConn) sendHalf() {
	head := len(h.head)
	h.out = h.out[:head+(len(h.out)-head)/2]
	h.send()
}

// stayDumb waits until the client gives up, or the member's xapi ends and its connections with it.
func (h *httpConn) stayDumb() {
	_ = h.conn.SetReadDeadline(time.Time{})
	_, _ = h.conn.Read(make([]byte, 1)) // more, or the end: signs of a client that does not wait any more
}
