package simulation

import (
	"fmt"
	"strings"
	"time"
)

// noneTooMany holds each kind of call against what may cause it.
func noneTooMany(w *witness, call entry) string {
	s := w.sessions[call.Session]
	if s == nil {
		if n := w.logins[call.Host]; call.Method == login && n > 2 {
			return fmt.Sprintf("%d logins are under way there", n)
		}
		return ""
	}
	switch call.Method {
	case "VM.get_all_records":
		if s.lists > s.troubles {
			return fmt.Sprintf("the VMs were listed %d times on this session, and %d calls on it went wrong", s.lists, s.troubles)
		}
	case "task.destroy":
		if t := s.view.tasks[target(call)]; t != nil && t.destroyed > 0 {
			return "that was asked for already, and is done"
		}
	case "task.add_to_other_config":
		if t := s.view.tasks[target(call)]; t != nil && t.marked > 1 {
			return "it is marked"
		}
	}
	return w.quietlyNeeded(call)
}

// restless is how long after the faults a call may still be owed to them.
const restless = quiet - 5*time.Minute

// quietlyNeeded is why a call is not needed when the pool has long been at rest.
func (w *witness) quietlyNeeded(call entry) string {
	if w.healed.IsZero() || w.rested || call.At.Sub(w.healed) < restless {
		return ""
	}
	_, method, _ := strings.Cut(call.Method, ".")
	waits := call.Method == "event.next" || call.Method == "event.from"
	switch _, vm := w.asked(call); {
	case vm == nil && !waits && (strings.HasPrefix(method, "get_") || strings.HasPrefix(call.Method, "session.") || strings.HasPrefix(call.Method, "event.")):
		return "the pool has been at rest for long"
	case vm != nil && w.failing[target(call)] == nil && call.At.Sub(vm.written) > 10*time.Minute && call.At.Sub(vm.cleanFailed) > 10*time.Minute:
		return "nothing has happened to the VM for long"
	}
	return ""
}
