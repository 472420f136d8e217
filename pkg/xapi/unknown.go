package xapi

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// OutcomeUnknownError is a changing call whose reply was lost: it may have run, be running, or never run. Look at the
// pool before doing anything again. The fields are what is needed for that.
type OutcomeUnknownError struct {
	Method  string
	Address string    // of the member that was called
	Epoch   uint64    // of the session; 0: a call without one
	Refs    []string  // the objects among its parameters, the first being the one that it is about
	Sent    time.Time // when it was sent, by our clock: no task that is older is it
	// Mark is what [Session.Async] was given. Key K stands as http:K in other_config of the call's task, if it has begun.
	Mark map[string]string
	// Task is the name_label of the call's task. xapi: a task is called like its method; that of a synchronous call is
	// gone with the call's end.
	Task string
	Err  error // how the reply was lost
}

// Error names the call and how its reply was lost.
func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("it is not known whether %s happened: %v", e.Method, e.Err)
}

// Unwrap gives the cause.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// unknown is the error of a call whose reply was lost.
func (x *exchange) unknown(w *wire, sent time.Time, err error) error {
	return &OutcomeUnknownError{
		Method: x.req.Method, Address: w.endpoint.String(), Epoch: x.epoch, Refs: refsOf(x.req), Sent: sent,
		Mark: x.mark, Task: x.req.Method, Err: err,
	}
}

// refsOf lists the references among a call's parameters, but sessions.
func refsOf(req xen.Request) []string {
	var refs []string
	for _, p := range req.Params {
		if _, session := p.(xen.SessionRef); session {
			continue
		}
		if v := reflect.ValueOf(p); v.Kind() == reflect.String && strings.HasPrefix(v.String(), refPrefix) && v.String() != xen.NullRef {
			refs = append(refs, v.String())
		}
	}
	return refs
}

const refPrefix = "OpaqueRef:"
