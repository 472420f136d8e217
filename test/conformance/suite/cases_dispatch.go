package suite

import (
	"fmt"
	"net/http"
	"slices"
)

func dispatchCases() []Case {
	return []Case{
		{Name: "dispatch/unknown method", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_METHOD_UNKNOWN", "VM.fly"}, "VM.fly", r.session)
		}},
		{Name: "dispatch/unknown method in an unknown session", Run: func(r *Run) error {
			return r.refused([]string{"SESSION_INVALID", noSuchObject}, "VM.fly", noSuchObject)
		}},
		{Name: "dispatch/parameters are counted before the session is looked at", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.start", "3", "0"}, "VM.start", noSuchObject)
		}},
		{Name: "dispatch/too many parameters", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.get_record", "1", "2"}, "VM.get_record", r.session, noSuchObject, "x")
		}},
		{Name: "dispatch/nothing at all", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.get_all", "0", "-1"}, "VM.get_all")
		}},
		{Name: "dispatch/wrong type", Run: func(r *Run) error {
			return r.refused([]string{"INTERNAL_ERROR"}, "VM.start", r.session, noSuchObject, "yes", false)
		}},
		{Name: "dispatch/types are looked at before the session", Run: func(r *Run) error {
			return r.refused([]string{"INTERNAL_ERROR"}, "VM.start", noSuchObject, noSuchObject, "yes", false)
		}},
		{Name: "dispatch/the list of methods", Run: methodList},
		{Name: "dispatch/what is no XML is no failure but an HTTP 500", Run: func(r *Run) error {
			return r.wantStatus(http.StatusInternalServerError, "/", "text/xml", "<methodCall><methodName>")
		}},
	}
}

// methodList is the only reply that is not in an envelope with a Status.
func methodList(r *Run) error {
	v, err := r.Caller.Bare(r.ctx, "system.listMethods")
	if err != nil {
		return err
	}
	for _, want := range []string{"session.login_with_password", "VM.start", "event.from", "task.destroy", "pool.get_all_records"} {
		if !slices.Contains(texts(v), want) {
			return fmt.Errorf("system.listMethods does not name %s", want)
		}
	}
	return nil
}
