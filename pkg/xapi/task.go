package xapi

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// markHeader is the prefix of the headers that end up in a task. xapi: a header x-http-other-config-K puts http:K into
// other_config of the call's task, before anybody can see the task.
const markHeader = "x-http-other-config-"

// Async starts a request as a task and returns the task. The mark is written on the task at its birth: key K appears as
// http:K in its other_config, so that it can be recognised even if the reply is lost. Keys are lower case letters,
// digits and dashes, values printable ASCII; both have to fit into a request's header, some 700 bytes in all.
//
// xapi: a bad session, a wrong number or type of parameters is this call's error; all else is the task's. Whoever starts
// a task has to destroy it when it has ended.
func (s *Session) Async(ctx context.Context, req xen.Request, mark map[string]string) (xen.TaskRef, error) {
	if !strings.HasPrefix(req.Method, "Async.") {
		req.Method = "Async." + req.Method
	}
	for key, value := range mark {
		if err := checkMark(key, value); err != nil {
			return "", &RequestError{Method: req.Method, Err: err}
		}
	}
	var task xen.TaskRef
	err := s.do(ctx, exchange{req: req, into: &task, mark: maps.Clone(mark), timeout: s.client.cfg.Timeout})
	return task, err
}

func checkMark(key, value string) error {
	if key == "" || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("key %q of a task's mark is not lower case letters, digits and dashes", key)
	}
	for _, r := range value {
		if r < 0x20 || r > 0x7e {
			return fmt.Errorf("value of %q of a task's mark holds %q, which a header cannot carry", key, r)
		}
	}
	if value != strings.TrimSpace(value) {
		return fmt.Errorf("value of %q of a task's mark begins or ends with a blank, which a header loses", key)
	}
	return nil
}
