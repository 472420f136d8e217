package reconcile

import (
	"errors"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// sendError sorts the error of a call that was to begin an operation: it was refused, it provably did not run and is worth
// making again at once, or nobody knows.
func sendError(err error) result {
	if _, ok := errors.AsType[*xen.Error](err); ok {
		if xapi.Classify(err) == xapi.Elsewhere {
			return notSent
		}
		return failed // also where it did not run, as with TOO_MANY_PENDING_TASKS: making it again at once does not help
	}
	if xapi.NotExecuted(err) {
		return notSent
	}
	return unknown
}

// gone reports whether an error says that the object of the call does not exist.
func gone(err error) bool { return errors.Is(err, xen.HandleInvalid) }
