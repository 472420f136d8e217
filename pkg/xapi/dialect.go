package xapi

import (
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// dialect is how calls to one endpoint are written: in the first of its codecs that the host answers in, and method by
// method in another one where replies cannot be read.
type dialect struct {
	codecs []codec // that may be used, best first

	mu      sync.Mutex
	main    int                // the one in use
	settled bool               // the host has answered in it
	others  map[string][]codec // by method: those whose replies could not be read
}

// change is a method that goes through another protocol from now on.
type change struct {
	method   string // empty: every method
	from, to Protocol
	cause    error
}

func newDialect(allowed []codec) *dialect {
	return &dialect{codecs: allowed, others: map[string][]codec{}}
}

// codec returns how to write a call of a method.
func (d *dialect) codec(method string) codec {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.codecOf(method)
}

// codecOf is codec; d.mu is held. Where no codec's replies can be read, it is the main one again.
func (d *dialect) codecOf(method string) codec {
	main := d.codecs[d.main]
	failed := d.others[method]
	if !slices.Contains(failed, main) {
		return main
	}
	for _, c := range d.codecs {
		if c.protocol() != main.protocol() && !slices.Contains(failed, c) {
			return c
		}
	}
	return main
}

// learn draws its conclusions from how a call went. It reports whether to make the same call again, in another codec, and
// what has changed, if that is worth a word.
func (d *dialect) learn(used codec, method string, err error) (again bool, news *change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil || isA[*xen.Error](err) {
		d.settled = d.settled || used == d.codecs[d.main]
		return false, nil
	}
	if !d.settled {
		return d.nextMain(used, method, err), nil
	}
	if isA[*NotXAPIError](err) { // something else stands there now: find out anew what it speaks
		d.main, d.settled = 0, false
	}
	if !isA[*ReplyError](err) {
		return false, nil
	}
	if slices.Contains(d.others[method], used) {
		return false, nil // nobody can read it, and that is known
	}
	d.others[method] = append(d.others[method], used)
	next := d.codecOf(method)
	if next.protocol() == used.protocol() || slices.Contains(d.others[method], next) {
		return false, nil
	}
	return reads(method), &change{method: method, from: used.protocol(), to: next.protocol(), cause: err}
}

// nextMain goes on to the next codec where the host does not seem to know this one. Nothing but a login or a read is made
// again: the first calls to a host are such. After the last codec it begins anew.
func (d *dialect) nextMain(used codec, method string, err error) bool {
	if used != d.codecs[d.main] || !refusesProtocol(err) {
		return false
	}
	d.main = (d.main + 1) % len(d.codecs)
	return d.main != 0 && (method == loginMethod || reads(method))
}

// refusesProtocol reports whether an error of a first call can mean that the host does not know how it was written: a page,
// a reply in another form, or a connection that ends without any.
func refusesProtocol(err error) bool {
	if page, ok := errors.AsType[*HTTPError](err); ok {
		return page.Status == http.StatusInternalServerError
	}
	if t, ok := errors.AsType[*TransportError](err); ok {
		return t.Sent && !t.stopped && !isA[noAnswerError](t.Err)
	}
	return isA[*NotXAPIError](err) || isA[*ReplyError](err)
}

// loginMethod is the first call to any host.
const loginMethod = "session.login_with_password"
